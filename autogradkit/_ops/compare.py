"""Comparisons, logic, tests of elements, and choosing by them: eq, isnan, maximum, clamp, where.

Rests on pointwise_op.
"""

# pyright: reportReturnType=false
# A function given `ufunc=` only documents it: its body returns nothing.

from __future__ import annotations

from typing import Any, cast

import numpy as np

from autogradkit._ops import k
from autogradkit._ops.arithmetic import two_tensors
from autogradkit._ops.op import composite, op
from autogradkit._ops.pointwise_op import FIRST, SAME, SOME, TO_BOOL, Array, as_array, binary, operator, unary
from autogradkit.core.dtype import dtype_of_number, result_type
from autogradkit.core.strides import broadcast_shapes, element_strides, empty_strided, output_strides
from autogradkit.core.tensor import Tensor, wrap


@binary(TO_BOOL, ufunc=np.equal, in_place=True, tensors=FIRST)
def eq(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """self = other, elementwise, as bools.

    >>> import autogradkit as torch
    >>> torch.eq(torch.tensor([1, 2, 3]), 2)
    tensor([False,  True, False])
    """


@binary(TO_BOOL, ufunc=np.not_equal, in_place=True, tensors=FIRST)
def ne(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """self ≠ other, elementwise, as bools.

    >>> import autogradkit as torch
    >>> torch.ne(torch.tensor([1, 2, 3]), 2)
    tensor([ True, False,  True])
    """


@binary(TO_BOOL, ufunc=np.less, in_place=True, tensors=FIRST)
def lt(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """self < other, elementwise, as bools.

    >>> import autogradkit as torch
    >>> torch.lt(torch.tensor([1, 2, 3]), 2)
    tensor([ True, False, False])
    """


@binary(TO_BOOL, ufunc=np.less_equal, in_place=True, tensors=FIRST)
def le(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """self ≤ other, elementwise, as bools.

    >>> import autogradkit as torch
    >>> torch.le(torch.tensor([1, 2, 3]), 2)
    tensor([ True,  True, False])
    """


@binary(TO_BOOL, ufunc=np.greater, in_place=True, tensors=FIRST)
def gt(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """self > other, elementwise, as bools.

    >>> import autogradkit as torch
    >>> torch.gt(torch.tensor([1, 2, 3]), 2)
    tensor([False, False,  True])
    """


@binary(TO_BOOL, ufunc=np.greater_equal, in_place=True, tensors=FIRST)
def ge(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """self ≥ other, elementwise, as bools.

    >>> import autogradkit as torch
    >>> torch.ge(torch.tensor([1, 2, 3]), 2)
    tensor([False,  True,  True])
    """


@binary(TO_BOOL, ufunc=np.logical_and, numbers=False, in_place=True)
def logical_and(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """Both are nonzero.

    >>> import autogradkit as torch
    >>> torch.logical_and(torch.tensor([True, False]), torch.tensor([True, True]))
    tensor([ True, False])
    """


@binary(TO_BOOL, ufunc=np.logical_or, numbers=False, in_place=True)
def logical_or(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """At least one is nonzero.

    >>> import autogradkit as torch
    >>> torch.logical_or(torch.tensor([True, False]), torch.tensor([False, False]))
    tensor([ True, False])
    """


@binary(TO_BOOL, ufunc=np.logical_xor, numbers=False, in_place=True)
def logical_xor(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """Exactly one is nonzero.

    >>> import autogradkit as torch
    >>> torch.logical_xor(torch.tensor([True, False]), torch.tensor([True, True]))
    tensor([False,  True])
    """


@unary(TO_BOOL, ufunc=np.logical_not, in_place=True)
def logical_not(self: Array, *, out: Array | None = None) -> Array:
    """Whether elements are zero.

    >>> import autogradkit as torch
    >>> torch.logical_not(torch.tensor([0, 2]))
    tensor([ True, False])
    """


@unary(TO_BOOL, ufunc=np.isnan)
def isnan(self: Array, *, out: Array | None = None) -> Array:
    """Whether elements are NaN.

    >>> import autogradkit as torch
    >>> torch.isnan(torch.tensor([1.0, float("nan")]))
    tensor([False,  True])
    """


@unary(TO_BOOL, ufunc=np.isinf)
def isinf(self: Array, *, out: Array | None = None) -> Array:
    """Whether elements are infinite.

    >>> import autogradkit as torch
    >>> torch.isinf(torch.tensor([1.0, float("-inf")]))
    tensor([False,  True])
    """


@unary(TO_BOOL, ufunc=np.isfinite)
def isfinite(self: Array, *, out: Array | None = None) -> Array:
    """Whether elements are neither infinite nor NaN.

    >>> import autogradkit as torch
    >>> torch.isfinite(torch.tensor([1.0, float("inf")]))
    tensor([ True, False])
    """


def _refuse_floats(symbol: str) -> Any:
    def refuse(*values: Any) -> None:
        for value in values:
            if isinstance(value, Tensor) and value._array.dtype.kind not in "biu":
                name = value.dtype.tensor_type.removeprefix("torch.").removesuffix("Tensor")
                raise NotImplementedError(f"\"{symbol}_cpu\" not implemented for '{name}'")

    return refuse


@unary(SAME, ufunc=np.invert, in_place=True, refuse=_refuse_floats("bitwise_not"))
def bitwise_not(self: Array, *, out: Array | None = None) -> Array:
    """Every bit inverted; `not` on bools.

    >>> import autogradkit as torch
    >>> ~torch.tensor([True, False])
    tensor([False,  True])
    """


@binary(SAME, ufunc=np.bitwise_and, in_place=True, tensors=SOME, refuse=_refuse_floats("bitwise_and"))
def bitwise_and(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """Bits set in both; `and` on bools.

    >>> import autogradkit as torch
    >>> torch.tensor([True, False]) & torch.tensor([True, True])
    tensor([ True, False])
    """


@binary(SAME, ufunc=np.bitwise_or, in_place=True, tensors=SOME, refuse=_refuse_floats("bitwise_or"))
def bitwise_or(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """Bits set in either; `or` on bools.

    >>> import autogradkit as torch
    >>> torch.tensor([True, False]) | torch.tensor([False, False])
    tensor([ True, False])
    """


@binary(SAME, ufunc=np.bitwise_xor, in_place=True, tensors=SOME, refuse=_refuse_floats("bitwise_xor"))
def bitwise_xor(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """Bits set in exactly one; exclusive `or` on bools.

    >>> import autogradkit as torch
    >>> torch.tensor([True, False]) ^ torch.tensor([True, True])
    tensor([False,  True])
    """


@binary(SAME, ufunc=np.maximum, numbers=False, samples=two_tensors)
def maximum(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """The larger of two elements; NaN if either is. At a tie each gets half of the gradient.

    >>> import autogradkit as torch
    >>> torch.maximum(torch.tensor([1.0, 5.0]), torch.tensor([3.0, 2.0]))
    tensor([3., 5.])
    """


maximum.vjp(
    self=lambda g, self, other: k.where(self == other, g / 2, g) * (self >= other),
    other=lambda g, self, other: k.where(self == other, g / 2, g) * (self <= other),
)


@binary(SAME, ufunc=np.minimum, numbers=False, samples=two_tensors)
def minimum(self: Array, other: Array, *, out: Array | None = None) -> Array:
    """The smaller of two elements; NaN if either is. At a tie each gets half of the gradient.

    >>> import autogradkit as torch
    >>> torch.minimum(torch.tensor([1.0, 5.0]), torch.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """


minimum.vjp(
    self=lambda g, self, other: k.where(self == other, g / 2, g) * (self <= other),
    other=lambda g, self, other: k.where(self == other, g / 2, g) * (self >= other),
)


def _refuse_no_bounds(self: Any, min: Any = None, max: Any = None) -> None:
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")


@unary(
    SAME,
    name="clamp_numbers",
    public="clamp",
    node="ClampBackward1",
    in_place=True,
    method=False,
    function=False,
    refuse=_refuse_no_bounds,
    samples=lambda t: [(t(2, 3), -0.4, 0.5), (t(4), None, 0.1), (t(4), 0.1)],
)
def clamp_numbers(
    self: Array, min: float | None = None, max: float | None = None, *, out: Array | None = None
) -> Array:
    """Elements below `min` become `min`, those above `max` become `max`."""
    if min is not None:
        self = np.maximum(self, as_array(min, self.dtype))
    if max is not None:
        self = np.minimum(self, as_array(max, self.dtype))
    if out is None:
        return self
    np.copyto(out, self)
    return out


@op(
    name="clamp_tensors",
    public="clamp",
    node="ClampBackward0",
    in_place=True,
    method=False,
    function=False,
    samples=lambda t: [(t(2, 3), t(3, low=-2, high=-0.5), t(2, 1, low=0.5, high=2)), (t(4), t(4), None)],
)
def clamp_tensors(self: Array, min: Array | None = None, max: Array | None = None) -> Array:
    """Elements below those of `min` become these, those above `max` become these."""
    bounds = [each for each in (min, max) if each is not None]
    shape = broadcast_shapes(self.shape, *(each.shape for each in bounds))
    kind = np.result_type(self, *bounds)
    operands = [(each.shape, element_strides(each)) for each in (self, *bounds)]
    out = empty_strided(shape, output_strides(operands, shape), kind)
    out[...] = self
    if min is not None:
        np.maximum(out, min, out=out)
    if max is not None:
        np.minimum(out, max, out=out)
    return out


clamp_tensors.vjp(
    self=lambda g, self, min, max: k.where(_inside(self, min, max), g, 0.0),
    min=lambda g, self, min, max: k.where(self < min if max is None else (self < min) & (min < max), g, 0.0),
    max=lambda g, self, min, max: k.where(self > max if min is None else (self > max) | (max < min), g, 0.0),
)


def _inside(self: Any, min: Any, max: Any) -> Any:
    if min is None:
        return self <= max
    return self >= min if max is None else (self >= min) & (self <= max)


clamp_numbers.vjp(self=lambda g, self, min, max: k.where(_inside(self, min, max), g, 0.0))


@op(
    name="where",
    node="WhereBackward0",
    method=False,
    samples=lambda t: [(t(2, 3).detach() > 0, t(2, 3), t(3))],
)
def where_tensors(condition: Array, self: Array, other: Array) -> Array:
    """Elements of `self` where `condition` holds, of `other` elsewhere."""
    if not condition.shape == self.shape == other.shape:
        shape = broadcast_shapes(condition.shape, self.shape, other.shape)
    else:
        shape = self.shape
    operands = [(each.shape, element_strides(each)) for each in (condition, self, other)]
    kind = np.result_type(self, other)
    out = empty_strided(shape, output_strides(operands, shape), kind)
    np.copyto(out, other)
    np.copyto(out, self, where=condition)
    return out


where_tensors.vjp(
    self=lambda g, condition: k.where(condition, g, 0.0), other=lambda g, condition: k.where(condition, 0.0, g)
)


@composite(method=False)
def where(condition: Tensor, input: Any = None, other: Any = None, *, out: Tensor | None = None) -> Any:
    """Elements of `input` where `condition` holds, of `other` elsewhere; with `condition` alone, where it is nonzero.

    >>> import autogradkit as torch
    >>> torch.where(torch.tensor([True, False]), torch.tensor([1.0, 2.0]), 0.0)
    tensor([1., 0.])
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)  # type: ignore[attr-defined]
    operands: list[Tensor] = []
    kinds = [
        (value.dtype, 2 if value._array.ndim else 1) if isinstance(value, Tensor) else (dtype_of_number(value), 0)
        for value in cast("list[Any]", [input, other])
    ]
    common = result_type(kinds)
    if condition.dtype.name != "bool":
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {_scalar_type(condition)}"
        )
    for value in (input, other):
        if not isinstance(value, Tensor):
            value = wrap(as_array(value, common.numpy))
        elif value.dtype is not common:
            value = value.to(common)  # type: ignore[attr-defined]
        operands.append(value)
    return where_tensors(condition, *operands) if out is None else where_tensors(condition, *operands, out=out)


def _scalar_type(tensor: Tensor) -> str:
    return tensor.dtype.tensor_type.removeprefix("torch.").removesuffix("Tensor")


def _where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """`autogradkit.where(condition, self, other)`."""
    return where(condition, self, other)


Tensor.where = _where_method  # type: ignore[attr-defined]


@composite("clip")
def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Elements below `min` become `min`, those above `max` become `max`.

    >>> import autogradkit as torch
    >>> torch.clamp(torch.tensor([-2.0, 0.3, 5.0]), min=-1, max=1)
    tensor([-1.0000,  0.3000,  1.0000])
    """
    options = {} if out is None else {"out": out}
    if not isinstance(min, Tensor) and not isinstance(max, Tensor):
        return clamp_numbers(input, min, max, **options)
    operands = [each for each in (input, min, max) if isinstance(each, Tensor)]
    common = result_type([(each.dtype, 2 if each._array.ndim else 1) for each in operands])
    input, min, max = (each if each is None else each.to(common) for each in (input, min, max))  # type: ignore[attr-defined]
    return clamp_tensors(input, min, max, **options)


@composite("clip_", function=False)
def clamp_(self: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """In-place version of `clamp`."""
    declared = clamp_tensors if isinstance(min, Tensor) or isinstance(max, Tensor) else clamp_numbers
    return declared.in_place(self, min, max)


Tensor.__lt__ = operator(lt.op)  # type: ignore[attr-defined]
Tensor.__le__ = operator(le.op)  # type: ignore[attr-defined]
Tensor.__gt__ = operator(gt.op)  # type: ignore[attr-defined]
Tensor.__ge__ = operator(ge.op)  # type: ignore[attr-defined]
Tensor.__eq__ = operator(eq.op)  # type: ignore[assignment]
Tensor.__ne__ = operator(ne.op)  # type: ignore[assignment]
Tensor.__invert__ = bitwise_not  # type: ignore[attr-defined]
Tensor.__and__ = Tensor.__rand__ = operator(bitwise_and.op)  # type: ignore[attr-defined]
Tensor.__or__ = Tensor.__ror__ = operator(bitwise_or.op)  # type: ignore[attr-defined]
Tensor.__xor__ = Tensor.__rxor__ = operator(bitwise_xor.op)  # type: ignore[attr-defined]
