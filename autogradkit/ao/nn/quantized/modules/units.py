"""Quantised layers without weights of 8 bits: from and to quantised tensors, activations, norms. Rests on quantization."""

from __future__ import annotations

from typing import Any

from autogradkit import nn
from autogradkit._ops.making.data import tensor
from autogradkit.core import dtype as dtypes
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.nn.modules.batchnorm import _BatchNorm
from autogradkit.nn.modules.module import Module as _Module
from autogradkit.quantization import arithmetic
from autogradkit.quantization.tensor import quantize_per_tensor

__getattr__ = _absent_from("ao.nn.quantized")


def _seen_by(mod: Any) -> tuple[float, int]:
    scale, zero_point = mod.activation_post_process.calculate_qparams()
    return float(scale), int(zero_point)


class Quantize(_Module):
    """Quantises tensors, with one scale for all.

    >>> import autogradkit as torch
    >>> torch.ao.nn.quantized.Quantize(0.5, 2, torch.quint8)(torch.tensor([1.0])).int_repr()
    tensor([4], dtype=torch.uint8)
    """

    scale: Tensor
    zero_point: Tensor

    def __init__(
        self, scale: float, zero_point: int, dtype: dtypes.dtype, factory_kwargs: dict[str, Any] | None = None
    ) -> None:
        super().__init__()
        self.register_buffer("scale", tensor([scale], **(factory_kwargs or {})))
        self.register_buffer("zero_point", tensor([zero_point], dtype=dtypes.int64))
        self.dtype = dtype

    @staticmethod
    def from_float(mod: Any, use_precomputed_fake_quant: bool = False) -> Quantize:
        """The layer of a QuantStub that has seen numbers. Raises AssertionError for one that is not prepared."""
        if not hasattr(mod, "activation_post_process"):
            raise AssertionError(f"Module {type(mod).__name__} must have activation_post_process attribute")
        return Quantize(*_seen_by(mod), mod.activation_post_process.dtype)

    def forward(self, X: Tensor) -> Any:  # noqa: N803 - PyTorch's name
        """The tensor, quantised."""
        return quantize_per_tensor(X, float(self.scale), int(self.zero_point), self.dtype)

    def extra_repr(self) -> str:
        """The scale, the zero point and the dtype."""
        return f"scale={self.scale}, zero_point={self.zero_point}, dtype={self.dtype}"


class DeQuantize(_Module):
    """The real numbers of quantised tensors."""

    @staticmethod
    def from_float(mod: Any, use_precomputed_fake_quant: bool = False) -> DeQuantize:
        """The layer of a DeQuantStub."""
        return DeQuantize()

    def forward(self, Xq: Any) -> Tensor:  # noqa: N803 - PyTorch's name
        """The real numbers."""
        return Xq.dequantize()


class ReLU6(nn.ReLU):
    """`torch.nn.ReLU6` of quantised tensors."""

    @staticmethod
    def from_float(mod: Any, use_precomputed_fake_quant: bool = False) -> ReLU6:
        """The layer of a `torch.nn.ReLU6`."""
        return ReLU6(mod.inplace)

    def forward(self, input: Any) -> Any:
        """What lies between 0 and 6."""
        return F.relu6(input, self.inplace)

    def _get_name(self) -> str:
        return "QuantizedReLU6"


class Dropout(nn.Dropout):
    """`torch.nn.Dropout` of quantised tensors, which passes them on."""

    @classmethod
    def from_float(cls, mod: Any, use_precomputed_fake_quant: bool = False) -> Dropout:
        """The layer of a `torch.nn.Dropout`."""
        return cls(mod.p, mod.inplace)

    def forward(self, input: Any) -> Any:
        """The same tensor."""
        return input

    def _get_name(self) -> str:
        return "QuantizedDropout"


class Hardswish(nn.Hardswish):
    """`torch.nn.Hardswish` of quantised tensors, whose results have a scale of their own."""

    scale: Tensor
    zero_point: Tensor

    def __init__(self, scale: float, zero_point: int) -> None:
        super().__init__()
        self.register_buffer("scale", tensor(scale))
        self.register_buffer("zero_point", tensor(zero_point))

    @staticmethod
    def from_float(mod: Any, use_precomputed_fake_quant: bool = False) -> Hardswish:
        """The layer of one that has seen numbers."""
        return Hardswish(*_seen_by(mod))

    def forward(self, input: Any) -> Any:
        """x · relu6(x + 3) / 6."""
        return arithmetic.applied(F.hardswish, input, float(self.scale), int(self.zero_point), "hardswish")

    def _get_name(self) -> str:
        return "QuantizedHardswish"


