"""PyTorch's `torch.nn.quantized`, which is not here: one name, for packages that import it beside what they use."""

from __future__ import annotations

from typing import Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.nn.modules.module import Module as _Module

__getattr__ = _absent_from("nn.quantized")


class BatchNorm2d(_Module):
    """Refuses. Raises NotImplementedError when one is made."""

    @_entry
    def __init__(self, *_args: Any, **_options: Any) -> None:
        raise NotImplementedError("autogradkit does not quantise tensors, so it has no layers for them")
