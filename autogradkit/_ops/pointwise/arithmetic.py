"""Arithmetic on corresponding elements, and the operators that stand for it.

Rests on declare. The formulas are those of PyTorch's derivative table; division and powers stand in powers.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import INT_TO_FLOAT, SAME, function, k, op
from autogradkit._ops.declare.kinds import Array, Operand, Scalar
from autogradkit._ops.declare.refusals import common_not_implemented
from autogradkit._ops.declare.writing import require_found
from autogradkit._ops.making.scalars import scalar_array
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.tensor import Tensor


def binary_samples(t: Any) -> list[tuple[Any, ...]]:
    """Sample operands: alike, broadcast both ways, with a number, without elements."""
    return [
        (t(2, 3), t(2, 3, low=0.5, high=3)),
        (t(2, 1, 3), t(4, 1, low=0.5, high=3)),
        (t(3), 2.5),
        (t(), t(2, low=0.5, high=3)),
        (t(0, 2), t(1, 2, low=0.5, high=3)),
    ]


def binary_tensor_samples(t: Any) -> list[tuple[Any, ...]]:
    """The samples of `binary_samples` without a number."""
    return [sample for sample in binary_samples(t) if not isinstance(sample[1], float)]


def with_number(t: Any) -> list[tuple[Any, ...]]:
    """A tensor and a number."""
    return [(t(2, 3), 2.5), (t(), -1.5), (t(0, 2), 3.0)]


def is_bool(value: Any) -> bool:
    """Whether a tensor or number is boolean."""
    return isinstance(value, bool) or (isinstance(value, Tensor) and value._array.dtype.kind == "b")


def _scaled(other: Any, alpha: Any, result: np.dtype[Any]) -> Any:
    """alpha · other for a result of this dtype, which alpha may not exceed."""
    if alpha.__class__ is int and alpha == 1 and result.kind != "c":
        return other
    if isinstance(alpha, bool) and result.kind != "b":
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, (float, complex)) and result.kind in "iub":
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if isinstance(alpha, complex) and result.kind != "c":
        raise RuntimeError("For non-complex input tensors, argument alpha must not be a complex number.")
    if result.kind == "b":
        alpha = bool(alpha)
    if alpha == 1 and result.kind != "c":  # PyTorch multiplies complex numbers by 1 + 0j, which makes NaN of infinities
        return other
    factor = scalar_array(alpha, from_numpy_dtype(result))  # refuses what the dtype cannot hold
    # float32 as if multiplied and added in one: a product may be too large for it and the sum not.
    return np.multiply(other, factor, dtype=np.float64) if result == np.float32 else other * factor


def _less_scaled(self: Any, other: Any, alpha: Any, out: Array) -> None:
    """self − alpha · other, as PyTorch adds −alpha · other."""
    if alpha == 1 and _scaled(other, alpha, out.dtype) is other:
        np.subtract(self, other, out=out)
    else:
        np.add(self, _scaled(other, alpha if isinstance(alpha, bool) else -alpha, out.dtype), out=out, casting="unsafe")


BOOLS_SUBTRACTION = (
    "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator "
    "instead."
)
BOOL_NEGATION = (
    "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or "
    "`logical_not()` operator instead."
)
BOOL_SUBTRACTION = (
    "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or "
    "`logical_not()` operator instead."
)


def _refuse_bools(self: Any, other: Any, alpha: Any) -> None:
    if is_bool(self) and is_bool(other):
        raise RuntimeError(BOOLS_SUBTRACTION)
    if is_bool(self) or is_bool(other):
        raise RuntimeError(BOOL_SUBTRACTION)


add = function("add", in_place=True, operators="__add__ __radd__ __iadd__")


@add.overload(
    pointwise=SAME,
    ufunc=np.add,
    samples=binary_samples,
    vjp={"self": lambda g: g, "other": lambda g, alpha: g if alpha == 1 else k.product(g, alpha)},
)
def add_tensors(self: Operand, other: Operand, *, alpha: Scalar = 1, out: Array) -> None:
    """self + alpha · other, with broadcasting and promotion.

    >>> import autogradkit as torch
    >>> torch.add(torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0]), alpha=2)
    tensor([21., 42.])
    """
    np.add(self, _scaled(other, alpha, out.dtype), out=out, casting="unsafe")


def _edit_scaled(self: Any, alpha: Any, other: Any) -> Any:
    return add_tensors.in_place_call(self, other, alpha=alpha)


@add.overload(deprecated=True, composition=True, out=True, edit=_edit_scaled)
def _(self: Operand, alpha: Scalar, other: Operand) -> Any:
    return add_tensors(self, other, alpha=alpha)


sub = function("sub", in_place=True, operators="__sub__ __isub__")


@sub.overload(
    pointwise=SAME,
    ufunc=np.subtract,
    dtypes=_refuse_bools,
    samples=binary_samples,
    vjp={"self": lambda g: g, "other": lambda g, alpha: -g if alpha == 1 else k.product(-g, alpha)},
)
def sub_tensors(self: Operand, other: Operand, *, alpha: Scalar = 1, out: Array) -> None:
    """self − alpha · other, with broadcasting and promotion.

    >>> import autogradkit as torch
    >>> torch.sub(torch.tensor([5.0, 7.0]), 2)
    tensor([3., 5.])
    """
    _less_scaled(self, other, alpha, out)


def _edit_less_scaled(self: Any, alpha: Any, other: Any) -> Any:
    return sub_tensors.in_place_call(self, other, alpha=alpha)


@sub.overload(deprecated=True, composition=True, out=True, edit=_edit_less_scaled)
def _(self: Operand, alpha: Scalar, other: Operand) -> Any:
    return sub_tensors(self, other, alpha=alpha)


def _edit_subtract(self: Any, other: Any, alpha: Any) -> Any:
    return sub_tensors.in_place_call(self, other, alpha=alpha)


subtract = function("subtract", in_place=True)


@subtract.overload(composition=True, out=True, edit=_edit_subtract)
def _(self: Operand, other: Operand, *, alpha: Scalar = 1) -> Any:
    """Another name for `sub`.

    >>> import autogradkit as torch
    >>> torch.subtract(torch.tensor([5.0, 7.0]), 2)
    tensor([3., 5.])
    """
    return sub_tensors(self, other, alpha=alpha)


@subtract.overload(
    node="SubBackward1",
    label="sub",
    sign="-",
    pointwise=SAME,
    promotes="self other",
    out=False,
    dtypes=_refuse_bools,
    samples=lambda t: [(t(2, 3), 1.5), (t(2), 2.0, 3)],
    vjp={"self": lambda g: g},
)
def _(self: Array, other: Scalar, alpha: Scalar = 1, *, out: Array) -> None:
    _less_scaled(self, np.asarray(other).astype(out.dtype), alpha, out)


rsub = function("rsub", operators="__rsub__", variants="function")


@rsub.overload(
    pointwise=SAME,
    other_first=True,
    dtypes=_refuse_bools,
    samples=binary_tensor_samples,
    out=False,
    vjp={"self": lambda g, alpha: -g if alpha == 1 else k.product(-g, alpha), "other": lambda g: g},
)
def _(self: Array, other: Array, *, alpha: Scalar = 1, out: Array) -> None:
    """other − alpha · self: what `2 - x` runs.

    >>> import autogradkit as torch
    >>> 2 - torch.tensor([0.5, 3.0])
    tensor([ 1.5000, -1.0000])
    """
    _less_scaled(other, self, alpha, out)


@rsub.overload(
    node="RsubBackward1",
    pointwise=SAME,
    other_first=True,
    promotes="self other",
    dtypes=_refuse_bools,
    samples=with_number,
    out=False,
    vjp={"self": lambda g, alpha: -g if alpha == 1 else k.product(-g, alpha)},
)
def _(self: Array, other: Scalar, alpha: Scalar = 1, *, out: Array) -> None:
    _less_scaled(other, self, alpha, out)


@op(
    in_place=True,
    operators="__mul__ __rmul__ __imul__",
    pointwise=SAME,
    wide_numbers=True,
    ufunc=np.multiply,
    samples=binary_samples,
    vjp={"self": lambda g, other: k.product(g, other), "other": lambda g, self: k.product(g, self)},
)
def mul(self: Operand, other: Operand, *, out: Array) -> None:
    """self · other, elementwise, with broadcasting and promotion.

    >>> import autogradkit as torch
    >>> torch.mul(torch.tensor([1.0, 2.0]), torch.tensor([[3.0], [4.0]]))
    tensor([[3., 6.],
            [4., 8.]])
    """


@op(
    variants="",
    label="mul",
    sign="*",
    node="MulBackward1",
    pointwise=SAME,
    wide_numbers=True,
    promotes="self other",
    samples=lambda t: [(t(2, 3), 2.5), (t(), -3)],
    vjp={"self": lambda g, other: k.product(g, other)},
    rule="∂self = ∂ · other",
)
def mul_by_number(self: Array, other: Scalar, *, out: Array) -> None:
    """self · other, as formulas of PyTorch's multiply by a number: a node of another name."""
    np.multiply(self, other, out=out, dtype=out.dtype)


