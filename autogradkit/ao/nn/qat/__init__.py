"""PyTorch's `torch.ao.nn.qat`: layers that round their weights in training."""

import autogradkit.quantization as _quantization  # noqa: F401 - it has these layers put in place, and is to begin
from autogradkit.ao.nn.qat.rounding import Conv1d as Conv1d
from autogradkit.ao.nn.qat.rounding import Conv2d as Conv2d
from autogradkit.ao.nn.qat.rounding import Conv3d as Conv3d
from autogradkit.ao.nn.qat.rounding import Linear as Linear
from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("ao.nn.qat")
