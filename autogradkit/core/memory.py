"""Memory for results: uninitialised arrays, and a C library that keeps freed memory instead of fetching it anew.

Rests on NumPy alone; the kernels, the products of `core.blas` and `core.strides.empty_array` make their arrays here, and the
contents of tensors made of NumPy's arrays pass by.

glibc takes every block above a threshold, at first 128 kB, from the system and hands it back when it is freed. A training
step then faults thousands of pages in, again at each step, which costs it up to half its time. The threshold is dynamic:
freeing one such block of up to 32 MB raises it to that block's size for good, and the size from which the heap's free end
is handed back to twice as much. Whether a program suffers is therefore luck. So with the first large array that is made
here a block of 31 MB is made and dropped, its pages never touched. It costs microseconds; from then on the process may keep
up to 62 MB of freed memory that it would have handed back.

Nothing happens at import. `AUTOGRADKIT_KEEP_MALLOC_THRESHOLDS=1` in the environment leaves the thresholds alone; so does
glibc itself where they were set, by `MALLOC_MMAP_THRESHOLD_` or `mallopt`. Other C libraries just free an untouched block.
"""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_LARGE = 128 << 10  # bytes from which glibc's first threshold matters
_BLOCK = 31 << 20  # its thresholds follow freed blocks of up to 32 MB
_pending = True


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Uninitialised row-major memory, as `numpy.empty`.

    >>> empty((2, 3), np.dtype("float32")).shape
    (2, 3)
    """
    try:
        return noted(np.empty(shape, dtype))
    except (MemoryError, ValueError):
        raise too_large(shape, dtype.itemsize) from None


def too_large(shape: tuple[int, ...], itemsize: int) -> RuntimeError:
    """PyTorch's error for sizes that no memory holds; ours for more dimensions than NumPy's arrays have."""
    if len(shape) > 64:
        return RuntimeError(f"tensors have at most 64 dimensions here, as NumPy's arrays do, but got {len(shape)}")
    wanted = math.prod(shape) * itemsize
    if not wanted or wanted >= 2**63:
        return RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)}")
    return RuntimeError(
        f"[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
        f"{wanted} bytes. Error code 12 (Cannot allocate memory)"
    )


_TOO_LARGE = ("array is too big", "Maximum allowed dimension exceeded")  # how NumPy's ValueErrors begin


def refused_by_numpy(error: BaseException) -> RuntimeError | None:
    """PyTorch's error where NumPy found no memory for a result, or no array of its sizes; None of any other error.

    >>> try: np.empty(2**62)
    ... except ValueError as error: refused_by_numpy(error)
    RuntimeError('Storage size calculation overflowed')
    """
    of_numpy: Any = error
    if isinstance(error, MemoryError) and hasattr(error, "shape"):
        return too_large(of_numpy.shape, of_numpy.dtype.itemsize)
    if isinstance(error, ValueError) and str(error).startswith(_TOO_LARGE):
        return RuntimeError("Storage size calculation overflowed")
    return None


def noted(array: Array) -> Array:
    """`array`, made by NumPy or given by a user. The first large one has the C library keep what is freed from now on."""
    global _pending
    if _pending and array.nbytes > _LARGE:
        _pending = False
        if os.environ.get("AUTOGRADKIT_KEEP_MALLOC_THRESHOLDS") != "1":
            np.empty(_BLOCK, np.uint8)
    return array
