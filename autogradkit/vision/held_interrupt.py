"""Ctrl-C that waits until a step is finished.

Rests on nothing; `vision.train` holds interrupts while it learns a batch, the live view while it draws.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class HeldInterrupt:
    """Keep Ctrl-C from tearing a step apart: within the `with` the first one is only `heard`; `deliver` raises it afterwards.

    A second one interrupts at once. What stands within another hands on to that. Off the main thread there is nothing to hold:
    signals go to the main one.
    """

    def __init__(self) -> None:
        self._count = 0
        self._patience = 1  # how many are held
        self._previous: Any = None

    @property
    def heard(self) -> bool:
        """Whether one came that was not raised yet."""
        return self._count > 0

    @contextmanager
    def twice(self) -> Iterator[None]:
        """Hold a second one, too, to the end of this: a loader that is torn out of a batch gives no more."""
        self._patience = 2
        try:
            yield
        finally:
            self._patience = 1
        if self._count > 1:
            self.deliver()

    def __enter__(self) -> HeldInterrupt:
        previous = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and callable(previous):
            self._previous = previous
            try:
                signal.signal(signal.SIGINT, self._hold)
                return self
            except BaseException:
                signal.signal(signal.SIGINT, previous)
                raise
        return self

    def __exit__(self, *raised: object) -> None:
        try:
            self.release()
        except BaseException:  # one that came just then
            self.release()
            raise

    def release(self) -> None:
        """Hold no more: the end of the `with`, also of one that is never reached, as in a generator that nobody goes on with."""
        if signal.getsignal(signal.SIGINT) == self._hold:  # only there is it set, and only from there can it be
            signal.signal(signal.SIGINT, self._previous)

    def _hold(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count > self._patience:
            self._count = 0
            self._previous(number, frame)

    def deliver(self) -> None:
        """Hand on, once, what was heard: to whoever held before this, or as KeyboardInterrupt."""
        if self.heard:
            self._count = 0
            self._previous(signal.SIGINT, sys._getframe())

    def deliver_soon(self) -> None:
        """The same where nothing can be raised, as in a generator that is closed: as Ctrl-C, a moment later."""
        if self.heard:
            self._count = 0
            threading.Timer(0.02, _interrupt_main_thread).start()


def _interrupt_main_thread() -> None:
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:  # a signal ends what waits in the system, too
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()
