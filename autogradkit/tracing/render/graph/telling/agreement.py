"""Whether numbers that a rule gave are those that were recorded, but for rounding.

Rests on NumPy and `worked.py`; `reason.py` and `why.py` ask before they print any.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit.tracing.events import Numbers
from autogradkit.tracing.render.graph.telling.operands import Array
from autogradkit.tracing.render.graph.telling.worked import largest

_ROUNDING = {8: 1e-9, 4: 1e-4, 2: 1e-2}  # by an element's bytes: what is no difference, in relation to the numbers


def agree(found: Array, wanted: Array) -> bool:
    """Whether two gradients are the same but for rounding."""
    if found.shape != wanted.shape:
        return False
    exact = _ROUNDING.get(wanted.dtype.itemsize, 1e-4)
    finite = wanted[np.isfinite(wanted)]
    size = float(np.abs(finite).max()) if finite.size else 0.0
    return bool(np.allclose(found, wanted, rtol=exact, atol=exact * 0.1 * size, equal_nan=True))


def near(found: Any, wanted: Any, size: float) -> bool:
    """Whether a sum of numbers, the sizes of which add up to `size`, is what was recorded but for rounding."""
    exact = _ROUNDING.get(wanted.dtype.itemsize, 1e-4)
    with np.errstate(all="ignore"):
        return bool(
            np.isclose(found, wanted, rtol=exact, atol=exact * size if np.isfinite(size) else 0, equal_nan=True)
        )


def with_recorded_end(found: Array, sent: Numbers) -> Array | None:
    """What a rule gave, with the recorded end of the range as its largest element; None where it has another range."""
    if sent.low is None or sent.high is None or sent.mean is None or sent.nans or sent.infs:
        return None
    wanted = np.array([sent.low, sent.high, sent.mean], dtype=np.dtype(sent.dtype))
    ends = np.array([found.min(), found.max(), found.mean(dtype=np.float64)])
    if not agree(ends, wanted):
        return None
    total = found.astype(wanted.dtype)
    [index] = largest(found, 1)
    total[index] = sent.high if found[index] == found.max() else sent.low
    return total
