"""Starts the workers, asks them in turns, and puts their least times together. Every command rests on it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.frameworks import TITLES

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_FORCED_KERNELS = {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}
# What is measured runs with one thread, and with the kernels that each library chooses for this processor.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in _FORCED_KERNELS} | _ONE_THREAD
SAMPLE = 1e-3  # seconds


class Worker:
    """A process that has one framework; `ask` calls a method of its session."""

    def __init__(self, framework: str) -> None:
        self.framework = framework
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", framework],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )

    def ask(self, call: str, *arguments: Any) -> Any:
        """The session's answer. Raises RuntimeError with the worker's traceback where the call failed there."""
        stdout = self._process.stdout
        assert stdout is not None
        with contextlib.suppress(BrokenPipeError):  # a worker that has ended says so by its silence
            print(json.dumps({"call": call, "arguments": arguments}), file=self._process.stdin, flush=True)
        line = stdout.readline()
        if not line:
            raise RuntimeError(
                f"the process of {TITLES[self.framework]} ended with status {self._process.wait()}; its traceback is above. "
                'Where a framework is missing: pip install -e ".[test,bench]"'
            )
        reply = json.loads(line)
        if "error" in reply:
            raise RuntimeError(f"{TITLES[self.framework]}, asked for {call}{arguments}:\n{reply['error']}")
        return reply["value"]

    def close(self) -> None:
        """Let the process end by itself."""
        self._process.communicate()


@contextlib.contextmanager
def workers(frameworks: Iterable[str]) -> Iterator[list[Worker]]:
    """One worker for each name, all running; they end with the block."""
    started = [Worker(framework) for framework in frameworks]
    try:
        yield started
    finally:
        for worker in started:
            worker.close()


@dataclass
class Measured:
    """The least seconds of one call, and its page faults, minor and major, on average."""

    seconds: float
    minor: float
    major: float


def in_turns(asked: list[Worker], rounds: int, seconds: float) -> list[Measured]:
    """Measure what each worker has chosen, in turns; the turn before the first of the `rounds` warms up.

    A turn is equally many samples of each worker, at least three and about `seconds` of the first one's time. A sample
    is one call, or as many as fill a millisecond: longer ones would meet other processes more often.
    """
    once = [worker.ask("measure", 3, 1)["seconds"] for worker in asked]
    numbers = [max(1, round(SAMPLE / duration)) for duration in once]
    repeat = max(3, round(seconds / (once[0] * numbers[0])))
    turns = [
        [worker.ask("measure", repeat, number) for worker, number in zip(asked, numbers, strict=True)]
        for _ in range(rounds + 1)
    ][1:]
    return [
        Measured(
            seconds=min(turn["seconds"] for turn in own),
            minor=sum(turn["minor"] for turn in own) / rounds,
            major=sum(turn["major"] for turn in own) / rounds,
        )
        for own in zip(*turns, strict=True)
    ]
