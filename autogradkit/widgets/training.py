"""`TrainingView`: loss and accuracy while a network learns, with pause, step and stop; and what it has learnt.

For a ready-made run (`view.fit(...)`; for `%train` see train_magic.py) and for a loop of one's own (`for batch in
view.track(loader)`). What is pressed waits in `Controls` until the training thread is between two batches, so that nothing is
ever torn apart. Without a front end nobody presses anything, and training simply ends. Rests on `vision.train`, and on
`training_picture` for all that is shown.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import publish_display_data

from ..core.frames import entry
from ..core.tensor import Tensor
from ..nn import Module
from ..vision.held_interrupt import HeldInterrupt
from ..vision.history import History
from ..vision.train import Training
from .base import static
from .cells import SHOWN, current_run
from .controls import Controls
from .training_picture import TrainingPicture

BEAT = 0.1  # seconds between two pictures, at least
SHARE = 75  # and this many times what drawing one takes
LONGEST = (
    3.0  # but no more: one that took long, as the first does on a busy machine, leaves the view behind for a while only
)


class TrainingView(TrainingPicture):
    """Live curves of a training run, and looks at what the model has learnt.

    A run by `fit` or `run` brings its model along. For a loop of one's own, `model` and `test`, a loader or a data set of
    pictures, are what there is to look at, and `optimizer` is whose learning rate is shown and can be changed.

    >>> view = TrainingView("a line")
    >>> for step in view.track([0.5, 0.25]):
    ...     view.log(loss=step)
    >>> print(view.plain())
    a line: epoch 1
    loss      train █▁ 0.25
    >>> view.history.to_rows()[0]["loss"]
    0.375
    """

    _esm = static("training.js")
    _css = static("training.css")
    # The shell whose cell is waited for; known before the view is made, as Python closes what could not be
    _watched: Any = None

    def __init__(
        self,
        title: str = "training",
        *,
        model: Module | None = None,
        optimizer: Any = None,
        test: Iterable[Any] | None = None,
    ) -> None:
        super().__init__(title, model, optimizer, test)
        self.training: Training | None = None
        self._wanted = 0  # how many of its epochs are to be finished
        self._controls = Controls()
        self._drawing = threading.RLock()  # held while drawing, and while a message is put where it will be seen
        self._due = 0.0
        self._display: str | None = None  # in the cell that showed it last
        self._shown_in: int | None = None  # the run of that cell
        self._held = HeldInterrupt()
        self._stopped_in: int | None = None  # the cell whose loop Stop has ended
        self.on_msg(self._hear)

    @property
    def history(self) -> History:
        """The run so far, as a value: its finished epochs and every batch, with rows, a file and a plot."""
        with self._drawing:
            self._progress.follow()
            return self._progress.record.history(self._progress.epoch)

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
        self.training, self._wanted = training, epochs
        self._optimizer = training.optimizer
        self._look_at(training.model, training.test_loader)
        return self._continue(training, epochs)

    def resume(self) -> History | None:
        """Go on, shown in the cell that calls it, with the batch after the last one learnt.

        From another thread, while a cell is pausing, that cell goes on at once. Raises RuntimeError where there is no run to
        go on with.
        """
        if self.state in ("running", "paused"):
            self._controls.press("resume")
            return None
        if self.training is None:
            raise RuntimeError("there is no run to resume: begin one with fit() or run()")
        return self._continue(self.training, self._wanted)

    def _continue(self, training: Training, epochs: int) -> History:
        self._controls.begin()
        self._progress.begin(training.epochs, epochs)
        with self._session():
            for _ in training.steps(epochs):
                # One that was held ends the loop, and nobody waits here for a button then.
                if not training.interrupted and not self._may_go_on():
                    break
        return training.epochs

    # -- a loop of one's own -------------------------------------------------------------------------------------------

    def epochs(self, count: int) -> Iterator[int]:
        """`range(count)` that ends early when Stop is pressed; the axis then reaches over all epochs."""
        self._controls.begin()
        self._progress.expect(count)
        for number in range(count):
            yield number
            if not self._may_go_on():
                return

    def track(self, loader: Iterable[Any]) -> Iterator[Any]:
        """The batches of `loader`, one epoch of them, with the buttons heard in between.

        After Stop it gives no more batches in the same cell, so that loops around it end too. An interrupt waits until the
        batch in hand is learnt, so that model and optimizer agree; a second one does not wait.
        """
        if self._controls.stopped:
            if self._stopped_in == current_run():
                return
            self._controls.begin()
        self._progress.begin_epoch(len(loader) if hasattr(loader, "__len__") else None)  # type: ignore[arg-type]
        self._begin()
        for batch in loader:
            self._progress.begin_batch()
            held = self._held = HeldInterrupt()
            try:
                with held:
                    yield batch
            except GeneratorExit:  # the loop is left, and nobody asks for another batch
                held.deliver_soon()
                raise
            finally:
                self._progress.end_batch(next(iter(self._rates()), None))
            held.deliver()
            if not self._may_go_on():
                self._end("stopped")
                return
        self._progress.end_epoch()
        if self._watched is not None:  # the end of the cell draws what is not drawn by then
            self._draw_when_due()
        else:
            self._draw()

    @entry
    def log(self, *, loss: Any = None, accuracy: Any = None, test_loss: Any = None, test_accuracy: Any = None) -> None:
        """Append measurements: numbers, or tensors of one element.

        In a loop over `track` they belong to the batch in hand, after it to the whole epoch. Without `track` each call
        with `loss` or `accuracy` counts as an epoch.
        """
        if self.state not in ("running", "paused"):
            self._begin()
        given = {"loss": loss, "accuracy": accuracy, "test_loss": test_loss, "test_accuracy": test_accuracy}
        self._progress.log(
            {
                field: float(value.item() if isinstance(value, Tensor) else value)
                for field, value in given.items()
                if value is not None
            }
        )
        self._draw_when_due()

    # -- buttons ------------------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Wait after the batch in hand."""
        self._controls.press("pause")

    def step(self) -> None:
        """Learn one more batch, then wait."""
        self._controls.press("step")

    def stop(self) -> None:
        """End after the batch in hand."""
        self._controls.press("stop")

    def open(self) -> None:
        """Keep clicks from waiting for the cell that trains.

        JupyterLab sends them over a subshell of their own, but ipykernel (seen in 7.4) remembers where a widget last spoke
        from and delivers its answers there: to the busy main thread. What is sent here is delivered where it was sent.
        """
        super().open()
        if self.comm is not None:
            vars(self.comm)["_reply_subshell_for"] = _where_it_was_sent

    def _hear(self, _: Any, content: dict[str, Any], buffers: Any) -> None:
        """What the front end says; it may run on another thread.

        While a cell trains nothing but events is touched. Where clicks wait for the cell after all, they come when nothing is
        left to pause: buttons are dropped then. A greeting is answered at once: the front end keeps what is pressed until it
        has heard that somebody listens.
        """
        if content.get("kind") == "hello":
            self.send(content)
            return
        with self._drawing:
            if self.state not in ("running", "paused"):
                if self._answer(content):
                    self._draw()
            elif not self._controls.press(str(content.get("kind"))):
                self._controls.wish(content)

    def _heed(self) -> bool:
        """Answer what was asked for since the last batch. Whether there is something new to draw."""
        return sum(self._answer(message) for message in self._controls.wishes()) > 0

    def _may_go_on(self) -> bool:
        """Look at the buttons; wait here while pausing. False to stop."""
        heard = self._heed()
        if self._controls.waiting:
            self._wait()
        elif heard:
            self._draw()
        else:
            self._draw_when_due()
        if self.state == "paused" and not self._controls.waiting:  # Resume may come while a step is still taken
            with _undisturbed():
                self.state = "running"
        return not self._controls.stopped

    def _wait(self) -> None:
        """Wait for Step, Resume or Stop, and answer what is asked for meanwhile."""
        with _undisturbed():
            self.state = "paused"
        self._draw()
        while self._controls.waiting and not self._controls.take_step():
            self._controls.wait(0.1)
            if self._heed():
                self._draw()

    # -- when it is drawn -----------------------------------------------------------------------------------------------

    def _draw_when_due(self) -> None:
        """Draw at most `1 / BEAT` times a second, and for at most `1 / SHARE` of the time unless that is rarer than `LONGEST`."""
        if time.monotonic() >= self._due:
            self._draw()

    def _draw(self) -> None:
        with _undisturbed(), self._drawing:
            began = time.monotonic()
            with self.hold_sync():
                self._progress.follow()
                self.progress = self._progress.done
                self.refresh()
            self._due = time.monotonic() + min(max(BEAT, SHARE * (time.monotonic() - began)), LONGEST)

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
        self._end("stopped" if self._controls.stopped else "finished")

    def _begin(self) -> None:
        fresh = self.state != "running"
        with _undisturbed():
            self._show_begin()
        if fresh:
            self._draw()
        else:
            self._draw_when_due()

    def _show_begin(self) -> None:
        self.state = "running"
        shell = get_ipython()
        if shell is not None:
            self._ipython_display_()
            if self._watched is None:
                self._watched = shell
                shell.events.register("post_run_cell", self._cell_ended)

    def _end(self, state: str) -> None:
        with _undisturbed(), self._drawing:
            self.state = state
            self._stopped_in = current_run() if state == "stopped" else None
            self._controls.end()
            self._heed()
            self._draw()

    def _cell_ended(self, result: Any) -> None:
        """The cell is over: say how a loop of one's own ended, and store the final picture where it was shown."""
        self._unwatch()
        self._held.release()  # where a variable keeps a loop over `track` that was left
        if self.state in ("running", "paused"):
            error = result.error_in_exec
            ended = "stopped" if self._controls.stopped else "finished"
            self._end(ended if error is None else "interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
        if self._display is not None:
            self._publish(self._display, update=True)

    def _unwatch(self) -> None:
        shell, self._watched = self._watched, None  # kept, for Python closes at its end, too, and knows no shell then
        if shell is not None:
            shell.events.unregister("post_run_cell", self._cell_ended)

    def close(self) -> None:
        """Show nothing more; the shell lets go of it, too."""
        self._unwatch()
        super().close()

    def _ipython_display_(self) -> None:
        if self._display is not None and self._shown_in == current_run():
            return  # the cell's last expression is the view that it trained in: it is there already
        if self.comm is None:
            self.open()
        self._shown_in = current_run()
        self._display = uuid.uuid4().hex
        self._publish(self._display, update=False)
        SHOWN.add(self)

    def _publish(self, display: str, *, update: bool) -> None:
        data, metadata = self._output()
        publish_display_data(data, metadata, transient={"display_id": display}, update=update)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let an interrupt wait while something is drawn and sent, so that the page shows what is here."""
    held = HeldInterrupt()
    with held:
        yield
    held.deliver()


def _where_it_was_sent(data: Any, subshell: str | None) -> str | None:
    return subshell
