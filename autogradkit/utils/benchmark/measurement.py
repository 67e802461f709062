"""What was measured: times of a number of runs each, their median, and how far they lie apart, which says whether to trust it."""

from __future__ import annotations

import dataclasses
import math
import statistics
import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np

_UNITS = {-3: ("ns", 1e-9), -2: ("us", 1e-6), -1: ("ms", 1e-3)}


@dataclasses.dataclass(frozen=True, repr=False)
class TaskSpec:
    """What is timed, and what it is called."""

    stmt: str
    setup: str
    global_setup: str = ""  # of C++, which is not timed here
    label: str | None = None
    sub_label: str | None = None
    description: str | None = None
    env: str | None = None
    num_threads: int = 1

    @property
    def title(self) -> str:
        """The label, or the statement."""
        more = (self.sub_label and f": {self.sub_label}") or ""
        if self.label is not None:
            return self.label + more
        if "\n" not in self.stmt:
            return self.stmt + more
        more = f" ({self.sub_label})" if self.sub_label else ""
        return f"stmt:{more}\n{textwrap.indent(self.stmt, '  ')}"

    def summarize(self) -> str:
        """The title, the description and the setup, as far as there are any."""
        setup = "" if self.setup in ("", "pass") else f"setup: {self.setup}"
        if "\n" in setup:
            setup = f"setup:\n{textwrap.indent(self.setup, '  ')}"
        return "\n".join(
            f"{each}\n" if "\n" in each else each for each in (self.title, self.description or "", setup) if each
        )


class Measurement:
    """What `Timer` measured: `raw_times` in seconds, each for `number_per_run` runs. Printed, it says what to make of it."""

    def __init__(self, number_per_run: int, raw_times: list[float], task_spec: TaskSpec, metadata: Any = None) -> None:
        self.number_per_run = number_per_run
        self.raw_times = raw_times
        self.task_spec = task_spec
        self.metadata = metadata

    def __getattr__(self, name: str) -> Any:
        if name in TaskSpec.__dataclass_fields__:
            return getattr(self.task_spec, name)
        raise AttributeError(f"'Measurement' object has no attribute '{name}'")

    @property
    def times(self) -> list[float]:
        """Seconds for one run, of each measurement."""
        return [each / self.number_per_run for each in self.raw_times]

    @property
    def median(self) -> float:
        """The middle one of them."""
        return statistics.median(self.times)

    @property
    def mean(self) -> float:
        """Their mean."""
        return statistics.fmean(self.times)

    @property
    def iqr(self) -> float:
        """How far the quarters lie apart: half of them lie within that."""
        low, high = self._quarters()
        return high - low

    def _quarters(self) -> tuple[float, float]:
        low, high = np.quantile(self.times, [0.25, 0.75])
        return float(low), float(high)

    def meets_confidence(self, threshold: float = 0.1) -> bool:
        """Whether that is less than `threshold` of the median."""
        return self.iqr / self.median < threshold

    @property
    def significant_figures(self) -> int:
        """How many figures of the median, from 1 to 4, the spread of the middle half of the times lets one trust."""
        times = sorted(self.times)
        middle = times[len(times) // 4 : math.ceil(3 * len(times) / 4)]
        interval = max(1.645 * statistics.pstdev(middle) / math.sqrt(len(middle)), 25e-9)
        return min(max(math.floor(math.log10(self.median / interval)), 1), 4)

    @property
    def as_row_name(self) -> str:
        """What a row of a table is called."""
        return self.task_spec.sub_label or self.task_spec.stmt or "[Unknown]"

    @property
    def has_warnings(self) -> bool:
        """Whether it is not."""
        return bool(self._warning())

    def _warning(self) -> str:
        if self.meets_confidence():
            return ""
        reason = (
            "This could indicate system fluctuation."
            if self.meets_confidence(0.25)
            else "This suggests significant environmental influence."
        )
        apart = self.iqr / self.median * 100
        return f"  WARNING: Interquartile range is {apart:.1f}% of the median measurement.\n           {reason}"

    @property
    def title(self) -> str:
        """What was timed."""
        return self.task_spec.title

    def __repr__(self) -> str:
        count = len(self.raw_times)
        unit, scale = select_unit(self.median)
        low, high = (each / scale for each in self._quarters())
        threads = self.task_spec.num_threads
        lines = [
            super().__repr__(),
            self.task_spec.summarize(),
            f"  {'Median: ' if count > 1 else ''}{self.median / scale:.2f} {unit}",
            f"  IQR:    {self.iqr / scale:.2f} {unit} ({low:.2f} to {high:.2f})" if count >= 4 else None,
            f"  {count} measurement{'s' if count > 1 else ''}, {self.number_per_run} runs "
            f"{'per measurement,' if count > 1 else ','} {threads} thread{'s' if threads > 1 else ''}",
            self._warning() or None,
        ]
        return "\n".join(line for line in lines if line is not None)

    @staticmethod
    def merge(measurements: Iterable[Measurement]) -> list[Measurement]:
        """Those of one task as one, with the times of single runs."""
        groups: dict[TaskSpec, list[float]] = {}
        for each in measurements:
            groups.setdefault(each.task_spec, []).extend(each.times)
        return [Measurement(1, times, task) for task, times in groups.items()]


def select_unit(t: float) -> tuple[str, float]:
    """The unit in which a time is a number of few digits, and how many seconds it is.

    >>> select_unit(0.002)
    ('ms', 0.001)
    """
    return _UNITS.get(int(math.log10(t) // 3), ("s", 1))
