"""Choosing between elements: maximum, minimum, clamp, where.

Rests on declare and arithmetic's samples.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import SAME, function, k, op
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import by_kernel, common_dtype, common_not_implemented, refuses, scalar_type
from autogradkit._ops.declare.writing import C_NAMES, require_found, require_shape, saying
from autogradkit._ops.making.scalars import scalar_array, wide_scalar_array
from autogradkit._ops.pointwise.arithmetic import two_tensors, with_number
from autogradkit.core.clip import clip
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, bool_, can_cast, dtype_of_number, result_type, uint8
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.recording import reported
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.warning import warn


@op(
    pointwise=SAME,
    ufunc=np.maximum,
    dtypes=refuses("c", "maximum not implemented for complex tensors.", RuntimeError),
    samples=two_tensors,
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
    samples=two_tensors,
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
    samples=two_tensors,
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
    samples=two_tensors,
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


# -- within bounds -----------------------------------------------------------------------------------------------------


def _refuse_no_bounds(self: Any, min: Any, max: Any) -> None:
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")


def _inside(self: Any, min: Any, max: Any) -> Any:
    if min is None:
        return self <= max
    return self >= min if max is None else _both(self >= min, self <= max)


def _both(first: Any, second: Any) -> Any:
    _require_fitting(first, second)
    return first & second


def _either(first: Any, second: Any) -> Any:
    _require_fitting(first, second)
    return first | second


def _require_fitting(first: Any, second: Any) -> None:
    """PyTorch's formula writes both masks into the first, which must be as large as they are together."""
    require_shape(tuple(first.shape), broadcast_shapes(tuple(first.shape), tuple(second.shape)))


def _refuse_clamping(self: Any, min: Any, max: Any) -> None:
    """PyTorch has a kernel for each set of bounds, and names it."""
    complex_bound = any(isinstance(each, complex) for each in (min, max))
    if self._array.dtype.kind == "c" or (complex_bound and self._array.dtype.kind in "biu"):
        raise NotImplementedError("clamp is not supported for complex types")
    if complex_bound:
        raise RuntimeError("value cannot be converted to type double without overflow")
    tensors = isinstance(min, Tensor) or isinstance(max, Tensor)
    if tensors:
        label = "maximum_cpu" if max is None else "minimum_cpu" if min is None else "clamp_cpu"
        refused = "bc" if label == "clamp_cpu" else "c"
    else:
        label = "clamp_scalar_cpu"
        if min is None or max is None:
            label = "clamp_min_scalar_cpu" if max is None else "clamp_max_scalar_cpu"
        refused = "bc"
    given = [each for each in (self, min, max) if each is not None]
    common_not_implemented(label, refused)(*given)
    if not tensors:
        common = common_dtype(given)
        for bound in given[1:]:
            scalar_array(bound, common)  # refuses what the dtype cannot hold


def _refuse_clamping_in_place(self: Any, min: Any, max: Any) -> None:
    bounds = [(dtype_of_number(each), 0) for each in (min, max) if each is not None]
    common = result_type([(self.dtype, 2 if self._array.ndim else 1), *bounds])
    if self._array.dtype.kind in "biu" and not can_cast(common, self.dtype):
        raise RuntimeError(
            f"result type {SCALAR_TYPE_NAMES[common]} can't be cast to the desired output type {C_NAMES[self.dtype.name]}"
        )
    _refuse_clamping(self, min, max)


def _write_within(self: Array, min: Any, max: Any, out: Array) -> None:
    if self.dtype.char in "fd":  # of float16 `clip` takes 0 for -0
        clip(self, -math.inf if min is None else min, math.inf if max is None else max, out)
        return
    if min is not None:
        self = np.maximum(min, self, out=out)  # of two zeros the second stays, which is the element itself
    if max is not None:
        np.minimum(max, self, out=out)


clamp = function("clamp", "clip", in_place=True)


@clamp.overload(
    node="ClampBackward0",
    rule=(
        "∂self = ∂ where min ≤ self ≤ max, else 0\n∂min = ∂ where self < min < max, else 0\n"
        "∂max = ∂ where self > max or max < min, else 0"
    ),
    pointwise=SAME,
    refuse=_refuse_no_bounds,
    dtypes=_refuse_clamping,
    samples=lambda t: [(t(2, 3), t(3, low=-2, high=-0.5), t(2, 1, low=0.5, high=2)), (t(4), t(4), None)],
    vjp={
        "self": lambda g, self, min, max: k.where(_inside(self, min, max), g, 0.0),
        "min": lambda g, self, min, max: k.where(self < min if max is None else _both(self < min, min < max), g, 0.0),
        "max": lambda g, self, min, max: k.where(self > max if min is None else _either(self > max, max < min), g, 0.0),
    },
)
def _(self: Array, min: Array | None = None, max: Array | None = None, *, out: Array) -> None:
    """Elements below `min` become `min`, those above `max` become `max`.

    >>> import autogradkit as torch
    >>> torch.clamp(torch.tensor([-2.0, 0.3, 5.0]), min=-1, max=1)
    tensor([-1.0000,  0.3000,  1.0000])
    """
    np.copyto(out, self)
    if min is not None:
        np.maximum(min, out, out=out)  # of two zeros the second stays, which is the element itself
    if max is not None:
        np.minimum(max, out, out=out)


