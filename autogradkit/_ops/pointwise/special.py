"""Special functions that are names of the package itself: gamma and its kin, Bessel's I₀.

Rests on declare, and on SciPy for the numbers, which the first call loads. The formulas are those of PyTorch's derivative
table. What only `special` offers is in special_functions.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import INT_TO_FLOAT, SAME, k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import common_not_implemented, not_differentiated, not_implemented, scalar_type
from autogradkit._ops.making.scalars import number_in
from autogradkit._ops.pointwise.arithmetic import BOOL_SUBTRACTION
from autogradkit._ops.pointwise.elementary import within
from autogradkit.core.dtype import can_cast, get_default_dtype
from autogradkit.core.tensor import Tensor


def by_scipy(name: str, out: Array, *operands: Any) -> None:
    """Write a function of `scipy.special` into `out`; half precision is computed in float32 and rounded once."""
    import scipy.special

    wide = [np.asarray(each, np.float32) if k.is_half(out) else each for each in operands]
    np.copyto(out, getattr(scipy.special, name)(*wide), casting="unsafe")


def polynomial(x: Array, coefficients: tuple[float, ...]) -> Array:
    """By Horner's rule, in one array; the coefficient of the highest power comes first."""
    total = x * number_in(x, coefficients[0])
    for each in coefficients[1:-1]:
        total += number_in(x, each)
        total *= x
    total += number_in(x, coefficients[-1])
    return total


def saturating(x: Array, coefficients: tuple[float, ...]) -> Array:
    """tanh of x times a polynomial in x²: an odd function that goes to ±1, in a new array.

    With a positive first coefficient no x is too large for it, nor infinite.

    >>> saturating(np.array([-np.inf, 0.0, 0.5]), (1.0, 1.0)).round(3)
    array([-1.   ,  0.   ,  0.555])
    """
    found = polynomial(x * x, coefficients)
    found *= x
    return np.tanh(found, found)


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    dtypes=not_implemented("lgamma_vml_cpu", "c"),
    samples=within(0.5, 4),
    vjp={"self": lambda g, self: g * k.digamma(self)},
)
def lgamma(self: Array, *, out: Array) -> None:
    """log |Γ(x)|.

    >>> import autogradkit as torch
    >>> torch.lgamma(torch.tensor([1.0, 5.0]))
    tensor([0.0000, 3.1781])
    """
    by_scipy("gammaln", out, self)
    np.copyto(out, np.inf, where=np.isinf(self))


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    dtypes=not_implemented("digamma", "c"),
    samples=within(0.5, 4),
    vjp={"self": lambda g, self: g * k.polygamma(1, self)},
    rule="∂self = ∂ · polygamma(1, self)",
)
def digamma(self: Array, *, out: Array) -> None:
    """The derivative of log Γ(x).

    >>> import autogradkit as torch
    >>> torch.digamma(torch.tensor([1.0, 0.5]))
    tensor([-0.5772, -1.9635])
    """
    below = self < 0
    if below.any():
        _reflected_digamma(self, below, out)
    else:
        by_scipy("psi", out, self)
    np.copyto(out, -np.copysign(np.inf, self), where=self == 0, casting="unsafe")


def _reflected_digamma(x: Array, below: Array, out: Array) -> None:
    """ψ(x) = ψ(1 − x) − π / tan(πx) below 0, NaN at its poles: SciPy's own way there takes thirty times as long."""
    wide = x.astype(np.float64)
    found = np.where(below, 1 - wide, wide)
    by_scipy("psi", found, found)
    part = np.modf(wide[below])[0]
    found[below] -= np.where(part == 0, np.nan, np.pi / np.tan(np.pi * part))
    np.copyto(out, found, casting="unsafe")


def _polygamma_label(n: int) -> str:
    return "digamma" if n == 0 else "trigamma" if n == 1 else "polygamma"


def _refuse_order(n: int, self: Tensor) -> None:
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    not_implemented(_polygamma_label(n), "c")(self)


def _trigamma(x: Array) -> Array:
    """The second derivative of log Γ, to the digits that PyTorch has: by reflection below ½, then six steps up and a series."""
    low = x < 0.5
    reflected = -((np.pi / np.sin(np.pi * x)) ** 2)
    total = np.where(low, reflected, 0)
    x = np.where(low, 1 - x, x)
    for _ in range(6):
        total = total + 1 / (x * x)
        x = x + 1
    square = 1 / (x * x)
    total = total + (1 + 1 / (2 * x) + square * (1 / 6 - square * (1 / 30 - square * (1 / 42)))) / x
    return np.where(low, -total, total)


