"""PyTorch's functions of `torch.fft`, each one of the three transforms or two.

Rests on arguments and transforms. Each name is declared as PyTorch's messages spell it, `fft_rfft2`; `autogradkit.fft` offers
them.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import op
from autogradkit._ops.declare.kinds import Single, SymInt, Tensor
from autogradkit._ops.declare.writing import at_first
from autogradkit._ops.selection.rearrange import roll
from autogradkit._ops.spectral.arguments import (
    Norm,
    by_kind,
    complex_out,
    normalization_of,
    promoted,
    real_out,
    require_axes,
    require_points,
    require_real,
    resized,
    shape_and_dims,
    then_conjugated,
    transform,
    wrapped,
)
from autogradkit._ops.spectral.transforms import fft_c2c, fft_c2r, fft_r2c
from autogradkit.core.dtype import SCALAR_TYPE_NAMES

_LAST_TWO: Any = (-2, -1)


# -- along one dimension -----------------------------------------------------------------------------------------------


def _complex(x: Tensor, n: int | None, dim: int, norm: Norm, forward: bool) -> Any:
    x = promoted(x, to_complex=True)
    dim = wrapped(x, dim)
    size = x._array.shape[dim] if n is None else n
    require_points(size)
    if n is not None:
        x = resized(x, (dim,), (size,))
    return fft_c2c(x, (dim,), normalization_of(norm, forward), forward)


def _from_real(name: str, x: Tensor, n: int | None, dim: int, norm: Norm, forward: bool, onesided: bool) -> Any:
    require_real(name, x)
    x = promoted(x)
    dim = wrapped(x, dim)
    size = x._array.shape[dim] if n is None else n
    require_points(size)
    if n is not None:
        x = resized(x, (dim,), (size,))
    found = fft_r2c(x, (dim,), normalization_of(norm, forward), onesided)
    return found if forward else found.conj()


def _to_real(x: Tensor, n: int | None, dim: int, norm: Norm, forward: bool) -> Any:
    x = promoted(x, to_complex=True)
    dim = wrapped(x, dim)
    size = 2 * (x._array.shape[dim] - 1) if n is None else n
    require_points(size)
    if n is not None:
        x = resized(x, (dim,), (size // 2 + 1,))
    scaled = normalization_of(norm, forward)
    return fft_c2r(x.conj() if forward else x, (dim,), scaled, size)


@transform("fft_fft", by_kind, complex_out("fft"))
def fft_fft(self: Tensor, n: SymInt | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The discrete Fourier transform along `dim`, of `n` points.

    `norm`: "backward" (the default, unscaled), "ortho" (by 1/√n) or "forward" (by 1/n).

    >>> import autogradkit as torch
    >>> torch.fft.fft(torch.tensor([1.0, 0.0, 0.0, 0.0]))
    tensor([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])
    """
    if self.dtype.is_complex:
        return _complex(self, n, dim, norm, True)
    return _from_real("fft", self, n, dim, norm, True, False)


