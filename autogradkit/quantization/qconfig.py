"""PyTorch's `torch.ao.quantization.qconfig`: what is to watch a layer's results and its weights.

`get_default_qconfig` has those that suit a library of kernels. Rests on `observer.py` and `fake_quantize.py`.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from autogradkit.core import dtype as dtypes
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.core.warning import warn
from autogradkit.nn.modules.linear import Identity as _Identity
from autogradkit.nn.modules.module import Module as _Module
from autogradkit.quantization import fake_quantize as _fake
from autogradkit.quantization import observer as _observers

__all__ = [
    "QConfig", "QConfigDynamic", "default_activation_only_qconfig", "default_debug_qconfig", "default_dynamic_qat_qconfig",
    "default_dynamic_qconfig", "default_per_channel_qconfig", "default_per_channel_symmetric_qnnpack_qat_qconfig",
    "default_per_channel_symmetric_qnnpack_qconfig", "default_qat_qconfig", "default_qat_qconfig_v2", "default_qconfig",
    "default_quint8_weight_qconfig", "default_reuse_input_qconfig", "default_symmetric_qnnpack_qat_qconfig",
    "default_symmetric_qnnpack_qconfig", "default_weight_only_qconfig", "float16_dynamic_qconfig", "float16_static_qconfig",
    "get_default_qat_qconfig", "get_default_qconfig", "per_channel_dynamic_qconfig",
]  # fmt: skip

__getattr__ = _absent_from("quantization.qconfig")


class QConfig(namedtuple("QConfig", ["activation", "weight"])):
    """Two classes, or functions that make observers. Raises ValueError for an observer that was made already.

    >>> QConfig(activation=int, weight=float)
    QConfig(activation=<class 'int'>, weight=<class 'float'>)
    """

    __slots__ = ()

    @_entry
    def __new__(cls, activation: Any, weight: Any) -> QConfig:
        if isinstance(activation, _Module) or isinstance(weight, _Module):
            raise ValueError(
                "QConfig received observer instance, please pass observer class instead. Use MyObserver.with_args(x=1) to "
                "override arguments to constructor if needed"
            )
        return super().__new__(cls, activation, weight)


class QConfigDynamic(namedtuple("QConfigDynamic", ["activation", "weight"])):
    """What `QConfig` is, under its older name for dynamic layers. Raises ValueError for an observer that was made already."""

    __slots__ = ()

    @_entry
    def __new__(cls, activation: Any = _Identity, weight: Any = _Identity) -> QConfigDynamic:
        if isinstance(weight, _Module):
            raise ValueError(
                "QConfigDynamic received observer instance, please pass observer class instead. Use MyObserver.with_args(x=1) "
                "to override arguments to constructor if needed"
            )
        return super().__new__(cls, activation, weight)


_HALVES = _observers.PlaceholderObserver.with_args(dtype=dtypes.float16)
_EVEN: dict[str, Any] = {"dtype": dtypes.qint8, "reduce_range": False, "eps": 2**-12}
_EVEN_HISTOGRAM = _observers.HistogramObserver.with_args(**_EVEN)
_EVEN_FAKE = _fake.FusedMovingAvgObsFakeQuantize.with_args(
    observer=_observers.MovingAverageMinMaxObserver, quant_min=-128, quant_max=127, **_EVEN
)

default_qconfig = QConfig(_observers.default_observer, _observers.default_weight_observer)
default_debug_qconfig = QConfig(_observers.default_debug_observer, _observers.default_weight_observer)
default_per_channel_qconfig = QConfig(_observers.default_observer, _observers.default_per_channel_weight_observer)
default_dynamic_qconfig = QConfig(_observers.default_dynamic_quant_observer, _observers.default_weight_observer)
float16_dynamic_qconfig = QConfig(
    _observers.PlaceholderObserver.with_args(dtype=dtypes.float16, is_dynamic=True), _HALVES
)
float16_static_qconfig = QConfig(_HALVES, _HALVES)
per_channel_dynamic_qconfig = QConfig(
    _observers.default_dynamic_quant_observer, _observers.default_per_channel_weight_observer
)
default_qat_qconfig = QConfig(_fake.default_fake_quant, _fake.default_weight_fake_quant)
default_dynamic_qat_qconfig = QConfig(_fake.default_dynamic_fake_quant, _fake.default_weight_fake_quant)
default_weight_only_qconfig = QConfig(_Identity, _fake.default_weight_fake_quant)
default_activation_only_qconfig = QConfig(_fake.default_fake_quant, _Identity)
default_qat_qconfig_v2 = QConfig(_fake.default_fused_act_fake_quant, _fake.default_fused_wt_fake_quant)
default_reuse_input_qconfig = QConfig(_observers.default_reuse_input_observer, _observers.NoopObserver)
default_quint8_weight_qconfig = QConfig(_observers.HistogramObserver, _observers.MinMaxObserver)
default_symmetric_qnnpack_qconfig = QConfig(_EVEN_HISTOGRAM, _observers.weight_observer_range_neg_127_to_127)
default_per_channel_symmetric_qnnpack_qconfig = QConfig(
    _EVEN_HISTOGRAM, _observers.per_channel_weight_observer_range_neg_127_to_127
)
default_symmetric_qnnpack_qat_qconfig = QConfig(_EVEN_FAKE, _fake.fused_wt_fake_quant_range_neg_127_to_127)
default_per_channel_symmetric_qnnpack_qat_qconfig = QConfig(
    _EVEN_FAKE, _fake.fused_per_channel_wt_fake_quant_range_neg_127_to_127
)

_BACKENDS = ["fbgemm", "x86", "qnnpack", "onednn"]


def _require_backend(backend: str) -> None:
    if backend not in _BACKENDS:
        raise AssertionError(f"backend: {backend} not supported. backend must be one of {_BACKENDS}")


@_entry
def get_default_qconfig(backend: str = "x86", version: int = 0) -> QConfig:
    """The observers for a model that is calibrated, by the library that is to run it: results in 7 bits for "x86" and "fbgemm".

    Weights have a scale for each channel, but for "qnnpack". Raises AssertionError for another backend or version.
    """
    _require_backend(backend)
    if version != 0:
        raise AssertionError(
            f"Version number: {version} in get_default_qconfig is not supported. Version number must be 0"
        )
    if backend == "onednn":
        warn(
            "Default qconfig of oneDNN backend with reduce_range of false may have accuracy issues on CPU without Vector Neural "
            "Network Instruction support."
        )
    by_channel = backend != "qnnpack"
    return QConfig(
        _observers.HistogramObserver.with_args(reduce_range=backend in ("fbgemm", "x86")),
        _observers.default_per_channel_weight_observer if by_channel else _observers.default_weight_observer,
    )


@_entry
def get_default_qat_qconfig(backend: str = "x86", version: int | None = 1) -> QConfig:
    """The layers that round for a model that is trained, by the library that is to run it; version 0 has those in several steps.

    Raises AssertionError for another backend or version.
    """
    _require_backend(backend)
    if version not in (0, 1):
        raise AssertionError(
            f"Version number: {version}in get_default_qat_qconfig is not supported. Version number must be 0 or 1"
        )
    options: dict[str, Any] = {"observer": _observers.MovingAverageMinMaxObserver, "quant_min": 0, "quant_max": 255}
    if backend != "onednn":
        options["reduce_range"] = backend != "qnnpack"
    if version == 0:
        kind, weights = _fake.FakeQuantize, _fake.default_per_channel_weight_fake_quant
        one_scale = _fake.default_weight_fake_quant
    else:
        kind, weights = _fake.FusedMovingAvgObsFakeQuantize, _fake.default_fused_per_channel_wt_fake_quant
        one_scale = _fake.default_fused_wt_fake_quant
    return QConfig(kind.with_args(**options), one_scale if backend == "qnnpack" else weights)
