"""Kinds of parameters: which values fit, what PyTorch's messages and schemas call them, what the kernel gets.

A kernel's annotations name them: `self: Array, dim: Dim | None = None`. Rests on core; signature.py matches calls by it, and
entries.py writes its cheap tests into the generated functions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autogradkit.core.device import device
from autogradkit.core.dtype import bool_, complex128, dtype, float64, int64
from autogradkit.core.errors import c_type_name
from autogradkit.core.integers import require_64_bits, require_int64
from autogradkit.core.layout import layout
from autogradkit.core.parameter import Parameter
from autogradkit.core.random import Generator as RandomGenerator
from autogradkit.core.tensor import Tensor
from autogradkit.core.typed_storages import is_storage

# What a kernel's parameter of each kind holds, for type checkers.
Array = np.ndarray[Any, Any]
Operand = Array
Arrays = Sequence[Array]
OptionalArrays = Sequence[Array | None]
Tensors = Sequence[Tensor]  # a composition's parameters are spelled Tensor and Tensors: it gets what the caller gave
Scalar = float
SymInt = int  # a size or a place, which PyTorch may trace as a symbol
Dim = int
Dims = tuple[int, ...]
Ints = tuple[int, ...]
Sizes = tuple[int, ...]
Single = tuple[int]
Pair = tuple[int, int]
Triple = tuple[int, int, int]
DType = dtype
Layout = layout
Device = Any
MemoryFormat = Any
Generator = RandomGenerator
Object = Any
Bools = tuple[bool, bool, bool]
Floats = Sequence[float]
Scalars = Sequence[float]
Storage = Any
Options = Any  # `**options: Options`: the keywords that all factories take; see signature.py
OutOptions = Any
OlderOptions = Any

CLASSES = frozenset({Tensor, Parameter})  # what the straight lines take; subclasses by users go the general way
NUMBERS = (int, float, complex, np.number, np.bool_)


class Kind(NamedTuple):
    """One kind of parameter."""

    says: str  # in PyTorch's messages
    schema: str  # in PyTorch's schemas
    stub: str  # in the type stub
    fits: Callable[[Any], bool]
    usual: str  # source of a cheap test that the usual value passes, which then needs no conversion; {0} is the value
    convert: Callable[[Any], Any] | None = None  # a fitting value, as the kernel gets it
    is_tensor: bool = False
    is_ints: bool = False
    length: int = 0  # of a list of ints that may be given as one int


type_name = c_type_name  # a value's type as PyTorch's messages print it


def is_number(value: Any) -> bool:
    """Whether it is a Python or NumPy number, bools among them."""
    return isinstance(value, NUMBERS)


def is_integer(value: Any) -> bool:
    """Whether it is an integer and no bool: or says that it stands for one, as an array of NumPy's without dimensions does."""
    if isinstance(value, (int, np.integer)):
        return not isinstance(value, bool)
    if isinstance(value, (str, float, list, tuple, Tensor)) or not hasattr(value, "__index__"):
        return False
    try:
        operator.index(value)
    except TypeError:
        return False
    return True


def is_index(value: Any) -> bool:
    """Whether it may be one of a list of ints: an integer, or a tensor that holds one."""
    return is_integer(value) or (
        isinstance(value, Tensor) and value._array.size == 1 and value._array.dtype.kind in "iub"
    )


def _is_number_tensor(value: Any) -> bool:
    return isinstance(value, Tensor) and not value._array.ndim and not value.requires_grad


def int64_of(value: Any) -> int:
    """A Python integer from an integer or a tensor with one. Raises ValueError past 64 bits."""
    found = int(value.item()) if isinstance(value, Tensor) else int(value)
    require_int64(found)
    return found


def _python_number(value: Any) -> Any:
    """NumPy's number as Python's: its bools are no bools in Python, and PyTorch takes them for floats."""
    return float(value) if isinstance(value, np.bool_) else value.item()


def number(value: Any) -> Any:
    """A Python number from a number or a tensor without dimensions."""
    if isinstance(value, Tensor):
        return value._array.item()
    if isinstance(value, (np.number, np.bool_)):
        return _python_number(value)
    if isinstance(value, int):
        require_64_bits(value)
    return value


def _real_number(value: Any) -> Any:
    """As `number`, of what C++ takes as a double: an integer may have any size, and is none any more; complex is real."""
    found = value if isinstance(value, int) else number(value)
    if isinstance(found, complex):
        if found.imag:
            raise RuntimeError("value cannot be converted to type double without overflow")
        return found.real
    return float(found) if isinstance(found, int) else found


PYTHON_TYPES = {float: float64, int: int64, bool: bool_, complex: complex128}  # what stands for a dtype


def _is_dtype(value: Any) -> bool:
    return isinstance(value, dtype) or (isinstance(value, type) and value in PYTHON_TYPES)


def _operand(value: Any) -> Any:
    return value if isinstance(value, Tensor) else number(value)


def _no(_value: Any) -> bool:
    return False


def _ints(length: int) -> Callable[[Any], tuple[int, ...]]:
    def convert(value: Any) -> tuple[int, ...]:
        if is_index(value):
            return (int64_of(value),) * length
        return tuple([int(each) for each in value])

    return convert


