"""Dropouts: what is left out at random in training.

Rests on the declared ops of `_ops/network/dropout.py`.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.network import dropout as ops
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.nn.functional.editing import editing

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]

_dropout = ops.dropout.owner.front("function")
_feature_dropout = ops.feature_dropout.owner.front("function")
_alpha_dropout = ops.alpha_dropout.owner.front("function")
_feature_alpha_dropout = ops.feature_alpha_dropout.owner.front("function")
_feature_dropout_, _alpha_dropout_ = editing(ops.feature_dropout), editing(ops.alpha_dropout)
_feature_alpha_dropout_ = editing(ops.feature_alpha_dropout)


def _require_probability(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


@entry
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, zeroes each element with probability `p` and scales the rest by 1/(1 − p); else the input itself.

    Raises ValueError for a probability outside [0, 1].

    >>> import autogradkit as torch
    >>> torch.nn.functional.dropout(torch.ones(3), p=1.0)
    tensor([0., 0., 0.])
    """
    _require_probability(p)
    if not inplace:
        return _dropout(input, p, training)
    noise = ops.noise_of(input, p, training)
    return input if noise is None else input.mul_(noise)


def _by_channel(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    return (_feature_dropout_ if inplace else _feature_dropout)(input, p, training)


def _one_sample(input: Any, p: float, training: bool, inplace: bool) -> Any:
    """The dropout by channels of one sample without its batch dimension."""
    found = _by_channel(input.unsqueeze_(0) if inplace else input.unsqueeze(0), p, training, inplace)
    return found.squeeze_(0) if inplace else found.squeeze(0)


@entry
def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, zeroes each channel of (N, C, L) or (C, L) with probability `p` and scales the rest by 1/(1 − p).

    Raises ValueError for a probability outside [0, 1], RuntimeError for other dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.functional.dropout1d(torch.ones(2, 3), p=1.0).sum()
    tensor(0.)
    """
    _require_probability(p)
    dims = input.dim()
    if dims not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {dims}D input. Note that dropout1d exists to provide "
            "channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch dimension "
            "(i.e. 2D or 3D inputs)."
        )
    return (_by_channel if dims == 3 else _one_sample)(input, p, training, inplace)


def _warn_of_dimensions(name: str, dims: int, spatial: int) -> None:
    if dims not in (spatial + 1, spatial + 2):
        warn(
            f"{name}: Received a {dims}-D input to {name}, which is deprecated and will result in an error in a future "
            "release. To retain the behavior and silence this warning, please use dropout instead. Note that "
            f"{name} exists to provide channel-wise dropout on inputs with {spatial} spatial dimensions, a channel dimension, "
            f"and an optional batch dimension (i.e. {spatial + 1}D or {spatial + 2}D inputs)."
        )


@entry
def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, zeroes each channel of (N, C, H, W) with probability `p` and scales the rest by 1/(1 − p).

    Raises ValueError for a probability outside [0, 1]. Of three dimensions the second are channels, with PyTorch's warning.

    >>> import autogradkit as torch
    >>> torch.nn.functional.dropout2d(torch.ones(1, 2, 3, 3), p=1.0).sum()
    tensor(0.)
    """
    _require_probability(p)
    _warn_of_dimensions("dropout2d", input.dim(), 2)
    if input.dim() == 3:
        warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - "
            "input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a future "
            "release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D "
            "channel-wise dropout behavior, please switch to using dropout1d instead."
        )
    return _by_channel(input, p, training, inplace)


@entry
def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, zeroes each channel of (N, C, D, H, W) or (C, D, H, W) with probability `p`, scales the rest by 1/(1 − p).

    Raises ValueError for a probability outside [0, 1].

    >>> import autogradkit as torch
    >>> torch.nn.functional.dropout3d(torch.ones(2, 3, 3, 3), p=1.0).sum()
    tensor(0.)
    """
    _require_probability(p)
    _warn_of_dimensions("dropout3d", input.dim(), 3)
    return (_by_channel if input.dim() == 5 else _one_sample)(input, p, training, inplace)


@entry
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout after selu: what is dropped takes the value that selu comes to, and mean and variance stay.

    Raises ValueError for a probability outside [0, 1].

    >>> import autogradkit as torch
    >>> torch.nn.functional.alpha_dropout(torch.ones(2))
    tensor([1., 1.])
    """
    _require_probability(p)
    return _alpha_dropout_(input, p, training) if inplace else _alpha_dropout(input, p, training)


@entry
def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """As `alpha_dropout`, by channels (dimension 1).

    >>> import autogradkit as torch
    >>> torch.nn.functional.feature_alpha_dropout(torch.ones(1, 2))
    tensor([[1., 1.]])
    """
    _require_probability(p)
    return _feature_alpha_dropout_(input, p, training) if inplace else _feature_alpha_dropout(input, p, training)
