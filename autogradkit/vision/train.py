"""The training loop: a run that reports after every batch and can be stopped, interrupted and continued.

Works for any model, loader, loss and optimizer. It shows nothing: the live view, the progress bar of the command line
and plain scripts all walk `Training.steps`. Rests on tensors, on `vision.history` for what a run came to,
and on `vision.held_interrupt` for steps that an interrupt does not tear apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from autogradkit._ops.making.seed import get_rng_state, set_rng_state
from autogradkit.core.frames import entry, shorten
from autogradkit.core.random import default_generator
from autogradkit.core.steps import Step as Atomic
from autogradkit.core.steps import at_once
from autogradkit.core.tensor import Tensor, version_of
from autogradkit.engine.modes import no_grad
from autogradkit.vision.held_interrupt import HeldInterrupt
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
        self._pending: Any = None  # the batch that is being learnt
        self._batch = 0
        self._sums = _Means()
        self._rate: float | None = None  # of the epoch that is being finished
        self._told = 0  # how many steps were given to whoever walks them
        self._held = HeldInterrupt()

    @property
    def learning_rate(self) -> float:
        """The optimizer's, of its first group."""
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def interrupted(self) -> bool:
        """Whether an interrupt waits for the loop to ask for the next step: it is raised then."""
        return self._held.heard

    def steps(self, epochs: int) -> Iterator[Step]:
        """Train until `epochs` epochs are finished in all, giving a `Step` after each batch.

        Leave the loop whenever you like, or let Ctrl-C do so: the batch in hand is finished first, so that model and
        optimizer agree; another call goes on with the next batch, and begins with a step that could not be given any more.
        """
        try:
            self.model.train()
            while True:
                yield from self._untold()
                if len(self.epochs) >= epochs:
                    return
                self._held = HeldInterrupt()
                with self._held:
                    if self._pending is None:
                        with self._held.twice():
                            self._fetch()
                    batch = self._pending
                    if batch is not None:
                        self._learn(*batch)
                if batch is not None:
                    yield from self._untold()
                    self._held.deliver()
                    continue
                self._held.deliver()
                place = default_generator.place()
                try:
                    measured = self._evaluated()
                    self._held = HeldInterrupt()
                    with self._held:
                        self._finish_epoch(*measured)
                except KeyboardInterrupt:
                    if self._batches is not None:  # the epoch is open still, and is evaluated again
                        default_generator.back_to(place)
                    raise
                self._held.deliver()
        except BaseException as error:
            shorten(error)
            raise

    def _fetch(self) -> None:
        """Get the next batch, the first of an epoch where none is begun; None is pending where the epoch is over."""
        if self._batches is None:
            begun = {"_batches": iter(self.loader), "_batch": 0, "_sums": _Means()}
            at_once([(setattr, self, name, value) for name, value in begun.items()])
        assert self._batches is not None
        self._pending = next(self._batches, None)

    def _untold(self) -> Iterator[Step]:
        """The steps that were learnt and not given yet: the last one, or one that an interrupt came before."""
        steps = self.epochs.steps
        while self._told < len(steps):
            step = steps[self._told]
            self._told += 1
            try:
                yield step
            except GeneratorExit:  # the loop is left, and nobody asks for another step
                self._held.deliver_soon()
                raise

    @entry
    def run(self, epochs: int) -> History:
        """Train until `epochs` epochs are finished, and return them."""
        for _ in self.steps(epochs):
            pass
        return self.epochs

    @entry
    def state_dict(self) -> dict[str, Any]:
        """What it takes to go on in another process: model, optimizer, schedule, random stream, and what was learnt so far.

        Tensors are shared, not copied. Raises RuntimeError in the middle of an epoch, where the loader's order is not known.
        """
        if self._batches is not None:
            raise RuntimeError("an epoch is begun: the state of a training is known between epochs only")
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": None if self.scheduler is None else self.scheduler.state_dict(),
            "random": get_rng_state(),
            "history": self.epochs.document(),
        }

    @entry
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave: the same losses follow as there.

        Raises ValueError, RuntimeError or KeyError where it is of another model or optimizer, or of no training.
        """
        history = History.from_document(state["history"])
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state["scheduler"])
        set_rng_state(state["random"])
        self.epochs = history
        self._told = len(history.steps)

    def _learn(self, inputs: Any, targets: Any) -> None:
        """Learn one batch: all of it, or nothing, where the interrupt that does not wait comes.

        A parameter is edited with its state, at once, and its version tells whether it was: a step that was begun is taken to
        its end. Before it nothing has changed but the random stream, which goes back, for the batch is learnt again.
        """
        place = default_generator.place()
        taken = False
        versions: dict[Tensor, int] = {}
        output = loss = None
        try:
            self.optimizer.zero_grad()
            output = self.model(inputs)
            loss = self.loss_fn(output, targets)
            loss.backward()
            versions = {each: version_of(each) for each in self._parameters() if each._grad is not None}
            self.optimizer.step()
            taken = True
            self._note(output, loss, targets)
        except KeyboardInterrupt:
            if self._pending is not None:
                if taken or any(version_of(each) != version for each, version in versions.items()):
                    if not taken:
                        self._finish_step(versions)
                    self._note(output, loss, targets)
                else:
                    default_generator.back_to(place)
            raise

    def _parameters(self) -> Iterator[Tensor]:
        for group in self.optimizer.param_groups:
            yield from group.get("params", ())

    def _finish_step(self, versions: dict[Tensor, int]) -> None:
        """Step with those parameters that an interrupted step has not come to."""
        done = {each: each._grad for each, version in versions.items() if version_of(each) != version}
        for each in done:
            each._grad = None
        try:
            self.optimizer.step()
        finally:
            for each, gradient in done.items():
                each._grad = gradient

    def _note(self, output: Any, loss: Any, targets: Any) -> None:
        """The batch is learnt, and its step is noted."""
        value, measured = float(loss.item()), self.metric(output, targets)
        try:
            batches = len(self.loader)  # type: ignore[arg-type]
        except TypeError:
            batches = None
        step = Step(len(self.epochs), self._batch, batches, value, measured, self.learning_rate)
        sums = self._sums.with_batch(value, measured, len(targets))
        own = {"_sums": sums, "_batch": self._batch + 1, "_pending": None}
        at_once([(self.epochs.steps.append, step), *[(setattr, self, name, new) for name, new in own.items()]])

    def _evaluated(self) -> tuple[float | None, float | None]:
        if self.test_loader is None:
            return None, None
        return evaluate(self.model, self.test_loader, self.loss_fn, self.metric)

    def _finish_epoch(self, test_loss: float | None, test_accuracy: float | None) -> None:
        if self._rate is None:
            # Of this epoch, for the schedule may have gone on when it is finished again
            self._rate = self.learning_rate
        before = getattr(self.scheduler, "last_epoch", None)
        loss, measured = self._sums.means()
        epoch = Epoch(len(self.epochs) + 1, loss, measured, test_loss, test_accuracy, self._rate)
        steps: list[Atomic] = [
            (self.epochs.append, epoch),
            (setattr, self, "_batches", None),
            (setattr, self, "_rate", None),
        ]
        try:
            if self.scheduler is not None:
                self.scheduler.step()
        except KeyboardInterrupt:
            if getattr(self.scheduler, "last_epoch", None) != before:
                at_once(steps)
            raise
        at_once(steps)


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
    try:
        try:
            model.eval()
            with no_grad():
                for inputs, targets in loader:
                    output = model(inputs)
                    value = float(loss_fn(output, targets).item())
                    means = means.with_batch(value, metric(output, targets), len(targets))
        finally:
            model.train(was_training)
    except BaseException:  # an interrupt may have come just then
        model.train(was_training)
        raise
    return means.means()


@dataclass(frozen=True)
class _Means:
    """Means over batches, each weighted by its size."""

    loss: float = 0.0
    measured: float | None = 0.0
    count: int = 0

    def with_batch(self, loss: float, measured: float | None, size: int) -> _Means:
        """The means with one batch more."""
        both = None if measured is None or self.measured is None else self.measured + measured * size
        return _Means(self.loss + loss * size, both, self.count + size)

    def means(self) -> tuple[float, float | None]:
        if not self.count:
            return math.nan, None
        return self.loss / self.count, None if self.measured is None else self.measured / self.count
