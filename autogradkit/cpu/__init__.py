"""PyTorch's `torch.cpu`: the processor, asked as any device is asked. It is there, and there is nothing to wait for."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.cpu import amp as amp


def is_available() -> bool:
    """True."""
    return True


def is_initialized() -> bool:
    """True."""
    return True


def device_count() -> int:
    """1."""
    return 1


def current_device() -> str:
    """'cpu'."""
    return "cpu"


def set_device(device: Any) -> None:
    """Nothing: there is but one."""


def synchronize(device: Any = None) -> None:
    """Nothing: every op has ended when it returns."""


class Stream:
    """A queue of work; here all work is done at once."""

    def __init__(self, priority: int = -1) -> None:
        pass

    def wait_stream(self, stream: Any) -> None:
        """Nothing."""

    def record_event(self) -> None:
        """Nothing."""

    def wait_event(self, event: Any) -> None:
        """Nothing."""


class Event:
    """A moment in a stream."""

    def query(self) -> bool:
        """Whether what came before it is done: True."""
        return True

    def record(self, stream: Any = None) -> None:
        """Nothing."""

    def synchronize(self) -> None:
        """Nothing."""

    def wait(self, stream: Any = None) -> None:
        """Nothing."""


_STREAM = Stream()


def current_stream(device: Any = None) -> Stream:
    """The one stream."""
    return _STREAM


class StreamContext:
    """A block in which a stream is the current one, which changes nothing."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        pass


def stream(stream: Stream) -> StreamContext:
    """The block in which `stream` is the current one."""
    return StreamContext(stream)


__getattr__ = _absent_from("cpu")
