"""Choosing between elements: maximum, minimum, fmax, fmin, where.

Rests on declare and arithmetic's samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import SAME, function, k, op
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import refuses, scalar_type
from autogradkit._ops.declare.writing import saying
from autogradkit._ops.making.scalars import wide_scalar_array
from autogradkit._ops.pointwise.arithmetic import binary_tensor_samples
from autogradkit.core.dtype import bool_, dtype_of_number, result_type, uint8
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.recording import reported
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.warning import warn_once


@op(
    pointwise=SAME,
    ufunc=np.maximum,
    dtypes=refuses("c", "maximum not implemented for complex tensors.", RuntimeError),
    samples=binary_tensor_samples,
    gradient_version={"self": 1, "other": 1},
    vjp={
        "self": lambda g, self, other: k.where(self < other, 0.0, k.where(self == other, g / 2, g)),
        "other": lambda g, self, other: k.where(self > other, 0.0, k.where(self == other, g / 2, g)),
    },
    rule=(
        "∂self = ∂ where self > other, ∂ / 2 where self = other, else 0\n"
        "∂other = ∂ where other > self, ∂ / 2 where other = self, else 0"
    ),
)
def maximum(self: Array, other: Array, *, out: Array) -> None:
    """The larger of two elements; NaN if either is. At a tie each gets half of the gradient.

    >>> import autogradkit as torch
    >>> torch.maximum(torch.tensor([1.0, 5.0]), torch.tensor([3.0, 2.0]))
    tensor([3., 5.])
    """


@op(
    pointwise=SAME,
    ufunc=np.minimum,
    dtypes=refuses("c", "minimum not implemented for complex tensors.", RuntimeError),
    samples=binary_tensor_samples,
    gradient_version={"self": 1, "other": 1},
    vjp={
        "self": lambda g, self, other: k.where(self > other, 0.0, k.where(self == other, g / 2, g)),
        "other": lambda g, self, other: k.where(self < other, 0.0, k.where(self == other, g / 2, g)),
    },
    rule=(
        "∂self = ∂ where self < other, ∂ / 2 where self = other, else 0\n"
        "∂other = ∂ where other < self, ∂ / 2 where other = self, else 0"
    ),
)
def minimum(self: Array, other: Array, *, out: Array) -> None:
    """The smaller of two elements; NaN if either is. At a tie each gets half of the gradient.

    >>> import autogradkit as torch
    >>> torch.minimum(torch.tensor([1.0, 5.0]), torch.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """


@op(
    pointwise=SAME,
    dtypes=refuses("c", "fmax not implemented for complex tensors.", RuntimeError),
    samples=binary_tensor_samples,
    vjp={
        "self": lambda g, self, other: k.where((self >= other) | (other != other), g, 0.0),
        "other": lambda g, self, other: k.where((self >= other) | (other != other), 0.0, g),
    },
    rule="∂self = ∂ where self ≥ other, else 0\n∂other = ∂ where self < other, else 0",
)
def fmax(self: Array, other: Array, *, out: Array) -> None:
    """The larger of two elements; of a number and NaN the number.

    >>> import autogradkit as torch
    >>> torch.fmax(torch.tensor([1.0, float("nan")]), torch.tensor([3.0, 2.0]))
    tensor([3., 2.])
    """
    np.copyto(out, np.where((other > self) | (self != self), other, self))  # of two zeros the first, unlike NumPy's


@op(
    pointwise=SAME,
    dtypes=refuses("c", "fmin not implemented for complex tensors.", RuntimeError),
    samples=binary_tensor_samples,
    vjp={
        "self": lambda g, self, other: k.where((self <= other) | (other != other), g, 0.0),
        "other": lambda g, self, other: k.where((self <= other) | (other != other), 0.0, g),
    },
    rule="∂self = ∂ where self ≤ other, else 0\n∂other = ∂ where self > other, else 0",
)
def fmin(self: Array, other: Array, *, out: Array) -> None:
    """The smaller of two elements; of a number and NaN the number.

    >>> import autogradkit as torch
    >>> torch.fmin(torch.tensor([1.0, float("nan")]), torch.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """
    np.copyto(out, np.where((other < self) | (self != self), other, self))  # of two zeros the first, unlike NumPy's


# -- by a condition ----------------------------------------------------------------------------------------------------

where = function("where")


@where.overload(composition=True, variants="function")
def _(condition: Tensor) -> tuple[Any, ...]:
    return condition.nonzero(as_tuple=True)


def _require_bool(condition: Any, self: Any, other: Any) -> None:
    kind = condition.dtype
    if kind is bool_:
        return
    if kind is uint8:
        warn_once(
            "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future version of "
            "PyTorch. Use a boolean condition instead."
        )
    else:
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {scalar_type(kind)}"
        )


@where.overload(
    out_dtype=saying("Expected out type to be {result} but got {out}"),
    pointwise=SAME,
    promotes="self other",
    refuses_complex=True,
    refuse=_require_bool,
    samples=lambda t: [(t(2, 3).detach() > 0, t(2, 3), t(3))],
    vjp={
        "self": lambda g, condition: k.where(condition, g, 0.0),
        "other": lambda g, condition: k.where(condition, 0.0, g),
    },
)
def where_tensors(condition: Array, self: Array, other: Array, *, out: Array) -> None:
    """Elements of `input` where `condition` holds, of `other` elsewhere; with `condition` alone, where it is nonzero.

    >>> import autogradkit as torch
    >>> torch.where(torch.tensor([True, False]), torch.tensor([1.0, 2.0]), 0.0)
    tensor([1., 0.])
    """
    np.copyto(out, other)
    np.copyto(out, self, where=condition if condition.dtype == np.bool_ else condition.astype(np.bool_))


def _scalar_tensor(number: Any, dtype: Dtype) -> Tensor:
    return reported("scalar_tensor", "create", lambda each: wrap(wide_scalar_array(each, dtype)), number)


def _with_numbers(condition: Any, self: Any, other: Any) -> Any:
    kinds = [
        (each.dtype, 2 if each._array.ndim else 1) if isinstance(each, Tensor) else (dtype_of_number(each), 0)
        for each in (self, other)
    ]
    common = result_type(kinds)
    operands = [  # cast by nodes of their own, as in PyTorch, which take the real part of complex gradients
        each.to(common) if isinstance(each, Tensor) else _scalar_tensor(each, common) for each in (self, other)
    ]
    return where_tensors(condition, *operands)


@where.overload(composition=True, variants="function")
def _(condition: Tensor, self: Scalar, other: Tensor) -> Any:
    return _with_numbers(condition, self, other)


@where.overload(composition=True)
def _(condition: Tensor, self: Tensor, other: Scalar) -> Any:
    return _with_numbers(condition, self, other)


@where.overload(composition=True, variants="function")
def _(condition: Tensor, self: Scalar, other: Scalar) -> Any:
    return _with_numbers(condition, self, other)
