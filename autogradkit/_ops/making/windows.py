"""Windows for transforms of parts of a signal: hann_window, hamming_window, bartlett_window, blackman_window, kaiser_window.

Rests on declare, options and ranges. They are made of tensors' own steps, so that each is rounded to the dtype that was asked for
where PyTorch rounds it. A periodic window is the symmetric one of one element more, without its last.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k
from autogradkit._ops.declare.kinds import Options
from autogradkit._ops.making.options import dtype_in, filled_tensor, finished, ones_in, refuse_vector
from autogradkit._ops.making.ranges import arange
from autogradkit._ops.pointwise.special import i0
from autogradkit.core.dtype import CPP_NAMES
from autogradkit.core.layout import sparse_coo, strided
from autogradkit.core.tensor import wrap


def _window(
    name: str, window_length: int, periodic: bool, options: dict[str, Any], shaped: Callable[[Any, int], Any]
) -> Any:
    """The window that `shaped` makes of the numbers 0, 1, 2, … and of the greatest of them."""
    kind, layout = dtype_in(options), options["layout"]
    if layout is sparse_coo:
        raise RuntimeError(f"{name} is not implemented for sparse types, got: {_described(name, options)}")
    if not (kind.is_floating_point or kind.is_complex):
        raise RuntimeError(f"{name} expects floating point dtypes, got: {_described(name, options)}")
    if window_length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={window_length}")
    if layout is not None and layout is not strided:  # where PyTorch begins with an empty tensor
        refuse_vector("empty", (window_length if window_length == 1 else 0,))
    if window_length <= 1:
        return filled_tensor((window_length,), ones_in, options)
    places = arange(window_length + periodic, dtype=kind, device="cpu")  # also where tensors are made on another
    return finished(shaped(places, places.numel() - 1)._array[:window_length], options)


def _described(name: str, options: dict[str, Any]) -> str:
    """The options as PyTorch prints them. `hann_window` alone leaves the dtype open until then."""
    is_open = name == "hann_window" and options["dtype"] is None
    layout = "Strided (default)" if options["layout"] is None else options["layout"].kind
    return (
        f"TensorOptions(dtype={CPP_NAMES[dtype_in(options)]}{' (default)' * is_open}, "
        f"device={options['device'] or 'cpu'}, layout={layout}, requires_grad=false (default), "
        f"pinned_memory={str(bool(options['pin_memory'])).lower()}, memory_format=(nullopt))"
    )


def _times(tensor: Any, factor: float) -> Any:
    """The tensor multiplied in place by a factor that is rounded to its dtype first: what C++ multiplies, Python does not."""
    return tensor.mul_(float(tensor._array.dtype.type(factor)))


def _cosine(alpha: float, beta: float) -> Callable[[Any, int], Any]:
    return lambda places, last: _times(_times(places, math.pi * 2.0 / last).cos_(), -beta).add_(alpha)


hann_window = function("hann_window", variants="function")


@hann_window.overload(factory=True)
def _(window_length: int, **options: Options) -> Any:
    """The window 1/2 − 1/2 · cos(2πi / n), in one whole period of n elements; without `periodic`, n is one less.

    >>> import autogradkit as torch
    >>> torch.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("hann_window", window_length, True, options, _cosine(0.5, 0.5))


@hann_window.overload(factory=True)
def _(window_length: int, periodic: bool, **options: Options) -> Any:
    return _window("hann_window", window_length, periodic, options, _cosine(0.5, 0.5))


hamming_window = function("hamming_window", variants="function")


@hamming_window.overload(factory=True)
def _(window_length: int, **options: Options) -> Any:
    """The window `alpha` − `beta` · cos(2πi / n), in one whole period of n elements; without `periodic`, n is one less.

    >>> import autogradkit as torch
    >>> torch.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    return _window("hamming_window", window_length, True, options, _cosine(0.54, 0.46))


@hamming_window.overload(factory=True)
def _(window_length: int, periodic: bool, **options: Options) -> Any:
    return _window("hamming_window", window_length, periodic, options, _cosine(0.54, 0.46))


@hamming_window.overload(factory=True)
def _(window_length: int, periodic: bool, alpha: float, **options: Options) -> Any:
    return _window("hamming_window", window_length, periodic, options, _cosine(alpha, 0.46))


@hamming_window.overload(factory=True)
def _(window_length: int, periodic: bool, alpha: float, beta: float, **options: Options) -> Any:
    return _window("hamming_window", window_length, periodic, options, _cosine(alpha, beta))


bartlett_window = function("bartlett_window", variants="function")


@bartlett_window.overload(factory=True)
def _(window_length: int, **options: Options) -> Any:
    """A triangle over one whole period, from 0 to 1 and back.

    >>> import autogradkit as torch
    >>> torch.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("bartlett_window", window_length, True, options, _triangle)


@bartlett_window.overload(factory=True)
def _(window_length: int, periodic: bool, **options: Options) -> Any:
    return _window("bartlett_window", window_length, periodic, options, _triangle)


def _triangle(places: Any, last: int) -> Any:
    window = _times(places, 2.0 / last)
    window[last // 2 + 1 :].mul_(-1).add_(2)
    return window


blackman_window = function("blackman_window", variants="function")


@blackman_window.overload(factory=True)
def _(window_length: int, **options: Options) -> Any:
    """The window 0.42 − 0.5 · cos(2πi / n) + 0.08 · cos(4πi / n), in one whole period; without `periodic`, n is one less.

    >>> import autogradkit as torch
    >>> torch.blackman_window(4)
    tensor([-2.9802e-08,  3.4000e-01,  1.0000e+00,  3.4000e-01])
    """
    return _window("blackman_window", window_length, True, options, _two_cosines)


@blackman_window.overload(factory=True)
def _(window_length: int, periodic: bool, **options: Options) -> Any:
    return _window("blackman_window", window_length, periodic, options, _two_cosines)


def _two_cosines(places: Any, last: int) -> Any:
    halves = _times(places, math.pi / last)
    return _times(halves.mul(4).cos_(), 0.08) - _times(halves.mul(2).cos_(), 0.5) + 0.42


kaiser_window = function("kaiser_window", variants="function")


@kaiser_window.overload(factory=True)
def _(window_length: int, **options: Options) -> Any:
    """The window I₀(`beta` · √(1 − (i / h − 1)²)) / I₀(`beta`), where h is half a period; `beta` is 12 unless given.

    >>> import autogradkit as torch
    >>> torch.kaiser_window(4, True, 2.0)
    tensor([0.4387, 0.8348, 1.0000, 0.8348])
    """
    return _window("kaiser_window", window_length, True, options, _bessel(12.0))


@kaiser_window.overload(factory=True)
def _(window_length: int, periodic: bool, **options: Options) -> Any:
    return _window("kaiser_window", window_length, periodic, options, _bessel(12.0))


@kaiser_window.overload(factory=True)
def _(window_length: int, periodic: bool, beta: float, **options: Options) -> Any:
    return _window("kaiser_window", window_length, periodic, options, _bessel(beta))


def _bessel(beta: float) -> Callable[[Any, int], Any]:
    def shaped(places: Any, last: int) -> Any:
        # One kernel in PyTorch: half precision is rounded once, at its end.
        array = places._array
        work = np.dtype(np.float32 if k.is_half(array) else array.dtype).type
        from_middle = (array.astype(work) - work(last / 2.0)) / work(last / 2.0)
        arguments = wrap(work(beta) * np.sqrt(np.abs(1 - from_middle * from_middle)))
        return (i0(arguments) / i0(wrap(np.array(work(beta))))).to(places.dtype)

    return shaped
