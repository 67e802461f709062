"""What the old names of `torch.amp` for a device share: whether there is one, and that they are old."""

from __future__ import annotations

from autogradkit.core.warning import warn


def amp_definitely_not_available() -> bool:
    """True."""
    return True


def deprecated(name: str, instead: str) -> None:
    """Warn that `torch.cuda.amp` has `name` for the sake of older programs alone."""
    warn(f"`torch.cuda.amp.{name}(args...)` is deprecated. Please use `torch.amp.{instead}` instead.", FutureWarning)
