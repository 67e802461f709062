"""PyTorch's `torch.ao.nn.quantized`: layers of quantised tensors, and in `dynamic` those that quantise their input each time."""

import autogradkit.quantization as _quantization  # noqa: F401 - it has these layers put in place, and is to begin
from autogradkit.ao.nn.quantized import dynamic as dynamic
from autogradkit.ao.nn.quantized import modules as modules
from autogradkit.ao.nn.quantized.modules.conv import Conv1d as Conv1d
from autogradkit.ao.nn.quantized.modules.conv import Conv2d as Conv2d
from autogradkit.ao.nn.quantized.modules.conv import Conv3d as Conv3d
from autogradkit.ao.nn.quantized.modules.conv import ConvTranspose1d as ConvTranspose1d
from autogradkit.ao.nn.quantized.modules.conv import ConvTranspose2d as ConvTranspose2d
from autogradkit.ao.nn.quantized.modules.conv import ConvTranspose3d as ConvTranspose3d
from autogradkit.ao.nn.quantized.modules.functional_modules import FloatFunctional as FloatFunctional
from autogradkit.ao.nn.quantized.modules.functional_modules import FXFloatFunctional as FXFloatFunctional
from autogradkit.ao.nn.quantized.modules.functional_modules import QFunctional as QFunctional
from autogradkit.ao.nn.quantized.modules.linear import Linear as Linear
from autogradkit.ao.nn.quantized.modules.units import ELU as ELU
from autogradkit.ao.nn.quantized.modules.units import BatchNorm2d as BatchNorm2d
from autogradkit.ao.nn.quantized.modules.units import BatchNorm3d as BatchNorm3d
from autogradkit.ao.nn.quantized.modules.units import DeQuantize as DeQuantize
from autogradkit.ao.nn.quantized.modules.units import Dropout as Dropout
from autogradkit.ao.nn.quantized.modules.units import Hardswish as Hardswish
from autogradkit.ao.nn.quantized.modules.units import LayerNorm as LayerNorm
from autogradkit.ao.nn.quantized.modules.units import LeakyReLU as LeakyReLU
from autogradkit.ao.nn.quantized.modules.units import Quantize as Quantize
from autogradkit.ao.nn.quantized.modules.units import ReLU6 as ReLU6
from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("ao.nn.quantized")
