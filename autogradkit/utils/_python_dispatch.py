"""`torch.utils._python_dispatch`, of which packages ask one question."""

from __future__ import annotations

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.tensor import Tensor


def is_traceable_wrapper_subclass(t: object) -> bool:
    """Whether a tensor is of a class that says which tensors it is made of."""
    kind = type(t)
    return (
        isinstance(t, Tensor)
        and kind is not Tensor
        and hasattr(kind, "__tensor_flatten__")
        and hasattr(kind, "__tensor_unflatten__")
    )


__getattr__ = _absent_from("utils._python_dispatch")
