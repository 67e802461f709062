"""Loaders with worker processes against PyTorch's: the same batches, seeds and order; errors, deaths and timeouts told alike."""

from __future__ import annotations

import gc
import multiprocessing
import os
import random
import re
import signal
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.data

import autogradkit
from autogradkit.utils.data.messages import packed
from tests.every_case import every_case

BOTH = (autogradkit, torch)


class Rows:
    """A map-style data set of both libraries, whose samples a function makes."""

    def __init__(self, sample: Callable[[int], Any], count: int = 8) -> None:
        self.sample = sample
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        return self.sample(index)


def stream(m: Any, count: int, length: int | None = None) -> Any:
    class Stream(m.utils.data.IterableDataset):
        def __iter__(self) -> Any:
            info = m.utils.data.get_worker_info()
            return iter(range(info.id, count, info.num_workers))

        if length is not None:

            def __len__(self) -> int:
                return length

        def __repr__(self) -> str:
            return "Stream()"

    return Stream()


def outcomes(loader: Any, most: int = 12) -> list[str]:
    """What a pass gives, batch by batch, going on after errors; of tracebacks the lines that name no file."""
    said: list[str] = []
    batches = iter(loader)
    for _ in range(most):
        try:
            said.append(repr(next(batches)))
        except StopIteration:
            break
        except Exception as error:
            told = [str(error), *([repr(error.__cause__)] if error.__cause__ else [])]
            lines = [line for each in told for line in each.splitlines() if not line.startswith("  ")]
            said.append(f"{type(error).__name__}: {lines}")
    return [re.sub(r"pid(\(s\))? [\d, ]+", "pid", each) for each in said]


def compare(run: Callable[[Any, Any], Any]) -> Any:
    results = []
    for m in BOTH:
        m.manual_seed(7)
        results.append((run(m, m.utils.data), m.rand(1).item()))
    assert results[0] == results[1]
    return results[0][0]


def test_batches_come_in_order() -> None:
    rows = compare(lambda m, d: outcomes(d.DataLoader(Rows(lambda i: i * 10, 23), 3, shuffle=True, num_workers=2)))
    assert len(rows) == 8
    compare(lambda m, d: outcomes(d.DataLoader(Rows(lambda i: (i, str(i))), 3, num_workers=2, drop_last=True)))
    compare(lambda m, d: outcomes(d.DataLoader(Rows(lambda i: np.full(2, i)), None, num_workers=2, prefetch_factor=1)))
    compare(lambda m, d: outcomes(d.DataLoader(Rows(lambda i: i), batch_sampler=[[1, 2], [7]], num_workers=2)))
    compare(lambda m, d: outcomes(d.DataLoader(d.TensorDataset(m.arange(6)), 2, num_workers=1)))


def test_workers_draw_the_same_random_numbers() -> None:
    def run(m: Any, d: Any) -> Any:
        def sample(index: int) -> Any:
            info = d.get_worker_info()
            drawn = m.rand(1).item(), random.random(), np.random.rand()
            return info.id, info.num_workers, info.seed, m.initial_seed(), len(info.dataset), *drawn

        loaders = [
            d.DataLoader(Rows(sample), 2, num_workers=2, collate_fn=repr),
            d.DataLoader(Rows(sample), 2, shuffle=True, num_workers=2, collate_fn=repr),
            d.DataLoader(Rows(sample), 2, num_workers=1, collate_fn=repr, generator=m.Generator().manual_seed(3)),
        ]
        return [outcomes(each) for each in loaders for _ in range(2)]

    compare(run)
    assert autogradkit.utils.data.get_worker_info() is None


def test_persistent_workers_stay() -> None:
    def run(m: Any, d: Any) -> Any:
        def sample(index: int) -> Any:
            return index, os.getpid(), d.get_worker_info().seed

        loader = d.DataLoader(
            Rows(sample, 5), 2, shuffle=True, num_workers=2, persistent_workers=True, collate_fn=lambda rows: rows
        )
        passes = [[row for batch in loader for row in batch] for _ in range(2)]
        next(iter(loader))  # what was begun is let go by the next pass
        passes.append([row for batch in loader for row in batch])
        processes = {pid for each in passes for _, pid, _ in each}
        return [[(index, seed) for index, _, seed in each] for each in passes], len(processes)

    compare(run)


def test_streams_are_shared_among_workers() -> None:
    compare(lambda m, d: outcomes(d.DataLoader(stream(m, 11), 3, num_workers=2)))
    compare(lambda m, d: outcomes(d.DataLoader(stream(m, 11), 3, num_workers=2, drop_last=True)))
    compare(lambda m, d: outcomes(d.DataLoader(stream(m, 5), None, num_workers=2)))

    def twice(m: Any, d: Any) -> Any:
        loader = d.DataLoader(stream(m, 5), 2, num_workers=2, persistent_workers=True)
        return outcomes(loader), outcomes(loader)

    compare(twice)


