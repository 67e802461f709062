"""What runs in a worker process of a DataLoader: it takes tasks from a queue, and sends batches through a pipe.

Rests on the fetchers; `multiprocess.py` starts and ends these processes. Worker i draws its random numbers from the loader's
base seed plus i, as in PyTorch, and computes with one thread.
"""

from __future__ import annotations

import queue
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import parent_process
from typing import Any

import numpy as np

from autogradkit.core.random import default_generator
from autogradkit.core.recording import unheard
from autogradkit.core.threads import set_num_threads
from autogradkit.utils.data.fetching import Fetcher, _DatasetKind, fetcher_for
from autogradkit.utils.data.messages import Failure, Signal, packed

_PARENT_ALIVE_EVERY = 5.0  # seconds, as in PyTorch


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """Which worker of how many this process is, the seed of its random numbers, and its own copy of the data set."""

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: None = None
    worker_method: str | None = "multiprocessing"


_info: list[WorkerInfo] = []  # at most one: that of this process


def get_worker_info() -> WorkerInfo | None:
    """In a worker process of a DataLoader its `id`, `num_workers`, `seed` and `dataset`; None in any other process."""
    return _info[0] if _info else None


@dataclass(frozen=True)
class Work:
    """What all workers of a loader are told when they start."""

    kind: int  # one of `_DatasetKind`
    dataset: Any
    batched: bool
    collate: Callable[[Any], Any]
    drop_last: bool
    base_seed: int
    init: Callable[[int], Any] | None  # `worker_init_fn`
    workers: int


def generate_state(base_seed: int, worker_id: int) -> list[int]:
    """The four words that NumPy's older generator begins with in a worker.

    >>> generate_state(123, 0)
    [4253025450, 2184329087, 1599386872, 2820677907]
    """
    halves = base_seed & 0xFFFFFFFF, base_seed >> 32
    return np.random.SeedSequence([worker_id, *halves, 0]).generate_state(4).tolist()


def run(work: Work, number: int, tasks: Any, results: Any, done: Any, inherited: list[Any]) -> None:
    """The life of worker `number`: until it is told None, nobody reads its results, or the process that started it is gone.

    `inherited` are the ends of pipes that the loader reads from. They are closed here, or nobody would notice when it does so.
    """
    for end in inherited:
        end.close()
    # An interrupt at the terminal reaches every process. The loader's own decides what comes of it: a training that holds it
    # back until its batch is finished must find the workers alive.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_num_threads(1)
    seed = work.base_seed + number
    random.seed(seed)
    default_generator.manual_seed(seed)
    np.random.seed(generate_state(work.base_seed, number))
    _info[:] = [WorkerInfo(number, work.workers, seed, work.dataset)]
    try:
        with unheard():
            _serve(work, number, tasks, results, done)
    except BrokenPipeError:
        pass  # nobody waits for the batch any more


def _serve(work: Work, number: int, tasks: Any, results: Any, done: Any) -> None:
    fetch = _fetcher(work, number, work.init)
    is_stream = work.kind == _DatasetKind.Iterable
    ended = False
    while (task := _next_task(tasks)) is not None:
        if task is Signal.RESUME:
            fetch = _fetcher(work, number, None)
            ended = False
            results.send_bytes(packed((task, None)))
        elif not ended and not done.is_set():
            place, index = task
            try:
                answer = packed((place, fetch(index)))
            except Exception as error:
                ended = is_stream and isinstance(error, StopIteration)
                answer = packed((place, Signal.ENDED if ended else Failure(error, number)))
            results.send_bytes(answer)


def _fetcher(work: Work, number: int, init: Callable[[int], Any] | None) -> Fetcher:
    """What gets a pass's samples; where it cannot be made, what gives the reason instead of every batch."""
    try:
        if init is not None:
            init(number)
        return fetcher_for(work.kind, work.dataset, work.batched, work.collate, work.drop_last)
    except Exception as error:
        failure = Failure(error, number)
        return lambda index: failure


def _next_task(tasks: Any) -> Any:
    """The next task; None, which ends the worker, also where the process that started it is gone."""
    parent = parent_process()
    while parent is not None and parent.is_alive():
        try:
            return tasks.get(timeout=_PARENT_ALIVE_EVERY)
        except queue.Empty:
            continue
    return None
