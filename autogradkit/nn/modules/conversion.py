"""Parameters and buffers of other dtypes, on other devices, in other memory: `to`, `double`, `to_empty` and their kin.

Rests on members, whose tensors it exchanges in place; `Module` (module.py) is built on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from autogradkit.__future__ import get_overwrite_module_params_on_conversion, get_swap_module_params_on_conversion
from autogradkit._ops.declare.kinds import KINDS
from autogradkit._ops.declare.names import METHOD
from autogradkit._ops.declare.signature import MisfitError, refusal
from autogradkit._ops.making.conversions import converted, to
from autogradkit._ops.making.filled import empty_like
from autogradkit._ops.making.options import moved
from autogradkit.core.device import is_meta
from autogradkit.core.dtype import bfloat16, float16, float32, float64
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.meta import NO_DATA
from autogradkit.core.own import named_as
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.engine.modes import no_grad
from autogradkit.engine.reseating import together
from autogradkit.engine.swapping import swap_tensors
from autogradkit.nn.modules.members import Members

_TO_EMPTY = (
    "Please use torch.nn.Module.to_empty() instead of torch.nn.Module.to() when moving module from meta to a different "
    "device."
)
_COMPLEX = (
    "Complex modules are a new feature under active development whose design may change, and some modules might not work as "
    "expected when using complex tensors as parameters or buffers. Please file an issue at "
    "https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml if a complex module does not work as expected."
)
M = TypeVar("M", bound="Converted")


class Converted(Members):
    """The conversions of a module. Every instance is a `Module`, which alone subclasses it."""

    @entry
    def _apply(self: M, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> M:
        with together(self.parameters(recurse)):
            return self.__applied(fn, recurse)

    def __applied(self: M, fn: Callable[[Tensor], Tensor], recurse: bool) -> M:
        for module in self.children() if recurse else ():
            module._apply(fn)
        for name, parameter in self._parameters.items():
            if parameter is not None:
                with no_grad():
                    self._exchange(name, parameter, fn)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def _exchange(self, name: str, parameter: Tensor, fn: Callable[[Tensor], Tensor]) -> None:
        """Convert a parameter and its gradient, in the way that is set in `autogradkit.__future__`.

        A parameter that goes to another device is another one from then on, as in PyTorch.
        """
        numbers, grad = fn(parameter), parameter.grad
        swaps = get_swap_module_params_on_conversion()
        overwrites = get_overwrite_module_params_on_conversion() or numbers.is_meta is not parameter.is_meta
        if not swaps and not overwrites:
            parameter.data = numbers
            if grad is not None:
                grad.data = fn(grad)
            return
        made = Parameter(numbers, parameter.requires_grad)
        if swaps:
            swap_tensors(parameter, made)
        else:
            self._parameters[name] = made
        kept: Any = self._parameters[name]
        if grad is not None:
            new = fn(grad).requires_grad_(grad.requires_grad)
            if swaps:
                swap_tensors(grad, new)
            kept.grad = grad if swaps else new

    def to(self: M, *args: Any, **kwargs: Any) -> M:
        """Convert parameters and buffers in place: `to(dtype)`, `to(device)` or `to(device, dtype)`.

        Only floating-point ones change dtype. Raises TypeError for an integer dtype.
        """
        device, wanted, memory_format = destination(args, kwargs)
        if wanted is not None and not (wanted.is_floating_point or wanted.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={wanted}"
            )

        if wanted is not None and wanted.is_complex:
            warn(_COMPLEX)

        def convert(tensor: Tensor) -> Tensor:
            if tensor.is_meta and device is not None and not is_meta(device):
                raise NotImplementedError(f"{NO_DATA} {_TO_EMPTY}")
            tensor = moved(tensor, device)
            numbers = tensor.is_floating_point() or tensor.is_complex()
            of_images = memory_format is not None and tensor.dim() in (4, 5)
            return converted(tensor, wanted if numbers else None, format=memory_format if of_images else None)

        return self._apply(convert)

    def __cast(self: M, wanted: Dtype) -> M:
        return self._apply(lambda tensor: tensor.to(wanted) if tensor.is_floating_point() else tensor)

    def float(self: M) -> M:
        """Convert floating-point parameters and buffers to float32, in place."""
        return self.__cast(float32)

    def double(self: M) -> M:
        """Convert floating-point parameters and buffers to float64, in place."""
        return self.__cast(float64)

    def half(self: M) -> M:
        """Convert floating-point parameters and buffers to float16, in place."""
        return self.__cast(float16)

    def bfloat16(self: M) -> M:
        """Convert floating-point parameters and buffers to bfloat16, in place."""
        return self.__cast(bfloat16)

    @entry
    def type(self: M, dst_type: Dtype | str) -> M:
        """Convert all parameters and buffers to a dtype, in place."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    def to_empty(self: M, *, device: Any, recurse: bool = True) -> M:
        """Give parameters and buffers new memory, which is not filled."""
        return self._apply(lambda tensor: empty_like.owner(tensor, device=device), recurse)

    def share_memory(self: M) -> M:
        """Move parameters and buffers into memory that processes share."""
        return self._apply(lambda tensor: tensor.share_memory_())

    def cpu(self: M) -> M:
        """Itself: everything is on the CPU."""
        return self

    def cuda(self: M, device: Any = None) -> M:
        """Raises AssertionError, as PyTorch without CUDA does, for a module that has parameters or buffers."""
        return self._apply(lambda tensor: tensor.cuda(device))

    def xpu(self: M, device: Any = None) -> M:
        """Raises AssertionError, as PyTorch without XPUs does, for a module that has parameters or buffers."""
        return self._apply(_refusing(AssertionError("Torch not compiled with XPU enabled")))

    def ipu(self: M, device: Any = None) -> M:
        """Raises RuntimeError, as PyTorch without IPUs does, for a module that has parameters or buffers."""
        return self._apply(_refusing(RuntimeError("PyTorch is not linked with support for ipu devices")))


named_as("Module", Converted)


def _refusing(error: Exception) -> Callable[[Tensor], Tensor]:
    def refuse(tensor: Tensor) -> Tensor:
        raise error

    return refuse


def _as_dtype(given: Any) -> Dtype:
    convert = KINDS["DType"].convert
    assert convert is not None
    return convert(given)


def destination(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Dtype | None, Any]:
    """The device, the dtype and the memory format that the arguments of a module's `to` ask for."""
    forms = [signature for _, signature in to.forms(METHOD)]
    for form in forms:
        names = [parameter.name for parameter in form.parameters]
        try:
            given = dict(zip(names, form.match(args, kwargs, False), strict=True))
        except MisfitError:
            continue
        if len(args) > names.index("copy") or "copy" in kwargs:
            raise RuntimeError(".to() does not accept copy argument")
        device = given["tensor"].device if "tensor" in given else given.get("device")
        if device is not None:
            is_meta(device)  # which refuses a third one
        wanted = given["tensor"].dtype if "tensor" in given else given["dtype"]
        return device, wanted and _as_dtype(wanted), given["memory_format"]
    raise refusal("to", forms, args, kwargs)
