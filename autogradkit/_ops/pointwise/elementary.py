"""Elementary functions of one operand: the natural exponential and logarithm, roots, the logistic function, |x|.

Rests on declare; the formulas are those of PyTorch's derivative table. A kernel given `ufunc=` only documents it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import INT_TO_FLOAT, TO_REAL, k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import check_both, not_implemented, refuses
from autogradkit._ops.declare.writing import require_found
from autogradkit._ops.making.scalars import number_in
from autogradkit._ops.pointwise import near_one
from autogradkit.core.dtype import is_half
from autogradkit.core.halves import convert, widened


def within(low: float, high: float) -> Any:
    """Samples of several shapes with elements between `low` and `high`."""
    return lambda t: [(t(2, 3, low=low, high=high),), (t(low=low, high=high),), (t(0, 2, low=low, high=high),)]


@op(
    pointwise=INT_TO_FLOAT,
    ufunc=np.exp,
    in_place=True,
    samples=within(-2, 2),
    vjp={"self": lambda g, result: g * k.conj(result)},
)
def exp(self: Array, *, out: Array) -> None:
    """eˣ.

    >>> import autogradkit as torch
    >>> torch.exp(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """


@op(
    pointwise=INT_TO_FLOAT,
    ufunc=np.log,
    in_place=True,
    samples=within(0.5, 4),
    vjp={"self": lambda g, self: g / k.conj(self)},
)
def log(self: Array, *, out: Array) -> None:
    """The natural logarithm.

    >>> import autogradkit as torch
    >>> torch.log(torch.tensor([1.0, 10.0]))
    tensor([0.0000, 2.3026])
    """


@op(
    pointwise=INT_TO_FLOAT,
    node="Log1PBackward0",
    in_place=True,
    samples=within(-0.5, 4),
    vjp={"self": lambda g, self: g / k.conj(self + 1)},
)
def log1p(self: Array, *, out: Array) -> None:
    """log(1 + x), accurate near 0.

    >>> import autogradkit as torch
    >>> torch.log1p(torch.tensor([0.0, 1e-6]))
    tensor([0.0000e+00, 1.0000e-06])
    """
    near_one.log1p(self, out)


@op(
    pointwise=INT_TO_FLOAT,
    ufunc=np.sqrt,
    in_place=True,
    samples=within(0.5, 4),
    vjp={"self": lambda g, result: g / k.times(k.conj(result), 2)},
    rule="∂self = ∂ / (2 · result)",
)
def sqrt(self: Array, *, out: Array) -> None:
    """The square root.

    >>> import autogradkit as torch
    >>> torch.sqrt(torch.tensor([4.0, 2.0]))
    tensor([2.0000, 1.4142])
    """


def _rsqrt_backward(g: Any, result: Any) -> Any:
    cube = k.pow_by_number(result, 3) if k.has_half_precision(g) else result * result * result
    return -0.5 * g * k.conj(cube)


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    samples=within(0.5, 4),
    vjp={"self": _rsqrt_backward},
    rule="∂self = −0.5 · ∂ · (result² · result)",
)
def rsqrt(self: Array, *, out: Array) -> None:
    """1 / √x.

    >>> import autogradkit as torch
    >>> torch.rsqrt(torch.tensor([4.0, 16.0]))
    tensor([0.5000, 0.2500])
    """
    if is_half(out.dtype) and out.size >= 16:  # PyTorch's loop over vectors rounds once, the one over few each step
        np.copyto(out, 1 / np.sqrt(widened(self)), casting="unsafe")
    else:
        np.true_divide(1, np.sqrt(self), out=out)


def _is_simple(g: Array, result: Array) -> bool:
    """Whether what is made of these two may be written into memory like that of `result`: real, and laid out alike."""
    return g.dtype.char in "fd" and g.ndim > 0 and g.strides == result.strides


def _sigmoid_on_arrays(g: Array, result: Array) -> Array:
    if g.dtype == np.float16:  # rounded at each step by PyTorch's kernel, bfloat16 once
        return k.in_memory(g) * (1 - result) * result
    if is_half(g.dtype):
        return _sigmoid_on_arrays(widened(k.in_memory(g)), widened(result)).astype(g.dtype)
    if not _is_simple(g, result):
        return k.in_memory(g) * k.conj((1 - result) * result)
    slope = np.subtract(number_in(result, 1), result)
    np.multiply(slope, result, slope)
    return np.multiply(g, slope, slope)


@k.on_arrays(_sigmoid_on_arrays)
def _times_sigmoid_slope(g: Any, result: Any) -> Any:
    return g * k.conj((1 - result) * result)


def _tanh_on_arrays(g: Array, result: Array) -> Array:
    if is_half(g.dtype):  # rounded once, as by PyTorch's kernel
        return _tanh_on_arrays(widened(k.in_memory(g)), widened(result)).astype(g.dtype)
    if not _is_simple(g, result):
        return k.in_memory(g) * k.conj(1 - result * result)
    slope = np.multiply(result, result)
    np.subtract(number_in(slope, 1), slope, slope)
    return np.multiply(g, slope, slope)


@k.on_arrays(_tanh_on_arrays)
def times_tanh_slope(g: Any, result: Any) -> Any:
    """`g` times the derivative of tanh where it is `result`."""
    return g * k.conj(1 - result * result)


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    samples=within(-3, 3),
    vjp={"self": _times_sigmoid_slope},
    rule="∂self = ∂ · result · (1 − result)",
)
def sigmoid(self: Array, *, out: Array) -> None:
    """1 / (1 + e⁻ˣ).

    >>> import autogradkit as torch
    >>> torch.sigmoid(torch.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """
    if is_half(out.dtype):
        wide = np.empty(self.shape, np.float32)
        sigmoid.kernel(widened(self), out=wide)
        convert(wide, out)
        return
    if out.flags.c_contiguous:
        np.negative(self, out)
    else:  # see BROKEN_WITH_GAPS in declare/plans.py
        np.copyto(out, np.negative(self))
    np.exp(out, out)
    np.add(out, number_in(out, 1), out)
    np.reciprocal(out, out)


@op(
    "absolute",
    out_dtype=require_found,
    pointwise=TO_REAL,
    ufunc=np.absolute,
    in_place=True,
    operators="__abs__",
    dtypes=not_implemented("abs_cpu", "b"),
    edit_dtypes=check_both(
        refuses("c", "In-place abs is not supported for complex tensors.", RuntimeError),
        not_implemented("abs_cpu", "b"),
    ),
    samples=lambda t: [(t(2, 3),), (t(),), (t(0),)],
    vjp={"self": lambda g, self: g * k.sgn(self)},
    rule="∂self = ∂ · sign(self)",
)
def abs(self: Array, *, out: Array) -> None:
    """|x|.

    >>> import autogradkit as torch
    >>> torch.abs(torch.tensor([-1.5, 2.0]))
    tensor([1.5000, 2.0000])
    """
