"""Norms by channel, which may keep running statistics: `BatchNorm1d` … `BatchNorm3d`, `InstanceNorm1d` … `InstanceNorm3d`."""

from __future__ import annotations

import warnings
from typing import Any

from autogradkit._ops.making.data import tensor
from autogradkit._ops.making.filled import ones, zeros
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import int64
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional, init
from autogradkit.nn.modules.members import unfilled
from autogradkit.nn.modules.module import Module, Samples

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d",
]  # fmt: skip


class Norm(Module):
    """A norm by channel: its weights, biases and running statistics."""

    _version = 2
    _dimensions: tuple[int, ...] = ()  # of an input
    _expected = ""

    @entry
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            made = unfilled(num_features, device, dtype) if wanted else None
            self.register_parameter(name, made)
        kept = track_running_stats
        self.register_buffer("running_mean", zeros.owner(num_features, device=device, dtype=dtype) if kept else None)
        self.register_buffer("running_var", ones.owner(num_features, device=device, dtype=dtype) if kept else None)
        self.register_buffer("num_batches_tracked", tensor.owner(0, dtype=int64, device=device) if kept else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Set the running statistics to mean 0 and variance 1, and their count to 0."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Set weights to 1, biases to 0, and the running statistics anew."""
        self.reset_running_stats()
        if self.affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in self._dimensions:
            raise ValueError(f"expected {self._expected} input (got {input.dim()}D input)")

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: Any, *rest: Any) -> None:
        version = local_metadata.get("version")
        key = f"{prefix}num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats and key not in state_dict:
            own = self.num_batches_tracked
            state_dict[key] = tensor.owner(0, dtype=int64) if own is None else own  # saved before there was a count
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm(Norm):
    """What the norms over a batch share."""

    def forward(self, input: Tensor) -> Tensor:
        """The input standardised: by its own statistics in training, or where none are kept, else by the running ones."""
        self._check_input_dim(input)
        factor = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the mean over all batches so far
                factor = 1.0 / float(self.num_batches_tracked)
        counts = not self.training or self.track_running_stats
        mean, variance = (self.running_mean, self.running_var) if counts else (None, None)
        own = self.training or (self.running_mean is None and self.running_var is None)
        return functional.batch_norm(input, mean, variance, self.weight, self.bias, own, factor, self.eps)


_BatchNorm = BatchNorm  # the name that scripts ask `isinstance` by


class BatchNorm1d(BatchNorm):
    """Each channel of (N, C) or (N, C, L) standardised over the batch and all places; see `functional.batch_norm`.

    Weights begin as 1, biases as 0. Raises ValueError for another number of dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.BatchNorm1d(1)(torch.tensor([[1.0], [3.0]])).tolist()
    [[-0.9999949932098389], [0.9999949932098389]]
    """

    _dimensions = (2, 3)
    _expected = "2D or 3D"

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.BatchNorm1d(2), m.randn(4, 2)),
            (m.nn.BatchNorm1d(2, momentum=None, bias=False), m.randn(4, 2)),
            (m.nn.BatchNorm1d(2, 0.01, affine=False, track_running_stats=False), m.randn(3, 2, 4)),
        ]


class BatchNorm2d(BatchNorm):
    """Each channel of (N, C, H, W) standardised over the batch and all places; see `functional.batch_norm`.

    Weights begin as 1, biases as 0. Raises ValueError for another number of dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.BatchNorm2d(2)(torch.ones(3, 2, 4, 4)).shape
    torch.Size([3, 2, 4, 4])
    """

    _dimensions = (4,)
    _expected = "4D"

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.BatchNorm2d(2), m.randn(3, 2, 4, 3)),
            (m.nn.BatchNorm2d(2, momentum=None, bias=False), m.randn(3, 2, 4, 3)),
            (m.nn.BatchNorm2d(2, 0.01, affine=False, track_running_stats=False), m.randn(3, 2, 4, 3)),
        ]


