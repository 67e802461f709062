"""PyTorch's `torch._inductor`, the back of its compiler, of which scripts set switches at their top."""

from autogradkit._inductor import config as config
