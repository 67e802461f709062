"""bfloat16 to float32 and back by bits: as the package that gives NumPy bfloat16 casts it, number by number."""

from __future__ import annotations

import numpy as np

from autogradkit.core.dtype import bfloat16
from autogradkit.core.halves import convert

PATTERNS = np.arange(1 << 16, dtype=np.uint16)


def test_every_number_becomes_the_same_float32() -> None:
    x = PATTERNS.view(bfloat16.numpy)
    out = np.empty(x.shape, np.float32)
    convert(x, out)
    assert out.tobytes() == (PATTERNS.astype(np.uint32) << 16).tobytes()


def test_middles_and_their_neighbours_are_rounded_to_even() -> None:
    for below in (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF):
        bits = (PATTERNS.astype(np.uint32) << 16) + np.uint32(below)
        x = bits.view(np.float32)
        for numbers in (x, x[~np.isnan(x)]):  # of what holds a NaN another way is taken
            out = np.empty(numbers.shape, bfloat16.numpy)
            with np.errstate(invalid="ignore"):  # as ops have it, of NaN that signals
                convert(numbers, out)
                wanted = numbers.astype(bfloat16.numpy)
            same = (out.view(np.uint16) == wanted.view(np.uint16)) | np.isnan(numbers)
            assert same.all(), (below, numbers[~same][:3])
