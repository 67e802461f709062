"""How large an integer may be: what C++ takes has 64 bits.

Rests on nothing; what reads sizes, dimensions, indices and numbers asks it.
"""

from __future__ import annotations


def require_int64(value: float) -> None:
    """Raise ValueError for an integer that is no size, dimension or index, which have 64 bits."""
    if not -(2**63) <= value < 2**63:
        raise ValueError("Overflow when unpacking long long")


def require_int32(value: int) -> None:
    """Raise ValueError for an integer that C++ takes as an `int`."""
    require_int64(value)
    if not -(2**31) <= value < 2**31:
        raise ValueError("Overflow when unpacking long")


def require_64_bits(value: int) -> None:
    """Raise OverflowError for a number that no 64 bits hold, with a sign or without."""
    if value >= 2**64:
        raise OverflowError("int too big to convert")
    if value < -(2**63):
        raise OverflowError("can't convert negative int to unsigned")
