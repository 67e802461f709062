"""Work on one seed after the other in a process apart, which the work may end: PyTorch crashes in some random programs.

The next seed then gets a new process, and so does one after many: what PyTorch keeps of a cycle through a hook or a custom
function, no collector finds, and thousands of programs hold gigabytes. Used by the commands that run many programs.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

T = TypeVar("T")

RENEWED = 1_000  # seeds for which a process serves


@dataclass(frozen=True)
class Crash:
    """What came of a seed instead of a result: the name of the signal that ended the process."""

    signal: str


def outcomes(work: Callable[[int], T], seeds: Iterable[int], renewed: int = RENEWED) -> Iterator[tuple[int, T | Crash]]:
    """Each seed and what `work` makes of it, `renewed` of them in a process. What `work` raises, which is no crash,
    ends the process and is raised here."""
    worker: _Worker[T] | None = None
    try:
        for seed in seeds:
            if worker is not None and worker.asked == renewed:
                worker.end()
                worker = None
            worker = worker or _Worker(work)
            outcome = worker.ask(seed)
            if isinstance(outcome, Crash):
                worker = None
            yield seed, outcome
    finally:
        if worker is not None:
            worker.end()


class _Worker(Generic[T]):
    """A process that answers one seed after the other."""

    def __init__(self, work: Callable[[int], T]) -> None:
        context = multiprocessing.get_context("spawn")  # PyTorch's threads do not live on in a fork
        self.here, there = context.Pipe()
        self.process = context.Process(target=_answer, args=(work, there), daemon=True)
        self.process.start()
        there.close()
        self.asked = 0

    def ask(self, seed: int) -> T | Crash:
        self.asked += 1
        try:
            self.here.send(seed)
            return self.here.recv()
        except (EOFError, ConnectionError):
            self.end()
        code = self.process.exitcode or 0
        if code >= 0:
            raise RuntimeError(f"seed {seed} ended its process with code {code}; what was raised stands above")
        return Crash(signal.Signals(-code).name)

    def end(self) -> None:
        self.here.close()
        self.process.join()


def _answer(work: Callable[[int], T], there: Connection) -> None:
    while True:
        try:
            seed = there.recv()
        except EOFError:
            return
        there.send(work(seed))
