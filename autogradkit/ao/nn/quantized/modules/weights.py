"""How a trained layer's weight becomes quantised, and what observers a prepared layer has. Rests on quantization."""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit.core import dtype as dtypes
from autogradkit.core import schemes
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.container import Sequential
from autogradkit.quantization.tensor import quantize_per_channel, quantize_per_tensor


def quantized_weight(weight: Tensor, observer: Any) -> Any:
    """A weight quantised as its observer, or the layer that rounded it, says. Raises AssertionError but for 8 bits."""
    if observer.dtype is not dtypes.qint8:
        raise AssertionError(f"Weight observer must have a dtype of qint8, got {observer.dtype}")
    scale, zero_point = observer.calculate_qparams()
    given = weight.detach().float()
    if observer.qscheme in (schemes.per_tensor_affine, schemes.per_tensor_symmetric):
        made = quantize_per_tensor(given, float(scale), int(zero_point), dtypes.qint8)
    else:
        made = quantize_per_channel(given, scale.double(), zero_point.long(), observer.ch_axis, dtypes.qint8)
    seen = getattr(observer, "activation_post_process", observer)
    np.clip(made._array, seen.quant_min, seen.quant_max, out=made._array)
    return made


def layer_of(mod: Any) -> Any:
    """The layer with the weight: of several in one the first, but for those that round it, which are that layer themselves."""
    return mod[0] if isinstance(mod, Sequential) and not hasattr(mod, "weight_fake_quant") else mod


def observers_of(layer: Any, first: Any) -> tuple[Any, Any]:
    """The observer of a layer's results, or None, and that of its weight, which has seen it; `first` has the weight."""
    trained = hasattr(layer, "weight_fake_quant")
    if not trained and not hasattr(layer, "qconfig"):
        raise AssertionError("Input float module must have qconfig defined.")
    of_weight = layer.weight_fake_quant if trained else first.qconfig.weight()
    of_weight(first.weight)
    return getattr(layer, "activation_post_process", None), of_weight
