"""Element types and PyTorch's promotion rules.

Rests on NumPy's scalar types. Every tensor has one of these `dtype` objects; ops ask `result_type` what an operation
on mixed operands computes in. bfloat16 lives in the package `ml_dtypes`, which is imported when it is used; its NumPy
kind is "V", so that floating-point numbers are of the kinds "fV".
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np

from autogradkit.core.c_types import CType

BOOL, INTEGRAL, FLOATING, COMPLEX, QUANTIZED = range(5)


class dtype(metaclass=CType):  # noqa: N801 - PyTorch's name
    """An element type such as `autogradkit.float32`. Compared by identity; prints as PyTorch prints it."""

    __slots__ = ("_numpy", "category", "itemsize", "name", "tensor_type")

    def __init__(self, name: str, category: int, itemsize: int, tensor_type: str) -> None:
        self.name = name
        self.category = category
        self.itemsize = itemsize
        self.tensor_type = f"torch.{tensor_type}Tensor"
        computes = category != QUANTIZED and not name.startswith(("bfloat16", "complex32", "float8", "float4"))
        self._numpy: np.dtype[Any] | None = np.dtype(name) if computes else None

    @property
    def numpy(self) -> np.dtype[Any]:
        """The NumPy dtype that holds it."""
        if self in NAMES_ALONE:
            instead = "float16 and bfloat16 have more precision"
            if self is complex32:
                instead = "complex64 has more precision"
            elif self.category == QUANTIZED:
                instead = "torch.fake_quantize_per_tensor_affine rounds numbers as quantising does"
            raise NotImplementedError(f"autogradkit has no numbers of dtype {self}; {instead}")
        if self._numpy is None:
            import ml_dtypes  # only bfloat16 needs it

            self._numpy = np.dtype(ml_dtypes.bfloat16)
            _BY_NUMPY[self._numpy] = self
        return self._numpy

    @property
    def is_floating_point(self) -> bool:
        return self.category == FLOATING

    @property
    def is_complex(self) -> bool:
        return self.category == COMPLEX

    @property
    def is_signed(self) -> bool:
        if self.category == QUANTIZED:
            raise RuntimeError("isSignedType not supported for quantized types")
        return self.category > BOOL and self.name[0] != "u" and self.name != "float8_e8m0fnu"

    def to_complex(self) -> dtype:
        """The complex type whose parts have this precision; of float16 complex64, see PARITY.md.

        Raises RuntimeError where PyTorch has none: for whole numbers and those of eight bits.
        """
        if self.is_complex:
            return self
        if self.category < FLOATING or self in NAMES_ALONE:
            raise RuntimeError(f"Unknown Complex ScalarType for {SCALAR_TYPE_NAMES[self]}")
        return complex128 if self is float64 else complex64

    def to_real(self) -> dtype:
        """The real type of a complex type's parts; itself otherwise."""
        return {"complex32": float16, "complex64": float32, "complex128": float64}.get(self.name, self)

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


float16 = half = dtype("float16", FLOATING, 2, "Half")
bfloat16 = dtype("bfloat16", FLOATING, 2, "BFloat16")
float32 = dtype("float32", FLOATING, 4, "Float")
float64 = double = dtype("float64", FLOATING, 8, "Double")
complex32 = dtype("complex32", COMPLEX, 4, "ComplexHalf")
complex64 = cfloat = dtype("complex64", COMPLEX, 8, "ComplexFloat")
complex128 = cdouble = dtype("complex128", COMPLEX, 16, "ComplexDouble")
uint8 = dtype("uint8", INTEGRAL, 1, "Byte")
uint16 = dtype("uint16", INTEGRAL, 2, "UInt16")
uint32 = dtype("uint32", INTEGRAL, 4, "UInt32")
uint64 = dtype("uint64", INTEGRAL, 8, "UInt64")
int8 = dtype("int8", INTEGRAL, 1, "Char")
int16 = short = dtype("int16", INTEGRAL, 2, "Short")
int32 = dtype("int32", INTEGRAL, 4, "Int")
int64 = long = dtype("int64", INTEGRAL, 8, "Long")
bool_ = dtype("bool", BOOL, 1, "Bool")
float8_e4m3fn = dtype("float8_e4m3fn", FLOATING, 1, "Float8_e4m3fn")
float8_e4m3fnuz = dtype("float8_e4m3fnuz", FLOATING, 1, "Float8_e4m3fnuz")
float8_e5m2 = dtype("float8_e5m2", FLOATING, 1, "Float8_e5m2")
float8_e5m2fnuz = dtype("float8_e5m2fnuz", FLOATING, 1, "Float8_e5m2fnuz")
float8_e8m0fnu = dtype("float8_e8m0fnu", FLOATING, 1, "Float8_e8m0fnu")
float4_e2m1fn_x2 = dtype("float4_e2m1fn_x2", FLOATING, 1, "Float4_e2m1fn_x2")
qint8 = dtype("qint8", QUANTIZED, 1, "QInt8")
quint8 = dtype("quint8", QUANTIZED, 1, "QUInt8")
qint32 = dtype("qint32", QUANTIZED, 4, "QInt32")
quint4x2 = dtype("quint4x2", QUANTIZED, 1, "QUInt4x2")
quint2x4 = dtype("quint2x4", QUANTIZED, 1, "QUInt2x4")
float_ = float32
int_ = int32

