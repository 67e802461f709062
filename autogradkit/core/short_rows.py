"""Many rows of few numbers, taken as columns: NumPy reduces rows one after the other, and columns all at once.

The largest of each of 1,024 rows of ten numbers take 80 µs; copied into columns first, 7. Rests on NumPy and core.parts;
reductions, running sums and softmax go through here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autogradkit.core.parts import PART

Array = np.ndarray[Any, Any]

_FEW = 32  # numbers in a row
_MANY = 64  # rows
_FEWEST = 512  # numbers of which a reduction pays


def are_short(x: Array, axis: Any, out: Array, many: int = _MANY) -> bool:
    """Whether `axis`, a number or a tuple, is the last of x, and rows are short and at least `many`; both arrays contiguous.

    >>> are_short(np.ones((1000, 10)), 1, np.empty(1000)), are_short(np.ones((10, 1000)), 1, np.empty(10))
    (True, False)
    """
    last = x.ndim - 1
    if last < 1 or axis not in (last, (last,)):
        return False
    columns = x.shape[last]
    return 0 < columns <= _FEW and x.size >= many * columns and x.flags.c_contiguous and out.flags.c_contiguous


def turned(x: Array) -> Iterator[tuple[slice, Array]]:
    """The rows of x, whatever dimensions it has before the last, a part at a time: (which, the same as columns).

    >>> [(rows, part.shape) for rows, part in turned(np.ones((50, 200, 10)))]
    [(slice(0, 6553, None), (10, 6553)), (slice(6553, 13106, None), (10, 3447))]
    """
    rows = x.reshape(-1, x.shape[-1])
    step = PART // rows.shape[1]
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        yield part, np.ascontiguousarray(rows[part].T)


def reduce_rows(ufunc: np.ufunc, x: Array, axis: Any, dtype: Any, out: Array, keepdims: bool) -> None:
    """`ufunc.reduce` with these arguments, for functions whose order does not matter.

    >>> out = np.empty(100)
    >>> reduce_rows(np.maximum, np.arange(300.0).reshape(100, 3), 1, None, out, False)
    >>> out[:3]
    array([2., 5., 8.])
    """
    if x.size < _FEWEST or not are_short(x, axis, out):
        ufunc.reduce(x, axis, dtype, out=out, keepdims=keepdims)
        return
    results = out.reshape(-1)
    for rows, columns in turned(x):
        ufunc.reduce(columns, 0, dtype, out=results[rows])
