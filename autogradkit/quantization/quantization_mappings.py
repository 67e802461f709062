"""Which layers are exchanged for which: quantised after calibration, rounding for training. Rests on `ao/nn`.

PyTorch's `torch.ao.quantization.quantization_mappings`.
"""

from __future__ import annotations

from typing import Any

from autogradkit import nn
from autogradkit.ao.nn.intrinsic import fused as nni
from autogradkit.ao.nn.qat import rounding
from autogradkit.ao.nn.quantized.modules import conv, functional_modules, linear, units
from autogradkit.nn.modules.linear import NonDynamicallyQuantizableLinear
from autogradkit.quantization.fake_quantize import (
    default_fixed_qparams_range_0to1_fake_quant,
    default_fixed_qparams_range_neg1to1_fake_quant,
)
from autogradkit.quantization.stubs import DeQuantStub, QuantStub

__all__ = [
    "get_default_qat_module_mappings", "get_default_qconfig_propagation_list", "get_default_static_quant_module_mappings",
]  # fmt: skip

_STATIC: dict[Any, Any] = {
    QuantStub: units.Quantize,
    DeQuantStub: units.DeQuantize,
    nn.BatchNorm2d: units.BatchNorm2d,
    nn.BatchNorm3d: units.BatchNorm3d,
    nn.Dropout: units.Dropout,
    nn.Conv1d: conv.Conv1d,
    nn.Conv2d: conv.Conv2d,
    nn.Conv3d: conv.Conv3d,
    nn.ConvTranspose1d: conv.ConvTranspose1d,
    nn.ConvTranspose2d: conv.ConvTranspose2d,
    nn.ConvTranspose3d: conv.ConvTranspose3d,
    nn.ELU: units.ELU,
    nn.Hardswish: units.Hardswish,
    nn.LayerNorm: units.LayerNorm,
    nn.LeakyReLU: units.LeakyReLU,
    NonDynamicallyQuantizableLinear: linear.Linear,
    nn.Linear: linear.Linear,
    nn.ReLU6: units.ReLU6,
    functional_modules.FloatFunctional: functional_modules.QFunctional,
    nni.BNReLU2d: units.BNReLU2d,
    nni.BNReLU3d: units.BNReLU3d,
    nni.ConvReLU1d: conv.ConvReLU1d,
    nni.ConvReLU2d: conv.ConvReLU2d,
    nni.ConvReLU3d: conv.ConvReLU3d,
    nni.LinearReLU: linear.LinearReLU,
    rounding.ConvBn1d: conv.Conv1d,
    rounding.ConvBn2d: conv.Conv2d,
    rounding.ConvBn3d: conv.Conv3d,
    rounding.ConvBnReLU1d: conv.ConvReLU1d,
    rounding.ConvBnReLU2d: conv.ConvReLU2d,
    rounding.ConvBnReLU3d: conv.ConvReLU3d,
    rounding.ConvReLU2d: conv.ConvReLU2d,
    rounding.ConvReLU3d: conv.ConvReLU3d,
    rounding.LinearReLU: linear.LinearReLU,
    rounding.LinearBn1d: linear.Linear,
    rounding.Linear: linear.Linear,
    rounding.Conv2d: conv.Conv2d,
    rounding.Conv3d: conv.Conv3d,
}
_ROUNDING: dict[Any, Any] = {
    nn.Conv2d: rounding.Conv2d,
    nn.Conv3d: rounding.Conv3d,
    nn.Linear: rounding.Linear,
    NonDynamicallyQuantizableLinear: rounding.Linear,
    nni.ConvBn1d: rounding.ConvBn1d,
    nni.ConvBn2d: rounding.ConvBn2d,
    nni.ConvBn3d: rounding.ConvBn3d,
    nni.ConvBnReLU1d: rounding.ConvBnReLU1d,
    nni.ConvBnReLU2d: rounding.ConvBnReLU2d,
    nni.ConvBnReLU3d: rounding.ConvBnReLU3d,
    nni.ConvReLU2d: rounding.ConvReLU2d,
    nni.ConvReLU3d: rounding.ConvReLU3d,
    nni.LinearReLU: rounding.LinearReLU,
    nni.LinearBn1d: rounding.LinearBn1d,
}
# Observed as in PyTorch, which quantises them, and refused where they were to be.
NOT_HERE: frozenset[Any] = frozenset((
    nn.Embedding, nn.EmbeddingBag, nn.GroupNorm, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d, nn.PReLU,
))  # fmt: skip
_DYNAMIC = frozenset((nn.GRUCell, nn.LSTM, nn.GRU, nn.LSTMCell, nn.RNNCell))
# Layers whose results lie between known ends, in training.
KNOWN_ENDS: dict[Any, Any] = {
    nn.Hardsigmoid: default_fixed_qparams_range_0to1_fake_quant,
    nn.Sigmoid: default_fixed_qparams_range_0to1_fake_quant,
    nn.Softmax: default_fixed_qparams_range_0to1_fake_quant,
    nn.Tanh: default_fixed_qparams_range_neg1to1_fake_quant,
}


def get_default_static_quant_module_mappings() -> dict[Any, Any]:
    """By the class of a layer that was observed, or rounded in training, the quantised one."""
    return dict(_STATIC)


def get_default_qat_module_mappings() -> dict[Any, Any]:
    """By the class of a layer, the one that rounds its weight in training."""
    return dict(_ROUNDING)


def get_default_qconfig_propagation_list() -> set[Any]:
    """The classes of layers whose results are observed."""
    return {*_STATIC, *_ROUNDING, *NOT_HERE, *_DYNAMIC, nn.Sequential}
