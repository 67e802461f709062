"""Equal turns of a loop: from five on the first and the last are drawn, those between are one stack, which can be opened.

Rests on `model.py` and `collapse.py`; `fold.py` asks it. Turns are equal where the same operations ran at the same places of
the source and gave tensors of the same shapes, of any shape where none of them is recorded, as in a loop over parameters; also
where `loss = loss + …` began with a number. The layers of a network that is one chain of equal layers are such turns too. Where
that is too large or very tall, there are stacks of fewer turns, and fewer turns beside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autogradkit.tracing.events import Op
from autogradkit.tracing.render.graph.structure.collapse import Group, collapse
from autogradkit.tracing.render.graph.structure.model import Graph, Item

LEAST_TURNS = 5
MOST_PERIODS = 64  # lengths of a turn that are tried: the most frequent distances between equal operations
MOST_OPEN = 96  # items of an opened stack; beyond it the opened stack shows stacks again
LEAST_CLOSED = 3  # items of the turns that are closed
PARTS = 8  # of a large stack that is opened


@dataclass(frozen=True, slots=True)
class Stacking:
    """From how many equal turns on they are stacked, and which of them are drawn beside the stack."""

    least: int = LEAST_TURNS
    first: bool = True
    last: bool = True


SMALLER = (
    Stacking(3),
    Stacking(2, last=False),
    Stacking(2, first=False, last=False),
)  # one after the other, where it is too large
ONE_OPEN = SMALLER[1]  # where it is too tall


def may_repeat(ops: Sequence[Op], least: int) -> bool:
    """Whether an operation ran at one place of the source so often that there may be a stack of it."""
    return max(Counter((op.name, _place(op)) for op in ops).values(), default=0) >= least


def stack_turns(graph: Graph, folds: dict[str, bool], how: Stacking) -> None:
    """Put stacks in place of equal turns, but those that `folds` opens by their path (False)."""
    if not may_repeat(graph.ops, how.least):
        return
    keys = [key for key, item in graph.items.items() if item.kind in ("op", "call", "module")]
    keys.sort(key=lambda key: graph.items[key].step)
    places = {op.step: number for number, op in enumerate(graph.ops, 1)}
    stacks = _Stacks(graph, folds, places, how)
    stacks.search(keys)
    collapse(graph, stacks.groups)


class _Stacks:
    def __init__(self, graph: Graph, folds: dict[str, bool], places: dict[int, int], how: Stacking) -> None:
        self.how = how
        self.graph = graph
        self.folds = folds
        self.places = places
        self.groups: list[Group] = []
        names: dict[object, int] = {}
        recorded = {(op.name, _place(op)) for op in graph.ops if op.node is not None}
        marks = ((key, _mark(item, graph, recorded)) for key, item in graph.items.items())
        self._marks = {key: names.setdefault(mark, len(names)) for key, mark in marks}

    def search(self, keys: Sequence[str]) -> None:
        """Find the repetition that takes up most of these items, then look before it, behind it, and in its turns."""
        found = repetition([self._marks[key] for key in keys], self.how.least)
        if found is None:
            return
        start, period, count = found
        turns = [list(keys[start + period * turn : start + period * (turn + 1)]) for turn in range(count)]
        self.search(keys[:start])
        before, behind = turns[: self.how.first], turns[count - self.how.last :]
        for turn in before:
            self.search(turn)
        closed = slice(len(before), count - len(behind))
        counted, inner = self._counted(turns, closed)
        # Without a loop that counts just them they are equal layers, one network that is called again, or turns of an inner loop
        # that the outer one begins anew.
        heads = [self.graph.items[turn[0]] for turn in turns]
        layers = {head.title for head in heads if head.kind == "module"}
        kind = "inner turn" if inner else "turn" if counted else "block" if len(layers) == count else "repeat"
        self._stack(turns[closed], 1 + len(before), counted, kind)
        for turn in behind:
            self.search(turn)
        self.search(keys[start + period * count :])

    def _stack(self, turns: list[list[str]], first: int, counted: list[int], kind: str) -> None:
        """Close these turns, which a loop may have `counted`; else the first has this number."""
        if sum(map(len, turns)) < LEAST_CLOSED:
            return
        items = [self.graph.items[key] for turn in turns for key in turn]
        ops = [op for turn in turns for op in self._ran(turn)]
        numbers = counted or list(range(first, first + len(turns)))
        title = f"{kind}s {numbers[0]}–{numbers[-1]}" if len(numbers) > 1 else f"{kind} {numbers[0]}"
        if len(numbers) <= numbers[-1] - numbers[0]:
            title = f"{len(numbers)} of the {title}"
        path = f"{title} (operations {self.places[ops[0].step]:,}–{self.places[ops[-1].step]:,})"
        if self.folds.get(path, True):
            item = Item(f"s{ops[0].step}", "stack", ops[0].step, ops=ops, title=title, times=len(turns), path=path)
            item.inside = items[0].inside
            numbered = {key: numbers[place] for place, turn in enumerate(turns) for key in turn}
            self.groups.append(Group([key for turn in turns for key in turn], item, numbered))
            return
        self.graph.opened.append(path)
        for item in items:
            self.graph.items[item.key] = replace(item, inside=path)
        if len(items) <= MOST_OPEN:
            for turn in turns:
                self.search(turn)
            return
        size = -(-len(turns) // PARTS)
        for place in range(0, len(turns), size):
            self._stack(turns[place : place + size], first + place, counted[place : place + size], kind)

    def _ran(self, turn: Sequence[str]) -> list[Op]:
        return [op for key in turn for op in _ops_of(self.graph.items[key])]

    def _counted(self, turns: list[list[str]], closed: slice) -> tuple[list[int], bool]:
        """The numbers of those turns that are `closed`, as the loop around just these turns counts, and whether it is in another
        one; else none."""
        places = [{() if op.position is None else op.position.turn for op in self._ran(turn)} for turn in turns]
        for depth in range(min(len(turn) for place in places for turn in place)):  # of each loop, outermost first
            counts = [{turn[: depth + 1] for turn in place} for place in places]
            if all(len(each) == 1 for each in counts) and len(set().union(*counts)) == len(turns):
                *outer, numbers = zip(*(each.pop() for each in counts), strict=True)
                return (
                    (list(numbers[closed]), bool(outer)) if all(len(set(each)) == 1 for each in outer) else ([], False)
                )
        return [], False


def _ops_of(item: Item) -> list[Op]:
    return item.ops or ([] if item.op is None else [item.op])


def _place(op: Op) -> object:
    """Where in the source an op was called."""
    at = op.position
    return at and (at.file, at.line, at.column, at.end_line, at.end_column, at.function)


def _mark(item: Item, graph: Graph, recorded: Container[tuple[str, object]]) -> object:
    """What two items have in common that stand for each other in two turns. `recorded` are the ops that have a node in some
    turn, each with its place."""
    found = []
    for op in _ops_of(item):
        place = _place(op)
        # A loop over parameters, `p -= lr * p.grad`, has turns for tensors of all shapes.
        any_shape = op.kind in ("op", "inplace", "detach") and (op.name, place) not in recorded
        shapes = () if any_shape else tuple(graph.values[output].numbers.shape for output in op.outputs)
        found.append((op.name, place, shapes))
    return (item.kind, *found) if found else item.key


def repetition(marks: Sequence[int], least: int = LEAST_TURNS) -> tuple[int, int, int] | None:
    """Start, length and number of the equal turns that take up most of a sequence; None where there are not enough.

    >>> repetition([9, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 7])
    (1, 2, 5)
    """
    if len(marks) < least:
        return None
    last: dict[int, int] = {}
    distances: Counter[int] = Counter()
    for place, mark in enumerate(marks):
        if mark in last:
            distances[place - last[mark]] += 1
        last[mark] = place
    sequence = np.asarray(marks)
    best = (0, 0, 0, 0)
    for period in sorted(distance for distance, _ in distances.most_common(MOST_PERIODS)):
        if period * least > len(marks):
            break
        same = np.flatnonzero(np.diff(np.concatenate(([0], sequence[period:] == sequence[:-period], [0]))))
        starts, ends = same[::2], same[1::2]
        if not len(starts):
            continue
        longest = int(np.argmax(ends - starts))
        start, count = int(starts[longest]), int(ends[longest] - starts[longest]) // period + 1
        if count >= least and count * period > best[0]:
            best = (count * period, start, period, count)
    return best[1:] if best[0] else None
