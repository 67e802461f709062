"""Which tensors look at which memory: headers, storages and the cell behind every element.

Rests on public tensor attributes only (`shape`, `stride()`, `storage_offset()`, `untyped_storage()` ...), so that tensors
of PyTorch itself can be described too. Serves the storage picture and `StorageMap`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autogradkit.tracing.events import Number

MOST_CELLS = 48  # storage cells shown whole; of a larger storage the two ends
END_CELLS = 16
MOST_ROWS, MOST_COLUMNS = 6, 8  # elements of one tensor shown


@dataclass(frozen=True, slots=True)
class StorageBox:
    """One block of memory, in cells of one element each."""

    number: int
    size: int  # cells
    nbytes: int
    dtype: str
    cells: tuple[tuple[int, Number], ...]  # (index, value) of those shown
    left_out: int


@dataclass(frozen=True, slots=True)
class TensorHeader:
    """How one tensor looks at its storage. Sizes, strides and the offset count elements."""

    name: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    dtype: str
    version: int
    contiguous: bool
    requires_grad: bool
    view_of: str | None  # the name of its base, "another tensor" if that was not named, None if it is no view
    storage: int
    elements: tuple[tuple[tuple[int, ...], Number], ...]  # (index, value) of those shown, row by row
    left_out: int

    def cell(self, index: tuple[int, ...]) -> int:
        """The storage cell behind an element: offset + Σ index · stride."""
        return self.offset + sum(i * s for i, s in zip(index, self.stride, strict=True))

    def looks_at(self, cell: int) -> bool:
        """Whether some element, shown or not, lies in the cell."""
        dims = sorted(((s, n) for n, s in zip(self.shape, self.stride, strict=True) if s and n > 1), reverse=True)
        return 0 not in self.shape and _reaches(cell - self.offset, dims)


def _reaches(distance: int, dims: list[tuple[int, int]]) -> bool:
    """Whether Σ index · stride can be `distance`; `dims` are (stride, size), largest stride first."""
    if not dims:
        return distance == 0
    (stride, size), *rest = dims
    reach = sum(s * (n - 1) for s, n in rest)
    lowest = max(0, -(-(distance - reach) // stride))
    return any(_reaches(distance - i * stride, rest) for i in range(lowest, min(size - 1, distance // stride) + 1))


@dataclass(frozen=True, slots=True)
class MemoryMap:
    """Tensors and the storages they look at."""

    headers: tuple[TensorHeader, ...]
    boxes: tuple[StorageBox, ...]

    def lookers(self, box: int) -> tuple[int, ...]:
        """The tensors (by position) that look at a storage."""
        return tuple(i for i, header in enumerate(self.headers) if header.storage == box)

    def elements_at(self, box: int, cell: int) -> list[tuple[int, tuple[int, ...]]]:
        """The shown elements behind which a cell stands: (tensor, index)."""
        return [
            (tensor, index)
            for tensor in self.lookers(box)
            for index, _ in self.headers[tensor].elements
            if self.headers[tensor].cell(index) == cell
        ]


def memory_map(tensors: Mapping[str, Any]) -> MemoryMap:
    """Describe the memory of named tensors.

    Raises ValueError where there is none to describe, TypeError for a value that is no strided tensor.

    >>> import autogradkit as torch
    >>> a = torch.arange(6).view(2, 3)
    >>> found = memory_map({"a": a, "b": a.t()})
    >>> len(found.boxes), found.headers[1].stride, found.headers[1].cell((2, 1))
    (1, (1, 3), 5)
    """
    if not tensors:
        raise ValueError("name one or more tensors to see their memory")
    for name, tensor in tensors.items():
        if not hasattr(tensor, "untyped_storage") or not hasattr(tensor, "stride"):
            raise TypeError(f"'{name}' is a {type(tensor).__name__}, not a tensor")
    keys: dict[tuple[int, int], int] = {}
    boxes: list[StorageBox] = []
    headers: list[TensorHeader] = []
    for name, tensor in tensors.items():
        storage = tensor.untyped_storage()
        key = (storage.data_ptr(), storage.nbytes())
        if key not in keys:
            keys[key] = len(boxes)
            boxes.append(_box(len(boxes), tensor, storage.nbytes()))
        headers.append(_header(name, tensor, keys[key], tensors))
    return MemoryMap(tuple(headers), tuple(boxes))


def _box(number: int, tensor: Any, nbytes: int) -> StorageBox:
    size = nbytes // tensor.element_size()
    shown = range(size) if size <= MOST_CELLS else [*range(END_CELLS), *range(size - END_CELLS, size)]
    plain = tensor.detach()
    ends = [(0, size)] if size <= MOST_CELLS else [(0, END_CELLS), (size - END_CELLS, END_CELLS)]
    values = [value for start, count in ends if count for value in plain.as_strided((count,), (1,), start).tolist()]
    return StorageBox(
        number=number,
        size=size,
        nbytes=nbytes,
        dtype=str(tensor.dtype).removeprefix("torch."),
        cells=tuple(zip(shown, values, strict=True)),
        left_out=size - len(shown),
    )


def _header(name: str, tensor: Any, storage: int, tensors: Mapping[str, Any]) -> TensorHeader:
    shape = tuple(tensor.shape)
    base = tensor._base
    named = next((other for other, each in tensors.items() if each is base and base is not None), None)
    elements = _elements(tensor.detach(), shape)
    return TensorHeader(
        name=name,
        shape=shape,
        stride=tuple(tensor.stride()),
        offset=tensor.storage_offset(),
        dtype=str(tensor.dtype).removeprefix("torch."),
        version=tensor._version,
        contiguous=tensor.is_contiguous(),
        requires_grad=tensor.requires_grad,
        view_of=None if base is None else named or "another tensor",
        storage=storage,
        elements=elements,
        left_out=math.prod(shape) - len(elements),
    )


def _elements(tensor: Any, shape: tuple[int, ...]) -> tuple[tuple[tuple[int, ...], Number], ...]:
    """The first elements: at most MOST_ROWS rows of MOST_COLUMNS."""
    if math.prod(shape) == 0:
        return ()
    if not shape:
        return (((), tensor.item()),)
    rows = itertools.islice(itertools.product(*map(range, shape[:-1])), MOST_ROWS)
    columns = range(min(shape[-1], MOST_COLUMNS))
    return tuple(((*row, column), tensor[(*row, column)].item()) for row in rows for column in columns)


def formula(header: TensorHeader, index: tuple[int, ...]) -> str:
    """How the cell of an element is found, in words: `b[1, 1] = storage[ 0 + 1·1 + 1·3 ] = storage[4]`."""
    element = f"{header.name}[{', '.join(map(str, index))}]" if index else header.name
    terms = " + ".join([str(header.offset), *(f"{i}·{s}" for i, s in zip(index, header.stride, strict=True))])
    return f"{element} = storage[ {terms} ] = storage[{header.cell(index)}]"
