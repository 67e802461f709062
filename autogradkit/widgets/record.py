"""What a training view was told, batch by batch and epoch by epoch: the run as a value, and the view's table.

Rests on `vision.history`.
"""

from __future__ import annotations

import math
from collections.abc import Collection

from ..tracing.render.training.curves import shown
from ..vision.history import Epoch, History, Step

ROWS = 100  # epochs that the table shows, the last ones
_COLUMNS = {  # which number of an epoch stands in which column, and how it is printed
    "loss": ("train loss", "loss"),
    "test_loss": ("test loss", "loss"),
    "accuracy": ("train accuracy", "accuracy"),
    "test_accuracy": ("test accuracy", "accuracy"),
}


class Record:
    """Measurements by batch and by epoch.

    >>> record = Record()
    >>> record.step(Step(0, 0, 2, 3.0, None), ["loss"])
    >>> record.step(Step(0, 1, 2, 1.0, None), ["loss"])
    >>> record.history(1).to_rows()[0]["loss"]
    2.0
    """

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._means: dict[int, dict[str, tuple[float, int]]] = {}  # by epoch from 1, and field: sum and count
        self._rates: dict[int, float | None] = {}
        self._whole: dict[int, Epoch] = {}  # those that were measured as a whole

    def step(self, step: Step, measured: Collection[str]) -> None:
        """A batch was learnt; `measured` says which of its loss and accuracy are numbers that somebody took."""
        self._steps.append(step)
        self._rates[step.epoch + 1] = step.lr
        for field in measured:
            self.measure(step.epoch + 1, field, getattr(step, field))

    def measure(self, epoch: int, field: str, value: float) -> None:
        """Something was measured in epoch number `epoch`."""
        sums = self._means.setdefault(epoch, {})
        total, count = sums.get(field, (0.0, 0))
        # A test measures the whole data at once: the last one counts. Batches are averaged.
        sums[field] = (value, 1) if field.startswith("test_") else (total + value, count + 1)

    def finish(self, epoch: Epoch) -> None:
        """An epoch is over, and is this."""
        self._whole[epoch.number] = epoch
        for field in _COLUMNS:
            if getattr(epoch, field) is not None:
                self._means.setdefault(epoch.number, {})[field] = (getattr(epoch, field), 1)

    def history(self, finished: int) -> History:
        """The run: its first `finished` epochs, and every batch."""
        return History([self._epoch(number) for number in self._means if number <= finished], self._steps)

    def _epoch(self, number: int) -> Epoch:
        if number in self._whole:
            return self._whole[number]
        means = {field: total / count for field, (total, count) in self._means[number].items()}
        rest = (means.get(field) for field in ("accuracy", "test_loss", "test_accuracy"))
        return Epoch(number, means.get("loss", math.nan), *rest, lr=self._rates.get(number))

    def rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The table: the means of the last epochs, of the one in hand as far as it is done."""
        last = list(self._means)[-ROWS:]
        columns = [field for field in _COLUMNS if any(field in self._means[number] for number in last)]
        rows = [
            (str(number), *(self._cell(number, field) if field in self._means[number] else "" for field in columns))
            for number in last
        ]
        return ("epoch", *(_COLUMNS[field][0] for field in columns)), rows

    def _cell(self, number: int, field: str) -> str:
        total, count = self._means[number][field]
        return shown(_COLUMNS[field][1], total / count)
