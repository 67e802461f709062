"""Elementary functions of one operand: exponentials, roots, the logistic function, rounding, signs.

Rests on declare; the formulas are those of PyTorch's derivative table. A kernel given `ufunc=` only documents it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import INT_TO_FLOAT, SAME, TO_REAL, function, k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import both, not_implemented, refuses
from autogradkit._ops.declare.writing import require_found
from autogradkit.core.strides import dense_strides_like, element_strides


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
    ufunc=np.log1p,
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


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    samples=within(0.5, 4),
    vjp={"self": lambda g, result: -0.5 * g * k.conj(result * result * result)},
)
def rsqrt(self: Array, *, out: Array) -> None:
    """1 / √x.

    >>> import autogradkit as torch
    >>> torch.rsqrt(torch.tensor([4.0, 16.0]))
    tensor([0.5000, 0.2500])
    """
    np.true_divide(1, np.sqrt(self), out=out)


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    samples=within(-3, 3),
    vjp={"self": lambda g, result: g * k.conj((1 - result) * result)},
    rule="∂self = ∂ · result · (1 − result)",
)
def sigmoid(self: Array, *, out: Array) -> None:
    """1 / (1 + e⁻ˣ).

    >>> import autogradkit as torch
    >>> torch.sigmoid(torch.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """
    if out.flags.c_contiguous:
        np.negative(self, out=out)
    else:  # see _BROKEN_WITH_GAPS in declare/memory.py
        np.copyto(out, np.negative(self))
    np.exp(out, out=out)
    np.add(out, out.dtype.type(1), out=out)
    np.reciprocal(out, out=out)


@op(
    "absolute",
    out_dtype=require_found,
    pointwise=TO_REAL,
    ufunc=np.absolute,
    in_place=True,
    operators="__abs__",
    dtypes=not_implemented("abs_cpu", "b"),
    edit_dtypes=both(
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


_refuse_complex_sign = refuses(
    "c", "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead."
)


@op(
    name="_conj",
    variants="",
    meta=lambda self: (self.shape, self.dtype, dense_strides_like(self.shape, element_strides(self))),
    out=False,
    samples=lambda t: [(t(2, 3),)],
    vjp={"self": lambda g: k.conj(g)},
)
def conj(self: Array, *, out: Array) -> None:
    """The complex conjugate, at once, where PyTorch leaves it pending; hence in the strides of a clone."""
    np.conjugate(self, out=out)


def _sgn_backward(g: Any, self: Any, result: Any) -> Any:
    if not k.is_complex(result):
        return k.zeros_like(g)
    size = k.abs(self)
    along = g / result
    along = (along + k.conj(along)) / 2 * result
    return k.where(size == 0, 0.0, (g - along) / k.where(size == 0, 1.0, size))


@op(
    variants="",
    pointwise=SAME,
    in_place=False,
    samples=lambda t: [(t(2, 3),)],
    vjp={"self": _sgn_backward},
    rule="∂self = 0",
)
def sgn(self: Array, *, out: Array) -> None:
    """x / |x|, and 0 of 0: the sign, of complex numbers too."""
    if self.dtype.kind == "c":
        size = np.absolute(self)
        np.divide(self, np.where(size == 0, 1, size), out=out)
    else:
        sign.kernel(self, out=out)


@op(
    out_dtype=require_found,
    pointwise=SAME,
    in_place=True,
    dtypes=_refuse_complex_sign,
    samples=lambda t: [(t(2, 3),)],
    vjp={"self": lambda g: k.zeros_like(g)},
)
def sign(self: Array, *, out: Array) -> None:
    """−1, 0 or 1.

    >>> import autogradkit as torch
    >>> torch.sign(torch.tensor([-1.5, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """
    if self.dtype.kind == "b":
        np.copyto(out, self)
    elif self.dtype.kind in "fV":  # the sign of NaN is 0 in PyTorch
        np.sign(np.where(np.isnan(self), 0, self), out=out)
    else:
        np.sign(self, out=out)


@op(
    out_dtype=require_found,
    pointwise=SAME,
    in_place=True,
    dtypes=both(refuses("c", "floor is not supported for complex inputs"), not_implemented("floor_vml_cpu", "b")),
    samples=lambda t: [(t(2, 3),)],
    vjp={"self": lambda g: k.zeros_like(g)},
)
def floor(self: Array, *, out: Array) -> None:
    """The largest integer not above x.

    >>> import autogradkit as torch
    >>> torch.floor(torch.tensor([-1.5, 2.7]))
    tensor([-2.,  2.])
    """
    np.floor(self, out=out)


@op(
    out_dtype=require_found,
    pointwise=SAME,
    in_place=True,
    dtypes=both(refuses("c", "ceil is not supported for complex inputs"), not_implemented("ceil_vml_cpu", "b")),
    samples=lambda t: [(t(2, 3),)],
    vjp={"self": lambda g: k.zeros_like(g)},
)
def ceil(self: Array, *, out: Array) -> None:
    """The smallest integer not below x.

    >>> import autogradkit as torch
    >>> torch.ceil(torch.tensor([-1.5, 2.1]))
    tensor([-1.,  3.])
    """
    np.ceil(self, out=out)


def _refuse_rounding(self: Any, decimals: int) -> None:
    not_implemented("round_cpu" if decimals else "round_vml_cpu", "biuc")(self)


round_ = function("round", in_place=True)


@round_.overload(
    out_dtype=require_found,
    pointwise=SAME,
    dtypes=not_implemented("round_vml_cpu", "bc"),
    samples=lambda t: [(t(2, 3),)],
    vjp={"self": lambda g: k.zeros_like(g)},
)
def _(self: Array, *, out: Array) -> None:
    """The nearest integer, halves to the even one, or the nearest multiple of 10⁻ᵈᵉᶜⁱᵐᵃˡˢ.

    >>> import autogradkit as torch
    >>> torch.round(torch.tensor([0.5, 1.5, 2.4]))
    tensor([0., 2., 2.])
    """
    np.round(self, out=out)


@round_.overload(
    out_dtype=require_found,
    node="RoundBackward1",
    pointwise=SAME,
    dtypes=_refuse_rounding,
    samples=lambda t: [(t(2, 3), 1)],
    vjp={"self": lambda g: k.zeros_like(g)},
)
def _(self: Array, *, decimals: int, out: Array) -> None:
    np.round(self, decimals, out=out)
