"""PyTorch's `torch.backends.nnpack`: a library of convolutions, which NumPy does not use. Its switch keeps what is set."""

from __future__ import annotations

from contextlib import AbstractContextManager

from autogradkit.backends.switches import switchboard as _switchboard
from autogradkit.core.absent import absent_from as _absent_from

_enabled = True
_BOARD = _switchboard(__name__, {"_enabled": "set_enabled_NNPACK"})


def is_available() -> bool:
    """False."""
    return False


def set_flags(_enabled: bool) -> tuple[bool]:
    """Set whether it may be used; what was set before."""
    before = _BOARD._enabled
    _BOARD._enabled = _enabled
    return (before,)


def flags(enabled: bool = False) -> AbstractContextManager[None]:
    """In its block the switch is as given."""
    return _BOARD.set_in_block({"_enabled": enabled})


__getattr__ = _absent_from("backends.nnpack")