@op(
    in_place=True,
    in_place_node="PolygammaBackward1",
    pointwise=INT_TO_FLOAT,
    refuse=_refuse_order,
    samples=lambda t: [(1, t(2, 3, low=0.5, high=4)), (2, t(3, low=0.5, high=4))],
    vjp={"self": lambda g, n, self: g * k.polygamma(n + 1, self)},
)
def polygamma(n: int, self: Array, *, out: Array) -> None:
    """The `n`-th derivative of the digamma function.

    >>> import autogradkit as torch
    >>> torch.polygamma(1, torch.tensor([1.0, 0.5]))
    tensor([1.6449, 4.9348])
    """
    if n == 0:
        digamma.kernel(self, out=out)
        return
    if n == 1:
        np.copyto(out, _trigamma(np.asarray(self, np.float32) if k.is_half(self) else self), casting="unsafe")
        return
    by_scipy("zeta", out, np.asarray(n + 1.0, out.dtype), self)
    np.copyto(out, np.nan, where=self == np.inf)
    np.multiply(out, ((n % 2) * 2 - 1) * math.gamma(n + 1.0), out=out, casting="unsafe")


@op(
    pointwise=INT_TO_FLOAT,
    in_place=True,
    dtypes=not_implemented("i0_vml_cpu", "c"),
    samples=within(-2, 2),
    node="I0Backward0",
    vjp={"self": lambda g, self: g * k.i1(self)},
)
def i0(self: Array, *, out: Array) -> None:
    """The modified Bessel function of the first kind of order 0.

    >>> import autogradkit as torch
    >>> torch.i0(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 1.2661])
    """
    by_scipy("i0", out, self)


def by_small(name: str, g: Any, self: Any, kind: str, at: Any, limit: float) -> Any:
    """g times `at`, a function of what is at least epsilon away from 0; `limit` is its value there.

    PyTorch's kernel of that `name` has no half precision.
    """
    if k.has_half_precision(self):
        raise NotImplementedError(f"\"{name}\" not implemented for '{'BFloat16' if kind == 'V' else 'Half'}'")
    tiny = k.epsilon(self)
    away = k.abs(self) > tiny
    return g * k.where(away, at(k.where(away, self, tiny)), limit)


@op(
    name="special_i1",
    variants="",
    pointwise=INT_TO_FLOAT,
    in_place=False,
    dtypes=not_implemented("i1_cpu", "c"),
    samples=within(-2, 2),
    node="SpecialI1Backward0",
    vjp={
        "self": lambda g, self, result, self_kind: by_small(
            "i1_backward", g, self, self_kind, lambda x: k.i0(x) - result / x, 0.5
        )
    },
    rule="∂self = ∂ · (i0(self) − result / self)",
)
def i1(self: Array, *, out: Array) -> None:
    """The modified Bessel function of the first kind of order 1."""
    by_scipy("i1", out, self)


def _density(g: Any, self: Any, other: Any, self_kind: str) -> Any:
    """The gradient of the lower incomplete gamma function by its bound."""
    if self_kind == "b":  # PyTorch keeps the operand as it was given
        raise RuntimeError(BOOL_SUBTRACTION)
    return g * k.exp((self - 1) * k.log(other) - other - k.lgamma(self))


def _at_ends(power: Array, bound: Array, out: Array, none: float, all_: float) -> None:
    """What PyTorch answers beside a NaN: `none` of the range or `all_` of it, as the other argument alone decides."""
    np.copyto(out, none, where=(bound == 0) & np.isnan(power))
    np.copyto(out, none, where=np.isposinf(power) & np.isnan(bound))
    np.copyto(out, all_, where=np.isposinf(bound) & np.isnan(power))


def _gamma_pairs(t: Any) -> list[tuple[Any, ...]]:
    return [(t(2, 3, low=0.5, high=3).detach(), t(2, 3, low=0.5, high=3))]


