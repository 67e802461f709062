"""Indexing, taken apart: what `t[index]` means for a shape, before anything is done to a tensor.

`parse` turns an index into a `Plan`: the view steps that PyTorch makes graph nodes of, then at most one gather by index
tensors. `locate` turns those index tensors into what a kernel needs: NumPy's index and the result's shape and strides.
Rests on tensor and strides; the indexing ops carry the plans out.
"""

from __future__ import annotations

import math
import operator
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from autogradkit.core.batched import BatchedTensor
from autogradkit.core.errors import c_type_name
from autogradkit.core.integers import require_int64
from autogradkit.core.recording import reported
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.storage import Array
from autogradkit.core.strides import contiguous_strides, element_strides, expand_strides, output_strides, view_strides
from autogradkit.core.tensor import Tensor, wrap

Step = tuple[Any, ...]  # ("select", dim, index), ("slice", dim, start, end, step) or ("unsqueeze", dim)
Ints = tuple[int, ...]


class Plan(NamedTuple):
    """View steps in order, then the index tensors: one per leading dimension of what the steps left, None for all."""

    steps: tuple[Step, ...]
    indices: tuple[Tensor | None, ...]


class Location(NamedTuple):
    """Where index tensors point: NumPy's index for it, and the geometry of what is found there."""

    numpy_index: tuple[Any, ...]
    shape: Ints
    strides: Ints


# -- parsing ----------------------------------------------------------------------------------------------------------


def parse(index: Any, shape: Ints) -> Plan:
    """What `index` means for a tensor of `shape`.

    Raises IndexError, TypeError or ValueError with PyTorch's texts.

    >>> parse((0, slice(1, 3), None), (4, 5))
    Plan(steps=(('select', 0, 0), ('slice', 0, 1, 3, 1), ('unsqueeze', 1)), indices=())
    """
    if index is None:
        return Plan((("unsqueeze", 0),), ())
    if isinstance(index, slice):
        bounds = _unpack_slice(cast("slice[Any, Any, Any]", index))
        if not shape:
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        return Plan((("slice", 0, *bounds),), ())
    if _is_integer(index) and not isinstance(index, np.ndarray):
        return Plan((_select(shape, 0, index, 0),), ())
    return _Parser(shape).run(_as_tuple(index))


class _Parser:
    """The state of one parse: the shape so far, the dimension reached, and what was found."""

    def __init__(self, shape: Ints) -> None:
        self.original = shape
        self.shape = shape
        self.dim = 0
        self.covered = 0  # how many dimensions `indices` speak of; a mask speaks of several
        self.steps: list[Step] = []
        self.indices: list[Tensor | None] = []

    def run(self, items: tuple[Any, ...]) -> Plan:
        specified = sum(map(_dims_specified, items))
        if specified > len(self.shape):
            raise IndexError(f"too many indices for tensor of dimension {len(self.shape)}")
        for place, item in enumerate(items):
            if isinstance(item, Tensor):
                self.tensor(item, place)
            elif item is None:
                self.unsqueeze()
            elif item is Ellipsis:
                self.dim += len(self.original) - specified
            elif isinstance(item, bool):
                self.boolean(item)
            elif isinstance(item, slice):
                self.slice(cast("slice[Any, Any, Any]", item))
            elif _is_integer(item):
                self.select(item, place)
            elif _is_sequence(item):
                self.tensor(index_tensor(item), place)
            else:
                raise IndexError(
                    "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
                    f"(got {_type_name(item)})"
                )
        return Plan(tuple(self.steps), tuple(self.indices))

    def select(self, index: Any, place: int) -> None:
        self.steps.append(_select(self.shape, self.dim, index, place))
        self.shape = self.shape[: self.dim] + self.shape[self.dim + 1 :]

    def slice(self, item: slice) -> None:
        start, end, step = _unpack_slice(item)
        size = self.shape[self.dim]
        if (start, step) != (0, 1) or end < size:
            self.steps.append(("slice", self.dim, start, end, step))
            found = len(range(*slice(start, end, step).indices(size)))
            self.shape = (*self.shape[: self.dim], found, *self.shape[self.dim + 1 :])
        self.dim += 1

    def unsqueeze(self) -> None:
        self.steps.append(("unsqueeze", self.dim))
        self.shape = (*self.shape[: self.dim], 1, *self.shape[self.dim :])
        self.dim += 1

    def boolean(self, value: bool) -> None:
        """True keeps a new dimension of size 1, False empties it."""
        self.unsqueeze()
        self.dim -= 1
        self.record(index_tensor([0] if value else []))

    def tensor(self, item: Tensor, place: int) -> None:
        kind = item._array.dtype
        if item._array.ndim or kind.kind not in "iub" or item.__class__ is BatchedTensor:
            self.record(item)
        elif kind == np.bool_ or kind == np.uint8:
            self.boolean(bool(item._array))
        else:
            self.select(int(item._array), place)

    def record(self, index: Tensor) -> None:
        self.indices += [None] * (self.dim - self.covered)
        self.indices.append(index)
        self.dim += _dims_specified(index)
        self.covered = self.dim


