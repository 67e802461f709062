"""PyTorch's `torch.ao`, of which there is the namespace of quantising, where its names are defined there."""

from autogradkit.ao import quantization as quantization
from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("ao")
