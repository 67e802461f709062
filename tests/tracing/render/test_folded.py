"""Folding loses nothing: whatever is left on a picture is joined as in the graph of all that ran, counted and named rightly.

The graph of a cell as `build` makes it is the truth here (`tests/parity/drawn` holds that to PyTorch). It is folded to few
items, with modules and stacks opened and closed at random, and both are compared.
"""

from __future__ import annotations

import random
import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pytest

from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.graph.structure.fold import USUAL, bounded, fold, fold_calls_and_layers, fold_turns
from autogradkit.tracing.render.graph.structure.model import Graph, Item, Link, copied, op_key, shared
from autogradkit.tracing.render.graph.structure.moves import join_moves
from autogradkit.tracing.render.graph.structure.stacks import SMALLER
from tests.parity.drawn.programs import program
from tests.tracing.render.cells import CELLS, FANS, trace_source

pytestmark = pytest.mark.long

BOUNDS = (6, 10, 16, 32, 64)
SEEDS = 40

Heads = Mapping[str, set[str]]


def heads_of(links: Iterable[Link]) -> Heads:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for link in links:
        found[link.tail].add(link.head)
    return found


def reached(heads: Heads, starts: Iterable[str]) -> set[str]:
    """Whatever a path leads to from one of these."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        new = heads.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def falsities(whole: Graph, folded: Graph) -> Iterator[str]:
    """What a folded graph says otherwise than the whole one."""
    parts = {key: [op_key(op) for op in item.ops] or [key] for key, item in folded.items.items()}
    shown_in = {part: key for key, keys in parts.items() for part in keys}
    ran = Counter(part for keys in parts.values() for part in keys if whole.items[part].kind != "tensor")
    if ran != Counter(key for key, item in whole.items.items() if item.kind != "tensor"):
        yield f"not each operation is on the picture once: {ran}"
    yield from edges(heads_of(whole.links), heads_of(folded.links), parts, shown_in)
    for item in folded.items.values():
        if item.kind == "tensor":
            yield from of_tensor(whole, folded, item, shown_in)
        elif item.of_turns:
            yield from of_turns(item)


def edges(before: Heads, after: Heads, parts: Mapping[str, list[str]], shown_in: Mapping[str, str]) -> Iterator[str]:
    for key, keys in parts.items():
        led = {shown_in[part] for part in reached(before, keys) if part in shown_in} - {key}
        if lost := led - reached(after, [key]):
            yield f"no path leads from {key} to {lost} any more"
        within = {key: after.get(key, set()) for key in before if key not in shown_in}  # what is not drawn by itself
        near: set[str] = set()
        # What only its operations use is in it, and may lead on from there: an array into which NumPy writes in each turn.
        held = [each for each in within if before[each] & {*keys}]
        waiting, seen = [*keys, *held], {*keys, *held}
        while waiting:
            for head in before.get(waiting.pop(), set()) - seen:
                seen.add(head)
                if head in shown_in:
                    near.add(shown_in[head])
                if head in within or shown_in.get(head) == key:
                    waiting.append(head)
        if invented := after.get(key, set()) - near:
            yield f"{key} does not lead to {invented}"


def of_tensor(whole: Graph, folded: Graph, item: Item, shown_in: Mapping[str, str]) -> Iterator[str]:
    assert item.value is not None
    if item.value is not whole.values[item.value.id] or folded.labels[item.value.id] != whole.labels[item.value.id]:
        yield f"{item.key} is another tensor than it was"
    before, after = sent_back(whole, item.key), sent_back(folded, item.key)
    for call in before.keys() | after.keys():
        if not np.allclose(before.get(call, np.nan), after.get(call, np.nan), rtol=1e-3, atol=1e-6, equal_nan=True):
            yield f"other gradients than before arrive at {item.key} in call {call}"
    used = Counter(shown_in[link.head] for link in flows(whole, item.key) if link.head in shown_in)
    told: Counter[str] = Counter()
    for link in flows(folded, item.key):
        told[link.head] += link.uses
    if any(told[head] != count for head, count in used.items()):
        yield f"{item.key} is used {used}, and the picture says {told}"


def flows(graph: Graph, key: str) -> list[Link]:
    return [link for link in graph.links if link.tail == key and link.kind == "flow"]


def sent_back(graph: Graph, key: str) -> dict[int, np.ndarray]:
    """The sum of what arrives at a tensor from what uses it, by backward call."""
    found: dict[int, np.ndarray] = {}
    for link in graph.links:
        for grad in link.grads if link.tail == key and link.head != f"v{link.value}" else ():
            data = grad.numbers.mean if grad.numbers.data is None else grad.numbers.data
            found[grad.call] = found.get(grad.call, np.zeros(())) + np.asarray(data)
    return found


def of_turns(stack: Item) -> Iterator[str]:
    """A stack that speaks of turns has all operations of so many, and these are the loop's numbers."""
    said = re.fullmatch(r"(?:(\d+) of the )?((?:inner )?turn|repeat|block)s? (\d+)(?:–(\d+))?", stack.title)
    assert said is not None, stack.title
    first, last = int(said[3]), int(said[4] or said[3])
    if stack.times != int(said[1] or last - first + 1):
        yield f"{stack.title} are {stack.times}"
    turns = [op.position.turn for op in stack.ops if op.position is not None]
    counted = [{turn[depth] for turn in turns} for depth in range(min(map(len, turns), default=0))]
    loops = [
        depth
        for depth, each in enumerate(counted)
        if len(each) == stack.times and (min(each), max(each)) == (first, last)
    ]
    wanted = {"turn": loops[:1] == [0], "inner turn": loops[-1:] > [0]}
    if not wanted.get(said[2], True):
        yield f"{stack.title} are the turns {counted}"


