"""Norms by their older names: frobenius_norm, nuclear_norm, and norm_except_dim, which weight normalisation is made with.

Compositions over the norms and singular values that are here. Rests on declare; declared when somebody
asks for a name of it (`_ops.unloaded`).
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import function, op
from autogradkit._ops.declare.kinds import Array, Dims, Pair
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.declare.writing import require_same_dtype, saying
from autogradkit._ops.linalg.matrix_norms import matrix_norm
from autogradkit._ops.reduction.norms import norm_along, norm_of_all
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn_once


def _deprecated(name: str, other: str) -> None:
    warn_once(
        f"at::{name} is deprecated and it is just left for JIT compatibility. It will be removed in a future PyTorch release. "
        f"Please use `linalg.{other}` instead"
    )


def _require_numbers(self: Any) -> None:
    kind: Dtype = self.dtype
    if not (kind.is_floating_point or kind.is_complex):
        name = scalar_type(kind)
        raise RuntimeError(f"norm(): input dtype should be either floating point or complex. Got {name} instead.")


@op(variants="function", composition=True, out=True, written_by="norm", out_dtype=require_same_dtype)
def frobenius_norm(self: Tensor, dim: Dims, keepdim: bool = False) -> Any:
    """The root of the sum of the squares over `dim`; `linalg.vector_norm` is what PyTorch wants instead.

    >>> import warnings, autogradkit as torch
    >>> with warnings.catch_warnings(action="ignore"):  # it is deprecated
    ...     torch.frobenius_norm(torch.tensor([[3.0, 4.0]]), (0, 1))
    tensor(5.)
    """
    _deprecated("frobenius_norm", "vector_norm(A, 2., dim, keepdim)")
    if len(dim) > 2:
        raise RuntimeError(f"Expected at most 2 dimensions, but got {len(dim)} dimensions instead.")
    _require_numbers(self)
    return norm_along(self, 2, dim, keepdim)


_matrix_norm_dtypes = saying("linalg.matrix_norm expected out tensor dtype {result} but got: {out}")
nuclear_norm = function("nuclear_norm", variants="function")


@nuclear_norm.overload(composition=True, out=True, written_by="copy_", out_dtype=_matrix_norm_dtypes)
def _(self: Array, dim: Pair, keepdim: bool = False) -> Any:
    """The sum of the singular values of matrices; `linalg.matrix_norm` is what PyTorch wants instead.

    >>> import warnings, autogradkit as torch
    >>> with warnings.catch_warnings(action="ignore"):  # it is deprecated
    ...     torch.nuclear_norm(torch.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor(7.)
    """
    return _nuclear(self, dim, keepdim)


@nuclear_norm.overload(composition=True, out=True, written_by="copy_", out_dtype=_matrix_norm_dtypes)
def _(self: Array, keepdim: bool = False) -> Any:
    return _nuclear(self, (-2, -1), keepdim)


def _nuclear(self: Any, dim: Pair, keepdim: bool) -> Any:
    _deprecated("nuclear_norm", "matrix_norm(A, 'nuc', dim, keepdim)")
    return matrix_norm(self, "nuc", dim, keepdim)


@op(variants="function", composition=True)
def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Any:
    """The norms over all dimensions but `dim`, which is kept beside ones; over all of them where it is −1.

    >>> import autogradkit as torch
    >>> torch.norm_except_dim(torch.tensor([[3.0, 4.0], [6.0, 8.0]]))
    tensor([[ 5.],
            [10.]])
    """
    if dim == -1:
        _require_numbers(v)
        return norm_of_all(v, pow)
    ndim, size = v._array.ndim, v._array.shape
    if not ndim and dim == 0:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    if dim == 0:
        rows = v.contiguous().view(size[0], -1)
        _require_numbers(v)
        return norm_along(rows, pow, (1,)).view(size[0], *(1,) * (ndim - 1))
    if dim == ndim - 1:
        columns = v.contiguous().view(-1, size[-1])
        _require_numbers(v)
        return norm_along(columns, pow, (0,)).view(*(1,) * (ndim - 1), size[-1])
    return norm_except_dim(v.transpose(0, dim), pow, 0).transpose(0, dim)
