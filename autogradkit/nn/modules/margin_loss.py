"""Losses that ask for a margin as modules: each calls its function in `nn.functional`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.modules.distance import PairwiseDistance
from autogradkit.nn.modules.loss import REDUCTIONS, Loss, WeightedLoss
from autogradkit.nn.modules.module import Samples

__all__ = [
    "CosineEmbeddingLoss", "HingeEmbeddingLoss", "MarginRankingLoss", "MultiLabelMarginLoss", "MultiMarginLoss",
    "SoftMarginLoss", "TripletMarginLoss", "TripletMarginWithDistanceLoss",
]  # fmt: skip


class SoftMarginLoss(Loss):
    """log(1 + exp(−target · x)), reduced; the targets are 1 and −1.

    >>> import autogradkit as torch
    >>> torch.nn.SoftMarginLoss()(torch.tensor([0.0]), torch.tensor([1.0]))
    tensor(0.6931)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.SoftMarginLoss(reduction=r), m.randn(2, 3), m.tensor([[1, -1, 1], [-1, 1, 1]])) for r in REDUCTIONS
        ]

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.soft_margin_loss(input, target, reduction=self.reduction)


class HingeEmbeddingLoss(Loss):
    """x where the target is 1, max(0, `margin` − x) where it is −1, reduced.

    >>> import autogradkit as torch
    >>> torch.nn.HingeEmbeddingLoss()(torch.tensor([0.5, 0.25]), torch.tensor([1, -1]))
    tensor(0.6250)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.HingeEmbeddingLoss(0.5, reduction=r), m.randn(3), m.tensor([1, -1, 1])) for r in REDUCTIONS]

    def __init__(
        self, margin: float = 1.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(Loss):
    """max(0, −target · (input1 − input2) + margin), reduced.

    >>> import autogradkit as torch
    >>> torch.nn.MarginRankingLoss()(torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([1.0]))
    tensor(2.)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.MarginRankingLoss(0.5, reduction=r), m.randn(3), m.randn(3), m.tensor([1, -1, 1])) for r in REDUCTIONS
        ]

    def __init__(
        self, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(Loss):
    """1 − cos where the target is 1, max(0, cos − margin) where it is −1, reduced; cos is that of both rows.

    >>> import autogradkit as torch
    >>> torch.nn.CosineEmbeddingLoss()(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), torch.tensor(1))
    tensor(1.)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.CosineEmbeddingLoss(0.1, reduction=r), m.randn(3, 4), m.randn(3, 4), m.tensor([1, -1, 1]))
            for r in REDUCTIONS
        ]

    def __init__(
        self, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class MultiLabelMarginLoss(Loss):
    """Σ max(0, 1 − x[right] + x[other]) over right and other classes, over their number; targets end at the first −1.

    >>> import autogradkit as torch
    >>> torch.nn.MultiLabelMarginLoss()(torch.tensor([[0.5, 1.0]]), torch.tensor([[1, -1]]))
    tensor(0.2500)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.MultiLabelMarginLoss(reduction=r), m.randn(2, 3), m.tensor([[2, 0, -1], [1, -1, 0]]))
            for r in REDUCTIONS
        ]

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiMarginLoss(WeightedLoss):
    """Σ max(0, margin − x[right] + x[other])ᵖ over the other classes, over their number. `p` is 1 or 2, else ValueError.

    >>> import autogradkit as torch
    >>> torch.nn.MultiMarginLoss()(torch.tensor([[0.5, 1.0]]), torch.tensor([1]))
    tensor(0.2500)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            *[(m.nn.MultiMarginLoss(reduction=r), m.randn(2, 3), m.tensor([1, 2])) for r in REDUCTIONS],
            (m.nn.MultiMarginLoss(2, 0.5, m.rand(3)), m.randn(2, 3), m.tensor([1, 2])),
        ]

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p != 1 and p != 2:
            raise ValueError("only p == 1 and p == 2 supported")
        if weight is not None and weight.dim() != 1:
            raise ValueError(f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.dim()}D instead")
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class TripletMarginLoss(Loss):
    """max(0, margin + distance to the positive − distance to the negative), by the `p`-norm, reduced.

    >>> import autogradkit as torch
    >>> torch.nn.TripletMarginLoss()(torch.zeros(1, 1), torch.ones(1, 1), torch.full((1, 1), 4.0))
    tensor(0.)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.TripletMarginLoss(0.5, swap=r == "sum", reduction=r), m.randn(3, 4), m.randn(3, 4), m.randn(3, 4))
            for r in REDUCTIONS
        ]

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginLoss: expected margin to be greater than 0, got {margin} instead")
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """The loss."""
        return functional.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(Loss):
    """As `TripletMarginLoss`, by any distance.

    >>> import autogradkit as torch
    >>> torch.nn.TripletMarginWithDistanceLoss()(torch.zeros(1, 1), torch.ones(1, 1), torch.full((1, 1), 4.0))
    tensor(0.)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (
                m.nn.TripletMarginWithDistanceLoss(margin=0.5, swap=r == "sum", reduction=r),
                m.randn(3, 4),
                m.randn(3, 4),
                m.randn(3, 4),
            )
            for r in REDUCTIONS
        ]

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        if margin <= 0:
            raise ValueError(
                f"TripletMarginWithDistanceLoss: expected margin to be greater than 0, got {margin} instead"
            )
        self.distance_function: Any = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """The loss."""
        return functional.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
