"""Which tensors look at which memory: headers, storages and the cell behind every element.

Rests on `strided` and on public tensor attributes only (`shape`, `stride()`, `storage_offset()`, `untyped_storage()` ...), so
that tensors of PyTorch itself can be described too. NumPy arrays that share a storage are described as tensors are. Serves
the storage picture, the stride explorer and the picture of a failed view.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from autogradkit.core.address import address_of
from autogradkit.core.frames import entry
from autogradkit.core.recording import unheard
from autogradkit.tracing.events import Number
from autogradkit.tracing.namespace import those_of
from autogradkit.tracing.strided import Layout

MOST_TENSORS = 8  # in one picture
MOST_ARRAYS = 2  # NumPy arrays drawn, of those found to share a storage
# Of a storage shown whole, fewer beside many tensors; of a larger one the ends are shown, and where tensors begin.
MOST_CELLS = 48
END_CELLS, START_CELLS = 12, 6
MOST_STARTS = 4  # tensors on one storage beyond which the picture does not show where each begins


@dataclass(frozen=True, slots=True)
class StorageBox:
    """One block of memory, in cells of one element each."""

    number: int
    size: int  # cells
    nbytes: int
    dtype: str
    cells: tuple[tuple[int, Number], ...]  # (index, value) of those shown, by index
    outside: tuple[int, ...] = ()  # cells before or behind it that a layout would need

    @property
    def left_out(self) -> int:
        """The cells that are not shown."""
        return self.size - len(self.cells)


@dataclass(frozen=True)
class TensorHeader(Layout):
    """How one tensor, or one NumPy array, looks at its storage. Sizes, strides and the offset count its elements."""

    name: str
    dtype: str
    version: int | None  # None for what has no version: an array, or a tensor that cannot be made
    contiguous: bool | None  # None for what cannot be made
    requires_grad: bool
    made: str | None  # "view of a", "NumPy array"; None for a tensor that is no view
    storage: int
    in_cells: bool  # whether its elements are as large as the cells of the storage, so that they can be shown there
    # (index, value) of those shown; None outside the storage.
    elements: tuple[tuple[tuple[int, ...], Number | None], ...]

    @property
    def left_out(self) -> int:
        """The elements that are not shown."""
        return self.numel - len(self.elements)


@dataclass(frozen=True, slots=True)
class MemoryMap:
    """Tensors and the storages they look at."""

    headers: tuple[TensorHeader, ...]
    boxes: tuple[StorageBox, ...]
    not_drawn: tuple[str, ...] = ()  # the names of more NumPy arrays that share one

    def lookers(self, box: int) -> tuple[int, ...]:
        """The tensors (by position) that look at a storage."""
        return tuple(i for i, header in enumerate(self.headers) if header.storage == box)


@entry
def memory_map(tensors: Mapping[str, Any], names: Mapping[str, Any] | None = None) -> MemoryMap:
    """Describe the memory of named tensors.

    `names` is the learner's namespace: it tells what a view is a view of, and which NumPy arrays share the memory. Raises
    ValueError where there is no tensor or too many, TypeError for a value that is no strided tensor.

    >>> import autogradkit as torch
    >>> a = torch.arange(6).view(2, 3)
    >>> found = memory_map({"a": a, "b": a.t()})
    >>> len(found.boxes), found.headers[1].stride, found.headers[1].cell((2, 1))
    (1, (1, 3), 5)
    """
    names = names or {}
    if not tensors:
        raise ValueError("name one or more tensors to see their memory")
    if len(tensors) > MOST_TENSORS:
        raise ValueError(f"one picture shows the memory of at most {MOST_TENSORS} tensors, got {len(tensors)}")
    for name, tensor in tensors.items():
        if not hasattr(tensor, "untyped_storage") or not hasattr(tensor, "stride"):
            raise TypeError(f"'{name}' is a {type(tensor).__name__}, not a tensor")
    with unheard():
        firsts: dict[tuple[int, int], Any] = {}  # the first tensor on each storage, by the storage's place
        for tensor in tensors.values():
            firsts.setdefault(_place(tensor), tensor)
        places = list(firsts)
        sharing = _sharing(names, places)
        arrays = dict(list(sharing.items())[:MOST_ARRAYS])
        grid = _grid(len(tensors) + len(arrays))
        headers = []
        for name, tensor in tensors.items():
            number = places.index(_place(tensor))
            made = _origin(tensor, {**names, **tensors})
            cells = tensor.element_size() == firsts[places[number]].element_size()
            headers.append(header_of(name, tensor, made=made, storage=number, in_cells=cells, grid=grid))
        for name, (array, number) in arrays.items():
            headers.append(_array_header(name, array, firsts[places[number]], number, grid))
        most = MOST_CELLS // (1 if len(headers) <= 3 else 2 if len(places) <= 2 else 4)
        boxes = [
            box_of(tensor, number, tuple(h.offset for h in headers if h.storage == number), most)
            for number, tensor in enumerate(firsts.values())
        ]
    return MemoryMap(tuple(headers), tuple(boxes), tuple(sharing)[MOST_ARRAYS:])


def _place(tensor: Any) -> tuple[int, int]:
    storage = tensor.untyped_storage()
    return storage.data_ptr(), storage.nbytes()


def _grid(count: int) -> tuple[int, int]:
    """How many rows and columns of each tensor are shown, where `count` of them are."""
    return (6, 8) if count <= 2 else (4, 8) if count == 3 else (2, 8) if count <= 5 else (2, 4)


def dtype_name(tensor: Any) -> str:
    """A dtype as its library calls it, without the library: "float32"."""
    return str(tensor.dtype).removeprefix("torch.")


# -- storages ---------------------------------------------------------------------------------------------------------


def box_of(tensor: Any, number: int = 0, starts: tuple[int, ...] = (), most: int = MOST_CELLS) -> StorageBox:
    """The storage that a tensor looks at, in cells of its dtype; of one of more than `most` its ends and its `starts`."""
    _, nbytes = _place(tensor)
    size = nbytes // tensor.element_size()
    plain = tensor.detach()
    plain = plain.conj() if plain.is_conj() else plain  # what lies there, whatever becomes of it when it is read
    cells: list[tuple[int, Number]] = []
    for first, end in _visible_ranges(size, starts, most):
        numbers = plain.as_strided((end - first,), (1,), first).tolist()
        cells += zip(range(first, end), [-each for each in numbers] if plain.is_neg() else numbers, strict=True)
    return StorageBox(number, size, nbytes, dtype_name(tensor), tuple(cells))


def _visible_ranges(size: int, starts: tuple[int, ...], most: int) -> list[tuple[int, int]]:
    """The ranges of cells that are shown, none touching another."""
    if size <= most:
        return [(0, size)] if size else []
    end = min(END_CELLS, most // 4)
    wanted = [(0, end), (size - end, size)]
    if len(starts) <= MOST_STARTS:
        wanted += [(max(0, s - 1), min(size, s + START_CELLS)) for s in starts if 0 < s < size]
    ranges: list[tuple[int, int]] = []
    for first, last in sorted(wanted):
        if ranges and first <= ranges[-1][1] + 1:
            ranges[-1] = ranges[-1][0], max(last, ranges[-1][1])
        else:
            ranges.append((first, last))
    return ranges


# -- headers ----------------------------------------------------------------------------------------------------------


def header_of(
    name: str,
    tensor: Any,
    *,
    made: str | None = None,
    storage: int = 0,
    in_cells: bool = True,
    grid: tuple[int, int] = (6, 8),
) -> TensorHeader:
    """How a tensor looks at its storage, with its first elements."""
    shape, plain = tuple(tensor.shape), tensor.detach()
    return TensorHeader(
        shape=shape,
        stride=tuple(tensor.stride()),
        offset=tensor.storage_offset(),
        name=name,
        dtype=dtype_name(tensor),
        version=0 if tensor.is_inference() else tensor._version,
        contiguous=tensor.is_contiguous(),
        requires_grad=tensor.requires_grad,
        made=made,
        storage=storage,
        in_cells=in_cells,
        elements=tuple((index, plain[index].item()) for index in first_indices(shape, grid)),
    )


def first_indices(shape: tuple[int, ...], grid: tuple[int, int] = (6, 8)) -> list[tuple[int, ...]]:
    """The indices of the elements that are shown: `grid` is the most rows and columns."""
    if 0 in shape:
        return []
    if not shape:
        return [()]
    rows, columns = grid
    # Of each dimension as many as there are rows: `product` would write down a million.
    leading = itertools.islice(itertools.product(*(range(min(size, rows)) for size in shape[:-1])), rows)
    return [(*row, column) for row in leading for column in range(min(shape[-1], columns))]


def _origin(tensor: Any, names: Mapping[str, Any]) -> str | None:
    made = _view_of_what(tensor, names)
    turned = ["conjugated"] * tensor.is_conj() + ["with the other sign"] * tensor.is_neg()
    return f"{made or 'a tensor of its own'}, read {' and '.join(turned)}" if turned else made


def _view_of_what(tensor: Any, names: Mapping[str, Any]) -> str | None:
    base = tensor._base
    if base is None:
        return None
    named = next((name for name, each in names.items() if each is base and not name.startswith("_")), None)
    return f"view of {named}" if named else f"view of an unnamed tensor of shape {tuple(base.shape)}, same memory"


# -- NumPy arrays -----------------------------------------------------------------------------------------------------


def _sharing(names: Mapping[str, Any], places: list[tuple[int, int]]) -> dict[str, tuple[Any, int]]:
    """The named arrays that lie in one of the storages, each with the storage's number; each array once."""
    found: dict[str, tuple[Any, int]] = {}
    for name, value in those_of(names, np.ndarray):
        if not value.size or value.dtype.kind not in "biufc":
            continue
        low, high = byte_bounds(value)
        number = next((n for n, (start, nbytes) in enumerate(places) if low < start + nbytes and start < high), None)
        if number is not None and not any(array is value for array, _ in found.values()):
            found[name] = value, number
    return found


