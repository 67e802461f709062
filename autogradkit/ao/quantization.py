"""PyTorch's `torch.ao.quantization`: the names of `quantization`, and two classes beside them that packages import."""

from typing import Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.quantization import observer as observer
from autogradkit.quantization import qconfig as qconfig
from autogradkit.quantization.observer import HistogramObserver as HistogramObserver
from autogradkit.quantization.observer import MinMaxObserver as MinMaxObserver
from autogradkit.quantization.observer import MovingAverageMinMaxObserver as MovingAverageMinMaxObserver
from autogradkit.quantization.observer import ObserverBase as ObserverBase
from autogradkit.quantization.observer import PerChannelMinMaxObserver as PerChannelMinMaxObserver
from autogradkit.quantization.observer import UniformQuantizationObserverBase as UniformQuantizationObserverBase
from autogradkit.quantization.observer import default_observer as default_observer
from autogradkit.quantization.observer import default_per_channel_weight_observer as default_per_channel_weight_observer
from autogradkit.quantization.observer import default_weight_observer as default_weight_observer
from autogradkit.quantization.qconfig import QConfig as QConfig
from autogradkit.quantization.quantize import quantize_dynamic as quantize_dynamic
from autogradkit.quantization.stubs import DeQuantStub as DeQuantStub
from autogradkit.quantization.stubs import QuantStub as QuantStub
from autogradkit.quantization.stubs import QuantWrapper as QuantWrapper

__getattr__ = _absent_from("ao.quantization")


class FakeQuantizeBase(ObserverBase):
    """Raises NotImplementedError when one is made: `torch.fake_quantize_per_tensor_affine` is here, and no layer of it."""

    @_entry
    def __init__(self, *_args: Any, **_options: Any) -> None:
        raise NotImplementedError(
            f"autogradkit has no {type(self).__name__}; torch.fake_quantize_per_tensor_affine rounds numbers as one does"
        )
