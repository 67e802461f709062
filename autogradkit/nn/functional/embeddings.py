"""Rows of a table picked by number: embedding, embedding_bag, one_hot.

Rests on the declared ops of `_ops/network/embedding.py`.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.making.ranges import arange
from autogradkit._ops.network import embedding_bag as bags
from autogradkit._ops.network.embedding import embedding as _embedding
from autogradkit._ops.network.embedding import embedding_renorm_
from autogradkit._ops.network.embedding import one_hot as _one_hot
from autogradkit.core.dtype import int64
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.engine.modes import no_grad

__all__ = ["embedding", "embedding_bag", "one_hot"]

_bag_rows = bags.bags_and_positions.front("function")
_pick_rows = _embedding.owner.front("function")
one_hot = _one_hot.owner.front("function")


@entry
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The row of `weight` (V, D) that each integer of `input` names: (*) → (*, D).

    The row `padding_idx` receives no gradient; `scale_grad_by_freq` divides each row's gradient by how often it was
    named; `max_norm` first scales the named rows of `weight`, in place, down to that `norm_type`-norm; with `sparse` the
    gradient of `weight` is a sparse tensor. Raises IndexError for a number without a row.

    >>> import autogradkit as torch
    >>> table = torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    >>> torch.nn.functional.embedding(torch.tensor([1, 0]), table)
    tensor([[1., 2.],
            [0., 0.]])
    """
    if padding_idx is None:
        padding_idx = -1
    elif padding_idx > 0 or padding_idx < 0:
        rows: Any = weight.size(0)
        if padding_idx >= rows if padding_idx > 0 else padding_idx < -rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        if padding_idx < 0:
            padding_idx += rows
    if max_norm is not None:
        input = input.contiguous()
        _renorm(weight, input, max_norm, norm_type)
    return _pick_rows(weight, input, padding_idx, scale_grad_by_freq, sparse)


def _renorm(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are named down to a norm, in place."""
    with no_grad():
        given = (weight.detach(), input, max_norm, norm_type)
        embedding_renorm_.in_place_call(*embedding_renorm_.signature.match(given, {}, True))


_MODES = {"sum": bags.SUM, "mean": bags.MEAN, "max": bags.MAX}


@entry
def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The "sum", "mean" or "max" of the rows of `weight` (V, D) that each bag of `input` names: (bags, D).

    Bags are the rows of a matrix, or what begins at each of `offsets`. `per_sample_weights` weighs the rows of sums; the row
    `padding_idx` does not count. Raises ValueError for what does not fit together.

    >>> import autogradkit as torch
    >>> table = torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    >>> torch.nn.functional.embedding_bag(torch.tensor([[1, 0], [1, 1]]), table)
    tensor([[0.5000, 1.0000],
            [1.0000, 2.0000]])
    """
    if weight.dtype == int64 and input.is_floating_point():
        warn(
            "Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is "
            "deprecated, and should now be `embedding_bag(input, weight, ...)`."
        )
        weight, input = input, weight
    weights: Any = per_sample_weights
    if weights is not None and input.size() != weights.size():
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({weights.shape}) is not None, then it must have the same shape as the "
            f"input ({input.shape})"
        )
    if weight.dim() != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.dim()}")
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. "
                f"However, found offsets of type {type(offsets)}"
            )
        offsets = arange(0, input.numel(), input.size(1), dtype=input.dtype)
        include_last_offset = False
        input = input.reshape(-1)
        weights = None if weights is None else weights.reshape(-1)
    elif input.dim() == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if offsets.dim() != 1:
            raise ValueError("offsets has to be a 1D Tensor")
    else:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}")
    if mode not in _MODES:
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max":
        if scale_grad_by_freq:
            raise ValueError("max mode does not support scaling the gradient by the frequency")
        if sparse:
            raise ValueError("max mode does not support sparse weights")
    if max_norm is not None:
        _renorm(weight, input, max_norm, norm_type)
    if weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got "
            f"mode='{mode}'). Please open a feature request on GitHub."
        )
    how = scale_grad_by_freq, _MODES[mode], sparse, weights, include_last_offset, padding_idx
    return _bag_rows(weight, input, offsets, *how)[0]
