"""Losses of labels, classes and counts as modules: each calls its function in `nn.functional`."""

from __future__ import annotations

from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.modules.loss import REDUCTIONS, Loss, WeightedLoss
from autogradkit.nn.modules.module import Samples

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "GaussianNLLLoss", "KLDivLoss", "MultiLabelSoftMarginLoss", "PoissonNLLLoss",
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
