"""The three transforms that are a node each: complex to complex, real to complex, complex to real.

Rests on declare and NumPy's FFT. Results are laid out as PyTorch's are, which puts the transformed dimensions last in memory.
fourier.py makes PyTorch's public functions of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Ints, SymInt
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit.core.dtype import from_numpy_dtype, is_half
from autogradkit.core.strides import element_strides

# How a transform of n points is scaled: not, by 1/√n, by 1/n.
UNSCALED, BY_ROOT, BY_COUNT = 0, 1, 2
_FORWARD: dict[int, Any] = {UNSCALED: "backward", BY_ROOT: "ortho", BY_COUNT: "forward"}  # NumPy's words
_INVERSE: dict[int, Any] = {UNSCALED: "forward", BY_ROOT: "ortho", BY_COUNT: "backward"}

Strides = tuple[int, ...]


def _sorted_dims(strides: Strides, dims: Sequence[int], leave_last: bool = False) -> list[int]:
    """The transformed dimensions, that of the largest stride first; with `leave_last` the last one stays."""
    moved, rest = (dims[:-1], dims[-1:]) if leave_last else (dims, ())
    return [*sorted(moved, key=lambda dim: -strides[dim]), *rest]


def _untransformed_dims(ndim: int, dims: Sequence[int]) -> list[int]:
    """The dimensions that are not transformed, in the order in which C++'s `partition` leaves them: the last in place of the
    first that is."""
    order, end = list(range(ndim)), ndim
    for place in range(ndim):
        if place < end and order[place] in dims:
            end = next((at for at in range(end - 1, place, -1) if order[at] not in dims), place)
            order[place] = order[end]
    return order[:end]


def _laid_out(sizes: Sequence[int], strides: Strides, dims: Sequence[int]) -> Strides:
    """The strides of a result of these sizes: contiguous, once the transformed dimensions are moved to the end."""
    batch = sorted(_untransformed_dims(len(sizes), dims), key=lambda dim: -strides[dim])
    found, step = [0] * len(sizes), 1
    for dim in reversed([*batch, *dims]):
        found[dim] = step
        step *= sizes[dim]
    return tuple(found)


def _complex_of(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.complex64 if dtype == np.float32 else np.complex128)


def _real_of(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.float32 if dtype == np.complex64 else np.float64)


def _c2c_meta(self: Array, dim: Ints, normalization: int, forward: bool) -> Any:
    strides = element_strides(self)
    return self.shape, self.dtype, _laid_out(self.shape, strides, _sorted_dims(strides, dim))


def _numbers(dims: Ints) -> Any:
    """Samples of real numbers, which these transforms take as the real parts of complex ones."""
    return lambda t: [(t(3, 4) * (1 + 2j), dims, UNSCALED, True), (t(3, 4) * (1 - 1j), dims, BY_COUNT, False)]


@op(
    name="_fft_c2c",
    node="FftC2CBackward0",
    variants="",
    out=False,
    meta=_c2c_meta,
    samples=_numbers((0, 1)),
    vjp={"self": lambda g, dim, normalization, forward: k.fft_c2c(g, dim, normalization, not forward)},
    rule="∂self = ∂, transformed the other way",
)
def fft_c2c(self: Array, dim: Ints, normalization: int, forward: bool, *, out: Array) -> None:
    """Complex numbers transformed along `dim`, forward or back."""
    transform, norms = (np.fft.fftn, _FORWARD) if forward else (np.fft.ifftn, _INVERSE)
    np.copyto(out, transform(self, axes=dim, norm=norms[normalization]))


def _r2c_meta(self: Array, dim: Ints, normalization: int, onesided: bool) -> Any:
    if is_half(self.dtype):
        raise RuntimeError(f"MKL FFT doesn't support tensors of type: {scalar_type(from_numpy_dtype(self.dtype))}")
    sizes, strides = list(self.shape), element_strides(self)
    if onesided:
        sizes[dim[-1]] = sizes[dim[-1]] // 2 + 1
    return tuple(sizes), _complex_of(self.dtype), _laid_out(sizes, strides, _sorted_dims(strides, dim, True))


def _r2c_backward(g: Any, self: Any, dim: tuple[int, ...], normalization: int, onesided: bool) -> Any:
    if onesided:
        last = dim[-1]
        missing = self.shape[last] - g.shape[last]
        if missing > 0:
            after = (0, 0) * (self.ndim - 1 - last) + (0, missing)
            g = k.constant_pad_nd(g, after, 0)
    return k.real_part(k.fft_c2c(g, dim, normalization, False))


@op(
    name="_fft_r2c",
    node="FftR2CBackward0",
    variants="",
    out=False,
    meta=_r2c_meta,
    samples=lambda t: [(t(3, 4), (0, 1), UNSCALED, True), (t(3, 5), (1,), BY_ROOT, False)],
    vjp={"self": lambda g, self, dim, normalization, onesided: _r2c_backward(g, self, dim, normalization, onesided)},
    rule="∂self = real part of ∂, transformed back",
)
def fft_r2c(self: Array, dim: Ints, normalization: int, onesided: bool, *, out: Array) -> None:
    """Real numbers transformed forward along `dim`; with `onesided` the last of these keeps what is no conjugate of the rest."""
    transform = np.fft.rfftn if onesided else np.fft.fftn
    np.copyto(out, transform(self, axes=dim, norm=_FORWARD[normalization]))


def _c2r_meta(self: Array, dim: Ints, normalization: int, last_dim_size: int) -> Any:
    sizes, strides = list(self.shape), element_strides(self)
    *others, last = dim
    if others:
        strides = _laid_out(sizes, strides, _sorted_dims(strides, others))
    sizes[last] = last_dim_size
    return tuple(sizes), _real_of(self.dtype), _laid_out(sizes, strides, (last,))


def _c2r_backward(g: Any, dim: Ints, normalization: int) -> Any:
    found = k.fft_r2c(g, dim, normalization, True)
    twice = g.shape[dim[-1]] - found.shape[dim[-1]]  # what stands for its conjugate, too
    if twice <= 0:
        return found
    return found * k.constant(conjugates_counted(found.shape[dim[-1]], twice, found.ndim - 1 - dim[-1]), found)


def conjugates_counted(size: int, twice: int, behind: int) -> Array:
    """2 for the `twice` places after the first, which stand for their conjugates too, 1 for the others."""
    factor = np.ones(size, np.float32)
    factor[1 : 1 + twice] = 2
    return factor.reshape(-1, *(1,) * behind)


@op(
    name="_fft_c2r",
    node="FftC2RBackward0",
    variants="",
    out=False,
    meta=_c2r_meta,
    samples=lambda t: [(t(3, 3) * (1 + 2j), (0, 1), UNSCALED, 4), (t(3, 3) * (1 + 2j), (1,), BY_COUNT, 5)],
    vjp={"self": lambda g, dim, normalization: _c2r_backward(g, dim, normalization)},
    rule="∂self = ∂, transformed forward, twice where a conjugate was left out",
)
def fft_c2r(self: Array, dim: Ints, normalization: int, last_dim_size: SymInt, *, out: Array) -> None:
    """Complex numbers, half of which stand for their conjugates too, transformed back into real ones along `dim`."""
    norm = _INVERSE[normalization]
    *others, last = dim
    if others:
        self = np.fft.ifftn(self, axes=others, norm=norm)
    np.copyto(out, np.fft.irfft(self, last_dim_size, last, norm))
