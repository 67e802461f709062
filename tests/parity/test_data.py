"""utils.data against PyTorch: the same batches in the same order for the same seed, the same texts."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.data

import autogradkit
import autogradkit.utils.data
from tests.every_case import every_case
from tests.parity.oracle import error_of

BOTH = (autogradkit, torch)


def outcome(run: Callable[[Any, Any, Any], Any], m: Any) -> str:
    """What a call on ten rows gives as text, and where the random stream stands afterwards."""
    m.manual_seed(1)
    data = m.utils.data
    rows = data.TensorDataset(m.arange(10), m.arange(10) * 2)
    try:
        result = repr(run(m, data, rows))
    except Exception as error:
        result = f"{type(error).__name__}: {error}"
    return f"{result} {m.rand(1)}"


def stream(data: Any) -> Any:
    class Stream(data.IterableDataset):
        def __iter__(self) -> Any:
            return iter(range(7))

    return Stream()


def first_rows(loader: Any) -> list[Any]:
    return [batch[0].tolist() for batch in loader]


CASES: list[Callable[[Any, Any, Any], Any]] = [
    lambda m, d, rows: first_rows(d.DataLoader(rows, 3)),
    lambda m, d, rows: [first_rows(loader := d.DataLoader(rows, 3, shuffle=True)), first_rows(loader)],
    lambda m, d, rows: first_rows(d.DataLoader(rows, 4, shuffle=True, drop_last=True)),
    lambda m, d, rows: first_rows(d.DataLoader(rows, 3, shuffle=True, generator=m.Generator().manual_seed(3))),
    lambda m, d, rows: list(d.DataLoader(d.Subset(rows, [1, 3, 7]), 2)),
    lambda m, d, rows: list(d.DataLoader(rows, None))[:2],
    lambda m, d, rows: list(d.DataLoader(rows, batch_sampler=[[1, 2], [9]])),
    lambda m, d, rows: list(d.DataLoader(rows, 3, sampler=[5, 5, 1, 0])),
    lambda m, d, rows: list(d.DataLoader(rows, 5, collate_fn=len)),
    lambda m, d, rows: [next(iter(d.DataLoader(rows, 3, shuffle=True)))[0].tolist() for _ in range(2)],
    lambda m, d, rows: len(d.DataLoader(rows, 4)),
    lambda m, d, rows: list(d.DataLoader(stream(d), 3)),
    lambda m, d, rows: list(d.DataLoader(stream(d), 3, drop_last=True)),
    lambda m, d, rows: list(d.DataLoader(stream(d), None)),
    lambda m, d, rows: list(d.DataLoader([1.5, 2.5, 3], 2)),
    lambda m, d, rows: list(d.DataLoader(["a", "b"], 2)),
    lambda m, d, rows: list(d.DataLoader([{"a": 1, "b": m.ones(2)}] * 2, 2)),
    lambda m, d, rows: list(d.DataLoader([(1, (2, 3.0))] * 2, 2)),
    lambda m, d, rows: list(d.DataLoader([(True, np.float32(2), np.ones(2))] * 2, 2)),
    lambda m, d, rows: list(d.DataLoader([None], 1)),
    lambda m, d, rows: list(d.DataLoader([np.array("a")], 1)),
    lambda m, d, rows: list(d.DataLoader([m.ones(2), m.ones(3)], 2)),
    lambda m, d, rows: list(d.DataLoader([[1, 2], [3]], 2)),
    lambda m, d, rows: [part.indices for part in d.random_split(rows, [7, 3])],
    lambda m, d, rows: [part.indices for part in d.random_split(rows, [0.55, 0.25, 0.2])],
    lambda m, d, rows: [p.indices for p in d.random_split(rows, [7, 3], generator=m.Generator().manual_seed(5))],
    lambda m, d, rows: list(d.RandomSampler(rows)),
    lambda m, d, rows: list(d.RandomSampler(rows, True, 70)),
    lambda m, d, rows: list(d.RandomSampler(rows, False, 25)),
    lambda m, d, rows: list(d.WeightedRandomSampler([0.1, 0.5, 0.4], 7)),
    lambda m, d, rows: list(d.WeightedRandomSampler([0.1, 0.5, 0.4], 2, replacement=False)),
    lambda m, d, rows: list(d.SubsetRandomSampler([3, 5, 7])),
    lambda m, d, rows: [list(d.BatchSampler(range(7), 3, drop)) for drop in (True, False)],
    lambda m, d, rows: (d.ConcatDataset([rows, d.Subset(rows, [1, 3])]).cumulative_sizes, len(rows + rows)),
    lambda m, d, rows: (rows + rows)[-1],
    lambda m, d, rows: rows[2:4],
    lambda m, d, rows: d.TensorDataset(m.ones(2), m.ones(3)),
    lambda m, d, rows: d.DataLoader(rows, batch_size=0),
    lambda m, d, rows: d.DataLoader(rows, shuffle=True, sampler=[1]),
    lambda m, d, rows: d.DataLoader(rows, batch_size=2, batch_sampler=[[1]]),
    lambda m, d, rows: d.DataLoader(rows, num_workers=-1),
    lambda m, d, rows: d.DataLoader(rows, timeout=-1),
    lambda m, d, rows: d.DataLoader(rows, batch_size=None, drop_last=True),
    lambda m, d, rows: d.DataLoader([], shuffle=True),
    lambda m, d, rows: d.DataLoader(stream(d), shuffle=True),
    lambda m, d, rows: d.DataLoader(stream(d), sampler=[1]),
    lambda m, d, rows: d.DataLoader(stream(d), batch_sampler=[1]),
    lambda m, d, rows: setattr(d.DataLoader(rows), "batch_size", 3),
    lambda m, d, rows: d.random_split(rows, [3, 3]),
    lambda m, d, rows: d.random_split(rows, [0.5, 0.6]),
    lambda m, d, rows: d.RandomSampler(rows, replacement=3),
    lambda m, d, rows: d.RandomSampler(rows, num_samples=0),
    lambda m, d, rows: d.BatchSampler(rows, 0, False),
    lambda m, d, rows: d.BatchSampler(rows, 2, 1),
    lambda m, d, rows: d.WeightedRandomSampler([1, 2], 0),
    lambda m, d, rows: d.WeightedRandomSampler(m.ones(2, 2), 2),
    lambda m, d, rows: d.ConcatDataset([]),
    lambda m, d, rows: d.ConcatDataset([rows])[-11],
    lambda m, d, rows: d.Dataset()[0],
]


@every_case("index", range(len(CASES)))
def test_batches_orders_and_errors(index: int) -> None:
    assert outcome(CASES[index], autogradkit) == outcome(CASES[index], torch)


def test_batches_are_gathered_as_single_samples_are_collated() -> None:
    class Plain(autogradkit.utils.data.TensorDataset):
        """Not the class itself, so that the loader goes sample by sample."""

    rows = (autogradkit.arange(12.0).reshape(6, 2), autogradkit.arange(6))
    data = autogradkit.utils.data
    quick, slow = (list(data.DataLoader(kind(*rows), 4)) for kind in (data.TensorDataset, Plain))
    assert repr(quick) == repr(slow)
    assert quick[0][0].data_ptr() != rows[0].data_ptr()


class Box:
    """What no library knows how to collate."""

    def __init__(self, held: int) -> None:
        self.held = held


def _of_boxes(batch: Any, *, collate_fn_map: Any) -> Any:
    return Box(collate_fn_map[int]([box.held for box in batch], collate_fn_map=collate_fn_map))


def test_a_class_of_a_users_own_can_be_added_to_what_is_collated(monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    for m in BOTH:
        collating = importlib.import_module(f"{m.__name__}.utils.data._utils.collate")
        loader = m.utils.data.DataLoader([{"box": Box(i), "at": i} for i in range(4)], 2)
        with pytest.raises(TypeError) as refused:
            next(iter(loader))
        monkeypatch.setitem(collating.default_collate_fn_map, Box, _of_boxes)
        batches = [(repr(batch["box"].held), repr(batch["at"])) for batch in loader]
        said.append((str(refused.value), batches, len(collating.default_collate_fn_map)))
    assert said[0] == said[1]


@pytest.mark.parametrize("batch", [[1, 2], [(1, "a"), (2, "b")], [[1], [1, 2]], [{"a": 1}, {"a": 2}]])
def test_collating_by_a_map_of_ones_own(batch: Any) -> None:
    chosen: Any = {int: lambda batch, *, collate_fn_map: sum(batch), str: lambda batch, **_: batch}

    def collated(m: Any, options: Any) -> Any:
        collate = importlib.import_module(f"{m.__name__}.utils.data._utils.collate").collate
        return error_of(lambda: collate(batch, **options)) or collate(batch, **options)

    for options in ({}, {"collate_fn_map": chosen}):
        assert collated(autogradkit, options) == collated(torch, options)


NUMBERS = [
    [np.float32(1), np.float64(2)],
    [np.int64(1), np.float32(2)],
    [np.bool_(True), np.int8(1)],
    [np.float16(1), np.float32(1)],
    [np.array(2, dtype="f4"), np.array(1.0)],
    [1, np.float64(2.5)],
    [2.5, 1],
]


@every_case("batch", NUMBERS)
def test_numbers_of_several_dtypes_are_collated_to_the_dtype_that_they_have_together(batch: list[Any]) -> None:
    said = []
    for m in (autogradkit, torch):
        try:
            made = m.utils.data.default_collate(batch)
            said.append((made.tolist(), str(made.dtype)))
        except TypeError as error:
            said.append(str(error))
    assert said[0] == said[1]
