"""Bessel's and Airy's functions beside PyTorch's: to the last digits where its approximations are off, and where they change."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autogradkit as ak
from tests.every_case import every_case

NAMES = ("airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1")
SEAMS = [0.0, -0.0, 1e-6, 2.09, -2.09, 5.0, -5.0, 8.3203353, 103.892, 104.0, 1e30, np.inf, -np.inf, np.nan]


@every_case("dtype", ["float32", "float64"])
@every_case("name", NAMES)
def test_its_numbers_are_pytorchs(name: str, dtype: str) -> None:
    x = np.concatenate([np.linspace(-40, 40, 1601), np.linspace(-1, 1, 41)]).astype(dtype)
    theirs = getattr(torch.special, name)(torch.from_numpy(x)).numpy()
    mine = getattr(ak.special, name)(ak.tensor(x))
    rounding = 8 * np.finfo(dtype).eps
    np.testing.assert_allclose(mine.numpy(), theirs, rtol=rounding, atol=rounding)
    assert str(mine.dtype) == f"torch.{dtype}"


@pytest.mark.parametrize("name", NAMES)
def test_where_one_approximation_ends_and_at_what_is_not_finite(name: str) -> None:
    for x in [*SEAMS, *np.nextafter(SEAMS[3:9], np.inf), *np.nextafter(SEAMS[3:9], -np.inf)]:
        theirs = getattr(torch.special, name)(torch.tensor(float(x), dtype=torch.float64)).item()
        mine = getattr(ak.special, name)(ak.tensor(float(x), dtype=ak.float64)).item()
        np.testing.assert_allclose(mine, theirs, rtol=1e-13, atol=1e-15, err_msg=f"{name}({x})")
        assert np.signbit(mine) == np.signbit(theirs) or np.isnan(theirs), f"{name}({x})"


@pytest.mark.parametrize("name", [*NAMES, "spherical_bessel_j0"])
def test_whole_numbers_and_no_numbers(name: str) -> None:
    for numbers in ([], [1, 2, 7]):
        theirs = getattr(torch.special, name)(torch.tensor(numbers, dtype=torch.int64))
        mine = getattr(ak.special, name)(ak.tensor(numbers, dtype=ak.int64))
        assert str(mine.dtype) == str(theirs.dtype)
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-6)
