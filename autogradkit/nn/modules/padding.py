"""Layers that put something around a tensor: zeros, a constant, its mirror image, its edge, or its other end.

Each calls `nn.functional.pad`.
"""

from __future__ import annotations

from typing import Any

from autogradkit.core.constructors import OwnConstructor
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.geometry import per_dimension
from autogradkit.nn.modules.module import Module, Samples

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d", "ReflectionPad1d",
    "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d", "ZeroPad1d",
    "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip


class _Pad(OwnConstructor, Module):
    """What all paddings have: how much is put around, in which mode."""

    _dims = 0  # that are padded, each before and after
    _mode = ""

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = per_dimension(padding, 2 * self._dims)

    def forward(self, input: Tensor) -> Tensor:
        """The input with the padding around it."""
        return functional.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _CircularPadNd(_Pad):
    _mode = "circular"

    @entry
    def _check_input_dim(self, input: Tensor) -> None:
        fewest = self._dims + 1
        if input.dim() not in (fewest, fewest + 1):
            raise ValueError(f"expected {fewest}D or {fewest + 1}D input (got {input.dim()}D input)")

    def forward(self, input: Tensor) -> Tensor:
        """The input with its other end at each side."""
        self._check_input_dim(input)
        return functional.pad(input, self.padding, self._mode)


class _ConstantPadNd(_Pad):
    _mode = "constant"

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """The input with the constant around it."""
        return functional.pad(input, self.padding, self._mode, self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class CircularPad1d(_CircularPadNd):
    """What comes last before the beginning, and what comes first behind the end (N, C, L) or (C, L):
    one number, or (left, right).

    >>> import autogradkit as torch
    >>> torch.nn.CircularPad1d(1)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[3., 1., 2., 3., 1.]])
    """

    _dims = 1

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.CircularPad1d(1), m.randn(2, 3)), (m.nn.CircularPad1d((1, 2)), m.randn(1, 2, 3))]


class CircularPad2d(_CircularPadNd):
    """What comes last before the beginning, and what comes first behind the end
    (N, C, H, W) or (C, H, W): one number, or (left, right, top, bottom).

    >>> import autogradkit as torch
    >>> torch.nn.CircularPad2d(1)(torch.ones(1, 2, 2)).shape
    torch.Size([1, 4, 4])
    """

    _dims = 2

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.CircularPad2d(1), m.randn(2, 3, 4)), (m.nn.CircularPad2d((1, 0, 2, 1)), m.randn(1, 2, 3, 4))]


class CircularPad3d(_CircularPadNd):
    """What comes last before the beginning, and what comes first behind the end
    (N, C, D, H, W) or (C, D, H, W):
    one number, or (left, right, top, bottom, front, back).

    >>> import autogradkit as torch
    >>> torch.nn.CircularPad3d(1)(torch.ones(1, 2, 2, 2)).shape
    torch.Size([1, 4, 4, 4])
    """

    _dims = 3

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.CircularPad3d(1), m.randn(2, 3, 4, 5)),
            (m.nn.CircularPad3d((1, 0, 2, 1, 0, 1)), m.randn(1, 2, 3, 4, 5)),
        ]


class ConstantPad1d(_ConstantPadNd):
    """`value` around (N, C, L) or (C, L): one number, or (left, right).

    >>> import autogradkit as torch
    >>> torch.nn.ConstantPad1d(1, 7.0)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[7., 1., 2., 3., 7.]])
    """

    _dims = 1

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ConstantPad1d(1, 7.0), m.randn(2, 3)), (m.nn.ConstantPad1d((1, 2), -1.5), m.randn(1, 2, 3))]


class ConstantPad2d(_ConstantPadNd):
    """`value` around (N, C, H, W) or (C, H, W): one number, or (left, right, top, bottom).

    >>> import autogradkit as torch
    >>> torch.nn.ConstantPad2d(1, 7.0)(torch.ones(1, 2, 2)).shape
    torch.Size([1, 4, 4])
    """

    _dims = 2

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.ConstantPad2d(1, 7.0), m.randn(2, 3, 4)),
            (m.nn.ConstantPad2d((1, 0, 2, 1), -1.5), m.randn(1, 2, 3, 4)),
        ]


class ConstantPad3d(_ConstantPadNd):
    """`value` around (N, C, D, H, W) or (C, D, H, W):
    one number, or (left, right, top, bottom, front, back).

    >>> import autogradkit as torch
    >>> torch.nn.ConstantPad3d(1, 7.0)(torch.ones(1, 2, 2, 2)).shape
    torch.Size([1, 4, 4, 4])
    """

    _dims = 3

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.ConstantPad3d(1, 7.0), m.randn(2, 3, 4, 5)),
            (m.nn.ConstantPad3d((1, 0, 2, 1, 0, 1), -1.5), m.randn(1, 2, 3, 4, 5)),
        ]


class _ReflectionPadNd(_Pad):
    _mode = "reflect"


