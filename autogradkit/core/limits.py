"""What the numbers of a dtype reach: `finfo` of floating-point ones, `iinfo` of whole ones.

Rests on dtype.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn

import numpy as np

from autogradkit.core.c_types import CType
from autogradkit.core.dtype import (
    QUANTIZED,
    SCALAR_TYPE_NAMES,
    bfloat16,
    bool_,
    float4_e2m1fn_x2,
    get_default_dtype,
    largest,
)
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
_STORED = {"qint8": np.dtype(np.int8), "qint32": np.dtype(np.int32)}  # what holds a quantised number; else a byte does


def _kind_for_finfo(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Dtype:
    """The dtype that `finfo` is asked about; what is wrong is said as PyTorch's parser in C++ says it."""
    if len(args) + len(kwargs) > 1:
        given = [*map(c_type_name, args), *(f"{name}={c_type_name(each)}" for name, each in kwargs.items())]
        raise TypeError(
            f"finfo() received an invalid combination of arguments - got ({', '.join(given)}{'' if args else ', '}), "
            "but expected one of:\n * (torch.dtype type)\n * ()\n"
        )
    return _type_argument("finfo", args, kwargs) if args or kwargs else get_default_dtype()


def _kind_for_iinfo(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Dtype:
    """The same of `iinfo`, whose errors are another parser's."""
    if len(args) > 1:
        raise TypeError(f"iinfo() takes 1 positional argument but {len(args)} were given")
    if args and "type" in kwargs:
        raise TypeError("iinfo() got multiple values for argument 'type'")
    unknown = [name for name in kwargs if name != "type"]
    if unknown and len(args) + len(kwargs) > 1:
        raise TypeError(f"iinfo() got an unexpected keyword argument '{unknown[0]}'")
    return _type_argument("iinfo", args, kwargs)


def _type_argument(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Dtype:
    """The one argument that there is, by place or as `type`."""
    if not args and "type" not in kwargs:
        raise TypeError(f'{name}() missing 1 required positional arguments: "type"')
    kind, place = (args[0], " (position 1)") if args else (kwargs["type"], "")
    if not isinstance(kind, Dtype):
        raise TypeError(f"{name}(): argument 'type'{place} must be torch.dtype, not {c_type_name(kind)}")
    return kind


class _Limits(metaclass=CType):
    """What both have: as PyTorch's they are compared, and neither written nor hashed nor stored."""

    __slots__ = ("_kind", "bits", "max", "min")

    _kind: Dtype

    def _keep(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def dtype(self) -> str:
        """The name of the dtype. Raises NotImplementedError of a quantised one, as PyTorch does."""
        if self._kind.category == QUANTIZED:
            raise NotImplementedError(f"\"dtype\" not implemented for '{SCALAR_TYPE_NAMES[self._kind]}'")
        return self._kind.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and other._kind is self._kind

    __hash__ = None  # pyright: ignore[reportAssignmentType] - as in PyTorch

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        kind = f"'torch.{type(self).__name__}'"
        if hasattr(self, name):
            raise AttributeError(f"attribute '{name}' of {kind} objects is not writable")
        raise AttributeError(f"{kind} object has no attribute '{name}'")

    def __delattr__(self, name: str) -> NoReturn:
        self.__setattr__(name, None)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(f"cannot pickle 'torch.{type(self).__name__}' object")


class finfo(_Limits):  # noqa: N801 - PyTorch's name
    """The limits of a floating-point dtype, of the default one where none is given; of a complex one those of its parts.

    Raises TypeError for another dtype, and for what is no dtype.

    >>> import autogradkit as torch
    >>> torch.finfo(torch.float64).eps
    2.220446049250313e-16
    """

    __slots__ = ("eps", "resolution", "smallest_normal", "tiny")

    def __init__(self, *args: Dtype, **kwargs: Dtype) -> None:
        kind = _kind_for_finfo(args, kwargs)
        if not (kind.is_floating_point or kind.is_complex):
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
            )
        if kind is float4_e2m1fn_x2:
            raise NotImplementedError("\"epsilon\" not implemented for 'Float4_e2m1fn_x2'")
        kind = kind.to_real()
        if kind.name in _EIGHT_BITS:
            most, eps, normal = _EIGHT_BITS[kind.name]
            least, resolution = -most if kind.is_signed else normal, 1.0
        else:
            digits = 7 if kind is bfloat16 else np.finfo(kind.numpy).nmant
            most, eps = largest(kind), 2.0**-digits
            normal = 2.0 ** (2 - math.frexp(most)[1])
            least, resolution = -most, 10.0 ** -math.floor(digits * math.log10(2))
        self._keep(_kind=kind, bits=8 * kind.itemsize, max=most, min=least)
        self._keep(eps=eps, resolution=resolution, smallest_normal=normal, tiny=normal)

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        shown = ", ".join(f"{name}={getattr(self, name):g}" for name in names)
        return f"finfo({shown}, dtype={self.dtype})"


class iinfo(_Limits):  # noqa: N801 - PyTorch's name
    """The limits of an integer dtype. Raises TypeError for another dtype, and for what is no dtype.

    >>> import autogradkit as torch
    >>> torch.iinfo(torch.uint8).max
    255
    """

    __slots__ = ()

    def __init__(self, *args: Dtype, **kwargs: Dtype) -> None:
        type = _kind_for_iinfo(args, kwargs)
        if type is bool_:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        if type.is_floating_point or type.is_complex:
            raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
        quantized = type.category == QUANTIZED
        limits = np.iinfo(_STORED.get(type.name, np.dtype(np.uint8)) if quantized else type.numpy)
        self._keep(_kind=type, bits=8 * type.itemsize, max=int(limits.max), min=int(limits.min))

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