def _select(shape: Ints, dim: int, index: Any, place: int) -> Step:
    index, size = operator.index(index), shape[dim] if shape else 0
    require_int64(index)
    if not shape and index == 0:
        raise IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a "
            "0-dim tensor to a number"
        )
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for dimension {place} with size {size}")
    return ("select", dim, index)


def _unpack_slice(item: slice) -> tuple[int, int, int]:
    step = _slice_bound(item.step, 1)
    if step == 0:
        raise ValueError("slice step cannot be zero")
    if step < 0:
        raise ValueError("step must be greater than zero")
    return _slice_bound(item.start, 0), _slice_bound(item.stop, sys.maxsize), step


def _slice_bound(bound: Any, otherwise: int) -> int:
    if bound is None:
        return otherwise
    if not hasattr(bound, "__index__"):
        raise TypeError("slice indices must be integers or None or have an __index__ method")
    return max(-sys.maxsize - 1, min(sys.maxsize, operator.index(bound)))


def _as_tuple(index: Any) -> tuple[Any, ...]:
    if isinstance(index, tuple):
        return cast("tuple[Any, ...]", index)
    if isinstance(index, Tensor) or index.__class__ is np.ndarray or not _is_sequence(index) or len(index) >= 32:
        return (index,)
    if any(
        each is None or each is Ellipsis or isinstance(each, slice | Tensor) or _is_sequence(each) for each in index
    ):
        warnings.warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch "
            "2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, "
            "x[torch.tensor(seq)], which will result either in an error or a different result",
            UserWarning,
            stacklevel=4,
        )
        return tuple(index)
    return (index,)


def _dims_specified(item: Any) -> int:
    if isinstance(item, Tensor):
        return item._array.ndim if item._array.dtype == np.bool_ or item._array.dtype == np.uint8 else 1
    return 0 if item is None or item is Ellipsis or isinstance(item, bool) else 1


def _is_integer(item: Any) -> bool:
    if isinstance(item, int | np.integer):
        return not isinstance(item, bool)
    return isinstance(item, np.ndarray) and not cast(Array, item).ndim and cast(Array, item).dtype.kind in "iu"


def _is_sequence(item: Any) -> bool:
    return hasattr(item, "__getitem__") and hasattr(item, "__len__") and not isinstance(item, dict)


def _type_name(item: Any) -> str:
    kind = cast("type[Any]", type(item))
    return f"numpy.{kind.__name__}" if kind.__module__ == "numpy" else kind.__name__


# -- index tensors from other data ------------------------------------------------------------------------------------


def index_tensor(data: Any) -> Tensor:
    """A list, range or ndarray as an index tensor: bool and uint8 stay, every other type becomes int64."""
    array = _index_array(data)

    def made(_: Any) -> Tensor:
        return wrap(array)

    return reported("tensor", "create", made, data)


def _index_array(data: Any) -> Array:
    if isinstance(data, np.ndarray):
        array = cast(Array, data)
        if array.dtype.kind not in "fciub":
            raise TypeError(
                f"can't convert np.ndarray of type numpy.{array.dtype.type.__name__}. The only supported types are: "
                "float64, float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, "
                "uint8, and bool."
            )
        keeps = array.dtype == np.bool_ or array.dtype == np.uint8
        return array if keeps else array.astype(np.int64)
    shape: list[int] = []
    first = data
    while _is_sequence(first) and not isinstance(first, str | bytes):
        shape.append(len(first))
        if not len(first):
            break
        first = first[0]
    flat = _flatten(data, shape, 0)
    if flat and all(isinstance(each, bool | np.bool_) for each in flat):
        return np.array(flat, np.bool_).reshape(shape)
    return np.array([_to_int64(each) for each in flat], np.int64).reshape(shape)


def _flatten(data: Any, shape: Sequence[int], depth: int) -> list[Any]:
    if depth == len(shape):
        return [data.item() if isinstance(data, Tensor | np.generic) else data]
    if not _is_sequence(data):
        raise TypeError("not a sequence")
    if len(data) != shape[depth]:
        raise ValueError(f"expected sequence of length {shape[depth]} at dim {depth} (got {len(data)})")
    return [each for part in data for each in _flatten(part, shape, depth + 1)]


