"""PyTorch's `torch.fx`: so far what marks functions for it."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.fx.wrapping import wrap as wrap

__getattr__ = _absent_from("fx")
