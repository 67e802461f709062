"""The hard points: what tensors and numbers hold, by dtype and pattern.

Rests on NumPy and PyTorch. A pattern says what the elements of an operand are; the operands of one call get different ones
under the same pattern, so that every value meets every other.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch

FLOATS = (torch.float32, torch.float64)
COMPLEX = (torch.complex64, torch.complex128)
SMALL = (torch.float16, torch.bfloat16)
INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
EVERY_DTYPE = (torch.bool, *INTEGERS, *SMALL, *FLOATS, *COMPLEX)

_ORDINARY = (0.5, -1.25, 2.0, 0.75, -0.5, 1.5, -2.0, 0.25, 1.75, -0.75, 1.25, -1.5)
_SPECIAL = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0)


def hard_numbers(dtype: torch.dtype, ends_of_range: bool = True) -> list[Any]:
    """What is hard for a dtype: the ends of its range, borders of domains, and what is no number.

    Without `ends_of_range` for what sums: there the order decides what overflows.
    """
    if dtype is torch.bool:
        return [False, True]
    if not (dtype.is_floating_point or dtype.is_complex):
        ends = torch.iinfo(dtype)
        signed = [-1, -2, -3] if dtype.is_signed else []
        return [0, 1, 2, 3, 7, *signed, ends.max, ends.min]
    info = torch.finfo(dtype)
    real = [*_SPECIAL, 0.5, -0.5, 1.5, -1.5, 2.0, -2.0, 3.0, 100.0, -100.0, info.tiny, info.tiny / 4]
    if ends_of_range:
        real += [info.max, info.min]
    if not dtype.is_complex:
        return real
    parts = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.5)
    return [complex(a, b) for a in parts for b in parts] + [0.5 + 0.25j, -0.5 + 2j]


# Numbers for parameters: beyond the ranges of dtypes, of the wrong kind, of NumPy's types, and as tensors.
PARAMETERS: tuple[Any, ...] = (
    -1, 300, 2**31, 2**63, 2**64, -(2**63) - 1, 2.5, 70000.0, 1e300, math.inf, -math.inf, math.nan, True, False, 1 + 2j,
    np.float32(1.5), np.int64(3), torch.tensor(2.5), torch.tensor(3),
)  # fmt: skip


FILLS_MEMORY = (2**31,)  # as the length of something


@lru_cache(4096)
def filled(shape: tuple[int, ...], dtype: torch.dtype, pattern: str, place: int, ends_of_range: bool) -> torch.Tensor:
    """A contiguous tensor of hard points; `place` is the operand's among those of the call. To be copied: it is kept."""
    count = math.prod(shape)
    kind, _, rest = pattern.partition(":")
    number = int(rest) if rest else 0
    floating = dtype.is_floating_point or dtype.is_complex
    ordinary: list[Any] = list(_ORDINARY) if floating else [3, 1, 2, 5, 1, 4, 2, 6, 7, 0, 1, 2]
    if dtype.is_complex:
        ordinary = [complex(a, b) for a, b in zip(_ORDINARY, _ORDINARY[1:] + _ORDINARY[:1], strict=True)]
    hard = hard_numbers(dtype, ends_of_range)
    if kind == "mixed":
        step = (1, 5, 3, 7)[(place + number) % 4]
        found = [hard[(3 * number + step * i + 4 * place) % len(hard)] for i in range(count)]
    elif kind == "one":  # ordinary numbers but for one
        found = [ordinary[(i * (1 + place) + place) % len(ordinary)] for i in range(count)]
        if count and floating:
            found[(number * 2 + place) % count] = hard[number % len(hard)]
    elif kind == "ties":
        found = [ordinary[(i // 2) % 2] for i in range(count)]
    elif kind == "zeros":
        found = [(-0.0 if (i + place) % 2 else 0.0) if floating else 0 for i in range(count)]
    else:
        raise ValueError(pattern)
    return torch.tensor(found, dtype=torch.complex128 if dtype.is_complex else None).to(dtype).reshape(shape)


PATTERNS = ("mixed:0", "mixed:1", "mixed:2", "mixed:3", "one:0", "one:1", "one:2", "one:4", "ties", "zeros")


@lru_cache(16)
def grid(operands: int, dtype: torch.dtype) -> list[torch.Tensor]:
    """Every combination of hard points of the operands of a pointwise op, as vectors of one length. To be copied: kept."""
    points = hard_numbers(dtype)[: 51 if operands < 3 else 9]
    length = len(points) ** operands
    found: list[torch.Tensor] = []
    for place in range(operands):
        values = [points[(i // len(points) ** place) % len(points)] for i in range(length)]
        found.append(torch.tensor(values, dtype=torch.complex128 if dtype.is_complex else None).to(dtype))
    return found
