"""Losses with a margin between what is right and what is not: arguments and refusals as in PyTorch's Python.

Rests on the declared ops of `_ops/network`; the layers of `nn/modules/margin_loss.py` call these.
"""

from __future__ import annotations

from collections.abc import Callable

from autogradkit._ops.network import binary_loss, class_margins, margin_losses, similarity
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn.functional.reductions import REDUCTIONS, reduced, reduction_name, reduction_number

__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss", "multilabel_margin_loss",
    "soft_margin_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip

_soft_margin = binary_loss.soft_margin_loss.owner.front("function")
_multi_margin = class_margins.multi_margin_loss.owner.front("function")
_multilabel_margin = class_margins.multilabel_margin_loss.owner.front("function")
_hinge = margin_losses.hinge_embedding_loss.owner.front("function")
_ranking = margin_losses.margin_ranking_loss.owner.front("function")
_cosine = margin_losses.cosine_embedding_loss.owner.front("function")
_triplet = margin_losses.triplet_margin_loss.owner.front("function")
_distance = similarity.pairwise_distance.owner.front("function")


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """log(1 + exp(−target · x)), reduced; the targets are 1 and −1.

    >>> import autogradkit as torch
    >>> torch.nn.functional.soft_margin_loss(torch.tensor([0.0]), torch.tensor([1.0]))
    tensor(0.6931)
    """
    return _soft_margin(input, target, reduction_number(reduction_name(size_average, reduce, reduction)))


@entry
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Σ max(0, margin − x[right] + x[other])ᵖ over the other classes, over their number, for (N, C) or (C).

    Raises ValueError for another `p` than 1 and 2.

    >>> import autogradkit as torch
    >>> torch.nn.functional.multi_margin_loss(torch.tensor([[0.5, 1.0]]), torch.tensor([1]))
    tensor(0.2500)
    """
    number = reduction_number(reduction_name(size_average, reduce, reduction))
    if p != 1 and p != 2:
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.dim() != 1:
        raise ValueError("weight must be one-dimensional")
    return _multi_margin(input, target, p, margin, weight, number)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Σ max(0, 1 − x[right] + x[other]) over right and other classes, over their number; targets end at the first −1.

    >>> import autogradkit as torch
    >>> torch.nn.functional.multilabel_margin_loss(torch.tensor([[0.5, 1.0]]), torch.tensor([[1, -1]]))
    tensor(0.2500)
    """
    return _multilabel_margin(input, target, reduction_number(reduction_name(size_average, reduce, reduction)))


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """x where the target is 1, max(0, `margin` − x) where it is −1, reduced.

    >>> import autogradkit as torch
    >>> torch.nn.functional.hinge_embedding_loss(torch.tensor([0.5, 0.25]), torch.tensor([1, -1]))
    tensor(0.6250)
    """
    return _hinge(input, target, margin, reduction_number(reduction_name(size_average, reduce, reduction)))


@entry
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, −target · (input1 − input2) + margin), reduced. Raises RuntimeError where the numbers of dimensions differ.

    >>> import autogradkit as torch
    >>> torch.nn.functional.margin_ranking_loss(torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([1.0]))
    tensor(2.)
    """
    number = reduction_number(reduction_name(size_average, reduce, reduction))
    if input1.dim() != input2.dim() or input1.dim() != target.dim():
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.size()}, input2: {input2.size()}, target: {target.size()} "
        )
    return _ranking(input1, input2, target, margin, number)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 − cos where the target is 1, max(0, cos − margin) where it is −1, reduced; cos is that of both rows.

    >>> import autogradkit as torch
    >>> torch.nn.functional.cosine_embedding_loss(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), torch.tensor(1))
    tensor(1.)
    """
    return _cosine(input1, input2, target, margin, reduction_number(reduction_name(size_average, reduce, reduction)))


@entry
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin + distance to the positive − distance to the negative), by the `p`-norm, reduced.

    `swap` takes the distance from the positive to the negative where it is smaller. Raises ValueError for a `margin` that is
    not positive.

    >>> import autogradkit as torch
    >>> torch.nn.functional.triplet_margin_loss(torch.zeros(1, 1), torch.ones(1, 1), torch.full((1, 1), 4.0))
    tensor(0.)
    """
    number = reduction_number(reduction_name(size_average, reduce, reduction))
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    return _triplet(anchor, positive, negative, margin, p, eps, swap, number)


@entry
def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """As `triplet_margin_loss`, by any distance.

    >>> import autogradkit as torch
    >>> one, two = torch.zeros(1, 1), torch.ones(1, 1)
    >>> torch.nn.functional.triplet_margin_with_distance_loss(one, two, two, distance_function=lambda a, b: (a - b).abs())
    tensor(1.)
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor "
            f"{anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    measure = _distance if distance_function is None else distance_function
    near, far = measure(anchor, positive), measure(anchor, negative)
    if swap:
        far = far.minimum(measure(positive, negative))
    loss = (margin + near - far).clamp_min(0)
    return reduced(loss, reduction)
