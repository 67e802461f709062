"""Dropouts: elements or channels zeroed with a probability, the rest scaled so that the expected value stays; and alpha_dropout.

Rests on declare, mul and the draws of the default generator; `nn.functional` calls it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.memory import like
from autogradkit._ops.declare.refusals import require_real_if_differentiated, scalar_type
from autogradkit._ops.declare.writing import require_castable
from autogradkit._ops.making.fills import fill_bernoulli, require_chance
from autogradkit._ops.pointwise.arithmetic import mul
from autogradkit.core.draws import chances, fill
from autogradkit.core.dtype import get_default_dtype
from autogradkit.core.meta import MetaArray, emptied, hollow
from autogradkit.core.random import default_generator
from autogradkit.core.recording import reported
from autogradkit.core.strides import dense_strides_like, element_strides
from autogradkit.core.tensor import Tensor, wrap

ALPHA = 1.7580993408473766  # the value, turned round, that selu comes to far below 0: what is dropped takes it


def noise_of(input: Any, p: float, train: bool) -> Tensor | None:
    """What a dropped-out tensor is multiplied by; None where it stays as it is."""
    array = input._array
    if not _draws(input, p, train):
        return None
    if p == 1:
        return wrap(np.zeros((), array.dtype))
    return reported("noise", "random", _noise, array, p)


def channel_noise_of(input: Any, p: float, train: bool) -> Tensor | None:
    """The same with one number for each channel of each sample."""
    array = input._array
    if not _draws(input, p, train, by_channel=True):
        return None
    if p == 1:
        return wrap(np.zeros((), array.dtype))
    channels = _one_a_channel(array)
    return reported("noise", "random", _noise, channels, p)


def alpha_noise_of(input: Any, p: float, train: bool, by_channel: bool) -> tuple[Tensor, Tensor | None] | None:
    """(factors, what is added) that keep mean and variance after selu; None where a tensor stays as it is."""
    array = input._array
    if not _draws(input, p, train, by_channel, lowers=True):
        return None
    if p == 1:
        return wrap(np.zeros((), array.dtype)), None
    return reported("noise", "random", _alpha_noise, _one_a_channel(array) if by_channel else array, p)


def _draws(input: Any, p: float, train: bool, by_channel: bool = False, lowers: bool = False) -> bool:
    """Whether anything is drawn; raises where PyTorch refuses. `lowers`: 1 is taken from it, which makes bools int64."""
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")
    array = input._array
    if p == 0 or not train or not array.size:
        return False
    if p == 1:
        return True
    if by_channel and array.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    if array.dtype.kind == "c":
        raise NotImplementedError(f"\"bernoulli_scalar_cpu_\" not implemented for '{scalar_type(input.dtype)}'")
    if array.dtype.kind in "biu":
        drawn = array.shape[:2] if by_channel else array.shape
        # PyTorch has drawn by the time that it divides, and refuses.
        chances(default_generator, math.prod(drawn), 1 - p)
        whole = np.dtype(np.int64) if lowers and array.dtype.kind == "b" else array.dtype
        require_castable(get_default_dtype().numpy, whole)
    return True


def _one_a_channel(array: Any) -> Any:
    shape = *array.shape[:2], *(1,) * (array.ndim - 2)
    return MetaArray(hollow(shape, array.dtype)) if array.__class__ is MetaArray else np.empty(shape, array.dtype)


def _noise(array: Any, p: float) -> Tensor:
    if array.__class__ is MetaArray:
        return emptied(array.hollow)
    noise = _keep_mask(array, p)
    np.divide(noise, array.dtype.type(1 - p), out=noise)
    return wrap(noise)


def _alpha_noise(array: Any, p: float) -> tuple[Tensor, Tensor]:
    if array.__class__ is MetaArray:
        return emptied(array.hollow), emptied(array.hollow)
    kept = _keep_mask(array, p)
    scale = 1 / math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p))
    of = kept.dtype.type
    added = (kept - of(1)) * of(ALPHA * scale) + of(ALPHA * scale * p)
    return wrap(np.asarray(kept * of(scale))), wrap(np.asarray(added))  # without dimensions they are NumPy's numbers


def _keep_mask(array: Any, p: float) -> Any:
    """1 for what is kept, 0 for what is dropped, in the memory order of a tensor like this one."""
    if array.dtype.kind == "c":
        raise NotImplementedError(f"\"bernoulli_scalar_cpu_\" not implemented for '{scalar_type(wrap(array).dtype)}'")
    noise = like(array)
    fill(noise, chances(default_generator, array.size, 1 - p))
    return noise


@op(
    variants="function",
    in_place=True,
    composition=True,
    edit=lambda input, p, train: _edit(input, noise_of(input, p, train)),
)
def dropout(input: Array, p: float, train: bool) -> Any:
    """With `train`, zeroes each element with probability `p` and scales the rest by 1/(1 − p); else the input itself.

    Raises RuntimeError for a probability outside [0, 1].

    >>> import autogradkit as torch
    >>> torch.dropout(torch.ones(3), 1.0, True)
    tensor([0., 0., 0.])
    """
    noise = noise_of(input, p, train)
    return input if noise is None else mul.straight(input, noise)


@op(
    variants="function",
    in_place=True,
    composition=True,
    edit=lambda input, p, train: _edit(input, channel_noise_of(input, p, train)),
)
def feature_dropout(input: Array, p: float, train: bool) -> Any:
    """With `train`, zeroes each channel (dimension 1) with probability `p` and scales the rest by 1/(1 − p).

    Raises RuntimeError for a probability outside [0, 1].

    >>> import autogradkit as torch
    >>> torch.feature_dropout(torch.ones(1, 2, 2), 1.0, True)
    tensor([[[0., 0.],
             [0., 0.]]])
    """
    noise = channel_noise_of(input, p, train)
    return input if noise is None else mul.straight(input, noise)


def _native_meta(input: Array, p: float, train: bool | None) -> Any:
    strides = dense_strides_like(input.shape, element_strides(input))
    mask = np.dtype(np.bool_) if input.size else input.dtype  # of none PyTorch makes it like the input
    return (input.shape, input.dtype, strides), (input.shape, mask, strides)


def _require_native_share(input: Any, p: float, train: bool | None) -> None:
    if train is not False and input._array.size:
        require_chance(1 - p)


def _require_real(input: Any, p: float, train: bool | None) -> None:
    try:
        require_real_if_differentiated("native_dropout", input)
    except RuntimeError:
        if train is not False and input._array.size:  # PyTorch has drawn by then
            fill_bernoulli(np.empty(input._array.shape, np.bool_), 1 - p, None)
        raise


def _scale(p: float) -> float:
    return 0.0 if p == 1 else 1 / (1 - p)


@op(
    variants="function",
    out=False,
    meta=_native_meta,
    refuse=_require_native_share,
    dtypes=_require_real,
    outputs="result0 result1",
    differentiable_outputs=1,
    random=True,
    vjp={"input": lambda g, result1, p, train: k.times(g * result1, _scale(p) if train else 1)},
    rule="∂input = ∂ / (1 − p) where it was kept, 0 elsewhere",
)
def native_dropout(input: Array, p: float, train: bool | None, *, out: tuple[Array, Array]) -> None:
    """(the input with elements zeroed with probability `p` and the rest scaled by 1/(1 − p), which were kept).

    Without `train` all are kept; where it is None they are dropped, and PyTorch does not scale the gradient.

    >>> import autogradkit as torch
    >>> torch.native_dropout(torch.ones(2), 1.0, True)
    (tensor([0., 0.]), tensor([False, False]))
    """
    found, kept = out
    if train is False or not input.size:
        np.copyto(found, input)
        kept.fill(True)
        return
    fill_bernoulli(kept, 1 - p, None)
    require_castable(get_default_dtype().numpy, input.dtype)
    np.multiply(input, kept, found)
    np.multiply(found, found.dtype.type(_scale(p)), found)


def _alpha(input: Any, p: float, train: bool, by_channel: bool) -> Any:
    found = alpha_noise_of(input, p, train, by_channel)
    if found is None:
        return input
    factors, added = found
    product = mul.straight(input, factors)
    return product if added is None else product.add_(added)


def _alpha_edit(input: Any, p: float, train: bool, by_channel: bool) -> Any:
    found = alpha_noise_of(input, p, train, by_channel)
    if found is None:
        return input
    factors, added = found
    edited = input.mul_(factors)
    return edited if added is None else edited.add_(added)


def _edit(input: Any, noise: Tensor | None) -> Any:
    return input if noise is None else input.mul_(noise)


@op(
    variants="function",
    in_place=True,
    composition=True,
    edit=lambda input, p, train: _alpha_edit(input, p, train, False),
)
def alpha_dropout(input: Array, p: float, train: bool) -> Any:
    """Dropout after selu: what is dropped takes the value that selu comes to, and mean and variance stay.

    Raises RuntimeError for a probability outside [0, 1].

    >>> import autogradkit as torch
    >>> torch.alpha_dropout(torch.ones(2), 0.5, False)
    tensor([1., 1.])
    """
    return _alpha(input, p, train, by_channel=False)


@op(
    variants="function",
    in_place=True,
    composition=True,
    edit=lambda input, p, train: _alpha_edit(input, p, train, True),
)
def feature_alpha_dropout(input: Array, p: float, train: bool) -> Any:
    """As `alpha_dropout`, by channels (dimension 1).

    >>> import autogradkit as torch
    >>> torch.feature_alpha_dropout(torch.ones(1, 2), 0.5, False)
    tensor([[1., 1.]])
    """
    return _alpha(input, p, train, by_channel=True)
