"""PyTorch's `torch.quantization`, as far as it is here: quantised tensors, dynamic linear layers, and observers of ranges.

`tensor.py` has the tensors, `ao/nn` the layers, `quantize.py` puts them in place, `observer.py` and `qconfig.py` choose ranges.
Models prepared, calibrated and converted are not here, nor is training that is aware of quantisation.
"""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.quantization import functions as _functions  # noqa: F401 - it says what quantised tensors compute
from autogradkit.quantization import observer as observer
from autogradkit.quantization import qconfig as qconfig
from autogradkit.quantization import quantize as quantize
from autogradkit.quantization.observer import HistogramObserver as HistogramObserver
from autogradkit.quantization.observer import MinMaxObserver as MinMaxObserver
from autogradkit.quantization.observer import MovingAverageMinMaxObserver as MovingAverageMinMaxObserver
from autogradkit.quantization.observer import ObserverBase as ObserverBase
from autogradkit.quantization.observer import PerChannelMinMaxObserver as PerChannelMinMaxObserver
from autogradkit.quantization.observer import default_observer as default_observer
from autogradkit.quantization.observer import default_per_channel_weight_observer as default_per_channel_weight_observer
from autogradkit.quantization.observer import default_weight_observer as default_weight_observer
from autogradkit.quantization.qconfig import QConfig as QConfig
from autogradkit.quantization.quantize import quantize_dynamic as quantize_dynamic
from autogradkit.quantization.stubs import DeQuantStub as DeQuantStub
from autogradkit.quantization.stubs import QuantStub as QuantStub
from autogradkit.quantization.stubs import QuantWrapper as QuantWrapper

__getattr__ = _absent_from("quantization")
