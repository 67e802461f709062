"""What is put around a tensor: pad."""

from __future__ import annotations

from typing import Any

from autogradkit._ops.network import padding
from autogradkit.core.tensor import Tensor

__all__ = ["pad"]

_pad = padding.pad.owner.front("function")


def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """`input` with a constant `value` (0) around it: (before, after) for the last dimension, then the one before it.

    `mode` may be "reflect", "replicate" or "circular" instead of "constant", for the last one, two or three dimensions of a
    tensor that has one or two more. A negative number cuts away. Raises RuntimeError where the tensor is too small for it.

    >>> import autogradkit as torch
    >>> torch.nn.functional.pad(torch.ones(1, 2), (1, 0))
    tensor([[0., 1., 1.]])
    """
    return _pad(input, pad, mode, value)
