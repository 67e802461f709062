"""Elements within bounds: clamp, clamp_min, clamp_max.

Rests on declare and arithmetic's samples. PyTorch has a kernel for each set of bounds, which is what the refusals name.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autogradkit._ops.declare import SAME, function, k
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import by_kernel, common_dtype, common_not_implemented
from autogradkit._ops.declare.writing import C_NAMES, require_found, require_shape
from autogradkit._ops.making.scalars import scalar_array
from autogradkit._ops.pointwise.arithmetic import binary_tensor_samples, with_number
from autogradkit.core.clip import clip
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, can_cast, dtype_of_number, result_type
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.shapes import broadcast_shapes


def _refuse_no_bounds(self: Any, min: Any, max: Any) -> None:
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")


def _refuse_complex(self: Any, min: Any, max: Any) -> None:
    if self._array.dtype.kind == "c":
        raise NotImplementedError("clamp is not supported for complex types")


@by_kernel
def _refuse_between(self: Any, min: Any, max: Any) -> None:
    label = "maximum_cpu" if max is None else "minimum_cpu" if min is None else "clamp_cpu"
    given = [each for each in (self, min, max) if each is not None]
    common_not_implemented(label, "bc" if label == "clamp_cpu" else "c")(*given)


def _inside(self: Any, min: Any, max: Any) -> Any:
    if min is None:
        return self <= max
    return self >= min if max is None else _between(self >= min, self <= max)


def _between(first: Any, second: Any) -> Any:
    _require_fitting(first, second)
    return first & second


def _either(first: Any, second: Any) -> Any:
    _require_fitting(first, second)
    return first | second


def _require_fitting(first: Any, second: Any) -> None:
    """PyTorch's formula writes both masks into the first, which must be as large as they are together."""
    require_shape(tuple(first.shape), broadcast_shapes(tuple(first.shape), tuple(second.shape)))


def _refuse_clamping(self: Any, min: Any, max: Any) -> None:
    """PyTorch has a kernel for each set of numbers, and names it."""
    _refuse_no_bounds(self, min, max)
    complex_bound = any(isinstance(each, complex) for each in (min, max))
    if self._array.dtype.kind == "c" or (complex_bound and self._array.dtype.kind in "biu"):
        raise NotImplementedError("clamp is not supported for complex types")
    if complex_bound:
        raise RuntimeError("value cannot be converted to type double without overflow")
    if self.dtype.is_floating_point:  # which no real number changes, and every kernel takes
        _refuse_too_large((min, max), self.dtype)
        return
    label = "clamp_scalar_cpu"
    if min is None or max is None:
        label = "clamp_min_scalar_cpu" if max is None else "clamp_max_scalar_cpu"
    given = [each for each in (self, min, max) if each is not None]
    common_not_implemented(label, "bc")(*given)
    _refuse_too_large((min, max), common_dtype(given))


def _refuse_too_large(bounds: Iterable[Any], common: Dtype) -> None:
    for bound in bounds:
        if bound is not None:
            scalar_array(bound, common)


def _refuse_uncastable(self: Any, min: Any, max: Any) -> None:
    if self._array.dtype.kind in "biu":
        bounds = [(dtype_of_number(each), 0) for each in (min, max) if each is not None]
        common = result_type([(self.dtype, 2 if self._array.ndim else 1), *bounds])
        if not can_cast(common, self.dtype):
            raise RuntimeError(
                f"result type {SCALAR_TYPE_NAMES[common]} can't be cast to the desired output type {C_NAMES[self.dtype.name]}"
            )


def _refuse_clamping_in_place(self: Any, min: Any, max: Any) -> None:
    _refuse_uncastable(self, min, max)
    _refuse_clamping(self, min, max)


def _refuse_into_itself(out: Any, self: Any, min: Any = None, max: Any = None) -> None:
    """PyTorch tells an `out=` that is the operand as it tells an edit in place."""
    if out is self:
        _refuse_uncastable(self, min, max)


def _refuse_most_into_itself(out: Any, self: Any, max: Any) -> None:
    _refuse_into_itself(out, self, max=max)


@functools.cache
def _limits(kind: np.dtype[Any]) -> tuple[int, int]:
    return int(np.iinfo(kind).min), int(np.iinfo(kind).max)


def _write_within(self: Array, min: Any, max: Any, out: Array) -> None:
    if self.dtype.char in "fd":  # of float16 `clip` takes 0 for -0
        clip(self, -math.inf if min is None else min, math.inf if max is None else max, out)
        return
    if self.dtype.kind in "iu":
        least, most = _limits(self.dtype)
        clip(self, least if min is None else min, most if max is None else max, out)
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
    dtypes=(_refuse_complex, _refuse_between),
    samples=lambda t: [(t(2, 3), t(3, low=-2, high=-0.5), t(2, 1, low=0.5, high=2)), (t(4), t(4), None)],
    vjp={
        "self": lambda g, self, min, max: k.where(_inside(self, min, max), g, 0.0),
        "min": lambda g, self, min, max: k.where(
            self < min if max is None else _between(self < min, min < max), g, 0.0
        ),
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
    refuse_out=_refuse_into_itself,
    samples=lambda t: [(t(2, 3), -0.4, 0.5), (t(4), None, 0.1), (t(4), 0.1)],
    vjp={"self": lambda g, self, min, max: k.where(_inside(self, min, max), g, 0.0)},
)
def _(self: Array, min: Scalar | None = None, max: Scalar | None = None, *, out: Array) -> None:
    _write_within(self, min, max, out)


def _refuse_complex_bound(bound: Any) -> None:
    if isinstance(bound, complex):  # of one bound PyTorch looks at the number first
        raise NotImplementedError("clamp is not supported for complex types")


@by_kernel
def _refuse_most(self: Any, max: Any) -> None:
    _refuse_complex_bound(max)
    _refuse_clamping(self, None, max)


def _refuse_most_in_place(self: Any, max: Any) -> None:
    _refuse_complex_bound(max)
    _refuse_clamping_in_place(self, None, max)


@by_kernel
def _refuse_least(self: Any, min: Any) -> None:
    _refuse_complex_bound(min)
    _refuse_clamping(self, min, None)


def _refuse_least_in_place(self: Any, min: Any) -> None:
    _refuse_complex_bound(min)
    _refuse_clamping_in_place(self, min, None)


clamp_max = function("clamp_max", in_place=True)


@clamp_max.overload(
    node="ClampMaxBackward1",
    pointwise=SAME,
    dtypes=common_not_implemented("minimum_cpu", "c"),
    samples=binary_tensor_samples,
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
    refuse_out=_refuse_most_into_itself,
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
    samples=binary_tensor_samples,
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
    refuse_out=_refuse_into_itself,
    samples=with_number,
    vjp={"self": lambda g, self, min: k.where(self >= min, g, 0.0)},
    rule="∂self = ∂ where self ≥ min, else 0",
)
def clamp_min_number(self: Array, min: Scalar, *, out: Array) -> None:
    _write_within(self, min, None, out)
