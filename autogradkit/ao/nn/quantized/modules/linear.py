"""The quantised linear layer, and what it and the dynamic ones keep instead of parameters. Rests on nn and quantization."""

from __future__ import annotations

from typing import Any

from autogradkit._ops.making.data import tensor
from autogradkit._ops.making.filled import zeros
from autogradkit.ao.nn.quantized.modules.weights import layer_of, observers_of, quantized_weight
from autogradkit.core import dtype as dtypes
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.linear import Linear as _Linear
from autogradkit.nn.modules.module import Module as _Module
from autogradkit.nn.utils.fusion import fuse_linear_bn_weights
from autogradkit.quantization import arithmetic
from autogradkit.quantization.tensor import quantize_per_tensor

__getattr__ = _absent_from("ao.nn.quantized")


class LinearPackedParams(_Module):
    """The weight and the bias of a dynamic layer, which are no parameters: nothing trains them."""

    _version = 3

    def __init__(self, dtype: dtypes.dtype, weight: Any, bias: Tensor | None) -> None:
        super().__init__()
        self.dtype = dtype
        self._packed_params = (weight, bias)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "dtype"] = self.dtype
        destination[prefix + "_packed_params"] = self._packed_params

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: bool, missing_keys: list[str], *more: Any
    ) -> None:
        for name in ("dtype", "_packed_params"):
            if prefix + name in state_dict:
                setattr(self, name, state_dict.pop(prefix + name))
            else:
                missing_keys.append(prefix + name)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, False, missing_keys, *more)

    def extra_repr(self) -> str:
        """The weight and the bias."""
        return repr(self._packed_params)


class Linear(_Module):
    """A linear layer of quantised tensors: weights of 8 bits, results with a scale of their own. `from_float` makes one.

    >>> import autogradkit as torch
    >>> layer = torch.ao.nn.quantized.Linear(3, 2)
    >>> layer
    QuantizedLinear(in_features=3, out_features=2, scale=1.0, zero_point=0, qscheme=torch.per_tensor_affine)
    >>> layer(torch.quantize_per_tensor(torch.ones(1, 3), 0.1, 0, torch.quint8)).shape
    torch.Size([1, 2])
    """

    _version = 3
    _named = "QuantizedLinear"
    _relu = False

    @_entry
    def __init__(
        self, in_features: int, out_features: int, bias_: bool = True, dtype: dtypes.dtype = dtypes.qint8
    ) -> None:
        super().__init__()
        if dtype is not dtypes.qint8:
            raise RuntimeError("Unsupported dtype specified for quantized Linear!")
        weight = quantize_per_tensor(zeros((out_features, in_features)), 1.0, 0, dtype)
        self._take(in_features, out_features, weight, zeros((out_features,)) if bias_ else None)

    def _take(
        self, in_features: int, out_features: int, weight: Any, bias: Tensor | None, dtype: dtypes.dtype = dtypes.qint8
    ) -> None:
        self.in_features, self.out_features = in_features, out_features
        self._packed_params = LinearPackedParams(dtype, weight, bias)
        self.scale, self.zero_point = 1.0, 0

    @classmethod
    def from_float(cls, mod: Any, use_precomputed_fake_quant: bool = False) -> Linear:
        """The layer of one that was prepared and has seen numbers, or was trained so. Raises AssertionError for another."""
        first = layer_of(mod)
        if not isinstance(first, _Linear):
            raise AssertionError(f"nnq.{cls.__name__}.from_float only works for Linear, but got: {type(mod)}")
        of_results, of_weight = observers_of(mod, first)
        weight, bias = first.weight, first.bias
        if hasattr(mod, "bn"):
            norm = mod.bn
            weight, bias = fuse_linear_bn_weights(
                weight, bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
            )
            of_weight(weight)
        made = cls.__new__(cls)
        _Module.__init__(made)
        made._take(first.in_features, first.out_features, quantized_weight(weight, of_weight), bias)
        scale, zero_point = of_results.calculate_qparams()
        made.scale, made.zero_point = float(scale), int(zero_point)
        return made

    def weight(self) -> Any:
        """The weight, quantised."""
        return self._packed_params._packed_params[0]

    def bias(self) -> Tensor | None:
        """The bias, as float32."""
        return self._packed_params._packed_params[1]

    def set_weight_bias(self, w: Any, b: Tensor | None) -> None:
        """Take another weight, quantised, and another bias."""
        self._packed_params._packed_params = (w, b)

    def forward(self, x: Any) -> Any:
        """The linear map of a quantised tensor of shape (…, in_features). Raises NotImplementedError for another tensor."""
        return arithmetic.linear(x, self.weight(), self.bias(), self.scale, self.zero_point, self._relu)

    def _get_name(self) -> str:
        return self._named

    def __repr__(self) -> str:
        return f"{self._get_name()}({self.extra_repr()})"  # in one line: the packed weight is no layer to be shown

    def extra_repr(self) -> str:
        """The sizes, and by what whole numbers stand for numbers."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, scale={self.scale}, "
            f"zero_point={self.zero_point}, qscheme={self.weight().qscheme()}"
        )

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "scale"] = tensor(self.scale)
        destination[prefix + "zero_point"] = tensor(self.zero_point)

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: bool, missing_keys: list[str], *more: Any
    ) -> None:
        self.scale = float(state_dict.pop(prefix + "scale"))
        self.zero_point = int(state_dict.pop(prefix + "zero_point"))
        super()._load_from_state_dict(state_dict, prefix, local_metadata, False, missing_keys, *more)


class LinearReLU(Linear):
    """A quantised linear layer with the ReLU behind it."""

    _named = "QuantizedLinearReLU"
    _relu = True
