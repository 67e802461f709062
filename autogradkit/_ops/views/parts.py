"""Views on parts of a tensor: select, slice, narrow, diagonal, unfold, and what undoes them in backward.

Rests on declare and sizes. Indexing is made of these; what takes a tensor apart into several views stands in splits.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array, Sizes, SymInt
from autogradkit._ops.declare.known_views import KnownViews
from autogradkit._ops.views.geometry import restrided
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.strides import element_strides, move_dim
from autogradkit.core.tensor import Tensor

Whole = slice(None)


def whole_meta(grad: Array, input_sizes: tuple[int, ...], *_rest: Any) -> Any:
    """What a gradient of a part is brought to: the sizes of the whole."""
    return input_sizes, grad.dtype


def part(self: Array, dim: int, places: Any) -> Array:
    """A view on one place, or a slice of places, of dimension `dim`."""
    found = self[(*(Whole,) * dim, places)] if dim else self[places, ...]
    if found.size:
        return found
    # NumPy leaves the address and the strides of what has no elements as they were.
    strides, size = element_strides(self), self.shape[dim]
    if not isinstance(places, slice):
        start = places % size * strides[dim]
        return restrided(self, found.shape, (*strides[:dim], *strides[dim + 1 :]), start)
    first, step = places.indices(size)[0], places.step or 1
    return restrided(
        self, found.shape, (*strides[:dim], strides[dim] * step, *strides[dim + 1 :]), first * strides[dim]
    )


# -- one element, or a range of them, along a dimension ----------------------------------------------------------------


@op(
    view=True,
    samples=lambda t: [(t(2, 3), 1, 2), (t(2, 3), 0, -1), (t(4), 0, 1)],
    vjp={"self": lambda g, self_sym_sizes, dim, index: k.select_backward(g, self_sym_sizes, dim, index)},
    rule="∂self = ∂ at the selected index, 0 elsewhere",
)
def select(self: Array, dim: int, index: SymInt) -> Array:
    """A view on place `index` of dimension `dim`, without that dimension.

    >>> import autogradkit as torch
    >>> torch.select(torch.tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    if not self.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim = wrap_dim(dim, self.ndim)
    size = self.shape[dim]
    if not -size <= index < size:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(self.shape)} at dimension {dim}"
        )
    found = self[(*(Whole,) * dim, index, ...)]
    return found if found.size else part(self, dim, index)


@op(
    node="SelectBackwardBackward0",
    variants="",
    meta=whole_meta,
    samples=lambda t: [(t(3), (2, 3), 0, 1)],
    vjp={"grad_output": lambda g, dim, index: k.select(g, dim, index)},
)
def select_backward(grad_output: Array, input_sizes: Sizes, dim: int, index: SymInt, *, out: Array) -> None:
    """Zeros of `input_sizes` with `grad_output` where `select` took from."""
    out.fill(0)
    out[(*(Whole,) * wrap_dim(dim, out.ndim), index)] = grad_output


@op(
    name="slice",
    variants="",
    view=True,
    samples=lambda t: [(t(4, 3), 0, 1, 3), (t(2, 7), -1, 1, 6, 2), (t(3), 0, 2, 1)],
    vjp={
        "self": lambda g, self_sym_sizes, dim, start, end, step: k.slice_backward(
            g, self_sym_sizes, dim, start, end, step
        )
    },
    rule="∂self = ∂ in the slice, 0 elsewhere",
)
def slice_(
    self: Array, dim: int = 0, start: SymInt | None = None, end: SymInt | None = None, step: SymInt = 1
) -> Array:
    """A view on every `step`-th place of dimension `dim` from `start` to before `end`."""
    if not self.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    if not 0 <= dim < self.ndim:
        dim = wrap_dim(dim, self.ndim)
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    return part(self, dim, slice(start, end, step))


@op(
    node="SliceBackwardBackward0",
    variants="",
    meta=whole_meta,
    samples=lambda t: [(t(2, 3), (4, 3), 0, 1, 3, 1)],
    vjp={"grad_output": lambda g, dim, start, end, step: k.slice(g, dim, start, end, step)},
)
def slice_backward(
    grad_output: Array, input_sizes: Sizes, dim: int, start: SymInt, end: SymInt, step: SymInt, *, out: Array
) -> None:
    """Zeros of `input_sizes` with `grad_output` where `slice` took from."""
    out.fill(0)
    out[(*(Whole,) * wrap_dim(dim, out.ndim), slice(start, end, step))] = grad_output


narrow = function("narrow")


