"""What carries tensors and gradients from one GPU to another: classes that programs import, and that refuse the processor."""

from __future__ import annotations

from typing import Any

from autogradkit.autograd.function import Function
from autogradkit.core.device import device


def _require_devices(devices: Any) -> None:
    for each in devices:
        if device(each).type == "cpu":
            raise ValueError(f"Expected a non cpu device, but got: {device(each)}")


class Broadcast(Function):
    """The tensors on each of the devices. Raises AssertionError for those of the processor."""

    @staticmethod
    def forward(ctx: Any, target_gpus: Any, *inputs: Any) -> Any:
        raise AssertionError("Broadcast function not implemented for CPU tensors")


class ReduceAddCoalesced(Function):
    """Sums of what is on several devices, on one. Raises AssertionError for tensors of the processor."""

    @staticmethod
    def forward(ctx: Any, destination: Any, num_inputs: int, *grads: Any) -> Any:
        raise AssertionError("reduce_add expects all inputs to be on GPUs, but input 0 is on CPU")


class Gather(Function):
    """Parts on several devices as one tensor. Raises AssertionError for those of the processor."""

    @staticmethod
    def forward(ctx: Any, target_device: Any, dim: int, *inputs: Any) -> Any:
        raise AssertionError("Gather function not implemented for CPU tensors")


class Scatter(Function):
    """A tensor in parts, one for each device. Raises ValueError where one is the processor, else AttributeError."""

    @staticmethod
    def forward(ctx: Any, target_gpus: Any, chunk_sizes: Any, dim: int, input: Any) -> Any:
        _require_devices(target_gpus)
        raise AttributeError("module 'torch._C' has no attribute '_scatter'")
