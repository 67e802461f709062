"""NumPy's OpenBLAS: how many threads it uses, whether it has kernels for small matrices, and some of its functions.

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

_FUNCTIONS = (
    "openblas_get_num_threads", "openblas_set_num_threads", "openblas_get_corename", "cblas_saxpy", "dlaswp_", "cblas_sgemm",
    "cblas_dgemm",
)  # fmt: skip
_ROW_MAJOR, _AS_IT_IS, _TRANSPOSED = 101, 111, 112  # how cblas is told where the elements of a matrix lie


class OpenBlas(NamedTuple):
    get_threads: Callable[[], int]
    set_threads: Callable[[int], None]
    has_small_kernels: bool
    add_multiple: Callable[..., None]  # saxpy: length, factor, address of x and its step, address of y and its step
    exchange: Callable[[Array, Array], None]
    add_products: dict[str, Callable[[Array, Array, Array], None]]  # by the dtype's character, as `blas.add_products`


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
                    get_threads, set_threads, core, axpy, laswp, sgemm, dgemm = functions
                    get_threads.restype = ctypes.c_int
                    set_threads.restype = None
                    core.restype = ctypes.c_char_p
                    count = ctypes.c_int64 if suffix else ctypes.c_int
                    axpy.argtypes = (count, ctypes.c_float, ctypes.c_void_p, count, ctypes.c_void_p, count)
                    axpy.restype = None
                    return OpenBlas(
                        get_threads,
                        set_threads,
                        core() in _CORES_WITH_SMALL_KERNELS,
                        axpy,
                        _exchanging(laswp, count),
                        {"f": _adding(sgemm, count, ctypes.c_float), "d": _adding(dgemm, count, ctypes.c_double)},
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


def _adding(gemm: Any, integer: Any, number: Any) -> Callable[[Array, Array, Array], None]:
    """By the function that makes a product of matrices and adds it to one."""
    pointer, order = ctypes.c_void_p, ctypes.c_int
    gemm.argtypes = (
        order, order, order, integer, integer, integer, number, pointer, integer, pointer, integer, number, pointer, integer,
    )  # fmt: skip
    gemm.restype = None

    def placed(matrices: Array) -> tuple[int, int]:
        """Whether cblas is to turn matrices, and how many elements lie from one row, or column, to the next."""
        unit, (row, column), (m, n) = matrices.itemsize, matrices.strides[-2:], matrices.shape[-2:]
        return (_AS_IT_IS, max(row // unit, n)) if column == unit or n == 1 else (_TRANSPOSED, max(column // unit, m))

    def add(a: Array, b: Array, out: Array) -> None:
        (m, inner), n = a.shape[-2:], b.shape[-1]
        (a_turned, a_step), (b_turned, b_step), (_, step) = placed(a), placed(b), placed(out)
        for at_a, at_b, at_out in zip(*(_addresses(each, out.shape[:-2]) for each in (a, b, out)), strict=True):
            gemm(
                _ROW_MAJOR, a_turned, b_turned, m, n, inner, 1.0, at_a, a_step, at_b, b_step, 1.0, at_out, step
            )  # fmt: skip

    return add


def _addresses(matrices: Array, stack: tuple[int, ...]) -> list[int]:
    """Where each matrix lies of a stack of this shape, in order."""
    strides = np.broadcast_to(matrices, (*stack, *matrices.shape[-2:])).strides
    found = np.array(address_of(matrices), np.int64)
    for length, stride in zip(stack, strides[:-2], strict=True):
        found = np.add.outer(found, np.arange(length) * stride)
    return found.ravel().tolist()
