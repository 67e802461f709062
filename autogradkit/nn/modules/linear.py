"""`Linear` and `Identity`."""

from __future__ import annotations

import math
from typing import Any

from autogradkit._ops.making.filled import empty
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional, init
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["Identity", "Linear"]


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

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Dtype | None = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty.owner((out_features, in_features), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty.owner(out_features, device=device, dtype=dtype))
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
