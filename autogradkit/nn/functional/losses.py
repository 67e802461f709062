"""Losses: arguments, warnings and refusals as in PyTorch's Python.

Rests on the declared ops of `_ops/network/loss.py` and `likelihood.py`; the layers of losses call these.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.network import loss
from autogradkit._ops.network.cross_entropy import cross_entropy_loss
from autogradkit._ops.network.likelihood import nll_loss_nd
from autogradkit.core.frames import entry
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.nn.functional.reductions import reduction_name, reduction_number

__all__ = ["cross_entropy", "huber_loss", "l1_loss", "mse_loss", "nll_loss", "smooth_l1_loss"]

_mse_loss, _l1_loss = loss.mse_loss.owner.front("function"), loss.l1_loss.owner.front("function")
_huber_loss = loss.huber_loss.owner.front("function")
_smooth_l1_loss = loss.smooth_l1_loss.owner.front("function")
_nll_loss, _cross_entropy = nll_loss_nd.owner.front("function"), cross_entropy_loss.owner.front("function")


@entry
def _same_size(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both operands broadcast against each other; a warning where that changes one, as it is mostly a mistake."""
    if target.size() != input.size():
        warn(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). This will likely "
            "lead to incorrect results due to broadcasting. Please ensure they have the same size."
        )
        common = broadcast_shapes(input._array.shape, target._array.shape)
        return input.expand(common), target.expand(common)
    return input, target


@entry
def _weighted(losses: Any, input: Tensor, weight: Any, reduction: str) -> Any:
    if weight.size() != input.size():
        raise ValueError("Weights and input must have the same size.")
    weighted = losses * weight
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return weighted.sum()
    if reduction == "mean":
        return weighted.sum() / weight.sum()
    raise ValueError(f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'.")


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean (or "sum", or "none") of (input − target)², each times `weight` if given.

    >>> import autogradkit as torch
    >>> torch.nn.functional.mse_loss(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0]))
    tensor(2.)
    """
    a, b = _same_size(input, target)
    reduction = reduction_name(size_average, reduce, reduction)
    if weight is None:
        return _mse_loss(a, b, reduction_number(reduction))
    return _weighted((a - b) ** 2, input, weight, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean (or "sum", or "none") of |input − target|, each times `weight` if given.

    >>> import autogradkit as torch
    >>> torch.nn.functional.l1_loss(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0]))
    tensor(1.)
    """
    a, b = _same_size(input, target)
    reduction = reduction_name(size_average, reduce, reduction)
    if weight is None:
        return _l1_loss(a, b, reduction_number(reduction))
    return _weighted((a - b).abs(), input, weight, reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """(input − target)² / 2 where they are nearer than `delta`, else delta · (|input − target| − delta / 2).

    The mean (or "sum", or "none"), each times `weight` if given. Raises RuntimeError for a `delta` that is not positive.

    >>> import autogradkit as torch
    >>> torch.nn.functional.huber_loss(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 1.0]), reduction="none")
    tensor([0.5000, 2.5000])
    """
    a, b = _same_size(input, target)
    if weight is None:
        return _huber_loss(a, b, reduction_number(reduction), delta)
    losses = _huber_loss(a, b, loss.NONE, delta)
    if reduction == "mean":
        return _weighted(losses, input, weight, "none").mean()
    return _weighted(losses, input, weight, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """(input − target)² / (2 · beta) where they are nearer than `beta`, else |input − target| − beta / 2; reduced.

    Raises RuntimeError for a negative `beta`; 0 is the loss of `l1_loss`.

    >>> import autogradkit as torch
    >>> torch.nn.functional.smooth_l1_loss(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 1.0]), reduction="none")
    tensor([0.5000, 2.5000])
    """
    a, b = _same_size(input, target)
    number = reduction_number(reduction_name(size_average, reduce, reduction))
    return _l1_loss(a, b, number) if beta == 0.0 else _smooth_l1_loss(a, b, number, beta)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """−weight[target] · input[target] for log-probabilities (N, C), (C) or (N, C, ...) and class indices.

    "mean" divides by the sum of the weights; targets equal to `ignore_index` do not count. Raises IndexError for a class
    that does not exist, ValueError or RuntimeError where the shapes do not fit.

    >>> import autogradkit as torch
    >>> torch.nn.functional.nll_loss(torch.tensor([[-1.0, -2.0]]), torch.tensor([1]))
    tensor(2.)
    """
    reduction = reduction_name(size_average, reduce, reduction)
    return _nll_loss(input, target, weight, reduction_number(reduction), ignore_index)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy of logits (N, C, ...) or (C) against class indices, or against class probabilities.

    It applies log_softmax itself. `label_smoothing` mixes the targets with the uniform distribution. Raises as `nll_loss`.

    >>> import autogradkit as torch
    >>> torch.nn.functional.cross_entropy(torch.zeros(1, 4), torch.tensor([2]))
    tensor(1.3863)
    """
    reduction = reduction_name(size_average, reduce, reduction)
    return _cross_entropy(input, target, weight, reduction_number(reduction), ignore_index, label_smoothing)
