"""`convert`: the layers of a model that was watched, or trained with rounding, exchanged for quantised ones."""

from __future__ import annotations

import copy
from typing import Any

from autogradkit.ao.nn.intrinsic.fused import FusedModule
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor
from autogradkit.quantization.fake_quantize import FakeQuantizeBase
from autogradkit.quantization.observing import ObserverBase
from autogradkit.quantization.quantization_mappings import NOT_HERE, get_default_static_quant_module_mappings

__all__ = ["convert", "swap_module"]


def observe(layer: Any, _input: Any, output: Tensor) -> Tensor:
    """The hook that shows a layer's results to its observer."""
    return layer.activation_post_process(output)


def observe_before(layer: Any, input: Any) -> Tensor:
    """The hook that shows what a layer is given to its observer."""
    return layer.activation_post_process(input[0])


@_entry
def convert(
    module: Any,
    mapping: dict[Any, Any] | None = None,
    inplace: bool = False,
    remove_qconfig: bool = True,
    is_reference: bool = False,
    convert_custom_config_dict: dict[str, Any] | None = None,
    use_precomputed_fake_quant: bool = False,
) -> Any:
    """A copy of a prepared model, or with `inplace` itself, with its layers exchanged for quantised ones.

    `mapping` has these by the classes of the others. With `remove_qconfig` observers and configurations go. Raises
    NotImplementedError for layers that have no quantised one here, and for `is_reference`, `convert_custom_config_dict` and
    `use_precomputed_fake_quant`.

    >>> import autogradkit as torch
    >>> model = torch.nn.Sequential(torch.quantization.QuantStub(), torch.nn.ReLU6(), torch.quantization.DeQuantStub()).eval()
    >>> model.qconfig = torch.quantization.default_qconfig
    >>> prepared = torch.quantization.prepare(model)
    >>> _ = prepared(torch.tensor([-1.0, 9.0]))
    >>> torch.quantization.convert(prepared)
    Sequential(
      (0): Quantize(scale=tensor([0.0787]), zero_point=tensor([13]), dtype=torch.quint8)
      (1): QuantizedReLU6()
      (2): DeQuantize()
    )
    """
    if is_reference or convert_custom_config_dict or use_precomputed_fake_quant:
        raise NotImplementedError(
            "autogradkit exchanges layers for quantised ones that it knows: is_reference, convert_custom_config_dict and "
            "use_precomputed_fake_quant are for others"
        )
    if not inplace:
        module = copy.deepcopy(module)
    _exchange(module, get_default_static_quant_module_mappings() if mapping is None else mapping, "", mapping is None)
    if remove_qconfig:
        _forget(module)
    return module


def _exchange(module: Any, mapping: dict[Any, Any], path: str, refuses: bool) -> None:
    made = {}
    for name, child in module.named_children():
        inner = f"{path}.{name}" if path else name
        if not isinstance(child, FusedModule):
            _exchange(child, mapping, inner, refuses)
        if refuses and type(child) in NOT_HERE and getattr(child, "qconfig", None) is not None:
            raise NotImplementedError(
                f"autogradkit has no quantised {type(child).__name__}, which '{inner}' is: qconfig = None leaves it as it is"
            )
        made[name] = swap_module(child, mapping, {})
    module._modules.update(made)


@_entry
def swap_module(mod: Any, mapping: dict[Any, Any], custom_module_class_mapping: dict[Any, Any]) -> Any:
    """The quantised layer of one that has a `qconfig` and whose class is in `mapping`, with its hooks; any other as it is."""
    if custom_module_class_mapping:
        raise NotImplementedError("autogradkit exchanges layers for those of its mapping")
    if getattr(mod, "qconfig", None) is None or type(mod) not in mapping:
        return mod
    made = mapping[type(mod)].from_float(mod)
    for hook in mod._forward_pre_hooks.values():
        made.register_forward_pre_hook(hook)
    for hook in mod._forward_hooks.values():
        if hook is not observe:
            made.register_forward_hook(hook)
    return made


def _forget(module: Any) -> None:
    for child in module.children():
        _forget(child)
    if hasattr(module, "qconfig"):
        del module.qconfig
    if isinstance(getattr(module, "activation_post_process", None), ObserverBase | FakeQuantizeBase):
        del module.activation_post_process
    for hooks, own in ((module._forward_pre_hooks, observe_before), (module._forward_hooks, observe)):
        for key in [key for key, hook in hooks.items() if hook is own]:
            del hooks[key]
