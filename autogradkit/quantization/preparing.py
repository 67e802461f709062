"""`prepare` and `prepare_qat`: a model whose layers' results are watched, and in training rounded.

A layer's `qconfig`, or that of the module around it, says by what; None leaves a layer out. Rests on `converting.py`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from autogradkit import nn
from autogradkit.ao.nn.intrinsic.fused import FusedModule
from autogradkit.ao.nn.quantized.modules.functional_modules import FloatFunctional
from autogradkit.core.frames import entry as _entry
from autogradkit.core.warning import warn
from autogradkit.quantization.converting import convert, observe, observe_before
from autogradkit.quantization.quantization_mappings import (
    KNOWN_ENDS,
    get_default_qat_module_mappings,
    get_default_qconfig_propagation_list,
)
from autogradkit.quantization.stubs import DeQuantStub, QuantWrapper

__all__ = ["add_quant_dequant", "prepare", "prepare_qat", "propagate_qconfig_", "quantize", "quantize_qat"]


@_entry
def propagate_qconfig_(
    module: Any, qconfig_dict: dict[Any, Any] | None = None, prepare_custom_config_dict: dict[str, Any] | None = None
) -> None:
    """Give each layer the `qconfig` that it is to have: its own, that of its name or class in `qconfig_dict`, or its parent's."""
    _refuse_custom(prepare_custom_config_dict)
    _propagate(module, qconfig_dict or {}, None, "")


def _propagate(module: Any, by_name: dict[Any, Any], parents: Any, path: str) -> None:
    module.qconfig = getattr(module, "qconfig", by_name.get(path, by_name.get(type(module), parents)))
    for name, child in module.named_children():
        _propagate(child, by_name, module.qconfig, f"{path}.{name}" if path else name)


def _refuse_custom(config: dict[str, Any] | None) -> None:
    if config:
        raise NotImplementedError(
            "autogradkit prepares and converts the layers it knows, and takes no custom configuration"
        )


def _watched(layer: Any) -> bool:
    return getattr(layer, "qconfig", None) is not None


def _watch(layer: Any, observer: Any = None) -> None:
    if not _watched(layer) or isinstance(layer, DeQuantStub):
        return
    layer.add_module("activation_post_process", (observer or layer.qconfig.activation)())
    if _forgets(layer.qconfig.activation()):
        layer.register_forward_pre_hook(observe_before, prepend=True)
    else:
        layer.register_forward_hook(observe, prepend=True)


def _forgets(observer: Any) -> bool:
    """Whether an observer goes by the latest batch alone: what is quantised anew each time, as dynamic layers do their input."""
    inner = getattr(observer, "activation_post_process", observer)
    return getattr(inner, "averaging_constant", None) == 1


def _watch_all(module: Any, classes: set[Any], with_children: set[Any]) -> None:
    for child in module.children():
        if type(child) is nn.Dropout:
            continue
        if isinstance(child, FloatFunctional):
            if _watched(child):
                child.activation_post_process = child.qconfig.activation()
        elif isinstance(child, FusedModule) or type(child) in with_children:
            _watch(child)
        elif child.training and type(child) in KNOWN_ENDS:
            _watch(child, KNOWN_ENDS[type(child)])
        else:
            _watch_all(child, classes, with_children)
    leaf = not any(True for _ in module.children())
    if (
        type(module) in classes
        and not isinstance(module, nn.Sequential)
        and (leaf or hasattr(module, "weight_fake_quant"))
    ):
        _watch(module)


@_entry
def prepare(
    model: Any,
    inplace: bool = False,
    allow_list: Iterable[Any] | None = None,
    observer_non_leaf_module_list: Iterable[Any] | None = None,
    prepare_custom_config_dict: dict[str, Any] | None = None,
) -> Any:
    """A copy of a model, or with `inplace` itself, that watches what its layers compute, as their `qconfig` says.

    Run it on some data, then `convert` it. `allow_list` has the classes of layers to be watched, by default those that have
    quantised ones. Warns where no layer has a `qconfig`. Raises NotImplementedError for `prepare_custom_config_dict`.

    >>> import autogradkit as torch
    >>> model = torch.nn.Sequential(torch.quantization.QuantStub(), torch.nn.Linear(2, 1)).eval()
    >>> model.qconfig = torch.quantization.default_qconfig
    >>> torch.quantization.prepare(model)
    Sequential(
      (0): QuantStub(
        (activation_post_process): MinMaxObserver(min_val=inf, max_val=-inf)
      )
      (1): Linear(
        in_features=2, out_features=1, bias=True
        (activation_post_process): MinMaxObserver(min_val=inf, max_val=-inf)
      )
    )
    """
    _refuse_custom(prepare_custom_config_dict)
    if not inplace:
        model = copy.deepcopy(model)
    propagate_qconfig_(model)
    if not any(getattr(each, "qconfig", None) for each in model.modules()):
        warn(
            "None of the submodule got qconfig applied. Make sure you passed correct configuration through `qconfig_dict` or by "
            "assigning the `.qconfig` attribute directly on submodules"
        )
    classes = get_default_qconfig_propagation_list() if allow_list is None else set(allow_list)
    _watch_all(model, classes, set(observer_non_leaf_module_list or ()))
    return model


@_entry
def prepare_qat(model: Any, mapping: dict[Any, Any] | None = None, inplace: bool = False) -> Any:
    """A copy of a model in training, or with `inplace` itself, that rounds weights and results as quantising will.

    Train it, then `convert` it in evaluation. `mapping` has the layers that round by the classes of those that do not. Raises
    AssertionError for a model in evaluation.
    """
    if not model.training:
        raise AssertionError("prepare_qat only works on models in training mode")
    layers = get_default_qat_module_mappings() if mapping is None else mapping
    if not inplace:
        model = copy.deepcopy(model)
    propagate_qconfig_(model)
    convert(model, layers, inplace=True, remove_qconfig=False)
    return prepare(model, inplace=True, observer_non_leaf_module_list=set(layers.values()))


@_entry
def quantize(
    model: Any, run_fn: Any, run_args: Any, mapping: dict[Any, Any] | None = None, inplace: bool = False
) -> Any:
    """A copy of a model, or with `inplace` itself, quantised after `run_fn(model, *run_args)` has shown it some data."""
    if not inplace:
        model = copy.deepcopy(model)
    model.eval()
    prepare(model, inplace=True)
    run_fn(model, *run_args)
    return convert(model, mapping, inplace=True)


@_entry
def quantize_qat(model: Any, run_fn: Any, run_args: Any, inplace: bool = False) -> Any:
    """A copy of a model, or with `inplace` itself, quantised after `run_fn(model, *run_args)` has trained it."""
    if not inplace:
        model = copy.deepcopy(model)
    model.train()
    prepare_qat(model, inplace=True)
    run_fn(model, *run_args)
    return convert(model, inplace=True)


@_entry
def add_quant_dequant(module: Any) -> Any:
    """A model in which each layer that has a `qconfig` stands between one that quantises and one that undoes it."""
    if not any(True for _ in module.children()) and getattr(module, "qconfig", None):
        return QuantWrapper(module)
    for name, child in module.named_children():
        module._modules[name] = add_quant_dequant(child)
    return module
