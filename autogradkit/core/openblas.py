"""NumPy's OpenBLAS: how many threads it uses, whether it has kernels for small matrices, and its sum with a multiple.

Rests on NumPy alone; `blas`, `threads` and `fused` ask here.
"""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

_CORES_WITH_SMALL_KERNELS = (b"SkylakeX", b"Cooperlake", b"SapphireRapids")


class OpenBlas(NamedTuple):
    get_threads: Callable[[], int]
    set_threads: Callable[[int], None]
    has_small_kernels: bool
    add_multiple: Callable[..., None]  # saxpy: length, factor, address of x and its step, address of y and its step


@functools.cache
def openblas() -> OpenBlas | None:
    """What NumPy's OpenBLAS can be asked and told; None where NumPy was not built with it."""
    package = os.path.dirname(np.__file__)
    for folder in (os.path.join(os.path.dirname(package), "numpy.libs"), os.path.join(package, ".dylibs")):
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        for name in names:
            if "openblas" not in name:
                continue
            library = ctypes.CDLL(os.path.join(folder, name))
            for prefix, suffix in (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", "")):
                get_threads = getattr(library, f"{prefix}openblas_get_num_threads{suffix}", None)
                set_threads = getattr(library, f"{prefix}openblas_set_num_threads{suffix}", None)
                core = getattr(library, f"{prefix}openblas_get_corename{suffix}", None)
                axpy = getattr(library, f"{prefix}cblas_saxpy{suffix}", None)
                if get_threads is not None and set_threads is not None and core is not None and axpy is not None:
                    get_threads.restype = ctypes.c_int
                    set_threads.restype = None
                    core.restype = ctypes.c_char_p
                    count = ctypes.c_int64 if suffix else ctypes.c_int
                    axpy.argtypes = (count, ctypes.c_float, ctypes.c_void_p, count, ctypes.c_void_p, count)
                    axpy.restype = None
                    return OpenBlas(get_threads, set_threads, core() in _CORES_WITH_SMALL_KERNELS, axpy)
    return None
