"""What nested sequences, arrays and numbers hold, as a new array: its dtype, its sizes, its elements.

Rests on core; data.py and constructors.py use it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any, cast

import numpy as np

from autogradkit._ops.making.scalars import fits
from autogradkit.core import dtype as dtypes
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import dtype_of_number, from_numpy_dtype, get_default_dtype, promote_types
from autogradkit.core.errors import c_type_name
from autogradkit.core.halves import convert
from autogradkit.core.memory import noted
from autogradkit.core.quiet import quietly
from autogradkit.core.sparse import SparseArray
from autogradkit.core.storage import Array
from autogradkit.core.strides import dense_strides_like, element_strides, empty_array, empty_strided
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn_once


def array_from(data: Any, dtype: Dtype | None) -> Array:
    """A new array with the contents of `data`, in the dtype that they have where none is given.

    Of an array it keeps the order in which the dimensions lie in memory.
    """
    strides: tuple[int, ...] | None = None
    given = data
    if isinstance(data, Tensor):
        data = data._array
    if isinstance(data, SparseArray):
        copied: Any = data.with_values(data.values.astype(data.dtype if dtype is None else dtype.numpy))
        return copied  # stands for an array
    elif isinstance(given, np.ndarray) and not data.size:
        strides = (0,) * data.ndim  # as in NumPy
    if isinstance(data, np.ndarray | np.generic) and not (isinstance(data, np.generic) and _is_whole(dtype)):
        if isinstance(data, np.ndarray):
            require_layout(data)
        kind = from_numpy_dtype(data.dtype) if dtype is None else dtype
        if strides is None:
            strides = dense_strides_like(data.shape, element_strides(data)) if isinstance(data, np.ndarray) else ()
        array = noted(empty_strided(data.shape, strides, kind.numpy))
        quietly(convert, np.asarray(data), array)
        return array
    if hasattr(data, "__dlpack__"):
        return array_from(np.from_dlpack(cast("Any", data)), dtype)
    if isinstance(data, range):
        data = list(data)
    if isinstance(data, str | bytes):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    data = _listed(data)
    shape = _infer_shape(data)
    try:
        kind = _infer_dtype(data) if dtype is None else dtype
    except RecursionError:
        raise TypeError("new(): self-referential lists are incompatible") from None
    elements: list[Any] = []
    if 0 not in shape:
        _flatten(data, shape, 0, elements, kind)
    array = empty_array(shape, kind.numpy)
    try:
        numbers = _read(elements, kind)
        if kind is dtypes.float16:
            numbers = quietly(np.asarray, numbers, np.float32)  # rounded twice, as in PyTorch
        quietly(operator.setitem, array.reshape(-1), slice(None), numbers)
    except OverflowError:
        if kind is dtypes.uint64:
            raise
        raise ValueError("Overflow when unpacking long long") from None
    return array


def _is_whole(kind: Dtype | None) -> bool:
    """Whether a dtype was asked for that has no fractions."""
    return kind is not None and kind.category in (dtypes.INTEGRAL, dtypes.BOOL)


def element_from(value: Any, kind: Dtype) -> Any:
    """A number, or what holds a single one, as an element of that dtype."""
    elements: list[Any] = []
    _flatten(value, (), 0, elements, kind)
    [element] = _read(elements, kind)
    return element


def require_layout(array: Array) -> None:
    """Raise ValueError for steps and orders of bytes that no tensor has, TypeError for dtypes."""
    strides, itemsize = array.strides, array.itemsize
    if math.gcd(*strides) % itemsize:
        raise ValueError(
            "given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate the "
            "memory."
        )
    if strides and min(strides) < 0:
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not currently "
            "supported. (You can probably work around this by making a copy of your array  with array.copy().) "
        )
    if not array.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
            "currently not supported."
        )
    from_numpy_dtype(array.dtype)


def _read(elements: list[Any], kind: Dtype) -> Any:
    """The elements as NumPy takes them; they are looked at one by one only where their classes are unusual."""
    classes = {each.__class__ for each in elements}
    if kind.category != dtypes.INTEGRAL:
        if classes <= {float, int, bool}:
            return elements
    elif classes <= {int, bool} and kind is not dtypes.uint64:
        wide = np.array(elements, np.int64)
        if not elements or (fits(int(wide.min()), kind) and fits(int(wide.max()), kind)):
            return wide
    read = _READERS[kind.category]
    return [read(element, kind) for element in elements]


_NUMBERS = {bool, int, float, complex}
_REALS = (int, float, np.integer, np.floating, np.bool_)


def _no_whole_number(element: Any) -> TypeError:
    if isinstance(element, np.ndarray):
        return TypeError("only integer scalar arrays can be converted to a scalar index")
    return TypeError(f"'{c_type_name(element)}' object cannot be interpreted as an integer")


def _whole(element: Any, kind: Dtype) -> Any:
    if not isinstance(element, (int, float, np.integer)):  # NumPy's bools and shorter floats are none, as in PyTorch
        raise _no_whole_number(element)
    number = element.item() if isinstance(element, np.generic) else element
    if kind is dtypes.uint64:
        return _without_sign(element)
    if not fits(number, kind):
        if kind is dtypes.int64 and isinstance(number, int):
            raise ValueError("Overflow when unpacking long long")
        raise RuntimeError(f"value cannot be converted to type {kind.name} without overflow")
    return np.asarray(number).astype(np.int64).astype(kind.numpy)


def _without_sign(number: Any) -> Any:
    if not isinstance(number, int):
        raise TypeError("an integer is required")
    if number < 0:
        raise OverflowError("can't convert negative int to unsigned")
    if number >= 2**64:
        raise OverflowError("int too big to convert")
    return np.uint64(number)


def _truth(element: Any, kind: Dtype) -> Any:
    if not isinstance(element, (int, float, complex, np.integer, np.bool_)):
        raise _no_whole_number(element)
    return element


def _real(element: Any, kind: Dtype) -> Any:
    if isinstance(element, np.ndarray):
        return float(element)  # which NumPy refuses, unless it holds one number
    if not isinstance(element, _REALS):
        raise TypeError(f"must be real number, not {c_type_name(element)}")
    return element


def _complex(element: Any, kind: Dtype) -> Any:
    return element if isinstance(element, (complex, np.complexfloating)) else _real(element, kind)


# How an element is read, by the category of the dtype.
_READERS = {dtypes.BOOL: _truth, dtypes.INTEGRAL: _whole, dtypes.FLOATING: _real, dtypes.COMPLEX: _complex}


_MOST_DIMENSIONS = 128


def _listed(data: Any) -> Any:
    """Sequences of the user's own classes as lists, within others too where one of them comes first.

    Raises ValueError for one that has no element 0, TypeError for one that holds itself; what it raises itself goes through.
    """
    first = data
    for _ in range(_MOST_DIMENSIONS):
        if is_users_sequence(first):
            return _as_lists(data, ())
        if not isinstance(first, Sequence) or isinstance(first, (str, bytes)) or not first:
            return data
        first = first[0]
    return data


def is_users_sequence(value: Any) -> bool:
    """Whether it goes by `value[i]`, as a column of a table does, and is none of the kinds that are known.

    What it gives to NumPy, by `__array__`, is not asked for: as in PyTorch its elements count.
    """
    known = isinstance(value, (Sequence, dict, Tensor, np.ndarray, np.generic, type))
    return not known and hasattr(type(value), "__getitem__")


def _as_lists(data: Any, within: tuple[int, ...]) -> Any:
    if id(data) in within:
        raise TypeError("new(): self-referential lists are incompatible")
    if not isinstance(data, (list, tuple)):
        if not is_users_sequence(data):
            return data
        if not len(data):
            return []
        try:
            data[0]
        except Exception:  # whatever it is, the user's class has no first element
            raise ValueError(f"could not determine the shape of object type '{type(data).__name__}'") from None
    elements = list(data)
    for at in range(len(elements), len(data)):
        data[at]  # which raises, where its iterator had ended
    return [_as_lists(each, (*within, id(data))) for each in elements]


def _infer_shape(data: Any) -> tuple[int, ...]:
    shape: list[int] = []
    while isinstance(data, Sequence):
        if len(shape) == _MOST_DIMENSIONS:
            raise ValueError(f"too many dimensions '{type(data).__name__}'")
        if isinstance(data, str) and data:
            raise ValueError("too many dimensions 'str'")
        shape.append(len(data))
        if not data:
            break
        data = data[0]
    if isinstance(data, np.ndarray):
        if not data.ndim:
            raise TypeError("len() of unsized object")
        if data.dtype.kind in "SU" and data.size:
            raise ValueError("too many dimensions 'str'")
        shape += data.shape
    return tuple(shape)


def _infer_dtype(data: Any) -> Dtype:
    if isinstance(data, Tensor):
        return data.dtype
    if isinstance(data, np.ndarray | np.generic):
        return from_numpy_dtype(data.dtype)
    if isinstance(data, bool | int | float | complex):
        return dtype_of_number(data)
    if isinstance(data, str | bytes):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    if not isinstance(data, Sequence):
        raise RuntimeError(f"Could not infer dtype of {c_type_name(data)}")
    if not data:
        return get_default_dtype()
    classes = {each.__class__ for each in data}
    # One number of each class says it all.
    return reduce(promote_types, map(_infer_dtype, [each() for each in classes] if classes <= _NUMBERS else data))


def _require_number(array: Array, kind: Dtype, can_be: str, whole: str) -> None:
    """Raise TypeError where whole numbers or bools are wanted and what has none stands among them, RuntimeError for complex ones.

    `whole` has the kinds of dtype that are whole numbers: of a tensor bools are, of an array they are not.
    """
    if _is_whole(kind):
        if array.dtype.kind not in whole:
            raise TypeError(f"only integer {can_be}")
    elif array.dtype.kind == "c" and kind.category == dtypes.FLOATING:
        raise RuntimeError("value cannot be converted to type double without overflow")


def _flatten(data: Any, shape: tuple[int, ...], dim: int, into: list[Any], kind: Dtype) -> None:
    """The elements of nested sequences in order, for that dtype. Raises ValueError where they are not rectangular."""
    if dim == len(shape):
        if isinstance(data, Tensor):
            if data.numel() != 1:
                if _is_whole(kind):
                    raise TypeError("only integer tensors of a single element can be converted to an index")
                raise ValueError("only one element tensors can be converted to Python scalars")
            _require_number(data._array, kind, "tensors of a single element can be converted to an index", "biu")
            data = data._array.item()
        if isinstance(data, np.ndarray) and data.ndim == 0:
            _require_number(data, kind, "scalar arrays can be converted to a scalar index", "iu")
            data = data.item()
        into.append(data)
        return
    if isinstance(data, np.ndarray):
        seen = _is_whole(kind) and data.dtype.kind not in "iuO"  # what kind of number an element is counts there
        data = [*data] if seen else data.tolist()
    elif isinstance(data, Tensor) and data.dim():  # beside lists: the first of them said what the dimensions are
        data = list(data)
    if not isinstance(data, Sequence):
        raise TypeError("not a sequence")
    if len(data) != shape[dim]:
        raise ValueError(f"expected sequence of length {shape[dim]} at dim {dim} (got {len(data)})")
    if dim + 1 == len(shape) and {each.__class__ for each in data} <= _NUMBERS:
        into.extend(data)  # `+=` would ask a class of the user's for `__radd__`
        return
    if (data.__class__ is list or data.__class__ is tuple) and np.ndarray in set(
        map(type, data)
    ):  # in C: it may be long
        warn_once(
            "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the list to a "
            "single numpy.ndarray with numpy.array() before converting to a tensor."
        )
    for item in data:
        _flatten(item, shape, dim + 1, into, kind)
