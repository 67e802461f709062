"""PyTorch's `torch.backends.mps`: whether Apple's graphics processor can be used. It cannot."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.missing_device import refusing as _refusing

_SAID = "Cannot execute isOnMacOSorNewer() without MPS backend."
is_macos_or_newer = _refusing("backends.mps", "is_macos_or_newer", RuntimeError, _SAID)
is_macos13_or_newer = _refusing("backends.mps", "is_macos13_or_newer", RuntimeError, _SAID)


def is_available() -> bool:
    """False."""
    return False


def is_built() -> bool:
    """False."""
    return False


__getattr__ = _absent_from("backends.mps")
