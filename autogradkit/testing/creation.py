"""`make_tensor`: random numbers of any dtype, in a range that it holds, contiguous or not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import autogradkit
from autogradkit.core.dtype import bfloat16, int64
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn


def _limit(dtype: Dtype, name: str) -> float:
    """The largest number of a floating dtype, or of the parts of a complex one ("max"); the smallest positive one ("tiny")."""
    if dtype is bfloat16:
        import ml_dtypes  # only bfloat16 needs it

        return float(getattr(ml_dtypes.finfo(dtype.numpy), name))
    return float(getattr(np.finfo(dtype.numpy), name))


def _bounds(dtype: Dtype, low: float | None, high: float | None) -> tuple[float, float]:
    """The range to draw from. Raises ValueError where there is none that the dtype holds."""
    whole = not (dtype.is_floating_point or dtype.is_complex)
    if dtype is autogradkit.bool:
        usual, least, end = (0, 2), 0, 2
    elif whole:
        info = np.iinfo(dtype.numpy)
        usual, least, end = (-9, 10), info.min, info.max + (dtype is not int64)  # which no bound of `randint` reaches
    else:
        end = _limit(dtype, "max")
        usual, least = (-9, 9), -end
    low = usual[0] if low is None else low
    high = usual[1] if high is None else high
    if math.isnan(low) or math.isnan(high):
        raise ValueError(f"`low` and `high` cannot be NaN, but got {low=} and {high=}")
    if low == high and not whole:
        warn(
            "Passing `low==high` to `torch.testing.make_tensor` for floating or complex types is deprecated since 2.1 and will "
            "be removed in 2.3. Use `torch.full(...)` instead.",
            FutureWarning,
        )
    elif low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    elif high < least or low >= end:
        raise ValueError(
            f"The value interval specified by `low` and `high` is [{low}, {high}), but {dtype} only supports [{least}, {end})"
        )
    low, high = min(max(low, least), end), min(max(high, least), end)
    return (math.ceil(low), math.ceil(high)) if whole else (low, high)


def _fill(tensor: Tensor, low: float, high: float) -> None:
    """Draw from a range that may be wider than the dtype's largest number."""
    if high - low >= _limit(tensor.dtype, "max"):
        tensor.uniform_(low / 2, high / 2).mul_(2)
    else:
        tensor.uniform_(low, high)


@entry
def make_tensor(
    *shape: Any,
    dtype: Dtype,
    device: Any,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of random numbers from `low` to `high`: by default from -9 to 9, of unsigned ones from 0, of bools both.

    `noncontiguous` gives every second element of a larger tensor, `exclude_zero` puts the smallest positive number for 0.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.testing.make_tensor(2, 2, dtype=torch.int64, device="cpu", low=0, high=5, noncontiguous=True).stride()
    (4, 2)
    """
    sizes: tuple[int, ...] = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], Sequence) else shape
    floating = dtype.is_floating_point or dtype.is_complex
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually exclusive, but got "
            f"{noncontiguous=} and {memory_format=}"
        )
    if requires_grad and not floating:
        raise ValueError(f"`requires_grad=True` is not supported for boolean and integral dtypes, but got {dtype=}")
    spread = noncontiguous and math.prod(sizes) > 1
    if spread:
        sizes = (*sizes[:-1], 2 * sizes[-1])
    start, end = _bounds(dtype, low, high)
    if floating:
        result = autogradkit.empty(sizes, device=device, dtype=dtype)
        _fill(autogradkit.view_as_real(result) if dtype.is_complex else result, start, end)
    else:
        result = autogradkit.randint(int(start), int(end), sizes, device=device, dtype=dtype)
    if spread:
        result = result[..., 1::2]
    elif memory_format is not None:
        result = result.clone(memory_format=memory_format)
    if exclude_zero:
        result[result == 0] = _limit(dtype, "tiny") if floating else 1
    return result.requires_grad_(requires_grad) if floating else result
