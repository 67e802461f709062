"""How floating-point numbers are written: frexp takes them apart, nextafter steps to their neighbours.

Rests on declare and singles.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.plans import SAME
from autogradkit._ops.declare.refusals import common_not_implemented
from autogradkit._ops.pointwise.singles import REAL, by_steps, mend
from autogradkit._ops.reduction import return_types
from autogradkit.core.dtype import CPP_NAMES, from_numpy_dtype
from autogradkit.core.strides import dense_strides_like, element_strides

_INT32 = np.dtype(np.int32)


def _frexp_meta(self: Array) -> Any:
    if self.dtype.kind not in "fV":
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    strides = dense_strides_like(self.shape, element_strides(self))
    return (self.shape, self.dtype, strides), (self.shape, _INT32, strides)


def _require_parts(result: np.dtype[Any], out: np.dtype[Any]) -> None:
    if result != out:
        given = CPP_NAMES[from_numpy_dtype(out)]
        wanted = (
            "exponent to have int dtype"
            if result == _INT32
            else f"mantissa to have dtype {CPP_NAMES[from_numpy_dtype(result)]}"
        )
        raise RuntimeError(f"torch.frexp() expects {wanted} but got {given}")


@op(
    meta=_frexp_meta,
    out_dtype=_require_parts,
    outputs="mantissa exponent",
    differentiable_outputs=1,
    returns=return_types.frexp,
    samples=lambda t: [(t(2, 3, low=1.1, high=1.9),), (t(3, low=-7.5, high=-4.5),)],
    vjp={"self": lambda g, exponent: g / k.exp2(exponent)},
    rule="∂self = ∂ / 2 ** exponent",
)
def frexp(self: Array, *, out: tuple[Array, Array]) -> None:
    """(mantissa, exponent): input = mantissa · 2^exponent, and 1/2 ≤ |mantissa| < 1.

    >>> import autogradkit as torch
    >>> torch.frexp(torch.tensor([6.0, -0.5]))
    torch.return_types.frexp(
    mantissa=tensor([ 0.7500, -0.5000]),
    exponent=tensor([3, 0], dtype=torch.int32))
    """
    mantissa, exponent = out
    wide = self.astype(np.float32) if k.is_half(self) else self
    found, powers = np.frexp(wide)
    np.copyto(mantissa, found, casting="unsafe")
    np.copyto(exponent, np.where(np.isfinite(wide), powers, 0))


@op(
    pointwise=SAME,
    in_place=True,
    dtypes=common_not_implemented("nextafter_cpu", "biuc"),
    samples=lambda t: [(t(2, 3), t(3))],
    vjp={
        "self": lambda g, self, other: k.where(self == other, 0.0, g),
        "other": lambda g, other_sym_sizes: k.new_zeros(g, other_sym_sizes),
    },
    rule="∂self = ∂ where self ≠ other, else 0\n∂other = 0",
)
def nextafter(self: Array, other: Array, *, out: Array) -> None:
    """The nearest number that the dtype has from `input` towards `other`.

    >>> import autogradkit as torch
    >>> torch.nextafter(torch.tensor([1.0]), torch.tensor([2.0])) - 1
    tensor([1.1921e-07])
    """
    by_steps(np.nextafter, _write_neighbours, out, self, other, kinds=REAL)
    if out.dtype == np.float16:  # NumPy's gives the first of two zeros
        np.copyto(out, other, where=(self == 0) & (other == 0))


def _write_neighbours(x: Array, towards: Array, out: Array) -> None:
    """By the bits, of which one step more or less is the next number away from 0, or towards it."""
    kind = np.dtype(f"i{x.itemsize}")
    step = np.subtract((x < towards).view(np.int8), (x > towards).view(np.int8), dtype=kind)
    sign = x.view(kind) >> 8 * kind.itemsize - 1
    step ^= sign
    step -= sign
    np.add(x.view(kind), step, out.view(kind))
    mend(np.nextafter, (x == 0) | np.isnan(towards), out, x, towards)
