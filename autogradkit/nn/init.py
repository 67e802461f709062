"""Initial values of parameters: fill a tensor in place, outside the graph, with PyTorch's own random draws.

Rests on the tensor's own fills. A recorder hears of one edit in place, and of none while a layer is constructed: its parameters
begin as it leaves them. Each function returns the tensor that it filled. The fan of
a weight (out, in, ...) is the number of values that one output reads (`fan_in`), or that one input reaches (`fan_out`).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from autogradkit._ops.linalg.qr import linalg_qr
from autogradkit._ops.making.filled import empty_like
from autogradkit._ops.making.ranges import eye as identity
from autogradkit._ops.making.sampling import randperm
from autogradkit._ops.pointwise.choice import where
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry, is_ours
from autogradkit.core.random import Generator
from autogradkit.core.recording import RECORDERS, reported, unheard
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
def _filled(tensor: Tensor, name: str, fill: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
    """What `fill`, called with these arguments, makes of the tensor, told as the edit of this name."""
    with no_grad():
        if not RECORDERS:
            return fill(*args, **kwargs)
        if _in_constructor():
            with unheard():
                return fill(*args, **kwargs)
        return reported(name, "inplace", lambda _, *told: fill(*args, **kwargs), tensor, *_numbers(args))


def _in_constructor() -> bool:
    """Whether a layer of this package is being constructed."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and is_ours(frame.f_code):
        if frame.f_code.co_name == "__init__":
            return True
        frame = frame.f_back
    return False


def _numbers(given: Iterable[Any]) -> list[float]:
    return [each for each in given if isinstance(each, int | float)]


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform in [a, b).

    >>> import autogradkit as torch
    >>> torch.nn.init.uniform_(torch.empty(3), 1.0, 1.0)
    tensor([1., 1., 1.])
    """
    return _filled(tensor, "uniform", tensor.uniform_, a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with this mean and standard deviation.

    >>> import autogradkit as torch
    >>> torch.nn.init.normal_(torch.empty(2), mean=3.0, std=0.0)
    tensor([3., 3.])
    """
    return _filled(tensor, "normal", tensor.normal_, mean, std, generator=generator)


@entry
def constant_(tensor: Tensor, val: float) -> Tensor:
    """`val` everywhere.

    >>> import autogradkit as torch
    >>> torch.nn.init.constant_(torch.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    return _filled(tensor, "fill", tensor.fill_, val)


def ones_(tensor: Tensor) -> Tensor:
    """1 everywhere.

    >>> import autogradkit as torch
    >>> torch.nn.init.ones_(torch.empty(2))
    tensor([1., 1.])
    """
    return _filled(tensor, "fill", tensor.fill_, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """0 everywhere.

    >>> import autogradkit as torch
    >>> torch.nn.init.zeros_(torch.empty(2))
    tensor([0., 0.])
    """
    return _filled(tensor, "zero", tensor.zero_)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix. Raises ValueError for what is no matrix.

    >>> import autogradkit as torch
    >>> torch.nn.init.eye_(torch.empty(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    if tensor.ndimension() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    if tensor.is_meta:
        return tensor  # which has sizes, and no numbers to set
    return _filled(tensor, "eye", identity, *tensor.shape, out=tensor, requires_grad=tensor.requires_grad)


@entry
def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    if tensor.dim() < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    outputs, inputs, *field = tensor._array.shape
    return inputs * math.prod(field), outputs * math.prod(field)


@entry
def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    chosen = mode.lower()
    if chosen not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {chosen} not supported, please use one of ['fan_in', 'fan_out']")
    return _calculate_fan_in_and_fan_out(tensor)[chosen == "fan_out"]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform in ±gain·√(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010).

    >>> import autogradkit as torch
    >>> bool((torch.nn.init.xavier_uniform_(torch.empty(4, 2)).abs() <= 1).all())
    True
    """
    bound = math.sqrt(3.0) * (gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor))))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with standard deviation gain·√(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010).

    >>> import autogradkit as torch
    >>> torch.nn.init.xavier_normal_(torch.empty(4, 2), gain=0.0).sum()
    tensor(0.)
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor))), generator)


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
    fan = _calculate_correct_fan(tensor, mode)
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
    fan = _calculate_correct_fan(tensor, mode)
    return normal_(tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(fan), generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Normal, with what falls outside of [a, b] drawn again.

    >>> import autogradkit as torch
    >>> bool((torch.nn.init.trunc_normal_(torch.empty(9), std=5.0).abs() <= 2).all())
    True
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect."
        )
    if tensor.is_meta:
        return tensor  # no number is drawn, and so none falls outside
    inside = _normal_below((b - mean) / std) - _normal_below((a - mean) / std)
    draw = _redrawn if inside > 0.3 else _accepted
    return _filled(tensor, "trunc_normal", draw, tensor, mean, std, a, b, generator)


