"""PyTorch's `torch.ao.quantization`: the names of `quantization`, for packages that look there, and one class beside them."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.quantization.observer import HistogramObserver as HistogramObserver
from autogradkit.quantization.observer import MinMaxObserver as MinMaxObserver
from autogradkit.quantization.observer import MovingAverageMinMaxObserver as MovingAverageMinMaxObserver
from autogradkit.quantization.observer import ObserverBase as ObserverBase
from autogradkit.quantization.observer import PerChannelMinMaxObserver as PerChannelMinMaxObserver
from autogradkit.quantization.qconfig import QConfig as QConfig

__getattr__ = _absent_from("quantization")


class FakeQuantizeBase(ObserverBase):
    """Refuses, as observers do."""
