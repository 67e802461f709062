"""PyTorch's `torch.types`: names for annotations."""

from __future__ import annotations

import builtins
import os
from typing import IO

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.device import device as _device

Number = builtins.int | builtins.float | builtins.bool
Device = _device | str | builtins.int | None
FileLike = str | os.PathLike[str] | IO[bytes]

__getattr__ = _absent_from("types")