multiply = function("multiply", in_place=True)


@multiply.overload(composition=True, out=True, edit=mul.in_place_call)
def _(self: Operand, other: Operand) -> Any:
    """Another name for `mul`.

    >>> import autogradkit as torch
    >>> torch.multiply(torch.tensor([1.0, 2.0]), 3)
    tensor([3., 6.])
    """
    return mul(self, other)


@multiply.overload(composition=True, edit=mul.in_place_call)
def _(self: Tensor, other: Scalar) -> Any:
    return mul(self, other)


def _refuse_bool(self: Any) -> None:
    if is_bool(self):
        raise RuntimeError(BOOL_NEGATION)


@op(
    "negative",
    out_dtype=require_found,
    in_place=True,
    operators="__neg__",
    pointwise=SAME,
    ufunc=np.negative,
    dtypes=_refuse_bool,
    samples=lambda t: [(t(2, 3),), (t(),), (t(0),)],
    vjp={"self": lambda g: -g},
)
def neg(self: Array, *, out: Array) -> None:
    """−self.

    >>> import autogradkit as torch
    >>> -torch.tensor([1.0, -2.0])
    tensor([-1.,  2.])
    """


@op(
    in_place=True,
    pointwise=INT_TO_FLOAT,
    samples=lambda t: [(t(2, 3, low=0.5, high=3),), (t(low=0.5, high=3),)],
    vjp={"self": lambda g, result: -g * k.conj(result * result)},
)
def reciprocal(self: Array, *, out: Array) -> None:
    """1 / self.

    >>> import autogradkit as torch
    >>> torch.reciprocal(torch.tensor([2.0, 4.0]))
    tensor([0.5000, 0.2500])
    """
    np.true_divide(1, self, out=out)


