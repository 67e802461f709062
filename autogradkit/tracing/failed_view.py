"""Why a `.view()` failed, or a `.reshape()` copied: which dimensions would have to be one, and where the hop breaks.

Rests on memory and on the note of the error, which has the array and the sizes, so that nothing has to be recorded. Serves
what the note says in a notebook and its picture, and `%why` for a call that copies.
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

import numpy as np

from autogradkit.core.errors import ViewRefused, notes_of
from autogradkit.core.frames import is_ours
from autogradkit.core.recording import unheard
from autogradkit.core.strides import contiguous_strides, element_strides, view_strides
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.tracing.frames import Spot
from autogradkit.tracing.memory import MemoryMap, StorageBox, TensorHeader, box_of, element, first_indices, header_of
from autogradkit.tracing.namespace import those_of
from autogradkit.tracing.render.memory.cards import signed
from autogradkit.tracing.render.memory.walk import Hop
from autogradkit.tracing.source import SourceReader
from autogradkit.tracing.strided import Layout

CHUNK = 1 << 18  # elements looked at in one go
COPIED = 24  # cells of the copy that are drawn
BEYOND = 8  # cells drawn behind the storage


@dataclass(frozen=True)
class Break:
    """The first place where the hop along one wanted dimension is not what it was before."""

    before: int  # the order of the element from which it hops
    after: int
    expected: int  # cells
    actual: int
    step: int  # how many elements further a hop along this dimension leads


@dataclass(frozen=True)
class FailedView:
    """A `.view()` that no strides could give, or a call such as `.reshape()` that copied for that reason."""

    name: str  # as the learner wrote the tensor
    call: str  # "b.view(6)"
    wanted: tuple[int, ...]
    memory: MemoryMap  # the tensor on its storage and, on one of its own, the copy that `reshape` would make
    gap: Break
    dims: tuple[int, int]  # neighbours that would have to be one dimension
    copied: bool = False

    @property
    def heading(self) -> str:
        """What stands above its picture."""
        return f"Why {self.call} {'copies' if self.copied else 'fails'}"

    @property
    def says(self) -> str:
        """Cause, place and what follows."""
        return f"{self.why()} {self.where()} {self.instead()}"

    @property
    def header(self) -> TensorHeader:
        """How the tensor looks at its storage."""
        return self.memory.headers[0]

    def why(self) -> str:
        """The cause in a sentence with the tensor's numbers."""
        outer, inner = self.dims
        size, stride, has = self.header.shape[inner], self.header.stride[inner], self.header.stride[outer]
        needs = (
            f"stride({outer}) = size({inner}) · stride({inner}) = {size}·{stride} = {size * stride}, but it is {has}"
        )
        wants = "could show the memory only if" if self.copied else "needs"
        one = "were one in it" if self.copied else "to be one in memory"
        return f"{self.call} {wants} dims {outer} and {inner} of {self.name} {one}: {needs}."

    def where(self) -> str:
        """The element at which it shows, in a sentence."""
        one, other = (element(self.header, self.header.index(order)) for order in (self.gap.before, self.gap.after))
        return f"From {one} to {other} the hop is {signed(self.gap.actual)}, where {signed(self.gap.expected)} is expected."

    def walk(self) -> tuple[Hop, ...]:
        """The first hop along the dimension, the one that breaks, and the one that was expected."""
        gap = self.gap
        first = self._hop(0, gap.step, gap.expected, True)
        broken = self._hop(gap.before, gap.after, gap.actual, False)
        needed = broken.start + gap.expected
        inside = "" if 0 <= needed < self.memory.boxes[0].size else ", outside of the storage"
        expected = Hop(broken.start, needed, f"expected: {signed(gap.expected)}, to cell {needed:,}{inside}", None)
        return (*([first] if gap.before else []), broken, expected)

    def _hop(self, before: int, after: int, hop: int, good: bool) -> Hop:
        one, other = self.header.index(before), self.header.index(after)
        label = f"{element(self.header, one)} → {element(self.header, other)}: {signed(hop)} {'✓' if good else '✗'}"
        return Hop(self.header.cell(one), self.header.cell(other), label, good)

    def instead(self) -> str:
        """What to do, in a sentence; of a copy, what it means."""
        if self.copied:
            return f"So it copied the elements: an edit of the result does not reach {self.name}."
        sizes = ", ".join(map(str, self.wanted))
        return f"{self.name}.reshape({sizes}) copies the elements, and so does {self.name}.contiguous().view({sizes})."


def failed_view(error: BaseException) -> FailedView | None:
    """What an error tells of the `.view()` that raised it; None if it was none.

    >>> import autogradkit as torch
    >>> b = torch.arange(6).view(2, 3).t()
    >>> try:
    ...     b.view(6)
    ... except RuntimeError as error:
    ...     print(failed_view(error).where())
    From b[0, 1] to b[1, 0] the hop is −2, where +3 is expected.
    """
    refused = refused_view(error)
    if refused is None or not isinstance(refused.wanted, tuple):
        return None
    array, wanted = refused.array, refused.wanted
    name = learners_name(array, error)
    return _described(array, wanted, name, f"{name}.view({', '.join(map(str, wanted))})", False)