def _normal_below(x: float) -> float:
    """The share of the standard normal distribution that is below x."""
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


def _redrawn(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Any) -> Tensor:
    """Whole tensors are drawn until each element has had one inside."""
    low, high = (tensor.new_tensor(bound).item() for bound in (a, b))
    result: Any = tensor.normal_(mean, std, generator=generator)
    while (outside := (result < low) | (result > high)).any():
        result = where(outside, empty_like.owner(result).normal_(mean, std, generator=generator), result)
    return tensor if result is tensor else tensor.copy_(result)


def _accepted(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Any) -> Tensor:
    """Where hardly anything falls inside: uniform candidates, each kept with the density's share of its peak."""
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    chance: Any = empty_like.owner(tensor)

    def refused(candidates: Any) -> Any:
        candidates.sub_(mean).div_(std).pow_(2).mul_(-0.5).sub_(peak)
        return chance.uniform_(generator=generator).log_().gt(candidates)

    result: Any = tensor.uniform_(a, b, generator=generator)
    pending = refused(tensor.clone())
    while pending.any():
        candidates = empty_like.owner(tensor).uniform_(a, b, generator=generator)
        result = where(pending, candidates, result)
        pending = pending & refused(candidates)
    return tensor if result is tensor else tensor.copy_(result)


@entry
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """The kernel of a convolution (out, in, ...) that passes its input through, as far as there are channels.

    Raises ValueError for another number of dimensions than 3, 4 or 5, and where `groups` does not divide the first.

    >>> import autogradkit as torch
    >>> torch.nn.init.dirac_(torch.empty(1, 1, 3))
    tensor([[[0., 1., 0.]]])
    """
    if tensor.dim() not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    outputs, inputs, *field = tensor.shape
    if outputs % groups:
        raise ValueError("dim 0 must be divisible by groups")
    own = outputs // groups
    middle = [size // 2 for size in field]

    def fill() -> Tensor:
        tensor.zero_()
        for group in range(groups):
            for channel in range(min(own, inputs)):
                tensor[(group * own + channel, channel, *middle)] = 1
        return tensor

    return _filled(tensor, "dirac", fill)


@entry
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """A matrix whose rows, or columns, are orthonormal, times `gain`; further dimensions count as columns (Saxe et al., 2013).

    Raises ValueError for fewer than two dimensions.

    >>> import autogradkit as torch
    >>> w = torch.nn.init.orthogonal_(torch.empty(2, 3))
    >>> torch.allclose(w @ w.t(), torch.eye(2), atol=1e-6)
    True
    """
    if tensor.dim() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    return _filled(tensor, "orthogonal", _orthogonal, tensor, gain, generator)


def _orthogonal(tensor: Any, gain: float, generator: Any) -> Tensor:
    rows = tensor.size(0)
    columns = tensor.numel() // rows
    drawn = tensor.new_empty((rows, columns)).normal_(0, 1, generator=generator)
    q, r = linalg_qr.owner(drawn.t() if rows < columns else drawn)
    q *= r.diagonal().sign()
    q = q.t() if rows < columns else q
    tensor.view_as(q).copy_(q)
    return tensor.mul_(gain)


@entry
def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Normal, with this share of each column set to 0 (Martens, 2010). Raises ValueError for what is no matrix.

    >>> import autogradkit as torch
    >>> (torch.nn.init.sparse_(torch.empty(4, 2), sparsity=0.5) == 0).sum(0)
    tensor([2, 2])
    """
    if tensor.ndimension() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    count = math.ceil(sparsity * rows)

    def fill() -> Tensor:
        tensor.normal_(0, std, generator=generator)
        for column in range(columns):
            tensor[randperm(rows)[:count], column] = 0
        return tensor

    return _filled(tensor, "sparse", fill)


def _deprecated(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The function under its old name, without the underscore, which warns."""
    name = function.__name__
    old = name[:-1]

    def call(*args: Any, **kwargs: Any) -> Tensor:
        warn(f"`nn.init.{old}` is now deprecated in favor of `nn.init.{name}`.", FutureWarning)
        return function(*args, **kwargs)

    call.__name__ = call.__qualname__ = old
    call.__doc__ = f"The old name of `nn.init.{name}`; calling it warns."
    return call


# Names from inside PyTorch's file that published initialisations call; what they do is what the functions above do.
_no_grad_uniform_, _no_grad_normal_, _no_grad_trunc_normal_ = uniform_, normal_, trunc_normal_
_no_grad_fill_, _no_grad_zero_ = constant_, zeros_

uniform = _deprecated(uniform_)
normal = _deprecated(normal_)
constant = _deprecated(constant_)
eye = _deprecated(eye_)
dirac = _deprecated(dirac_)
xavier_uniform = _deprecated(xavier_uniform_)
xavier_normal = _deprecated(xavier_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
kaiming_normal = _deprecated(kaiming_normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)

__getattr__ = _absent_from("nn.init")
