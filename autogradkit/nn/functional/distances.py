"""How far vectors are from each other, and vectors made as long as each other.

Rests on the declared ops of `_ops/network/similarity.py`.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.network import similarity
from autogradkit._ops.pointwise.division import div
from autogradkit.core.tensor import Tensor

__all__ = ["cosine_similarity", "normalize", "pairwise_distance", "pdist"]

cosine_similarity = similarity.cosine_similarity.owner.front("function")
pairwise_distance = similarity.pairwise_distance.owner.front("function")
pdist = similarity.pdist.owner.front("function")


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """The input over its `p`-norms along `dim`, none of which counts as less than `eps`.

    >>> import autogradkit as torch
    >>> torch.nn.functional.normalize(torch.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    norm: Any = input.norm(p, dim, keepdim=True)
    length = (norm.clamp_min(eps) if out is None else norm.clamp_min_(eps)).expand_as(input)
    return input / length if out is None else div(input, length, out=out)
