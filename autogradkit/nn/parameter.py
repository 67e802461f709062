"""Where PyTorch has `torch.nn.parameter.Parameter`."""

from autogradkit.core.parameter import Parameter

__all__ = ["Parameter"]
