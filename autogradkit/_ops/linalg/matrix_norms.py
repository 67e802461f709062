"""The norm of matrices, and `norm`, which chooses between it and that of vectors.

Rests on decompositions and on reduction/norms.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.declare import op, python_function, python_method
from autogradkit._ops.declare.kinds import CLASSES, Array, DType, Ints
from autogradkit._ops.declare.writing import saying
from autogradkit._ops.linalg.decompositions import linalg_svd
from autogradkit._ops.reduction.norms import vector_norm
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, can_cast
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.strides import wrap_dim
from autogradkit.core.tensor import Tensor
from autogradkit.engine.history import requires_grad
from autogradkit.engine.modes import MODE


def _require_matrix(x: Any, dim: Sequence[int], dtype: Any) -> tuple[int, int]:
    """The two dimensions, counted from the front. Raises where there is no norm of matrices over them."""
    name, own = "linalg.matrix_norm", SCALAR_TYPE_NAMES[x.dtype]
    if x.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if x._array.dtype.kind not in "fcV":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {own}")
    if x.dtype.itemsize < (8 if x.is_complex() else 4):
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {own}")
    if len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    first, second = (wrap_dim(each, x.ndim) for each in dim)
    if first == second:
        raise RuntimeError(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
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


@op(
    name="linalg_matrix_norm",
    variants="",
    composition=True,
    out=True,
    out_dtype=saying("linalg.matrix_norm expected out tensor dtype {result} but got: {out}"),
)
def matrix_norm(
    self: Array, ord: str = "fro", dim: Ints = (-2, -1), keepdim: bool = False, *, dtype: DType | None = None
) -> Any:
    """The norm of the matrices in two dimensions: "fro", of all their elements, or "nuc", the sum of singular values."""
    x: Any = self
    if ord not in ("fro", "nuc"):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    first, second = _require_matrix(x, dim, dtype)
    if dtype is not None:
        x = x.to(dtype)
    if ord == "fro":
        return vector_norm(x, 2, (first, second), keepdim)
    order = [*(i for i in range(x.ndim) if i not in (first, second)), first, second]
    x = x.permute(order)
    result = linalg_svd(x, False, MODE.grad and requires_grad(x))[1].sum(-1, keepdim)
    return result.unsqueeze(-1).permute([order.index(i) for i in range(x.ndim)]) if keepdim else result


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
    if isinstance(p, str) and (p != "fro" or (isinstance(dim, (list, tuple)) and len(dim) > 2)):
        dims = tuple(range(input.ndim)) if dim is None else (dim,) if isinstance(dim, int) else dim
        return matrix_norm.owner(input, p, dims, keepdim, dtype=dtype, out=out)
    order = 2 if p is None or isinstance(p, str) else p
    plain = dim is None and dtype is None and out is None
    if plain and input.__class__ in CLASSES and order.__class__ in (int, float) and keepdim.__class__ is bool:
        return vector_norm.straight(input, order, None, keepdim)
    return vector_norm.owner(input, order, dim, keepdim, dtype=dtype, out=out)


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
