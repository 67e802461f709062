"""Sums in float64 in place of fused multiply-adds, over every uniform float32 number there is."""

import math

import numpy as np
import pytest

from autogradkit.core import gaussian
from autogradkit.core.fused import fma32
from autogradkit.core.random import Generator

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
            patch.setattr(gaussian, "_both_polynomials", lambda x: gaussian._horner(gaussian._BOTH, x))
            right = logarithms_and_angles(part)
        assert [each.tobytes() for each in found] == [each.tobytes() for each in right]


def test_the_functions_are_those_of_their_names():
    logarithm, sine, cosine = logarithms_and_angles(PARTS // 3)
    uniform = numbers(PARTS // 3) * 2.0**-24
    assert logarithm == pytest.approx(np.log1p(-uniform), rel=1e-6)
    assert sine == pytest.approx(np.sin(2 * math.pi * uniform), abs=3e-7)
    assert cosine == pytest.approx(np.cos(2 * math.pi * uniform), abs=3e-7)


def test_numbers_computed_in_advance_are_those_of_the_stream():
    """A copy of the stream, which has nothing in advance, draws the same, whatever is drawn in between."""
    stream, single = Generator().manual_seed(3), np.dtype(np.float32)
    for turn in range(200):
        if turn % 50 == 7:
            stream.words32(turn % 3 + 1)
        if turn % 60 == 31:
            stream.manual_seed(turn)
        count = (64, 64, 512, 16, 64, 20)[turn % 6 if turn > 90 else 0]
        copy = stream.clone_state()
        found = gaussian.normal_blocks(stream, count, single)
        assert found.tobytes() == gaussian.normal_blocks(copy, count, single).tobytes(), turn
        assert stream.state_bytes().tobytes() == copy.state_bytes().tobytes(), turn
        found[...] = 0
