"""PyTorch's `torch.version`: what this package is, and that it was built for nothing but the processor."""

from __future__ import annotations

import autogradkit
from autogradkit.core.absent import absent_from as _absent_from

__version__: str = autogradkit.__version__
debug = False
cuda: str | None = None
hip: str | None = None
rocm: str | None = None
xpu: str | None = None
git_version = "Unknown"  # what PyTorch says that was built of no repository

__getattr__ = _absent_from("version")
