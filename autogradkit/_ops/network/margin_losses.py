"""Losses that ask for a margin and are made of other ops: of rankings, embeddings and triplets; and of other distributions,
kl_div and poisson_nll_loss.

Rests on declare, the distances and tensors' own methods; `reduction` is loss.py's number. Its default is 0, none, in what
users may call: PyTorch's schemas say mean, but its binding of Python reads C++'s word for that as 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.making.filled import full_like, zeros_like
from autogradkit._ops.network.loss import reduced
from autogradkit._ops.network.similarity import pairwise_distance
from autogradkit._ops.pointwise.choice import where
from autogradkit._ops.pointwise.logarithms import xlogy_tensors

_EPSILON = float(np.float32(1e-12))  # of a cosine's denominator, in float64 too
_full_like: Any = full_like.owner


def _taken_from(number: float, x: Any) -> Any:
    """`number` − x as C++ writes it: the number is first made one of x's dtype."""
    return _full_like(x, number).sub_(x)


@op(variants="function", composition=True)
def hinge_embedding_loss(self: Array, target: Array, margin: float = 1.0, reduction: int = 0) -> Any:
    """x where the target is 1, max(0, `margin` − x) where it is −1; `reduction` is 0 none, 1 mean or 2 sum.

    >>> import autogradkit as torch
    >>> torch.hinge_embedding_loss(torch.tensor([0.5, 0.25]), torch.tensor([1, -1]), reduction=0)
    tensor([0.5000, 0.7500])
    """
    x: Any = self
    nothing = zeros_like.owner(x)
    far = where(target != 1, _taken_from(margin, x).clamp_min(0), nothing)
    return reduced(far + where(target != -1, x, nothing), reduction)


@op(variants="function", composition=True)
def margin_ranking_loss(input1: Array, input2: Array, target: Array, margin: float = 0.0, reduction: int = 0) -> Any:
    """max(0, −target · (input1 − input2) + margin); `reduction` is 0 none, 1 mean or 2 sum.

    >>> import autogradkit as torch
    >>> torch.margin_ranking_loss(torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([1.0]))
    tensor([2.])
    """
    apart: Any = input1 - input2
    return reduced((-target * apart + margin).clamp_min_(0), reduction)


@op(variants="function", composition=True)
def cosine_embedding_loss(input1: Array, input2: Array, target: Array, margin: float = 0.0, reduction: int = 0) -> Any:
    """1 − cos where the target is 1, max(0, cos − margin) where it is −1, cos being that of both rows.

    Raises RuntimeError where the dimensions do not fit.

    >>> import autogradkit as torch
    >>> torch.cosine_embedding_loss(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), torch.tensor(1))
    tensor(1.)
    """
    a: Any = input1
    b: Any = input2
    y: Any = target
    if y.ndim not in (0, 1):
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if (a.ndim, b.ndim) != (y.ndim + 1, y.ndim + 1):
        raise RuntimeError(
            f"{y.ndim}D target tensor expects {y.ndim + 1}D input tensors, but found inputs with sizes {list(a.shape)} and "
            f"{list(b.shape)}."
        )
    product, first, second = ((one * other).sum(y.ndim) for one, other in ((a, b), (a, a), (b, b)))
    cosine = product / ((first + _EPSILON) * (second + _EPSILON)).sqrt()
    nothing = zeros_like.owner(cosine)
    near = where(y == 1, _taken_from(1, cosine), nothing)
    return reduced(near + where(y == -1, (cosine - margin).clamp_min(0), nothing), reduction)


@op(variants="function", composition=True)
def triplet_margin_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 0,
) -> Any:
    """max(0, margin + distance to the positive − distance to the negative).

    `swap` takes the distance from the positive to the negative where it is smaller. Raises RuntimeError where the numbers of
    dimensions differ.

    >>> import autogradkit as torch
    >>> torch.triplet_margin_loss(torch.zeros(1, 1), torch.ones(1, 1), torch.full((1, 1), 4.0))
    tensor([0.])
    """
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor "
            f"{anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    near, far = (pairwise_distance(anchor, other, p, eps) for other in (positive, negative))
    if swap:
        far = far.minimum(pairwise_distance(positive, negative, p, eps))
    return reduced((margin + near - far).clamp_min(0), reduction)


@op(variants="function", composition=True)
def kl_div(self: Array, target: Array, reduction: int = 0, *, log_target: bool = False) -> Any:
    """target · (log(target) − self), where `self` holds logarithms, and with `log_target` the target too.

    Raises RuntimeError for integers and complex numbers.

    >>> import autogradkit as torch
    >>> torch.kl_div(torch.tensor([0.0]), torch.tensor([1.0]))
    tensor([0.])
    """
    x: Any = self
    y: Any = target
    if x.is_complex() or y.is_complex():
        raise RuntimeError("kl_div: Complex inputs not supported.")
    if not (x.is_floating_point() and y.is_floating_point()):
        raise RuntimeError("kl_div: Integral inputs not supported.")
    # What stands to the right is computed first, as in PyTorch: gradients of y are added up in this order.
    apart = y - x if log_target else y * x
    losses = y.exp() * apart if log_target else xlogy_tensors(y, y) - apart
    return reduced(losses, reduction)


@op(variants="function", composition=True)
def poisson_nll_loss(input: Array, target: Array, log_input: bool, full: bool, eps: float, reduction: int) -> Any:
    """The negative log-likelihood of counts: exp(x) − target · x, or x − target · log(x + eps) without `log_input`.

    `full` adds Stirling's approximation of log(target!).

    >>> import autogradkit as torch
    >>> torch.poisson_nll_loss(torch.tensor([0.0]), torch.tensor([2.0]), True, False, 1e-8, 1)
    tensor(1.)
    """
    x: Any = input
    y: Any = target
    taken = y * (x if log_input else (x + eps).log())  # what stands to the right first, as in kl_div
    losses = x.exp() - taken if log_input else x - taken
    if full:
        rest = 0.5 * (2 * math.pi * y).log()
        stirling = y * y.log() - y + rest
        losses += stirling.masked_fill(y <= 1, 0)
    return reduced(losses, reduction)
