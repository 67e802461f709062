"""PyTorch's `torch.ao.nn.quantized.modules`: what quantised layers keep."""

from autogradkit.ao.nn.quantized.modules.linear import LinearPackedParams as LinearPackedParams
from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("ao.nn.quantized")
