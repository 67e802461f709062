"""Sums in float64 in place of fused multiply-adds, over every uniform float32 number there is."""

import math

import numpy as np
import pytest

from autogradkit.core import gaussian
from autogradkit.core.fused import fma32

PART = 1 << 16
PARTS = (1 << 24) // PART


def numbers(part):
    return np.arange(part * PART, (part + 1) * PART).reshape(-1, 8)  # as in blocks


def logarithms_and_angles(part):
    uniform = numbers(part).astype(np.float32) * np.float32(2.0**-24)
    angles = np.float32(2 * math.pi) * uniform
    return [gaussian._log32(np.float32(1) - uniform), *gaussian._sine_cosine32(angles)]


def fused(product, x, addend, narrow):
    factors = (np.asarray(each).astype(np.float32) for each in (product, x, addend))
    narrow[...] = fma32(*factors)


def test_no_uniform_number_needs_a_fused_sum(monkeypatch):
    for part in range(PARTS):
        found = logarithms_and_angles(part)
        with monkeypatch.context() as patch:
            patch.setattr(gaussian, "_multiply_add", fused)
            right = logarithms_and_angles(part)
        assert [each.tobytes() for each in found] == [each.tobytes() for each in right]


def test_the_functions_are_those_of_their_names():
    logarithm, sine, cosine = logarithms_and_angles(PARTS // 3)
    uniform = numbers(PARTS // 3) * 2.0**-24
    assert logarithm == pytest.approx(np.log1p(-uniform), rel=1e-6)
    assert sine == pytest.approx(np.sin(2 * math.pi * uniform), abs=3e-7)
    assert cosine == pytest.approx(np.cos(2 * math.pi * uniform), abs=3e-7)
