"""Windows, as PyTorch's `torch.signal.windows` names them: compositions, in its order of steps, so that each rounds alike.

Rests on declared ops. `M` is how many elements a window has; a symmetric one (`sym`) is for filters, the other is a period of it,
for spectra. `requires_grad` makes the places that a window is computed from a leaf, as in PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from autogradkit._ops.making.data import tensor
from autogradkit._ops.making.filled import empty, ones
from autogradkit._ops.making.ranges import arange, linspace
from autogradkit._ops.pointwise.choice import minimum
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import float32, float64, get_default_dtype
from autogradkit.core.frames import entry
from autogradkit.core.layout import strided
from autogradkit.core.tensor import Tensor

__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann", "kaiser",
    "nuttall",
]  # fmt: skip


def _options(name: str, M: int, dtype: Dtype | None, layout: Any, device: Any, requires_grad: bool) -> dict[str, Any]:
    """What the factories below a window are given. Raises ValueError for what no window has."""
    dtype = get_default_dtype() if dtype is None else dtype
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    if layout is not strided:
        raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
    if dtype not in (float32, float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {dtype}")
    return {"dtype": dtype, "layout": layout, "device": device, "requires_grad": requires_grad}


def _shortest(M: int, options: dict[str, Any]) -> Tensor | None:
    """The window of no or of one element; None for longer ones."""
    return empty((0,), **options) if M == 0 else ones((1,), **options) if M == 1 else None


def _last(M: int, sym: bool) -> int:
    """How many steps the window is long, from its first element to its last, or to where its period ends."""
    return M if not sym and M > 1 else M - 1


def _period(M: int, sym: bool) -> int:
    return M - 1 if sym else M


@entry
def exponential(
    M: int,
    *,
    center: float | None = None,
    tau: float = 1.0,
    sym: bool = True,
    dtype: Dtype | None = None,
    layout: Any = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """e^(−|i − center| / tau); `center` is the middle, unless the window is periodic and another is given.

    >>> import autogradkit as torch
    >>> torch.signal.windows.exponential(3)
    tensor([0.3679, 1.0000, 0.3679])
    """
    options = _options("exponential", M, dtype, layout, device, requires_grad)
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    if M == 0:
        return empty((0,), **options)
    middle = _last(M, sym) / 2.0 if center is None else center
    constant = 1 / tau
    places: Any = linspace(start=-middle * constant, end=(-middle + (M - 1)) * constant, steps=M, **options)
    return (-places.abs()).exp()


@entry
def cosine(
    M: int,
    *,
    sym: bool = True,
    dtype: Dtype | None = None,
    layout: Any = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """sin(π(i + 1/2) / M): half a wave.

    >>> import autogradkit as torch
    >>> torch.signal.windows.cosine(3)
    tensor([0.5000, 1.0000, 0.5000])
    """
    options = _options("cosine", M, dtype, layout, device, requires_grad)
    if M == 0:
        return empty((0,), **options)
    constant = math.pi / (_last(M, sym) + 1)
    places: Any = linspace(start=0.5 * constant, end=(0.5 + (M - 1)) * constant, steps=M, **options)
    return places.sin()


@entry
def gaussian(
    M: int,
    *,
    std: float = 1.0,
    sym: bool = True,
    dtype: Dtype | None = None,
    layout: Any = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """e^(−(i − middle)² / (2 std²)).

    >>> import autogradkit as torch
    >>> torch.signal.windows.gaussian(3)
    tensor([0.6065, 1.0000, 0.6065])
    """
    options = _options("gaussian", M, dtype, layout, device, requires_grad)
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    if M == 0:
        return empty((0,), **options)
    start, constant = -_last(M, sym) / 2.0, 1 / (std * math.sqrt(2))
    places: Any = linspace(start=start * constant, end=(start + (M - 1)) * constant, steps=M, **options)
    return (-(places**2)).exp()


@entry
def kaiser(
    M: int,
    *,
    beta: float = 12.0,
    sym: bool = True,
    dtype: Dtype | None = None,
    layout: Any = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """I₀(√(beta² − x²)) / I₀(beta), where x goes from −beta to beta.

    >>> import autogradkit as torch
    >>> torch.signal.windows.kaiser(3, beta=2.0)
    tensor([0.4387, 1.0000, 0.4387])
    """
    options = _options("kaiser", M, dtype, layout, device, requires_grad)
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    short = _shortest(M, options)
    if short is not None:
        return short
    # In the window's dtype: no square root of less than 0
    wide: Any = tensor(beta, dtype=options["dtype"], device=device)
    end = minimum(wide, -wide + (M - 1) * (2.0 * wide / _period(M, sym)))
    places: Any = linspace(start=-wide, end=end, steps=M, **options)
    return (wide * wide - places.pow(2)).sqrt().i0() / wide.i0()


@entry
def bartlett(
    M: int,
    *,
    sym: bool = True,
    dtype: Dtype | None = None,
    layout: Any = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A triangle from 0 to 1 and back.

    >>> import autogradkit as torch
    >>> torch.signal.windows.bartlett(3)
    tensor([0., 1., 0.])
    """
    options = _options("bartlett", M, dtype, layout, device, requires_grad)
    short = _shortest(M, options)
    if short is not None:
        return short
    places: Any = linspace(start=-1, end=-1 + (M - 1) * (2 / _period(M, sym)), steps=M, **options)
    return 1 - places.abs()


