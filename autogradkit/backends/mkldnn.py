"""PyTorch's `torch.backends.mkldnn`: switches of a library that is not here. They keep what is set and change nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager

from autogradkit.backends.switches import switchboard as _switchboard
from autogradkit.core.absent import absent_from as _absent_from

enabled = True
deterministic = False

_BOARD = _switchboard(__name__, {"enabled": "set_enabled_mkldnn", "deterministic": "set_deterministic_mkldnn"})


def is_available() -> bool:
    """False: kernels are NumPy's."""
    return False


def flags(enabled: bool = False, deterministic: bool = False) -> AbstractContextManager[None]:
    """In its block the switches are as given."""
    return _BOARD.set_in_block({"enabled": enabled, "deterministic": deterministic})


__getattr__ = _absent_from("backends.mkldnn")
