"""Quantised convolutions, plain and transposed, also with the ReLU behind them. Rests on nn and quantization."""

from __future__ import annotations

from typing import Any

from autogradkit import nn
from autogradkit._ops.making.data import tensor
from autogradkit._ops.making.filled import zeros
from autogradkit.ao.nn.quantized.modules.weights import layer_of, observers_of, quantized_weight
from autogradkit.core import dtype as dtypes
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.nn.modules.module import Module as _Module
from autogradkit.nn.utils.fusion import fuse_conv_bn_weights
from autogradkit.nn.utils.init import skip_init
from autogradkit.quantization import arithmetic
from autogradkit.quantization.tensor import quantize_per_tensor

__getattr__ = _absent_from("ao.nn.quantized")
_SAME = (
    "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "transposed", "output_padding", "groups",
    "padding_mode",
)  # fmt: skip
_PADDINGS = ("zeros", "reflect")


class _Conv(_Module):
    """The base of these: the arguments of the layer of nn, and a weight of 8 bits. Its results have a scale of their own.

    Raises ValueError for sizes that the layer of nn refuses, and for padding modes but "zeros" and "reflect".
    """

    _plain: Any = None
    _relu = False
    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    transposed: bool
    output_padding: tuple[int, ...]
    groups: int
    padding_mode: str

    @_entry
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()
        layer = skip_init(self._plain, *args, **options)
        bias = None if layer.bias is None else zeros((layer.out_channels,))
        self._take(layer, quantize_per_tensor(zeros(layer.weight.shape), 1.0, 0, dtypes.qint8), bias)

    def _take(self, layer: Any, weight: Any, bias: Tensor | None) -> None:
        if layer.padding_mode not in _PADDINGS:
            raise ValueError(f"'padding_mode' {layer.padding_mode} is not supported by quantized convolution")
        for name in _SAME:
            setattr(self, name, getattr(layer, name))
        self._packed_params = (weight, bias)
        self.scale, self.zero_point = 1.0, 0

    @classmethod
    def from_float(cls, mod: Any, use_precomputed_fake_quant: bool = False) -> Any:
        """The layer of one that was prepared and has seen numbers, or was trained so. Raises AssertionError for another."""
        first = layer_of(mod)
        if not isinstance(first, cls._plain):
            raise AssertionError(
                f"nnq.{cls.__name__}.from_float only works for {cls._plain.__name__} but got: {type(mod).__name__}"
            )
        if hasattr(mod, "weight_fake_quant") and hasattr(mod, "bn"):
            norm = mod.bn
            mod.weight, mod.bias = fuse_conv_bn_weights(
                mod.weight, mod.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
            )
        of_results, of_weight = observers_of(mod, first)
        made = cls.__new__(cls)
        _Module.__init__(made)
        made._take(first, quantized_weight(first.weight, of_weight), first.bias)
        if of_results is not None and of_results.dtype is not dtypes.float32:
            scale, zero_point = of_results.calculate_qparams()
            made.scale, made.zero_point = float(scale), int(zero_point)
        return made

    def weight(self) -> Any:
        """The weight, quantised."""
        return self._packed_params[0]

    def bias(self) -> Tensor | None:
        """The bias, as float32."""
        return self._packed_params[1]

    def set_weight_bias(self, w: Any, b: Tensor | None) -> None:
        """Take another weight, quantised, and another bias."""
        self._packed_params = (w, b)

    @_entry
    def forward(self, input: Any) -> Any:
        """The convolution of a quantised tensor, (N, in_channels, …). Raises ValueError for other dimensions."""
        dims = len(self.kernel_size)
        if input.ndim != dims + 2:
            shape = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}[dims]
            raise ValueError(f"Input shape must be `{shape}`!")
        options: dict[str, Any] = {
            "stride": self.stride, "padding": self.padding, "dilation": self.dilation, "groups": self.groups,
        }  # fmt: skip
        if self.transposed:
            options["output_padding"] = self.output_padding
        if self.padding_mode != "zeros":
            around = [each for each in reversed(self.padding) for _ in range(2)]
            input, options["padding"] = F.pad(input, around, mode=self.padding_mode), 0
        return arithmetic.convolved(
            input, *self._packed_params, options, self.scale, self.zero_point, self._relu, self.transposed
        )

    def _get_name(self) -> str:
        return f"Quantized{type(self).__name__}"

    def extra_repr(self) -> str:
        """The arguments that are not the usual ones, and by what whole numbers stand for numbers."""
        dims = len(self.kernel_size)
        said = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"scale={self.scale}, zero_point={self.zero_point}"
        )
        for name, usual in (("padding", 0), ("dilation", 1), ("output_padding", 0)):
            if getattr(self, name) != (usual,) * dims:
                said += f", {name}={getattr(self, name)}"
        if self.groups != 1:
            said += f", groups={self.groups}"
        return said if self.bias() is not None else f"{said}, bias=False"

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "weight"], destination[prefix + "bias"] = self._packed_params
        destination[prefix + "scale"] = tensor(self.scale)
        destination[prefix + "zero_point"] = tensor(self.zero_point)

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: bool, *more: Any
    ) -> None:
        self._packed_params = (state_dict.pop(prefix + "weight"), state_dict.pop(prefix + "bias"))
        self.scale = float(state_dict.pop(prefix + "scale"))
        self.zero_point = int(state_dict.pop(prefix + "zero_point"))
        super()._load_from_state_dict(state_dict, prefix, local_metadata, False, *more)


class Conv1d(_Conv):
    """`torch.nn.Conv1d` of quantised tensors."""

    _plain = nn.Conv1d


class Conv2d(_Conv):
    """`torch.nn.Conv2d` of quantised tensors.

    >>> import autogradkit as torch
    >>> torch.ao.nn.quantized.Conv2d(1, 2, 3)
    QuantizedConv2d(1, 2, kernel_size=(3, 3), stride=(1, 1), scale=1.0, zero_point=0)
    """

    _plain = nn.Conv2d


class Conv3d(_Conv):
    """`torch.nn.Conv3d` of quantised tensors."""

    _plain = nn.Conv3d


class ConvTranspose1d(_Conv):
    """`torch.nn.ConvTranspose1d` of quantised tensors."""

    _plain = nn.ConvTranspose1d


class ConvTranspose2d(_Conv):
    """`torch.nn.ConvTranspose2d` of quantised tensors."""

    _plain = nn.ConvTranspose2d


class ConvTranspose3d(_Conv):
    """`torch.nn.ConvTranspose3d` of quantised tensors."""

    _plain = nn.ConvTranspose3d


class ConvReLU1d(Conv1d):
    """A quantised convolution of sequences with the ReLU behind it."""

    _relu = True


class ConvReLU2d(Conv2d):
    """A quantised convolution of images with the ReLU behind it."""

    _relu = True


class ConvReLU3d(Conv3d):
    """A quantised convolution of volumes with the ReLU behind it."""

    _relu = True
