"""What only whole numbers have: common divisors and multiples, shifts of bits.

Rests on declare. A kernel given `ufunc=` only documents it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import SAME, UNIMPLEMENTED, function, op, reflected
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import common_not_implemented
from autogradkit.core.tensor import Tensor


@op(pointwise=SAME, ufunc=np.gcd, in_place=True, node=UNIMPLEMENTED, refuse=common_not_implemented("gcd_cpu", "bfcV"))
def gcd(self: Array, other: Array, *, out: Array) -> None:
    """The greatest common divisor.

    >>> import autogradkit as torch
    >>> torch.gcd(torch.tensor([12, 7]), torch.tensor([18, 21]))
    tensor([6, 7])
    """


@op(pointwise=SAME, in_place=True, node=UNIMPLEMENTED, refuse=common_not_implemented("lcm_cpu", "bfcV"))
def lcm(self: Array, other: Array, *, out: Array) -> None:
    """The least common multiple.

    >>> import autogradkit as torch
    >>> torch.lcm(torch.tensor([4, 7]), torch.tensor([6, 21]))
    tensor([12, 21])
    """
    divisor = np.gcd(self, other)
    np.copyto(out, np.abs(self // np.where(divisor == 0, 1, divisor) * other))


def _shifted(self: Any, other: Any, out: Array, left: bool) -> None:
    """Shifted as in PyTorch: by less than 0, or by all bits and more, gives 0, or −1 of a negative number to the right."""
    bits = 8 * out.dtype.itemsize
    outside = (other < 0) | (other >= bits)
    by = np.where(outside, 0, other).astype(out.dtype)
    if left:
        np.copyto(out, np.where(outside, 0, np.left_shift(self, by)), casting="unsafe")
    else:
        np.copyto(out, np.where(outside, np.right_shift(self, bits - 1), np.right_shift(self, by)), casting="unsafe")


bitwise_left_shift = function("bitwise_left_shift", in_place=True, operators="__lshift__ __ilshift__")


@bitwise_left_shift.overload(node=UNIMPLEMENTED, pointwise=SAME, refuse=common_not_implemented("lshift_cpu", "bfcV"))
def _(self: Array, other: Array, *, out: Array) -> None:
    """The bits moved up by `other` places: self · 2ᵒᵗʰᵉʳ.

    >>> import autogradkit as torch
    >>> torch.bitwise_left_shift(torch.tensor([1, 3]), torch.tensor([4, 1]))
    tensor([16,  6])
    """
    _shifted(self, other, out, left=True)


@bitwise_left_shift.overload(
    node=UNIMPLEMENTED,
    pointwise=SAME,
    promotes="self other",
    variants="function",
    out=False,
    refuse=common_not_implemented("lshift_cpu", "bfcV"),
)
def _(self: Scalar, other: Array, *, out: Array) -> None:
    _shifted(self, other, out, left=True)


@bitwise_left_shift.overload(
    node=UNIMPLEMENTED, pointwise=SAME, promotes="self other", refuse=common_not_implemented("lshift_cpu", "bfcV")
)
def _(self: Array, other: Scalar, *, out: Array) -> None:
    _shifted(self, other, out, left=True)


bitwise_right_shift = function("bitwise_right_shift", in_place=True, operators="__rshift__ __irshift__")


@bitwise_right_shift.overload(node=UNIMPLEMENTED, pointwise=SAME, refuse=common_not_implemented("rshift_cpu", "bfcV"))
def _(self: Array, other: Array, *, out: Array) -> None:
    """The bits moved down by `other` places; of a negative number the sign fills up.

    >>> import autogradkit as torch
    >>> torch.bitwise_right_shift(torch.tensor([16, -3]), torch.tensor([4, 1]))
    tensor([ 1, -2])
    """
    _shifted(self, other, out, left=False)


@bitwise_right_shift.overload(
    node=UNIMPLEMENTED,
    pointwise=SAME,
    promotes="self other",
    variants="function",
    out=False,
    refuse=common_not_implemented("rshift_cpu", "bfcV"),
)
def _(self: Scalar, other: Array, *, out: Array) -> None:
    _shifted(self, other, out, left=False)


@bitwise_right_shift.overload(
    node=UNIMPLEMENTED, pointwise=SAME, promotes="self other", refuse=common_not_implemented("rshift_cpu", "bfcV")
)
def _(self: Array, other: Scalar, *, out: Array) -> None:
    _shifted(self, other, out, left=False)


@reflected("__rlshift__")
def _rlshift(self: Tensor, other: Any) -> Tensor:
    return bitwise_left_shift(other, self)


@reflected("__rrshift__")
def _rrshift(self: Tensor, other: Any) -> Tensor:
    return bitwise_right_shift(other, self)
