"""PyTorch's `torch.profiler`: `autograd.profiler` with steps, of which a schedule says which are profiled.

Rests on `autograd/profiler.py`, which takes the times.
"""

from __future__ import annotations

import enum
import os
import socket
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

from autogradkit.autograd.profiler import EventList, Stopwatch, _ExperimentalConfig, warn_of_absent
from autogradkit.autograd.profiler import record_function as record_function
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.warning import warn


class ProfilerActivity(enum.Enum):
    """What may be profiled; here there is a processor alone."""

    CPU = 0
    XPU = 1
    MTIA = 2
    CUDA = 3


class ProfilerAction(enum.Enum):
    """What is done in a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def kineto_available() -> bool:
    """True: what PyTorch takes times with on every machine stands for what is here."""
    return True


def supported_activities() -> set[ProfilerActivity]:
    """What can be profiled."""
    return {ProfilerActivity.CPU}


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """After `skip_first` steps in turn: `wait` without profiling, `warmup`, `active` profiled; `repeat` times (0: for ever).

    With `skip_first_wait` (not 0) the first turn does not wait.

    >>> import autogradkit as torch
    >>> action = torch.profiler.schedule(wait=1, warmup=1, active=2)
    >>> [action(step).name for step in range(4)]
    ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE']
    """
    if wait < 0 or warmup < 0 or active <= 0 or repeat < 0 or skip_first < 0:
        raise AssertionError(
            f"Invalid profiler schedule arguments. Got wait={wait} (need >= 0), warmup={warmup} (need >= 0), active={active} "
            f"(need > 0), repeat={repeat} (need >= 0), skip_first={skip_first} (need >= 0)."
        )
    if warmup == 0:
        warn("Profiler won't be using warmup, this can skew profiler results")
    length = wait + warmup + active

    def action(step: int) -> ProfilerAction:
        if step < 0:
            raise AssertionError(f"Step must be non-negative. Got {step}.")
        turn, place = divmod(step - skip_first + (wait if skip_first_wait else 0), length)
        if step < skip_first or (repeat and turn >= repeat) or place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD_AND_SAVE if place == length - 1 else ProfilerAction.RECORD

    return action


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[profile], None]:
    """For `on_trace_ready`: writes each trace into a folder, which is made, and where TensorBoard's plugin looks for it.

    Raises RuntimeError where there can be no such folder.
    """

    def handle(ready: profile) -> None:
        try:
            os.makedirs(dir_name, exist_ok=True)
        except OSError as error:
            raise RuntimeError("Can't create directory: " + dir_name) from error
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        name = f"{worker}.{time.time_ns()}.pt.trace.json{'.gz' if use_gzip else ''}"
        ready.export_chrome_trace(os.path.join(dir_name, name))

    return handle


class profile:  # noqa: N801 - PyTorch's name
    """In its block, the time of everything is taken, or of those steps that `schedule` names; `step()` ends a step.

    After the last of a row of recorded steps `on_trace_ready(profile)` is called, which can look at `key_averages()`.
    `profile_memory` counts the bytes of results, `with_flops` the operations of products, sums and convolutions. `with_stack`
    keeps stacks as `autograd.profiler.profile` does. `with_modules` and `acc_events` are taken as in PyTorch; what they
    add to its files and to later cycles is not here.

    >>> import autogradkit as torch
    >>> with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as times:
    ...     y = torch.ones(2).exp()
    >>> [event.key for event in times.key_averages()]
    ['aten::ones', 'aten::exp']
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[..., Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: _ExperimentalConfig | None = None,
        acc_events: bool = False,
        use_cuda: bool | None = None,
    ) -> None:
        self.activities = supported_activities() if activities is None else set(activities)
        asked = self.activities
        if use_cuda is not None:  # which decides about nothing else
            warn("`use_cuda` is deprecated, use `activities` argument instead", FutureWarning)
            asked = asked - {ProfilerActivity.CUDA} | ({ProfilerActivity.CUDA} if use_cuda else set())
        if not asked:
            raise AssertionError("No valid profiler activities found")
        self.schedule = schedule
        self.on_trace_ready = on_trace_ready
        self.record_shapes = record_shapes
        self.profile_memory = profile_memory
        self.with_stack = with_stack
        self.experimental_config = experimental_config
        self.with_flops = with_flops
        self.with_modules = with_modules
        self.acc_events = acc_events
        self.step_num = 0
        self._watch: Stopwatch | None = None
        self._events: EventList | None = None
        self._step: record_function | None = None

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Begin, with the first step."""
        for each in sorted(self.activities - supported_activities(), key=lambda each: each.value):
            warn_of_absent(each.name.lower())
        self._begin_step()

    def stop(self) -> None:
        """End."""
        was_recorded = self._watch is not None
        self._end_step(save=True)
        if was_recorded and self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def step(self) -> None:
        """A step of the schedule has ended, and the next begins."""
        saved = self._action() is ProfilerAction.RECORD_AND_SAVE
        self._end_step(save=saved)
        self.step_num += 1
        if saved and self.on_trace_ready is not None:
            self.on_trace_ready(self)
        self._begin_step()

    def _action(self) -> ProfilerAction:
        return ProfilerAction.RECORD if self.schedule is None else self.schedule(self.step_num)

    def _begin_step(self) -> None:
        if self._action() in (ProfilerAction.NONE, ProfilerAction.WARMUP):
            return
        if self._watch is None:
            stacks = self.with_stack and self.experimental_config is not None and self.experimental_config.verbose
            self._watch = Stopwatch(self.record_shapes, self.profile_memory, self.with_flops, stacks)
            self._watch.begin()
        if self.schedule is not None:
            self._step = record_function(f"ProfilerStep#{self.step_num}")
            self._step.__enter__()

    def _end_step(self, save: bool) -> None:
        if self._step is not None:
            self._step.__exit__(None, None, None)
            self._step = None
        if save and self._watch is not None:
            self._watch.end()
            self._events = self._watch.listed()
            self._watch = None

    def events(self) -> EventList:
        """Everything that ran in the steps recorded last, in the order in which it began."""
        if self._events is None:
            raise AssertionError("Profiler must be initialized before getting events")
        return self._events

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """All events of one name together, as `EventList.key_averages`."""
        return self.events().key_averages(group_by_input_shape, group_by_stack_n)

    def export_chrome_trace(self, path: str) -> None:
        """Write what `chrome://tracing` and Perfetto show."""
        self.events().export_profile(path)

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total") -> None:
        """Write the stacks, each a line with what was spent there, of which programs for flame graphs make their pictures.

        They are kept as `autograd.profiler.profile` says. Raises AssertionError without `with_stack`, ValueError for what is no
        metric.
        """
        if not self.with_stack:
            raise AssertionError("export_stacks() requires with_stack=True")
        self.events().export_stacks(path, metric)


__getattr__ = _absent_from("profiler")
