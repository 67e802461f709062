"""Special functions of two operands, of which one may be a number: zeta, x · log(1 + y).

Rests on special.py and SciPy. The formulas are those of PyTorch's derivative table. Declared when `autogradkit.special` is first
imported.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import INT_TO_FLOAT, function, k
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import common_not_implemented, not_differentiated
from autogradkit._ops.pointwise.special import by_scipy
from autogradkit._ops.pointwise.special_functions import without_half

_no_zeta = not_differentiated("zeta")


def _zeta_backward(g: Any, self: Any, other: Any) -> Any:
    return g * -self * k.zeta_tensors(self + 1.0, other)


def _write_zeta(self: Any, other: Any, out: Array) -> None:
    power, start = np.asarray(self, out.dtype), np.asarray(other, out.dtype)
    by_scipy("zeta", out, power, start)
    # Where nothing is left of a sum, PyTorch multiplies 0 by what is infinite: `other`, or 23 factors like the power.
    np.copyto(out, np.nan, where=(out == 0) & ((power > 2.5e13) | np.isinf(start)))


_refuse_zeta = without_half("zeta_cpu")
special_zeta = function("special_zeta", variants="")


@special_zeta.overload(
    pointwise=INT_TO_FLOAT,
    dtypes=_refuse_zeta,
    samples=lambda t: [(t(2, 3, low=1.5, high=3).detach(), t(2, 3, low=1, high=3))],
    vjp={"self": _no_zeta, "other": _zeta_backward},
    rule="∂self = refused, for PyTorch has no derivative\n∂other = −∂ · self · zeta(self + 1, other)",
)
def zeta_tensors(self: Array, other: Array, *, out: Array) -> None:
    """Hurwitz's zeta function, Σ 1 / (n + other)ˢᵉˡᶠ.

    >>> import autogradkit as torch
    >>> torch.special.zeta(torch.tensor([2.0]), torch.tensor([1.0]))
    tensor([1.6449])
    """
    _write_zeta(self, other, out)


@special_zeta.overload(
    node="SpecialZetaBackward1",
    pointwise=INT_TO_FLOAT,
    promotes="self other",
    dtypes=_refuse_zeta,
    samples=lambda t: [(2.5, t(2, 3, low=1, high=3))],
    vjp={"other": lambda g, self, other: g * -self * k.zeta_of_number(self + 1.0, other)},
    rule="∂other = −∂ · self · zeta(self + 1, other)",
)
def zeta_of_number(self: Scalar, other: Array, *, out: Array) -> None:
    _write_zeta(self, other, out)


@special_zeta.overload(
    node="SpecialZetaBackward2",
    pointwise=INT_TO_FLOAT,
    promotes="self other",
    dtypes=_refuse_zeta,
    vjp={"self": _no_zeta},
    rule="∂self is not implemented in PyTorch",
)
def zeta_by_number(self: Array, other: Scalar, *, out: Array) -> None:
    _write_zeta(self, other, out)


def _write_xlog1py(self: Any, other: Any, out: Array) -> None:
    first, second = np.asarray(self, out.dtype), np.asarray(other, out.dtype)
    if k.is_half(out):  # whose logarithm is rounded, too
        np.copyto(out, np.where(first == 0, 0, first * np.log1p(second)), casting="unsafe")
    else:
        by_scipy("xlog1py", out, first, second)
    np.copyto(out, np.nan, where=np.isnan(other))


_refuse_xlog1py = common_not_implemented("xlog1py_cpu", "c")
special_xlog1py = function("special_xlog1py", variants="")


@special_xlog1py.overload(
    node="SpecialXlog1PyBackward0",
    pointwise=INT_TO_FLOAT,
    dtypes=_refuse_xlog1py,
    samples=lambda t: [(t(2, 3), t(2, 3, low=0.5, high=3)), (t(2, 1), t(3, low=0.5, high=3))],
    vjp={
        "self": lambda g, self, other: k.where(
            (self == 0) & (other <= -1), 0.0, k.xlog1py_tensors(g, k.in_dtype_of(other, g))
        ),
        "other": lambda g, self, other: g * self / (other + 1),
    },
    rule="∂self = ∂ · log(1 + other)\n∂other = ∂ · self / (other + 1)",
)
def xlog1py_tensors(self: Array, other: Array, *, out: Array) -> None:
    """self · log(1 + other), which is 0 where `self` is 0.

    >>> import autogradkit as torch
    >>> torch.special.xlog1py(torch.tensor([0.0, 2.0]), torch.tensor([-1.0, 0.0]))
    tensor([0., 0.])
    """
    _write_xlog1py(self, other, out)


@special_xlog1py.overload(
    node="SpecialXlog1PyBackward1",
    pointwise=INT_TO_FLOAT,
    promotes="self other",
    dtypes=_refuse_xlog1py,
    samples=lambda t: [(2.5, t(2, 3, low=0.5, high=3))],
    vjp={"other": lambda g, self, other: g * self / (other + 1)},
)
def xlog1py_of_number(self: Scalar, other: Array, *, out: Array) -> None:
    _write_xlog1py(self, other, out)


@special_xlog1py.overload(
    node="SpecialXlog1PyBackward2",
    pointwise=INT_TO_FLOAT,
    promotes="self other",
    dtypes=_refuse_xlog1py,
    samples=lambda t: [(t(2, 3), 2.5)],
    vjp={
        "self": lambda g, self, other: (
            k.xlog1py_by_number(g, other) if other > -1 else k.where(self == 0, 0.0, k.xlog1py_by_number(g, other))
        )
    },
    rule="∂self = ∂ · log(1 + other)",
)
def xlog1py_by_number(self: Array, other: Scalar, *, out: Array) -> None:
    _write_xlog1py(self, other, out)
