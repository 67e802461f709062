"""NumPy's own ufunc below `np.clip`, for kernels: `clip(x, low, high, out)`.

It compares with two numbers several times as quickly as `maximum` and `minimum` with one each, and without the checks of
`np.clip` costs as little at 64 elements. Of float16 it takes 0 for a -0 that equals a bound. It has no public name.
"""

from __future__ import annotations

import numpy as np
from numpy._core import umath

clip: np.ufunc = umath.clip  # type: ignore[attr-defined]
