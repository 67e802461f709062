"""What kernels of networks compute, written into their result: numbers of half precision go through float32 and are rounded once.

Rests on core's dtypes and halves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.core.dtype import is_half
from autogradkit.core.halves import convert, widened
from autogradkit.core.storage import Array


def write(out: Array, body: Callable[..., Any], *arrays: Array) -> None:
    """Write what `body` makes of the arrays into `out`."""
    if is_half(out.dtype):
        convert(body(*[widened(each) for each in arrays]), out)
    else:
        out[...] = body(*arrays)


def write_by(out: Array, body: Callable[..., None], *arrays: Array) -> None:
    """Have `body` write what it makes of the arrays into its last argument, `out` or what is rounded into it."""
    if is_half(out.dtype):
        wide = np.empty(out.shape, np.float32)
        body(*[widened(each) for each in arrays], wide)
        convert(wide, out)
    else:
        body(*arrays, out)
