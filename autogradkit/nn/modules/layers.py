"""Layers without parameters: activations, pooling, dropout, flattening. Each calls its namesake in `nn.functional`."""

from __future__ import annotations

from typing import Any

from autogradkit._ops.pointwise.elementary import sigmoid
from autogradkit._ops.pointwise.trigonometry import tanh
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["Dropout", "Flatten", "LogSoftmax", "MaxPool2d", "ReLU", "Sigmoid", "Softmax", "Tanh", "Unflatten"]

Size2 = int | tuple[int, int]
_sigmoid, _tanh = sigmoid.owner.made("function"), tanh.owner.made("function")


class ReLU(Module):
    """max(x, 0), elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.ReLU()(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ReLU(), m.randn(2, 3)), (m.nn.ReLU(inplace=True), m.randn(2, 3))]

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """max(x, 0)."""
        return functional.relu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Tanh(Module):
    """tanh x, elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.Tanh()(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Tanh(), m.randn(2, 3))]

    def forward(self, input: Tensor) -> Tensor:
        """tanh x."""
        return _tanh(input)


class Sigmoid(Module):
    """1 / (1 + e⁻ˣ), elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.Sigmoid()(torch.tensor([0.0]))
    tensor([0.5000])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Sigmoid(), m.randn(2, 3))]

    def forward(self, input: Tensor) -> Tensor:
        """1 / (1 + e⁻ˣ)."""
        return _sigmoid(input)


class Softmax(Module):
    """eˣ / Σ eˣ along `dim`.

    >>> import autogradkit as torch
    >>> torch.nn.Softmax(dim=0)(torch.zeros(2))
    tensor([0.5000, 0.5000])
    """

    _shown = ("dim",)

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Softmax(dim=1), m.randn(2, 3)), (m.nn.Softmax(0), m.randn(2, 3, 2))]

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The softmax along `dim`."""
        return functional.softmax(input, self.dim, _stacklevel=5)


class LogSoftmax(Module):
    """log(softmax(x)) along `dim`.

    >>> import autogradkit as torch
    >>> torch.nn.LogSoftmax(dim=0)(torch.zeros(2))
    tensor([-0.6931, -0.6931])
    """

    _shown = ("dim",)

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.LogSoftmax(dim=1), m.randn(2, 3)), (m.nn.LogSoftmax(-2), m.randn(2, 3, 2))]

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The logarithm of the softmax along `dim`."""
        return functional.log_softmax(input, self.dim, _stacklevel=5)


class MaxPool2d(Module):
    """The largest value of each window of images (N, C, H, W) or (C, H, W).

    >>> import autogradkit as torch
    >>> torch.nn.MaxPool2d(2)(torch.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """

    _shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.MaxPool2d(2), m.randn(2, 3, 5, 4)),
            (m.nn.MaxPool2d((3, 2), 1, 1, 2, return_indices=True, ceil_mode=True), m.randn(3, 7, 6)),
        ]

    def __init__(
        self,
        kernel_size: Size2,
        stride: Size2 | None = None,
        padding: Size2 = 0,
        dilation: Size2 = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The maxima, and with `return_indices` their positions."""
        return functional.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class Flatten(Module):
    """Joins the dimensions from `start_dim` to `end_dim` into one.

    >>> import autogradkit as torch
    >>> torch.nn.Flatten()(torch.ones(2, 3, 4)).shape
    torch.Size([2, 12])
    """

    _shown = ("start_dim", "end_dim")

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Flatten(), m.randn(2, 3, 4)), (m.nn.Flatten(0, 1), m.randn(2, 3, 4))]

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        """The input with these dimensions joined."""
        return input.flatten(self.start_dim, self.end_dim)


class Unflatten(Module):
    """Splits dimension `dim` into several. Raises TypeError for sizes that are no integers.

    >>> import autogradkit as torch
    >>> torch.nn.Unflatten(1, (2, 3))(torch.ones(4, 6)).shape
    torch.Size([4, 2, 3])
    """

    _shown = ("dim", "unflattened_size")

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Unflatten(1, (2, 3)), m.randn(4, 6)), (m.nn.Unflatten(-1, (3, -1)), m.randn(4, 6))]

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, tuple | list):
            raise TypeError(
                f"unflattened_size must be a tuple of ints, but found type {type(unflattened_size).__name__}"
            )
        for place, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    f"unflattened_size must be tuple of ints, but found element of type {type(size).__name__} at pos {place}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        """The input with this dimension split."""
        return input.unflatten(self.dim, self.unflattened_size)


class Dropout(Module):
    """In training, zeroes each element with probability `p` and scales the rest by 1/(1 − p); else the identity.

    Raises ValueError for a probability outside [0, 1].

    >>> import autogradkit as torch
    >>> torch.nn.Dropout(0.5).eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """

    _shown = ("p", "inplace")

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Dropout(), m.randn(4, 5)), (m.nn.Dropout(0.2, inplace=True), m.randn(4, 5))]

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The input, partly dropped in training."""
        return functional.dropout(input, self.p, self.training, self.inplace)
