"""PyTorch's `torch.ao.quantization.quantize`: `quantize_dynamic`, and what `preparing.py` and `converting.py` have.

It replaces linear and recurrent layers of a trained model by such with quantised weights. Rests on `ao/nn`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from autogradkit import nn
from autogradkit.ao.nn.quantized.dynamic.modules.linear import Linear
from autogradkit.ao.nn.quantized.dynamic.modules.rnn import GRU, LSTM
from autogradkit.core import dtype as dtypes
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.quantization.converting import convert as convert
from autogradkit.quantization.converting import swap_module as swap_module
from autogradkit.quantization.preparing import add_quant_dequant as add_quant_dequant
from autogradkit.quantization.preparing import prepare as prepare
from autogradkit.quantization.preparing import prepare_qat as prepare_qat
from autogradkit.quantization.preparing import propagate_qconfig_ as propagate_qconfig_
from autogradkit.quantization.preparing import quantize as quantize
from autogradkit.quantization.preparing import quantize_qat as quantize_qat

__getattr__ = _absent_from("quantization.quantize")
_LAYERS: dict[Any, Any] = {nn.Linear: Linear, nn.LSTM: LSTM, nn.GRU: GRU}
_REFUSED = (nn.LSTMCell, nn.RNNCell, nn.GRUCell, nn.EmbeddingBag, nn.Embedding)
_USUAL = frozenset((nn.Linear, nn.LSTM, nn.GRU, nn.LSTMCell, nn.RNNCell, nn.GRUCell))


@_entry
def quantize_dynamic(
    model: nn.Module,
    qconfig_spec: Iterable[Any] | None = None,
    dtype: dtypes.dtype = dtypes.qint8,
    mapping: Any = None,
    inplace: bool = False,
) -> nn.Module:
    """A copy of a model, or with `inplace` itself, with the weights of its linear layers, LSTM and GRU in 8 bits, or in float16.

    `qconfig_spec` is a set of the classes, or of the names, of the layers that are meant; by default the linear and the recurrent
    ones are. `dtype` is `torch.qint8` or `torch.float16`. Raises ValueError for another, NotImplementedError for a model with
    recurrent cells or embeddings among those meant, for a `mapping`, and for a spec that says how each is quantised.

    >>> import autogradkit as torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU())
    >>> torch.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
    Sequential(
      (0): DynamicQuantizedLinear(in_features=4, out_features=3, dtype=torch.qint8, qscheme=torch.per_tensor_affine)
      (1): ReLU()
    )
    """
    if mapping is not None or isinstance(qconfig_spec, dict):
        raise NotImplementedError("autogradkit quantises layers in one way: qconfig_spec is a set of classes or names")
    if dtype not in (dtypes.qint8, dtypes.float16):
        raise ValueError(f"Don't know how to quantize with default settings for {dtype}. Provide full qconfig please")
    wanted = _USUAL if qconfig_spec is None else frozenset(qconfig_spec)
    whole = model if inplace else copy.deepcopy(model)
    whole.eval()
    return _replaced(whole, "", wanted, dtype)


def _replaced(module: Any, path: str, wanted: frozenset[Any], dtype: dtypes.dtype, meant: bool = False) -> Any:
    """The module, with the layers replaced that are meant: by their class, by their name, or by that of one around them."""
    meant = meant or type(module) in wanted or path in wanted
    if meant and type(module) in _LAYERS:
        return _LAYERS[type(module)].from_float(module, dtype)
    if meant and type(module) in _REFUSED:
        raise NotImplementedError(
            f"autogradkit quantises linear layers, LSTM and GRU, and '{path}' is of {type(module).__name__}: "
            "quantize_dynamic(model, {torch.nn.Linear}) leaves it as it is"
        )
    for name, child in module.named_children():
        inner = f"{path}.{name}" if path else name
        module._modules[name] = _replaced(child, inner, wanted, dtype, meant)
    return module