class BatchNorm3d(BatchNorm):
    """Each channel of (N, C, D, H, W) standardised over the batch and all places; see `functional.batch_norm`.

    Weights begin as 1, biases as 0. Raises ValueError for another number of dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.BatchNorm3d(2)(torch.ones(3, 2, 4, 4, 4)).shape
    torch.Size([3, 2, 4, 4, 4])
    """

    _dimensions = (5,)
    _expected = "5D"

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.BatchNorm3d(2), m.randn(2, 2, 2, 3, 2)),
            (m.nn.BatchNorm3d(2, momentum=None, bias=False), m.randn(2, 2, 2, 3, 2)),
            (m.nn.BatchNorm3d(2, 0.01, affine=False, track_running_stats=False), m.randn(2, 2, 2, 3, 2)),
        ]


class _InstanceNorm(Norm):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """The input standardised; one sample without its batch dimension is taken too."""
        self._check_input_dim(input)
        single = input.dim() == self._dimensions[0]
        at = 0 if single else 1
        channels = input.size(at)
        if channels != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={at} to match num_features ({self.num_features}), but got: {channels}."
                )
            warnings.warn(
                f"input's size at dim={at} does not match num_features. You can silence this warning by not passing in "
                "num_features, which is not used because affine=False",
                stacklevel=2,
            )
        return self._apply_norm(input.unsqueeze(0)).squeeze(0) if single else self._apply_norm(input)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: Any, *rest: Any) -> None:
        stale = [name for name in ("running_mean", "running_var") if prefix + name in state_dict]
        if local_metadata.get("version") is None and not self.track_running_stats and stale:
            *_, problems = rest
            names, own = " and ".join(f'"{prefix}{name}"' for name in stale), type(self).__name__
            problems.append(
                f"Unexpected running stats buffer(s) {names} for {own} with track_running_stats=False. If state_dict is a "
                f"checkpoint saved before 0.4.0, this may be expected because {own} does not track running stats by default "
                "since 0.4.0. Please remove these keys from state_dict. If the running stats are actually needed, instead set "
                f"track_running_stats=True in {own} to enable them. See the documentation of {own} for details."
            )
            for name in stale:
                del state_dict[prefix + name]
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def _apply_norm(self, input: Tensor) -> Tensor:
        own = self.training or not self.track_running_stats
        momentum = 0.0 if self.momentum is None else self.momentum
        stats = self.running_mean, self.running_var
        return functional.instance_norm(input, *stats, self.weight, self.bias, own, momentum, self.eps)


class InstanceNorm1d(_InstanceNorm):
    """Each channel of each sample standardised over its places; see `functional.instance_norm`.

    Raises ValueError for another number of dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.InstanceNorm1d(3)(torch.ones(2, 3, 4)).shape
    torch.Size([2, 3, 4])
    """

    _dimensions = (2, 3)
    _expected = "2D or 3D"

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.InstanceNorm1d(3), m.randn(2, 3, 4)),
            (m.nn.InstanceNorm1d(3, affine=True, track_running_stats=True), m.randn(2, 3, 4)),
            (m.nn.InstanceNorm1d(3), m.randn(3, 4)),
        ]


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each sample standardised over its places; see `functional.instance_norm`.

    Raises ValueError for another number of dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.InstanceNorm2d(3)(torch.ones(2, 3, 4, 2)).shape
    torch.Size([2, 3, 4, 2])
    """

    _dimensions = (3, 4)
    _expected = "3D or 4D"

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.InstanceNorm2d(3), m.randn(2, 3, 4, 2)),
            (m.nn.InstanceNorm2d(3, affine=True, track_running_stats=True), m.randn(2, 3, 4, 2)),
            (m.nn.InstanceNorm2d(3), m.randn(3, 4, 2)),
        ]


class InstanceNorm3d(_InstanceNorm):
    """Each channel of each sample standardised over its places; see `functional.instance_norm`.

    Raises ValueError for another number of dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.InstanceNorm3d(3)(torch.ones(2, 3, 2, 2, 2)).shape
    torch.Size([2, 3, 2, 2, 2])
    """

    _dimensions = (4, 5)
    _expected = "4D or 5D"

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.InstanceNorm3d(3), m.randn(2, 3, 2, 2, 2)),
            (m.nn.InstanceNorm3d(3, affine=True, track_running_stats=True), m.randn(2, 3, 2, 2, 2)),
            (m.nn.InstanceNorm3d(3), m.randn(3, 2, 2, 2)),
        ]