def _to_int64(value: Any) -> int:
    if isinstance(value, str | bytes):
        raise TypeError(f"new(): invalid data type '{type(value).__name__}'")
    if isinstance(value, int | float):
        require_int64(value)
        return int(value)
    if _is_sequence(value) or isinstance(value, complex):
        raise TypeError(f"'{type(value).__name__}' object cannot be interpreted as an integer")
    raise RuntimeError(f"Could not infer dtype of {c_type_name(value)}")


# -- where index tensors point ----------------------------------------------------------------------------------------


def locate(indices: Sequence[Array | None], shape: Ints, strides: Ints, *, bounded: bool = True) -> Location:
    """Where `indices` point in a tensor of `shape` and `strides`, and the geometry of a copy of what is there.

    Where the index tensors stand side by side their broadcast shape takes the place of the dimensions that they index;
    else it comes first. Raises IndexError with PyTorch's texts; unless `bounded` indices may reach outside.
    """
    expanded = _expand_masks(indices, shape)
    if len(expanded) > len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)} (got {len(expanded)})")
    expanded += [None] * (len(shape) - len(expanded))
    dims = [dim for dim, index in enumerate(expanded) if index is not None]
    arrays = [index for index in expanded if index is not None]
    places = _broadcast_indices(arrays)
    sizes = [shape[dim] for dim in dims]
    if 0 in sizes and 0 not in places:
        raise IndexError("index is out of bounds for dimension with size 0")

    adjacent = dims[-1] - dims[0] == len(dims) - 1
    rest = [dim for dim in range(len(shape)) if dim not in dims]
    before = [dim for dim in rest if adjacent and dim < dims[0]]
    after = [dim for dim in rest if dim not in before]
    out_shape = (*(shape[d] for d in before), *places, *(shape[d] for d in after))
    source = (*(strides[d] for d in before), *(0 for _ in places), *(strides[d] for d in after))
    operands = [(out_shape, source)]
    for array in arrays:
        around = (1,) * len(before) + places + (1,) * len(after)
        spread = expand_strides(array.shape, element_strides(array), places)
        operands.append((around, view_strides(places, spread, around) or contiguous_strides(around)))
    if bounded and math.prod(out_shape):
        _check_bounds(arrays, sizes, places)
    numpy_index = tuple(slice(None) if index is None else index for index in expanded)
    return Location(numpy_index, out_shape, output_strides(operands, out_shape))


_INDEX_DTYPES = frozenset(map(np.dtype, (np.int64, np.int32, np.uint8, np.bool_)))


def _expand_masks(indices: Sequence[Array | None], shape: Ints) -> list[Array | None]:
    """Every boolean index replaced by the positions where it is true, one index for each of its dimensions."""
    expanded: list[Array | None] = []
    if any(index is not None and index.dtype not in _INDEX_DTYPES for index in indices):
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    for index in indices:
        if index is None:
            expanded.append(None)
        elif index.dtype == np.bool_ or index.dtype == np.uint8:
            if index.dtype == np.uint8:
                warnings.warn(
                    "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.",
                    UserWarning,
                    stacklevel=7,
                )
            for dim, size in enumerate(index.shape):
                target = wrap_dim(len(expanded) + dim, len(shape))
                if size != shape[target]:
                    raise IndexError(
                        f"The shape of the mask {list(index.shape)} at index {dim} does not match the shape of the "
                        f"indexed tensor {list(shape)} at index {target}"
                    )
            expanded += np.nonzero(index)
        else:
            expanded.append(index)
    return expanded


def _broadcast_indices(arrays: Sequence[Array]) -> Ints:
    try:
        return np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError:
        shapes = ", ".join(str(list(array.shape)) for array in arrays)
        raise IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}"
        ) from None


def _check_bounds(arrays: Sequence[Array], sizes: Sequence[int], places: Ints) -> None:
    """Raise IndexError for the first place, in row-major order, where some index reaches outside."""
    wrong: list[tuple[int, int, int, int]] = []
    for number, (array, size) in enumerate(zip(arrays, sizes, strict=True)):
        if array.size and (array.min() < -size or array.max() >= size):
            spread = np.broadcast_to(array, places)
            position = int(np.flatnonzero((spread < -size) | (spread >= size))[0])
            wrong.append((position, number, int(spread.flat[position]), size))
    if wrong:
        _, number, value, size = min(wrong)
        raise IndexError(f"index {value} is out of bounds for dimension {number} with size {size}")
