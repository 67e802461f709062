"""PyTorch's `torch.nn._reduction`, which packages with losses of their own import: a reduction's number, and old flags.

Thin over `functional/reductions.py`.
"""

from __future__ import annotations

from autogradkit.core.frames import entry
from autogradkit.core.warning import warn
from autogradkit.nn.functional.reductions import reduction_number as _number


@entry
def get_enum(reduction: str) -> int:
    """PyTorch's number for a reduction. Raises ValueError for any other; of its oldest name warns.

    >>> from autogradkit.nn import _reduction
    >>> _reduction.get_enum("none"), _reduction.get_enum("mean"), _reduction.get_enum("sum")
    (0, 1, 2)
    """
    if reduction == "elementwise_mean":
        warn("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.")
        reduction = "mean"
    return _number(reduction)
