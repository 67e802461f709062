"""What only `autogradkit.special` offers: normal distribution, entropy, Bessel functions of every kind.

Rests on special.py and bessel.py, and on SciPy for other numbers. The formulas are those of PyTorch's derivative table.
Declared when `autogradkit.special` is first imported.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import INT_TO_FLOAT, k, op
from autogradkit._ops.declare.kinds import Array, Dim, DType
from autogradkit._ops.declare.refusals import (
    by_kernel,
    common_dtype,
    not_implemented,
    scalar_type,
)
from autogradkit._ops.declare.writing import require_found
from autogradkit._ops.network.softmax import log_softmax, softmax
from autogradkit._ops.pointwise import bessel
from autogradkit._ops.pointwise.elementary import within
from autogradkit._ops.pointwise.error_functions import erf
from autogradkit._ops.pointwise.rounding import round_decimals
from autogradkit._ops.pointwise.special import by_scipy, by_small
from autogradkit.core.dtype import FLOATING, get_default_dtype, is_half
from autogradkit.core.tensor import Tensor


def without_half(label: str) -> Callable[..., None]:
    """A check that refuses complex numbers and half precision, which the kernel has not."""

    def refuse(*operands: Any) -> None:
        common = common_dtype(operands)
        common = get_default_dtype() if common.category < FLOATING else common
        if common.is_complex or is_half(common.numpy):
            raise NotImplementedError(f"\"{label}\" not implemented for '{scalar_type(common)}'")

    return by_kernel(refuse)


# -- the normal distribution, entropy ----------------------------------------------------------------------------------


@op(name="special_ndtr", variants="", composition=True, out=True, written_by="copy_")
def special_ndtr(self: Tensor) -> Any:
    """How much of the standard normal distribution lies below x.

    >>> import autogradkit as torch
    >>> torch.special.ndtr(torch.tensor([0.0, 1.0]))
    tensor([0.5000, 0.8413])
    """
    return k.times(1 + erf(k.times(self, 1 / math.sqrt(2))), 0.5)


@op(
    name="special_ndtri",
    variants="",
    pointwise=INT_TO_FLOAT,
    in_place=False,
    dtypes=without_half("ndtri_cpu"),
    samples=within(0.1, 0.9),
    vjp={"self": lambda g, result: g * k.times(k.exp(k.times(result * result, 0.5)), math.sqrt(2 * math.pi))},
    rule="∂self = ∂ · √(2 · π) · exp(result² / 2)",
)
def special_ndtri(self: Array, *, out: Array) -> None:
    """The inverse of `ndtr`.

    >>> import autogradkit as torch
    >>> torch.special.ndtri(torch.tensor([0.5, 0.75]))
    tensor([0.0000, 0.6745])
    """
    by_scipy("ndtri", out, self)


@op(
    name="special_log_ndtr",
    variants="",
    pointwise=INT_TO_FLOAT,
    in_place=False,
    dtypes=without_half("log_ndtr_cpu"),
    samples=within(-2, 2),
    vjp={
        "self": lambda g, self, result: (
            k.quotient(k.in_memory(g), math.sqrt(2 * math.pi)) * k.exp(-(result + k.quotient(self * self, 2)))
        )
    },
    rule="∂self = ∂ / √(2 · π) · exp(−(result + self² / 2))",
)
def special_log_ndtr(self: Array, *, out: Array) -> None:
    """The logarithm of `ndtr`, accurate far below 0.

    >>> import autogradkit as torch
    >>> torch.special.log_ndtr(torch.tensor([0.0, -10.0]))
    tensor([ -0.6931, -53.2313])
    """
    by_scipy("log_ndtr", out, self)


@op(
    name="special_erfcx",
    variants="",
    pointwise=INT_TO_FLOAT,
    in_place=False,
    dtypes=without_half("erfcx_cpu"),
    samples=within(-1, 2),
    vjp={"self": lambda g, self, result: (k.times(self, 2) * result - 2 / math.sqrt(math.pi)) * g},
    rule="∂self = ∂ · (2 · self · result − 2 / √π)",
)
def special_erfcx(self: Array, *, out: Array) -> None:
    """exp(x²) · erfc(x), which does not run to 0.

    >>> import autogradkit as torch
    >>> torch.special.erfcx(torch.tensor([0.0, 10.0]))
    tensor([1.0000, 0.0561])
    """
    by_scipy("erfcx", out, self)


@op(
    name="special_entr",
    variants="",
    pointwise=INT_TO_FLOAT,
    in_place=False,
    dtypes=not_implemented("entr_cpu", "c"),
    samples=within(0.2, 2),
    vjp={"self": lambda g, self: g * (-(1 + k.log(self)))},
)
def special_entr(self: Array, *, out: Array) -> None:
    """−x · log(x), 0 at 0 and −∞ below.

    >>> import autogradkit as torch
    >>> torch.special.entr(torch.tensor([0.0, 0.5]))
    tensor([0.0000, 0.3466])
    """
    if k.is_half(out):  # whose logarithm is rounded, too
        wide = self.astype(np.float32)
        logarithm = np.log(wide).astype(out.dtype).astype(np.float32)
        found = np.where(wide == 0, 0, np.where(wide < 0, -np.inf, -wide * logarithm))
        np.copyto(out, found, casting="unsafe")
    else:
        by_scipy("entr", out, self)


# -- what has a form of its own here -----------------------------------------------------------------------------------


@op(name="special_round", variants="", composition=True, out=True, written_by="round", out_dtype=require_found)
def special_round(self: Tensor, *, decimals: int = 0) -> Any:
    """The nearest multiple of 10⁻ᵈᵉᶜⁱᵐᵃˡˢ; see `round`.

    >>> import autogradkit as torch
    >>> torch.special.round(torch.tensor([0.5, 2.4]))
    tensor([0., 2.])
    """
    return round_decimals(self, decimals=decimals)


@op(name="special_softmax", variants="", composition=True)
def special_softmax(self: Tensor, dim: Dim, dtype: DType | None = None) -> Any:
    """As `softmax`, without `out=`.

    >>> import autogradkit as torch
    >>> torch.special.softmax(torch.tensor([0.0, 0.0]), 0)
    tensor([0.5000, 0.5000])
    """
    return softmax(self, dim, dtype)


@op(name="special_log_softmax", variants="", composition=True)
def special_log_softmax(self: Tensor, dim: Dim, *, dtype: DType | None = None) -> Any:
    """As `log_softmax`, without `out=`.

    >>> import autogradkit as torch
    >>> torch.special.log_softmax(torch.tensor([0.0, 0.0]), 0)
    tensor([-0.6931, -0.6931])
    """
    return log_softmax(self, dim, dtype)


# -- Bessel functions that have derivatives ----------------------------------------------------------------------------


@op(
    name="special_i0e",
    variants="",
    pointwise=INT_TO_FLOAT,
    in_place=False,
    node="SpecialI0EBackward0",
    dtypes=not_implemented("i0e_cpu", "c"),
    samples=within(-2, 2),
    vjp={"self": lambda g, self, result: g * (k.special_i1e(self) - k.sgn(self) * result)},
    rule="∂self = ∂ · (i1e(self) − sign(self) · result)",
)
def special_i0e(self: Array, *, out: Array) -> None:
    """exp(−|x|) · i0(x).

    >>> import autogradkit as torch
    >>> torch.special.i0e(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 0.4658])
    """
    by_scipy("i0e", out, self)


@op(
    name="special_i1e",
    variants="",
    pointwise=INT_TO_FLOAT,
    in_place=False,
    node="SpecialI1EBackward0",
    dtypes=not_implemented("i1e_cpu", "c"),
    samples=within(-2, 2),
    vjp={
        "self": lambda g, self, result, self_kind: by_small(
            "i1e_backward", g, self, self_kind, lambda x: k.special_i0e(x) - result * (k.sgn(x) + k.reciprocal(x)), 0.5
        )
    },
    rule="∂self = ∂ · (i0e(self) − result · (sign(self) + 1 / self))",
)
def special_i1e(self: Array, *, out: Array) -> None:
    """exp(−|x|) · i1(x).

    >>> import autogradkit as torch
    >>> torch.special.i1e(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.2079])
    """
    by_scipy("i1e", out, self)


# -- without a derivative in PyTorch -----------------------------------------------------------------------------------


def _declare_plain(name: str, by: str | Callable[[Array], Array], doc: str) -> None:
    """A function of one operand that PyTorch does not differentiate: one of SciPy's, or what computes it here."""

    def write(x: Array, out: Array) -> None:
        if isinstance(by, str):
            by_scipy(by, out, x)
        else:
            np.copyto(out, by(np.asarray(x, out.dtype)))

    def of_x(x: Array, *, out: Array) -> None:
        write(x, out)

    def of_self(self: Array, *, out: Array) -> None:
        write(self, out)

    # What PyTorch's schemas call the operand.
    kernel = of_x if name.startswith(("airy", "scaled", "spherical")) else of_self
    kernel.__name__, kernel.__doc__ = f"special_{name}", doc
    options: Any = {"pointwise": INT_TO_FLOAT, "in_place": False, "dtypes": without_half(f"{name}_cpu")}
    op(name=f"special_{name}", variants="", **options)(kernel)


