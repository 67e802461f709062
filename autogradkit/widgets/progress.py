"""How far a training run has come, and what was measured on the way.

Knows no widget: a view tells it of batches and epochs, of a ready-made run or of a loop of one's own, and draws what it says.
Rests on the curves and the record; `widgets.training_picture` and `widgets.training` use it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable

from ..vision.history import History, Step
from .curves import Curves
from .record import Record


class Progress:
    """The place of a run on the axis of epochs, its curves and its record.

    >>> progress = Progress()
    >>> progress.begin_epoch(2)
    >>> progress.begin_batch()
    >>> progress.log({"loss": 2.0})
    >>> progress.end_batch(lr=0.1)
    >>> progress.place
    'epoch 1 · batch 1 of 2'
    >>> progress.record.history(1).steps[0].lr
    0.1
    """

    def __init__(self) -> None:
        self.curves = Curves()
        self.record = Record()
        self.epoch = 0  # epochs finished before the one at hand
        self.epochs: int | None = None  # how many there will be, where that is known
        self.batch = 0
        self.batches: int | None = None
        self._midway = False  # an epoch is begun and not finished
        self._run = History()  # the ready-made run at hand
        self._base = 0  # epochs finished before it began
        self._told = 0, 0  # how many of its steps and of its epochs are on record
        self._in_hand: dict[str, float] = {}  # what was logged of the batch in hand

    @property
    def reach(self) -> float:
        """How far the axis reaches."""
        return max(self.epochs or 0, math.ceil(self.curves.reach - 1e-9), 1)

    @property
    def measured(self) -> bool:
        """Whether there is anything to draw."""
        return self.curves.reach > 0

    @property
    def done(self) -> float:
        """The share of all epochs that is done, or of this one where nothing says how many there will be."""
        within = self.batch / self.batches if self._midway and self.batches else 0.0
        return min((self.epoch + within) / self.epochs, 1.0) if self.epochs else within

    @property
    def place(self) -> str:
        """The place in words."""
        whole = self.epoch > 0 and not self._midway
        epoch = f"epoch {self.epoch + (0 if whole else 1)}"
        parts = [epoch if self.epochs is None else f"{epoch} of {self.epochs}"]
        if not whole:
            parts.append(f"batch {self.batch}" + (f" of {self.batches}" if self.batches else ""))
        return " · ".join(parts)

    # -- a ready-made run --------------------------------------------------------------------------------------------

    def begin(self, run: History, epochs: int) -> None:
        """This run begins or goes on, until `epochs` of its epochs are finished."""
        if run is not self._run:
            self._run, self._base, self._told = run, self.epoch, (0, 0)
        self.epochs = self._base + epochs

    def follow(self) -> None:
        """Take what the run has learnt since the last time: all at once costs less than each batch while it is learnt."""
        (steps, epochs), run = self._told, self._run
        learnt, finished = run.steps[steps:], run[epochs:]
        self._told = steps + len(learnt), epochs + len(finished)
        for step in learnt:
            self._learn(step)
        for epoch in finished:
            at = self._base + epoch.number
            for kind, value in (("loss", epoch.test_loss), ("accuracy", epoch.test_accuracy)):
                if value is not None:
                    self.curves.add(kind, "test", at, value, "epoch")
            self.record.finish(dataclasses.replace(epoch, number=at))
            if at > self.epoch:
                self.epoch, self._midway = at, False

    def _learn(self, step: Step) -> None:
        at = self._base + step.at
        self.curves.add("loss", "train", at, step.loss, "batch")
        if step.accuracy is not None:
            self.curves.add("accuracy", "train", at, step.accuracy, "batch")
        self.epoch, self.batch, self.batches, self._midway = self._base + step.epoch, step.batch + 1, step.batches, True
        measured = ("loss",) if step.accuracy is None else ("loss", "accuracy")
        self.record.step(dataclasses.replace(step, epoch=self.epoch) if self._base else step, measured)

    # -- a loop of one's own -----------------------------------------------------------------------------------------

    def expect(self, epochs: int) -> None:
        """So many epochs more will come."""
        self.epochs = self.epoch + epochs

    def begin_epoch(self, batches: int | None) -> None:
        """An epoch of so many batches begins."""
        self.batch, self.batches = 0, batches

    def begin_batch(self) -> None:
        """A batch is handed out."""
        self.batch += 1
        self._midway = True

    def end_batch(self, lr: float | None) -> None:
        """The batch is learnt: what was logged of it goes on record."""
        logged, self._in_hand = self._in_hand, {}
        if logged:
            loss, accuracy = logged.get("loss", math.nan), logged.get("accuracy")
            self.record.step(Step(self.epoch, self.batch - 1, self.batches, loss, accuracy, lr), logged)

    def end_epoch(self) -> None:
        """All batches are learnt."""
        self._midway = False
        self.epoch += 1

    def log(self, measured: dict[str, float]) -> None:
        """Take measurements, by the names of `Epoch`'s fields: of the batch in hand, else of the epoch.

        Where no batch was ever handed out, each call with a training number counts as an epoch.
        """
        trained: Iterable[str] = [field for field in measured if not field.startswith("test_")]
        if not self._midway and self.batch == 0 and trained:
            self.epoch += 1
        epoch, at = self.epoch, float(self.epoch)
        if self._midway:
            epoch, at = self.epoch + 1, self.epoch + self.batch / (self.batches or self.batch + 1)
        for field, value in measured.items():
            name, kind = ("test", field.removeprefix("test_")) if field.startswith("test_") else ("train", field)
            of_batch = self._midway and name == "train"
            self.curves.add(kind, name, at, value, "batch" if of_batch else "epoch")
            if of_batch:
                self._in_hand[field] = value
            else:
                self.record.measure(epoch, field, value)