def test_a_stream_longer_than_it_said() -> None:
    def run(m: Any, d: Any) -> Any:
        loader = d.DataLoader(stream(m, 4, length=1), 2, num_workers=2)
        length = len(loader)
        with pytest.warns(UserWarning, match=r"^Length of IterableDataset Stream\(\) was reported to be 1") as heard:
            return length, outcomes(loader), [str(each.message) for each in heard]

    compare(run)


def test_batches_as_they_are_ready() -> None:
    for m in BOTH:
        loader = m.utils.data.DataLoader(Rows(lambda i: i, 9), 2, num_workers=2, in_order=False)
        assert sorted(index for batch in loader for index in batch.tolist()) == list(range(9))


class ParticularError(Exception):
    """Is made of two arguments."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__(f"{one} and {other}")


def _raising(error: BaseException) -> Callable[[int], Any]:
    def sample(index: int) -> Any:
        if index == 3:
            raise error
        return index

    return sample


@pytest.mark.parametrize("error", [ValueError("three"), KeyError("three"), ParticularError(1, 2)])
def test_errors_of_a_worker_arrive_with_their_traceback(error: Exception) -> None:
    told = compare(lambda m, d: outcomes(d.DataLoader(Rows(_raising(error)), 2, num_workers=2)))
    assert told[1].startswith(f"{'RuntimeError' if type(error) is ParticularError else type(error).__name__}: ['Caught")
    assert told[2:] == ["tensor([4, 5])", "tensor([6, 7])"]


def test_a_stop_iteration_of_a_sample_ends_the_pass() -> None:
    compare(lambda m, d: outcomes(d.DataLoader(Rows(_raising(StopIteration())), 2, num_workers=2)))


def test_the_learners_frames_are_shown() -> None:
    batches = iter(autogradkit.utils.data.DataLoader(Rows(_raising(ValueError("three"))), 4, num_workers=1))
    with pytest.raises(ValueError, match="Caught ValueError in DataLoader worker process 0") as caught:
        next(batches)
    assert re.findall(r"in (\w+)\n", str(caught.value)) == ["__getitem__", "sample"]


def test_an_error_while_a_worker_begins() -> None:
    def init(number: int) -> None:
        raise OSError(f"no disc for {number}")

    for m in BOTH:
        told = outcomes(m.utils.data.DataLoader(Rows(lambda i: i, 2), 1, num_workers=2, worker_init_fn=init))
        assert [each[:73] for each in told] == [
            f"OSError: ['Caught OSError in DataLoader worker process {number}.', 'Original Tra" for number in (0, 1)
        ]


def test_what_cannot_be_sent_is_an_error() -> None:
    def rows(m: Any) -> Any:
        weights = m.ones(2, requires_grad=True)
        return Rows(lambda i: weights * i if i else lambda: 0, 2)

    told = outcomes(autogradkit.utils.data.DataLoader(rows(autogradkit), None, num_workers=1))
    assert re.search("Can't (pickle|get) ", told[0])  # which word Python's version decides
    assert "Cowardly refusing to serialize non-leaf tensor which requires_grad" in told[1]


@pytest.mark.parametrize(
    ("end", "how"),
    [
        (
            lambda: os._exit(4),
            "exited unexpectedly with exit code 4. Details are lost due to multiprocessing. Rerunning with num_workers=0 may "
            "give better error trace.",
        ),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "is killed by signal: Killed. "),
    ],
    ids=["exit", "kill"],
)
def test_a_worker_that_dies(end: Callable[[], None], how: str) -> None:
    """The texts are PyTorch's, which now and then says them a batch earlier, or waits for ever."""

    def sample(index: int) -> int:
        if index == 3:
            end()
        return index

    told = outcomes(autogradkit.utils.data.DataLoader(Rows(sample), 2, num_workers=2))
    said = ["DataLoader worker (pid) exited unexpectedly", repr(RuntimeError(f"DataLoader worker (pid) {how}"))]
    # The batches that it had are gone, as in PyTorch; no other is.
    assert told == ["tensor([0, 1])", f"RuntimeError: {said}", "tensor([4, 5])"]


def test_all_workers_die() -> None:
    loader = autogradkit.utils.data.DataLoader(Rows(lambda i: os._exit(1)), 2, num_workers=2)
    told = outcomes(loader)
    assert 1 <= len(told) <= 2
    assert all(each.startswith("RuntimeError: ['DataLoader worker (pid) exited unexpectedly'") for each in told)


def test_a_worker_that_is_late() -> None:
    def run(m: Any, d: Any) -> Any:
        event = multiprocessing.Event()
        batches = iter(d.DataLoader(Rows(lambda i: event.wait() and i, 2), 1, num_workers=1, timeout=0.2))
        with pytest.raises(RuntimeError) as caught:
            next(batches)
        event.set()
        return str(caught.value), [batch.tolist() for batch in batches]

    assert compare(run) == ("DataLoader timed out after 0.2 seconds", [[0], [1]])


