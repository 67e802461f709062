"""`Timer`: how long a statement takes, as text that is run again and again. Rests on Python's `timeit` and on measurements."""

from __future__ import annotations

import math
import statistics
import textwrap
import timeit
from collections.abc import Callable
from typing import Any

import autogradkit
from autogradkit.core.frames import entry
from autogradkit.utils.benchmark.common import Language, set_torch_threads
from autogradkit.utils.benchmark.measurement import Measurement, TaskSpec

_MOST_RUNS = 2**31 - 1  # in one measurement


def _undented(code: str) -> str:
    return textwrap.dedent(code).removeprefix("\n").rstrip()


class Timer:
    """Times a statement, which sees `globals`, what `setup` made, and `torch`. Raises ValueError for what is no text.

    >>> from autogradkit.utils.benchmark import Timer
    >>> Timer("x @ x", setup="x = torch.ones(2, 2)").timeit(10).number_per_run
    10
    """

    @entry
    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timeit.default_timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: Language | str = Language.PYTHON,
    ) -> None:
        if not isinstance(stmt, str):
            raise ValueError("Currently only a `str` stmt is supported.")
        if language in (Language.CPP, "cpp", "c++"):
            raise NotImplementedError("Timer() does not support language='c++'")
        if language not in (Language.PYTHON, "py", "python"):
            raise ValueError(f"Invalid language `{language}`.")
        if global_setup:
            raise ValueError(
                f"global_setup is C++ only, got `{global_setup}`. Most likely this code can simply be moved to `setup`."
            )
        stmt, setup = _undented(stmt), _undented(setup)
        self._timer = timeit.Timer(stmt, setup, timer, {"torch": autogradkit, **(globals or {})})
        self._task_spec = TaskSpec(stmt, setup, global_setup, label, sub_label, description, env, num_threads)

    def _seconds(self, number: int) -> float:
        with set_torch_threads(self._task_spec.num_threads):
            return max(self._timer.timeit(number), 1e-9)

    @entry
    def timeit(self, number: int = 1000000) -> Measurement:
        """One measurement of `number` runs, after a hundredth of them to warm up."""
        self._seconds(max(number // 100, 2))
        return Measurement(number, [self._seconds(number)], self._task_spec)

    def repeat(self, repeat: int = -1, number: int = -1) -> None:
        """Of `timeit.Timer`. Raises NotImplementedError."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def autorange(self, callback: Any = None) -> None:
        """Of `timeit.Timer`. Raises NotImplementedError."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    @entry
    def blocked_autorange(
        self, callback: Callable[[int, float], Any] | None = None, min_run_time: float = 0.2
    ) -> Measurement:
        """Measurements for `min_run_time` seconds, each of so many runs that the clock does not count."""
        number = self._enough_runs(min_run_time)
        return self._measured(number, callback, min_run_time, math.inf, lambda times: True)

    @entry
    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Callable[[int, float], Any] | None = None,
    ) -> Measurement:
        """The same until the quarters of at least four lie within `threshold` of the median, or for `max_run_time` seconds."""
        number = self._enough_runs(0.05)

        def agree(times: list[float]) -> bool:
            return len(times) > 3 and Measurement(number, times, self._task_spec).meets_confidence(threshold)

        return self._measured(number, callback, min_run_time, max_run_time, agree)

    def _enough_runs(self, min_run_time: float) -> int:
        clock = statistics.median([self._seconds(0) for _ in range(5)])
        number = 1
        while True:
            taken = self._seconds(number)
            if (clock <= 1e-4 * taken and taken >= min_run_time / 1000) or taken > min_run_time:
                return number
            if number * 10 > _MOST_RUNS:
                return number
            number *= 10

    def _measured(
        self,
        number: int,
        callback: Callable[[int, float], Any] | None,
        least: float,
        most: float,
        suffices: Callable[[list[float]], bool],
    ) -> Measurement:
        times: list[float] = []
        while sum(times) < least or not suffices(times):
            times.append(self._seconds(number))
            if callback is not None:
                callback(number, times[-1])
            if sum(times) > most:
                break
        return Measurement(number, times, self._task_spec)
