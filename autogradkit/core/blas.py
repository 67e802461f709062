"""Matrix products with as many threads, and in such pieces, as pay.

Rests on NumPy's BLAS, on `core.memory` and `core.threads`; the kernels of products and of convolution call `matmul`. Where NumPy
has another BLAS than OpenBLAS, nothing is changed.

**Threads.** OpenBLAS splits even small products over all cores and waits for its threads by spinning; at the sizes of lessons
that gains little, and costs up to twenty times the time when a core is busy with something else. Products up to
`_WORTH_PARTS` therefore run on the calling thread, those up to `_WORTH_SPLITTING` in parts on threads of our own.

**Pieces.** On processors with AVX-512 OpenBLAS has kernels that read small matrices where they lie, while larger ones are
first copied into packed blocks: of a product of few rows or columns that is a tenth to half of the time. So such a product, if
it is too large for them, is handed over as a stack of pieces that are not, which NumPy walks through in one call. Every piece
sums over the whole inner dimension, so nothing has to be added up afterwards. Other products are up to six times slower in
pieces, for which the factors are read over and over. Few rows by many columns that both lie along the inner dimension, too long
or too many for such pieces, are quicker the other way round, by a tenth to a half: what is copied then are the few.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autogradkit.core.dtype import is_half
from autogradkit.core.halves import convert, widened
from autogradkit.core.memory import empty, noted
from autogradkit.core.openblas import openblas
from autogradkit.core.threads import on_threads, slices

Array = np.ndarray[Any, Any]

_NEVER_SPLIT = 1 << 13  # multiplications up to which OpenBLAS itself uses one thread, at least
_WORTH_PARTS = 1 << 25
_WORTH_SPLITTING = 1 << 27
_WORTH_PIECES = 1 << 20

# What OpenBLAS's kernels for small matrices take, in multiplications (0.3.17 and later, kernel/x86_64); the second is the
# limit of results whose factors both run along the inner dimension, in elements.
_SMALL_PRODUCT = 10**6
_SMALL_RESULT = 1200
_REGISTER = 64  # bytes
_LEAST_ROWS = 16  # of a piece
# The most rows, rows where both factors run along the inner dimension, and columns with which pieces pay, by bytes of an element.
_FEW = {4: (32, 32, 20), 8: (128, 128, 64)}
_FEW_TO_TURN = 128  # rows
_LONG = 256  # the inner dimension from which packing such factors costs more than adding up across a register


# Of two matrices of float32 or wider, (m, inner) · (inner, n), into an array that is contiguous, row by row. The same numbers as
# `numpy.matmul`'s, half a microsecond sooner: a ufunc takes as long to begin as a small product to be made. The result is filled
# with zeros first, which of a large one takes longer.
small_product = np.ndarray.dot
_SMALL = 1 << 13  # elements of a result


def _product(a: Array, b: Array, out: Array | None) -> Array:
    if a.ndim != 2 or b.ndim != 2 or a.dtype.char not in "fdFD" or a.dtype is not b.dtype:
        return np.matmul(a, b, out)
    if out is not None and (out.dtype is not a.dtype or not out.flags.c_contiguous):
        return np.matmul(a, b, out)
    if len(a) * b.shape[1] > _SMALL:
        return np.matmul(a, b, out)
    return small_product(a, b, out)


def matmul(a: Array, b: Array, out: Array | None = None) -> Array:
    """`numpy.matmul` of matrices, of batches of them, or of a matrix and a vector.

    >>> matmul(np.ones((2, 3)), np.ones((3, 1)))
    array([[3.],
           [3.]])
    """
    m, inner = a.shape[-2:]
    n = b.shape[-1] if b.ndim > 1 else 1
    work = m * inner * n
    if work <= _NEVER_SPLIT:
        return _product(a, b, out)
    # NumPy has no BLAS for it, and goes element by element, in float32 as well
    if is_half(a.dtype) and a.dtype == b.dtype:
        product = matmul(widened(a), widened(b))
        if out is None:
            out = np.empty(product.shape, a.dtype)
        convert(product, out)
        return out
    blas = openblas()
    if blas is None:
        return noted(_product(a, b, out))
    threads = blas.get_threads()
    if threads > 1 and a.ndim == b.ndim == 2 and _WORTH_PARTS < work <= _WORTH_SPLITTING:
        return _on_threads(a, b, out, threads)
    if work > _WORTH_PIECES and blas.has_small_kernels and (threads == 1 or work <= _WORTH_SPLITTING):
        size = _size_of_pieces(a, b)
        if size is not None:
            return _in_pieces(a, b, out, *size)
        if _is_quicker_turned(a, b):
            return _turned(a, b, out)
    if threads == 1 or work > _WORTH_SPLITTING:
        return noted(_product(a, b, out))
    blas.set_threads(1)
    try:
        return noted(_product(a, b, out))
    finally:
        blas.set_threads(threads)


def add_products(a: Array, b: Array, out: Array) -> None:
    """Add the products of stacks of matrices to the matrices of `out`, one after the other: these may overlap or be the same.

    The stacks of `a` and `b` are broadcast to that of `out`. Of each matrix of `a` and `b` the rows or the columns lie
    contiguous, of `out` the rows; all have one dtype.

    >>> out = np.zeros((2, 1))
    >>> add_products(np.ones((5, 2, 3)), np.ones((3, 1)), repeated(out, 5))
    >>> out
    array([[15.],
           [15.]])
    """
    blas = openblas()
    add = None if blas is None else blas.add_products.get(out.dtype.char)
    if blas is None or add is None or not out.size or not a.size:
        a, b = (np.broadcast_to(each, (*out.shape[:-2], *each.shape[-2:])) for each in (a, b))
        for place in np.ndindex(*out.shape[:-2]):
            np.add(out[place], matmul(a[place], b[place]), out=out[place])
        return
    threads = blas.get_threads()
    if threads == 1 or out.shape[-2] * out.shape[-1] * a.shape[-1] > _WORTH_SPLITTING:
        add(a, b, out)
        return
    blas.set_threads(1)
    try:
        add(a, b, out)
    finally:
        blas.set_threads(threads)


def repeated(matrix: Array, *stack: int) -> Array:
    """A stack in which every matrix is this one, and may be written."""
    return as_strided(matrix, (*stack, *matrix.shape), (*[0] * len(stack), *matrix.strides))


def _on_threads(a: Array, b: Array, out: Array | None, threads: int) -> Array:
    """The product of two matrices, each thread making some of its rows or of its columns, whichever are more."""
    (m, _), (_, n) = a.shape, b.shape
    made = empty((m, n), np.result_type(a, b)) if out is None else out

    def multiply(part: slice) -> None:
        if m >= n:
            matmul(a[part], b, made[part])
        else:
            matmul(a, b[:, part], made[:, part])

    list(on_threads(multiply, slices(max(m, n), threads), threads))
    return made


def _size_of_pieces(a: Array, b: Array) -> tuple[int, int] | None:
    """Rows and columns of the pieces of a · b that the small kernels take; None to leave the product whole."""
    unit = a.itemsize
    if b.ndim == 1 or a.shape[-1] != b.shape[-2] or a.dtype is not b.dtype or a.dtype.char not in "fd":
        return None
    if unit not in a.strides[-2:] or unit not in b.strides[-2:]:
        return None  # NumPy copies such a factor: once, as long as the product is whole
    along_inner = a.strides[-1] == unit and b.strides[-1] != unit
    return _size(*a.shape[-2:], b.shape[-1], along_inner, unit)


@functools.lru_cache(1024)
def _size(m: int, inner: int, n: int, along_inner: bool, unit: int) -> tuple[int, int] | None:
    """The size for (m, inner) · (inner, n); `along_inner` says that in both the elements lie side by side along inner."""
    rows, rows_along_inner, columns = _FEW[unit]
    if n > columns and m > (rows_along_inner if along_inner else rows):
        return None
    most = _SMALL_PRODUCT // inner
    if along_inner:
        if inner < _LONG:
            return None
        most = min(most, _SMALL_RESULT)
    elif m * inner * n < 2 * _WORTH_PIECES:
        return None
    register = _REGISTER // unit
    narrowest = register if along_inner else 2 * register
    if m * n <= most or most < _LEAST_ROWS * narrowest:
        return None
    # Best are pieces of one size, so that one call does, of many rows and of full registers.
    widths = [w for w in _divisors(n) if w == n or (w >= narrowest and w % register == 0)]
    heights = [h for h in _divisors(m) if h == m or h >= _LEAST_ROWS]
    sizes = [(h, w) for w in widths for h in heights if h * w <= most]
    height, width = max(sizes, key=lambda size: (size[0] * size[1], size[0]), default=(0, 0))
    if 3 * height * width >= most:
        return height, width
    width = min(n, narrowest)
    height = min(m, most // width)
    return (math.ceil(m / math.ceil(m / height)), width) if height >= _LEAST_ROWS or height == m else None


def _is_quicker_turned(a: Array, b: Array) -> bool:
    """Whether a · b is made as the transpose of bᵀ · aᵀ: few rows of float32 by many columns that both lie along inner."""
    if a.ndim != 2 or b.ndim != 2 or a.dtype.char != "f" or a.dtype is not b.dtype:
        return False
    return a.shape[0] <= _FEW_TO_TURN and a.shape[0] < b.shape[1] and a.flags.c_contiguous and b.flags.f_contiguous


def _turned(a: Array, b: Array, out: Array | None) -> Array:
    product = _product(b.T, a.T, None)
    if out is None:
        return np.ascontiguousarray(product.T)
    np.copyto(out, product.T)
    return out


def _divisors(n: int) -> list[int]:
    small = [d for d in range(1, math.isqrt(n) + 1) if n % d == 0]
    return sorted({*small, *(n // d for d in small)})


def _in_pieces(a: Array, b: Array, out: Array | None, height: int, width: int) -> Array:
    m, n = a.shape[-2], b.shape[-1]
    if out is None:
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2]) if a.ndim > 2 or b.ndim > 2 else ()
        out = empty((*batch, m, n), a.dtype)
    whole_m, whole_n = m - m % height, n - n % width
    if whole_m == m and whole_n == n:
        _stacked(a, b, out, height, width)
        return out
    for top, bottom in ((0, whole_m), (whole_m, m)):
        for left, right in ((0, whole_n), (whole_n, n)):
            if top < bottom and left < right:
                rows, columns = min(height, bottom - top), min(width, right - left)
                part = out[..., top:bottom, left:right]
                _stacked(a[..., top:bottom, :], b[..., left:right], part, rows, columns)
    return out


def _stacked(a: Array, b: Array, out: Array, height: int, width: int) -> None:
    """The product as a stack of pieces of this size, which divides it. No copies: splitting a dimension makes a view."""
    m, n = out.shape[-2:]
    a = a.reshape(*a.shape[:-2], m // height, 1, height, a.shape[-1])
    b = b.reshape(*b.shape[:-2], 1, b.shape[-2], n // width, width).swapaxes(-3, -2)
    np.matmul(a, b, out.reshape(*out.shape[:-2], m // height, height, n // width, width).swapaxes(-3, -2))
