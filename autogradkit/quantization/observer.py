"""PyTorch's classes that watch the range of numbers for quantising. Names alone: tensors of that kind are not here."""

from __future__ import annotations

from typing import Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.nn.modules.module import Module as _Module

__getattr__ = _absent_from("quantization.observer")


class ObserverBase(_Module):
    """The base of observers. Raises NotImplementedError when one is made."""

    @_entry
    def __init__(self, *_args: Any, **_options: Any) -> None:
        raise NotImplementedError(
            f"autogradkit does not quantise tensors, so it has no {type(self).__name__} to be used"
        )


class HistogramObserver(ObserverBase):
    """Refuses."""


class MinMaxObserver(ObserverBase):
    """Refuses."""


class MovingAverageMinMaxObserver(MinMaxObserver):
    """Refuses."""


class PerChannelMinMaxObserver(ObserverBase):
    """Refuses."""
