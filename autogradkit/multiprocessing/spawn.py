"""`spawn`: one function in several processes, each told its number; where one fails, the others end and its error is raised.

Rests on Python's `multiprocessing`. A process that raised leaves its traceback in a pipe, which says it to the caller.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.warning import warn


class ProcessException(Exception):  # noqa: N818 - PyTorch's name
    """A process failed: `error_index` is its number, `error_pid` its process id."""

    def __init__(self, msg: str, error_index: int, pid: int) -> None:
        super().__init__(msg)
        self.msg = msg
        self.error_index = error_index
        self.pid = self.error_pid = pid

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.msg, self.error_index, self.pid)


class ProcessRaisedException(ProcessException):
    """It raised an exception, whose traceback is in the message."""


class ProcessExitedException(ProcessException):
    """It ended by a signal, `signal_name`, or with `exit_code`."""

    def __init__(
        self, msg: str, error_index: int, error_pid: int, exit_code: int, signal_name: str | None = None
    ) -> None:
        super().__init__(msg, error_index, error_pid)
        self.exit_code = exit_code
        self.signal_name = signal_name

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.msg, self.error_index, self.pid, self.exit_code, self.signal_name)


def _run(fn: Callable[..., Any], number: int, args: tuple[Any, ...], errors: connection.Connection) -> None:
    try:
        fn(number, *args)
    except KeyboardInterrupt:
        pass  # the process that started it says so
    except Exception:
        errors.send(traceback.format_exc())
        sys.exit(1)


class ProcessContext:
    """Processes that run; `join()` waits for them."""

    def __init__(self, processes: list[BaseProcess], errors: list[connection.Connection]) -> None:
        self.processes = processes
        self._errors = errors
        self.sentinels = {process.sentinel: number for number, process in enumerate(processes)}

    def pids(self) -> list[int | None]:
        """Their process ids."""
        return [process.pid for process in self.processes]

    @entry
    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """Wait for one or more of them to end, at most `timeout` seconds; whether all have.

        Where one failed the others are ended, after `grace_period` seconds by force, and its error is raised.
        """
        for sentinel in connection.wait(self.sentinels, timeout):
            number = self.sentinels.pop(sentinel)  # pyright: ignore[reportArgumentType] - those that were waited for
            self.processes[number].join()
            if self.processes[number].exitcode:
                self._end(grace_period)
                raise self._error(number)
        return not self.sentinels

    def _end(self, grace_period: float | None) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.join(grace_period)
            process.kill()
            process.join()

    def _error(self, number: int) -> ProcessException:
        process = self.processes[number]
        pid, code = process.pid or 0, process.exitcode or 0
        try:
            text = self._errors[number].recv()
        except EOFError:  # it ended without a word
            text = None
        if text is not None:
            return ProcessRaisedException(
                f"\n\n-- Process {number} terminated with the following error:\n{text}", number, pid
            )
        if code < 0:
            name = signal.Signals(-code).name
            return ProcessExitedException(f"process {number} terminated with signal {name}", number, pid, code, name)
        return ProcessExitedException(f"process {number} terminated with exit code {code}", number, pid, code)


SpawnContext = ProcessContext


@entry
def start_processes(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Run `fn(number, *args)` in `nprocs` processes, and wait for them, unless `join` is False: then they are given back."""
    context = multiprocessing.get_context(start_method)
    processes: list[BaseProcess] = []
    errors: list[connection.Connection] = []
    for number in range(nprocs):
        heard, told = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(fn, number, args, told), daemon=daemon)  # pyright: ignore[reportAttributeAccessIssue]
        process.start()
        told.close()
        processes.append(process)
        errors.append(heard)
    running = ProcessContext(processes, errors)
    if not join:
        return running
    while not running.join():
        pass
    return None


@entry
def spawn(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """`start_processes` with new interpreters, which import the script anew."""
    if start_method != "spawn":
        warn(
            f"This method only supports start_method=spawn (got: {start_method}).\n"
            "To use a different start_method use:\n\t\t torch.multiprocessing.start_processes(...)",
            FutureWarning,
        )
    return start_processes(fn, args, nprocs, join, daemon, "spawn")
