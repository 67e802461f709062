"""PyTorch's `torch.futures`: results that come later, and what is called once they have.

Rests on Python's threads; no process of another machine ever completes one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.device import device as _device
from autogradkit.core.frames import entry as _entry
from autogradkit.core.warning import warn as _warn

T = TypeVar("T")
S = TypeVar("S")


class Future(Generic[T]):
    """A result that somebody sets, once, and others wait for.

    >>> import autogradkit as torch
    >>> later = torch.futures.Future()
    >>> doubled = later.then(lambda future: 2 * future.value())
    >>> later.set_result(torch.tensor([1.0, 3.0]))
    >>> doubled.wait()
    tensor([2., 6.])
    """

    @_entry
    def __init__(self, *, devices: list[Any] | None = None) -> None:
        for each in devices or []:
            raise ValueError(f"Expected devices to have indices, got {_device(each)}")
        self._completed = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[Future[T]], Any]] = []
        self._result: Any = None
        self._error: Exception | None = None

    def done(self) -> bool:
        """Whether a result, or an exception, has been set."""
        return self._completed.is_set()

    @_entry
    def wait(self) -> T:
        """The result, once it is there. Raises the exception that was set instead, or that of the callback."""
        self._completed.wait()
        return self._result_or_error()

    @_entry
    def value(self) -> T:
        """The result. Raises RuntimeError before it is there, and else what `wait` raises."""
        if not self.done():
            raise RuntimeError("value() of a Future that is not completed; wait() waits until it is")
        return self._result_or_error()

    def _result_or_error(self) -> T:
        if self._error is not None:
            raise self._error
        return self._result

    @_entry
    def then(self, callback: Callable[[Future[T]], S]) -> Future[S]:
        """The future of what `callback` makes of this one when it is complete: at once, where it is.

        What the callback raises, waiting for that future raises as a RuntimeError.
        """
        _require_callable("then", callback)
        following: Future[S] = Future()

        def follow(future: Future[T]) -> None:
            try:
                result = callback(future)
            except Exception as error:
                failed = RuntimeError(_failure(error))
                failed.__cause__ = error
                following._complete(None, failed)
            else:
                following._complete(result, None)

        self._call_when_done(follow)
        return following

    @_entry
    def add_done_callback(self, callback: Callable[[Future[T]], None]) -> None:
        """Have `callback` called with this future when it is complete. What it raises is a warning."""
        _require_callable("add_done_callback", callback)

        def guarded(future: Future[T]) -> None:
            try:
                callback(future)
            except Exception as error:
                _warn(_failure(error))

        self._call_when_done(guarded)

    @_entry
    def set_result(self, result: T) -> None:
        """Complete it, and call what waits for that. Raises RuntimeError the second time."""
        self._complete(result, None)

    @_entry
    def set_exception(self, result: Exception) -> None:
        """Complete it by an exception, which whoever asks for the result gets. Raises AssertionError for anything else."""
        if not isinstance(result, Exception):
            raise AssertionError(f"{result} is of type {type(result)}, not an Exception.")
        self._complete(None, result)

    def _complete(self, result: Any, error: Exception | None) -> None:
        with self._lock:
            if self.done():
                raise RuntimeError(
                    "Attempting to mark a completed Future as complete again. "
                    "Note that a Future can only be marked completed once."
                )
            self._result, self._error = result, error
            self._completed.set()
            waiting, self._callbacks = self._callbacks, []
        for each in waiting:
            each(self)

    def _call_when_done(self, callback: Callable[[Future[T]], Any]) -> None:
        with self._lock:
            if not self.done():
                self._callbacks.append(callback)
                return
        callback(self)


def _failure(error: Exception) -> str:
    return f"Got the following error when running the callback: {type(error).__name__}: {error}"


def _require_callable(name: str, callback: Any) -> None:
    if not callable(callback):
        raise TypeError(f"{name}(): incompatible function arguments: {type(callback).__name__} cannot be called")


@_entry
def collect_all(futures: Sequence[Future[Any]]) -> Future[list[Future[Any]]]:
    """A future of all these futures, complete when all of them are; of an exception, when the first has one."""
    given = list(futures)
    gathered: Future[list[Future[Any]]] = Future()
    left, lock = len(given), threading.Lock()

    def arrived(future: Future[Any]) -> None:
        nonlocal left
        with lock:
            left -= 1
            last = not left
            if gathered.done():
                return
            if future._error is not None:
                gathered.set_exception(future._error)
            elif last:
                gathered.set_result(given)

    for each in given:
        each._call_when_done(arrived)
    if not given:
        gathered.set_result(given)
    return gathered


@_entry
def wait_all(futures: Sequence[Future[Any]]) -> list[Any]:
    """The results of all these futures, once they are there. Raises the first exception as soon as there is one."""
    return [each.wait() for each in collect_all(futures).wait()]


__getattr__ = _absent_from("futures")