def folded_at_random(whole: Graph, seed: int) -> Iterator[tuple[str, Graph]]:
    """Smaller graphs, with what was asked for."""
    stream = random.Random(seed)
    paths = [*(closed := fold(shared(whole))).unfoldable, *(item.path for item in closed.items.values() if item.path)]
    for most in BOUNDS:
        for folds in ({}, {path: stream.random() < 0.5 for path in paths}):
            turns = stream.choice((USUAL, *SMALLER))
            yield f"{most} items, {turns}, {folds}", bounded(fold(shared(whole), folds, most, turns), most)
        joined = fold_calls_and_layers(shared(whole), {})
        if join_moves(joined):
            yield f"{most} items, moves joined", bounded(fold_turns(joined, {}, most, USUAL), most)


def assert_nothing_is_lost(source: str, before: str, seed: int) -> None:
    whole = build(trace_source(source, before))
    as_it_was = copied(whole)
    for asked, folded in folded_at_random(whole, seed):
        assert not list(falsities(whole, folded)), f"seed {seed}, {asked}\n{source}"
    assert whole == as_it_was, "whoever draws it again, folded otherwise, draws what is left of it"


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_random_program_loses_nothing_when_it_is_folded(seed: int) -> None:
    made = program(seed)
    assert_nothing_is_lost(made.cell, made.before, seed)


@pytest.mark.parametrize("seed", range(1000, 1000 + SEEDS))
def test_a_loop_over_a_random_program_loses_nothing_when_it_is_folded(seed: int) -> None:
    made = program(seed)
    turns = random.Random(seed).choice((2, 3, 6))
    assert_nothing_is_lost(f"for turn in range({turns}):\n{textwrap.indent(made.cell, '    ')}", made.before, seed)


@pytest.mark.parametrize("name", [*CELLS, *FANS])
def test_a_cell_loses_nothing_when_it_is_folded(name: str) -> None:
    before, source = (CELLS | FANS)[name]
    assert_nothing_is_lost(source, before, 0)


W = "w = torch.ones(3, requires_grad=True)"
WRITTEN = """
for turn in range(3):
    a = w - w
    numbers = x.numpy()
    for i in range(3):
        numbers[i] += i
        b = x * w
"""


@pytest.mark.parametrize("seed", [1, 2, 1013])
def test_what_numpy_writes_beside_turns_that_become_one_is_not_lost(seed: int) -> None:
    assert_nothing_is_lost(WRITTEN, f"{W}\nx = torch.ones(3)", seed)


LOOPS = {
    "an inner loop that the outer one begins anew": (
        "h = w\nfor i in range(4):\n    for j in range(i):\n        h = h * 2", ["repeats 2–5"]
    ),
    "every third turn": ("h = w\nfor i in range(30):\n    if i % 3 == 0:\n        h = h * 2", ["8 of the turns 4–25"]),
    "three turns that repeat": (
        "h = w\nfor i in range(30):\n    h = h * 2 if i % 3 == 0 else h + 1", ["repeats 2–9"]
    ),
    "a function that calls itself": (
        "def f(h, n):\n    return h if n == 0 else f(h * 2, n - 1)\nh = f(w, 8)", ["repeats 2–7"]
    ),
    "a comprehension": ("h = [w * i for i in range(9)]", ["turns 2–8"]),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOPS)
def test_a_stack_is_called_turns_where_they_are_one_loops(name: str) -> None:
    source, titles = LOOPS[name]
    folded = fold(build(trace_source(source, W)))
    assert [item.title for item in folded.items.values() if item.kind == "stack"] == titles


def test_what_is_lost_is_found() -> None:
    before, source = CELLS["fan_in"]
    whole = build(trace_source(source, before))
    folded = fold(copied(whole))
    assert not list(falsities(whole, folded))
    less = copied(folded)
    (lost,) = [link for link in less.links if link.tail == next(key for key in less.items if key[0] == "v")]
    less.links.remove(lost)
    assert any("path" in each for each in falsities(whole, less))
    less = copied(folded)
    next(link for link in less.links if link.grads).grads.clear()
    next(link for link in less.links if link.uses == 1 and link.tail[0] == "v").uses = 2
    assert {"other" in each or "used" in each for each in falsities(whole, less)} == {True}
