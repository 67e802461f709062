"""The norms of matrices, their condition, and `norm`, which chooses between norms of matrices and of vectors.

Rests on decompositions, solving and reduction/norms.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autogradkit._ops.declare import function, python_function, python_method
from autogradkit._ops.declare.kinds import CLASSES, Array, Dims, DType, Ints, Scalar
from autogradkit._ops.declare.writing import castable, saying
from autogradkit._ops.linalg.decompositions import svdvals
from autogradkit._ops.linalg.matrices import require_square
from autogradkit._ops.linalg.solving import inv_ex
from autogradkit._ops.reduction.norms import norm_along, vector_norm
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, can_cast
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import shorten
from autogradkit.core.layout import sparse_coo
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.tensor import Tensor
from autogradkit.engine.ownership import set_version


def _require_matrix(x: Any, dim: Sequence[int], dtype: Any, low: bool = False) -> tuple[int, int]:
    """The two dimensions, counted from the front. Raises where there is no norm of matrices over them."""
    name, own = "linalg.matrix_norm", SCALAR_TYPE_NAMES[x.dtype]
    if x.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if x._array.dtype.kind not in "fcV":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {own}")
    if not low and x.dtype.itemsize < (8 if x.is_complex() else 4):
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {own}")
    if len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    first, second = (wrap_dim(each, x.ndim) for each in dim)
    if first == second:
        raise RuntimeError(f"{name}: dims must be different. Got ({first}, {second})")
    if dtype is not None:
        wanted = SCALAR_TYPE_NAMES[dtype]
        if not (dtype.is_floating_point or dtype.is_complex):
            raise RuntimeError(f"{name}: dtype should be floating point or complex, but got {wanted}")
        if x.is_complex() != dtype.is_complex:
            kind = "complex" if x.is_complex() else "real"
            raise RuntimeError(f"{name}: dtype should be {kind} for {kind} inputs, but got {wanted}")
        if not can_cast(x.dtype, dtype) or dtype.itemsize < x.dtype.itemsize:
            raise RuntimeError(
                f"{name}: the dtype of the input ({own}) should be convertible without narrowing to the specified dtype "
                f"({wanted})"
            )
    return first, second


_matrix_norm = function("linalg_matrix_norm", variants="")
_dtypes = saying("linalg.matrix_norm expected out tensor dtype {result} but got: {out}")


@_matrix_norm.overload(composition=True, out=True, written_by="copy_", out_dtype=_dtypes)
def _(self: Array, ord: Scalar, dim: Ints = (-2, -1), keepdim: bool = False, *, dtype: DType | None = None) -> Any:
    """The norm of the matrices in two dimensions.

    `ord` is "fro" (of all their elements), "nuc" (the sum of singular values), 2 or −2 (the largest or least of these), 1 or −1
    (the largest or least sum of a column), or inf or −inf (of a row).

    >>> import autogradkit as torch
    >>> torch.linalg.matrix_norm(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), 1)
    tensor(6.)
    """
    x: Any = self
    if isinstance(ord, complex):
        raise RuntimeError("linalg.matrix_norm: Expected a non-complex scalar as the order of norm.")
    size = abs(ord)
    if size not in (1, 2, math.inf):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord:g} not supported.")
    first, second = _require_matrix(x, dim, dtype, low=size != 2)
    if size == 2:
        found = svdvals(_moved_back(x if dtype is None else x.to(dtype), first, second))
        result = _extreme(found, ord > 0, -1, keepdim)
        return _moved_front(result, x.ndim, first, second) if keepdim else result
    if size == math.inf:
        first, second = second, first
    sums = vector_norm(x, 1.0, (first,), keepdim, dtype=dtype)
    if not keepdim and first < second:
        second -= 1
    return _extreme(sums, ord > 0, second, keepdim)


@_matrix_norm.overload(composition=True, out=True, written_by="copy_", out_dtype=_dtypes)
def matrix_norm(
    self: Array, ord: str = "fro", dim: Ints = (-2, -1), keepdim: bool = False, *, dtype: DType | None = None
) -> Any:
    x: Any = self
    if ord not in ("fro", "nuc"):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    first, second = _require_matrix(x, dim, dtype, low=ord == "fro")
    if ord == "fro":
        return vector_norm(x, 2, (first, second), keepdim, dtype=dtype)
    result = svdvals(_moved_back(x if dtype is None else x.to(dtype), first, second)).sum(-1, keepdim)
    return _moved_front(result, x.ndim, first, second) if keepdim else result


def _extreme(sizes: Any, largest: bool, dim: int, keepdim: bool) -> Any:
    """The largest or least of the sizes along a dimension; of none 0 is the largest."""
    if largest and not sizes.shape[dim]:
        at, shape = wrap_dim(dim, sizes.ndim), tuple(sizes.shape)
        return _zeros(sizes, (*shape[:at], *([1] if keepdim else []), *shape[at + 1 :]), sizes.dtype)
    return (sizes.amax if largest else sizes.amin)(dim, keepdim)


def _zeros(beside: Any, shape: tuple[int, ...], kind: Dtype) -> Any:
    """The norms, or conditions, of matrices without elements, which PyTorch makes and then fills."""
    found = beside.new_zeros(shape, dtype=kind)
    set_version(found, 1)
    return found


def _order(ndim: int, first: int, second: int) -> list[int]:
    return [*(i for i in range(ndim) if i not in (first, second)), first, second]


def _moved_back(x: Any, first: int, second: int) -> Any:
    """The matrices in the last two dimensions."""
    return x.permute(_order(x.ndim, first, second))


def _moved_front(result: Any, ndim: int, first: int, second: int) -> Any:
    """The ones that are kept where the matrices' dimensions were."""
    order = _order(ndim, first, second)
    return result.unsqueeze(-1).permute([order.index(i) for i in range(ndim)])