@clamp.overload(
    out_dtype=require_found,
    node="ClampBackward1",
    rule="∂self = ∂ where min ≤ self ≤ max, else 0",
    pointwise=SAME,
    promotes="self min max",
    unary=True,
    refuse=_refuse_no_bounds,
    dtypes=_refuse_clamping,
    edit_dtypes=_refuse_clamping_in_place,
    samples=lambda t: [(t(2, 3), -0.4, 0.5), (t(4), None, 0.1), (t(4), 0.1)],
    vjp={"self": lambda g, self, min, max: k.where(_inside(self, min, max), g, 0.0)},
)
def _(self: Array, min: Scalar | None = None, max: Scalar | None = None, *, out: Array) -> None:
    _write_within(self, min, max, out)


@by_kernel
def _refuse_most(self: Any, max: Any) -> None:
    _refuse_clamping(self, None, max)


def _refuse_most_in_place(self: Any, max: Any) -> None:
    if isinstance(max, complex):
        _refuse_clamping(self, None, max)
    _refuse_clamping_in_place(self, None, max)


@by_kernel
def _refuse_least(self: Any, min: Any) -> None:
    _refuse_clamping(self, min, None)


def _refuse_least_in_place(self: Any, min: Any) -> None:
    if isinstance(min, complex):  # of one bound PyTorch looks at the number first
        _refuse_clamping(self, min, None)
    _refuse_clamping_in_place(self, min, None)


clamp_max = function("clamp_max", in_place=True)


@clamp_max.overload(
    node="ClampMaxBackward1",
    pointwise=SAME,
    dtypes=common_not_implemented("minimum_cpu", "c"),
    samples=two_tensors,
    vjp={
        "self": lambda g, self, max: k.where(self <= max, g, 0.0),
        "max": lambda g, self, max: k.where(self > max, g, 0.0),
    },
    rule="∂self = ∂ where self ≤ max, else 0\n∂max = ∂ where self > max, else 0",
)
def _(self: Array, max: Array, *, out: Array) -> None:
    """Elements above `max` become `max`.

    >>> import autogradkit as torch
    >>> torch.clamp_max(torch.tensor([-2.0, 0.3, 5.0]), 1)
    tensor([-2.0000,  0.3000,  1.0000])
    """
    np.minimum(max, self, out=out)


@clamp_max.overload(
    out_dtype=require_found,
    pointwise=SAME,
    promotes="self max",
    unary=True,
    dtypes=_refuse_most,
    edit_dtypes=_refuse_most_in_place,
    samples=with_number,
    vjp={"self": lambda g, self, max: k.where(self <= max, g, 0.0)},
    rule="∂self = ∂ where self ≤ max, else 0",
)
def _(self: Array, max: Scalar, *, out: Array) -> None:
    _write_within(self, None, max, out)


clamp_min = function("clamp_min", in_place=True)


@clamp_min.overload(
    node="ClampMinBackward1",
    pointwise=SAME,
    dtypes=common_not_implemented("maximum_cpu", "c"),
    samples=two_tensors,
    vjp={
        "self": lambda g, self, min: k.where(self >= min, g, 0.0),
        "min": lambda g, self, min: k.where(self < min, g, 0.0),
    },
    rule="∂self = ∂ where self ≥ min, else 0\n∂min = ∂ where self < min, else 0",
)
def _(self: Array, min: Array, *, out: Array) -> None:
    """Elements below `min` become `min`.

    >>> import autogradkit as torch
    >>> torch.clamp_min(torch.tensor([-2.0, 0.3, 5.0]), 0)
    tensor([0.0000, 0.3000, 5.0000])
    """
    np.maximum(min, self, out=out)


@clamp_min.overload(
    out_dtype=require_found,
    pointwise=SAME,
    promotes="self min",
    unary=True,
    dtypes=_refuse_least,
    edit_dtypes=_refuse_least_in_place,
    samples=with_number,
    vjp={"self": lambda g, self, min: k.where(self >= min, g, 0.0)},
    rule="∂self = ∂ where self ≥ min, else 0",
)
def _(self: Array, min: Scalar, *, out: Array) -> None:
    _write_within(self, min, None, out)


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
        warn(
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
    operands = [each if isinstance(each, Tensor) else _scalar_tensor(each, common) for each in (self, other)]
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
