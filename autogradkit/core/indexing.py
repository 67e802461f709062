"""Indexing, taken apart: what `t[index]` means for a shape, before anything is done to a tensor.

`parse` turns an index into a `Plan`: the view steps that PyTorch makes graph nodes of, then at most one gather by index
tensors. Rests on tensor; the indexing ops carry the plans out. Where index tensors point, `locations` says.
"""

from __future__ import annotations

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
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.warning import warn

Step = tuple[Any, ...]  # ("select", dim, index), ("slice", dim, start, end, step) or ("unsqueeze", dim)
Ints = tuple[int, ...]


class Plan(NamedTuple):
    """View steps in order, then the index tensors: one per leading dimension of what the steps left, None for all."""

    steps: tuple[Step, ...]
    indices: tuple[Tensor | None, ...]


# -- parsing ----------------------------------------------------------------------------------------------------------


def parse(index: Any, shape: Ints) -> Plan:
    """What `index` means for a tensor of `shape`.

    Raises IndexError, TypeError or ValueError with PyTorch's texts.

    >>> parse((0, slice(1, 3), None), (4, 5))
    Plan(steps=(('select', 0, 0), ('slice', 0, 1, 3, 1), ('unsqueeze', 1)), indices=())
    """
    if index is None:
        return _NEW_FIRST
    if index.__class__ is tuple:
        steps = _plain_steps(index, shape)
        if steps is not None:
            return Plan(steps, ())
    elif index.__class__ is Tensor:
        kind = index._array.dtype
        if index._array.ndim and shape and (kind is _PLACES or (kind is _BOOLS and index._array.shape == shape)):
            return Plan((), (index,))
    elif isinstance(index, slice):
        bounds = bounds_of(cast("slice[Any, Any, Any]", index))
        if not shape:
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        return Plan((("slice", 0, *bounds),), ())
    if _is_integer(index) and not isinstance(index, np.ndarray):
        return Plan((_select(shape, 0, index, 0),), ())
    return _Parser(shape).run(_as_tuple(index))


_PLACES, _BOOLS = np.dtype(np.int64), np.dtype(np.bool_)
_NEW_FIRST = Plan((("unsqueeze", 0),), ())
_FAR = 1 << 62  # further no bound of a slice reaches that need not be looked at closely


def _plain_steps(items: tuple[Any, ...], shape: Ints) -> tuple[Step, ...] | None:
    """The steps of Python's own integers, slices, None and one `...`, within the sizes, as `_Parser` finds them.

    None for all else.
    """
    steps: list[Step] = []
    dim = reached = 0
    for place, item in enumerate(items):
        kind = item.__class__
        if item is None:
            steps.append(("unsqueeze", dim))
            dim += 1
            continue
        if item is Ellipsis:
            after = [each for each in items[place + 1 :] if each is not None]
            passed = len(shape) - reached - len(after)
            if passed < 0 or any(each is Ellipsis for each in after):
                return None
            dim += passed
            reached += passed
            continue
        if reached == len(shape):
            return None
        size = shape[reached]
        reached += 1
        if kind is int:
            if not -size <= item < size:
                return None
            steps.append(("select", dim, item))
        elif kind is slice:
            start, end, step = item.start, item.stop, item.step
            start = 0 if start is None else start
            end = sys.maxsize if end is None else end
            step = 1 if step is None else step
            if not (start.__class__ is end.__class__ is step.__class__ is int and step > 0 and -_FAR < start < _FAR):
                return None
            if start or step != 1 or end < size:
                if not (end == sys.maxsize or -_FAR < end < _FAR) or step > _FAR:
                    return None
                steps.append(("slice", dim, start, end, step))
            dim += 1
        else:
            return None
    return tuple(steps)


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
        start, end, step = bounds_of(item)
        size = self.shape[self.dim] if self.dim < len(self.shape) else 0  # several `...` lead beyond the last
        if (start, step) != (0, 1) or end < (size if self.dim <= len(self.shape) else sys.maxsize):
            wrap_dim(self.dim, len(self.shape))
            self.steps.append(("slice", self.dim, start, end, step))
            found = len(range(*slice(start, end, step).indices(size)))
            self.shape = (*self.shape[: self.dim], found, *self.shape[self.dim + 1 :])
        self.dim += 1

    def unsqueeze(self) -> None:
        wrap_dim(self.dim, len(self.shape) + 1)
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
    index, size = operator.index(index), shape[dim] if dim < len(shape) else 0
    require_int64(index)
    if dim > len(shape):  # to where several `...` lead
        wrap_dim(dim, len(shape))
    if not shape and index == 0:
        raise IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a "
            "0-dim tensor to a number"
        )
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for dimension {place} with size {size}")
    return ("select", dim, index)


def bounds_of(item: slice) -> tuple[int, int, int]:
    """Start, end and step of a slice, the end far behind all sizes where it has none.

    Raises TypeError for what is no integer, ValueError for steps that do not lead forward.
    """
    start, end, step = item.start, item.stop, item.step
    if step is None and (start is None or start.__class__ is int) and end.__class__ is int:
        start = start or 0
        if -_FAR < start < _FAR and -_FAR < end < _FAR:
            return start, end, 1
    step = _slice_bound(item.step, 1)
    if step == 0:
        raise ValueError("slice step cannot be zero")
    start, end = _slice_bound(item.start, 0), _slice_bound(item.stop, sys.maxsize)
    if min(start, end, step) < -_FAR:
        warn(
            "Truncating the start/stop/step of slice. This is likely because of saved old models when the start/stop/step "
            "were larger."
        )
    if step < 0:
        raise ValueError("step must be greater than zero")
    return max(start, -_FAR), max(end, -_FAR), step


def _slice_bound(bound: Any, otherwise: int) -> int:
    if bound is None:
        return otherwise
    if bound.__class__ is int and -_FAR < bound < _FAR:
        return bound
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
    return f"numpy.{kind.__name__}" if getattr(kind, "__module__", None) == "numpy" else kind.__name__


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
