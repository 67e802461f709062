"""`CosineSimilarity` and `PairwiseDistance`."""

from __future__ import annotations

from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(Module):
    """x1 · x2 / (max(‖x1‖, eps) · max(‖x2‖, eps)) along `dim`; both broadcast.

    >>> import autogradkit as torch
    >>> torch.nn.CosineSimilarity()(torch.tensor([[3.0, 4.0]]), torch.tensor([[4.0, 3.0]]))
    tensor([0.9600])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.CosineSimilarity(), m.randn(2, 3), m.randn(2, 3)),
            (m.nn.CosineSimilarity(0, 0.1), m.randn(2, 3), m.randn(2, 1)),
        ]

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """The cosine of both."""
        return functional.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """The `p`-norm of x1 − x2 + eps along the last dimension; both broadcast.

    >>> import autogradkit as torch
    >>> torch.nn.PairwiseDistance()(torch.tensor([[3.0, 4.0]]), torch.zeros(1, 2))
    tensor([5.0000])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.PairwiseDistance(), m.randn(2, 3), m.randn(2, 3)),
            (m.nn.PairwiseDistance(1.0, 0.1, True), m.randn(2, 3), m.randn(3)),
        ]

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """The distance of both."""
        return functional.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
