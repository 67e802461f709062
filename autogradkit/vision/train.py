"""The training loop: a run that reports after every batch and can be stopped, interrupted and continued.

Works for any model, loader, loss and optimizer. It shows nothing: the live view, the progress bar of the command line
and plain scripts all walk `Training.steps`. Rests on tensors, and on `vision.history` for what a run came to.
"""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from autogradkit.core.frames import entry, shorten
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.vision.history import Epoch, History, Step

Metric = Callable[[Tensor, Tensor], float | None]


def accuracy(output: Tensor, target: Tensor) -> float | None:
    """The share of rows whose largest score is at the target's class; None where that makes no sense.

    `output` is (N, classes), `target` (N,) of an integer dtype.

    >>> import autogradkit as torch
    >>> accuracy(torch.tensor([[0.1, 0.9], [0.8, 0.2]]), torch.tensor([1, 1]))
    0.5
    """
    if output.ndim != 2 or target.ndim != 1 or target.dtype.is_floating_point or len(output) != len(target):
        return None
    if not len(target):
        return None
    right = output.numpy(force=True).argmax(1) == target.numpy()
    return float(right.mean())


class Training:
    """A run of `model` over `loader` that can be continued where it stopped, in the middle of an epoch too.

    `loader` gives (inputs, targets) batches; `loss_fn(model(inputs), targets)` the loss. After each epoch the model is
    evaluated on `test_loader`, and `scheduler`, if any, steps. `metric` measures a batch beside its loss.
    """

    def __init__(
        self,
        model: Any,
        loader: Iterable[Any],
        loss_fn: Callable[[Any, Any], Tensor],
        optimizer: Any,
        *,
        test_loader: Iterable[Any] | None = None,
        scheduler: Any = None,
        metric: Metric = accuracy,
    ) -> None:
        self.model = model
        self.loader = loader
        self.loss_fn = loss_fn
        self.optimizer = optimizer
        self.test_loader = test_loader
        self.scheduler = scheduler
        self.metric = metric
        self.epochs = History()  # those finished
        self._batches: Iterator[Any] | None = None  # of the epoch begun
        self._batch = 0
        self._sums = _Means()

    @property
    def learning_rate(self) -> float:
        """The optimizer's, of its first group."""
        return float(self.optimizer.param_groups[0]["lr"])

    def steps(self, epochs: int) -> Iterator[Step]:
        """Train until `epochs` epochs are finished in all, giving a `Step` after each batch.

        Leave the loop whenever you like, or let Ctrl-C do so: the batch in hand is finished first, so that model and
        optimizer agree; another call goes on with the next batch.
        """
        try:
            self.model.train()
            while len(self.epochs) < epochs:
                if self._batches is None:
                    self._batches, self._batch, self._sums = iter(self.loader), 0, _Means()
                with interrupt_held() as interrupted:
                    batch = next(self._batches, None)
                    step = None if batch is None else self._learn(*batch)
                if step is not None:
                    yield step
                    if interrupted():
                        raise KeyboardInterrupt
                    continue
                measured = self._evaluated()  # an interrupt in here leaves the epoch open, to be evaluated again
                with interrupt_held() as interrupted:
                    self._finish_epoch(*measured)
                if interrupted():
                    raise KeyboardInterrupt
        except BaseException as error:
            shorten(error)
            raise

    @entry
    def run(self, epochs: int) -> History:
        """Train until `epochs` epochs are finished, and return them."""
        for _ in self.steps(epochs):
            pass
        return self.epochs

    def _learn(self, inputs: Any, targets: Any) -> Step:
        self.optimizer.zero_grad()
        output = self.model(inputs)
        loss = self.loss_fn(output, targets)
        loss.backward()
        self.optimizer.step()
        value, measured = float(loss.item()), self.metric(output, targets)
        self._sums.add(value, measured, len(targets))
        try:
            batches = len(self.loader)  # type: ignore[arg-type]
        except TypeError:
            batches = None
        step = Step(len(self.epochs), self._batch, batches, value, measured, self.learning_rate)
        self.epochs.steps.append(step)
        self._batch += 1
        return step

    def _evaluated(self) -> tuple[float | None, float | None]:
        if self.test_loader is None:
            return None, None
        return evaluate(self.model, self.test_loader, self.loss_fn, self.metric)

    def _finish_epoch(self, test_loss: float | None, test_accuracy: float | None) -> None:
        rate = self.learning_rate
        if self.scheduler is not None:
            self.scheduler.step()
        loss, measured = self._sums.means()
        self.epochs.append(Epoch(len(self.epochs) + 1, loss, measured, test_loss, test_accuracy, rate))
        self._batches = None


def fit(
    model: Any,
    loader: Iterable[Any],
    loss_fn: Callable[[Any, Any], Tensor],
    optimizer: Any,
    epochs: int,
    *,
    test_loader: Iterable[Any] | None = None,
    scheduler: Any = None,
) -> History:
    """Train `model` for `epochs` epochs, without showing anything, and return what it came to."""
    return Training(model, loader, loss_fn, optimizer, test_loader=test_loader, scheduler=scheduler).run(epochs)


@entry
def evaluate(
    model: Any, loader: Iterable[Any], loss_fn: Callable[[Any, Any], Tensor], metric: Metric = accuracy
) -> tuple[float, float | None]:
    """The mean loss and metric of `model` over `loader`, in evaluation mode; its mode is put back afterwards."""
    means = _Means()
    was_training = model.training
    model.eval()
    try:
        with no_grad():
            for inputs, targets in loader:
                output = model(inputs)
                means.add(float(loss_fn(output, targets).item()), metric(output, targets), len(targets))
    finally:
        model.train(was_training)
    return means.means()


@dataclass
class _Means:
    """Means over batches, each weighted by its size."""

    loss: float = 0.0
    measured: float | None = 0.0
    count: int = field(default=0)

    def add(self, loss: float, measured: float | None, size: int) -> None:
        self.loss += loss * size
        self.measured = None if measured is None or self.measured is None else self.measured + measured * size
        self.count += size

    def means(self) -> tuple[float, float | None]:
        if not self.count:
            return math.nan, None
        return self.loss / self.count, None if self.measured is None else self.measured / self.count


@contextmanager
def interrupt_held() -> Iterator[Callable[[], bool]]:
    """Keep Ctrl-C from tearing a step apart: the first one only sets what the yielded function tells.

    A second one interrupts at once. Off the main thread there is nothing to hold: signals go to the main one.
    """
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield lambda: False
        return
    heard: list[int] = []  # an Event costs more than the rest, once for each batch

    def hold(number: int, frame: FrameType | None) -> None:
        if heard:
            previous(number, frame)
        heard.append(number)

    signal.signal(signal.SIGINT, hold)
    try:
        yield lambda: bool(heard)
    finally:
        signal.signal(signal.SIGINT, previous)
