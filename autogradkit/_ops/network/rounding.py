"""What kernels of networks compute, written into their result: numbers of half precision go through float32 and are rounded once.

What is pointwise goes a part at a time, so that what it computes on the way stays in the cache. Rests on core's dtypes, halves
and parts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.core.dtype import is_half
from autogradkit.core.halves import convert, widened
from autogradkit.core.parts import in_pieces
from autogradkit.core.storage import Array


def write(out: Array, body: Callable[..., Any], *arrays: Array) -> None:
    """Write what `body`, which is pointwise, makes of the arrays into `out`."""
    for into, *given in in_pieces(out, *arrays):
        write_whole(into, body, *given)


def write_whole(out: Array, body: Callable[..., Any], *arrays: Array) -> None:
    """Write what `body` makes of the arrays, each as a whole, into `out`."""
    if is_half(out.dtype):
        convert(body(*[widened(each) for each in arrays]), out)
    else:
        out[...] = body(*arrays)


def write_by(out: Array, body: Callable[..., None], *arrays: Array) -> None:
    """Have `body`, which is pointwise, write what it makes of the arrays into its last argument."""
    for into, *given in in_pieces(out, *arrays):
        write_whole_by(into, body, *given)


def write_whole_by(out: Array, body: Callable[..., None], *arrays: Array) -> None:
    """Have `body` write what it makes of the arrays into its last argument, `out` or what is rounded into it."""
    if is_half(out.dtype):
        wide = np.empty(out.shape, np.float32)
        body(*[widened(each) for each in arrays], wide)
        convert(wide, out)
    else:
        body(*arrays, out)
