"""Matrix products with as many threads as pay.

Rests on NumPy's BLAS. OpenBLAS splits even small products over all cores and waits for its threads by spinning; at the
sizes of lessons that gains little, and costs up to twenty times the time when a core is busy with something else. Products
below `_WORTH_SPLITTING` therefore run on the calling thread. Where NumPy has another BLAS, nothing is changed.
"""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.core.memory import noted

Array = np.ndarray[Any, Any]

_NEVER_SPLIT = 1 << 13  # multiplications up to which OpenBLAS itself uses one thread, at least
_WORTH_SPLITTING = 1 << 27


@functools.cache
def _control() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """How to ask OpenBLAS for its number of threads and how to set it; None where NumPy was not built with it."""
    package = os.path.dirname(np.__file__)
    for folder in (os.path.join(os.path.dirname(package), "numpy.libs"), os.path.join(package, ".dylibs")):
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        for name in names:
            if "openblas" not in name:
                continue
            library = ctypes.CDLL(os.path.join(folder, name))
            for prefix, suffix in (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", "")):
                ask = getattr(library, f"{prefix}openblas_get_num_threads{suffix}", None)
                tell = getattr(library, f"{prefix}openblas_set_num_threads{suffix}", None)
                if ask is not None and tell is not None:
                    ask.restype = ctypes.c_int
                    tell.restype = None
                    return ask, tell
    return None


def matmul(a: Array, b: Array, out: Array | None = None) -> Array:
    """`numpy.matmul` of matrices, of batches of them, or of a matrix and a vector."""
    work = a.shape[-2] * a.shape[-1] * (b.shape[-1] if b.ndim > 1 else 1)
    if work <= _NEVER_SPLIT:
        return np.matmul(a, b, out)
    control = _control() if work <= _WORTH_SPLITTING else None
    if control is None:
        return noted(np.matmul(a, b, out))
    ask, tell = control
    threads = ask()
    if threads == 1:
        return noted(np.matmul(a, b, out))
    tell(1)
    try:
        return noted(np.matmul(a, b, out))
    finally:
        tell(threads)
