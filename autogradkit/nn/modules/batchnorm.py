"""Norms of each channel over the batch, which may keep running statistics: `BatchNorm1d` … `BatchNorm3d`, `SyncBatchNorm`."""

from __future__ import annotations

from typing import Any

from autogradkit._ops.making.data import tensor
from autogradkit._ops.making.filled import ones, zeros
from autogradkit.core.constructors import name_constructor
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import int64
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional, init
from autogradkit.nn.modules.members import unfilled
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"]


class _NormBase(Module):
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
            kept = own is not None and own.device.type != "meta"
            state_dict[key] = own if kept else tensor.owner(0, dtype=int64)  # saved before there was a count
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_NormBase):
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


name_constructor("_BatchNorm.__init__", _BatchNorm)


class BatchNorm1d(_BatchNorm):
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


class BatchNorm2d(_BatchNorm):
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


class BatchNorm3d(_BatchNorm):
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


class SyncBatchNorm(_BatchNorm):
    """Each channel of (N, C, *) standardised over the batch and all places; one process has nobody to share them with.

    Raises ValueError for fewer than two dimensions, and for no channels.

    >>> import autogradkit as torch
    >>> torch.nn.SyncBatchNorm(2)(torch.ones(3, 2, 4)).shape
    torch.Size([3, 2, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.SyncBatchNorm(2), m.randn(3, 2, 4, 3)),
            (m.nn.SyncBatchNorm(2, momentum=None, bias=False), m.randn(4, 2)),
        ]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    @entry
    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input)")
        if input.size(1) == 0:
            raise ValueError("SyncBatchNorm number of input channels should be non-zero")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """`module` with every batch norm in it replaced by one of these that has its parameters and statistics.

        >>> import autogradkit as torch
        >>> torch.nn.SyncBatchNorm.convert_sync_batchnorm(torch.nn.BatchNorm1d(3))
        SyncBatchNorm(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
        """
        converted = module
        if isinstance(module, _BatchNorm):
            how = module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats
            converted = cls(*how, process_group, bias=module.bias is not None)
            if module.affine:
                converted.weight = module.weight
                converted.bias = module.bias
            converted.running_mean = module.running_mean
            converted.running_var = module.running_var
            converted.num_batches_tracked = module.num_batches_tracked
            converted.training = module.training
        for name, child in module.named_children():
            converted.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return converted