class ReflectionPad1d(_ReflectionPadNd):
    """The mirror image of each edge around, without the edge itself (N, C, L) or (C, L): one number, or (left, right).

    >>> import autogradkit as torch
    >>> torch.nn.ReflectionPad1d(1)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[2., 1., 2., 3., 2.]])
    """

    _dims = 1

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ReflectionPad1d(1), m.randn(2, 3)), (m.nn.ReflectionPad1d((1, 2)), m.randn(1, 2, 3))]


class ReflectionPad2d(_ReflectionPadNd):
    """The mirror image of each edge around, without the edge itself (N, C, H, W) or (C, H, W):
    one number, or (left, right, top, bottom).

    >>> import autogradkit as torch
    >>> torch.nn.ReflectionPad2d(1)(torch.ones(1, 2, 2)).shape
    torch.Size([1, 4, 4])
    """

    _dims = 2

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ReflectionPad2d(1), m.randn(2, 3, 4)), (m.nn.ReflectionPad2d((1, 0, 2, 1)), m.randn(1, 2, 3, 4))]


class ReflectionPad3d(_ReflectionPadNd):
    """The mirror image of each edge around, without the edge itself (N, C, D, H, W) or (C, D, H, W):
    one number, or (left, right, top, bottom, front, back).

    >>> import autogradkit as torch
    >>> torch.nn.ReflectionPad3d(1)(torch.ones(1, 2, 2, 2)).shape
    torch.Size([1, 4, 4, 4])
    """

    _dims = 3

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.ReflectionPad3d(1), m.randn(2, 3, 4, 5)),
            (m.nn.ReflectionPad3d((1, 0, 2, 1, 0, 1)), m.randn(1, 2, 3, 4, 5)),
        ]


class _ReplicationPadNd(_Pad):
    _mode = "replicate"


class ReplicationPad1d(_ReplicationPadNd):
    """Each edge repeated around (N, C, L) or (C, L): one number, or (left, right).

    >>> import autogradkit as torch
    >>> torch.nn.ReplicationPad1d(1)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[1., 1., 2., 3., 3.]])
    """

    _dims = 1

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ReplicationPad1d(1), m.randn(2, 3)), (m.nn.ReplicationPad1d((1, 2)), m.randn(1, 2, 3))]


class ReplicationPad2d(_ReplicationPadNd):
    """Each edge repeated around (N, C, H, W) or (C, H, W): one number, or (left, right, top, bottom).

    >>> import autogradkit as torch
    >>> torch.nn.ReplicationPad2d(1)(torch.ones(1, 2, 2)).shape
    torch.Size([1, 4, 4])
    """

    _dims = 2

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.ReplicationPad2d(1), m.randn(2, 3, 4)),
            (m.nn.ReplicationPad2d((1, 0, 2, 1)), m.randn(1, 2, 3, 4)),
        ]


class ReplicationPad3d(_ReplicationPadNd):
    """Each edge repeated around (N, C, D, H, W) or (C, D, H, W):
    one number, or (left, right, top, bottom, front, back).

    >>> import autogradkit as torch
    >>> torch.nn.ReplicationPad3d(1)(torch.ones(1, 2, 2, 2)).shape
    torch.Size([1, 4, 4, 4])
    """

    _dims = 3

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.ReplicationPad3d(1), m.randn(2, 3, 4, 5)),
            (m.nn.ReplicationPad3d((1, 0, 2, 1, 0, 1)), m.randn(1, 2, 3, 4, 5)),
        ]


class ZeroPad1d(ConstantPad1d):
    """Zeros around (N, C, L) or (C, L): one number, or (left, right).

    >>> import autogradkit as torch
    >>> torch.nn.ZeroPad1d(1)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[0., 1., 2., 3., 0.]])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ZeroPad1d(1), m.randn(2, 3)), (m.nn.ZeroPad1d((1, 2)), m.randn(1, 2, 3))]

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """Zeros around (N, C, H, W) or (C, H, W): one number, or (left, right, top, bottom).

    >>> import autogradkit as torch
    >>> torch.nn.ZeroPad2d(1)(torch.ones(1, 2, 2)).shape
    torch.Size([1, 4, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ZeroPad2d(1), m.randn(2, 3, 4)), (m.nn.ZeroPad2d((1, 0, 2, 1)), m.randn(1, 2, 3, 4))]

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """Zeros around (N, C, D, H, W) or (C, D, H, W):
    one number, or (left, right, top, bottom, front, back).

    >>> import autogradkit as torch
    >>> torch.nn.ZeroPad3d(1)(torch.ones(1, 2, 2, 2)).shape
    torch.Size([1, 4, 4, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.ZeroPad3d(1), m.randn(2, 3, 4, 5)), (m.nn.ZeroPad3d((1, 0, 2, 1, 0, 1)), m.randn(1, 2, 3, 4, 5))]

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"
