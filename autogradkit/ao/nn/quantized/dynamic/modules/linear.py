"""Layers whose weights are quantised, and whose inputs are, anew each time they are called: PyTorch's `ao.nn.quantized.dynamic`.

y = (whole(x) - zero) · whole(w)ᵀ · scale(x) · scale(w) + b, of which the product is of whole numbers. What x is quantised with is
of its own range. Rests on nn and `quantization/tensor.py`; `quantization/quantize.py` puts them
in other layers' places.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.making.data import tensor
from autogradkit.ao.nn.quantized.modules import linear as quantized
from autogradkit.backends.quantized import in_seven_bits
from autogradkit.core import dtype as dtypes
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.nn.modules.linear import Linear as _Linear
from autogradkit.nn.modules.module import Module as _Module
from autogradkit.quantization.observer import default_weight_observer
from autogradkit.quantization.tensor import quantize_per_tensor, quantize_per_tensor_dynamic

__getattr__ = _absent_from("ao.nn.quantized.dynamic.modules.linear")


def packed_weight(weight: Tensor, dtype: dtypes.dtype) -> Any:
    """A weight quantised by its own range, or rounded to float16."""
    weight = weight.detach()
    if dtype is not dtypes.qint8:
        return weight.half().float()
    observer = default_weight_observer()
    observer(weight)
    scale, zero_point = observer.calculate_qparams()
    return quantize_per_tensor(weight.float(), float(scale), int(zero_point), dtype)


def mapped(x: Tensor, weight: Any, bias: Tensor | None, dtype: dtypes.dtype) -> Tensor:
    """The linear map of `x` by such a weight, outside the graph."""
    if dtype is dtypes.float16:
        real = F.linear(x.detach(), weight)
        return real if bias is None else real + bias
    given = quantize_per_tensor_dynamic(x.detach(), dtypes.quint8, in_seven_bits())
    whole = given.int_repr().numpy().astype(np.float64) - given.q_zero_point()
    product = whole @ weight.int_repr().numpy().astype(np.float64).T  # whole numbers, which float64 holds
    real = product.astype(np.float32) * (np.float32(given.q_scale()) * np.float32(weight.q_scale()))
    return tensor(real if bias is None else real + bias.detach().numpy())


class Linear(quantized.Linear):
    """A linear layer for inference whose weight is of 8 bits, or of float16. Its input and its output are float32.

    `from_float` makes one of a trained layer.

    >>> import autogradkit as torch
    >>> layer = torch.ao.nn.quantized.dynamic.Linear.from_float(torch.nn.Linear(3, 2))
    >>> layer
    DynamicQuantizedLinear(in_features=3, out_features=2, dtype=torch.qint8, qscheme=torch.per_tensor_affine)
    >>> layer(torch.ones(1, 3)).shape
    torch.Size([1, 2])
    """

    _version = 4

    @_entry
    def __init__(
        self, in_features: int, out_features: int, bias_: bool = True, dtype: dtypes.dtype = dtypes.qint8
    ) -> None:
        _Module.__init__(self)
        if dtype not in (dtypes.qint8, dtypes.float16):
            raise RuntimeError("Unsupported dtype specified for dynamic quantized Linear!")
        self._take_layer(_Linear(in_features, out_features, bias_), dtype)

    def _take_layer(self, layer: Any, dtype: dtypes.dtype) -> None:
        weight = packed_weight(layer.weight, dtype)
        self._take(layer.in_features, layer.out_features, weight, layer.bias, dtype)

    @classmethod
    def from_float(cls, mod: Any, dtype: dtypes.dtype = dtypes.qint8) -> Linear:
        """The layer of a `torch.nn.Linear`. Raises AssertionError for another."""
        if type(mod) is not _Linear:
            raise AssertionError(f"nn.quantized.dynamic.Linear.from_float only works for [{_Linear.__name__!r}]")
        made = cls.__new__(cls)
        _Module.__init__(made)
        made._take_layer(mod, dtype)
        made.training = mod.training
        return made

    def forward(self, x: Tensor) -> Tensor:
        """The linear map of `x`, of shape (…, in_features); of shape (…, out_features), outside the graph."""
        return mapped(x, *self._packed_params._packed_params, self._packed_params.dtype)

    def _get_name(self) -> str:
        return "DynamicQuantizedLinear"

    def extra_repr(self) -> str:
        """The sizes and how the weight is kept."""
        kind = self._packed_params.dtype
        said = f"in_features={self.in_features}, out_features={self.out_features}, dtype={kind}"
        return said if kind is dtypes.float16 else f"{said}, qscheme={self.weight().qscheme()}"
