"""Norms by channel whose `num_features` is that of their first input; see `lazy.py`."""

from __future__ import annotations

from typing import Any

from autogradkit._ops.making.data import tensor
from autogradkit.core.constructors import name_constructor
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import int64
from autogradkit.nn.modules import batchnorm, instancenorm
from autogradkit.nn.modules.lazy import LazyModuleMixin
from autogradkit.nn.modules.module import Samples
from autogradkit.nn.uninitialized import UninitializedBuffer, is_lazy

__all__ = [
    "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d", "LazyInstanceNorm3d",
]  # fmt: skip


class _LazyNorm(LazyModuleMixin, batchnorm._NormBase):
    """What lazy norms share: `num_features` comes from the input."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, device=device, dtype=dtype, bias=False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        self._make_lazy("weight", affine, device, dtype)
        self._make_lazy("bias", affine and bias, device, dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = tensor.owner(0, dtype=int64, device=device)

    def reset_parameters(self) -> None:
        """Set weights, biases and running statistics anew, once there are sizes."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        """Take `num_features` from the input."""
        if not self.has_uninitialized_params():
            return
        self.num_features = input.shape[1]
        for each in [*self._parameters.values(), *self._buffers.values()]:
            if is_lazy(each):
                each.materialize((self.num_features,))
        self.reset_parameters()


name_constructor("_LazyNormBase.__init__", _LazyNorm)  # as refusals say it


class LazyBatchNorm1d(_LazyNorm, batchnorm.BatchNorm1d):
    """A `BatchNorm1d` whose `num_features` is the number of channels of its first input.

    >>> import autogradkit as torch
    >>> layer = torch.nn.LazyBatchNorm1d()
    >>> layer(torch.ones(3, 2, 4)).shape, layer.num_features
    (torch.Size([3, 2, 4]), 2)
    """

    cls_to_become = batchnorm.BatchNorm1d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyBatchNorm1d(), m.randn(3, 2, 4)),
            (m.nn.LazyBatchNorm1d(0.01, track_running_stats=False, bias=False), m.randn(3, 2, 4)),
        ]


class LazyBatchNorm2d(_LazyNorm, batchnorm.BatchNorm2d):
    """A `BatchNorm2d` whose `num_features` is the number of channels of its first input.

    >>> import autogradkit as torch
    >>> layer = torch.nn.LazyBatchNorm2d()
    >>> layer(torch.ones(3, 2, 4, 2)).shape, layer.num_features
    (torch.Size([3, 2, 4, 2]), 2)
    """

    cls_to_become = batchnorm.BatchNorm2d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyBatchNorm2d(), m.randn(3, 2, 4, 2)),
            (m.nn.LazyBatchNorm2d(0.01, track_running_stats=False, bias=False), m.randn(3, 2, 4, 2)),
        ]


class LazyBatchNorm3d(_LazyNorm, batchnorm.BatchNorm3d):
    """A `BatchNorm3d` whose `num_features` is the number of channels of its first input.

    >>> import autogradkit as torch
    >>> layer = torch.nn.LazyBatchNorm3d()
    >>> layer(torch.ones(3, 2, 2, 2, 2)).shape, layer.num_features
    (torch.Size([3, 2, 2, 2, 2]), 2)
    """

    cls_to_become = batchnorm.BatchNorm3d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyBatchNorm3d(), m.randn(3, 2, 2, 2, 2)),
            (m.nn.LazyBatchNorm3d(0.01, track_running_stats=False, bias=False), m.randn(3, 2, 2, 2, 2)),
        ]


class LazyInstanceNorm1d(_LazyNorm, instancenorm.InstanceNorm1d):
    """A `InstanceNorm1d` whose `num_features` is the number of channels of its first input.

    >>> import autogradkit as torch
    >>> layer = torch.nn.LazyInstanceNorm1d()
    >>> layer(torch.ones(3, 2, 4)).shape, layer.num_features
    (torch.Size([3, 2, 4]), 2)
    """

    cls_to_become = instancenorm.InstanceNorm1d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyInstanceNorm1d(), m.randn(3, 2, 4)),
            (m.nn.LazyInstanceNorm1d(0.01, track_running_stats=False, bias=False), m.randn(3, 2, 4)),
        ]


class LazyInstanceNorm2d(_LazyNorm, instancenorm.InstanceNorm2d):
    """A `InstanceNorm2d` whose `num_features` is the number of channels of its first input.

    >>> import autogradkit as torch
    >>> layer = torch.nn.LazyInstanceNorm2d()
    >>> layer(torch.ones(3, 2, 4, 2)).shape, layer.num_features
    (torch.Size([3, 2, 4, 2]), 2)
    """

    cls_to_become = instancenorm.InstanceNorm2d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyInstanceNorm2d(), m.randn(3, 2, 4, 2)),
            (m.nn.LazyInstanceNorm2d(0.01, track_running_stats=False, bias=False), m.randn(3, 2, 4, 2)),
        ]


class LazyInstanceNorm3d(_LazyNorm, instancenorm.InstanceNorm3d):
    """A `InstanceNorm3d` whose `num_features` is the number of channels of its first input.

    >>> import autogradkit as torch
    >>> layer = torch.nn.LazyInstanceNorm3d()
    >>> layer(torch.ones(3, 2, 2, 2, 2)).shape, layer.num_features
    (torch.Size([3, 2, 2, 2, 2]), 2)
    """

    cls_to_become = instancenorm.InstanceNorm3d

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LazyInstanceNorm3d(), m.randn(3, 2, 2, 2, 2)),
            (m.nn.LazyInstanceNorm3d(0.01, track_running_stats=False, bias=False), m.randn(3, 2, 2, 2, 2)),
        ]
