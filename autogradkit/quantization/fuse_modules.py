"""PyTorch's `torch.ao.quantization.fuse_modules`: a convolution or a linear layer, the norm and the ReLU behind it, made one.

In evaluation the norm is folded into the layer's weights; in training it stays a layer of its own. Rests on `ao/nn/intrinsic`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from autogradkit import nn
from autogradkit.ao.nn.intrinsic import fused as nni
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

__all__ = [
    "fuse_conv_bn", "fuse_conv_bn_relu", "fuse_convtranspose_bn", "fuse_known_modules", "fuse_linear_bn", "fuse_modules",
    "fuse_modules_qat", "get_fuser_method",
]  # fmt: skip

__getattr__ = _absent_from("quantization.fuse_modules")
_WITH_NORM: dict[Any, Any] = {nn.Conv1d: nni.ConvBn1d, nn.Conv2d: nni.ConvBn2d, nn.Conv3d: nni.ConvBn3d}
_WITH_NORM_AND_RELU: dict[Any, Any] = {
    nn.Conv1d: nni.ConvBnReLU1d, nn.Conv2d: nni.ConvBnReLU2d, nn.Conv3d: nni.ConvBnReLU3d,
}  # fmt: skip
_WITH_RELU: dict[Any, Any] = {nn.Conv1d: nni.ConvReLU1d, nn.Conv2d: nni.ConvReLU2d, nn.Conv3d: nni.ConvReLU3d}


def _require_norm(layer: str, outputs: int, norm: Any, name: str) -> None:
    if norm.num_features != outputs:
        raise AssertionError(f"{layer} must match num_features of {name}.")
    if not norm.affine:
        raise AssertionError(f"Only support fusing {name} with affine set to True")
    if not norm.track_running_stats:
        raise AssertionError(f"Only support fusing {name} with tracking_running_stats set to True")


@_entry
def fuse_conv_bn(is_qat: bool, conv: Any, bn: Any) -> Any:
    """A convolution and its norm as one layer: for training (`is_qat`) both, else one with the norm in its weights.

    Raises AssertionError where one of them trains and the other does not, and for a norm that does not fit.
    """
    if conv.training != bn.training:
        raise AssertionError("Conv and BN both must be in the same mode (train or eval).")
    if not is_qat:
        return fuse_conv_bn_eval(conv, bn)
    _require_norm("Output channel of Conv2d", conv.out_channels, bn, "BatchNorm2d")
    return _WITH_NORM[type(conv)](conv, bn)


@_entry
def fuse_conv_bn_relu(is_qat: bool, conv: Any, bn: Any, relu: Any) -> Any:
    """A convolution, its norm and a ReLU as one layer: for training (`is_qat`) all three, else two.

    Raises AssertionError where some of them train and others do not, and for a norm that does not fit.
    """
    if not conv.training == bn.training == relu.training:
        raise AssertionError("Conv and BN both must be in the same mode (train or eval).")
    if not is_qat:
        return _WITH_RELU[type(conv)](fuse_conv_bn_eval(conv, bn), relu)
    _require_norm("Output channel of Conv2d", conv.out_channels, bn, "BatchNorm2d")
    return _WITH_NORM_AND_RELU[type(conv)](conv, bn, relu)


@_entry
def fuse_linear_bn(is_qat: bool, linear: Any, bn: Any) -> Any:
    """A linear layer and its norm as one: for training (`is_qat`) both, else one with the norm in its weights.

    Raises AssertionError where one of them trains and the other does not, and for a norm that does not fit.
    """
    if linear.training != bn.training:
        raise AssertionError("Linear and BN both must be in the same mode (train or eval).")
    if not is_qat:
        return fuse_linear_bn_eval(linear, bn)
    _require_norm("Output features of Linear", linear.out_features, bn, "BatchNorm1d")
    return nni.LinearBn1d(linear, bn)


@_entry
def fuse_convtranspose_bn(is_qat: bool, convt: Any, bn: Any) -> Any:
    """A transposed convolution with its norm in its weights. Raises AssertionError and Exception in training."""
    if convt.training != bn.training:
        raise AssertionError("ConvTranspose and BN both must be in the same mode (train or eval).")
    if is_qat:
        raise Exception("Fusing ConvTranspose+BatchNorm not yet supported in QAT.")
    return fuse_conv_bn_eval(convt, bn, transpose=True)


def _both(fused: Any) -> Callable[..., Any]:
    return lambda _is_qat, first, second: fused(first, second)


_FUSERS: dict[tuple[Any, ...], Callable[..., Any]] = {
    (nn.Linear, nn.BatchNorm1d): fuse_linear_bn,
    (nn.Linear, nn.ReLU): _both(nni.LinearReLU),
    (nn.BatchNorm2d, nn.ReLU): _both(nni.BNReLU2d),
    (nn.BatchNorm3d, nn.ReLU): _both(nni.BNReLU3d),
    (nn.ConvTranspose1d, nn.BatchNorm1d): fuse_convtranspose_bn,
    (nn.ConvTranspose2d, nn.BatchNorm2d): fuse_convtranspose_bn,
    (nn.ConvTranspose3d, nn.BatchNorm3d): fuse_convtranspose_bn,
}
for _conv, _norm in ((nn.Conv1d, nn.BatchNorm1d), (nn.Conv2d, nn.BatchNorm2d), (nn.Conv3d, nn.BatchNorm3d)):
    _FUSERS |= {
        (_conv, _norm): fuse_conv_bn,
        (_conv, _norm, nn.ReLU): fuse_conv_bn_relu,
        (_conv, nn.ReLU): _both(_WITH_RELU[_conv]),
    }


@_entry
def get_fuser_method(op_list: Sequence[Any], additional_fuser_method_mapping: dict[Any, Any] | None = None) -> Any:
    """What makes one layer of layers of these classes. Raises AssertionError where nothing does."""
    kinds = tuple(op_list)
    found = {**_FUSERS, **(additional_fuser_method_mapping or {})}.get(kinds)
    if found is None:
        raise AssertionError(f"did not find fuser method for: {op_list} ")
    return found


@_entry
def fuse_known_modules(
    mod_list: Sequence[Any], is_qat: bool, additional_fuser_method_mapping: dict[Any, Any] | None = None
) -> list[Any]:
    """The layers as one, and a layer that does nothing for each of the others. Hooks before the first and after the last stay."""
    fuser = get_fuser_method(tuple(type(each) for each in mod_list), additional_fuser_method_mapping)
    fused = fuser(is_qat, *mod_list)
    for hook in mod_list[0]._forward_pre_hooks.values():
        fused.register_forward_pre_hook(hook)
    mod_list[0]._forward_pre_hooks.clear()
    for hook in mod_list[-1]._forward_hooks.values():
        fused.register_forward_hook(hook)
    mod_list[-1]._forward_hooks.clear()
    return [fused, *(nn.Identity().train(mod_list[0].training) for _ in mod_list[1:])]


def _fuse(
    model: Any, modules_to_fuse: Any, is_qat: bool, inplace: bool, fuser_func: Any, config: dict[str, Any] | None
) -> Any:
    if not inplace:
        model = copy.deepcopy(model)
    more = (config or {}).get("additional_fuser_method_mapping", {})
    groups = [modules_to_fuse] if all(isinstance(each, str) for each in modules_to_fuse) else modules_to_fuse
    for names in groups:
        for name, layer in zip(names, fuser_func([_within(model, name) for name in names], is_qat, more), strict=True):
            parent, _, last = name.rpartition(".")
            setattr(_within(model, parent) if parent else model, last, layer)
    return model


def _within(model: Any, name: str) -> Any:
    for part in name.split("."):
        model = getattr(model, part)
    return model


@_entry
def fuse_modules(
    model: Any,
    modules_to_fuse: Any,
    inplace: bool = False,
    fuser_func: Any = fuse_known_modules,
    fuse_custom_config_dict: dict[str, Any] | None = None,
) -> Any:
    """A copy of a model, or with `inplace` itself, whose layers of these names are one: a list of names, or a list of such lists.

    Convolution or linear layer, norm, ReLU, in that order; the first name has the layer, the others get `Identity`. The norm's
    numbers go into the weights, for which the model is to be in evaluation. Raises AssertionError for other orders.

    >>> import autogradkit as torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    >>> torch.quantization.fuse_modules(model, ["0", "1"])
    Sequential(
      (0): LinearReLU(
        (0): Linear(in_features=2, out_features=3, bias=True)
        (1): ReLU()
      )
      (1): Identity()
    )
    """
    return _fuse(model, modules_to_fuse, False, inplace, fuser_func, fuse_custom_config_dict)


@_entry
def fuse_modules_qat(
    model: Any,
    modules_to_fuse: Any,
    inplace: bool = False,
    fuser_func: Any = fuse_known_modules,
    fuse_custom_config_dict: dict[str, Any] | None = None,
) -> Any:
    """`fuse_modules` for a model that goes on training: a norm stays beside its layer."""
    return _fuse(model, modules_to_fuse, True, inplace, fuser_func, fuse_custom_config_dict)
