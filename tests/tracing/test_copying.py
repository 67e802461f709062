"""What is kept of a tensor that is too large to be copied whole: its range, its mean, what is no number."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autogradkit as torch
from autogradkit.tracing.copying import Copier
from tests.every_case import every_case

SIZES = [(1_003,), (60, 40), (300, 301), (7, 11, 13, 101), (2_048, 20), (2_048 * 20 + 1,)]
LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "as it was made": lambda x: x,
    "transposed": lambda x: x.permute(*reversed(range(x.ndim))),
    "every other": lambda x: x[::2] if x.shape[0] > 2_000 else x[..., :-1],
    "expanded": lambda x: x.expand(2, *x.shape),
}


@every_case("dtype", ["float32", "float64", "float16", "int64"])
@every_case("layout", LAYOUTS)
@every_case("shape", SIZES)
def test_the_range_and_the_mean_are_those_of_all_elements(shape: tuple[int, ...], layout: str, dtype: str) -> None:
    numbers = np.random.default_rng(3).integers(-50, 90, shape).astype(dtype)
    tensor = LAYOUTS[layout](torch.from_numpy(numbers))
    wanted = tensor.numpy().astype(np.float64)
    found = Copier().copy(tensor)
    assert (found.low, found.high, found.nans, found.infs) == (wanted.min(), wanted.max(), 0, 0)
    assert found.mean == pytest.approx(wanted.mean(), rel=1e-6)
    assert found.data is None
    assert found.omitted == wanted.size


def test_what_is_no_number_is_counted_beside_the_others() -> None:
    numbers = np.arange(50_000, dtype=np.float32)
    numbers[[3, 40_000, 49_999]] = math.nan, math.inf, -math.inf
    found = Copier().copy(torch.from_numpy(numbers))
    assert (found.low, found.high, found.nans, found.infs) == (0.0, 49_998.0, 1, 2)
    assert found.mean == pytest.approx(np.delete(numbers, [3, 40_000, 49_999]).mean(dtype=np.float64))


def test_a_sum_that_single_precision_cannot_hold_has_its_mean() -> None:
    found = Copier().copy(torch.full((50_000,), 3e38))
    assert found.mean == pytest.approx(3e38)


@every_case("size", [1_001, 16_384, 16_385])
def test_the_range_is_that_of_when_it_was_copied_whenever_somebody_looks(size: int) -> None:
    tensor = torch.arange(float(size))
    found, printed = Copier().copy(tensor), str(tensor)
    tensor.fill_(math.nan)
    assert found.is_finite
    assert found.printed == printed.removeprefix("tensor(").removesuffix(")").replace("\n       ", "\n")
    assert (found.low, found.high, found.mean, found.nans) == (0, size - 1, (size - 1) / 2, 0)
    assert not Copier().copy(tensor).is_finite
