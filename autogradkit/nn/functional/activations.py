"""Activations: what stands between layers, elementwise or along a dimension.

Rests on the declared ops of `_ops/network` and `_ops/pointwise`.
"""

from __future__ import annotations

import warnings

from autogradkit._ops.declare.kinds import type_name
from autogradkit._ops.network import activation
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor

__all__ = ["log_softmax", "relu", "sigmoid", "softmax", "tanh"]

_relu, _relu_ = activation.relu.owner.made("function"), activation.relu.owner.made("in_place")


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0), elementwise; `inplace` overwrites the input.

    >>> import autogradkit as torch
    >>> torch.nn.functional.relu(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    if not inplace:
        return _relu(input)
    if not isinstance(input, Tensor):
        raise TypeError(f"relu_(): argument 'input' (position 1) must be Tensor, not {type_name(input)}")
    return _relu_(input)


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


@entry
def _softmax_dim(name: str, ndim: int, stacklevel: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        UserWarning,
        stacklevel=stacklevel + 1,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None) -> Tensor:
    """eˣ / Σ eˣ along `dim`.

    >>> import autogradkit as torch
    >>> torch.nn.functional.softmax(torch.zeros(2), dim=0)
    tensor([0.5000, 0.5000])
    """
    chosen = _softmax_dim("softmax", input.dim(), _stacklevel) if dim is None else dim
    return input.softmax(chosen, dtype=dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None) -> Tensor:
    """log(softmax(x)) along `dim`, computed without overflow.

    >>> import autogradkit as torch
    >>> torch.nn.functional.log_softmax(torch.zeros(2), dim=0)
    tensor([-0.6931, -0.6931])
    """
    chosen = _softmax_dim("log_softmax", input.dim(), _stacklevel) if dim is None else dim
    return input.log_softmax(chosen, dtype=dtype)
