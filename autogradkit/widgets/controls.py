"""What was pressed in a training view: events and wishes, set on any thread, looked at by the one that trains.

JupyterLab's clicks arrive on another thread while a cell trains. Nothing is changed there: pause, step and stop are events,
and whatever else is asked for waits in a queue until the training thread is between two batches. Rests on the standard
library; `widgets.training` uses it.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any


class Controls:
    """Pause, step and stop, and the messages that are still to be answered.

    >>> controls = Controls()
    >>> controls.press("pause"), controls.waiting
    (True, True)
    >>> controls.press("resume"), controls.waiting
    (True, False)
    >>> controls.press("explode")
    False
    """

    def __init__(self) -> None:
        self._go = threading.Event()
        self._go.set()
        self._one_more = threading.Event()
        self._stop = threading.Event()
        self._wishes: deque[dict[str, Any]] = deque()

    def press(self, button: str) -> bool:
        """Press "pause", "resume", "step" or "stop". False where there is no such button."""
        match button:
            case "pause":
                self._go.clear()
            case "resume":
                self._go.set()
            case "step":
                self._one_more.set()
                self._go.clear()
            case "stop":
                self._stop.set()
                self._go.set()
            case _:
                return False
        return True

    @property
    def waiting(self) -> bool:
        """Whether the next batch has to wait."""
        return not (self._go.is_set() or self._stop.is_set())

    @property
    def stopped(self) -> bool:
        """Whether Stop was pressed."""
        return self._stop.is_set()

    def take_step(self) -> bool:
        """Whether Step was pressed since this was asked last."""
        asked = self._one_more.is_set()
        self._one_more.clear()
        return asked

    def wait(self, seconds: float) -> None:
        """Wait for Resume or Stop, no longer than that."""
        self._go.wait(seconds)

    def wish(self, message: dict[str, Any]) -> None:
        """Keep a message until somebody takes it."""
        self._wishes.append(message)

    def wishes(self) -> list[dict[str, Any]]:
        """The messages kept, in their order; they are gone then."""
        taken = []
        while self._wishes:
            taken.append(self._wishes.popleft())
        return taken

    def begin(self) -> None:
        """A run begins: nothing is stopped, nothing waits."""
        self._stop.clear()
        self._go.set()

    def end(self) -> None:
        """A run is over: the next one does not begin with a pause."""
        self._go.set()
        self._one_more.clear()
