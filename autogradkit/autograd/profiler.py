"""PyTorch's `torch.autograd.profiler`: how long each op, each node of a backward and each block of the user's takes.

Rests on the recording contract: a recorder takes the time when an op begins and ends. What an op runs within itself is part of
its time. A node's time counts from the end of the one before it. While one profiles, ops take the way on which they are told of,
so small ones appear slower than they are, as in PyTorch.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable, Iterable
from types import FrameType, TracebackType
from typing import Any, cast

from autogradkit.autograd.profiler_util import EventList as EventList
from autogradkit.autograd.profiler_util import FunctionEvent as FunctionEvent
from autogradkit.autograd.profiler_util import FunctionEventAvg as FunctionEventAvg
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.facts import Declaration, Named
from autogradkit.core.frames import entry, is_ours
from autogradkit.core.recording import Recorder, listeners
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn


class _ExperimentalConfig:
    """What PyTorch tries out in profiles; of it there is here `verbose`, by which stacks are kept."""

    def __init__(self, *, verbose: bool = False) -> None:
        self.verbose = verbose


class Stopwatch(Recorder):
    """Takes the times of one thread between `begin` and `end`."""

    def __init__(self, with_shapes: bool, with_memory: bool, with_flops: bool, with_stack: bool = False) -> None:
        super().__init__()
        self.events: list[FunctionEvent] = []
        self._with_shapes = with_shapes
        self._with_memory = with_memory
        self._with_flops = with_flops
        self._with_stack = with_stack
        self._open: list[FunctionEvent] = []
        self._last = 0.0  # when the node before ended

    def starts(self, name: str, operands: Iterable[Any] = (), at: float | None = None) -> FunctionEvent:
        """Something begins, now or `at` a time."""
        shapes = (
            [list(each.shape) if isinstance(each, Tensor) else [] for each in operands] if self._with_shapes else []
        )
        event = FunctionEvent(name, self.thread, _now() if at is None else at, shapes)
        if self._with_stack:
            event.stack = _learners_calls(sys._getframe(1))
        if self._open:
            event.cpu_parent = self._open[-1]
            event.cpu_parent.cpu_children.append(event)
        self.events.append(event)
        self._open.append(event)
        return event

    def stops(self) -> None:
        """What began last has ended."""
        if self._open:  # else it began before
            self._open.pop().end = _now()

    def op_begins(self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        name = declaration.name + ("_" if kind == "inplace" and not declaration.name.endswith("_") else "")
        self.starts(
            name if isinstance(declaration, Named) and kind in ("op", "detach") else f"aten::{name}",
            (*args, *kwargs.values()),
        )

    composition_begins = op_begins

    def composition_ends(self) -> None:
        self.stops()

    def listed(self) -> EventList:
        """What was found, in the order in which it began."""
        return EventList(self.events, self._with_memory, self._with_flops)

    def op(
        self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        if self._open and (self._with_memory or self._with_flops):
            operands = (*args, *kwargs.values())
            if self._with_memory:
                self._open[-1].new_memory = _new_memory(result, operands)
            if self._with_flops:
                self._open[-1].flops = _flops(self._open[-1].name, operands, result)
        self.stops()

    def op_failed(self, *told: Any) -> None:
        self.stops()

    def backward_begin(self, *told: Any) -> None:
        self._last = _now()

    def node(self, call: int, node: Any, received: tuple[Any, ...], sent: tuple[Any, ...]) -> None:
        self._ended(f"{node.namespace}{node.name().rpartition('::')[2]}", received)

    def accumulate(self, *told: Any) -> None:
        self._ended("torch::autograd::AccumulateGrad", ())

    def _ended(self, name: str, operands: Iterable[Any]) -> None:
        self.starts(name, operands, at=self._last)
        self.stops()
        self._last = _now()


def _learners_calls(frame: FrameType | None) -> list[str]:
    """The learner's functions that are being run, the innermost first: where each begins; of a module the line that runs."""
    calls: list[str] = []
    while frame is not None:
        code = frame.f_code
        if not is_ours(code) and not code.co_filename.startswith("<frozen"):
            line = frame.f_lineno if code.co_name == "<module>" else code.co_firstlineno
            calls.append(f"{os.path.basename(code.co_filename)}({line}): {code.co_name}")
        frame = frame.f_back
    return calls


def _new_memory(result: Any, operands: Iterable[Any]) -> int:
    """The bytes that the results hold, without those whose memory is an operand's."""
    results = [each for each in (result if isinstance(result, tuple | list) else [result]) if isinstance(each, Tensor)]
    theirs = {each.untyped_storage().data_ptr() for each in operands if isinstance(each, Tensor)}
    held = {each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() for each in results}
    return sum(size for address, size in held.items() if address not in theirs)


def warn_of_absent(device: str) -> None:
    """Warn that nothing is taken of a device that is not here."""
    if device in ("cuda", "xpu", "mtia", "hpu"):
        warn(f"{device.upper()} is not available, disabling {device.upper()} profiling")
    else:
        warn(f"The {device} is not a valid device option.")


_LEFT_FACTOR = {"aten::mm": 0, "aten::bmm": 0, "aten::addmm": 1, "aten::baddbmm": 1}