def _array_header(name: str, array: Any, tensor: Any, storage: int, grid: tuple[int, int]) -> TensorHeader:
    start, _ = _place(tensor)
    distance = address_of(array) - start
    size = array.itemsize
    whole = not any(each % size for each in (distance, *array.strides))
    return TensorHeader(
        shape=array.shape,
        stride=tuple(each // size for each in array.strides) if whole else array.strides,
        offset=distance // size if whole else distance,
        name=name,
        dtype=str(array.dtype) if whole else f"{array.dtype}, counted in bytes",
        version=None,
        contiguous=array.flags.c_contiguous,
        requires_grad=False,
        made="NumPy array",
        storage=storage,
        in_cells=whole and size == tensor.element_size(),
        elements=tuple((index, array[index].item()) for index in first_indices(array.shape, grid)),
    )


def element(header: TensorHeader, index: tuple[int, ...]) -> str:
    """An element as it is written: `b[1, 1]`; a tensor without dimensions is its one element."""
    return f"{header.name}[{', '.join(map(str, index))}]" if index else header.name


def formula(header: TensorHeader, index: tuple[int, ...]) -> str:
    """How the cell of an element is found, in words: `b[1, 1] = storage[ 0 + 1·1 + 1·3 ] = storage[4]`."""
    terms = " + ".join([str(header.offset), *(f"{i}·{s}" for i, s in zip(index, header.stride, strict=True))])
    return f"{element(header, index)} = storage[ {terms} ] = storage[{header.cell(index)}]"
