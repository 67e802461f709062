"""Norms within a sample: `LayerNorm`, `GroupNorm`, `RMSNorm`, `LocalResponseNorm`."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional, init
from autogradkit.nn.modules.members import unfilled
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


def _sizes(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, numbers.Integral) else tuple(normalized_shape)  # type: ignore[arg-type, return-value]


class _Affine(Module):
    """A norm with a weight for each element that is standardised, and mostly a bias."""

    def _make_parameters(self, shape: Any, weight: bool, bias: bool | None, device: Any, dtype: Dtype | None) -> None:
        """Registers both, None for what is not wanted; no bias at all for None."""
        for name, wanted in (("weight", weight), ("bias", bias)):
            if wanted is not None:
                made = unfilled(shape, device, dtype) if wanted else None
                self.register_parameter(name, made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weights to 1 and biases to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self._parameters.get("bias") is not None:
            init.zeros_(self.bias)


class LayerNorm(_Affine):
    """The last dimensions, of sizes `normalized_shape`, standardised; see `functional.layer_norm`.

    >>> import autogradkit as torch
    >>> torch.nn.LayerNorm(4)(torch.ones(2, 3, 4)).shape
    torch.Size([2, 3, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LayerNorm(4), m.randn(2, 3, 4)),
            (m.nn.LayerNorm((3, 4), 0.01, bias=False), m.randn(2, 3, 4)),
            (m.nn.LayerNorm([4], elementwise_affine=False), m.randn(4)),
        ]

    @entry
    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._make_parameters(self.normalized_shape, elementwise_affine, elementwise_affine and bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """The input standardised, times the weight, plus the bias."""
        return functional.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class GroupNorm(_Affine):
    """Groups of channels standardised in each sample; see `functional.group_norm`.

    Raises ValueError where the channels cannot be grouped.

    >>> import autogradkit as torch
    >>> torch.nn.GroupNorm(2, 4)(torch.ones(3, 4, 5)).shape
    torch.Size([3, 4, 5])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.GroupNorm(2, 4), m.randn(3, 4, 5)),
            (m.nn.GroupNorm(1, 4, bias=False), m.randn(2, 4, 2, 3)),
            (m.nn.GroupNorm(2, 4, 0.01, affine=False), m.randn(3, 4)),
        ]

    @entry
    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups != 0:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self._make_parameters(num_channels, affine, affine and bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """The input standardised, times the weight, plus the bias."""
        return functional.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, bias={self.bias is not None}"


class RMSNorm(_Affine):
    """The last dimensions, of sizes `normalized_shape`, over the root of their mean square; see `functional.rms_norm`.

    >>> import autogradkit as torch
    >>> torch.nn.RMSNorm(4)(torch.ones(2, 3, 4)).shape
    torch.Size([2, 3, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.RMSNorm(4), m.randn(2, 3, 4)),
            (m.nn.RMSNorm((3, 4), 0.01, elementwise_affine=False), m.randn(2, 3, 4)),
        ]

    @entry
    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._make_parameters(self.normalized_shape, elementwise_affine, None, device, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """The input over its root mean square, times the weight."""
        return functional.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LocalResponseNorm(Module):
    """x over a power of the mean square of neighbouring channels; see `functional.local_response_norm`.

    >>> import autogradkit as torch
    >>> torch.nn.LocalResponseNorm(2)(torch.ones(1, 2, 3)).shape
    torch.Size([1, 2, 3])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LocalResponseNorm(2), m.randn(2, 4, 3)),
            (m.nn.LocalResponseNorm(3, 0.1, 0.5, 2.0), m.randn(2, 4, 3, 2)),
        ]

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """The input, normed by its neighbours."""
        return functional.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
