"""What may be asked of quantised tensors (`quantization/tensor.py`): of a plain tensor each refuses, as PyTorch does.

Rests on declare. `dequantize` of a plain tensor is its elements as float32.
"""

from __future__ import annotations

from typing import Any, NoReturn

from autogradkit._ops.declare import function
from autogradkit._ops.declare.kinds import Array, Tensors
from autogradkit.core.tensor import Tensor


def _refusal(name: str) -> str:
    return f"Could not run 'aten::{name}' with arguments from the 'CPU' backend. It is for quantized tensors, which this is not."


def _refusing(name: str) -> Any:
    def _(self: Array) -> NoReturn:
        raise NotImplementedError(_refusal(name))

    _.__doc__ = f"""What a quantised tensor says of itself. Raises NotImplementedError for a plain one.

    >>> import autogradkit as torch
    >>> torch.ones(1).{name}()
    Traceback (most recent call last):
    NotImplementedError: Could not run 'aten::{name}' with arguments from the 'CPU' backend. It is for quantized tensors, which \
this is not.
    """
    return _


for _name in (
    "int_repr",
    "q_scale",
    "q_zero_point",
    "q_per_channel_scales",
    "q_per_channel_zero_points",
    "q_per_channel_axis",
):
    function(_name).overload(composition=True)(_refusing(_name))
function("qscheme", variants="method").overload(composition=True)(_refusing("qscheme"))


dequantize = function("dequantize")


@dequantize.overload(composition=True)
def _(self: Tensor) -> Any:
    """The elements as float32.

    >>> import autogradkit as torch
    >>> torch.tensor([1, 2]).dequantize()
    tensor([1., 2.])
    """
    return self.float()


@dequantize.overload(composition=True, variants="function")
def _(tensors: Tensors) -> NoReturn:
    raise NotImplementedError(_refusal("dequantize.tensors"))
