"""The cross entropy of a linear map: refusals and warnings as in PyTorch's Python.

Rests on `linear` and `cross_entropy`; `LinearCrossEntropyLoss` calls it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from autogradkit.core.dtype import int64
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.nn.functional.linear_maps import linear
from autogradkit.nn.functional.losses import cross_entropy

if TYPE_CHECKING:
    from autogradkit.nn.modules.linear_cross_entropy_options import LinearCrossEntropyOptions

__all__ = ["linear_cross_entropy"]


@entry
def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: LinearCrossEntropyOptions | None = None,
) -> Tensor:
    """The cross entropy of `linear(input, linear_weight, linear_bias)`, for (N, in_features) or one sample.

    A weight (C, d₁, …, in_features) gives logits (N, C, d₁, …). Raises RuntimeError where sizes do not fit.

    >>> import autogradkit as torch
    >>> torch.nn.functional.linear_cross_entropy(torch.ones(1, 3), torch.zeros(4, 3), torch.tensor([2]))
    tensor(1.3863)
    """
    if input.dim() not in (1, 2):
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {input.dim()}")
    if linear_weight.dim() < 2:
        raise RuntimeError(f"expected linear_weight with dimensionality at least 2, got {linear_weight.dim()}")
    (*samples, features), (*rows, weight_features) = tuple(input.shape), tuple(linear_weight.shape)
    if features != weight_features:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), got "
            f"{features} and {weight_features}, respectively"
        )
    if linear_bias is not None and list(linear_bias.shape) != rows:
        raise RuntimeError(f"expected linear_bias shape {tuple(rows)}, got {tuple(linear_bias.shape)}")
    several = rows[1:]
    if several and not samples:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(linear_weight.shape)} requires batched input, "
            f"(N, {features}), got unbatched input with shape {tuple(input.shape)}"
        )
    if ignore_index is not None and list(target.shape) == [*samples, *rows]:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    if options is not None:
        if several or reduction not in ("mean", "sum", "none") or label_smoothing != 0 or target.dtype != int64:
            warn(
                "linear_cross_entropy: ``options`` ignored; chunked path needs reduction in {'mean','sum','none'}, "
                f"label_smoothing == 0, target.dtype == int64, out_features == (). Got reduction={reduction!r}, "
                f"label_smoothing={label_smoothing}, target.dtype={target.dtype}, out_features={tuple(several)}, "
                f"tracing=False, linear_bias.shape={None if linear_bias is None else tuple(linear_bias.shape)}."
            )
        else:
            options.require_fitting(samples[0] if samples else 1, features, rows[0], input.dtype)
    maps: Any = linear_weight, linear_bias
    if several:
        count = math.prod(rows)
        maps = linear_weight.reshape(count, features), None if linear_bias is None else linear_bias.reshape(count)
    return cross_entropy(
        linear(input, *maps).reshape((*samples, *rows)),
        target,
        weight=weight,
        reduction=reduction,
        ignore_index=-100 if ignore_index is None else ignore_index,
        label_smoothing=label_smoothing,
    )