@entry
def general_cosine(
    M: Any,
    *,
    a: Iterable[float],
    sym: bool = True,
    dtype: Dtype | None = None,
    layout: Any = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """a₀ − a₁ · cos x + a₂ · cos 2x − …, where x goes from 0 to 2π.

    >>> import autogradkit as torch
    >>> torch.signal.windows.general_cosine(3, a=[0.5, 0.5])
    tensor([0., 1., 0.])
    """
    options = _options("general_cosine", M, dtype, layout, device, requires_grad)
    short = _shortest(M, options)
    if short is not None:
        return short
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    if not a:
        raise ValueError("Coefficients cannot be empty")
    places: Any = linspace(start=0, end=(M - 1) * (2 * math.pi / _period(M, sym)), steps=M, **options)
    signed = [(-1) ** i * weight for i, weight in enumerate(a)]
    weights: Any = tensor(signed, dtype=options["dtype"], device=device, requires_grad=requires_grad)
    multiples: Any = arange(len(signed), dtype=options["dtype"], device=device, requires_grad=requires_grad)
    return (weights.unsqueeze(-1) * (multiples.unsqueeze(-1) * places).cos()).sum(0)


@entry
def general_hamming(
    M: Any,
    *,
    alpha: float = 0.54,
    sym: bool = True,
    dtype: Dtype | None = None,
    layout: Any = strided,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """alpha − (1 − alpha) · cos x, where x goes from 0 to 2π.

    >>> import autogradkit as torch
    >>> torch.signal.windows.general_hamming(3, alpha=0.75)
    tensor([0.5000, 1.0000, 0.5000])
    """
    weights = [alpha, 1.0 - alpha]
    return general_cosine(M, a=weights, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)


def _of_cosines(
    name: str, summary: str, shown: str, *weights: float, refused_by: str = "general_cosine"
) -> Callable[..., Tensor]:
    """The function `name`: a sum of cosines with these weights. `said` and `shown` are its documentation and example."""

    def window(
        M: int,
        *,
        sym: bool = True,
        dtype: Dtype | None = None,
        layout: Any = strided,
        device: Any = None,
        requires_grad: bool = False,
    ) -> Tensor:
        _options(refused_by, M, dtype, layout, device, requires_grad)
        return general_cosine(
            M, a=weights, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad
        )

    window.__name__ = window.__qualname__ = name
    window.__doc__ = f"""{summary}

    >>> import autogradkit as torch
    >>> torch.signal.windows.{name}(3)
    {shown}
    """
    return entry(window)


hann = _of_cosines("hann", "1/2 − 1/2 · cos x.", "tensor([0., 1., 0.])", 0.5, 0.5)
hamming = _of_cosines("hamming", "0.54 − 0.46 · cos x.", "tensor([0.0800, 1.0000, 0.0800])", 0.54, 1.0 - 0.54)
blackman = _of_cosines(
    "blackman",
    "0.42 − 0.5 · cos x + 0.08 · cos 2x.",
    "tensor([-1.4901e-08,  1.0000e+00, -1.4901e-08])",
    0.42, 0.5, 0.08,
    refused_by="blackman",
)  # fmt: skip
nuttall = _of_cosines(
    "nuttall",
    "0.3635819 − 0.4891775 · cos x + 0.1365995 · cos 2x − 0.0106411 · cos 3x: hardly any side lobes.",
    "tensor([3.6280e-04, 1.0000e+00, 3.6280e-04])",
    0.3635819, 0.4891775, 0.1365995, 0.0106411,
)  # fmt: skip

__getattr__ = _absent_from("signal.windows")