def _spherical_j0(x: Array) -> Array:
    import scipy.special

    return np.asarray(scipy.special.spherical_jn(0, x), x.dtype)


for _name, _by, _doc in (
    ("airy_ai", bessel.airy, "Airy's function Ai."),
    ("bessel_j0", bessel.j0, "The Bessel function of the first kind of order 0."),
    ("bessel_j1", bessel.j1, "The Bessel function of the first kind of order 1."),
    ("bessel_y0", bessel.y0, "The Bessel function of the second kind of order 0."),
    ("bessel_y1", bessel.y1, "The Bessel function of the second kind of order 1."),
    ("modified_bessel_i0", "i0", "The modified Bessel function of the first kind of order 0."),
    ("modified_bessel_i1", "i1", "The modified Bessel function of the first kind of order 1."),
    ("modified_bessel_k0", "k0", "The modified Bessel function of the second kind of order 0."),
    ("modified_bessel_k1", "k1", "The modified Bessel function of the second kind of order 1."),
    ("scaled_modified_bessel_k0", "k0e", "eˣ times the modified Bessel function of the second kind of order 0."),
    ("scaled_modified_bessel_k1", "k1e", "eˣ times the modified Bessel function of the second kind of order 1."),
    ("spherical_bessel_j0", _spherical_j0, "The spherical Bessel function of the first kind of order 0."),
):
    _declare_plain(_name, _by, _doc)
