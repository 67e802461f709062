"""Layers that round their weights as if they were quantised, for training that foresees it: alone, with a norm, with a ReLU.

The norm is folded into the weight before that is rounded, by its running deviation, and taken out of the result again, which then
goes through the norm itself: so weights are rounded as they will be, and the norm goes on learning (Krishnamoorthi, "Quantizing
deep convolutional networks for efficient inference", 2018, section 3.2.2). Rests on nn; `qconfig.weight` rounds.
"""

from __future__ import annotations

import math
from typing import Any

from autogradkit import nn
from autogradkit._ops.making.filled import empty, zeros
from autogradkit.ao.nn.intrinsic import fused as nni
from autogradkit.core.frames import entry as _entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.nn import init

_CONV = (
    "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "padding_mode",
)  # fmt: skip


def _require_qconfig(qconfig: Any) -> Any:
    if not qconfig:
        raise AssertionError("qconfig must be provided for QAT module")
    return qconfig


class _Rounding:
    """What these layers share: of which layer they are made, and the ReLU at the end."""

    _made_of: Any
    _relu = False

    @classmethod
    def _layers(cls, mod: Any) -> tuple[Any, ...]:
        """The layers of a module that is to be trained so. Raises AssertionError for another, and for one without qconfig."""
        if type(mod) is not cls._made_of:
            raise AssertionError(
                f"qat.{cls.__name__}.from_float only works for {cls._made_of.__name__}, got {type(mod).__name__}"
            )
        if not hasattr(mod, "qconfig"):
            raise AssertionError("Input float module must have qconfig defined")
        if not mod.qconfig:
            raise AssertionError("Input float module must have a valid qconfig")
        return tuple(mod) if isinstance(mod, nn.Sequential) else (mod,)

    def _ended(self, result: Tensor) -> Tensor:
        return F.relu(result) if self._relu else result


class Linear(_Rounding, nn.Linear):
    """A linear layer that rounds its weight. Raises AssertionError without `qconfig`."""

    _made_of = nn.Linear

    @_entry
    def __init__(self, in_features: int, out_features: int, bias: bool = True, qconfig: Any = None) -> None:
        super().__init__(in_features, out_features, bias)
        self.qconfig = _require_qconfig(qconfig)
        self.weight_fake_quant = qconfig.weight()

    @classmethod
    def from_float(cls, mod: Any, use_precomputed_fake_quant: bool = False) -> Any:
        """The layer of a linear one, alone or with a ReLU, with the same parameters."""
        layer = cls._layers(mod)[0]
        made = cls(layer.in_features, layer.out_features, layer.bias is not None, qconfig=mod.qconfig)
        made.weight, made.bias = layer.weight, layer.bias
        return made

    def forward(self, input: Tensor) -> Tensor:
        """The linear map by the rounded weight."""
        return self._ended(F.linear(input, self.weight_fake_quant(self.weight), self.bias))


class LinearReLU(Linear, nni.FusedModule):
    """A linear layer that rounds its weight, with the ReLU behind it."""

    _made_of = nni.LinearReLU
    _relu = True


