"""Fused multiply-adds against exact arithmetic."""

import random
from fractions import Fraction

import numpy as np
import pytest

from autogradkit.core import fused
from autogradkit.core.fused import add_multiple32, affine32, fma32, fma64


def exact32(a, b, c):
    """The float32 nearest to a*b + c, ties to even, found among the neighbours of a first guess."""
    value = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    guess = np.float32(float(value))
    near = [np.nextafter(guess, np.float32(-np.inf)), guess, np.nextafter(guess, np.float32(np.inf))]
    return min(near, key=lambda x: (abs(Fraction(float(x)) - value), int(x.view(np.int32)) & 1))


@pytest.mark.parametrize("seed", range(3))
def test_single_precision_is_rounded_once(seed):
    rng = np.random.default_rng(seed)
    a, b, c = (rng.normal(size=500).astype(np.float32) * np.float32(2.0) ** rng.integers(-12, 12, 500) for _ in "abc")
    a, b, c = (x.astype(np.float32) for x in (a, b, c))
    assert fma32(a, b, c).tolist() == [exact32(*x) for x in zip(a, b, c, strict=True)]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("below", [True, False])
def test_single_precision_near_a_tie(sign, below):
    # 1 + 2**-24 lies between two float32; a term too small for float64 to hold beside it decides the direction.
    tie = np.float32(1 + 2**-12)  # squared: 1 + 2**-11 + 2**-24, half-way between two float32
    tiny = np.float32(2.0**-60 * (-1 if below else 1))
    a, b, c = np.float32([sign * tie]), np.float32([tie]), np.float32([sign * tiny])
    assert fma32(a, b, c)[0] == exact32(a[0], b[0], c[0])
    assert fma32(a, b, np.float32([0]))[0] == exact32(a[0], b[0], 0)


@pytest.mark.parametrize("addend", [0.3, 0.0, -0.0])
def test_in_place_it_is_the_same(addend):
    x = np.append(np.random.default_rng(0).normal(size=70_000), [0.0, -0.0]).astype(np.float32)
    right = fma32(x, np.float32(-1.7), np.float32(addend))
    affine32(x, -1.7, addend)
    assert x.tobytes() == right.tobytes()


@pytest.mark.parametrize("without", [False, True])
@pytest.mark.parametrize("count", [0, 1, 17, 100, 40_001])
@pytest.mark.parametrize("factor", [0.3, -1.7, 1.0, 0.0, np.inf])
def test_a_multiple_is_added_with_one_rounding_with_openblas_and_without(count, factor, without, monkeypatch):
    if without:
        monkeypatch.setattr(fused, "openblas", lambda: None)
    fused._fusing.cache_clear()
    rng = np.random.default_rng(0)
    x, out = (rng.normal(size=count).astype(np.float32) for _ in "xy")
    x[5:6], x[6:7] = np.inf, np.nan
    with np.errstate(invalid="ignore"):
        right = fma32(x, np.float32(factor), out)
        add_multiple32(x, factor, out)
    fused._fusing.cache_clear()
    np.testing.assert_array_equal(out, right)


@pytest.mark.parametrize("seed", range(3))
def test_double_precision_is_rounded_once(seed):
    rng = random.Random(seed)
    a = np.array([rng.gauss(0, 1) * 2.0 ** rng.randint(-20, 20) for _ in range(2000)])
    for b, c in ((0.8, 0.1), (-1.7, 0.3), (rng.gauss(0, 1), rng.gauss(0, 1))):
        expected = [float(Fraction(x) * Fraction(b) + Fraction(c)) for x in a.tolist()]
        assert fma64(a, b, c).tolist() == expected


def test_scalars_and_broadcasting():
    a = np.float32([[1], [2]])
    assert fma32(a, np.float32([3, 4, 5]), np.float32(1)).tolist() == [[4, 5, 6], [7, 9, 11]]
