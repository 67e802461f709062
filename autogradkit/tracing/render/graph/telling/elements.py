"""The elements that a reader may choose in a detail, and why each is what it is.

Each grid shows the gradient that a node sent to one of its inputs, a leaf's `.grad`, or the parameter that an optimizer's step
has left; of a chosen element the arithmetic is told. Rests on `why.py` and `update.py`. `steps.py` puts the grids into details,
GraphView and pages (`tracing/page.py`) ask for the reasons.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autogradkit.tracing.events import Accumulated, NodeRan, Numbers, Op, Value
from autogradkit.tracing.render.graph.structure.model import Item
from autogradkit.tracing.render.graph.telling.chain import Chain
from autogradkit.tracing.render.graph.telling.operands import Array, array_of
from autogradkit.tracing.render.graph.telling.update import Update
from autogradkit.tracing.render.graph.telling.why import Explained, Why
from autogradkit.tracing.render.marks import numbers as nums

MOST_COLUMNS = 32
MOST_CELLS = 256  # of one grid

Index = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """The elements of one tensor, some or all of them, and what tells of one."""

    what: str
    numbers: Array
    known: int  # the event from which on they are known
    tell: Callable[[Index], str]
    first: Index | None = None  # the element that is told of where nobody has chosen one

    @property
    def _shown(self) -> tuple[int, int]:
        """Rows and columns: a row for each place in all but the last dimension."""
        columns = min(self.numbers.shape[-1], MOST_COLUMNS)
        return min(math.prod(self.numbers.shape[:-1]), MOST_CELLS // columns), columns

    def state(self) -> dict[str, Any]:
        """What the front end shows of it, as plain JSON values."""
        rows, columns = self._shown
        shown = self.numbers.reshape(-1, self.numbers.shape[-1])[:rows, :columns]
        cells = [[nums.plain(each) for each in row] for row in shown.tolist()]
        state = {"what": self.what, "shape": list(self.numbers.shape), "cells": cells, "known": self.known}
        return state if self.first is None else {**state, "first": list(self.first), "reason": self.tell(self.first)}

    def holds(self, index: Sequence[int]) -> bool:
        """Whether this is the place of an element, shown or not."""
        shape = self.numbers.shape
        return len(index) == len(shape) and all(0 <= at < size for at, size in zip(index, shape, strict=True))

    def indices(self) -> Iterator[Index]:
        """The places of the elements that are shown."""
        rows, columns = self._shown
        for place in range(rows):
            row = np.unravel_index(place, self.numbers.shape[:-1]) if self.numbers.ndim > 1 else ()
            yield from ((*map(int, row), column) for column in range(columns))


def grids_of(item: Item, why: Why) -> list[Grid]:
    """The grids of a node or a tensor on the picture."""
    if item.kind == "tensor" and item.value is not None:
        found = [_of_gradient(item.value, why)]
    elif item.kind == "op" and item.op is not None:
        found = [_of_update(item.op, why)] if item.op.facts.update else _gradients_sent(item.op, why)
    elif item.kind == "call":
        found = _of_chain(Chain(item.ops, why))
    else:
        found = []
    distinct = {(grid.what, grid.numbers.tobytes()): grid for grid in found if grid is not None}  # of x · x once
    return list(distinct.values())


def _of_gradient(value: Value, why: Why) -> Grid | None:
    """Of a leaf, what its `.grad` was after the last backward, if nothing was done to it since."""
    events = why.graph.grads.get(value.tensor, [])
    last = next(iter(events[-1:]), None)
    if not isinstance(last, Accumulated) or not value.is_leaf:
        return None
    what = f"{why.graph.labels[value.id]}.grad after backward {last.call + 1}"
    return _grid(what, last.after, last.step, lambda index: why.accumulated_at(last, index))


def _of_update(op: Op, why: Why) -> Grid | None:
    """The parameter after an optimizer's step, which begins with the element of the largest gradient."""
    update = Update(op, why.graph.values, why.graph.labels)
    if not update.shape:
        return None
    after = why.graph.values[op.outputs[0]]
    array = array_of(after.numbers)
    assert array is not None
    what = f"{why.graph.labels[after.id]} after the step"
    return Grid(what, array, op.step, lambda index: "\n".join(update.at(index)), update.most_telling())


def _gradients_sent(op: Op, why: Why) -> list[Grid | None]:
    """What a node sent to its inputs in its last backward."""
    if not why.ran(op) or op.node_name == "CopySlices":
        return []
    ran = why.ran(op)[-1]
    return [_of_sent(each, ran) for each in why.explained(op, ran)]


def _of_chain(chain: Chain) -> list[Grid | None]:
    """What the steps of a call sent: to a tensor that several of them use, each its part."""
    grids: list[Grid | None] = []
    parts = Counter(each.reason.label for _, each in chain.explained())
    seen: Counter[str] = Counter()
    for ran, each in chain.explained():
        label = each.reason.label
        seen[label] += 1
        part = f", part {seen[label]} of {parts[label]}," if parts[label] > 1 else ""
        grids.append(_of_sent(each, ran, part))
    return grids


def _of_sent(explained: Explained, ran: NodeRan, part: str = "") -> Grid | None:
    """What one input got."""
    sent = explained.sent
    if explained.incoming is None or sent is None or not explained.reason.tells:
        return None
    return _grid(f"∂{explained.reason.label}{part} of backward {ran.call + 1}", sent, ran.step, _reasons(explained))


def reasons_of(item: Item, why: Why) -> Iterator[tuple[str, str]]:
    """The reasons for all elements that the grids of a node or tensor show, by what asks for them: `reason_key`."""
    for number, grid in enumerate(grids_of(item, why)):
        for index in grid.indices():
            yield reason_key(item.key, (number, *index)), grid.tell(index)


def reason_key(key: str, element: Sequence[int]) -> str:
    """What an element's reason is found by: the key of the node, the number of the grid, the place in it. A tensor that is
    drawn again has one key with its first box.

    >>> reason_key("o7", [0, 2, 1]), reason_key("v3.2", [0, 1])
    ('o7 0,2,1', 'v3 0,1')
    """
    return f"{key.partition('.')[0]} {','.join(map(str, element))}"


def _grid(what: str, numbers: Numbers, known: int, tell: Callable[[Index], str]) -> Grid | None:
    array = None if numbers.data is None else array_of(numbers)
    return None if array is None or not array.size or not array.ndim else Grid(what, array, known, tell)


def _reasons(explained: Explained) -> Callable[[Index], str]:
    assert explained.incoming is not None
    assert explained.sent is not None
    incoming, sent = explained.incoming, explained.sent
    return lambda index: explained.reason.at(incoming, sent, index)
