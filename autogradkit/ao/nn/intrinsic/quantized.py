"""PyTorch's `torch.ao.nn.intrinsic.quantized`: layers that follow one another, as one of quantised tensors."""

from autogradkit.ao.nn.quantized.modules.conv import ConvReLU1d as ConvReLU1d
from autogradkit.ao.nn.quantized.modules.conv import ConvReLU2d as ConvReLU2d
from autogradkit.ao.nn.quantized.modules.conv import ConvReLU3d as ConvReLU3d
from autogradkit.ao.nn.quantized.modules.linear import LinearReLU as LinearReLU
from autogradkit.ao.nn.quantized.modules.units import BNReLU2d as BNReLU2d
from autogradkit.ao.nn.quantized.modules.units import BNReLU3d as BNReLU3d
from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("ao.nn.intrinsic.quantized")
