"""Dimensions joined and split: `Flatten`, `Unflatten`."""

from __future__ import annotations

from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["Flatten", "Unflatten"]


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
