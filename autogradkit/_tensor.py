"""PyTorch's `torch._tensor`, the module that its tensors come from."""

from autogradkit.core.tensor import Tensor as Tensor
