"""Matrix products leave the number of BLAS threads as they found it, also when they fail."""

from __future__ import annotations

import numpy as np
import pytest

from autogradkit.core import blas


@pytest.mark.parametrize(
    "shapes", [((3, 4), (4, 5)), ((2, 40, 50), (50, 60)), ((600, 600), (600, 700)), ((300, 90), (90,))]
)
def test_products_equal_numpys_and_keep_the_threads(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    stream = np.random.default_rng(0)
    a, b = (stream.standard_normal(shape) for shape in shapes)
    control = blas._control()
    before = control[0]() if control else None
    np.testing.assert_allclose(blas.matmul(a, b), np.matmul(a, b), rtol=1e-9)
    out = np.empty(np.matmul(a, b).shape)
    assert blas.matmul(a, b, out) is out
    with pytest.raises(ValueError, match="mismatch"):
        blas.matmul(a, b[:-1])
    assert before == (control[0]() if control else None)
