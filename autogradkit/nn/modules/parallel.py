"""Layers for several devices, of which there is one here: `DataParallel`, `SyncBatchNorm`."""

from __future__ import annotations

from typing import Any

from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.batchnorm import BatchNorm
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["DataParallel", "SyncBatchNorm"]


class DataParallel(Module):
    """A module that would be copied to each GPU; without one it calls `module`, as in PyTorch.

    >>> import autogradkit as torch
    >>> torch.nn.DataParallel(torch.nn.Flatten())(torch.ones(2, 3, 4)).shape
    torch.Size([2, 12])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.DataParallel(m.nn.Linear(3, 2)), m.randn(4, 3))]

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module gives."""
        return self.module(*inputs, **kwargs)


class SyncBatchNorm(BatchNorm):
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
        if isinstance(module, BatchNorm):
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
