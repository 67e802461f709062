"""Losses of labels, margins and distributions as modules: each calls its function in `nn.functional`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.modules.distance import PairwiseDistance
from autogradkit.nn.modules.loss import REDUCTIONS, Loss, WeightedLoss
from autogradkit.nn.modules.module import Samples

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CosineEmbeddingLoss", "GaussianNLLLoss", "HingeEmbeddingLoss", "KLDivLoss",
    "MarginRankingLoss", "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "PoissonNLLLoss",
    "SoftMarginLoss", "TripletMarginLoss", "TripletMarginWithDistanceLoss",
]  # fmt: skip


class BCELoss(WeightedLoss):
    """−target · log(x) − (1 − target) · log(1 − x) of probabilities, weighted and reduced.

    >>> import autogradkit as torch
    >>> torch.nn.BCELoss()(torch.tensor([0.5]), torch.tensor([1.0]))
    tensor(0.6931)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            *[(m.nn.BCELoss(reduction=r), m.rand(2, 3), m.rand(2, 3)) for r in REDUCTIONS],
            (m.nn.BCELoss(m.rand(3)), m.rand(2, 3), m.rand(2, 3)),
        ]

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(Loss):
    """The binary cross entropy of sigmoid(x), computed without overflow; `pos_weight` weighs the positive targets.

    >>> import autogradkit as torch
    >>> torch.nn.BCEWithLogitsLoss()(torch.zeros(2), torch.ones(2))
    tensor(0.6931)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            *[(m.nn.BCEWithLogitsLoss(reduction=r), m.randn(2, 3), m.rand(2, 3)) for r in REDUCTIONS],
            (m.nn.BCEWithLogitsLoss(m.rand(3), pos_weight=m.rand(3)), m.randn(2, 3), m.rand(2, 3)),
        ]

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.binary_cross_entropy_with_logits(
            input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )


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


class MultiLabelSoftMarginLoss(WeightedLoss):
    """The binary cross entropy of each class, meant over the classes (the last dimension), weighted and reduced.

    >>> import autogradkit as torch
    >>> torch.nn.MultiLabelSoftMarginLoss()(torch.zeros(1, 2), torch.ones(1, 2))
    tensor(0.6931)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            *[(m.nn.MultiLabelSoftMarginLoss(reduction=r), m.randn(2, 3), m.rand(2, 3)) for r in REDUCTIONS],
            (m.nn.MultiLabelSoftMarginLoss(m.rand(3)), m.randn(2, 3), m.rand(2, 3)),
        ]

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


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


class KLDivLoss(Loss):
    """target · (log(target) − x) for logarithms x, and with `log_target` for those of targets; reduced.

    >>> import autogradkit as torch
    >>> torch.nn.KLDivLoss(reduction="batchmean")(torch.tensor([[0.0, -1.0]]), torch.tensor([[0.5, 0.5]]))
    tensor(-0.1931)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.KLDivLoss(reduction=r), m.randn(2, 3), m.rand(2, 3)) for r in ("batchmean", "sum", "none")]

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", log_target: bool = False
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.kl_div(input, target, log_target=self.log_target, reduction=self.reduction)


class PoissonNLLLoss(Loss):
    """The negative log-likelihood of counts: exp(x) − target · x, or without `log_input` x − target · log(x + eps).

    >>> import autogradkit as torch
    >>> torch.nn.PoissonNLLLoss()(torch.tensor([0.0]), torch.tensor([2.0]))
    tensor(1.)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.PoissonNLLLoss(full=True, reduction=r), m.randn(3), m.tensor([0, 1, 4])) for r in REDUCTIONS]

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: Any = None,
        eps: float = 1e-8,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.poisson_nll_loss(
            log_input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(Loss):
    """(log(var) + (x − target)² / var) / 2, where no variance counts as less than `eps`; reduced.

    >>> import autogradkit as torch
    >>> torch.nn.GaussianNLLLoss()(torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([1.0]))
    tensor(2.)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.GaussianNLLLoss(full=True, reduction=r), m.randn(3), m.randn(3), m.rand(3)) for r in REDUCTIONS]

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor) -> Tensor:
        """The loss."""
        return functional.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class CTCLoss(Loss):
    """−log p of labels over all alignments with predictions (T, N, C), reduced.

    >>> import autogradkit as torch
    >>> torch.nn.CTCLoss()(torch.full((2, 1, 2), 0.5).log(), torch.tensor([[1]]), torch.tensor([2]), torch.tensor([1]))
    tensor(0.2877)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (
                m.nn.CTCLoss(reduction=r),
                -m.rand(5, 2, 4),
                m.tensor([[1, 2], [3, 0]]),
                m.tensor([5, 4]),
                m.tensor([2, 1]),
            )
            for r in REDUCTIONS
        ]

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor) -> Tensor:
        """The loss."""
        return functional.ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            zero_infinity=self.zero_infinity,
            reduction=self.reduction,
        )
