"""PyTorch's `torch.ao.nn`: quantised layers, those that round in training, and several in one."""

from autogradkit.ao.nn import intrinsic as intrinsic
from autogradkit.ao.nn import qat as qat
from autogradkit.ao.nn import quantized as quantized
from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("ao.nn")
