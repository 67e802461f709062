"""Reductions over many rows of few numbers, which are taken as columns (core/short_rows.py), against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

EXACT = (
    "x.amax(1)",
    "x.amin(-1, keepdim=True)",
    "x.aminmax(dim=1).max",
    "x.view(2, -1, x.shape[1]).amax(2)",
    "m.amax(x, 1, out=m.empty(2 * len(x), dtype=x.dtype)[::2])",
    "x.clone().t().amax(0)",
)
ROUNDED = (
    "x.prod(1)",
    "x.cumsum(1)",
    "x.cumprod(-1)",
    "x.clone().cumsum_(1)",
    "m.cumsum(x, 1, out=m.empty(2 * len(x), x.shape[1], dtype=x.dtype)[::2])",
    "x.logsumexp(1)",
    "x.softmax(1)",
    "x.log_softmax(-1)",
    "x.view(2, -1, x.shape[1]).softmax(2)",
)
TOLERANCE = {"float32": 1e-5, "float64": 1e-12, "float16": 4e-3, "bfloat16": 3e-2}


def results(code: str, rows: int, columns: int, kind: str) -> list[np.ndarray]:
    """What both libraries make of the same rows, with NaN, infinities and −0 in some of floating point."""
    values = np.random.default_rng(rows).standard_normal((rows, columns)) * 3
    if kind in TOLERANCE:
        values[3, 0], values[5], values[6, -1], values[7] = np.nan, -np.inf, np.inf, -0.0
    found = []
    for m in (torch, autogradkit):
        result = eval(code, {"m": m, "x": m.tensor(values).float().to(getattr(m, kind))})
        found.append(result.double().numpy())
    return found


@every_case("rows columns", [(64, 10), (300, 32), (40_000, 3), (70, 1), (100, 33), (20_000, 10)])
@pytest.mark.parametrize("kind", [*TOLERANCE, "int64", "uint8"])
@pytest.mark.parametrize("code", EXACT)
def test_largest_and_smallest(code: str, kind: str, rows: int, columns: int) -> None:
    theirs, ours = results(code, rows, columns, kind)
    np.testing.assert_array_equal(ours, theirs)


@every_case("rows columns", [(64, 10), (300, 32), (40_000, 3), (70, 1), (100, 33), (20_000, 10)])
@pytest.mark.parametrize("kind", TOLERANCE)
@pytest.mark.parametrize("code", ROUNDED)
def test_sums_products_and_softmax(code: str, kind: str, rows: int, columns: int) -> None:
    tolerance = TOLERANCE[kind]
    theirs, ours = results(code, rows, columns, kind)
    np.testing.assert_allclose(ours, theirs, tolerance, tolerance / 10)
    if kind == "float32":
        of_zeros = [np.signbit(each.reshape(rows, -1)[7]) for each in (ours, theirs)]
        np.testing.assert_array_equal(of_zeros[0], of_zeros[1])
