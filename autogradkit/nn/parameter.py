"""Where PyTorch has `torch.nn.parameter.Parameter`."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.parameter import Parameter

__all__ = ["Parameter"]

__getattr__ = _absent_from("nn.parameter")
