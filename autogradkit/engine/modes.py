"""Whether ops record, per thread: `no_grad`, `enable_grad`, `set_grad_enabled`, and anomaly detection.

Rests on threading, core.recording and core.steps. A `threading.local`, not a context variable: the mode must survive from
one `await` to the
next in a notebook cell. Op entry points read `MODE.grad`;
the fastest ask `NO_GRAD` first, which costs less than a look into thread-local storage.
"""

from __future__ import annotations

import functools
import inspect
import threading
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar, cast

from autogradkit.core.errors import c_type_name
from autogradkit.core.frames import entry
from autogradkit.core.recording import EVERY_THREAD, RECORDERS
from autogradkit.core.steps import Step, at_once

F = TypeVar("F", bound=Callable[..., Any])


NO_GRAD: dict[int, None] = {}  # the threads that do not record now: while empty, nobody need ask `MODE.grad`


class _Mode(threading.local):
    _grad: bool = True

    def __init__(self) -> None:
        self._here = threading.get_ident()  # each thread runs this

    @property
    def grad(self) -> bool:
        """Whether ops record in this thread."""
        return self._grad

    @grad.setter
    def grad(self, wanted: bool) -> None:
        if self.inference is not None:  # where nothing records, whatever is asked for
            self._asked = wanted
            return
        # What belongs together stands on one line without a call, where no interrupt comes in between.
        if wanted and not self._grad:
            self._grad = True; del NO_GRAD[self._here]  # noqa: E702  # fmt: skip
        elif self._grad and not wanted:
            NO_GRAD[self._here], self._grad = None, False

    @property
    def asked(self) -> bool:
        """Whether ops are to record in this thread: what is left of it in inference mode, where they do not."""
        return self._grad if self.inference is None else self._asked

    # What marks the tensors that are made in inference mode, while that is on; see inference.py
    inference: object = None
    _asked: bool = False
    packing: Any = None  # users' hooks on saved tensors; see packing.py
    packing_refused: str | None = None  # what is said where they may not be set
    casting: Any = None  # of operands, in an autocast block; see amp/casting.py
    wants_some: bool = False  # a backward runs for `grad()`, or for the `inputs` of `backward()`
    forward: bool = True  # whether ops give their results tangents while a level of forward mode is on
    transforms: int = 0  # how many transforms of `func` run a function now, which may not do all it could do outside
    run: Any = None  # the innermost run of backward that is under way; see run.py
    anomaly: bool = False
    anomaly_checks_nan: bool = True


MODE = _Mode()
DUAL_LEVELS: list[Any] = []  # the level of forward mode that is on, for all threads, as in PyTorch; see dual.py


def is_grad_enabled() -> bool:
    """Whether ops record now.

    >>> import autogradkit as torch
    >>> with torch.no_grad():
    ...     torch.is_grad_enabled()
    False
    """
    return MODE.asked


_CLASS = (
    "Decorating classes is deprecated and will be disabled in future versions. You should only decorate functions or methods. "
    "To preserve the current behavior of class decoration, you can directly decorate the `__init__` method and nothing else."
)


class ContextDecorator:
    """A context manager that can also decorate a function or a generator function."""

    def __enter__(self) -> Any:
        raise NotImplementedError

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        raise NotImplementedError

    def clone(self) -> Any:
        """Another one of the same kind, which one call of a decorated function enters."""
        return self.__class__()

    def __call__(self, function: F) -> F:
        if inspect.isclass(function):
            warnings.warn(_CLASS, FutureWarning, stacklevel=2)
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
                # The mode holds while the generator runs, not while its consumer does.
                running = function(*args, **kwargs)
                resume: Callable[[Any], Any] = running.send
                answer: Any = None
                while True:
                    try:
                        with self.clone():
                            item = resume(answer)
                    except StopIteration as stop:
                        return stop.value
                    try:
                        answer = yield item
                        resume = running.send
                    except GeneratorExit:
                        with self.clone():
                            running.close()
                        raise
                    except BaseException as error:
                        answer, resume = error, running.throw

            return cast(F, generate)

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        return cast(F, run)


class BareContextDecorator(ContextDecorator):
    """One that decorates with and without parentheses."""

    def __new__(cls, orig_func: Callable[..., Any] | None = None) -> Any:
        made = super().__new__(cls)
        return made if orig_func is None else made(orig_func)


