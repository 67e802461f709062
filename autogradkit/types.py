"""PyTorch's `torch.types`: names for annotations."""

from __future__ import annotations

import builtins
import os
from collections.abc import Sequence
from typing import IO

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.device import device as _device
from autogradkit.core.dtype import dtype as _dtype  # noqa: F401 - for who imports it from here, as what follows
from autogradkit.core.layout import layout as _layout  # noqa: F401
from autogradkit.core.size import Size as _Size
from autogradkit.core.tensor import Tensor as _Tensor

Number = builtins.int | builtins.float | builtins.bool
Device = _device | str | builtins.int | None
FileLike = str | os.PathLike[str] | IO[bytes]
# Older names, for annotations.
_bool, _bytes, _complex, _float, _int, _str = (
    builtins.bool, builtins.bytes, builtins.complex, builtins.float, builtins.int, builtins.str,
)  # fmt: skip
_size = _Size | list[builtins.int] | tuple[builtins.int, ...]
_TensorOrTensors = _Tensor | Sequence[_Tensor]

__getattr__ = _absent_from("types")