_norm = function("linalg_norm", variants="")
_norm_dtypes = saying("linalg.norm expected out tensor dtype {result} but got: {out}")


@_norm.overload(composition=True, out=True, written_by="copy_", out_dtype=_norm_dtypes)
def _(
    self: Array,
    ord: Scalar | None = None,
    dim: Dims | None = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
) -> Any:
    """The norm of vectors, where `dim` is one dimension or the operand has one, or of matrices; see `vector_norm`, `matrix_norm`.

    Without `ord` it is that of all elements, or of those over `dim`, as a vector.

    >>> import autogradkit as torch
    >>> torch.linalg.norm(torch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    _require_norm_dims(self, ord, dim)
    if ord is not None and (len(dim) == 2 if dim is not None else self.ndim == 2):
        return _matrix_norm(self, ord, (0, 1) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm.owner(self, 2 if ord is None else ord, dim, keepdim, dtype=dtype)


@_norm.overload(composition=True, out=True, written_by="copy_", out_dtype=_norm_dtypes)
def _(self: Array, ord: str, dim: Dims | None = None, keepdim: bool = False, *, dtype: DType | None = None) -> Any:
    _require_norm_dims(self, ord, dim)
    return matrix_norm(self, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)


def _require_norm_dims(x: Any, ord: Any, dim: Any) -> None:
    if dim is not None and len(dim) not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got [{', '.join(map(str, dim))}]"
        )
    if dim is None and ord is not None and x.ndim not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {x.ndim}D."
        )


_cond = function("linalg_cond", variants="")
_castable_cond = castable("linalg.cond")


def _refuse_out_of_cond(out: Tensor, self: Tensor, p: Any) -> None:
    _castable_cond(self.dtype.to_real().numpy, out.dtype.numpy)


@_cond.overload(
    composition=True, out=True, written_by="copy_", out_dtype=_castable_cond, refuse_out=_refuse_out_of_cond
)
def _(self: Array, p: Scalar | None = None) -> Any:
    """The condition number of matrices: their norm times that of their inverse, by the norm `p` of `matrix_norm`.

    >>> import autogradkit as torch
    >>> torch.linalg.cond(torch.tensor([[2.0, 0.0], [0.0, 8.0]]))
    tensor(4.)
    """
    x: Any = self
    require_cond(x)
    order = 2 if p is None else p
    if abs(order) not in (1, 2, math.inf):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {order:g}")
    if not x.numel():
        return _zeros(x, x.shape[:-2], x.dtype.to_real())
    if abs(order) == 2:
        values = svdvals(x)
        most, least = values.narrow(-1, 0, 1), values.narrow(-1, -1, 1)
        return (least / most if order < 0 else most / least).squeeze(-1)
    return _by_inverse(x, order)


@_cond.overload(
    composition=True, out=True, written_by="copy_", out_dtype=_castable_cond, refuse_out=_refuse_out_of_cond
)
def _(self: Array, p: str) -> Any:
    x: Any = self
    if p not in ("fro", "nuc"):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    if not x.numel():
        return _zeros(x, x.shape[:-2], x.dtype.to_real())
    return _by_inverse(x, p)


def require_cond(x: Any) -> None:
    """Raise RuntimeError for what has no matrices."""
    if x.ndim < 2:
        raise RuntimeError("linalg.cond: The input tensor must have at least 2 dimensions.")


def _by_inverse(x: Any, order: Any) -> Any:
    named = order if isinstance(order, str) else f"{order:g}"
    require_square(x._array, f"linalg.cond(ord={named})")
    inverse, info = inv_ex(x)
    inverse.masked_fill_(info.unsqueeze(-1).unsqueeze(-1) > 0, math.inf)
    product = _matrix_norm(x, order) * _matrix_norm(inverse, order)
    return product.masked_fill(product.isnan(), math.inf)


@python_function()
def norm(
    input: Tensor,
    p: float | str | None = "fro",
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    out: Tensor | None = None,
    dtype: Dtype | None = None,
) -> Tensor:
    """The `p`-norm of all elements, or over `dim`; Euclidean if not said otherwise.

    "nuc" is the nuclear norm of a matrix, or of those in the two dimensions of `dim`.

    >>> import autogradkit as torch
    >>> torch.norm(torch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    try:
        dims = [dim] if isinstance(dim, int) else dim
        written = {} if out is None else {"out": out}
        if isinstance(p, str) and (p != "fro" or (dims is not None and len(dims) > 2)):
            places = list(range(input.ndim)) if dims is None else dims
            return matrix_norm.owner(input, p, places, keepdim, dtype=dtype, **written)
        order = 2 if p is None or isinstance(p, str) else p
        plain = dtype is None and out is None and (dim is None or (isinstance(dim, int) and -64 <= dim < 64))
        plain = plain and (order.__class__ is float or (order.__class__ is int and -(2**63) <= order < 2**63))
        if plain and input.__class__ in CLASSES and keepdim.__class__ is bool and dim.__class__ is not bool:
            return vector_norm.straight(input, order, dim if dim is None else (dim,), keepdim)
        if input.layout is sparse_coo:
            return norm_along(input, order, () if dims is None else tuple(dims), keepdim)
        return vector_norm.owner(input, order, dims, keepdim, dtype=dtype, **written)
    except BaseException as error:
        shorten(error)
        raise


@python_method("norm")
def norm_method(
    self: Tensor,
    p: float | str | None = "fro",
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    dtype: Dtype | None = None,
) -> Tensor:
    """The `p`-norm of all elements, or over `dim`; see `autogradkit.norm`."""
    return norm(self, p, dim, keepdim, dtype=dtype)
