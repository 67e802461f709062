"""Losses of labels and distributions: arguments, warnings and refusals as in PyTorch's Python.

Rests on the declared ops of `_ops/network`; the layers of losses call these.
"""

from __future__ import annotations

import math
from typing import Any

from autogradkit._ops.making.filled import ones_like
from autogradkit._ops.network import binary_loss, ctc, margin_losses
from autogradkit._ops.network.loss import SUM
from autogradkit.core.frames import entry
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.engine.modes import no_grad
from autogradkit.nn.functional.activations import logsigmoid
from autogradkit.nn.functional.reductions import REDUCTIONS, reduced, reduction_name, reduction_number

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "ctc_loss", "gaussian_nll_loss", "kl_div",
    "multilabel_soft_margin_loss", "poisson_nll_loss",
]  # fmt: skip

_binary_cross_entropy = binary_loss.binary_cross_entropy.owner.front("function")
_with_logits = binary_loss.binary_cross_entropy_with_logits.owner.front("function")
_kl_div = margin_losses.kl_div.owner.front("function")
_poisson = margin_losses.poisson_nll_loss.owner.front("function")
_ctc = ctc.ctc_loss.front("function")


@entry
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """−target · log(x) − (1 − target) · log(1 − x) of probabilities, weighted and reduced; no logarithm is below −100.

    Raises ValueError where the sizes differ, RuntimeError for numbers outside [0, 1].

    >>> import autogradkit as torch
    >>> torch.nn.functional.binary_cross_entropy(torch.tensor([0.5]), torch.tensor([1.0]))
    tensor(0.6931)
    """
    number = reduction_number(reduction_name(size_average, reduce, reduction))
    if target.size() != input.size():
        raise ValueError(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}) is deprecated. "
            "Please ensure they have the same size."
        )
    if weight is not None:
        sizes: Any = target.size(), weight.size()
        weight = weight.expand(broadcast_shapes(*sizes))
    return _binary_cross_entropy(input, target, weight, number)


@entry
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """The binary cross entropy of sigmoid(x), computed without overflow; `pos_weight` weighs the positive targets.

    Raises ValueError where the sizes differ.

    >>> import autogradkit as torch
    >>> torch.nn.functional.binary_cross_entropy_with_logits(torch.zeros(2), torch.ones(2))
    tensor(0.6931)
    """
    number = reduction_number(reduction_name(size_average, reduce, reduction))
    if target.size() != input.size():
        raise ValueError(f"Target size ({target.size()}) must be the same as input size ({input.size()})")
    return _with_logits(input, target, weight, pos_weight, number)


@entry
def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The binary cross entropy of each class, meant over the classes (the last dimension), weighted and reduced.

    >>> import autogradkit as torch
    >>> torch.nn.functional.multilabel_soft_margin_loss(torch.zeros(1, 2), torch.ones(1, 2))
    tensor(0.6931)
    """
    reduction = reduction_name(size_average, reduce, reduction)
    loss: Any = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    loss = loss.sum(dim=input.dim() - 1) / input.size(input.dim() - 1)
    if reduction not in REDUCTIONS:
        raise ValueError(reduction + " is not valid")
    return reduced(loss, reduction)


@entry
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target · (log(target) − x) for logarithms x, and with `log_target` for those of targets; reduced.

    "batchmean" divides the sum by the number of samples.

    >>> import autogradkit as torch
    >>> torch.nn.functional.kl_div(torch.tensor([[0.0, -1.0]]), torch.tensor([[0.5, 0.5]]), reduction="batchmean")
    tensor(-0.1931)
    """
    by_batch = reduction == "batchmean" and size_average is None and reduce is None
    if size_average is None and reduce is None and reduction == "mean":
        warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides only "
            "by the batch size, and aligns with the KL div math definition.'mean' will be changed to behave the same as "
            "'batchmean' in the next major release."
        )
    number = SUM if by_batch else reduction_number(reduction_name(size_average, reduce, reduction))
    reduced = _kl_div(input, target, number, log_target=log_target)
    sizes: Any = input.size()
    return reduced / sizes[0] if reduction == "batchmean" and input.dim() != 0 else reduced


@entry
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of counts: exp(x) − target · x, or without `log_input` x − target · log(x + eps).

    `full` adds Stirling's approximation of log(target!). Raises ValueError for another reduction.

    >>> import autogradkit as torch
    >>> torch.nn.functional.poisson_nll_loss(torch.tensor([0.0]), torch.tensor([2.0]))
    tensor(1.)
    """
    reduction = reduction_name(size_average, reduce, reduction)
    if reduction not in REDUCTIONS:
        raise ValueError(reduction + " is not a valid value for reduction")
    return _poisson(input, target, log_input, full, eps, reduction_number(reduction))


@entry
def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """(log(var) + (x − target)² / var) / 2, where no variance counts as less than `eps`; `full` adds the constant.

    Raises ValueError for a negative variance, or one of a size that does not fit.

    >>> import autogradkit as torch
    >>> torch.nn.functional.gaussian_nll_loss(torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([1.0]))
    tensor(2.)
    """
    spread: Any = var
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        spread = var * ones_like.owner(input)
    elif (spread < 0).any():
        raise ValueError("var has negative entry/entries")
    if spread.size() != input.size():
        sizes: Any = input.size()
        found: Any = spread.size()
        if sizes[:-1] == found:
            spread = spread.unsqueeze(-1)
        elif not (len(sizes) == len(found) and sum(y for x, y in zip(sizes, found, strict=True) if x != y) == 1):
            raise ValueError("var is of incorrect size")
    if reduction not in REDUCTIONS:
        raise ValueError(reduction + " is not valid")
    spread = spread.clone()
    with no_grad():
        spread.clamp_(min=eps)
    loss = 0.5 * (spread.log() + (input - target) ** 2 / spread)
    if full:
        loss += 0.5 * math.log(2 * math.pi)
    return reduced(loss, reduction)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """−log p of the labels `targets` over all alignments with `log_probs` (T, N, C), or (T, C); reduced.

    >>> import autogradkit as torch
    >>> torch.nn.functional.ctc_loss(torch.full((2, 1, 2), 0.5).log(), torch.tensor([[1]]), (2,), (1,))
    tensor(0.2877)
    """
    number = reduction_number(reduction)
    return _ctc(log_probs, targets, input_lengths, target_lengths, blank, number, zero_infinity)