class _GradMode(BareContextDecorator):
    _wanted = True

    def __enter__(self) -> None:
        self._previous = MODE.asked
        MODE.grad = self._wanted

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            MODE.grad = self._previous
        except BaseException:  # an interrupt that came just then
            MODE.grad = self._previous
            raise


class no_grad(_GradMode):  # noqa: N801 - PyTorch's name
    """Ops inside do not record; tensors that exist keep their own `requires_grad`.

    >>> import autogradkit as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.no_grad():
    ...     y = x * 2
    >>> y.requires_grad, x.requires_grad
    (False, True)
    """

    _wanted = False


class enable_grad(_GradMode):  # noqa: N801 - PyTorch's name
    """Ops inside record, also within `no_grad`."""


class set_grad_enabled(ContextDecorator):  # noqa: N801 - PyTorch's name
    """Set whether ops record, at once; as a context manager, until its end."""

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            kind = c_type_name(mode)
            raise TypeError(f"set_grad_enabled(): argument 'enabled' (position 1) must be bool, not {kind}")
        self._previous = MODE.asked
        self.mode = mode
        MODE.grad = mode

    def clone(self) -> set_grad_enabled:
        """Another of the same mode, which sets it at once, too."""
        return set_grad_enabled(self.mode)

    def __call__(self, function: F) -> F:
        MODE.grad = self._previous
        return super().__call__(function)

    def __repr__(self) -> str:
        return f"torch.autograd.grad_mode.set_grad_enabled(mode={self.mode})"

    def __enter__(self) -> None:
        MODE.grad = self.mode

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            MODE.grad = self._previous
        except BaseException:  # an interrupt that came just then
            MODE.grad = self._previous
            raise


@contextmanager
def forward_grad(wanted: bool) -> Generator[None]:
    """Set for a `with` block whether ops give their results tangents."""
    previous = MODE.forward
    MODE.forward = wanted
    try:
        yield
    finally:
        MODE.forward = previous


class _Attention:
    """A recorder that listens to nobody: its presence sends every op the general way, on which `MODE` is looked at."""

    thread = EVERY_THREAD


ATTENTION: Any = _Attention()


def _set_anomaly(mode: bool, check_nan: bool) -> None:
    steps: list[Step] = []
    if mode and not MODE.anomaly:
        steps = [(RECORDERS.append, ATTENTION)]
    elif MODE.anomaly and not mode:
        steps = [(RECORDERS.remove, ATTENTION)]
    at_once([*steps, (setattr, MODE, "anomaly", mode), (setattr, MODE, "anomaly_checks_nan", check_nan)])


class set_detect_anomaly:  # noqa: N801 - PyTorch's name
    """Remember where each node was made, and name that place when its backward fails or gives NaN."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        for place, (name, value) in enumerate((("enabled", mode), ("check_nan", check_nan)), 1):
            if not isinstance(value, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(
                    f"set_anomaly_enabled(): argument '{name}' (position {place}) must be bool, not {c_type_name(value)}"
                )
        self._previous = (MODE.anomaly, MODE.anomaly_checks_nan)
        _set_anomaly(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            _set_anomaly(*self._previous)
        except BaseException:
            _set_anomaly(*self._previous)
            raise


class detect_anomaly(set_detect_anomaly):  # noqa: N801 - PyTorch's name
    """`set_detect_anomaly(True)` for a `with` block: nothing changes before that is entered."""

    def __init__(self, check_nan: bool = True) -> None:
        self._previous = (MODE.anomaly, MODE.anomaly_checks_nan)
        self._check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            UserWarning,
            stacklevel=2,
        )

    def __enter__(self) -> None:
        try:
            super().__init__(True, self._check_nan)
        except BaseException:
            _set_anomaly(*self._previous)
            raise


@entry
def set_anomaly_enabled(enabled: bool, check_nan: bool = True) -> None:
    """Switch anomaly detection, without a block; with `check_nan` NaN in a gradient is an anomaly."""
    set_detect_anomaly(enabled, check_nan)


def is_anomaly_check_nan_enabled() -> bool:
    """Whether NaN in a gradient is an anomaly in this thread."""
    return MODE.anomaly_checks_nan


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on in this thread."""
    return MODE.anomaly