@transform("fft_ifft", then_conjugated, complex_out("ifft"))
def fft_ifft(self: Tensor, n: SymInt | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The inverse of `fft`.

    >>> import autogradkit as torch
    >>> torch.fft.ifft(torch.ones(4))
    tensor([1.+0.j, 0.+0.j, 0.+0.j, 0.+0.j])
    """
    if self.dtype.is_complex:
        return _complex(self, n, dim, norm, False)
    return _from_real("ifft", self, n, dim, norm, False, False)


@transform("fft_rfft", "_fft_r2c", complex_out("rfft"))
def fft_rfft(self: Tensor, n: SymInt | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The transform of real numbers, without the half that are conjugates of the rest.

    >>> import autogradkit as torch
    >>> torch.fft.rfft(torch.ones(4))
    tensor([4.+0.j, 0.+0.j, 0.+0.j])
    """
    return _from_real("rfft", self, n, dim, norm, True, True)


@transform("fft_irfft", "_fft_c2r", at_first(real_out("irfft")))
def fft_irfft(self: Tensor, n: SymInt | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The inverse of `rfft`; `n` is the number of points of the result.

    >>> import autogradkit as torch
    >>> torch.fft.irfft(torch.tensor([4 + 0j, 0, 0]))
    tensor([1., 1., 1., 1.])
    """
    return _to_real(self, n, dim, norm, False)


@transform("fft_hfft", "_fft_c2r", at_first(real_out("hfft")))
def fft_hfft(self: Tensor, n: SymInt | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The transform of a signal of which one half is the conjugate of the other: real numbers.

    >>> import autogradkit as torch
    >>> torch.fft.hfft(torch.tensor([1 + 0j, 0, 0]))
    tensor([1., 1., 1., 1.])
    """
    return _to_real(self, n, dim, norm, True)


@transform("fft_ihfft", then_conjugated, complex_out("ihfft"))
def fft_ihfft(self: Tensor, n: SymInt | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The inverse of `hfft`.

    >>> import autogradkit as torch
    >>> torch.fft.ihfft(torch.ones(4))
    tensor([1.-0.j, 0.-0.j, 0.-0.j])
    """
    return _from_real("ihfft", self, n, dim, norm, False, True)


# -- along several dimensions ------------------------------------------------------------------------------------------


def _complex_n(x: Tensor, s: Any, dim: Any, norm: Norm, forward: bool) -> Any:
    sizes, dims = shape_and_dims(x, s, dim)
    x = resized(promoted(x, to_complex=True), dims, sizes)
    scaled = normalization_of(norm, forward)
    return fft_c2c(x, dims, scaled, forward) if dims else x.clone()


def _half_shape_and_dims(name: str, x: Tensor, s: Any, dim: Any) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """(sizes, dimensions, points of the result in the last one) of a transform into real numbers."""
    sizes, dims = shape_and_dims(x, s, dim)
    require_axes(name, dims)
    last = 2 * (x._array.shape[dims[-1]] - 1) if s is None or s[-1] == -1 else s[-1]
    require_points(last)
    return (*sizes[:-1], last // 2 + 1), dims, last


def _rfftn(x: Tensor, s: Any, dim: Any, norm: Norm) -> Any:
    require_real("rfftn", x, "a real-valued")
    sizes, dims = shape_and_dims(x, s, dim)
    require_axes("rfftn", dims)
    return fft_r2c(resized(promoted(x), dims, sizes), dims, normalization_of(norm, True), True)


def _irfftn(x: Tensor, s: Any, dim: Any, norm: Norm) -> Any:
    sizes, dims, last = _half_shape_and_dims("irfftn", x, s, dim)
    x = resized(promoted(x, to_complex=True), dims, sizes)
    return fft_c2r(x, dims, normalization_of(norm, False), last)


def _hfftn(x: Tensor, s: Any, dim: Any, norm: Norm) -> Any:
    sizes, dims, last = _half_shape_and_dims("hfftn", x, s, dim)
    x = resized(promoted(x, to_complex=True), dims, sizes)
    scaled = normalization_of(norm, True)
    if len(dims) > 1:
        x = fft_c2c(x, dims[:-1], scaled, True)
    return fft_c2r(x.conj(), dims[-1:], scaled, last)


def _ihfftn(x: Tensor, s: Any, dim: Any, norm: Norm) -> Any:
    sizes, dims = shape_and_dims(x, s, dim)
    require_axes("ihfftn", dims)
    if x.dtype.is_complex:
        raise RuntimeError(f"Only supports floating-point dtypes, but found: {SCALAR_TYPE_NAMES[x.dtype]}")
    scaled = normalization_of(norm, False)
    found = fft_r2c(resized(promoted(x), dims, sizes), dims[-1:], scaled, True).conj()
    return found if len(dims) == 1 else fft_c2c(found, dims[:-1], scaled, False)


@transform("fft_fftn", "_fft_c2c", complex_out("fftn"))
def fft_fftn(self: Tensor, s: Single | None = None, dim: Single | None = None, norm: str | None = None) -> Any:
    """The transform along several dimensions, all of them by default, of `s` points.

    >>> import autogradkit as torch
    >>> torch.fft.fftn(torch.ones(2, 2))
    tensor([[4.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])
    """
    return _complex_n(self, s, dim, norm, True)


@transform("fft_ifftn", "_fft_c2c", complex_out("fftn"))
def fft_ifftn(self: Tensor, s: Single | None = None, dim: Single | None = None, norm: str | None = None) -> Any:
    """The inverse of `fftn`.

    >>> import autogradkit as torch
    >>> torch.fft.ifftn(torch.ones(2, 2))
    tensor([[1.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])
    """
    return _complex_n(self, s, dim, norm, False)


@transform("fft_rfftn", "_fft_r2c", complex_out("rfftn"))
def fft_rfftn(self: Tensor, s: Single | None = None, dim: Single | None = None, norm: str | None = None) -> Any:
    """`rfft` along the last of several dimensions, `fft` along the others.

    >>> import autogradkit as torch
    >>> torch.fft.rfftn(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _rfftn(self, s, dim, norm)


@transform("fft_irfftn", "_fft_c2r", real_out("irfftn"))
def fft_irfftn(self: Tensor, s: Single | None = None, dim: Single | None = None, norm: str | None = None) -> Any:
    """The inverse of `rfftn`.

    >>> import autogradkit as torch
    >>> torch.fft.irfftn(torch.fft.rfftn(torch.ones(2, 2)))
    tensor([[1., 1.],
            [1., 1.]])
    """
    return _irfftn(self, s, dim, norm)


@transform("fft_hfftn", "_fft_c2r", real_out("hfftn"))
def fft_hfftn(self: Tensor, s: Single | None = None, dim: Single | None = None, norm: str | None = None) -> Any:
    """`hfft` along the last of several dimensions, `fft` along the others.

    >>> import autogradkit as torch
    >>> torch.fft.hfftn(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _hfftn(self, s, dim, norm)


@transform("fft_ihfftn", "_fft_c2c", complex_out("ihfftn"))
def fft_ihfftn(self: Tensor, s: Single | None = None, dim: Single | None = None, norm: str | None = None) -> Any:
    """The inverse of `hfftn`.

    >>> import autogradkit as torch
    >>> torch.fft.ihfftn(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _ihfftn(self, s, dim, norm)


@transform("fft_fft2", "_fft_c2c", complex_out("fftn"))
def fft_fft2(self: Tensor, s: Single | None = None, dim: Single = _LAST_TWO, norm: str | None = None) -> Any:
    """The transform along two dimensions, the last two by default.

    >>> import autogradkit as torch
    >>> torch.fft.fft2(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _complex_n(self, s, dim, norm, True)


@transform("fft_ifft2", "_fft_c2c", complex_out("fftn"))
def fft_ifft2(self: Tensor, s: Single | None = None, dim: Single = _LAST_TWO, norm: str | None = None) -> Any:
    """The inverse of `fft2`.

    >>> import autogradkit as torch
    >>> torch.fft.ifft2(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _complex_n(self, s, dim, norm, False)


@transform("fft_rfft2", "_fft_r2c", complex_out("rfftn"))
def fft_rfft2(self: Tensor, s: Single | None = None, dim: Single = _LAST_TWO, norm: str | None = None) -> Any:
    """`rfftn` along two dimensions.

    >>> import autogradkit as torch
    >>> torch.fft.rfft2(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _rfftn(self, s, dim, norm)


@transform("fft_irfft2", "_fft_c2r", real_out("irfftn"))
def fft_irfft2(self: Tensor, s: Single | None = None, dim: Single = _LAST_TWO, norm: str | None = None) -> Any:
    """The inverse of `rfft2`.

    >>> import autogradkit as torch
    >>> torch.fft.irfft2(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _irfftn(self, s, dim, norm)


@transform("fft_hfft2", "_fft_c2r", real_out("hfftn"))
def fft_hfft2(self: Tensor, s: Single | None = None, dim: Single = _LAST_TWO, norm: str | None = None) -> Any:
    """`hfftn` along two dimensions.

    >>> import autogradkit as torch
    >>> torch.fft.hfft2(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _hfftn(self, s, dim, norm)


@transform("fft_ihfft2", "_fft_c2c", complex_out("ihfftn"))
def fft_ihfft2(self: Tensor, s: Single | None = None, dim: Single = _LAST_TWO, norm: str | None = None) -> Any:
    """The inverse of `hfft2`.

    >>> import autogradkit as torch
    >>> torch.fft.ihfft2(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _ihfftn(self, s, dim, norm)


# -- beside them -------------------------------------------------------------------------------------------------------


def _shifted(x: Tensor, dim: Any, by: Any) -> Any:
    dims = tuple(range(x._array.ndim)) if dim is None else tuple([wrapped(x, each) for each in dim])
    return roll(x, tuple([by(x._array.shape[each]) for each in dims]), dims)


@op(name="fft_fftshift", variants="", composition=True)
def fft_fftshift(self: Tensor, dim: Single | None = None) -> Any:
    """The frequency 0 moved from the front to the middle.

    >>> import autogradkit as torch
    >>> torch.fft.fftshift(torch.arange(5))
    tensor([3, 4, 0, 1, 2])
    """
    return _shifted(self, dim, lambda size: size // 2)


@op(name="fft_ifftshift", variants="", composition=True)
def fft_ifftshift(self: Tensor, dim: Single | None = None) -> Any:
    """The inverse of `fftshift`.

    >>> import autogradkit as torch
    >>> torch.fft.ifftshift(torch.arange(5))
    tensor([2, 3, 4, 0, 1])
    """
    return _shifted(self, dim, lambda size: (size + 1) // 2)