def _each(convert: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda values: tuple([convert(each) for each in values])


def _int_list(schema: str, length: int = 0) -> Kind:
    stub = "Sequence[int]" if not length else "int | Sequence[int]"
    usual = _LIST if length > 1 else f"({_LIST} or {{0}}.__class__ is Size)"
    return Kind("tuple of ints", schema, stub, _no, usual, _ints(max(length, 1)), is_ints=True, length=length)


_LIST = "({0}.__class__ is tuple or {0}.__class__ is list)"
_TENSOR = "({0}.__class__ is Tensor or {0}.__class__ in CLASSES)"
# A larger integer is refused by the conversion, before anything else is looked at.
_NUMBER = "({0}.__class__ is float or ({0}.__class__ is int and -(2**63) <= {0} < 2**64))"

_INTEGER = "({0}.__class__ is int and -(2**63) <= {0} < 2**63)"

KINDS = {
    "Array": Kind("Tensor", "Tensor", "Tensor", lambda v: isinstance(v, Tensor), _TENSOR, is_tensor=True),
    # Where PyTorch takes numbers as tensors: add, sub, mul, div.
    "Operand": Kind(
        "Tensor", "Tensor", "Tensor | float", lambda v: isinstance(v, Tensor) or is_number(v), _TENSOR, _operand, True
    ),
    "Arrays": Kind(
        "tuple of Tensors", "Tensor[]", "Sequence[Tensor]", lambda v: isinstance(v, (list, tuple)), _LIST, tuple, True
    ),
    "OptionalArrays": Kind(
        "tuple of Tensors", "Tensor?[]", "Sequence[Tensor | None]", lambda v: isinstance(v, (list, tuple)), _LIST, tuple,
        True,
    ),
    "Scalar": Kind("Number", "Scalar", "float", lambda v: is_number(v) or _is_number_tensor(v), _NUMBER, number),
    "float": Kind(
        "float", "float", "float", lambda v: isinstance(v, (int, float, np.number)) or _is_number_tensor(v),
        "({0}.__class__ is float or ({0}.__class__ is int and -(2**53) <= {0} <= 2**53))", _real_number,
    ),
    "int": Kind(
        "int", "int", "int",
        lambda v: is_integer(v) or (_is_number_tensor(v) and v._array.dtype.kind in "iu"),
        _INTEGER, int64_of,
    ),
    # The one difference from "int" that shows: a tensor with one integer may have dimensions.
    "SymInt": Kind(
        "int", "int", "int",
        lambda v: is_integer(v) or (isinstance(v, Tensor) and v._array.size == 1 and v._array.dtype.kind in "iu"),
        _INTEGER, int64_of,
    ),
    "bool": Kind("bool", "bool", "bool", lambda v: isinstance(v, bool), "({0} is True or {0} is False)"),
    "str": Kind("str", "str", "str", lambda v: isinstance(v, str), "{0}.__class__ is str"),
    "Dims": _int_list("int[1]", 1),
    "Ints": _int_list("int[]"),
    "Sizes": _int_list("int[]"),
    "Single": _int_list("int[1]", 1),
    "Pair": _int_list("int[2]", 2),
    "Triple": _int_list("int[3]", 3),
    "DType": Kind(
        "torch.dtype", "ScalarType", "dtype", _is_dtype, "{0}.__class__ is dtype",
        lambda v: v if isinstance(v, dtype) else PYTHON_TYPES[v],
    ),
    "Layout": Kind("torch.layout", "Layout", "Any", lambda v: isinstance(v, layout), ""),
    "Device": Kind("torch.device", "Device", "device | str", lambda v: isinstance(v, (str, device)) or is_integer(v),
        "({0}.__class__ is str or {0}.__class__ is device)",
    ),
    "MemoryFormat": Kind(
        "torch.memory_format", "MemoryFormat", "Any", lambda v: type(v).__name__ == "memory_format", ""
    ),
    "Generator": Kind(
        "torch.Generator", "Generator", "Generator", lambda v: isinstance(v, RandomGenerator),
        "{0}.__class__ is Generator",
    ),
    "Bools": Kind(
        "tuple of bools", "bool[3]", "Sequence[bool]", lambda v: isinstance(v, (list, tuple)), "{0}.__class__ is tuple", tuple
    ),
    "Floats": Kind(
        "tuple of floats", "float[]", "Sequence[float]",
        lambda v: isinstance(v, (list, tuple)) and (not v or is_number(v[0])), "", _each(_real_number),
    ),
    "Scalars": Kind(
        "tuple of Scalars", "Scalar[]", "Sequence[float]",
        lambda v: isinstance(v, (list, tuple)) and all(is_number(each) for each in v), "", _each(number),
    ),
    "Storage": Kind("torch.Storage", "Storage", "TypedStorage | UntypedStorage", is_storage, ""),
    "Object": Kind("object", "Any", "Any", lambda _v: True, "{0} is not M"),
}  # fmt: skip
# A dimension arrives at the kernel counted from the front of the first tensor, which refuses what has more than 64 bits.
KINDS["Dim"] = KINDS["int"]._replace(usual="{0}.__class__ is int")
