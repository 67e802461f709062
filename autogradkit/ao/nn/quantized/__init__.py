"""PyTorch's `torch.ao.nn.quantized`, of which there is `dynamic`."""

import autogradkit.quantization as _quantization  # noqa: F401 - it has these layers put in place, and is to begin
from autogradkit.ao.nn.quantized import dynamic as dynamic
from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("ao.nn.quantized")
