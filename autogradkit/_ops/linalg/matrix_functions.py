"""Powers and exponentials of square matrices.

Rests on solving and SciPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op, writing
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.linalg.matmul import matmul
from autogradkit._ops.linalg.matrices import adjoint, columns, matrices_of, require_floats, require_square, rows
from autogradkit._ops.linalg.solving import inv
from autogradkit._ops.making.options import contiguous_format
from autogradkit.core.tensor import Tensor, wrap


def _power(self: Any, n: int) -> Any:
    require_square(self._array, "linalg.matrix_power")
    if n == 0:
        array = self._array
        ones = wrap(np.broadcast_to(np.eye(array.shape[-1], dtype=array.dtype), array.shape))
        return self.clone(memory_format=contiguous_format).copy_(ones)
    if n == 1:
        return self.clone(memory_format=contiguous_format)
    base = self
    if n < 0:
        base, n = inv(self), -n
        if n == 1:
            return base
    if n == 2:
        return matmul(base, base)
    if n == 3:
        return matmul(matmul(base, base), base)
    result: Any = None
    square = base
    while n:
        if n % 2:
            result = square if result is None else matmul(result, square)
        n //= 2
        if n:
            square = matmul(square, square)
    return result


def _writer(_self: Tensor, n: int) -> str:
    """What writes the power into `out=`: its last product, unless it is a square of squares, or no product at all."""
    size = abs(n)
    if n == -1:
        return "linalg_inv_ex"
    return "copy_" if size != 2 and size & (size - 1) == 0 else "matmul"


@op(
    name="linalg_matrix_power",
    variants="",
    composition=True,
    out=True,
    written_by=_writer,
    out_dtype=writing.castable("matrix_power"),
)
def linalg_matrix_power(self: Tensor, n: int) -> Any:
    """The n-th power of square matrices, that of the inverse for a negative `n`.

    >>> import autogradkit as torch
    >>> torch.linalg.matrix_power(torch.tensor([[1, 1], [0, 1]]), 5)
    tensor([[1, 5],
            [0, 1]])
    """
    return _power(self, n)


@op(composition=True, out=True, written_by=_writer, out_dtype=writing.castable("matrix_power"))
def matrix_power(self: Tensor, n: int) -> Any:
    """Another name for `linalg.matrix_power`.

    >>> import autogradkit as torch
    >>> torch.matrix_power(torch.tensor([[1, 1], [0, 1]]), 5)
    tensor([[1, 5],
            [0, 1]])
    """
    return _power(self, n)


def _exponential_meta(self: Array) -> Any:
    require_square(self, "linalg.matrix_exp")
    require_floats(self, "linalg.matrix_exp", low=True)
    return self.shape, self.dtype


def _exponential_backward(g: Any, self: Any) -> Any:
    """The derivative of exp at Aᵀ along ∂: above the diagonal of the exponential of [[Aᵀ, ∂], [0, Aᵀ]]."""
    n = self.shape[-1]
    turned = adjoint(self)
    upper = k.cat([turned, g], self.ndim - 1)
    lower = k.cat([k.zeros_like(turned), turned], self.ndim - 1)
    return columns(rows(k.matrix_exp(k.cat([upper, lower], self.ndim - 2)), 0, n), n, 2 * n)


@op(
    name="linalg_matrix_exp",
    label="matrix_exp",
    variants="",
    out=False,
    meta=_exponential_meta,
    samples=lambda t: [(t(2, 2),), (t(2, 1, 1),)],
    vjp={"self": _exponential_backward},
    rule="∂self = the derivative of exp at selfᵀ along ∂",
)
def matrix_exp(self: Array, *, out: Array) -> None:
    """The exponential of square matrices, the sum of Aⁿ / n!.

    >>> import autogradkit as torch
    >>> torch.linalg.matrix_exp(torch.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    if not out.size:
        return
    from scipy.linalg import expm  # loading SciPy takes longer than most programs need it

    wide = self.astype(np.float32) if self.dtype.kind in "fV" and self.dtype.itemsize < 4 else self
    np.copyto(out, np.reshape(expm(matrices_of(wide)), out.shape), casting="unsafe")


@op(name="matrix_exp", composition=True)
def matrix_exp_of(self: Tensor) -> Any:
    """Another name for `linalg.matrix_exp`.

    >>> import autogradkit as torch
    >>> torch.matrix_exp(torch.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    return matrix_exp(self)
