"""The refusals that many ops share: dtypes that PyTorch's kernels do not have.

Rests on core's dtypes; declarations give what is made here as `dtypes=` or `refuse=`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from autogradkit.core.dtype import dtype, dtype_of_number, float32, float64, result_type
from autogradkit.core.tensor import Tensor
from autogradkit.engine.history import requires_grad
from autogradkit.engine.modes import MODE


def scalar_type(kind: dtype) -> str:
    """A dtype as PyTorch's messages name it: "Long" for int64."""
    return kind.tensor_type.removeprefix("torch.").removesuffix("Tensor")


_BY_KERNEL: set[Any] = set()


def by_kernel(check: Callable[..., None]) -> Callable[..., None]:
    """Mark a check as one that PyTorch's kernel makes: after the shapes and dtypes of a call were found to fit."""
    _BY_KERNEL.add(check)
    return check


def is_by_kernel(check: Callable[..., None]) -> bool:
    """Whether PyTorch's kernel makes a check, and not what leads to it."""
    return check in _BY_KERNEL


_UNLESS_EMPTY: set[Any] = set()


def unless_empty(check: Callable[..., None]) -> Callable[..., None]:
    """Mark a check as one that PyTorch does not come to where there is nothing to compute."""
    _UNLESS_EMPTY.add(check)
    return check


def is_unless_empty(check: Callable[..., None]) -> bool:
    """Whether PyTorch does not come to a check where there is nothing to compute."""
    return check in _UNLESS_EMPTY


def common_dtype(operands: Iterable[Any]) -> dtype:
    """What tensors and numbers promote to."""
    return result_type(
        [
            (each.dtype, 2 if each._array.ndim else 1) if isinstance(each, Tensor) else (dtype_of_number(each), 0)
            for each in operands
        ]
    )


def common_not_implemented(label: str, kinds: str) -> Callable[..., None]:
    """As `not_implemented`, for what the operands promote to."""

    def refuse(*operands: Any) -> None:
        common = common_dtype(operands)
        if common.numpy.kind in kinds:
            raise NotImplementedError(f"\"{label}\" not implemented for '{scalar_type(common)}'")

    return by_kernel(refuse)


def refuses(kinds: str, text: str, error: type[Exception] = NotImplementedError) -> Callable[..., None]:
    """A check with a text of its own for tensors whose dtype is of one of NumPy's `kinds`."""

    def refuse(*values: Any) -> None:
        for value in values:
            if isinstance(value, Tensor) and value._array.dtype.kind in kinds:
                raise error(text)

    return refuse


def check_both(first: Callable[..., None], second: Callable[..., None]) -> Callable[..., None]:
    """Two checks, one after the other; PyTorch's kernel makes both, or neither."""

    def refuse(*values: Any) -> None:
        first(*values)
        second(*values)

    return by_kernel(refuse) if is_by_kernel(first) else refuse


def not_implemented(label: str, kinds: str) -> Callable[..., None]:
    """A check that raises NotImplementedError for tensors whose dtype is of one of NumPy's `kinds`, such as "bc"."""

    def refuse(*values: Any) -> None:
        for value in values:
            if isinstance(value, Tensor) and value._array.dtype.kind in kinds:
                raise NotImplementedError(f"\"{label}\" not implemented for '{scalar_type(value.dtype)}'")

    return by_kernel(refuse)


def single_or_double(label: str) -> Callable[..., None]:
    """As `not_implemented`, of a kernel that is for float32 and float64 only, and for operands of one dtype."""

    def refuse(first: Any, *others: Any) -> None:
        for other in others:
            if isinstance(other, Tensor) and other.dtype is not first.dtype:
                found, expected = scalar_type(other.dtype), scalar_type(first.dtype)
                raise RuntimeError(f"Found dtype {found} but expected {expected}")
        if first.dtype not in (float32, float64):
            raise NotImplementedError(f"\"{label}\" not implemented for '{scalar_type(first.dtype)}'")

    return by_kernel(refuse)


def undifferentiated(name: str) -> Callable[[Any], Any]:
    """The formula of what PyTorch does not differentiate: the node is there, and refuses when it runs."""

    def refuse(g: Any) -> Any:
        raise RuntimeError(f"derivative for aten::{name} is not implemented")

    return refuse


_MISSING: set[Any] = set()


def not_differentiated(name: str) -> Callable[..., Any]:
    """As `undifferentiated`, of what PyTorch's table of derivatives lists as missing, be it of one operand among several."""

    def refuse(g: Any) -> Any:
        raise NotImplementedError(f"the derivative for '{name}' is not implemented.")

    _MISSING.add(refuse)
    return refuse


def is_missing(formula: Callable[..., Any]) -> bool:
    """Whether a formula refuses wherever a gradient would go, though none arrives."""
    return formula in _MISSING


def require_real_result(name: str, tensors: Iterable[Tensor]) -> None:
    """Raise RuntimeError where a complex result would be recorded, of an op that PyTorch differentiates for real ones only."""
    if MODE.grad and any(map(requires_grad, tensors)):
        raise RuntimeError(f"{name} does not support automatic differentiation for outputs with complex dtype.")


def require_real_if_differentiated(name: str, tensor: Any) -> None:
    """The same of a tensor, with which the result would be complex."""
    if isinstance(tensor, Tensor) and tensor._array.dtype.kind == "c":
        require_real_result(name, (tensor,))


def real_gradients(name: str) -> Callable[..., None]:
    """A check that no op whose gradient PyTorch has for real numbers only is recorded with a complex result."""

    def refuse(*values: Any) -> None:
        tensors = [each for each in values if isinstance(each, Tensor)]
        if any(each._array.dtype.kind == "c" for each in tensors):
            require_real_result(name, tensors)

    return by_kernel(refuse)


def constants(name: str, **places: int) -> Callable[..., None]:
    """A check that no tensor at these places is to be differentiated, where PyTorch has no gradient for it."""

    def refuse(*values: Any) -> None:
        for argument, at in places.items():
            each = values[at]
            if isinstance(each, Tensor) and MODE.grad and requires_grad(each):
                raise RuntimeError(
                    f"The function '{name}' is not differentiable with respect to argument '{argument}'. This input cannot "
                    "have requires_grad True."
                )

    return refuse
