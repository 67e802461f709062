"""What PyTorch's functions of `torch.fft` do before a transform: promote, wrap, pad, cut, refuse; and how they are declared.

Rests on declare, transforms and padding; fourier rests on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import op
from autogradkit._ops.declare.kinds import Tensor
from autogradkit._ops.network.padding import constant_pad_nd
from autogradkit._ops.spectral.transforms import BY_COUNT, BY_ROOT, UNSCALED
from autogradkit._ops.views.parts import narrow_range
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype, get_default_dtype, is_half
from autogradkit.core.shapes import wrap_dim

Norm = str | None


def normalization_of(norm: Norm, forward: bool) -> int:
    """How a transform is scaled, by PyTorch's word for it. Raises RuntimeError for another word."""
    if norm is None or norm == "backward":
        return UNSCALED if forward else BY_COUNT
    if norm == "forward":
        return BY_COUNT if forward else UNSCALED
    if norm == "ortho":
        return BY_ROOT
    raise RuntimeError(f'Invalid normalization mode: "{norm}"')


def promoted(x: Tensor, to_complex: bool = False) -> Tensor:
    """Floating-point numbers, or complex ones. Raises RuntimeError for half precision, which has no transform."""
    kind = x.dtype
    if not (kind.is_floating_point or kind.is_complex):
        kind = get_default_dtype()
    if is_half(kind.numpy):
        raise RuntimeError(f"Unsupported dtype {SCALAR_TYPE_NAMES[kind]}")
    if to_complex:
        kind = kind.to_complex()
    return x if kind is x.dtype else x.to(kind)


def resized(x: Tensor, dims: Sequence[int], sizes: Sequence[int]) -> Tensor:
    """Cut, or filled up with zeros, to these sizes."""
    ndim = x._array.ndim
    after = [0] * (2 * ndim)
    for dim, size in zip(dims, sizes, strict=True):
        if x._array.shape[dim] < size:
            after[2 * (ndim - 1 - dim) + 1] = size - x._array.shape[dim]
        elif x._array.shape[dim] > size:
            x = narrow_range(x, dim, 0, size)
    return constant_pad_nd(x, tuple(after)) if any(after) else x


def wrapped(x: Tensor, dim: int) -> int:
    """A dimension counted from the front. Raises IndexError where there is none."""
    if not x._array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return wrap_dim(dim, x._array.ndim)


def require_points(n: int) -> None:
    """Raise RuntimeError for a transform of no points."""
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")


def require_real(name: str, x: Tensor, real: str = "a real") -> None:
    """Raise RuntimeError for complex numbers."""
    if x.dtype.is_complex:
        raise RuntimeError(f"{name} expects {real} input tensor, but got {SCALAR_TYPE_NAMES[x.dtype]}")


def complex_out(name: str) -> Callable[[np.dtype[Any], np.dtype[Any]], None]:
    """The check of an `out=` for complex numbers."""

    def require(_from: np.dtype[Any], to: np.dtype[Any]) -> None:
        if to.kind != "c":
            raise RuntimeError(
                f"{name} expects a complex output tensor, but got {SCALAR_TYPE_NAMES[from_numpy_dtype(to)]}"
            )

    return require


def real_out(name: str) -> Callable[[np.dtype[Any], np.dtype[Any]], None]:
    """The check of an `out=` for real numbers."""

    def require(_from: np.dtype[Any], to: np.dtype[Any]) -> None:
        if not from_numpy_dtype(to).is_floating_point:
            kind = SCALAR_TYPE_NAMES[from_numpy_dtype(to)]
            raise RuntimeError(f"{name} expects a floating point output tensor, but got {kind}")

    return require


def shape_and_dims(
    x: Tensor, s: Sequence[int] | None, dim: Sequence[int] | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(sizes, dimensions) of a transform. Raises RuntimeError, with PyTorch's texts, where they do not fit."""
    shape = x._array.shape
    dims = None
    if dim is not None:
        dims = tuple([wrapped(x, each) for each in dim])
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
        require_points(size)
    return sizes, dims


def require_axes(name: str, dims: Sequence[int]) -> None:
    """Raise RuntimeError where there is no dimension to transform along."""
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")


# -- how the functions are declared ------------------------------------------------------------------------------------


def then_conjugated(self: Tensor, *_rest: Any) -> str:
    """What writes into the `out=` of `ifft` and `ihfft`."""
    return "_fft_c2c" if self.dtype.is_complex else "aten::conj_physical"


def by_kind(self: Tensor, *_rest: Any) -> str:
    """The transform that writes into the `out=` of `fft`."""
    return "_fft_c2c" if self.dtype.is_complex else "_fft_r2c"


def transform(
    name: str, written_by: str | Callable[..., str], out_dtype: Callable[[np.dtype[Any], np.dtype[Any]], None]
) -> Callable[[Callable[..., Any]], Any]:
    """Declares one of PyTorch's functions, which gives an `out=` that it resizes contiguous strides, unless it conjugates it."""
    return op(
        name=name,
        variants="",
        composition=True,
        out=True,
        laid_out=written_by is then_conjugated,
        written_by=written_by,
        out_dtype=out_dtype,
    )
