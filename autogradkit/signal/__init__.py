"""Signals, as PyTorch's `torch.signal` names them: so far their windows, in `windows.py`."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.signal import windows as windows

__getattr__ = _absent_from("signal")
