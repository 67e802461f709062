"""Losses as modules: each calls its function in `nn.functional`."""

from __future__ import annotations

import math
from typing import Any

from autogradkit.core.constructors import name_constructor
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.functional.reductions import reduction_name
from autogradkit.nn.modules.linear import Linear
from autogradkit.nn.modules.linear_cross_entropy_options import LinearCrossEntropyOptions
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["CrossEntropyLoss", "HuberLoss", "L1Loss", "LinearCrossEntropyLoss", "MSELoss", "NLLLoss", "SmoothL1Loss"]

REDUCTIONS = ("mean", "sum", "none")


class Loss(Module):
    """A loss, reduced by the words of new or of old PyTorch."""

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction_name(size_average, reduce, reduction)


class WeightedLoss(Loss):
    """A loss with a weight for each class or element."""

    def __init__(
        self, weight: Tensor | None = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


_Loss, _WeightedLoss = Loss, WeightedLoss  # the names that scripts subclass, and that refusals say
name_constructor("_Loss.__init__", Loss)
name_constructor("_WeightedLoss.__init__", WeightedLoss)


class L1Loss(Loss):
    """The mean (or "sum", or "none") of |input − target|.

    >>> import autogradkit as torch
    >>> torch.nn.L1Loss()(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0]))
    tensor(1.)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.L1Loss(reduction=r), m.randn(2, 3), m.randn(2, 3)) for r in REDUCTIONS]

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.l1_loss(input, target, reduction=self.reduction)


class MSELoss(Loss):
    """The mean (or "sum", or "none") of (input − target)².

    >>> import autogradkit as torch
    >>> torch.nn.MSELoss()(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0]))
    tensor(2.)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.MSELoss(reduction=r), m.randn(2, 3), m.randn(2, 3)) for r in REDUCTIONS]

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.mse_loss(input, target, reduction=self.reduction)


class HuberLoss(Loss):
    """The mean (or "sum", or "none") of (input − target)² / 2 nearer than `delta`, of a straight line beyond.

    Raises TypeError for a `delta` that is no number, RuntimeError when called with one that is not positive.

    >>> import autogradkit as torch
    >>> torch.nn.HuberLoss(delta=1.0)(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 1.0]))
    tensor(1.5000)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.HuberLoss(reduction=r, delta=0.8), m.randn(2, 3), m.randn(2, 3)) for r in REDUCTIONS]

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        if not isinstance(delta, float | int):
            raise TypeError(f"delta must be a float or int, got: {type(delta)}")
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class SmoothL1Loss(Loss):
    """(input − target)² / (2 · beta) where they are nearer than `beta`, else |input − target| − beta / 2; reduced.

    >>> import autogradkit as torch
    >>> torch.nn.SmoothL1Loss()(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 1.0]))
    tensor(1.5000)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.SmoothL1Loss(reduction=r, beta=0.8), m.randn(2, 3), m.randn(2, 3)) for r in REDUCTIONS]

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", beta: float = 1.0
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class NLLLoss(WeightedLoss):
    """The negative log-likelihood of class indices, given log-probabilities (N, C, ...) or (C).

    >>> import autogradkit as torch
    >>> torch.nn.NLLLoss()(torch.tensor([[-1.0, -2.0]]), torch.tensor([1]))
    tensor(2.)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            *[(m.nn.NLLLoss(reduction=r), m.randn(3, 4), m.tensor([1, 0, 3])) for r in REDUCTIONS],
            (m.nn.NLLLoss(m.rand(4), ignore_index=2), m.randn(3, 4, 2), m.tensor([[1, 2], [0, 2], [3, 1]])),
        ]

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.nll_loss(
            input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class CrossEntropyLoss(WeightedLoss):
    """The cross entropy of logits (N, C, ...) or (C) against class indices or class probabilities.

    It applies log_softmax itself: give it raw logits.

    >>> import autogradkit as torch
    >>> torch.nn.CrossEntropyLoss()(torch.zeros(1, 4), torch.tensor([2]))
    tensor(1.3863)
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            *[(m.nn.CrossEntropyLoss(reduction=r), m.randn(3, 4), m.tensor([1, 0, 3])) for r in REDUCTIONS],
            (m.nn.CrossEntropyLoss(m.rand(4), ignore_index=2, label_smoothing=0.1), m.randn(3, 4), m.tensor([1, 2, 3])),
            (m.nn.CrossEntropyLoss(), m.randn(3, 4), m.rand(3, 4)),
        ]

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        return functional.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class LinearCrossEntropyLoss(WeightedLoss):
    """The cross entropy of a linear map of (N, in_features): the last layer of a classifier, with its loss.

    `out_features` (d₁, …) classifies (N, d₁, …) from each sample. Raises RuntimeError for a weight of another size, and for
    a smoothing outside [0, 1].

    >>> import autogradkit as torch
    >>> torch.nn.LinearCrossEntropyLoss(3, 5, out_features=(2,)).linear.weight.shape
    torch.Size([10, 3])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        make, options = m.nn.LinearCrossEntropyLoss, m.nn.LinearCrossEntropyOptions
        return [
            *[(make(3, 4, reduction=r), m.randn(3, 3), m.tensor([1, 0, 3])) for r in REDUCTIONS],
            (make(3, 4, bias=True, weight=m.rand(4), ignore_index=2), m.randn(3, 3), m.tensor([1, 2, 3])),
            (make(3, 4, out_features=(2,), bias=True, label_smoothing=0.1), m.randn(2, 3), m.tensor([[1, 2], [3, 0]])),
            (make(3, 4), m.randn(3), m.rand(4)),
            *[(make(3, 4, reduction=r, options=options()), m.randn(3, 3), m.tensor([1, 0, 3])) for r in REDUCTIONS],
        ]

    @entry
    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Dtype | None = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: LinearCrossEntropyOptions | None = None,
    ) -> None:
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise RuntimeError(f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}")
        if label_smoothing < 0 or label_smoothing > 1:
            raise RuntimeError(f"expected label_smoothing to be in range [0, 1], got {label_smoothing}")
        super().__init__(weight, reduction=reduction)
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.linear = Linear(in_features, math.prod(out_features, start=num_classes), bias, device, dtype)
        self.options = options

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        rows = self.num_classes, *self.out_features
        bias = self.linear.bias
        return functional.linear_cross_entropy(
            input,
            self.linear.weight.reshape((*rows, self.linear.in_features)),
            target,
            linear_bias=None if bias is None else bias.reshape(rows),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        """Its arguments but for the weight."""
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, out_features={self.out_features}, "
            f"bias={self.linear.bias is not None}, reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )
