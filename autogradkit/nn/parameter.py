"""Where PyTorch has `torch.nn.parameter`: what a module registers as its own."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.buffer import Buffer
from autogradkit.core.parameter import Parameter

__all__ = ["Buffer", "Parameter"]

__getattr__ = _absent_from("nn.parameter")
