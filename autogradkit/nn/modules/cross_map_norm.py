"""`CrossMapLRN2d`: the norm by neighbouring channels as Torch had it, with the windows that PyTorch's loops come to.

Rests on custom functions, as PyTorch's does. `LocalResponseNorm` is the one to use.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.making.ranges import arange
from autogradkit.autograd.function import Function
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["CrossMapLRN2d"]


def _over_channels(window: Tensor, images: Any) -> Tensor:
    """The sum over those channels that a row of `window` names, for each channel."""
    return (window.to(images.dtype) @ images.flatten(2)).view(images.shape)


class _CrossMapLRN2d(Function):
    """x / (k + alpha / size · sum of x² over neighbouring channels)^beta."""

    @staticmethod
    def forward(ctx: Any, input: Any, size: int, alpha: float, beta: float, k: float) -> Tensor:
        """The norm. Raises ValueError for what is no batch of images."""
        if input.dim() != 4:
            raise ValueError(f"CrossMapLRN2d: Expected input to be 4D, got {input.dim()}D instead.")
        channel: Any = arange(input.size(1))
        offset = channel - channel.unsqueeze(1)
        reach = int((size - 1) / 2 + 1)
        # PyTorch's running sum never lets go of the first channel.
        window = (offset < reach) & ((offset > -reach) | (channel == 0))
        ctx.scale = _over_channels(window, input * input) * (alpha / size) + k
        ctx.how = offset, size, alpha, beta
        output = input * ctx.scale.pow(-beta)
        ctx.save_for_backward(input, output)
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """The gradient of the input, over the window that PyTorch's backward has: it leans to the channels before."""
        input, output = ctx.saved_tensors
        (grad,) = gradients
        offset, size, alpha, beta = ctx.how
        before = int(size - (size - 1) / 2)
        window = (offset >= -before) & (offset < size - before)
        around = _over_channels(window, grad * output / ctx.scale)
        own = ctx.scale.pow(-beta) * grad
        return own - (2 * alpha * beta / size) * input * around, None, None, None, None


_CrossMapLRN2d.__name__ = "CrossMapLRN2d"  # as the node is called


class CrossMapLRN2d(Module):
    """x / (k + alpha / size · sum of x² over neighbouring channels)^beta of images (N, C, H, W).

    Raises ValueError for another number of dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.CrossMapLRN2d(2)(torch.ones(1, 3, 2, 2)).shape
    torch.Size([1, 3, 2, 2])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.CrossMapLRN2d(3, 0.3, 0.5, 2.0), m.randn(2, 7, 3, 2)),
            (m.nn.CrossMapLRN2d(4, 0.2), m.randn(1, 6, 2, 2)),
            (m.nn.CrossMapLRN2d(5, 0.2), m.randn(1, 2, 1, 2)),
        ]

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """The input, normed by its neighbours."""
        return _CrossMapLRN2d.apply(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
