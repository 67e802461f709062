"""PyTorch's `torch.ao.nn.intrinsic.qat`: layers that follow one another, as one that rounds its weight in training."""

from autogradkit.ao.nn.qat.rounding import ConvBn1d as ConvBn1d
from autogradkit.ao.nn.qat.rounding import ConvBn2d as ConvBn2d
from autogradkit.ao.nn.qat.rounding import ConvBn3d as ConvBn3d
from autogradkit.ao.nn.qat.rounding import ConvBnReLU1d as ConvBnReLU1d
from autogradkit.ao.nn.qat.rounding import ConvBnReLU2d as ConvBnReLU2d
from autogradkit.ao.nn.qat.rounding import ConvBnReLU3d as ConvBnReLU3d
from autogradkit.ao.nn.qat.rounding import ConvReLU1d as ConvReLU1d
from autogradkit.ao.nn.qat.rounding import ConvReLU2d as ConvReLU2d
from autogradkit.ao.nn.qat.rounding import ConvReLU3d as ConvReLU3d
from autogradkit.ao.nn.qat.rounding import LinearBn1d as LinearBn1d
from autogradkit.ao.nn.qat.rounding import LinearReLU as LinearReLU
from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("ao.nn.intrinsic.qat")