@op(
    name="igamma",
    pointwise=SAME,
    in_place=True,
    dtypes=common_not_implemented("igamma_cpu", "biuc"),
    samples=_gamma_pairs,
    vjp={"self": not_differentiated("igamma: input"), "other": _density},
    rule="∂self = refused, for PyTorch has no derivative\n∂other = ∂ · exp((self − 1) · log(other) − other − lgamma(self))",
)
def igamma(self: Array, other: Array, *, out: Array) -> None:
    """The regularised lower incomplete gamma function of `self` up to `other`.

    >>> import autogradkit as torch
    >>> torch.igamma(torch.tensor([4.0]), torch.tensor([3.0]))
    tensor([0.3528])
    """
    by_scipy("gammainc", out, self, other)
    _at_ends(self, other, out, 0, 1)


@op(
    name="igammac",
    pointwise=SAME,
    in_place=True,
    dtypes=common_not_implemented("igammac_cpu", "biuc"),
    samples=_gamma_pairs,
    vjp={
        "self": not_differentiated("igammac: input"),
        "other": lambda g, self, other, self_kind: -_density(g, self, other, self_kind),
    },
    rule="∂self = refused, for PyTorch has no derivative\n∂other = −∂ · exp((self − 1) · log(other) − other − lgamma(self))",
)
def igammac(self: Array, other: Array, *, out: Array) -> None:
    """The regularised upper incomplete gamma function of `self` from `other` on.

    >>> import autogradkit as torch
    >>> torch.igammac(torch.tensor([4.0]), torch.tensor([3.0]))
    tensor([0.6472])
    """
    by_scipy("gammaincc", out, self, other)
    _at_ends(self, other, out, 1, 0)


def _refuse_multivariate(self: Tensor, p: int) -> None:
    if self._array.dtype.kind == "b":
        raise RuntimeError("The input tensor may not be a boolean tensor.")
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    not_implemented("arange_cpu", "c")(self)


def _refuse_multivariate_edit(self: Tensor, p: int) -> None:
    _refuse_multivariate(self, p)
    if self._array.dtype.kind in "iu":
        raise RuntimeError(
            f"mvlgamma: result type {scalar_type(self.dtype)} can't be cast to the desired output type "
            f"{scalar_type(get_default_dtype())}"
        )


def _require_castable(out: Tensor, self: Tensor, p: int) -> None:
    result = self.dtype if self.is_floating_point() else get_default_dtype()
    if not can_cast(result, out.dtype):
        raise RuntimeError(
            f"mvlgamma: result type {scalar_type(self.dtype)} can't be cast to the desired output type {scalar_type(result)}"
        )


def _multivariate_backward(g: Any, self: Any, p: int) -> Any:
    # As PyTorch adds 0 to it, too, −0 is none. Half precision rounds each number, and then their sum.
    terms = [k.digamma(k.in_dtype_of(k.in_memory(self - i / 2 if i else self + 0), self)) for i in range(p)]
    return g * k.sum_dims(k.stack(terms, self.ndim), (self.ndim,), False)


@op(
    pointwise=INT_TO_FLOAT,
    unary=True,
    in_place=True,
    contiguous=True,
    refuse_out=_require_castable,
    refuse=_refuse_multivariate,
    edit_refuse=_refuse_multivariate_edit,
    samples=lambda t: [(t(2, 3, low=1.5, high=4), 2), (t(3, low=2, high=4), 3)],
    vjp={"self": _multivariate_backward},
    rule="∂self = ∂ · (digamma(self) + digamma(self − 1 / 2) + …)",
)
def mvlgamma(self: Array, p: int, *, out: Array) -> None:
    """The logarithm of the gamma function of `p` variables, Σ log Γ(x − i/2) + p(p − 1)/4 · log π over i < p.

    >>> import autogradkit as torch
    >>> torch.mvlgamma(torch.tensor([3.0]), 2)
    tensor([1.5502])
    """
    halves = np.arange(p).astype(out.dtype) / 2
    places = self.astype(out.dtype)[..., np.newaxis] - halves.astype(out.dtype)  # which half precision rounds
    wide = places.astype(np.float32) if k.is_half(out) else places
    found = np.empty_like(wide)
    by_scipy("gammaln", found, wide)
    np.copyto(out, found.sum(-1) + p * (p - 1) / 4 * math.log(math.pi), casting="unsafe")
    np.copyto(out, np.inf, where=np.isinf(self))
