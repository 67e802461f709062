"""Float64 that becomes float16 is rounded to float32 first, as PyTorch does: by every way that leads there.

The number is a little more than half-way between 1 and the next number of float16; in float32 it is half-way, and goes to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autogradkit

NUMBER = 1 + 2.0**-11 + 2.0**-40
WAYS = (
    "wide.half()", "wide.to(half)", "m.tensor([b, b], dtype=half)", "m.tensor(array, dtype=half)", "m.full((2,), b, dtype=half)",
    "two.copy_(wide)", "two.fill_(b)", "two.masked_fill(two > 0, b)", "two.index_fill(0, m.tensor([1]), b)",
    "put(two, 0, b)", "put(two, slice(None), wide)", "two.mul_(0).add_(wide)", "m.add(wide, 0, out=two)",
    "m.cat([wide], out=two)",
    "two + b", "two - b", "b - two", "two * b", "two / b", "two % b", "m.fmod(two, b)", "two ** b", "b ** two", "two // b",
    "two == b", "two - 1 < b", "two.sub(m.tensor(b, dtype=m.float64))", "two.clamp(max=b)", "two.clamp_(b)", "two.clip(b, b)",
    "m.where(two > 0, two * 0, b)", "m.where(two > 3, two, b)", "m.nan_to_num(two * m.nan, b)", "m.xlogy(two, b)",
    "m.nn.functional.pad(two, (1, 1), value=b)", "m.nn.functional.threshold(two, 3, b)", "m.lerp(two, two * 3, b)",
    "m.stack([wide, wide * 3]).sum(1, dtype=half)", "m.stack([wide, wide * 3]).nansum(1, dtype=half)",
    "wide.cumsum(0, dtype=half)",
    "wide.prod(dtype=half)", "m.linspace(b, 3, 2, dtype=half)", "m.arange(1, 3, b, dtype=half)",
)  # fmt: skip


def put(tensor: Any, where: Any, value: Any) -> Any:
    tensor[where] = value
    return tensor


@pytest.mark.parametrize("way", WAYS)
def test_a_number_between_two_of_half_precision(way: str) -> None:
    found = []
    for m in (autogradkit, torch):
        array = np.full(2, NUMBER)
        two, wide = m.tensor([2.0, 2.0], dtype=m.float16), m.tensor(array)
        names = {"m": m, "half": m.float16, "b": NUMBER, "array": array, "two": two, "wide": wide, "put": put}
        result = eval(way, names)
        found.append((str(result.dtype).partition(".")[2], result.tolist()))
    assert found[0] == found[1]
