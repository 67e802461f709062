"""Rounding and signs: floor, ceil, trunc, round, frac; sign, sgn, signbit, heaviside; nan_to_num.

Rests on declare; the formulas are those of PyTorch's derivative table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import SAME, TO_BOOL, UNIMPLEMENTED, function, k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.overlaps import require_writable
from autogradkit._ops.declare.refusals import (
    check_both,
    not_implemented,
    refuses,
    undifferentiated,
)
from autogradkit._ops.declare.writing import require_found, saying
from autogradkit.core.dtype import from_numpy_dtype, largest
from autogradkit.core.halves import before_rounding
from autogradkit.core.parts import in_parts
from autogradkit.core.tensor import Tensor

_refuse_complex_sign = refuses(
    "c", "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead."
)


def _sgn_backward(g: Any, self: Any, result: Any) -> Any:
    if not k.is_complex(result):
        return k.known_zeros_like(g)
    size = k.abs(self)
    along = g / result
    along = (along + k.conj(along)) / 2 * result
    return k.where(size == 0, 0.0, (g - along) / k.where(size == 0, 1.0, size))


@op(
    pointwise=SAME,
    in_place=True,
    out_dtype=require_found,
    samples=lambda t: [(t(2, 3),)],
    vjp={"self": _sgn_backward},
    rule="∂self = 0",
)
def sgn(self: Array, *, out: Array) -> None:
    """x / |x|, and 0 of 0: the sign, of complex numbers too.

    >>> import autogradkit as torch
    >>> torch.sgn(torch.tensor([3 + 4j, 0j]))
    tensor([0.6000+0.8000j, 0.0000+0.0000j])
    """
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
    elif self.dtype.kind in "fV":  # of NaN, which is neither, it is 0; np.sign is several times slower
        np.subtract((self > 0).view(np.int8), (self < 0).view(np.int8), out=out, casting="unsafe")
    else:
        np.sign(self, out=out)


@op(
    out_dtype=require_found,
    pointwise=SAME,
    in_place=True,
    dtypes=check_both(refuses("c", "floor is not supported for complex inputs"), not_implemented("floor_vml_cpu", "b")),
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
    dtypes=check_both(refuses("c", "ceil is not supported for complex inputs"), not_implemented("ceil_vml_cpu", "b")),
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
def round_decimals(self: Array, *, decimals: int, out: Array) -> None:
    if k.is_half(out):  # which ten times a large number does not fit into
        np.copyto(out, np.round(self.astype(np.float32), decimals), casting="unsafe")
    else:
        np.round(self, decimals, out=out)


@op(
    "fix",
    out_dtype=require_found,
    pointwise=SAME,
    in_place=True,
    dtypes=check_both(refuses("c", "trunc is not supported for complex inputs"), not_implemented("trunc_vml_cpu", "b")),
    samples=lambda t: [(t(2, 3),)],
    vjp={"self": lambda g: k.zeros_like(g)},
)
def trunc(self: Array, *, out: Array) -> None:
    """The integer part: rounded towards zero.

    >>> import autogradkit as torch
    >>> torch.trunc(torch.tensor([-1.5, 2.7]))
    tensor([-1.,  2.])
    """
    np.trunc(self, out=out)


@op(
    out_dtype=require_found,
    pointwise=SAME,
    in_place=True,
    dtypes=not_implemented("frac_cpu", "biuc"),
    samples=lambda t: [(t(2, 3),)],
    vjp={"self": lambda g: g},
)
def frac(self: Array, *, out: Array) -> None:
    """What trunc leaves: the part behind the point, with the sign of x.

    >>> import autogradkit as torch
    >>> torch.frac(torch.tensor([-1.5, 2.25]))
    tensor([-0.5000,  0.2500])
    """
    for into, x in in_parts(out, self):
        np.subtract(x, np.trunc(x), out=into)


def _require_writable_floats(target: Array, others: Sequence[Any]) -> None:
    """An edit of integers, which changes nothing, may write an element several times."""
    if target.dtype.kind not in "biu":
        require_writable(target, others)


@op(
    overlaps=_require_writable_floats,
    out_dtype=saying("nan_to_num: dtype of out: {out} should be same as input: {result}"),
    pointwise=SAME,
    unary=True,
    in_place=True,
    real_gradient=True,
    samples=lambda t: [(t(2, 3),)],
    vjp={"self": lambda g, self: g * k.isfinite(self)},
    rule="∂self = ∂ · isfinite(self)",
)
def nan_to_num(
    self: Array, nan: float | None = None, posinf: float | None = None, neginf: float | None = None, *, out: Array
) -> None:
    """NaN and infinities as numbers: 0, the largest and the smallest of the dtype, or those that are given.

    >>> import autogradkit as torch
    >>> torch.nan_to_num(torch.tensor([float("nan"), float("inf"), 1.0]), posinf=9.0)
    tensor([0., 9., 1.])
    """
    np.copyto(out, self)
    if out.dtype.kind in "biu":
        return
    for part in (out.real, out.imag) if out.dtype.kind == "c" else (out,):
        if np.isfinite(part).all():
            continue
        most = largest(from_numpy_dtype(part.dtype))
        high, low = part == np.inf, part == -np.inf
        for given, usual, where in ((nan, 0.0, np.isnan(part)), (posinf, most, high), (neginf, -most, low)):
            number = before_rounding(np.asarray(usual if given is None else given, np.float64), part.dtype)
            np.copyto(part, number, where=where, casting="unsafe")


@op(
    pointwise=TO_BOOL,
    out_dtype=saying("signbit does not support non-boolean outputs."),
    dtypes=refuses("c", "signbit is not implemented for complex tensors."),
)
def signbit(self: Array, *, out: Array) -> None:
    """Whether the sign is minus, also that of −0.

    >>> import autogradkit as torch
    >>> torch.signbit(torch.tensor([-1.0, -0.0, 2.0]))
    tensor([ True,  True, False])
    """
    if self.dtype.kind in "fV":
        # See BROKEN_WITH_GAPS in declare/plans.py: neither the operand nor the result may have gaps.
        dense = np.ascontiguousarray(self) if self.ndim else self
        if out.flags.c_contiguous:
            np.signbit(dense, out=out)
        else:
            np.copyto(out, np.signbit(dense))
    else:
        np.less(self, 0, out=out)


def _refuse_bool(self: Tensor) -> None:
    if self._array.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")


@op(composition=True, operators="__pos__")
def positive(self: Tensor) -> Any:
    """The tensor itself: `+x`.

    >>> import autogradkit as torch
    >>> torch.positive(torch.tensor([-1.0]))
    tensor([-1.])
    """
    _refuse_bool(self)
    return self


def _require_steps_dtype(from_: np.dtype[Any], to: np.dtype[Any]) -> None:
    if to.kind == "c":
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if from_ != to:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")


def _refuse_steps(self: Tensor, values: Tensor) -> None:
    if self._array.dtype.kind == "c" or values._array.dtype.kind == "c":
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if self.dtype != values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")


@op(
    node=UNIMPLEMENTED,
    in_place_node=UNIMPLEMENTED,
    out_dtype=_require_steps_dtype,
    pointwise=SAME,
    in_place=True,
    dtypes=_refuse_steps,
    vjp=dict.fromkeys(("self", "values"), undifferentiated("heaviside")),
    edit_vjp=dict.fromkeys(("self", "values"), undifferentiated("heaviside_")),
    rule="∂self and ∂values are not implemented in PyTorch",
)
def heaviside(self: Array, values: Array, *, out: Array) -> None:
    """0 below 0, 1 above, and `values` at 0.

    >>> import autogradkit as torch
    >>> torch.heaviside(torch.tensor([-2.0, 0.0, 3.0]), torch.tensor(0.5))
    tensor([0.0000, 0.5000, 1.0000])
    """
    np.copyto(out, np.where(self == 0, values, self > 0), casting="unsafe")
