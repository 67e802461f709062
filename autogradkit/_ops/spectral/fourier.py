"""PyTorch's functions of `torch.fft`: what they check, pad and cut before one of the three transforms.

Rests on transforms. Each name is declared as PyTorch's messages spell it, `fft_rfft2`; `autogradkit.fft` offers them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import op
from autogradkit._ops.declare.kinds import Single, Tensor
from autogradkit._ops.declare.writing import at_first
from autogradkit._ops.network.padding import constant_pad_nd
from autogradkit._ops.selection.rearrange import roll
from autogradkit._ops.spectral.transforms import BY_COUNT, BY_ROOT, UNSCALED, fft_c2c, fft_c2r, fft_r2c
from autogradkit._ops.views.parts import narrow_range
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype, get_default_dtype, is_half
from autogradkit.core.strides import wrap_dim

Norm = str | None
_LAST_TWO: Any = (-2, -1)


def _normalization(norm: Norm, forward: bool) -> int:
    if norm is None or norm == "backward":
        return UNSCALED if forward else BY_COUNT
    if norm == "forward":
        return BY_COUNT if forward else UNSCALED
    if norm == "ortho":
        return BY_ROOT
    raise RuntimeError(f'Invalid normalization mode: "{norm}"')


def _promoted(x: Tensor, to_complex: bool = False) -> Tensor:
    """Floating-point numbers, or complex ones. Raises RuntimeError for half precision, which has no transform."""
    kind = x.dtype
    if not (kind.is_floating_point or kind.is_complex):
        kind = get_default_dtype()
    if is_half(kind.numpy):
        raise RuntimeError(f"Unsupported dtype {SCALAR_TYPE_NAMES[kind]}")
    if to_complex:
        kind = kind.to_complex()
    return x if kind is x.dtype else x.to(kind)


def _resized(x: Tensor, dims: Sequence[int], sizes: Sequence[int]) -> Tensor:
    """Cut, or filled up with zeros, to these sizes."""
    ndim = x._array.ndim
    after = [0] * (2 * ndim)
    for dim, size in zip(dims, sizes, strict=True):
        if x._array.shape[dim] < size:
            after[2 * (ndim - 1 - dim) + 1] = size - x._array.shape[dim]
        elif x._array.shape[dim] > size:
            x = narrow_range(x, dim, 0, size)
    return constant_pad_nd(x, tuple(after)) if any(after) else x


def _wrapped(x: Tensor, dim: int) -> int:
    if not x._array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return wrap_dim(dim, x._array.ndim)


def _require_points(n: int) -> None:
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")


def _require_real(name: str, x: Tensor, real: str = "a real") -> None:
    if x.dtype.is_complex:
        raise RuntimeError(f"{name} expects {real} input tensor, but got {SCALAR_TYPE_NAMES[x.dtype]}")


def _complex_out(name: str) -> Callable[[np.dtype[Any], np.dtype[Any]], None]:
    """The check of an `out=` for complex numbers."""

    def require(_from: np.dtype[Any], to: np.dtype[Any]) -> None:
        if to.kind != "c":
            raise RuntimeError(
                f"{name} expects a complex output tensor, but got {SCALAR_TYPE_NAMES[from_numpy_dtype(to)]}"
            )

    return require


def _real_out(name: str) -> Callable[[np.dtype[Any], np.dtype[Any]], None]:
    """The check of an `out=` for real numbers."""

    def require(_from: np.dtype[Any], to: np.dtype[Any]) -> None:
        if not from_numpy_dtype(to).is_floating_point:
            kind = SCALAR_TYPE_NAMES[from_numpy_dtype(to)]
            raise RuntimeError(f"{name} expects a floating point output tensor, but got {kind}")

    return require


def _then_conjugated(self: Tensor, *_rest: Any) -> str:
    """What writes into the `out=` of `ifft` and `ihfft`."""
    return "_fft_c2c" if self.dtype.is_complex else "aten::conj_physical"


def _by_kind(self: Tensor, *_rest: Any) -> str:
    """The transform that writes into the `out=` of `fft`."""
    return "_fft_c2c" if self.dtype.is_complex else "_fft_r2c"


# -- along one dimension -----------------------------------------------------------------------------------------------


def _complex(x: Tensor, n: int | None, dim: int, norm: Norm, forward: bool) -> Any:
    x = _promoted(x, to_complex=True)
    dim = _wrapped(x, dim)
    size = x._array.shape[dim] if n is None else n
    _require_points(size)
    if n is not None:
        x = _resized(x, (dim,), (size,))
    return fft_c2c(x, (dim,), _normalization(norm, forward), forward)


def _from_real(name: str, x: Tensor, n: int | None, dim: int, norm: Norm, forward: bool, onesided: bool) -> Any:
    _require_real(name, x)
    x = _promoted(x)
    dim = _wrapped(x, dim)
    size = x._array.shape[dim] if n is None else n
    _require_points(size)
    if n is not None:
        x = _resized(x, (dim,), (size,))
    found = fft_r2c(x, (dim,), _normalization(norm, forward), onesided)
    return found if forward else found.conj()


def _to_real(x: Tensor, n: int | None, dim: int, norm: Norm, forward: bool) -> Any:
    x = _promoted(x, to_complex=True)
    dim = _wrapped(x, dim)
    size = 2 * (x._array.shape[dim] - 1) if n is None else n
    _require_points(size)
    if n is not None:
        x = _resized(x, (dim,), (size // 2 + 1,))
    scaled = _normalization(norm, forward)
    return fft_c2r(x.conj() if forward else x, (dim,), scaled, size)


@op(name="fft_fft", variants="", composition=True, out=True, written_by=_by_kind, out_dtype=_complex_out("fft"))
def fft_fft(self: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The discrete Fourier transform along `dim`, of `n` points.

    `norm`: "backward" (the default, unscaled), "ortho" (by 1/√n) or "forward" (by 1/n).

    >>> import autogradkit as torch
    >>> torch.fft.fft(torch.tensor([1.0, 0.0, 0.0, 0.0]))
    tensor([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])
    """
    if self.dtype.is_complex:
        return _complex(self, n, dim, norm, True)
    return _from_real("fft", self, n, dim, norm, True, False)


