"""Any offset, sizes and strides on a tensor's own storage: what they show, how that is written, or why it cannot be.

Rests on memory and layouts; the refusals are those of the library itself, which is asked. Serves the stride explorer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from autogradkit.core.recording import unheard
from autogradkit.tracing.layouts import spelling
from autogradkit.tracing.memory import (
    MemoryMap,
    TensorHeader,
    box_of,
    dtype_name,
    first_indices,
    header_of,
    memory_map,
)
from autogradkit.tracing.render.memory.cards import tuple_text
from autogradkit.tracing.strided import Layout

MOST_PRINTED = 10_000  # elements of a tensor that is printed
MOST_OUTSIDE = 8  # cells drawn before and behind the storage


@dataclass(frozen=True)
class Explored:
    """What a setting gives."""

    memory: MemoryMap  # the tensor and, after it, what the setting makes of its storage
    tensor: Any  # what it makes; None where it is refused
    call: str  # the `as_strided` call
    spelled: str | None  # the expression that says the same, where one is known
    problem: str  # why it is refused, in words
    refusal: str  # what the library says of it, type and text

    @property
    def printed(self) -> str:
        """The tensor as it is printed; nothing where it is refused."""
        if self.tensor is None:
            return ""
        count = self.memory.headers[1].numel
        return str(self.tensor) if count <= MOST_PRINTED else f"{count:,} elements, too many to print here"


def explore(name: str, tensor: Any, setting: Layout, library: str = "torch") -> Explored:
    """What a tensor's storage shows under `setting`. `library` is what the learner calls the library.

    >>> import autogradkit as torch
    >>> found = explore("a", torch.arange(6).view(2, 3), Layout((3, 2), (1, 3), 0))
    >>> found.call, found.spelled, found.tensor.tolist()
    ('torch.as_strided(a, (3, 2), (1, 3), 0)', 'a.t()', [[0, 3], [1, 4], [2, 5]])
    >>> explore("a", torch.arange(6), Layout((3, 2), (3, 1), 0)).problem
    'Element [2, 1] would lie in cell 7, and the storage has the cells 0 to 5.'
    """
    sizes, strides = tuple_text(setting.shape), tuple_text(setting.stride)
    call = f"{library}.as_strided({name}, {sizes}, {strides}, {setting.offset})"
    made, refusal = None, ""
    with unheard():
        try:
            made = tensor.detach().as_strided(setting.shape, setting.stride, setting.offset)
        except (RuntimeError, ValueError) as error:
            refusal = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        spelled = None if made is None else spelling(name, tensor, setting)
        size = box_of(tensor).size
        title = spelled if spelled and spelled != name else "as_strided(…)"
        memory = _memory(name, tensor, made, setting, title, size)
    problem = _problem(name, setting, size) if made is None else ""
    return Explored(memory, made, call, spelled, problem, refusal)


def _memory(name: str, tensor: Any, made: Any, setting: Layout, title: str, size: int) -> MemoryMap:
    own = memory_map({name: tensor}).headers[0]
    header = _refused(tensor, setting, size) if made is None else header_of(title, made, made=f"view of {name}")
    low, high = header.extent()
    outside = [*range(max(low, -MOST_OUTSIDE), 0), *range(size, min(high + 1, size + MOST_OUTSIDE))]
    box = box_of(tensor, 0, (own.offset, setting.offset))
    cells = tuple(outside) if header.numel else ()
    return MemoryMap((own, header), (replace(box, outside=cells),))


def _refused(tensor: Any, setting: Layout, size: int) -> TensorHeader:
    """The header of a tensor that cannot be made."""
    plain = tensor.detach()
    elements = []
    for index in first_indices(setting.shape):
        cell = setting.cell(index)
        elements.append((index, plain.as_strided((), (), cell).item() if 0 <= cell < size else None))
    return TensorHeader(
        shape=setting.shape,
        stride=setting.stride,
        offset=setting.offset,
        name="refused",
        dtype=dtype_name(tensor),
        version=None,
        contiguous=None,
        requires_grad=False,
        made="cannot be made",
        storage=0,
        in_cells=True,
        elements=tuple(elements),
    )


def _problem(name: str, setting: Layout, size: int) -> str:
    """Why a setting is refused, with its numbers."""
    low, high = setting.extent()
    words: list[str] = []
    if setting.numel and high >= size:
        words.append(_outside(setting, high, size))
    if setting.numel and low < 0:
        words.append(_outside(setting, low, size))
    if any(stride < 0 for stride in setting.stride):
        dims = [dim for dim, stride in enumerate(setting.stride) if stride < 0]
        listed = ", ".join(map(str, dims))
        words.append(
            f"A stride below 0 is refused wherever it leads; {name}.flip({listed}) reads backwards, in a copy."
        )
    return " ".join(words)


def _outside(setting: Layout, cell: int, size: int) -> str:
    """The element in the outermost cell: there is one in every dimension's first or last index."""
    far = cell >= size
    index = tuple(n - 1 if (s > 0) == far and s else 0 for n, s in zip(setting.shape, setting.stride, strict=True))
    which = f"Element [{', '.join(map(str, index))}]" if index else "The element"
    cells = f"the storage has the cells 0 to {size - 1:,}" if size else "the storage has no cell"
    return f"{which} would lie in cell {cell:,}, and {cells}."