def _through_sign(g: Any, self: Any, result: Any) -> Any:
    return g * k.where(self == 0, 0.0, result / k.where(self == 0, 1.0, self))


copysign = function("copysign", in_place=True)


@copysign.overload(
    pointwise=INT_TO_FLOAT,
    ufunc=np.copysign,
    dtypes=common_not_implemented("copysign_cpu", "c"),
    samples=binary_tensor_samples,
    vjp={"self": _through_sign, "other": lambda g: k.zeros_like(g)},
    rule="∂self = ∂ · result / self where self ≠ 0, else 0\n∂other = 0",
)
def _(self: Array, other: Array, *, out: Array) -> None:
    """|self| with the sign of other.

    >>> import autogradkit as torch
    >>> torch.copysign(torch.tensor([1.0, -2.0]), torch.tensor([-1.0, 0.0]))
    tensor([-1.,  2.])
    """


@copysign.overload(
    node="CopysignBackward1",
    pointwise=INT_TO_FLOAT,
    promotes="self other",
    dtypes=common_not_implemented("copysign_cpu", "c"),
    samples=with_number,
    vjp={"self": _through_sign},
    rule="∂self = ∂ · result / self where self ≠ 0, else 0",
)
def _(self: Array, other: Scalar, *, out: Array) -> None:
    np.copysign(self, other, out=out)
