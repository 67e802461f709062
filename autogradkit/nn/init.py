"""Initial values of parameters: fill a tensor in place, outside the graph, with PyTorch's own random draws.

Rests on the tensor's own fills, which no recorder hears of. Each function returns the tensor that it filled. The fan of
a weight (out, in, ...) is the number of values that one output reads (`fan_in`), or that one input reaches (`fan_out`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autogradkit._ops.making.ranges import eye
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.random import Generator
from autogradkit.core.recording import unheard
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.engine.modes import no_grad

_GAINS = {
    **dict.fromkeys(
        (
            "linear",
            "conv1d",
            "conv2d",
            "conv3d",
            "conv_transpose1d",
            "conv_transpose2d",
            "conv_transpose3d",
            "sigmoid",
        ),
        1,
    ),
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}


@entry
def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much to scale initial weights before this nonlinearity; `param` is leaky_relu's slope.

    Raises ValueError for an unknown one.

    >>> import autogradkit as torch
    >>> round(torch.nn.init.calculate_gain("relu"), 4)
    1.4142
    """
    if nonlinearity == "leaky_relu":
        if param is None:
            slope = 0.01
        elif isinstance(param, int | float) and not isinstance(param, bool):
            slope = param
        else:
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if not isinstance(nonlinearity, str) or nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return _GAINS[nonlinearity]


@entry
def _filled(fill: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
    with no_grad(), unheard():
        return fill(*args, **kwargs)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform in [a, b).

    >>> import autogradkit as torch
    >>> torch.nn.init.uniform_(torch.empty(3), 1.0, 1.0)
    tensor([1., 1., 1.])
    """
    return _filled(tensor.uniform_, a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with this mean and standard deviation.

    >>> import autogradkit as torch
    >>> torch.nn.init.normal_(torch.empty(2), mean=3.0, std=0.0)
    tensor([3., 3.])
    """
    return _filled(tensor.normal_, mean, std, generator=generator)


@entry
def constant_(tensor: Tensor, val: float) -> Tensor:
    """`val` everywhere.

    >>> import autogradkit as torch
    >>> torch.nn.init.constant_(torch.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    return _filled(tensor.fill_, val)


def ones_(tensor: Tensor) -> Tensor:
    """1 everywhere.

    >>> import autogradkit as torch
    >>> torch.nn.init.ones_(torch.empty(2))
    tensor([1., 1.])
    """
    return _filled(tensor.fill_, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """0 everywhere.

    >>> import autogradkit as torch
    >>> torch.nn.init.zeros_(torch.empty(2))
    tensor([0., 0.])
    """
    return _filled(tensor.zero_)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix. Raises ValueError for what is no matrix.

    >>> import autogradkit as torch
    >>> torch.nn.init.eye_(torch.empty(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    if tensor.ndimension() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return _filled(eye, *tensor.shape, out=tensor, requires_grad=tensor.requires_grad)


@entry
def _fans(tensor: Tensor) -> tuple[int, int]:
    if tensor.dim() < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    outputs, inputs, *field = tensor._array.shape
    return inputs * math.prod(field), outputs * math.prod(field)


@entry
def _chosen_fan(tensor: Tensor, mode: str) -> int:
    chosen = mode.lower()
    if chosen not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {chosen} not supported, please use one of ['fan_in', 'fan_out']")
    return _fans(tensor)[chosen == "fan_out"]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform in ±gain·√(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010).

    >>> import autogradkit as torch
    >>> bool((torch.nn.init.xavier_uniform_(torch.empty(4, 2)).abs() <= 1).all())
    True
    """
    bound = math.sqrt(3.0) * (gain * math.sqrt(2.0 / sum(_fans(tensor))))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with standard deviation gain·√(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010).

    >>> import autogradkit as torch
    >>> torch.nn.init.xavier_normal_(torch.empty(4, 2), gain=0.0).sum()
    tensor(0.)
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_fans(tensor))), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Uniform in ±gain·√(3 / fan), for a network of rectifiers with slope `a` (He et al., 2015).

    >>> import autogradkit as torch
    >>> bool((torch.nn.init.kaiming_uniform_(torch.empty(4, 6)).abs() <= 1).all())
    True
    """
    if 0 in tensor.shape:
        warn("Initializing zero-element tensors is a no-op")
        return tensor
    fan = _chosen_fan(tensor, mode)
    bound = math.sqrt(3.0) * (calculate_gain(nonlinearity, a) / math.sqrt(fan))
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Normal with standard deviation gain / √fan, for a network of rectifiers with slope `a` (He et al., 2015).

    >>> import autogradkit as torch
    >>> torch.nn.init.kaiming_normal_(torch.empty(4, 6), mode="fan_out").shape
    torch.Size([4, 6])
    """
    if 0 in tensor.shape:
        warn("Initializing zero-element tensors is a no-op")
        return tensor
    fan = _chosen_fan(tensor, mode)
    return normal_(tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(fan), generator)


__getattr__ = _absent_from("nn.init")
