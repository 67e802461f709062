"""PyTorch's `torch.autograd.grad_mode`: the engine's modes under the name of their module there, and one of its own.

Rests on the engine's modes and on inference. Backward runs in the thread that calls it, whatever is set here.
"""

from __future__ import annotations

import threading
from types import TracebackType

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.errors import c_type_name
from autogradkit.engine.inference import inference_mode as inference_mode
from autogradkit.engine.modes import ContextDecorator
from autogradkit.engine.modes import enable_grad as enable_grad
from autogradkit.engine.modes import no_grad as no_grad
from autogradkit.engine.modes import set_grad_enabled as set_grad_enabled


class _Asked(threading.local):
    multithreading = True


_ASKED = _Asked()


def is_multithreading_enabled() -> bool:
    """Whether backward on several devices may use a thread for each of them; here there is one device."""
    return _ASKED.multithreading


class set_multithreading_enabled(ContextDecorator):  # noqa: N801 - PyTorch's name
    """Set, at once, what `is_multithreading_enabled()` answers in this thread; as a context manager, until its end.

    >>> import autogradkit as torch
    >>> with torch.autograd.set_multithreading_enabled(False):
    ...     torch.autograd.is_multithreading_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            kind = c_type_name(mode)
            raise TypeError(f"set_multithreading_enabled(): argument 'enabled' (position 1) must be bool, not {kind}")
        self.prev = _ASKED.multithreading
        self.mode = _ASKED.multithreading = mode

    def clone(self) -> set_multithreading_enabled:
        """Another of the same mode, which sets it, too."""
        return set_multithreading_enabled(self.mode)

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        _ASKED.multithreading = self.prev


__getattr__ = _absent_from("autograd.grad_mode")
