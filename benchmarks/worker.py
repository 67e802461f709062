"""The process of one framework: `python -m benchmarks.worker NAME`, which `driver` starts.

Each line that comes in is a JSON object {"call": a method of Session, "arguments": [...]}; each line that goes out is
{"value": ...} or {"error": a traceback}. What the framework itself prints goes to the error stream.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
import timeit
import traceback

from benchmarks import calls
from benchmarks.frameworks import load
from benchmarks.frameworks.base import Step, timer
from benchmarks.models import MODELS
from benchmarks.operations import DIFFERENTIATED, PLAIN
from benchmarks.resident import megabytes

OPERATIONS = {operation.name: operation for operation in (*DIFFERENTIATED, *PLAIN)}
CALLS = {operation.name: operation for operation in (*calls.BOTH, *calls.FORWARD)}


class Session:
    """What a worker can be asked.

    The `choose` methods say what `measure` runs from then on, and answer whether the framework has it.
    """

    timer: timeit.Timer
    step: Step

    def __init__(self, name: str) -> None:
        self.framework = load(name)

    def choose_training(self, model: str, batch: int, optimizer: str) -> bool:
        return self._choose_step(self.framework.training_step(MODELS[model], batch, optimizer))

    def choose_recorder(self, state: str) -> bool:
        """The training chosen before, in one of the states of `benchmarks.recorder`."""
        return self._choose_step(self.framework.recorded(self.step, state))

    def choose_forward(self, operation: str, differentiated: bool) -> bool:
        return self._choose(self.framework.forward(OPERATIONS[operation], differentiated))

    def choose_forward_and_backward(self, operation: str) -> bool:
        return self._choose(self.framework.forward_and_backward(OPERATIONS[operation]))

    def choose_sized(self, call: str, elements: int, both: bool) -> bool:
        """One of `benchmarks.calls`; `both` is with its backward."""
        return self._choose(self.framework.sized(CALLS[call], elements, both))

    def _choose_step(self, step: Step | None) -> bool:
        if step:
            self.step = step
        return self._choose(timer(step) if step else None)

    def _choose(self, chosen: timeit.Timer | None) -> bool:
        if chosen:
            self.timer = chosen
        return chosen is not None

    def losses(self, count: int) -> list[float]:
        """Take `count` training steps."""
        return [self.step() for _ in range(count)]

    def measure(self, repeat: int, number: int) -> dict[str, float]:
        """Time `number` calls together, `repeat` times: the least seconds of a call, and the page faults of one."""
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF)
        seconds = self.timer.repeat(repeat, number)
        after = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "seconds": min(seconds) / number,
            "minor": (after.ru_minflt - before.ru_minflt) / (repeat * number),
            "major": (after.ru_majflt - before.ru_majflt) / (repeat * number),
        }

    def chain(self, length: int) -> dict[str, float]:
        """Seconds of each phase of a long chain."""
        gc.collect()
        seconds = {}
        start = time.perf_counter()
        for phase in self.framework.chain(length):
            seconds[phase] = time.perf_counter() - start
            start = time.perf_counter()
        return seconds

    def memory(self) -> dict[str, float]:
        """Megabytes resident now, and at the most so far."""
        return megabytes()


def main(name: str) -> None:
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if hasattr(os, "sched_setaffinity"):  # all on one processor: what else it has to do then slows all alike
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    session = Session(name)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = {"value": getattr(session, request["call"])(*request["arguments"])}
        except Exception:
            reply = {"error": traceback.format_exc()}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
