"""`Tensor._make_wrapper_subclass`: a tensor of a user's class that has sizes and a dtype, and no memory of its own.

What ops do with it its class says, in `__torch_dispatch__`, by the tensors that it keeps as attributes. Rests on core's arrays
that stand for such ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit.core.device import require_cpu
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import get_default_dtype
from autogradkit.core.frames import entry
from autogradkit.core.layout import layout as Layout
from autogradkit.core.layout import strided
from autogradkit.core.meta import META, hollow
from autogradkit.core.tensor import Tensor, as_class, wrap
from autogradkit.core.wrappers import WrapperArray
from autogradkit.engine.dispatching import has_own_dispatch

POLICIES = (None, "strides", "sizes")


@entry
def _make_wrapper_subclass(
    cls: type[Tensor],
    size: Sequence[int],
    *,
    strides: Sequence[int] | None = None,
    storage_offset: int | None = None,
    memory_format: Any = None,
    dtype: Dtype | None = None,
    layout: Layout = strided,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    dispatch_sizes_strides_policy: str | None = None,
    dispatch_device: bool = False,
    dispatch_layout: bool = False,
) -> Tensor:
    """A leaf of class `cls`, of these sizes and no elements. Raises TypeError for a class without `__torch_dispatch__`.

    Sizes, strides, dtype and layout are those that are given here: no class is asked for them (`dispatch_...`).
    """
    if not issubclass(cls, Tensor):
        raise TypeError(
            "Creating a Tensor subclass from a class that does not inherit from Tensor is not possible. Make sure your class "
            "inherits from Tensor."
        )
    if not has_own_dispatch(cls):
        raise TypeError(f"{cls.__name__} must define __torch_dispatch__")
    if dispatch_sizes_strides_policy not in POLICIES:
        raise RuntimeError(f"Unknown sizes_strides_policy: {dispatch_sizes_strides_policy}")
    if device is not None:
        require_cpu(device)
    kind = get_default_dtype() if dtype is None else dtype
    array: Any = WrapperArray(hollow(tuple(size), kind.numpy, None if strides is None else tuple(strides)))
    if not META:
        META.append(True)  # there is a tensor without numbers: calls within the package look at classes
    made = as_class(wrap(array), cls)
    if requires_grad and not (kind.is_floating_point or kind.is_complex):
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    made._requires_grad = requires_grad
    return made


Tensor._make_wrapper_subclass = staticmethod(_make_wrapper_subclass)  # pyright: ignore[reportAttributeAccessIssue]
