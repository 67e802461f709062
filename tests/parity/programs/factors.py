"""Whether a factorization hangs on a rounding: on which of two equal pivots is taken, or on a minor that is zero but for one;
and whether a product of reflections has one that cannot be undone.

Numbers of no more than a few digits, which random programs are made of, often have such. Used by `overlap`.
"""

from __future__ import annotations

import numpy as np

_CLOSE = 1e-5  # of the largest element: a few roundings of float32


def has_tied_pivots(matrix: np.ndarray) -> bool:
    """Whether two elements of a column are the largest, or all are zero, but for rounding, where one of them is the pivot."""
    left = matrix.astype(np.result_type(matrix, np.float64))
    scale = _CLOSE * max(1e-30, np.abs(left).max(initial=0))
    for at in range(min(left.shape)):
        sizes = np.abs(left[at:, at])
        if at > 0 and matrix[:, at].any() and sizes.max() <= scale:
            return True
        order = np.argsort(-sizes, kind="stable")
        apart = np.abs(sizes[order[0]] - sizes[order[1:]])
        if (apart[apart > 0] <= scale).any() or (at > 0 and (apart == 0).any() and sizes[order[0]] > scale):
            return True  # of numbers that are equal before the first step both libraries take the first
        pivot = at + int(order[0])
        left[[at, pivot]] = left[[pivot, at]]
        if left[at, at] == 0:
            continue
        left[at + 1 :] -= np.outer(left[at + 1 :, at] / left[at, at], left[at])
    return False


def has_minor_near_zero(matrix: np.ndarray) -> bool:
    """Whether Cholesky's steps come to a diagonal element that is zero but for rounding, before they come to one below zero."""
    whole = np.tril(matrix).astype(np.result_type(matrix, np.float64))
    scale = _CLOSE * max(1e-30, np.abs(whole).max(initial=0))
    for at in range(min(whole.shape)):
        if abs(whole[at, at]) <= scale:
            return True
        if whole[at, at].real < 0:
            return False
        column = whole[at + 1 :, at]
        whole[at + 1 :, at + 1 :] -= np.outer(column, column.conj()) / whole[at, at]
    return False


def has_singular_reflection(matrix: np.ndarray, scales: np.ndarray) -> bool:
    """Whether some 1 − tau v vᴴ, with v below the diagonal of a column, has no inverse: tau |v|² is 1."""
    vectors = np.tril(matrix, -1) + np.eye(*matrix.shape[-2:])
    if not scales.ndim:
        return False
    sizes = (np.abs(vectors) ** 2).sum(-2)[..., : scales.shape[-1]]
    return bool((np.abs(scales * sizes - 1) <= _CLOSE).any())
