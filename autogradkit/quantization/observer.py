"""PyTorch's `torch.ao.quantization.observer`: layers that watch the numbers they pass on, and say which scale suits them.

`observing.py` has what they share, `extremes.py`, `histogram.py` and `unranged.py` the observers.
"""

from autogradkit.core import dtype as _dtypes
from autogradkit.core import schemes as _schemes
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.quantization.extremes import MinMaxObserver as MinMaxObserver
from autogradkit.quantization.extremes import MovingAverageMinMaxObserver as MovingAverageMinMaxObserver
from autogradkit.quantization.extremes import (
    MovingAveragePerChannelMinMaxObserver as MovingAveragePerChannelMinMaxObserver,
)
from autogradkit.quantization.extremes import PerChannelMinMaxObserver as PerChannelMinMaxObserver
from autogradkit.quantization.histogram import HistogramObserver as HistogramObserver
from autogradkit.quantization.observing import ObserverBase as ObserverBase
from autogradkit.quantization.observing import UniformQuantizationObserverBase as UniformQuantizationObserverBase
from autogradkit.quantization.unranged import FixedQParamsObserver as FixedQParamsObserver
from autogradkit.quantization.unranged import NoopObserver as NoopObserver
from autogradkit.quantization.unranged import PlaceholderObserver as PlaceholderObserver
from autogradkit.quantization.unranged import RecordingObserver as RecordingObserver
from autogradkit.quantization.unranged import ReuseInputObserver as ReuseInputObserver

__all__ = [
    "FixedQParamsObserver", "HistogramObserver", "MinMaxObserver", "MovingAverageMinMaxObserver",
    "MovingAveragePerChannelMinMaxObserver", "NoopObserver", "ObserverBase", "PerChannelMinMaxObserver", "PlaceholderObserver",
    "RecordingObserver", "ReuseInputObserver", "UniformQuantizationObserverBase", "default_affine_fixed_qparams_observer",
    "default_debug_observer", "default_dynamic_quant_observer", "default_fixed_qparams_range_0to1_observer",
    "default_fixed_qparams_range_neg1to1_observer", "default_histogram_observer", "default_observer",
    "default_per_channel_weight_observer", "default_placeholder_observer", "default_reuse_input_observer",
    "default_symmetric_fixed_qparams_observer", "default_weight_observer", "per_channel_weight_observer_range_neg_127_to_127",
    "weight_observer_range_neg_127_to_127",
]  # fmt: skip

__getattr__ = _absent_from("quantization.observer")

default_observer = MinMaxObserver.with_args(quant_min=0, quant_max=127)
default_histogram_observer = HistogramObserver.with_args(quant_min=0, quant_max=127)
default_placeholder_observer = PlaceholderObserver
default_debug_observer = RecordingObserver
default_reuse_input_observer = ReuseInputObserver
default_weight_observer = MinMaxObserver.with_args(dtype=_dtypes.qint8, qscheme=_schemes.per_tensor_symmetric)
weight_observer_range_neg_127_to_127 = MinMaxObserver.with_args(
    dtype=_dtypes.qint8, qscheme=_schemes.per_tensor_symmetric, quant_min=-127, quant_max=127, eps=2**-12
)
default_per_channel_weight_observer = PerChannelMinMaxObserver.with_args(
    dtype=_dtypes.qint8, qscheme=_schemes.per_channel_symmetric
)
per_channel_weight_observer_range_neg_127_to_127 = PerChannelMinMaxObserver.with_args(
    dtype=_dtypes.qint8, qscheme=_schemes.per_channel_symmetric, quant_min=-127, quant_max=127, eps=2**-12
)
default_dynamic_quant_observer = PlaceholderObserver.with_args(
    dtype=_dtypes.quint8, quant_min=0, quant_max=255, is_dynamic=True
)
default_fixed_qparams_range_neg1to1_observer = FixedQParamsObserver.with_args(
    scale=2.0 / 256.0, zero_point=128, dtype=_dtypes.quint8, quant_min=0, quant_max=255
)
default_fixed_qparams_range_0to1_observer = FixedQParamsObserver.with_args(
    scale=1.0 / 256.0, zero_point=0, dtype=_dtypes.quint8, quant_min=0, quant_max=255
)
default_symmetric_fixed_qparams_observer = default_fixed_qparams_range_neg1to1_observer
default_affine_fixed_qparams_observer = default_fixed_qparams_range_0to1_observer
