"""PyTorch's words for values that are not close: what was expected, where the greatest differences are, what is allowed."""

from __future__ import annotations

from typing import Any

import numpy as np

import autogradkit
from autogradkit.core.dtype import int64
from autogradkit.core.tensor import Tensor


def of_numbers(actual: Any, expected: Any, rtol: float, atol: float) -> str:
    """Of two numbers."""
    absolute = abs(actual - expected)
    relative = float("inf") if expected == 0 else absolute / abs(expected)
    return "\n".join(
        [
            f"Scalars are not {_closeness_word(rtol, atol)}!\n",
            f"Expected {expected} but got {actual}.",
            f"Absolute difference: {absolute}{_allowed(atol, rtol, atol)}",
            f"Relative difference: {relative}{_allowed(rtol, rtol, atol)}",
        ]
    )


def of_tensors(actual: Tensor, expected: Tensor, matches: Tensor, rtol: float, atol: float, what: str) -> str:
    """Of two tensors of one shape and dtype, which are called `what`; `matches` is true where they are close."""
    if not (actual.dtype.is_floating_point or actual.dtype.is_complex):
        actual, expected = actual.to(int64), expected.to(int64)
    absolute = autogradkit.where(matches, 0, (actual - expected).abs())
    relative = autogradkit.where(matches, 0, absolute / expected.abs())
    wrong, all_ = int((~matches).sum().item()), matches.numel()
    return "\n".join(
        [
            f"{what} are not {_closeness_word(rtol, atol)}!\n",
            f"Mismatched elements: {wrong} / {all_} ({wrong / all_:.1%})",
            f"Greatest absolute difference: {_greatest(absolute)}{_allowed(atol, rtol, atol)}",
            f"Greatest relative difference: {_greatest(relative)}{_allowed(rtol, rtol, atol)}",
        ]
    )


def _greatest(differences: Tensor) -> str:
    flat = differences.flatten()
    greatest, at = flat.max(0)
    index = tuple(int(each) for each in np.unravel_index(at.item(), differences.shape))
    return f"{greatest.item()} at index {index}"


def _closeness_word(rtol: float, atol: float) -> str:
    return "equal" if rtol == atol == 0 else "close"


def _allowed(tolerance: float, rtol: float, atol: float) -> str:
    return "" if rtol == atol == 0 else f" (up to {tolerance} allowed)"
