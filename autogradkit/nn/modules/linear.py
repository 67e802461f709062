"""`Linear`, `Bilinear` and `Identity`."""

from __future__ import annotations

import math
from typing import Any

from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional, init
from autogradkit.nn.modules.members import unfilled
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["Bilinear", "Identity", "Linear"]


class Identity(Module):
    """Gives its input back; arguments of the constructor are ignored.

    >>> import autogradkit as torch
    >>> torch.nn.Identity()(torch.ones(2))
    tensor([1., 1.])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.Identity(), m.randn(2, 3)), (m.nn.Identity(3, a=2), m.arange(3))]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """The input."""
        return input


class Linear(Module):
    """y = x·Wᵀ + b over the last dimension: (*, in_features) → (*, out_features).

    Weight (out_features, in_features) and bias start uniform in ±1/√in_features.

    >>> import autogradkit as torch
    >>> torch.nn.Linear(3, 2)(torch.ones(5, 3)).shape
    torch.Size([5, 2])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.Linear(3, 2), m.randn(4, 5, 3)),
            (m.nn.Linear(3, 2, bias=False, dtype=m.float64), m.randn(3).double()),
        ]

    @entry
    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Dtype | None = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = unfilled((out_features, in_features), device, dtype)
        if bias:
            self.bias = unfilled(out_features, device, dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """x·Wᵀ + b."""
        return functional.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class NonDynamicallyQuantizableLinear(Linear):
    """The projection back from the heads of an attention, by the name that PyTorch's repr has for it."""


class Bilinear(Module):
    """x1ᵀ · W · x2 + b for each output: (*, in1_features), (*, in2_features) → (*, out_features).

    Weight (out_features, in1_features, in2_features) and bias start uniform in ±1/√in1_features. Raises ValueError for no
    features.

    >>> import autogradkit as torch
    >>> torch.nn.Bilinear(3, 4, 2)(torch.ones(5, 3), torch.ones(5, 4)).shape
    torch.Size([5, 2])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.Bilinear(3, 4, 2), m.randn(5, 3), m.randn(5, 4)),
            (m.nn.Bilinear(3, 2, 4, bias=False), m.randn(2, 5, 3), m.randn(2, 5, 2)),
        ]

    @entry
    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        sizes = out_features, in1_features, in2_features
        self.weight = unfilled(sizes, device, dtype)
        self.register_parameter("bias", unfilled(out_features, device, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        if self.in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got (in1_features={self.in1_features})")
        bound = 1 / math.sqrt(self.weight.shape[1])
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """The product of both inputs with the weight, plus the bias."""
        return functional.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )
