"""The `reduction` that losses take: PyTorch's number for it, what the two flags of old PyTorch come to, and what it does.

Rests on the losses' numbers in `_ops`; the other rooms call it, and so do the layers of losses.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.network import loss
from autogradkit.core.frames import shorten
from autogradkit.core.warning import warn

REDUCTIONS = {"none": loss.NONE, "mean": loss.MEAN, "sum": loss.SUM}


def reduction_number(reduction: str) -> int:
    """PyTorch's number for a reduction. Raises ValueError for any other."""
    try:
        for name, number in REDUCTIONS.items():
            if reduction == name:
                return number
        raise ValueError(f"{reduction} is not a valid value for reduction")
    except BaseException as error:
        shorten(error)
        raise


def reduction_name(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The reduction that the two flags of old PyTorch ask for; `reduction` itself where neither is given."""
    if size_average is None and reduce is None:
        return reduction
    try:  # None stands for True, and whatever else for its truth, which an array or a tensor may refuse to tell
        averaged = size_average is None or bool(size_average)
        wanted = reduce is None or bool(reduce)
    except BaseException as error:
        shorten(error)
        raise
    chosen = "none" if not wanted else "mean" if averaged else "sum"
    warn(f"size_average and reduce args will be deprecated, please use reduction='{chosen}' instead.")
    return chosen


def reduced(loss: Any, reduction: str) -> Any:
    """The losses of the samples, reduced; `reduction` is one of `REDUCTIONS`."""
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()
