"""What kernels of networks compute, written into their result: numbers of half precision go through float32 and are rounded once.

Rests on core's dtypes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.core.dtype import is_half
from autogradkit.core.storage import Array


def write(out: Array, body: Callable[..., Any], *arrays: Array) -> None:
    """Write what `body` makes of the arrays into `out`."""
    if is_half(out.dtype):
        arrays = tuple([each.astype(np.float32) for each in arrays])
    np.copyto(out, body(*arrays), casting="unsafe")