ALL = (
    float16, bfloat16, float32, float64, complex64, complex128, uint8, int8, int16, int32, int64, bool_, uint16, uint32, uint64,
)  # fmt: skip
NAMES_ALONE = frozenset(  # which may be asked about, and which tables of packages name; nothing is computed in them
    {
        complex32, float8_e4m3fn, float8_e4m3fnuz, float8_e5m2, float8_e5m2fnuz, float8_e8m0fnu, float4_e2m1fn_x2,
        qint8, quint8, qint32, quint4x2, quint2x4,
    }
)  # fmt: skip
WIDE_UNSIGNED = frozenset({uint16, uint32, uint64})  # which PyTorch can hardly compute with
_BY_NUMPY: dict[np.dtype[Any], dtype] = {each.numpy: each for each in ALL if each is not bfloat16}

# The names PyTorch's messages use for element types ("expected scalar type Float but found Double").
SCALAR_TYPE_NAMES = {
    each: each.tensor_type.removeprefix("torch.").removesuffix("Tensor") for each in (*ALL, *NAMES_ALONE)
}

# How others of them name these: as C++ does.
CPP_NAMES = {
    bool_: "bool", uint8: "unsigned char", uint16: "short unsigned int", uint32: "unsigned int", uint64: "long unsigned int",
    int8: "signed char", int16: "short int", int32: "int", int64: "long int",
    float16: "c10::Half", bfloat16: "c10::BFloat16", float32: "float", float64: "double",
    complex64: "c10::complex<float>", complex128: "c10::complex<double>",
}  # fmt: skip


def _refused(cls: type[dtype], *_args: object, **_kwargs: object) -> NoReturn:
    """There are no dtypes but these: `torch.dtype("float32")` is refused, as in PyTorch."""
    raise TypeError("cannot create 'torch.dtype' instances")


dtype.__new__ = _refused


class _Default:
    """The dtype that Python floats take; `set_default_dtype` changes it."""

    floating = float32


def from_numpy_dtype(numpy_dtype: np.dtype[Any]) -> dtype:
    """The dtype for a NumPy dtype.

    Raises TypeError, as PyTorch does, for one that no tensor can hold.
    """
    found = _BY_NUMPY.get(numpy_dtype)
    if found is None:
        if numpy_dtype.name == "bfloat16":
            return _BY_NUMPY.setdefault(numpy_dtype, bfloat16)
        raise TypeError(
            f"can't convert np.ndarray of type numpy.{numpy_dtype.type.__name__}. The only supported types are: "
            "float64, float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, "
            "uint8, and bool."
        )
    return found


def is_half(numpy_dtype: np.dtype[Any]) -> bool:
    """Whether it is float16 or bfloat16, which PyTorch computes with in float32 and rounds at the end.

    >>> is_half(np.dtype("float16")), is_half(np.dtype("int16"))
    (True, False)
    """
    return numpy_dtype.itemsize == 2 and numpy_dtype.kind in "fV"


def get_default_dtype() -> dtype:
    """The floating-point dtype that Python floats become.

    >>> import autogradkit as torch
    >>> torch.get_default_dtype()
    torch.float32
    """
    return _Default.floating