@op(
    name="fft_ifft",
    variants="",
    composition=True,
    out=True,
    written_by=_then_conjugated,
    out_dtype=_complex_out("ifft"),
)
def fft_ifft(self: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The inverse of `fft`.

    >>> import autogradkit as torch
    >>> torch.fft.ifft(torch.ones(4))
    tensor([1.+0.j, 0.+0.j, 0.+0.j, 0.+0.j])
    """
    if self.dtype.is_complex:
        return _complex(self, n, dim, norm, False)
    return _from_real("ifft", self, n, dim, norm, False, False)


@op(name="fft_rfft", variants="", composition=True, out=True, written_by="_fft_r2c", out_dtype=_complex_out("rfft"))
def fft_rfft(self: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The transform of real numbers, without the half that are conjugates of the rest.

    >>> import autogradkit as torch
    >>> torch.fft.rfft(torch.ones(4))
    tensor([4.+0.j, 0.+0.j, 0.+0.j])
    """
    return _from_real("rfft", self, n, dim, norm, True, True)


@op(
    name="fft_irfft",
    variants="",
    composition=True,
    out=True,
    written_by="_fft_c2r",
    out_dtype=at_first(_real_out("irfft")),
)
def fft_irfft(self: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The inverse of `rfft`; `n` is the number of points of the result.

    >>> import autogradkit as torch
    >>> torch.fft.irfft(torch.tensor([4 + 0j, 0, 0]))
    tensor([1., 1., 1., 1.])
    """
    return _to_real(self, n, dim, norm, False)


@op(
    name="fft_hfft",
    variants="",
    composition=True,
    out=True,
    written_by="_fft_c2r",
    out_dtype=at_first(_real_out("hfft")),
)
def fft_hfft(self: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The transform of a signal of which one half is the conjugate of the other: real numbers.

    >>> import autogradkit as torch
    >>> torch.fft.hfft(torch.tensor([1 + 0j, 0, 0]))
    tensor([1., 1., 1., 1.])
    """
    return _to_real(self, n, dim, norm, True)


@op(
    name="fft_ihfft",
    variants="",
    composition=True,
    out=True,
    written_by=_then_conjugated,
    out_dtype=_complex_out("ihfft"),
)
def fft_ihfft(self: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The inverse of `hfft`.

    >>> import autogradkit as torch
    >>> torch.fft.ihfft(torch.ones(4))
    tensor([1.-0.j, 0.-0.j, 0.-0.j])
    """
    return _from_real("ihfft", self, n, dim, norm, False, True)


# -- along several dimensions ------------------------------------------------------------------------------------------


def _shape_and_dims(
    x: Tensor, s: Sequence[int] | None, dim: Sequence[int] | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(sizes, dimensions) of a transform. Raises RuntimeError, with PyTorch's texts, where they do not fit."""
    shape = x._array.shape
    dims = None
    if dim is not None:
        dims = tuple([_wrapped(x, each) for each in dim])
        if len(set(dims)) < len(dims):
            raise RuntimeError("FFT dims must be unique")
    if s is not None:
        if dims is not None and len(dims) != len(s):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
        if len(s) > len(shape):
            raise RuntimeError(f"Got shape with {len(s)} values but input tensor only has {len(shape)} dimensions.")
        if dims is None:
            dims = tuple(range(len(shape) - len(s), len(shape)))
        sizes = tuple([shape[each] if size == -1 else size for each, size in zip(dims, s, strict=True)])
    else:
        dims = tuple(range(len(shape))) if dims is None else dims
        sizes = tuple([shape[each] for each in dims])
    for size in sizes:
        _require_points(size)
    return sizes, dims


def _require_axes(name: str, dims: Sequence[int]) -> None:
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")


def _complex_n(x: Tensor, s: Any, dim: Any, norm: Norm, forward: bool) -> Any:
    sizes, dims = _shape_and_dims(x, s, dim)
    x = _resized(_promoted(x, to_complex=True), dims, sizes)
    scaled = _normalization(norm, forward)
    return fft_c2c(x, dims, scaled, forward) if dims else x.clone()


def _half_shape_and_dims(name: str, x: Tensor, s: Any, dim: Any) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """(sizes, dimensions, points of the result in the last one) of a transform into real numbers."""
    sizes, dims = _shape_and_dims(x, s, dim)
    _require_axes(name, dims)
    last = 2 * (x._array.shape[dims[-1]] - 1) if s is None or s[-1] == -1 else s[-1]
    _require_points(last)
    return (*sizes[:-1], last // 2 + 1), dims, last


def _rfftn(x: Tensor, s: Any, dim: Any, norm: Norm) -> Any:
    _require_real("rfftn", x, "a real-valued")
    sizes, dims = _shape_and_dims(x, s, dim)
    _require_axes("rfftn", dims)
    return fft_r2c(_resized(_promoted(x), dims, sizes), dims, _normalization(norm, True), True)


def _irfftn(x: Tensor, s: Any, dim: Any, norm: Norm) -> Any:
    sizes, dims, last = _half_shape_and_dims("irfftn", x, s, dim)
    x = _resized(_promoted(x, to_complex=True), dims, sizes)
    return fft_c2r(x, dims, _normalization(norm, False), last)


def _hfftn(x: Tensor, s: Any, dim: Any, norm: Norm) -> Any:
    sizes, dims, last = _half_shape_and_dims("hfftn", x, s, dim)
    x = _resized(_promoted(x, to_complex=True), dims, sizes)
    scaled = _normalization(norm, True)
    if len(dims) > 1:
        x = fft_c2c(x, dims[:-1], scaled, True)
    return fft_c2r(x.conj(), dims[-1:], scaled, last)


def _ihfftn(x: Tensor, s: Any, dim: Any, norm: Norm) -> Any:
    sizes, dims = _shape_and_dims(x, s, dim)
    _require_axes("ihfftn", dims)
    if x.dtype.is_complex:
        raise RuntimeError(f"Only supports floating-point dtypes, but found: {SCALAR_TYPE_NAMES[x.dtype]}")
    scaled = _normalization(norm, False)
    found = fft_r2c(_resized(_promoted(x), dims, sizes), dims[-1:], scaled, True).conj()
    return found if len(dims) == 1 else fft_c2c(found, dims[:-1], scaled, False)


@op(name="fft_fftn", variants="", composition=True, out=True, written_by="_fft_c2c", out_dtype=_complex_out("fftn"))
def fft_fftn(self: Tensor, s: Single | None = None, dim: Single | None = None, norm: str | None = None) -> Any:
    """The transform along several dimensions, all of them by default, of `s` points.

    >>> import autogradkit as torch
    >>> torch.fft.fftn(torch.ones(2, 2))
    tensor([[4.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])
    """
    return _complex_n(self, s, dim, norm, True)


@op(name="fft_ifftn", variants="", composition=True, out=True, written_by="_fft_c2c", out_dtype=_complex_out("fftn"))
def fft_ifftn(self: Tensor, s: Single | None = None, dim: Single | None = None, norm: str | None = None) -> Any:
    """The inverse of `fftn`.

    >>> import autogradkit as torch
    >>> torch.fft.ifftn(torch.ones(2, 2))
    tensor([[1.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])
    """
    return _complex_n(self, s, dim, norm, False)


@op(name="fft_rfftn", variants="", composition=True, out=True, written_by="_fft_r2c", out_dtype=_complex_out("rfftn"))
def fft_rfftn(self: Tensor, s: Single | None = None, dim: Single | None = None, norm: str | None = None) -> Any:
    """`rfft` along the last of several dimensions, `fft` along the others.

    >>> import autogradkit as torch
    >>> torch.fft.rfftn(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _rfftn(self, s, dim, norm)


@op(name="fft_irfftn", variants="", composition=True, out=True, written_by="_fft_c2r", out_dtype=_real_out("irfftn"))
def fft_irfftn(self: Tensor, s: Single | None = None, dim: Single | None = None, norm: str | None = None) -> Any:
    """The inverse of `rfftn`.

    >>> import autogradkit as torch
    >>> torch.fft.irfftn(torch.fft.rfftn(torch.ones(2, 2)))
    tensor([[1., 1.],
            [1., 1.]])
    """
    return _irfftn(self, s, dim, norm)


@op(name="fft_hfftn", variants="", composition=True, out=True, written_by="_fft_c2r", out_dtype=_real_out("hfftn"))
def fft_hfftn(self: Tensor, s: Single | None = None, dim: Single | None = None, norm: str | None = None) -> Any:
    """`hfft` along the last of several dimensions, `fft` along the others.

    >>> import autogradkit as torch
    >>> torch.fft.hfftn(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _hfftn(self, s, dim, norm)


@op(name="fft_ihfftn", variants="", composition=True, out=True, written_by="_fft_c2c", out_dtype=_complex_out("ihfftn"))
def fft_ihfftn(self: Tensor, s: Single | None = None, dim: Single | None = None, norm: str | None = None) -> Any:
    """The inverse of `hfftn`.

    >>> import autogradkit as torch
    >>> torch.fft.ihfftn(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _ihfftn(self, s, dim, norm)


@op(name="fft_fft2", variants="", composition=True, out=True, written_by="_fft_c2c", out_dtype=_complex_out("fftn"))
def fft_fft2(self: Tensor, s: Single | None = None, dim: Single = _LAST_TWO, norm: str | None = None) -> Any:
    """The transform along two dimensions, the last two by default.

    >>> import autogradkit as torch
    >>> torch.fft.fft2(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _complex_n(self, s, dim, norm, True)


@op(name="fft_ifft2", variants="", composition=True, out=True, written_by="_fft_c2c", out_dtype=_complex_out("fftn"))
def fft_ifft2(self: Tensor, s: Single | None = None, dim: Single = _LAST_TWO, norm: str | None = None) -> Any:
    """The inverse of `fft2`.

    >>> import autogradkit as torch
    >>> torch.fft.ifft2(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _complex_n(self, s, dim, norm, False)


@op(name="fft_rfft2", variants="", composition=True, out=True, written_by="_fft_r2c", out_dtype=_complex_out("rfftn"))
def fft_rfft2(self: Tensor, s: Single | None = None, dim: Single = _LAST_TWO, norm: str | None = None) -> Any:
    """`rfftn` along two dimensions.

    >>> import autogradkit as torch
    >>> torch.fft.rfft2(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _rfftn(self, s, dim, norm)


@op(name="fft_irfft2", variants="", composition=True, out=True, written_by="_fft_c2r", out_dtype=_real_out("irfftn"))
def fft_irfft2(self: Tensor, s: Single | None = None, dim: Single = _LAST_TWO, norm: str | None = None) -> Any:
    """The inverse of `rfft2`.

    >>> import autogradkit as torch
    >>> torch.fft.irfft2(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _irfftn(self, s, dim, norm)


@op(name="fft_hfft2", variants="", composition=True, out=True, written_by="_fft_c2r", out_dtype=_real_out("hfftn"))
def fft_hfft2(self: Tensor, s: Single | None = None, dim: Single = _LAST_TWO, norm: str | None = None) -> Any:
    """`hfftn` along two dimensions.

    >>> import autogradkit as torch
    >>> torch.fft.hfft2(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _hfftn(self, s, dim, norm)


@op(name="fft_ihfft2", variants="", composition=True, out=True, written_by="_fft_c2c", out_dtype=_complex_out("ihfftn"))
def fft_ihfft2(self: Tensor, s: Single | None = None, dim: Single = _LAST_TWO, norm: str | None = None) -> Any:
    """The inverse of `hfft2`.

    >>> import autogradkit as torch
    >>> torch.fft.ihfft2(torch.ones(2, 2)).shape
    torch.Size([2, 2])
    """
    return _ihfftn(self, s, dim, norm)


# -- beside them -------------------------------------------------------------------------------------------------------


def _shifted(x: Tensor, dim: Any, by: Any) -> Any:
    dims = tuple(range(x._array.ndim)) if dim is None else tuple([_wrapped(x, each) for each in dim])
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