def test_no_process_is_left() -> None:
    before = set(multiprocessing.active_children())
    loader = autogradkit.utils.data.DataLoader(Rows(lambda i: autogradkit.zeros(100_000), 50), 1, num_workers=2)
    for _ in loader:
        break
    list(loader)
    gc.collect()
    assert set(multiprocessing.active_children()) <= before


def test_processes_that_are_spawned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))  # which the new process imports again
    data = autogradkit.utils.data
    rows = data.TensorDataset(autogradkit.arange(6), autogradkit.ones(6))
    loader = data.DataLoader(rows, 4, num_workers=1, multiprocessing_context="spawn")
    assert loader.multiprocessing_context is multiprocessing.get_context("spawn")
    assert [batch[0].tolist() for batch in loader] == [[0, 1, 2, 3], [4, 5]]


def test_a_row_travels_without_the_others() -> None:
    many = autogradkit.arange(100_000)
    assert len(packed((0, many[3:5]))) < 1000
    assert len(packed((0, many))) > 800_000


REFUSED: list[Callable[[Any, Any], Any]] = [
    lambda m, d: d.DataLoader([1], prefetch_factor=2),
    lambda m, d: d.DataLoader([1], num_workers=1, prefetch_factor=-1),
    lambda m, d: d.DataLoader([1], persistent_workers=True),
    lambda m, d: d.DataLoader([1], multiprocessing_context="fork"),
    lambda m, d: d.DataLoader([1], num_workers=1, multiprocessing_context="spoon"),
    lambda m, d: d.DataLoader([1], num_workers=1, multiprocessing_context=3),
    lambda m, d: iter(d.DataLoader([1], timeout=3)),
    lambda m, d: setattr(d.DataLoader([1], num_workers=1), "persistent_workers", True),
    lambda m, d: setattr(d.DataLoader([1]), "multiprocessing_context", "fork"),
    lambda m, d: d.DataLoader([1], num_workers=1).multiprocessing_context,
    lambda m, d: d.DataLoader([1], num_workers=1).prefetch_factor,
    lambda m, d: d.StackDataset(),
    lambda m, d: d.StackDataset([1, 2], [3]),
    lambda m, d: d.StackDataset([1], a=[3]),
    lambda m, d: [d.StackDataset([1, 2], ["a", "b"])[1], len(d.StackDataset([1, 2]))],
    lambda m, d: list(d.DataLoader(d.StackDataset(x=d.Subset([1, 2, 4], [2, 0]), y=["a", "b"]), 2)),
    lambda m, d: list(d.DataLoader(d.StackDataset([1, 2], d.Subset([3, 4], [1, 0])), 2)),
    lambda m, d: list(d.ChainDataset([[1]])),
    lambda m, d: len(d.ChainDataset([[1]])),
    lambda m, d: len(d.ChainDataset([stream(m, 3, length=3)] * 2)),
    lambda m, d: type("Mine", (d.Subset,), {"__getitem__": lambda self, i: 0})([1], [0]),
    lambda m, d: d.DistributedSampler([1], 2, 2),
    lambda m, d: d.DistributedSampler([1], 2, -1),
    lambda m, d: [list(d.DistributedSampler(range(11), 3, rank)) for rank in range(3)],
    lambda m, d: [list(d.DistributedSampler(range(11), 3, rank, False, drop_last=True)) for rank in range(3)],
    lambda m, d: [list(d.DistributedSampler(range(2), 5, rank, seed=4)) for rank in range(5)],
    lambda m, d: [list(d.DistributedSampler([], 2, 1)), len(d.DistributedSampler(range(7), 2, 1, drop_last=True))],
    lambda m, d: [(s := d.DistributedSampler(range(9), 2, 1)).set_epoch(3), list(s), len(s)],
    lambda m, d: d.default_collate([m.eye(2).to_sparse()] * 2),
]


def test_nothing_ahead() -> None:
    with pytest.raises(
        AssertionError, match=r"^prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter$"
    ):
        iter(autogradkit.utils.data.DataLoader([1], num_workers=1, prefetch_factor=0))


@every_case("index", range(len(REFUSED)))
def test_options_and_refusals(index: int) -> None:
    def run(m: Any, d: Any) -> str:
        try:
            return repr(REFUSED[index](m, d))
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    compare(run)


WARNED: list[Callable[[Any], Any]] = [
    lambda d: d.DataLoader([1], num_workers=10_000),
    lambda d: iter(d.DataLoader([1], pin_memory=True, pin_memory_device="cuda")),
]


@pytest.mark.parametrize("index", range(len(WARNED)))
def test_warnings(index: int) -> None:
    def run(m: Any, d: Any) -> list[str]:
        with pytest.warns(UserWarning, match=".") as heard:
            WARNED[index](d)
        return [str(each.message) for each in heard]

    compare(run)


def test_no_process_group_is_here() -> None:
    with pytest.raises(ValueError, match=r"^Default process group has not been initialized"):
        autogradkit.utils.data.DistributedSampler([1], num_replicas=2)
