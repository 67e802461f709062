"""PyTorch's `torch.ao.nn.quantized`, of which there is `dynamic`."""

from autogradkit.ao.nn.quantized import dynamic as dynamic
from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("ao.nn.quantized")
