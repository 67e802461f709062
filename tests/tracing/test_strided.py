"""Cells, order numbers and multiplicities, held against an enumeration of random layouts."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np

from autogradkit.tracing.strided import MOST_WAYS, Layout
from tests.every_case import every_case


@every_case("seed", range(60))
def test_each_cell_knows_its_elements(seed: int) -> None:
    stream = np.random.default_rng(seed)
    dims = int(stream.integers(0, 5))
    layout = Layout(
        tuple(int(n) for n in stream.integers(1, 5, dims)),
        tuple(int(s) for s in stream.integers(-4, 7, dims)),
        int(stream.integers(0, 5)),
    )
    held: dict[int, list[int]] = defaultdict(list)
    for order, index in enumerate(itertools.product(*map(range, layout.shape))):
        assert layout.index(order) == index
        held[layout.cell(index)].append(order)
    assert layout.extent() == (min(held), max(held))
    for cell in range(min(held) - 2, max(held) + 3):
        assert layout.count(cell) == len(held[cell]), layout
        assert layout.orders(cell, 1000) == tuple(held[cell]), layout
        assert layout.orders(cell, 2) == tuple(held[cell][:2]), layout


def test_an_empty_layout_holds_nothing() -> None:
    empty = Layout((0, 3), (3, 1), 2)
    assert (empty.count(2), empty.orders(2, 5), empty.hops(), empty.extent()) == (0, (), [], (2, 2))


def test_a_cell_of_very_many_elements_is_counted_not_listed() -> None:
    repeated = Layout((1000, 1000), (0, 0), 0)
    assert repeated.count(0) == 1_000_000
    assert repeated.orders(0, 3) == (0, 1, 2)
    overlapping = Layout((100, 100, 100), (1, 1, 1), 0)
    assert overlapping.count(148) > MOST_WAYS
    assert overlapping.orders(148, 3) == ()


def test_gaps_do_not_take_for_ever() -> None:
    even = Layout((2,) * 40, (2,) * 40, 0)
    assert [even.count(cell) for cell in (0, 1, 2, 41)] == [1, 0, 40, 0]