def set_default_dtype(d: dtype, /) -> None:
    """Set the dtype that Python floats become. Raises TypeError unless it is a floating-point dtype."""
    if d.__class__ is not dtype:
        raise TypeError("invalid dtype object: only floating-point types are supported as the default type")
    if not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    if d in NAMES_ALONE:
        raise TypeError(f"couldn't find storage object {SCALAR_TYPE_NAMES[d]}Storage")
    _Default.floating = d


def dtype_of_number(number: complex) -> dtype:
    """The dtype that a Python number takes when it becomes a tensor."""
    if isinstance(number, bool | np.bool_):
        return bool_
    if isinstance(number, int | np.integer):
        return int64
    if isinstance(number, float | np.floating):
        return _Default.floating
    return _Default.floating.to_complex()


_PROMOTED: dict[tuple[dtype, dtype], dtype] = {}


@functools.cache
def largest(kind: dtype) -> float:
    """The largest finite number of a floating-point dtype.

    >>> largest(float16)
    65504.0
    """
    return 2.0**127 * (2 - 2.0**-7) if kind is bfloat16 else float(np.finfo(kind.numpy).max)


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that can hold both, by PyTorch's table (an integer never widens a float).

    >>> import autogradkit as torch
    >>> torch.promote_types(torch.int64, torch.float16)
    torch.float16
    """
    if type1 is type2:
        return type1
    found = _PROMOTED.get((type1, type2))
    if found is None:
        found = _PROMOTED[(type1, type2)] = _promote(type1, type2)
    return found


def _promote(a: dtype, b: dtype) -> dtype:
    if QUANTIZED in (a.category, b.category):
        raise RuntimeError(
            "promoteTypes with quantized numbers is not handled yet; figure out what the correct rules should be, offending "
            f"types: {SCALAR_TYPE_NAMES[a]} {SCALAR_TYPE_NAMES[b]}"
        )
    if (a.itemsize == 1 and a.is_floating_point) or (b.itemsize == 1 and b.is_floating_point):
        raise RuntimeError(
            "Promotion for Float8 Types is not supported, attempted to promote "
            f"{SCALAR_TYPE_NAMES[a]} and {SCALAR_TYPE_NAMES[b]}"
        )
    if max(a.category, b.category) < FLOATING and not WIDE_UNSIGNED.isdisjoint((a, b)):
        raise RuntimeError(
            "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
            f"{SCALAR_TYPE_NAMES[a]} and {SCALAR_TYPE_NAMES[b]}"
        )
    if a.category < b.category:
        a, b = b, a
    if b.category < FLOATING:
        return a if a.category >= FLOATING or b is bool_ else _BY_NUMPY[np.promote_types(a.numpy, b.numpy)]
    if {a, b} == {float16, bfloat16}:
        return float32
    if a.is_complex and not b.is_complex:
        b = b.to_complex()
    return a if a.itemsize >= b.itemsize else b


def result_type(operands: Iterable[tuple[dtype, int]]) -> dtype:
    """What an operation on mixed operands computes in.

    `operands` are (dtype, rank) pairs; rank 2 for a tensor with dimensions, 1 for a tensor without, 0 for a Python
    number. A lower rank changes the result only where it brings a higher category (bool < integer < float < complex).
    """
    by_rank: list[dtype | None] = [None, None, None]
    for each, rank in operands:
        seen = by_rank[rank]
        by_rank[rank] = each if seen is None else promote_types(seen, each)
    number, scalar, dimensioned = by_rank
    combined = _combine(_combine(dimensioned, scalar), number)
    assert combined is not None
    return combined


def _combine(higher: dtype | None, lower: dtype | None) -> dtype | None:
    if higher is None or lower is None:
        return higher or lower
    if higher.is_complex:
        return higher
    if higher.is_floating_point:
        return higher.to_complex() if lower.is_complex else higher
    if higher is bool_ or lower.category >= FLOATING:
        return promote_types(higher, lower)
    return higher


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether a result of dtype `from_` may be written into a tensor of dtype `to`.

    >>> import autogradkit as torch
    >>> torch.can_cast(torch.float32, torch.int64)
    False
    """
    if from_.is_complex and not to.is_complex:
        return False
    if from_.is_floating_point and to.category < FLOATING:
        return False
    return not (from_ is not bool_ and to is bool_)
