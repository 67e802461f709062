"""DropBlock: blocks of neighbours in feature maps left out at random while a network is trained (Ghiasi et al., 2018)."""

from __future__ import annotations

import math

from autogradkit import nn
from autogradkit._ops.making.filled import empty
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F


def _dropped(
    input: Tensor, p: float, block_size: int, inplace: bool, eps: float, training: bool, dimensions: int
) -> Tensor:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"drop probability has to be between 0 and 1, but got {p}.")
    if input.ndim != dimensions + 2:
        raise ValueError(f"input should be {dimensions + 2} dimensional. Got {input.ndim} dimensions.")
    if not training or p == 0.0:
        return input
    sizes = input.shape[2:]
    block_size = min(block_size, *sizes)
    if block_size % 2 == 0:
        raise ValueError(f"block size should be odd. Got {block_size} which is even.")
    inside = [size - block_size + 1 for size in sizes]
    gamma = (p * math.prod(sizes)) / ((block_size**dimensions) * math.prod(inside))
    noise = empty((*input.shape[:2], *inside), dtype=input.dtype).bernoulli_(gamma)
    half = block_size // 2
    pool = F.max_pool2d if dimensions == 2 else F.max_pool3d
    kept = 1 - pool(F.pad(noise, [half] * 2 * dimensions), block_size, stride=1, padding=half)
    scale = kept.numel() / (eps + kept.sum())
    return input.mul_(kept).mul_(scale) if inplace else input * kept * scale


@entry
def drop_block2d(
    input: Tensor, p: float, block_size: int, inplace: bool = False, eps: float = 1e-06, training: bool = True
) -> Tensor:
    """(N, C, H, W) with squares of `block_size` zero, an element with probability `p`; what is left is scaled up."""
    return _dropped(input, p, block_size, inplace, eps, training, 2)


@entry
def drop_block3d(
    input: Tensor, p: float, block_size: int, inplace: bool = False, eps: float = 1e-06, training: bool = True
) -> Tensor:
    """(N, C, D, H, W) with cubes of `block_size` zero, an element with probability `p`; what is left is scaled up."""
    return _dropped(input, p, block_size, inplace, eps, training, 3)


class DropBlock2d(nn.Module):
    """`drop_block2d` as a layer; in evaluation mode nothing is left out.

    >>> DropBlock2d(0.1, 3)
    DropBlock2d(p=0.1, block_size=3, inplace=False)
    """

    def __init__(self, p: float, block_size: int, inplace: bool = False, eps: float = 1e-06) -> None:
        super().__init__()
        self.p = p
        self.block_size = block_size
        self.inplace = inplace
        self.eps = eps

    def forward(self, input: Tensor) -> Tensor:
        """Leave out what chance says, in training."""
        return drop_block2d(input, self.p, self.block_size, self.inplace, self.eps, self.training)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p}, block_size={self.block_size}, inplace={self.inplace})"


class DropBlock3d(DropBlock2d):
    """`drop_block3d` as a layer; in evaluation mode nothing is left out."""

    def forward(self, input: Tensor) -> Tensor:
        """Leave out what chance says, in training."""
        return drop_block3d(input, self.p, self.block_size, self.inplace, self.eps, self.training)