class LeakyReLU(nn.LeakyReLU):
    """`torch.nn.LeakyReLU` of quantised tensors, whose results have a scale of their own."""

    scale: Tensor
    zero_point: Tensor

    def __init__(self, scale: float, zero_point: int, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__(negative_slope, inplace)
        self.register_buffer("scale", tensor(scale))
        self.register_buffer("zero_point", tensor(zero_point))

    @classmethod
    def from_float(cls, mod: Any, use_precomputed_fake_quant: bool = False) -> LeakyReLU:
        """The layer of one that has seen numbers."""
        return cls(*_seen_by(mod), mod.negative_slope, mod.inplace)

    def forward(self, input: Any) -> Any:
        """x where it is positive, else x times the slope."""
        function = lambda real: F.leaky_relu(real, self.negative_slope)  # noqa: E731
        return arithmetic.applied(function, input, float(self.scale), int(self.zero_point), "leaky_relu")

    def _get_name(self) -> str:
        return "QuantizedLeakyReLU"


class ELU(nn.ELU):
    """`torch.nn.ELU` of quantised tensors, whose results have a scale of their own."""

    def __init__(self, scale: float, zero_point: int, alpha: float = 1.0) -> None:
        super().__init__(alpha)
        self.scale, self.zero_point = scale, zero_point

    @staticmethod
    def from_float(mod: Any, use_precomputed_fake_quant: bool = False) -> ELU:
        """The layer of one that has seen numbers."""
        return ELU(*_seen_by(mod), mod.alpha)

    def forward(self, input: Any) -> Any:
        """x where it is positive, else alpha · (eˣ - 1)."""
        function = lambda real: F.elu(real, self.alpha)  # noqa: E731
        return arithmetic.applied(function, input, self.scale, self.zero_point, "elu")

    def _get_name(self) -> str:
        return "QuantizedELU"


class _Norm(_BatchNorm):
    """The base of norms: batch norms in evaluation, and the scale of the results."""

    _relu = False

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        self.register_buffer("scale", tensor(1.0))
        self.register_buffer("zero_point", tensor(0))

    def forward(self, input: Any) -> Any:
        """The norm by the running statistics."""
        return arithmetic.normed(self, input, self._relu)

    def _get_name(self) -> str:
        return f"Quantized{type(self).__name__}"

    @classmethod
    def from_float(cls, mod: Any, use_precomputed_fake_quant: bool = False) -> Any:
        """The layer of one that has seen numbers."""
        first = mod[0] if isinstance(mod, nn.Sequential) else mod
        made = cls(first.num_features, first.eps)
        made.weight, made.bias = first.weight, first.bias
        made.running_mean, made.running_var = first.running_mean, first.running_var
        scale, zero_point = _seen_by(mod)
        made.scale, made.zero_point = tensor(scale), tensor(zero_point)
        return made


class BatchNorm2d(_Norm):
    """`torch.nn.BatchNorm2d` of quantised tensors, in evaluation; its results have a scale of their own."""


class BatchNorm3d(_Norm):
    """`torch.nn.BatchNorm3d` of quantised tensors, in evaluation; its results have a scale of their own."""


class BNReLU2d(BatchNorm2d):
    """A quantised norm of images with the ReLU behind it."""

    _relu = True


class BNReLU3d(BatchNorm3d):
    """A quantised norm of volumes with the ReLU behind it."""

    _relu = True


class LayerNorm(nn.LayerNorm):
    """`torch.nn.LayerNorm` of quantised tensors, whose results have a scale of their own."""

    scale: Tensor
    zero_point: Tensor

    def __init__(
        self, normalized_shape: Any, weight: Any, bias: Any, scale: float, zero_point: int, eps: float = 1e-5,
        elementwise_affine: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(normalized_shape, eps, elementwise_affine)
        self.weight, self.bias = weight, bias
        self.register_buffer("scale", tensor(scale))
        self.register_buffer("zero_point", tensor(zero_point))

    @classmethod
    def from_float(cls, mod: Any, use_precomputed_fake_quant: bool = False) -> LayerNorm:
        """The layer of one that has seen numbers."""
        return cls(mod.normalized_shape, mod.weight, mod.bias, *_seen_by(mod), mod.eps, mod.elementwise_affine)

    def forward(self, input: Any) -> Any:
        """The norm of the last dimensions."""
        return arithmetic.requantized(super().forward, input, float(self.scale), int(self.zero_point), "layer_norm")

    def _get_name(self) -> str:
        return "QuantizedLayerNorm"
