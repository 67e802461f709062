"""Comparisons, logic and bits, and tests of elements: eq, logical_and, bitwise_xor, isnan.

Rests on declare. A kernel given `ufunc=` only documents it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autogradkit._ops.declare import SAME, TO_BOOL, UNIMPLEMENTED, function, k, op, python_method
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import common_not_implemented, not_implemented, refuses
from autogradkit._ops.declare.writing import require_found, saying
from autogradkit.core.tensor import Tensor
from autogradkit.engine.history import check_in_place, requires_grad
from autogradkit.engine.modes import MODE

# An edit in place keeps the dtype, so that it has a gradient, which is 0.
_NOTHING: Any = {"self": lambda g: k.zeros_like(g), "other": lambda g: k.zeros_like(g)}
_compares = partial(op, pointwise=TO_BOOL, in_place=True, numbers="other", edit_vjp=_NOTHING)


@_compares(ufunc=np.equal, operators="__eq__")
def eq(self: Array, other: Array, *, out: Array) -> None:
    """self = other, elementwise, as bools.

    >>> import autogradkit as torch
    >>> torch.eq(torch.tensor([1, 2, 3]), 2)
    tensor([False,  True, False])
    """


@_compares("not_equal", ufunc=np.not_equal, operators="__ne__")
def ne(self: Array, other: Array, *, out: Array) -> None:
    """self ≠ other, elementwise, as bools.

    >>> import autogradkit as torch
    >>> torch.ne(torch.tensor([1, 2, 3]), 2)
    tensor([ True, False,  True])
    """


@_compares("less", ufunc=np.less, dtypes=common_not_implemented("lt_cpu", "c"), operators="__lt__")
def lt(self: Array, other: Array, *, out: Array) -> None:
    """self < other, elementwise, as bools.

    >>> import autogradkit as torch
    >>> torch.lt(torch.tensor([1, 2, 3]), 2)
    tensor([ True, False, False])
    """


@_compares("less_equal", ufunc=np.less_equal, dtypes=common_not_implemented("le_cpu", "c"), operators="__le__")
def le(self: Array, other: Array, *, out: Array) -> None:
    """self ≤ other, elementwise, as bools.

    >>> import autogradkit as torch
    >>> torch.le(torch.tensor([1, 2, 3]), 2)
    tensor([ True,  True, False])
    """


@_compares("greater", ufunc=np.greater, dtypes=common_not_implemented("gt_cpu", "c"), operators="__gt__")
def gt(self: Array, other: Array, *, out: Array) -> None:
    """self > other, elementwise, as bools.

    >>> import autogradkit as torch
    >>> torch.gt(torch.tensor([1, 2, 3]), 2)
    tensor([False, False,  True])
    """


@_compares("greater_equal", ufunc=np.greater_equal, dtypes=common_not_implemented("ge_cpu", "c"), operators="__ge__")
def ge(self: Array, other: Array, *, out: Array) -> None:
    """self ≥ other, elementwise, as bools.

    >>> import autogradkit as torch
    >>> torch.ge(torch.tensor([1, 2, 3]), 2)
    tensor([False,  True,  True])
    """


@op(pointwise=TO_BOOL, ufunc=np.logical_and, in_place=True)
def logical_and(self: Array, other: Array, *, out: Array) -> None:
    """Both are nonzero.

    >>> import autogradkit as torch
    >>> torch.logical_and(torch.tensor([True, False]), torch.tensor([True, True]))
    tensor([ True, False])
    """


@op(pointwise=TO_BOOL, ufunc=np.logical_or, in_place=True)
def logical_or(self: Array, other: Array, *, out: Array) -> None:
    """At least one is nonzero.

    >>> import autogradkit as torch
    >>> torch.logical_or(torch.tensor([True, False]), torch.tensor([False, False]))
    tensor([ True, False])
    """


@op(pointwise=TO_BOOL, ufunc=np.logical_xor, in_place=True)
def logical_xor(self: Array, other: Array, *, out: Array) -> None:
    """Exactly one is nonzero.

    >>> import autogradkit as torch
    >>> torch.logical_xor(torch.tensor([True, False]), torch.tensor([True, True]))
    tensor([False,  True])
    """


@op(pointwise=TO_BOOL, ufunc=np.logical_not, in_place=True)
def logical_not(self: Array, *, out: Array) -> None:
    """Whether elements are zero.

    >>> import autogradkit as torch
    >>> torch.logical_not(torch.tensor([0, 2]))
    tensor([ True, False])
    """


@op(pointwise=TO_BOOL, ufunc=np.isnan, out=False)
def isnan(self: Array, *, out: Array) -> None:
    """Whether elements are NaN.

    >>> import autogradkit as torch
    >>> torch.isnan(torch.tensor([1.0, float("nan")]))
    tensor([False,  True])
    """


@op(pointwise=TO_BOOL, ufunc=np.isinf, out=False)
def isinf(self: Array, *, out: Array) -> None:
    """Whether elements are infinite.

    >>> import autogradkit as torch
    >>> torch.isinf(torch.tensor([1.0, float("-inf")]))
    tensor([False,  True])
    """


@op(pointwise=TO_BOOL, ufunc=np.isfinite, out=False, written=lambda self: int(self._array.dtype.kind == "c"))
def isfinite(self: Array, *, out: Array) -> None:
    """Whether elements are neither infinite nor NaN.

    >>> import autogradkit as torch
    >>> torch.isfinite(torch.tensor([1.0, float("inf")]))
    tensor([ True, False])
    """


@op(
    pointwise=TO_BOOL,
    out_dtype=saying("isposinf does not support non-boolean outputs."),
    dtypes=refuses("c", "isposinf does not support complex inputs.", RuntimeError),
)
def isposinf(self: Array, *, out: Array) -> None:
    """Whether elements are +∞.

    >>> import autogradkit as torch
    >>> torch.isposinf(torch.tensor([1.0, float("inf"), float("-inf")]))
    tensor([False,  True, False])
    """
    np.equal(self, np.inf, out=out) if self.dtype.kind in "fV" else out.fill(False)


@op(
    pointwise=TO_BOOL,
    out_dtype=saying("isneginf does not support non-boolean outputs."),
    dtypes=refuses("c", "isneginf does not support complex inputs.", RuntimeError),
)
def isneginf(self: Array, *, out: Array) -> None:
    """Whether elements are −∞.

    >>> import autogradkit as torch
    >>> torch.isneginf(torch.tensor([1.0, float("inf"), float("-inf")]))
    tensor([False, False,  True])
    """
    np.equal(self, -np.inf, out=out) if self.dtype.kind in "fV" else out.fill(False)


@op(pointwise=TO_BOOL, out=False)
def isreal(self: Array, *, out: Array) -> None:
    """Whether the imaginary part is 0.

    >>> import autogradkit as torch
    >>> torch.isreal(torch.tensor([1 + 1j, 2 + 0j]))
    tensor([False,  True])
    """
    np.equal(self.imag, 0, out=out) if self.dtype.kind == "c" else out.fill(True)


def _require_editable(self: Tensor, *others: Any) -> None:
    """Bits have no gradient, and PyTorch still minds where they are edited."""
    tensors = [each for each in (self, *others) if isinstance(each, Tensor)]
    check_in_place(self, MODE.grad and any(map(requires_grad, tensors)))


@op(
    node=UNIMPLEMENTED,
    out_dtype=require_found,
    pointwise=SAME,
    ufunc=np.invert,
    in_place=True,
    refuse=not_implemented("bitwise_not_cpu", "fcV"),
    edit_dtypes=_require_editable,
    sign="~",
)
def bitwise_not(self: Array, *, out: Array) -> None:
    """Every bit inverted; `not` on bools.

    >>> import autogradkit as torch
    >>> ~torch.tensor([True, False])
    tensor([False,  True])
    """


@python_method("__invert__")
def _inverted(self: Tensor) -> Any:
    """`~`: the same of integers and bools, and of nothing else."""
    if self._array.dtype.kind in "fc":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return bitwise_not.owner.front("method")(self)


bitwise_and = function("bitwise_and", in_place=True, operators="__and__ __rand__ __iand__")


@bitwise_and.overload(
    node=UNIMPLEMENTED,
    pointwise=SAME,
    ufunc=np.bitwise_and,
    refuse=common_not_implemented("bitwise_and_cpu", "fcV"),
    edit_dtypes=_require_editable,
)
def _(self: Array, other: Array, *, out: Array) -> None:
    """Bits set in both; `and` on bools.

    >>> import autogradkit as torch
    >>> torch.tensor([True, False]) & torch.tensor([True, True])
    tensor([ True, False])
    """


@bitwise_and.overload(
    node=UNIMPLEMENTED,
    pointwise=SAME,
    promotes="self other",
    refuse=common_not_implemented("bitwise_and_cpu", "fcV"),
    edit_dtypes=_require_editable,
    out=False,
    variants="function",
)
def _(self: Scalar, other: Array, *, out: Array) -> None:
    np.bitwise_and(self, other, out=out)


@bitwise_and.overload(
    node=UNIMPLEMENTED,
    pointwise=SAME,
    promotes="self other",
    refuse=common_not_implemented("bitwise_and_cpu", "fcV"),
    edit_dtypes=_require_editable,
)
def _(self: Array, other: Scalar, *, out: Array) -> None:
    np.bitwise_and(self, other, out=out)


bitwise_or = function("bitwise_or", in_place=True, operators="__or__ __ror__ __ior__")


@bitwise_or.overload(
    node=UNIMPLEMENTED,
    pointwise=SAME,
    ufunc=np.bitwise_or,
    refuse=common_not_implemented("bitwise_or_cpu", "fcV"),
    edit_dtypes=_require_editable,
)
def _(self: Array, other: Array, *, out: Array) -> None:
    """Bits set in either; `or` on bools.

    >>> import autogradkit as torch
    >>> torch.tensor([True, False]) | torch.tensor([False, False])
    tensor([ True, False])
    """


@bitwise_or.overload(
    node=UNIMPLEMENTED,
    pointwise=SAME,
    promotes="self other",
    refuse=common_not_implemented("bitwise_or_cpu", "fcV"),
    edit_dtypes=_require_editable,
    out=False,
    variants="function",
)
def _(self: Scalar, other: Array, *, out: Array) -> None:
    np.bitwise_or(self, other, out=out)


@bitwise_or.overload(
    node=UNIMPLEMENTED,
    pointwise=SAME,
    promotes="self other",
    refuse=common_not_implemented("bitwise_or_cpu", "fcV"),
    edit_dtypes=_require_editable,
)
def _(self: Array, other: Scalar, *, out: Array) -> None:
    np.bitwise_or(self, other, out=out)


bitwise_xor = function("bitwise_xor", in_place=True, operators="__xor__ __rxor__ __ixor__")


@bitwise_xor.overload(
    node=UNIMPLEMENTED,
    pointwise=SAME,
    ufunc=np.bitwise_xor,
    refuse=common_not_implemented("bitwise_xor_cpu", "fcV"),
    edit_dtypes=_require_editable,
)
def _(self: Array, other: Array, *, out: Array) -> None:
    """Bits set in exactly one; exclusive `or` on bools.

    >>> import autogradkit as torch
    >>> torch.tensor([True, False]) ^ torch.tensor([True, True])
    tensor([False,  True])
    """


@bitwise_xor.overload(
    node=UNIMPLEMENTED,
    pointwise=SAME,
    promotes="self other",
    refuse=common_not_implemented("bitwise_xor_cpu", "fcV"),
    edit_dtypes=_require_editable,
    out=False,
    variants="function",
)
def _(self: Scalar, other: Array, *, out: Array) -> None:
    np.bitwise_xor(self, other, out=out)


@bitwise_xor.overload(
    node=UNIMPLEMENTED,
    pointwise=SAME,
    promotes="self other",
    refuse=common_not_implemented("bitwise_xor_cpu", "fcV"),
    edit_dtypes=_require_editable,
)
def _(self: Array, other: Scalar, *, out: Array) -> None:
    np.bitwise_xor(self, other, out=out)
