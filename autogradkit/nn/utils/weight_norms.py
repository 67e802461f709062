"""The sums behind weight norms: what a weight's length is along one dimension, and the weight of given lengths."""

from __future__ import annotations

from typing import Any


def norm_except_dim(v: Any, dim: int) -> Any:
    """The Euclidean norm over all dimensions but one, which keeps its place; −1: over all."""
    if dim == -1:
        return v.norm(2)
    if dim == 0:
        return v.contiguous().view(v.size(0), -1).norm(2, 1).view(v.size(0), *[1] * (v.dim() - 1))
    if dim == v.dim() - 1:
        return v.contiguous().view(-1, v.size(dim)).norm(2, 0).view(*[1] * dim, v.size(dim))
    return norm_except_dim(v.transpose(0, dim), 0).transpose(0, dim)


def of_length(v: Any, g: Any, dim: int) -> Any:
    """`v` with the lengths `g` in place of its own."""
    return v * (g / norm_except_dim(v, dim))