def _flops(name: str, operands: tuple[Any, ...], result: Any) -> int:
    """What PyTorch counts: products of matrices, convolutions in two dimensions; sums and products by their first operand."""
    if name in _LEFT_FACTOR:
        return 2 * result.numel() * operands[_LEFT_FACTOR[name]].size(-1)
    if name == "aten::convolution" and result.dim() == 4 and not operands[6]:
        return 2 * result.numel() * operands[1][0].numel()
    if name in ("aten::add", "aten::mul"):
        return operands[0].numel() if isinstance(operands[0], Tensor) else 1
    return 0


def _now() -> float:
    return time.perf_counter_ns() / 1000


class profile:  # noqa: N801 - PyTorch's name
    """In its block, the time of everything is taken; afterwards it prints as a table.

    `profile_memory` counts the bytes of results, `with_flops` the operations of products, sums and convolutions. Of a device
    other than the processor nothing is taken, and a warning says so. `with_stack` keeps the learner's calls that led to each
    event, as in PyTorch only with `experimental_config=torch._C._profiler._ExperimentalConfig(verbose=True)`. Modules
    (`with_modules`) are asked for in vain, and so is the library that takes the times (`use_kineto`).

    >>> import autogradkit as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.autograd.profiler.profile() as times:
    ...     (x * 3).sum().backward()
    >>> [event.name for event in times.function_events][:3]
    ['aten::mul', 'aten::sum', 'SumBackward0']
    """

    def __init__(
        self,
        enabled: bool = True,
        *,
        use_cuda: bool = False,
        use_device: str | None = None,
        record_shapes: bool = False,
        with_flops: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_modules: bool = False,
        use_kineto: bool = False,
        use_cpu: bool = True,
        experimental_config: _ExperimentalConfig | None = None,
    ) -> None:
        if use_cuda:
            warn(
                "The attribute `use_cuda` will be deprecated soon, please use ``use_device = 'cuda'`` instead.",
                FutureWarning,
            )
            use_device = "cuda"
        if use_device is not None:
            warn_of_absent(use_device)
        self.enabled = enabled and use_cpu
        self._entered = False
        stacks = with_stack and experimental_config is not None and experimental_config.verbose
        self._watch = Stopwatch(record_shapes, profile_memory, with_flops, stacks)
        self._events: EventList | None = None

    def __enter__(self) -> profile | None:
        if not self.enabled:
            return None
        if self._entered:
            raise RuntimeError("Profiler context manager is not reentrant")
        self._entered = True
        self._watch.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self.enabled:
            self._watch.end()
            self._events = self._watch.listed()

    @property
    def function_events(self) -> EventList:
        """Everything that ran, in the order in which it began."""
        if self._events is None:
            raise RuntimeError("Profiler didn't finish running")
        return self._events

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0) -> EventList:
        """All events of one name together, as `EventList.key_averages`."""
        return self.function_events.key_averages(group_by_input_shape, group_by_stack_n)

    def table(self, sort_by: str | None = None, row_limit: int = 100, **options: Any) -> str:
        """As `EventList.table`."""
        return self.function_events.table(sort_by, row_limit, **options)

    def total_average(self) -> FunctionEventAvg:
        """All events together."""
        return self.function_events.total_average()

    def export_chrome_trace(self, path: str) -> None:
        """Write what `chrome://tracing` and Perfetto show; compressed where the path ends in ".gz"."""
        self.function_events.export_profile(path)

    @property
    def self_cpu_time_total(self) -> float:
        """What all events took, in microseconds."""
        return self.function_events.self_cpu_time_total

    def __str__(self) -> str:
        return "<unfinished profiler_legacy.profile>" if self._events is None else str(self._events)

    __repr__ = __str__


class record_function:  # noqa: N801 - PyTorch's name
    """A block of the user's under a name, or a function decorated with one, as an event of its own.

    >>> import autogradkit as torch
    >>> with torch.autograd.profiler.profile() as times, torch.autograd.profiler.record_function("mine"):
    ...     x = torch.ones(2) + 1
    >>> [event.name for event in times.function_events[0].cpu_children]
    ['aten::ones', 'aten::add']
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name
        self.args = args

    def __enter__(self) -> record_function:
        self._watches = [each for each in listeners() if isinstance(each, Stopwatch)]
        for watch in self._watches:
            watch.starts(self.name).is_user_annotation = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for watch in self._watches:
            watch.stops()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with self.__class__(self.name, self.args):
                return function(*args, **kwargs)

        return cast("Callable[..., Any]", run)


class emit_nvtx:  # noqa: N801 - PyTorch's name
    """Ranges for NVIDIA's profiler, which has no device here: unless switched off, its block raises AssertionError."""

    def __init__(self, enabled: bool = True, record_shapes: bool = False) -> None:
        self.enabled = enabled
        self.record_shapes = record_shapes

    @entry
    def __enter__(self) -> emit_nvtx | None:
        if not self.enabled:
            return None
        raise AssertionError("Torch not compiled with CUDA enabled")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        pass


__getattr__ = _absent_from("autograd.profiler")
