"""Products of all elements or over a dimension: prod, and the products without each factor that are its gradient.

Rests on declare and sums.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k
from autogradkit._ops.declare.kinds import Array, Dim, DType
from autogradkit._ops.declare.plans import wrapped_dims
from autogradkit._ops.declare.writing import require_same_dtype
from autogradkit._ops.reduction.sums import summand, summed_dtype
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.short_rows import are_short, reduce_rows
from autogradkit.core.strides import move_dim
from autogradkit.core.tensor import Tensor


def without_each(self: Any, dim: int) -> Any:
    """For each place of dimension `dim` the product of all others, found without dividing: zeros may be among them."""
    size = self.shape[dim]
    if size == 0:
        return self
    if size == 1:
        return k.new_zeros(self, self.shape) + 1
    ones = k.new_zeros(self, (*self.shape[:dim], 1, *self.shape[dim + 1 :])) + 1
    before = k.cumprod(k.cat([ones, k.slice(self, dim, 0, size - 1, 1)], dim), dim)
    after = k.cumprod(k.cat([ones, k.flip(k.slice(self, dim, 1, size, 1), (dim,))], dim), dim)
    return before * k.flip(after, (dim,))


def _multiplied(self: Any, result: Any) -> Any:
    """The factors: of complex numbers whose product was asked for as a real one, their real parts."""
    return k.real_part(self) if k.is_complex(self) and not k.is_complex(result) else self


def _prod_backward(g: Any, self: Any, result: Any) -> Any:
    if not self.ndim:
        return g
    self = _multiplied(self, result)
    zeros = k.sum_all(self == 0)
    if not zeros:
        return g * k.conj(result / self)
    if zeros > 1 and not isinstance(self, Tensor):  # as in PyTorch, unless a graph is made of it
        return k.zeros_like(self)
    return g * k.conj(k.reshape(without_each(k.reshape(self, (-1,)), 0), self.shape))


def _prod_dim_backward(g: Any, self: Any, result: Any, dim: int, keepdim: bool) -> Any:
    if not self.ndim:
        return g
    dim = wrap_dim(dim, self.ndim)
    if not keepdim:
        g, result = k.unsqueeze(g, dim), k.unsqueeze(result, dim)
    self = _multiplied(self, result)
    if not k.any_all(self == 0):
        return g * k.conj(result / self)
    return g * k.conj(without_each(self, dim))


_MANY = 8192  # factors from which it is quicker to multiply pieces than one after the other, each of which waits for the last


def _multiply_up(array: Array, axis: Any, out: Array, keepdims: bool = False) -> None:
    """Write the product over `axis` into `out`. What lies in one piece is cut into four, which are multiplied, and so on."""
    array = summand(array, out.dtype)
    along = array.T if axis is None and array.flags.f_contiguous else array
    if axis is not None and len(axis) == 1:
        along = move_dim(array, axis[0], -1)
    if (
        array.size < _MANY
        or not (along.flags.c_contiguous and out.flags.c_contiguous)
        or not (axis is None or len(axis) == 1)
    ):
        np.multiply.reduce(array, axis=axis, dtype=out.dtype, keepdims=keepdims, out=out)
        return
    if array.dtype == out.dtype and are_short(array, axis, out):
        reduce_rows(np.multiply, array, axis, None, out, keepdims)
        return
    rows = along.reshape(out.size, -1).astype(out.dtype, copy=False)
    while (count := rows.shape[1]) > 16:
        length = count // 4
        pieces = rows[:, :length] * rows[:, length : 2 * length]
        pieces *= rows[:, 2 * length : 3 * length]
        pieces *= rows[:, 3 * length : 4 * length]
        for left in range(4 * length, count):
            pieces[:, 0] *= rows[:, left]
        rows = pieces
    np.multiply.reduce(rows, axis=1, out=out.reshape(-1))


prod = function("prod")


@prod.overload(
    reduces=True,
    out=False,
    result_dtype=summed_dtype,
    refuses_complex=True,
    samples=lambda t: [(t(2, 3, low=0.5),), (t(),)],
    vjp={"self": _prod_backward},
    rule="∂self = ∂ · others(self)",
)
def prod_all(self: Array, *, dtype: DType | None = None, out: Array) -> None:
    """The product of all elements, or of those along `dim`.

    >>> import autogradkit as torch
    >>> torch.prod(torch.tensor([2.0, 3.0, 4.0]))
    tensor(24.)
    """
    if k.is_half(out):
        np.copyto(out, np.multiply.reduce(summand(self, out.dtype), axis=None, dtype=np.float32), casting="unsafe")
    else:
        _multiply_up(self, None, out)


@prod.overload(
    node="ProdBackward1",
    reduces=True,
    out_decides=True,
    out_dtype=require_same_dtype,
    result_dtype=summed_dtype,
    refuses_complex=True,
    samples=lambda t: [(t(2, 3, low=0.5), 1), (t(2, 3, low=0.5), 0, True)],
    vjp={"self": _prod_dim_backward},
    rule="∂self = ∂ · others(self)",
)
def prod_dim(self: Array, dim: Dim, keepdim: bool = False, *, dtype: DType | None = None, out: Array) -> None:
    if self.ndim and k.is_half(out):  # rounded after each factor, as in PyTorch
        (axis,) = wrapped_dims(dim, self.ndim)
        product = np.ones((*self.shape[:axis], *self.shape[axis + 1 :]), out.dtype)
        for factor in move_dim(summand(self, out.dtype), axis, 0):
            np.multiply(product, factor.astype(out.dtype), out=product)
        np.copyto(out, product.reshape(out.shape))
    else:
        _multiply_up(self, dim, out, keepdim)
