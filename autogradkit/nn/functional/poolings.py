"""Poolings: one number for each window of a tensor.

Rests on the declared ops of `_ops/network/pool.py`.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.network import pool
from autogradkit.core.tensor import Tensor

__all__ = ["max_pool2d"]

_pool = pool.max_pool2d.owner.made("function")
_pool_with_indices = pool.max_pool2d_with_indices.owner.made("function")


def _max_pool2d(  # the name that PyTorch's refusals say
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest value of each window of images (N, C, H, W) or (C, H, W); see `autogradkit.max_pool2d`.

    `return_indices` also gives the positions in the H·W plane.

    >>> import autogradkit as torch
    >>> torch.nn.functional.max_pool2d(torch.arange(4.0).reshape(1, 2, 2), 2)
    tensor([[[3.]]])
    """
    pooled = _pool_with_indices if return_indices else _pool
    return pooled(input, kernel_size, () if stride is None else stride, padding, dilation, ceil_mode)


max_pool2d = _max_pool2d
max_pool2d.__name__ = "max_pool2d"
