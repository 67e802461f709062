"""What no answer decides: whether a pivot is zero, where an infinite factor is multiplied, whether padding is multiplied at all.

Each library of linear algebra and of convolutions answers these its own way, and chooses that by the processor; so they are
decided here by the numbers of the call, and on every processor alike. Rests on compare; used by sweep.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ..valid_calls import Call
from .compare import ROUNDING, Answer, Leave, array_of, differing
from .listed import FACTORED

# What refusals say of a pivot, in PyTorch's words, which are ours too.
_OF_A_PIVOT = ("singular", "not positive-definite", "is zero and using it", "failed to converge")
_ROUNDINGS = 64  # of a matrix's largest element, times its size, that a pivot which is zero may be off by
_ROUNDING = {
    torch.float64: 2.0**-53,
    torch.complex128: 2.0**-53,
}  # else float32's, in which halves are factored as well


def undecided(function: Callable[..., Any], name: str, call: Call, theirs: Answer, mine: Answer) -> bool:
    """Whether both answers are right, though they differ."""
    short = name.rpartition(".")[2]
    if "error" in theirs or "error" in mine:
        errors = theirs.get("error"), mine.get("error")
        return _of_no_output(*errors) if "conv" in short else short in FACTORED and _hangs_on_a_pivot(call, *errors)
    one, other = theirs["result"], mine["result"]
    if not isinstance(one, torch.Tensor) or not (one.is_floating_point() or one.is_complex()):
        return False
    if one.shape != tuple(other.shape) or not one.numel():
        return False
    there, here = array_of(one), array_of(other)
    apart = differing(there, here, ROUNDING[str(one.dtype)], Leave(sums=True))
    if "conv" in short:
        of_padding = _over_padding(function, name, call, one) & (np.isnan(there) | np.isnan(here))
        return bool(of_padding[apart].all())
    return _has_infinite_factor(call) and not bool((np.isfinite(there) | np.isfinite(here))[apart].any())


def _of_no_output(*errors: tuple[str, str] | None) -> bool:
    """Whether both refuse a convolution because its result has no sizes: PyTorch's own loops say it, or its other library."""
    words = ("Output size is too small", "could not construct a memory descriptor")
    return all(each is not None and any(word in each[1] for word in words) for each in errors)


def _hangs_on_a_pivot(call: Call, *errors: tuple[str, str] | None) -> bool:
    """Whether a refusal speaks of a pivot which is zero but for rounding, or of a matrix that is not finite."""
    if not all(each is None or any(words in each[1] for words in _OF_A_PIVOT) for each in errors):
        return False
    first = next(each for each in (*call.args, *call.kwargs.values()) if isinstance(each, torch.Tensor))
    side = math.isqrt(first.numel()) if first.dim() < 2 or first.shape[-1] != first.shape[-2] else first.shape[-1]
    if not side or first.numel() % side**2:
        return False
    rounding = _ROUNDINGS * side * _ROUNDING.get(first.dtype, 2.0**-24)
    return any(
        not np.isfinite(each).all() or _least_pivot(each) <= rounding * np.abs(each).max()
        for each in array_of(first).reshape(-1, side, side)
    )


def _least_pivot(matrix: Any) -> float:
    """The smallest pivot of Gauss's elimination in double precision, whose pivots are the largest of their columns."""
    left = matrix.astype(np.result_type(matrix, np.float64))
    least = math.inf
    for at in range(len(left)):
        pivot = at + int(np.argmax(np.abs(left[at:, at])))
        left[[at, pivot]] = left[[pivot, at]]
        least = min(least, float(np.abs(left[at, at])))
        if least == 0:
            break
        left[at + 1 :] -= np.outer(left[at + 1 :, at] / left[at, at], left[at])
    return least


def _has_infinite_factor(call: Call) -> bool:
    """Whether a sum of products is scaled by an infinite number: each product may be, and 0 · ∞ be among them, or the sum."""
    return any(math.isinf(call.kwargs.get(name, 0).real) for name in ("alpha", "beta"))


def _over_padding(function: Callable[..., Any], name: str, call: Call, result: torch.Tensor) -> Any:
    """At which elements of a convolution a weight that is not finite lies over padding, or over a hole between elements.

    Of such a weight 0 · ∞ is NaN where the library multiplies zeros, and nothing where it leaves them out.
    """
    places = [number if number < len(call.args) else each for number, each in enumerate(("input", "weight", "bias"))]
    operands = {**call.kwargs, **dict(enumerate(call.args))}
    weight = operands[places[1]]
    odd = (~torch.isfinite(weight)).double()
    operands |= {places[0]: torch.ones(operands[places[0]].shape, dtype=torch.float64), places[1]: odd, places[2]: None}
    by_place = [operands.pop(number) for number in range(len(call.args))]
    inside = function(*by_place, **operands)
    at = result.dim() - (weight.dim() - 1)  # the channels; before them the batch, if there is one
    if "transpose" in name or call.args[6:7] == [True]:
        odd = odd.reshape(result.shape[at] // weight.shape[1], -1, *weight.shape[1:]).transpose(1, 2).flatten(0, 1)
    whole = odd.flatten(1).sum(1).reshape(-1, *[1] * (weight.dim() - 2))
    return (whole - inside > 0.5).numpy()
