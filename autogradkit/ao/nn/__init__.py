"""PyTorch's `torch.ao.nn`, of which there are the dynamically quantised layers."""

from autogradkit.ao.nn import quantized as quantized
from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("ao.nn")