def copied_view(name: str, tensor: Tensor, wanted: tuple[int, ...], call: str) -> FailedView | None:
    """Why `call` had to copy the elements of a tensor, written `name`, to show them in the shape `wanted`; None if it had not.

    >>> import autogradkit as torch
    >>> b = torch.arange(6).view(2, 3).t()
    >>> copied_view("b", b, (6,), "b.reshape(6)").heading
    'Why b.reshape(6) copies'
    """
    array = tensor.detach().numpy()
    if view_strides(array.shape, element_strides(array), wanted) is not None:
        return None
    return _described(array, wanted, name, call, True)


def refused_view(error: BaseException) -> ViewRefused | None:
    """The note of a view that was refused, if this error has one."""
    return next((note for note in notes_of(error) if isinstance(note, ViewRefused)), None)


def _described(array: Any, wanted: tuple[int, ...], name: str, call: str, copied: bool) -> FailedView:
    layout = Layout(array.shape, element_strides(array), 0)
    gap = first_break(layout, wanted)
    sizes = ", ".join(map(str, wanted))
    with unheard():
        tensor = wrap(array)
        header = replace(header_of(name, tensor), version=None)
        layout = replace(layout, offset=header.offset)
        cells = [layout.cell(layout.index(order)) for order in (gap.before, gap.after)]
        needed = cells[0] + gap.expected
        box = box_of(tensor, 0, (header.offset, *cells))
        if box.size <= needed < box.size + BEYOND:
            box = replace(box, outside=tuple(range(box.size, needed + 1)))
        shown = call if copied else f"{name}.reshape({sizes})"
        copy, own = _copy(shown, header, layout, tensor, wanted)
    return FailedView(name, call, wanted, MemoryMap((header, copy), (box, own)), gap, _to_merge(layout, gap), copied)


def first_break(layout: Layout, wanted: tuple[int, ...]) -> Break:
    """Where the hops along one wanted dimension begin to differ.

    >>> first_break(Layout((3, 2), (1, 3), 0), (6,))
    Break(before=1, after=2, expected=3, actual=-2, step=1)
    """
    steps = [(math.prod(wanted[dim + 1 :]), size) for dim, size in enumerate(wanted) if size > 1]
    for start in range(0, layout.numel, CHUNK):
        orders = np.arange(start, min(start + CHUNK, layout.numel))
        found: list[Break] = []
        for step, size in reversed(steps):
            from_here = orders[(orders // step) % size < size - 1]
            hops = _cells(layout, from_here + step) - _cells(layout, from_here)
            expected = int(_cells(layout, np.array([step]))[0] - _cells(layout, np.array([0]))[0])
            odd = np.flatnonzero(hops != expected)
            if odd.size:
                before = int(from_here[odd[0]])
                found.append(Break(before, before + step, expected, int(hops[odd[0]]), step))
        if found:
            return min(found, key=lambda each: each.before)
    raise ValueError(f"strides {layout.stride} can show {layout.shape} as {wanted}")


def _cells(layout: Layout, orders: Any) -> Any:
    indices = np.unravel_index(orders, layout.shape)
    return sum((index * stride for index, stride in zip(indices, layout.stride, strict=True)), np.zeros_like(orders))


def _to_merge(layout: Layout, gap: Break) -> tuple[int, int]:
    """The neighbours, among the dimensions with more than one index, that the breaking hop crosses."""
    dims = [dim for dim, size in enumerate(layout.shape) if size > 1]
    before, after = layout.index(gap.before), layout.index(gap.after)
    first = next(place for place, dim in enumerate(dims) if before[dim] != after[dim])
    for outer, inner in zip(dims[first:], dims[first + 1 :], strict=False):
        if layout.stride[outer] != layout.shape[inner] * layout.stride[inner]:
            return outer, inner
    raise ValueError(f"no dimensions of {layout} keep it from being viewed")


def _copy(
    name: str, header: TensorHeader, layout: Layout, tensor: Any, wanted: tuple[int, ...]
) -> tuple[TensorHeader, StorageBox]:
    """The copy that `reshape` would make, with its storage, as far as they are drawn."""

    def value(order: int) -> Any:
        return tensor[layout.index(order)].item()

    stride = contiguous_strides(wanted)
    own = Layout(wanted, stride, 0)
    nbytes = layout.numel * tensor.element_size()
    copy = TensorHeader(
        shape=wanted,
        stride=stride,
        offset=0,
        name=name,
        dtype=header.dtype,
        version=None,
        contiguous=True,
        requires_grad=False,
        made="a copy",
        storage=1,
        in_cells=True,
        elements=tuple((index, value(own.cell(index))) for index in first_indices(wanted)),
    )
    cells = tuple((order, value(order)) for order in range(min(layout.numel, COPIED)))
    return copy, StorageBox(1, layout.numel, nbytes, header.dtype, cells)


def learners_name(array: Any, error: BaseException) -> str:
    """A variable that holds the tensor, else what the learner wrote before `.view`, by the innermost of the learner's lines."""
    learners: TracebackType | None = None
    step = error.__traceback__
    while step is not None:
        learners = learners if is_ours(step.tb_frame.f_code) else step
        step = step.tb_next
    if learners is None:
        return "tensor"
    frame = learners.tb_frame
    for name, each in (*those_of(frame.f_locals, Tensor), *those_of(frame.f_globals, Tensor)):
        if each._array is array:
            return name
    place = SourceReader().place(Spot(frame.f_code, learners.tb_lasti))
    for node in ast.walk(place.expression) if place is not None and place.expression is not None else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith("view"):
            return ast.unparse(node.func.value)
    return "tensor"
