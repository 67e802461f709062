"""Activations: what stands between layers, elementwise.

Rests on the declared ops of `_ops/network` and `_ops/pointwise`. A name with an underscore is PyTorch's function that writes
into its argument.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.network import (
    activation,
    exponential_units,
    gated_units,
    hard_units,
    random_rectifiers,
    rectifiers,
)
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn.functional.editing import editing

__all__ = [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hardtanh_",
    "leaky_relu", "leaky_relu_", "logsigmoid", "mish", "prelu", "relu", "relu6", "relu_", "rrelu", "rrelu_", "selu", "selu_",
    "sigmoid", "silu", "softplus", "softshrink", "softsign", "tanh", "tanhshrink", "threshold", "threshold_",
]  # fmt: skip

# What PyTorch offers as it is.
gelu = gated_units.gelu.owner.front("function")
hardshrink = hard_units.hardshrink.owner.front("function")
logsigmoid = exponential_units.log_sigmoid.owner.front("function")
prelu = rectifiers.prelu.owner.front("function")
softplus = exponential_units.softplus.owner.front("function")
softshrink = hard_units.softshrink.owner.front("function")
celu_ = editing(exponential_units.celu)
elu_ = editing(exponential_units.elu)
hardtanh_ = editing(hard_units.hardtanh)
leaky_relu_ = editing(rectifiers.leaky_relu)
relu_ = editing(activation.relu)
rrelu_ = editing(random_rectifiers.rrelu)
selu_ = editing(exponential_units.selu)
threshold_ = editing(rectifiers.threshold)

_celu = exponential_units.celu.owner.front("function")
_elu = exponential_units.elu.owner.front("function")
_glu = gated_units.glu.owner.front("function")
_hardsigmoid, _hardsigmoid_ = hard_units.hardsigmoid.owner.front("function"), editing(hard_units.hardsigmoid)
_hardswish, _hardswish_ = hard_units.hardswish.owner.front("function"), editing(hard_units.hardswish)
_hardtanh = hard_units.hardtanh.owner.front("function")
_leaky_relu = rectifiers.leaky_relu.owner.front("function")
_mish, _mish_ = gated_units.mish.owner.front("function"), editing(gated_units.mish)
_relu = activation.relu.owner.front("function")
_relu6, _relu6_ = hard_units.relu6.owner.front("function"), editing(hard_units.relu6)
_rrelu = random_rectifiers.rrelu.owner.front("function")
_selu = exponential_units.selu.owner.front("function")
_silu, _silu_ = gated_units.silu.owner.front("function"), editing(gated_units.silu)
_threshold_op = rectifiers.threshold.owner.front("function")


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0), elementwise; `inplace` overwrites the input.

    >>> import autogradkit as torch
    >>> torch.nn.functional.relu(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return relu_(input) if inplace else _relu(input)


def tanh(input: Tensor) -> Tensor:
    """tanh x, elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.functional.tanh(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    return input.tanh()


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e⁻ˣ), elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.functional.sigmoid(torch.tensor([0.0]))
    tensor([0.5000])
    """
    return input.sigmoid()


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where it is above 0, `negative_slope` times it elsewhere; `inplace` overwrites the input.

    >>> import autogradkit as torch
    >>> torch.nn.functional.leaky_relu(torch.tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1000,  2.0000])
    """
    return leaky_relu_(input, negative_slope) if inplace else _leaky_relu(input, negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above 0, `alpha` · (eˣ − 1) below; `inplace` overwrites the input.

    >>> import autogradkit as torch
    >>> torch.nn.functional.elu(torch.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    return elu_(input, alpha) if inplace else _elu(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """elu with the numbers that keep mean and variance through many layers; `inplace` overwrites the input.

    >>> import autogradkit as torch
    >>> torch.nn.functional.selu(torch.tensor([-1.0, 1.0]))
    tensor([-1.1113,  1.0507])
    """
    return selu_(input) if inplace else _selu(input)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above 0, `alpha` · (exp(x / `alpha`) − 1) below; `inplace` overwrites the input.

    >>> import autogradkit as torch
    >>> torch.nn.functional.celu(torch.tensor([-1.0, 1.0]))
    tensor([-0.6321,  1.0000])
    """
    return celu_(input, alpha) if inplace else _celu(input, alpha)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0), no more than 6; `inplace` overwrites the input.

    >>> import autogradkit as torch
    >>> torch.nn.functional.relu6(torch.tensor([-1.0, 2.0, 9.0]))
    tensor([0., 2., 6.])
    """
    return _relu6_(input) if inplace else _relu6(input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x / (1 + e⁻ˣ); `inplace` overwrites the input.

    >>> import autogradkit as torch
    >>> torch.nn.functional.silu(torch.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    return _silu_(input) if inplace else _silu(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x · tanh(log(1 + eˣ)); `inplace` overwrites the input.

    >>> import autogradkit as torch
    >>> torch.nn.functional.mish(torch.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """
    return _mish_(input) if inplace else _mish(input)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """(x + 3) / 6, no less than 0 and no more than 1; `inplace` overwrites the input.

    >>> import autogradkit as torch
    >>> torch.nn.functional.hardsigmoid(torch.tensor([-1.0, 2.0]))
    tensor([0.3333, 0.8333])
    """
    return _hardsigmoid_(input) if inplace else _hardsigmoid(input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x · hardsigmoid(x); `inplace` overwrites the input.

    >>> import autogradkit as torch
    >>> torch.nn.functional.hardswish(torch.tensor([-1.0, 2.0]))
    tensor([-0.3333,  1.6667])
    """
    return _hardswish_(input) if inplace else _hardswish(input)


@entry
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x, no less than `min_val` and no more than `max_val`; `inplace` overwrites the input.

    Raises ValueError for a `min_val` above `max_val`.

    >>> import autogradkit as torch
    >>> torch.nn.functional.hardtanh(torch.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return hardtanh_(input, min_val, max_val) if inplace else _hardtanh(input, min_val, max_val)


def _threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where it is above `threshold`, `value` elsewhere; `inplace` overwrites the input.

    >>> import autogradkit as torch
    >>> torch.nn.functional.threshold(torch.tensor([0.5, 2.0]), 1.0, -1.0)
    tensor([-1.,  2.])
    """
    return threshold_(input, threshold, value) if inplace else _threshold_op(input, threshold, value)


threshold = _threshold


def rrelu(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """x where it is above 0; elsewhere a slope times it, drawn between the bounds in training, else their mean.

    Raises RuntimeError for bounds that are not finite, or not in order.

    >>> import autogradkit as torch
    >>> torch.nn.functional.rrelu(torch.tensor([-1.0, 2.0]), 0.25, 0.75)
    tensor([-0.5000,  2.0000])
    """
    return rrelu_(input, lower, upper, training) if inplace else _rrelu(input, lower, upper, training)


@entry
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along `dim` times the sigmoid of the second. Raises RuntimeError for a size that is not even.

    >>> import autogradkit as torch
    >>> torch.nn.functional.glu(torch.tensor([3.0, 0.0]))
    tensor([1.5000])
    """
    if input.dim() == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    return _glu(input, dim)


def tanhshrink(input: Tensor) -> Tensor:
    """x − tanh x, elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.functional.tanhshrink(torch.tensor([0.0, 2.0]))
    tensor([0.0000, 1.0360])
    """
    return input - input.tanh()


def softsign(input: Any) -> Tensor:
    """x / (1 + |x|), elementwise.

    >>> import autogradkit as torch
    >>> torch.nn.functional.softsign(torch.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """
    return input / (input.abs() + 1)