@narrow.overload(composition=True)
def _(self: Tensor, dim: int, start: Tensor, length: SymInt) -> Any:
    start_tensor: Any = start
    if start_tensor._array.ndim or start_tensor._array.dtype.kind not in "iu":
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    return narrow_range(self, dim, int(start_tensor.item()), length)


@narrow.overload(composition=True)
def narrow_range(self: Tensor, dim: int, start: SymInt, length: SymInt) -> Any:
    """A view on `length` places of dimension `dim` from `start` on.

    >>> import autogradkit as torch
    >>> torch.arange(5).narrow(0, 1, 3)
    tensor([1, 2, 3])
    """
    if not self._array.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    size = self._array.shape[wrap_dim(dim, self._array.ndim)]
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    start += size if start < 0 else 0
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return slice_(self, dim, start, start + length, 1)


# -- diagonals and windows ---------------------------------------------------------------------------------------------


@op(
    view=KnownViews,
    samples=lambda t: [(t(3, 3),), (t(2, 3, 4), 1, 0, 2), (t(3, 2), -1)],
    vjp={
        "self": lambda g, self_sym_sizes, offset, dim1, dim2: k.diagonal_backward(g, self_sym_sizes, offset, dim1, dim2)
    },
    rule="∂self = ∂ on the diagonal, 0 elsewhere",
)
def diagonal(self: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """A view on the diagonal of dimensions `dim1` and `dim2`, as the last dimension.

    >>> import autogradkit as torch
    >>> torch.tensor([[1, 2], [3, 4]]).diagonal()
    tensor([1, 4])
    """
    first, second = wrap_dim(dim1, self.ndim), wrap_dim(dim2, self.ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    strides = element_strides(self)
    rows, columns = self.shape[first] - max(-offset, 0), self.shape[second] - max(offset, 0)
    length = max(min(rows, columns), 0)
    start = max(offset, 0) * strides[second] + max(-offset, 0) * strides[first] if length else 0
    rest = [dim for dim in range(self.ndim) if dim not in (first, second)]
    shape = (*(self.shape[dim] for dim in rest), length)
    return restrided(self, shape, (*(strides[dim] for dim in rest), strides[first] + strides[second]), start)


@op(
    node="DiagonalBackwardBackward0",
    variants="",
    meta=whole_meta,
    samples=lambda t: [(t(3), (3, 3), 0, 0, 1)],
    vjp={"grad_output": lambda g, offset, dim1, dim2: k.diagonal(g, offset, dim1, dim2)},
)
def diagonal_backward(grad_output: Array, input_sizes: Sizes, offset: int, dim1: int, dim2: int, *, out: Array) -> None:
    """Zeros of `input_sizes` with `grad_output` on the diagonal."""
    out.fill(0)
    diagonal.kernel(out, offset, dim1, dim2)[...] = grad_output


@op(
    variants="method",
    view=KnownViews,
    samples=lambda t: [(t(5), 0, 2, 1), (t(2, 6), 1, 3, 2)],
    vjp={
        "self": lambda g, self_sym_sizes, dimension, size, step: k.unfold_backward(
            g, self_sym_sizes, dimension, size, step
        )
    },
    rule="∂self = ∂ of every window, added where it lay",
)
def unfold(self: Array, dimension: int, size: int, step: int) -> Array:
    """A view on all windows of `size` places of a dimension, `step` apart; the window is the last dimension.

    >>> import autogradkit as torch
    >>> torch.arange(4).unfold(0, 2, 1)
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    dim = wrap_dim(dimension, self.ndim)
    length, stride = (self.shape[dim], element_strides(self)[dim]) if self.ndim else (1, 1)
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > length:
        raise RuntimeError(f"maximum size for tensor at dimension {dim} is {length} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    shape, strides = [*self.shape, size], [*element_strides(self), stride]
    if self.ndim:
        shape[dim], strides[dim] = (length - size) // step + 1, stride * step
    return restrided(self, shape, strides)


@op(
    node="UnfoldBackwardBackward0",
    variants="",
    meta=whole_meta,
    samples=lambda t: [(t(4, 2), (5,), 0, 2, 1)],
    vjp={"grad_in": lambda g, dim, size, step: k.unfold(g, dim, size, step)},
)
def unfold_backward(grad_in: Array, input_sizes: Sizes, dim: int, size: int, step: int, *, out: Array) -> None:
    """Zeros of `input_sizes` to which each window's gradient is added where the window lay."""
    if not out.ndim:
        np.add.reduce(grad_in, axis=None, out=out)
        return
    out.fill(0)
    windows = move_dim(unfold.kernel(out, dim, size, step), -1, 0)
    for window, gradient in zip(windows, move_dim(grad_in, -1, 0), strict=True):
        window += gradient
