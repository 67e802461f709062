"""What the numbers of a dtype reach: `finfo` of floating-point ones, `iinfo` of whole ones.

Rests on dtype.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit.core.c_types import CType
from autogradkit.core.dtype import bfloat16, bool_, from_numpy_dtype, get_default_dtype, largest
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.errors import c_type_name

# Of the names that nothing is computed in, those that can be asked: largest number, eps, smallest normal number.
_EIGHT_BITS = {
    "float8_e4m3fn": (448.0, 0.125, 2.0**-6),
    "float8_e4m3fnuz": (240.0, 0.125, 2.0**-7),
    "float8_e5m2": (57344.0, 0.25, 2.0**-14),
    "float8_e5m2fnuz": (57344.0, 0.125, 2.0**-15),
    "float8_e8m0fnu": (2.0**127, 1.0, 2.0**-127),
}


def _require_dtype(name: str, type: Any) -> None:
    if not isinstance(type, Dtype):
        raise TypeError(f"{name}(): argument 'type' (position 1) must be torch.dtype, not {c_type_name(type)}")


class finfo(metaclass=CType):  # noqa: N801 - PyTorch's name
    """The limits of a floating-point dtype, of the default one where none is given; of a complex one those of its parts.

    >>> import autogradkit as torch
    >>> torch.finfo(torch.float64).eps
    2.220446049250313e-16
    """

    __slots__ = ("_kind", "bits", "eps", "max", "min", "resolution", "smallest_normal", "tiny")

    def __init__(self, type: Dtype | None = None) -> None:
        kind = get_default_dtype() if type is None else type
        _require_dtype("finfo", kind)
        if not (kind.is_floating_point or kind.is_complex):
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
            )
        if kind.name in _EIGHT_BITS:
            self._kind, self.bits, self.resolution = kind, 8, 1.0
            self.max, self.eps, self.smallest_normal = _EIGHT_BITS[kind.name]
            self.tiny = self.smallest_normal
            self.min = -self.max if kind.is_signed else self.smallest_normal
            return
        self._kind = from_numpy_dtype(kind.to_real().numpy)
        self.bits = 8 * kind.to_real().itemsize
        digits = 7 if self._kind is bfloat16 else np.finfo(self._kind.numpy).nmant
        self.max = largest(self._kind)
        self.min = -self.max
        self.eps = 2.0**-digits
        self.smallest_normal = self.tiny = 2.0 ** (2 - math.frexp(self.max)[1])
        self.resolution = 10.0 ** -math.floor(digits * math.log10(2))

    @property
    def dtype(self) -> str:
        """The name of the dtype."""
        return self._kind.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and other._kind is self._kind

    def __hash__(self) -> int:
        return hash(self._kind)

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        shown = ", ".join(f"{name}={getattr(self, name):g}" for name in names)
        return f"finfo({shown}, dtype={self.dtype})"


class iinfo(metaclass=CType):  # noqa: N801 - PyTorch's name
    """The limits of an integer dtype.

    >>> import autogradkit as torch
    >>> torch.iinfo(torch.uint8).max
    255
    """

    __slots__ = ("_kind", "bits", "max", "min")

    def __init__(self, type: Dtype) -> None:
        _require_dtype("iinfo", type)
        if type is bool_:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        if type.is_floating_point or type.is_complex:
            raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
        self._kind = type
        self.bits = 8 * type.itemsize
        limits = np.iinfo(type.numpy)
        self.min, self.max = int(limits.min), int(limits.max)

    @property
    def dtype(self) -> str:
        """The name of the dtype."""
        return self._kind.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and other._kind is self._kind

    def __hash__(self) -> int:
        return hash(self._kind)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
