"""Smooth activations, elementwise but for `GLU`. Each calls its namesake in `nn.functional`."""

from __future__ import annotations

from typing import Any

from autogradkit._ops.pointwise.elementary import sigmoid
from autogradkit._ops.pointwise.trigonometry import tanh
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.modules.module import Module, Samples
from autogradkit.nn.modules.rectifier import Editing

__all__ = ["GELU", "GLU", "LogSigmoid", "Mish", "SiLU", "Sigmoid", "Softplus", "Softsign", "Tanh", "Tanhshrink"]

_sigmoid, _tanh = sigmoid.owner.front("function"), tanh.owner.front("function")


class SiLU(Editing):
    """x / (1 + e⁻ˣ), elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.SiLU()(torch.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.SiLU(), m.randn(2, 4)), (m.nn.SiLU(inplace=True), m.randn(2, 4))]

    def forward(self, input: Tensor) -> Tensor:
        """x / (1 + e⁻ˣ), elementwise."""
        return functional.silu(input, self.inplace)


class Mish(Editing):
    """x · tanh(log(1 + eˣ)), elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.Mish()(torch.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Mish(), m.randn(2, 4)), (m.nn.Mish(inplace=True), m.randn(2, 4))]

    def forward(self, input: Tensor) -> Tensor:
        """x · tanh(log(1 + eˣ)), elementwise."""
        return functional.mish(input, self.inplace)


class GELU(Module):
    """x times the chance that a normal number is below it; "tanh" is a formula near that.

    >>> import autogradkit as torch
    >>> torch.nn.GELU()(torch.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.GELU(), m.randn(2, 4)), (m.nn.GELU("tanh"), m.randn(2, 4))]

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """x times the chance that a normal number is below it."""
        return functional.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class GLU(Module):
    """The first half along `dim` times the sigmoid of the second.

    >>> import autogradkit as torch
    >>> torch.nn.GLU()(torch.tensor([3.0, 0.0]))
    tensor([1.5000])
    """

    _shown = ("dim",)

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.GLU(), m.randn(2, 4)), (m.nn.GLU(0), m.randn(2, 4))]

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The first half along `dim` times the sigmoid of the second."""
        return functional.glu(input, self.dim)


class Softplus(Module):
    """log(1 + exp(`beta` · x)) / `beta`; x itself where `beta` · x is above `threshold`.

    >>> import autogradkit as torch
    >>> torch.nn.Softplus()(torch.tensor([0.0]))
    tensor([0.6931])
    """

    _shown = (
        "beta",
        "threshold",
    )

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Softplus(), m.randn(2, 4)), (m.nn.Softplus(2.0, 3.0), m.randn(2, 4))]

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """log(1 + exp(`beta` · x)) / `beta`."""
        return functional.softplus(input, self.beta, self.threshold)


class LogSigmoid(Module):
    """log(1 / (1 + e⁻ˣ)), elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.LogSigmoid()(torch.tensor([0.0]))
    tensor([-0.6931])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.LogSigmoid(), m.randn(2, 4))]

    def forward(self, input: Tensor) -> Tensor:
        """log(1 / (1 + e⁻ˣ)), elementwise."""
        return functional.logsigmoid(input)


class Softsign(Module):
    """x / (1 + |x|), elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.Softsign()(torch.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Softsign(), m.randn(2, 4))]

    def forward(self, input: Tensor) -> Tensor:
        """x / (1 + |x|), elementwise."""
        return functional.softsign(input)


class Tanhshrink(Module):
    """x − tanh x, elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.Tanhshrink()(torch.tensor([0.0, 2.0]))
    tensor([0.0000, 1.0360])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Tanhshrink(), m.randn(2, 4))]

    def forward(self, input: Tensor) -> Tensor:
        """x − tanh x, elementwise."""
        return functional.tanhshrink(input)


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
