"""`torch.Stream` and `torch.Event` of the processor, where all work is done when an op returns: there is nothing to wait for."""

from __future__ import annotations

from typing import Any, ClassVar, Never

from autogradkit.core.device import CPU
from autogradkit.core.device import device as Device

_NO_EVENTS = "cpu backend doesn't support events."


def _require_cpu(device: Any) -> None:
    if device is None:
        return
    if isinstance(device, int):
        raise RuntimeError("Cannot access accelerator device when none is available.")
    kind = Device(device).type
    if kind != "cpu":
        raise RuntimeError(f"PyTorch is not linked with support for {kind} devices")


class Stream:
    """A queue of work. Raises RuntimeError for another device than the processor.

    >>> import autogradkit as torch
    >>> torch.Stream("cpu").query()
    True
    """

    device: ClassVar[Device] = CPU
    stream_id = 0
    device_index = -1
    device_type = 0

    def __init__(self, device: Any = None, *, priority: int = 0) -> None:
        _require_cpu(device)

    def query(self) -> bool:
        """Whether all that was asked for is done: True."""
        return True

    def synchronize(self) -> None:
        """Nothing."""

    def wait_event(self, event: Any) -> None:
        """Nothing."""

    def wait_stream(self, stream: Any) -> Never:
        """Refuses, as PyTorch does on the processor."""
        raise RuntimeError(_NO_EVENTS)

    def record_event(self, event: Any = None) -> Never:
        """Refuses, as PyTorch does on the processor."""
        raise RuntimeError(_NO_EVENTS)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream)

    def __hash__(self) -> int:
        return hash(Stream)

    def __repr__(self) -> str:
        return "torch.Stream device_type=cpu, device_index=-1, stream_id=0"


class Event:
    """A moment in a stream. Raises RuntimeError for another device than the processor."""

    device: ClassVar[Device] = CPU
    event_id = 0

    def __init__(
        self, device: Any = None, *, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False
    ) -> None:
        _require_cpu(device)
        self._timed = enable_timing

    def query(self) -> bool:
        """Whether what came before it is done: True."""
        return True

    def synchronize(self) -> None:
        """Nothing."""

    def wait(self, stream: Any = None) -> None:
        """Nothing."""

    def record(self, stream: Any = None) -> Never:
        """Refuses, as PyTorch does on the processor."""
        raise RuntimeError(_NO_EVENTS)

    def elapsed_time(self, end_event: Event) -> Never:
        """Refuses: nothing was recorded."""
        if not (self._timed and end_event._timed):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        raise RuntimeError(_NO_EVENTS)

    def __repr__(self) -> str:
        return f"torch.Event device_type=cpu, device_index=-1, event_flag={int(self._timed)}, event_id=0"