class _Conv(_Rounding):
    """The base of convolutions that round their weight. Raises AssertionError without `qconfig`."""

    weight: Any
    bias: Any

    @_entry
    def __init__(self, *args: Any, qconfig: Any = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.qconfig = _require_qconfig(qconfig)
        self.weight_fake_quant = qconfig.weight()

    @classmethod
    def from_float(cls, mod: Any, use_precomputed_fake_quant: bool = False) -> Any:
        """The layer of a convolution, alone or with a ReLU, with the same parameters."""
        layer = cls._layers(mod)[0]
        made = cls(**{name: getattr(layer, name) for name in _CONV}, bias=layer.bias is not None, qconfig=mod.qconfig)
        made.weight, made.bias = layer.weight, layer.bias
        return made

    def forward(self: Any, input: Tensor) -> Tensor:
        """The convolution by the rounded weight."""
        return self._ended(self._conv_forward(input, self.weight_fake_quant(self.weight), self.bias))


class Conv1d(_Conv, nn.Conv1d):
    """A convolution of sequences that rounds its weight."""

    _made_of = nn.Conv1d


class Conv2d(_Conv, nn.Conv2d):
    """A convolution of images that rounds its weight."""

    _made_of = nn.Conv2d


class Conv3d(_Conv, nn.Conv3d):
    """A convolution of volumes that rounds its weight."""

    _made_of = nn.Conv3d


class ConvReLU1d(Conv1d, nni.FusedModule):
    """A convolution of sequences that rounds its weight, with the ReLU behind it."""

    _made_of = nni.ConvReLU1d
    _relu = True


class ConvReLU2d(Conv2d, nni.FusedModule):
    """A convolution of images that rounds its weight, with the ReLU behind it."""

    _made_of = nni.ConvReLU2d
    _relu = True


class ConvReLU3d(Conv3d, nni.FusedModule):
    """A convolution of volumes that rounds its weight, with the ReLU behind it."""

    _made_of = nni.ConvReLU3d
    _relu = True


class _WithNorm(_Rounding, nni.FusedModule):
    """The base of layers with a norm that goes on learning, unless it is frozen, which evaluation does, too."""

    bn: Any
    bias: Any
    weight: Any
    weight_fake_quant: Any
    _norm: Any

    def _take_norm(self, features: int, eps: float, momentum: float, qconfig: Any, bias: bool) -> None:
        self.qconfig = _require_qconfig(qconfig)
        self.freeze_bn = not self.training
        self.bn = self._norm(features, eps, momentum, True, True)
        self.weight_fake_quant = qconfig.weight()
        self.bias = Parameter(empty((features,))) if bias else None
        self.reset_bn_parameters()
        self.update_bn_stats()

    def reset_running_stats(self) -> None:
        """Begin anew with the norm's running statistics."""
        self.bn.reset_running_stats()

    def reset_bn_parameters(self) -> None:
        """Begin anew with the norm: its weight is random, its bias 0."""
        self.bn.reset_running_stats()
        init.uniform_(self.bn.weight)
        init.zeros_(self.bn.bias)

    def update_bn_stats(self) -> Any:
        """Let the norm go on learning."""
        self.freeze_bn = False
        self.bn.training = True
        return self

    def freeze_bn_stats(self) -> Any:
        """Keep the norm's statistics as they are, also in training."""
        self.freeze_bn = True
        self.bn.training = False
        return self

    def train(self, mode: bool = True) -> Any:
        """Train, or with False evaluate; a frozen norm stays frozen."""
        self.training = mode
        if not self.freeze_bn:
            for layer in self.children():
                layer.train(mode)
        return self

    def forward(self, input: Tensor) -> Tensor:
        """The layer by the rounded weight, in which the norm is, and then the norm."""
        deviation = (self.bn.running_var + self.bn.eps).sqrt()
        factor = self.bn.weight / deviation
        weight = self.weight_fake_quant(self.weight * factor.reshape([-1, *[1] * (self.weight.ndim - 1)]))
        along = [1, -1, *[1] * (self.weight.ndim - 2)]
        result = self._mapped(input, weight, zeros((len(factor),))) / factor.reshape(along)
        if self.bias is not None:
            result = result + self.bias.reshape(along)
        return self._ended(self.bn(result))

    def _mapped(self, input: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        raise NotImplementedError

    def _take(self, layer: Any, norm: Any) -> Any:
        self.weight, self.bias = layer.weight, layer.bias
        for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            setattr(self.bn, name, getattr(norm, name))
        return self


class LinearBn1d(_WithNorm, nn.Linear):
    """A linear layer that rounds its weight, and the norm behind it. Raises AssertionError without `qconfig`."""

    _made_of = nni.LinearBn1d
    _norm = nn.BatchNorm1d

    @_entry
    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, eps: float = 1e-5, momentum: float = 0.1,
        qconfig: Any = None,
    ) -> None:  # fmt: skip
        nn.Linear.__init__(self, in_features, out_features, bias)
        self._take_norm(out_features, eps, momentum, qconfig, bias)

    @classmethod
    def from_float(cls, mod: Any, use_precomputed_fake_quant: bool = False) -> Any:
        """The layer of a linear one and its norm, with the same parameters and statistics."""
        layer, norm = cls._layers(mod)
        made = cls(
            layer.in_features, layer.out_features, layer.bias is not None, norm.eps, norm.momentum, qconfig=mod.qconfig
        )
        return made._take(layer, norm)

    def _mapped(self, input: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return F.linear(input, weight, bias)


class _ConvBn(_WithNorm):
    """The base of convolutions with a norm. Raises AssertionError without `qconfig`."""

    _conv: Any
    out_channels: int
    _conv_forward: Any

    @_entry
    def __init__(
        self,
        *args: Any,
        bias: bool = True,
        eps: float = 1e-5,
        momentum: float = 0.1,
        qconfig: Any = None,
        **options: Any,
    ) -> None:
        self._conv.__init__(self, *args, bias=False, **options)
        self._take_norm(self.out_channels, eps, momentum, qconfig, bias)

    @classmethod
    def from_float(cls, mod: Any, use_precomputed_fake_quant: bool = False) -> Any:
        """The layer of a convolution and its norm, with the same parameters and statistics."""
        layer, norm = cls._layers(mod)[:2]
        same = {name: getattr(layer, name) for name in _CONV}
        made = cls(**same, bias=layer.bias is not None, eps=norm.eps, momentum=norm.momentum, qconfig=mod.qconfig)
        return made._take(layer, norm)

    def reset_bn_parameters(self) -> None:
        """Begin anew with the norm, and with the convolution's bias."""
        super().reset_bn_parameters()
        if self.bias is not None:
            bound = 1 / math.sqrt(self.weight[0].numel())
            init.uniform_(self.bias, -bound, bound)

    def _mapped(self, input: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return self._conv_forward(input, weight, bias)


class ConvBn1d(_ConvBn, nn.Conv1d):
    """A convolution of sequences that rounds its weight, and the norm behind it."""

    _made_of, _conv, _norm = nni.ConvBn1d, nn.Conv1d, nn.BatchNorm1d


class ConvBn2d(_ConvBn, nn.Conv2d):
    """A convolution of images that rounds its weight, and the norm behind it."""

    _made_of, _conv, _norm = nni.ConvBn2d, nn.Conv2d, nn.BatchNorm2d


class ConvBn3d(_ConvBn, nn.Conv3d):
    """A convolution of volumes that rounds its weight, and the norm behind it."""

    _made_of, _conv, _norm = nni.ConvBn3d, nn.Conv3d, nn.BatchNorm3d


class ConvBnReLU1d(ConvBn1d):
    """A convolution of sequences that rounds its weight, the norm behind it, and the ReLU behind that."""

    _made_of, _relu = nni.ConvBnReLU1d, True


class ConvBnReLU2d(ConvBn2d):
    """A convolution of images that rounds its weight, the norm behind it, and the ReLU behind that."""

    _made_of, _relu = nni.ConvBnReLU2d, True


class ConvBnReLU3d(ConvBn3d):
    """A convolution of volumes that rounds its weight, the norm behind it, and the ReLU behind that."""

    _made_of, _relu = nni.ConvBnReLU3d, True
