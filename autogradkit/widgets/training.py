"""`TrainingView`: loss and accuracy while a network learns, with pause, step and stop.

For a ready-made run (`view.fit(...)`; for `%train` see train_magic.py) and for a loop of one's own (`for batch in
view.track(loader)`). Buttons only set events; the training thread looks at them between batches, so that nothing is ever
torn apart. Without a front end nobody presses anything, and training simply ends. Rests on `vision.train`, the curves and
the picture.
"""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import traitlets
from IPython.core.getipython import get_ipython
from IPython.display import publish_display_data

from ..core.tensor import Tensor
from ..tracing.render.training import Line, description, shown, training_svg
from ..tracing.render.training import Training as Picture
from ..vision.history import History
from ..vision.train import Training
from .base import PictureWidget, static
from .curves import Curves

BEAT = 0.09  # seconds between two pictures, at least
SHARE = 8  # and this many times what drawing one takes
_SPARKS = "▁▂▃▄▅▆▇█"


class TrainingView(PictureWidget):
    """Live curves of a training run.

    >>> view = TrainingView("a line")
    >>> for step in view.track([0.5, 0.25]):
    ...     view.log(loss=step)
    >>> print(view.plain())
    a line: epoch 1
    loss      train █▁ 0.25
    """

    _esm = static("training.js")
    _css = static("training.css")

    state = traitlets.Enum(
        ("ready", "running", "paused", "stopped", "interrupted", "failed", "finished"), default_value="ready"
    ).tag(sync=True)
    progress = traitlets.Float(0.0).tag(sync=True)  # from 0 to 1 over all epochs

    def __init__(self, title: str = "training") -> None:
        super().__init__()
        self.title = title
        self.training: Training | None = None
        self._curves = Curves()
        self._epoch = 0  # epochs finished before the one at hand
        self._epochs: int | None = None  # how many there will be, where that is known
        self._batch = 0
        self._batches: int | None = None
        self._go = threading.Event()
        self._go.set()
        self._one_more = threading.Event()
        self._stop = threading.Event()
        self._due = 0.0
        self._displays: list[str] = []
        self._shown_in: int | None = None  # the cell that displayed it last
        self._watching = False
        self._stopped_in: int | None = None  # the cell whose loop Stop has ended
        self._midway = False  # an epoch is begun and not finished
        self._base = 0  # epochs finished before the run at hand began
        self._seen_tests = 0
        self.on_msg(self._hear)
        self.refresh()

    # -- a ready-made run ---------------------------------------------------------------------------------------------

    def fit(
        self,
        model: Any,
        loader: Iterable[Any],
        loss_fn: Any,
        optimizer: Any,
        epochs: int = 1,
        *,
        test_loader: Iterable[Any] | None = None,
        scheduler: Any = None,
    ) -> History:
        """Train, live. Returns the epochs finished; `resume()` goes on where a stop or an interrupt left off."""
        training = Training(model, loader, loss_fn, optimizer, test_loader=test_loader, scheduler=scheduler)
        return self.run(training, epochs)

    def run(self, training: Training, epochs: int) -> History:
        """Show a run, until `epochs` of its epochs are finished."""
        self.training = training
        self._base = self._epoch
        self._epochs = self._base + epochs
        return self._continue(epochs)

    def resume(self) -> History | None:
        """Go on: at once where a cell is pausing, else, in this cell, with the batch after the last one learnt.

        Raises RuntimeError where there is no run to go on with.
        """
        if self.state in ("running", "paused"):
            self._go.set()
            return None
        if self.training is None or self._epochs is None:
            raise RuntimeError("there is no run to resume: begin one with fit() or run()")
        return self._continue(self._epochs - self._base)

    def _continue(self, epochs: int) -> History:
        training = self.training
        assert training is not None
        self._stop.clear()
        self._go.set()
        with self._session():
            for step in training.steps(epochs):
                self._tested(training)
                self._epoch = self._base + step.epoch
                self._batch, self._batches, self._midway = step.batch + 1, step.batches, True
                at = self._base + step.at
                self._curves.add("loss", "train", at, step.loss, self._epoch + 1)
                self._curves.add("accuracy", "train", at, step.accuracy, self._epoch + 1)
                if not self._may_go_on():
                    break
            else:
                self._tested(training)
                self._epoch, self._midway = self._base + len(training.epochs), False
        return training.epochs

    def _tested(self, training: Training) -> None:
        """Take over the test results of epochs that finished since the last look."""
        for epoch in training.epochs[max(self._seen_tests - self._base, 0) :]:
            at = self._base + epoch.number
            self._curves.add("loss", "test", at, epoch.test_loss, at)
            self._curves.add("accuracy", "test", at, epoch.test_accuracy, at)
            self._seen_tests = at

    # -- a loop of one's own -------------------------------------------------------------------------------------------

    def epochs(self, count: int) -> Iterator[int]:
        """`range(count)` that ends early when Stop is pressed; the axis then reaches over all epochs."""
        self._stop.clear()
        self._epochs = self._epoch + count
        for number in range(count):
            yield number
            if not self._may_go_on():
                return

    def track(self, loader: Iterable[Any]) -> Iterator[Any]:
        """The batches of `loader`, one epoch of them, with the buttons heard in between.

        After Stop it gives no more batches in the same cell, so that loops around it end too.
        """
        if self._stop.is_set():
            if self._stopped_in == _cell():
                return
            self._stop.clear()
        self._batch = 0
        self._batches = len(loader) if hasattr(loader, "__len__") else None  # type: ignore[arg-type]
        self._begin()
        for batch in loader:
            self._batch += 1
            self._midway = True
            yield batch
            if not self._may_go_on():
                self._end("stopped")
                return
        self._midway = False
        self._epoch += 1
        self._draw()

    def log(self, *, loss: Any = None, accuracy: Any = None, test_loss: Any = None, test_accuracy: Any = None) -> None:
        """Append measurements: numbers, or tensors of one element.

        In a loop over `track` they belong to the batch in hand, after it to the whole epoch. Without `track` each call
        with `loss` or `accuracy` counts as an epoch.
        """
        if self._midway:
            epoch, at = self._epoch + 1, self._epoch + self._batch / (self._batches or self._batch + 1)
        else:
            if self.state not in ("running", "paused"):
                self._begin()
            if self._batch == 0 and (loss is not None or accuracy is not None):
                self._epoch += 1
            epoch, at = self._epoch, float(self._epoch)
        for kind, name, value in (
            ("loss", "train", loss),
            ("accuracy", "train", accuracy),
            ("loss", "test", test_loss),
            ("accuracy", "test", test_accuracy),
        ):
            number = float(value.item()) if isinstance(value, Tensor) else value
            self._curves.add(kind, name, at, number, epoch)
        self._draw_when_due()

    # -- buttons ------------------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Wait after the batch in hand."""
        self._go.clear()

    def step(self) -> None:
        """Learn one more batch, then wait."""
        self._one_more.set()
        self._go.clear()

    def stop(self) -> None:
        """End after the batch in hand."""
        self._stop.set()
        self._go.set()

    def open(self) -> None:
        super().open()
        self._hear_beside_the_cell()

    def _send(self, msg: dict[str, Any], buffers: Any = None) -> None:
        super()._send(msg, buffers)
        self._hear_beside_the_cell()

    def _hear_beside_the_cell(self) -> None:
        """Keep clicks from waiting for the cell that trains.

        JupyterLab sends them over a subshell of their own, but ipykernel (seen in 7.4) remembers where a widget last spoke
        from and delivers its answers there: to the busy main thread. Forgotten, they arrive where they were sent.
        """
        if self.comm is not None:
            vars(self.comm).pop("_reply_subshell_id", None)

    def _hear(self, _: Any, content: dict[str, Any], buffers: Any) -> None:
        """What the front end says; it may run on another thread, so nothing but events is touched.

        Where clicks wait for the cell after all, they come when nothing is left to pause: they are dropped then.
        """
        if self.state not in ("running", "paused"):
            return
        act = {"pause": self.pause, "resume": self._go.set, "step": self.step, "stop": self.stop}.get(
            str(content.get("kind"))
        )
        if act is not None:
            act()

    def _may_go_on(self) -> bool:
        """Look at the buttons; wait here while pausing. False to stop."""
        self._draw_when_due()
        while not (self._go.is_set() or self._stop.is_set()):
            if self._one_more.is_set():
                self._one_more.clear()
                break
            if self.state != "paused":
                self.state = "paused"
                self._draw()
            self._go.wait(0.1)
        if self._go.is_set() and self.state == "paused":
            self.state = "running"
        return not self._stop.is_set()

    # -- the picture ---------------------------------------------------------------------------------------------------

    def static_svg(self) -> str:
        return training_svg(self._picture())

    def alt(self) -> str:
        return description(self._picture())

    def table_rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        return self._curves.rows()

    def plain(self) -> str:
        picture = self._picture()
        lines = [f"{picture.title}: {picture.sentence}"]
        for kind, curves in (("loss", picture.loss), ("accuracy", picture.accuracy)):
            lines += [f"{kind:<9} {line.name:<5} {_sparks(line)} {shown(kind, line.values[-1])}" for line in curves]
        return "\n".join(lines)

    def _picture(self) -> Picture:
        reach = max(self._epochs or 0, math.ceil(self._curves.reach - 1e-9), 1)
        return Picture(self.title, self._sentence(), reach, self._curves.lines("loss"), self._curves.lines("accuracy"))

    def _sentence(self) -> str:
        if self.state == "ready":
            return "not begun"
        parts = [] if self.state == "running" else [self.state]
        whole = self._epoch > 0 and not self._midway
        epoch = f"epoch {self._epoch + (0 if whole else 1)}"
        parts.append(epoch if self._epochs is None else f"{epoch} of {self._epochs}")
        if not whole:
            parts.append(f"batch {self._batch}" + (f" of {self._batches}" if self._batches else ""))
        if self.training is not None:
            parts.append(f"lr {self.training.learning_rate:g}")
        return " · ".join(parts)

    def _draw_when_due(self) -> None:
        if self._displays and time.monotonic() >= self._due:
            self._draw()

    def _draw(self) -> None:
        began = time.monotonic()
        within = self._batch / self._batches if self._midway and self._batches else 0.0
        with self.hold_sync():
            self.progress = min((self._epoch + within) / self._epochs, 1.0) if self._epochs else within
            self.refresh()
        self._due = time.monotonic() + max(BEAT, SHARE * (time.monotonic() - began))

    # -- from begin to end ---------------------------------------------------------------------------------------------

    @contextmanager
    def _session(self) -> Iterator[None]:
        self._begin()
        try:
            yield
        except KeyboardInterrupt:
            self._end("interrupted")
            raise
        except BaseException:
            self._end("failed")
            raise
        self._end("stopped" if self._stop.is_set() else "finished")

    def _begin(self) -> None:
        self.state = "running"
        shell = get_ipython()
        if shell is not None:
            if not self._displays:
                self._ipython_display_()
            if not self._watching:
                self._watching = True
                shell.events.register("post_run_cell", self._cell_ended)
        self._draw()

    def _end(self, state: str) -> None:
        self.state = state
        self._stopped_in = _cell() if state == "stopped" else None
        self._go.set()
        self._one_more.clear()
        self._draw()

    def _cell_ended(self, result: Any) -> None:
        """The cell is over: say how a loop of one's own ended, and store the final picture where it was shown."""
        shell = get_ipython()
        assert shell is not None
        shell.events.unregister("post_run_cell", self._cell_ended)
        self._watching = False
        if self.state in ("running", "paused"):
            error = result.error_in_exec
            ended = "stopped" if self._stop.is_set() else "finished"
            self._end(ended if error is None else "interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
        for display in self._displays:
            self._publish(display, update=True)

    def _ipython_display_(self) -> None:
        if self._displays and self._shown_in == _cell():
            return  # the cell's last expression is the view that it trained in: it is there already
        self._shown_in = _cell()
        self._displays.append(uuid.uuid4().hex)
        self._publish(self._displays[-1], update=False)

    def _publish(self, display: str, *, update: bool) -> None:
        data, metadata = self._repr_mimebundle_()
        publish_display_data(data, metadata, transient={"display_id": display}, update=update)


def _cell() -> int | None:
    """Which cell is running."""
    shell = get_ipython()
    return None if shell is None else shell.execution_count


def _sparks(line: Line) -> str:
    """A curve of at most 24 characters."""
    values = [value for value in line.values if math.isfinite(value)]
    every = max(1, math.ceil(len(values) / 24))
    means = [sum(values[i : i + every]) / len(values[i : i + every]) for i in range(0, len(values), every)]
    low, high = min(means, default=0.0), max(means, default=0.0)
    return "".join(_SPARKS[round(7 * (mean - low) / (high - low or 1.0))] for mean in means)
