"""NumPy's OpenBLAS: how many threads it uses, whether it has kernels for small matrices, and two of its functions.

Rests on NumPy alone; `blas`, `threads`, `fused` and `draws` ask here.
"""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autogradkit.core.address import address_of

Array = np.ndarray[Any, Any]

_CORES_WITH_SMALL_KERNELS = (b"SkylakeX", b"Cooperlake", b"SapphireRapids")

_FUNCTIONS = "openblas_get_num_threads", "openblas_set_num_threads", "openblas_get_corename", "cblas_saxpy", "dlaswp_"


class OpenBlas(NamedTuple):
    get_threads: Callable[[], int]
    set_threads: Callable[[int], None]
    has_small_kernels: bool
    add_multiple: Callable[..., None]  # saxpy: length, factor, address of x and its step, address of y and its step
    exchange: Callable[[Array, Array], None]


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
                functions: list[Any] = [getattr(library, f"{prefix}{each}{suffix}", None) for each in _FUNCTIONS]
                if None not in functions:
                    get_threads, set_threads, core, axpy, laswp = functions
                    get_threads.restype = ctypes.c_int
                    set_threads.restype = None
                    core.restype = ctypes.c_char_p
                    count = ctypes.c_int64 if suffix else ctypes.c_int
                    axpy.argtypes = (count, ctypes.c_float, ctypes.c_void_p, count, ctypes.c_void_p, count)
                    axpy.restype = None
                    return OpenBlas(
                        get_threads, set_threads, core() in _CORES_WITH_SMALL_KERNELS, axpy, _exchanging(laswp, count)
                    )
    return None


def _exchanging(laswp: Any, integer: Any) -> Callable[[Array, Array], None]:
    """By the function that exchanges rows as pivoting does, of a matrix of one column."""
    laswp.restype = None
    one = ctypes.byref(integer(1))

    def exchange(column: Array, others: Array) -> None:
        """Exchange each number of the float64 `column` in turn for the one whose place `others` says."""
        pivots = np.add(others, 1, dtype=integer)
        last, rows = ctypes.byref(integer(len(others))), ctypes.byref(integer(len(column)))
        memory, places = (ctypes.c_void_p(address_of(each)) for each in (column, pivots))
        laswp(one, memory, rows, one, last, places, one)

    return exchange
