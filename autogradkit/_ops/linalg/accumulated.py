"""Products that are added to something: addmm, addmv, addr, addbmm and baddbmm, each beta · self + alpha · product.

Rests on products.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array, DType, Scalar
from autogradkit._ops.declare.memory import require_place
from autogradkit._ops.declare.writing import C_NAMES, require_castable, saying
from autogradkit._ops.linalg.products import misfit, mm_mat1, mm_mat2, multiply, refuse_bool, refuse_out_dtype
from autogradkit._ops.making.scalars import scalar_array
from autogradkit.core.blas import matmul as blas_matmul
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, float32, from_numpy_dtype, is_half, result_type
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.strides import element_strides, output_strides
from autogradkit.core.tensor import Tensor
from autogradkit.engine.naming import tensor_type


def _addmm_meta(self: Array, mat1: Array, mat2: Array, *, beta: float, alpha: float) -> Any:
    if self.dtype is not mat2.dtype and self.dtype != mat2.dtype:
        first, second = (SCALAR_TYPE_NAMES[from_numpy_dtype(each.dtype)] for each in (self, mat2))
        raise RuntimeError(f"self and mat2 must have the same dtype, but got {first} and {second}")
    if mat1.dtype is not mat2.dtype and mat1.dtype != mat2.dtype:
        first, second = (SCALAR_TYPE_NAMES[from_numpy_dtype(each.dtype)] for each in (mat1, mat2))
        raise RuntimeError(f"mat1 and mat2 must have the same dtype, but got {first} and {second}")
    if mat1.ndim != 2:
        raise RuntimeError(f"mat1 must be a matrix, got {mat1.ndim}-D tensor")
    if mat2.ndim != 2:
        raise RuntimeError(f"mat2 must be a matrix, got {mat2.ndim}-D tensor")
    (n, m), (rows, p) = mat1.shape, mat2.shape
    if m != rows:
        raise misfit(mat1.shape, mat2.shape)
    own = self.shape
    if own not in ((p,), (n, p)) and any(size not in (1, of) for size, of in zip(own[::-1], (p, n, 0), strict=False)):
        raise RuntimeError(_expand_message(self, (n, p)))
    refuse_bool("addmm_impl_cpu_", mat1, mat2)
    for number in (beta, alpha):
        if number != 1:
            _factor(number, mat1.dtype)
    return (n, p), mat1.dtype


def _refuse_addmm_edit(self: Tensor, mat1: Tensor, mat2: Tensor, *_: Any) -> None:
    fit = mat1.ndim == mat2.ndim == 2 and mat1.shape[1] == mat2.shape[0] and self.dtype == mat1.dtype == mat2.dtype
    if fit:  # what does not the op says itself
        require_place(self, (mat1.shape[0], mat2.shape[1]))


def _expand_message(array: Array, target: tuple[int, ...]) -> str:
    shape = array.shape
    if len(shape) > len(target):
        return (
            f"expand({tensor_type(array)}{{{list(shape)}}}, size={list(target)}): the number of sizes provided ({len(target)}) "
            f"must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    back = next(i for i in range(1, len(shape) + 1) if shape[-i] not in (1, target[-i]))
    return (
        f"The expanded size of the tensor ({target[-back]}) must match the existing size ({shape[-back]}) at non-singleton "
        f"dimension {len(target) - back}.  Target sizes: {list(target)}.  Tensor sizes: {list(shape)}"
    )


def _factor(number: Any, dtype: np.dtype[Any]) -> Array:
    """A number as an array of a dtype. Raises RuntimeError where that, or float32 for a shorter one, cannot hold it."""
    return scalar_array(number, float32 if is_half(dtype) else from_numpy_dtype(dtype))


def _scaled(g: Any, alpha: float) -> Any:
    return g if alpha == 1 else k.product(g, alpha)


def _add_product(
    multiplied: Callable[..., Any],
    factors: Sequence[Array],
    self: Array,
    beta: float,
    alpha: float,
    out: Array,
    always: bool = False,
) -> None:
    """beta · self + alpha · the product of the factors, which `multiplied` writes into its last argument.

    For an `alpha` of 0 there is no product, unless PyTorch takes it `always`.
    """
    half = k.is_half(out)  # which is all in float32 and rounded once
    made = np.empty(out.shape, np.float32) if half else out
    if alpha == 0 and not half and not always:  # what is taken no times may be infinite, or NaN
        made.fill(0)
    else:
        multiplied(*[each.astype(np.float32) for each in factors] if half else factors, made)
    if alpha != 1:
        np.multiply(made, _factor(alpha, made.dtype), made)
    if beta != 0:
        added = self if beta == 1 else np.multiply(self, _factor(beta, made.dtype), dtype=made.dtype)
        np.add(made, added, made)
    if half:
        np.copyto(out, made, casting="unsafe")


addmm = function("addmm", in_place=True)


@addmm.overload(
    sign="@ +",
    structured=True,
    edit_refuse=_refuse_addmm_edit,
    meta=_addmm_meta,
    samples=lambda t: [(t(4), t(2, 3), t(3, 4)), (t(2, 4), t(2, 3), t(3, 4))],
    vjp={
        "self": lambda g, beta: _scaled(g, beta),
        "mat1": lambda g, mat2, alpha, mat1_sym_sizes, mat1_sym_strides: _scaled(
            mm_mat1(g, mat2, mat1_sym_sizes, mat1_sym_strides), alpha
        ),
        "mat2": lambda g, mat1, alpha, mat2_sym_sizes, mat2_sym_strides: _scaled(
            mm_mat2(g, mat1, mat2_sym_sizes, mat2_sym_strides), alpha
        ),
    },
    rule="∂self = ∂ · beta\n∂mat1 = ∂ @ mat2ᵀ · alpha\n∂mat2 = mat1ᵀ @ ∂ · alpha",
)
def addmm_node(self: Array, mat1: Array, mat2: Array, *, beta: Scalar = 1, alpha: Scalar = 1, out: Array) -> None:
    """beta · self + alpha · (mat1 @ mat2), with `self` broadcast.

    >>> import autogradkit as torch
    >>> torch.addmm(torch.tensor([1.0]), torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [4.0]]))
    tensor([[12.]])
    """
    _add_product(multiply, (mat1, mat2), self, beta, alpha, out)


@addmm.overload(composition=True, out=True, variants="function")
def _(self: Tensor, mat1: Tensor, mat2: Tensor, out_dtype: DType, *, beta: Scalar = 1, alpha: Scalar = 1) -> Any:
    raise refuse_out_dtype("addmm")


# -- vectors -----------------------------------------------------------------------------------------------------------


def _addmv_meta(self: Array, mat: Array, vec: Array, *, beta: float, alpha: float) -> Any:
    if mat.ndim != 2 or vec.ndim != 1 or self.ndim > 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {self.ndim}, {mat.ndim}, {vec.ndim}")
    n, m = mat.shape
    if m != vec.shape[0] or self.size not in (1, n):
        raise RuntimeError(f"size mismatch, got input ({self.size}), mat ({n}x{m}), vec ({vec.shape[0]})")
    if not self.dtype == mat.dtype == vec.dtype:
        names = [SCALAR_TYPE_NAMES[from_numpy_dtype(each.dtype)] for each in (self, mat, vec)]
        raise RuntimeError(
            f"addmv input tensors must have the same dtype, but got {names[0]}, {names[1]}, and {names[2]}"
        )
    return (n,), mat.dtype


def _require_factors(beta: float, alpha: float, dtype: np.dtype[Any]) -> None:
    for number in (beta, alpha):
        if number != 1:
            _factor(number, dtype)


@op(
    in_place=True,
    structured=True,
    meta=_addmv_meta,
    samples=lambda t: [(t(2), t(2, 3), t(3)), (t(1), t(2, 3), t(3)), (t(), t(1, 1), t(1))],
    vjp={
        "self": lambda g, beta: _scaled(g, beta),
        "mat": lambda g, vec, alpha: _scaled(k.outer_product(g, k.conj(vec)), alpha),
        "vec": lambda g, mat, alpha: _scaled(k.mv(k.t(k.conj(mat)), g), alpha),
    },
    rule="∂self = ∂ · beta\n∂mat = ∂ ⊗ vec · alpha\n∂vec = matᵀ @ ∂ · alpha",
)
def addmv(self: Array, mat: Array, vec: Array, *, beta: Scalar = 1, alpha: Scalar = 1, out: Array) -> None:
    """beta · self + alpha · (mat @ vec), with `self` broadcast.

    >>> import autogradkit as torch
    >>> torch.addmv(torch.tensor([1.0]), torch.tensor([[1.0, 2.0]]), torch.tensor([3.0, 4.0]))
    tensor([12.])
    """
    refuse_bool("addmv_impl_cpu", mat, vec)
    for number in (beta, alpha):
        scalar_array(number, from_numpy_dtype(mat.dtype))
    _add_product(blas_matmul, (mat, vec), self, beta, alpha, out)


def _addr_meta(self: Array, vec1: Array, vec2: Array, *, beta: Any, alpha: Any) -> Any:
    for which, vector in (("vec1", vec1), ("vec2", vec2)):
        if vector.ndim != 1:
            raise RuntimeError(f"addr: Expected 1-D argument {which}, but got {vector.ndim}-D")
    shape = (vec1.shape[0], vec2.shape[0])
    _require_expandable(self, shape)
    common = result_type([(from_numpy_dtype(each.dtype), 2) for each in (self, vec1, vec2)]).numpy
    for name, number in (("beta", beta), ("alpha", alpha)):
        if common.kind in "biu" and not isinstance(number, int):
            raise RuntimeError(f"For integral input tensors, argument {name} must not be a floating point number.")
        if isinstance(number, bool) and common.kind != "b":
            raise RuntimeError(f"Boolean {name} only supported for Boolean results.")
        scalar_array(number, from_numpy_dtype(common))
    operands = [(each.shape, element_strides(each)) for each in (self, vec1[:, None], vec2)]
    return shape, common, output_strides(operands, shape)


def _refuse_addr_edit(self: Tensor, vec1: Tensor, vec2: Tensor, *_: Any) -> None:
    if vec1.ndim != 1 or vec2.ndim != 1:
        return  # which the op says itself
    if self.ndim != 2:
        raise RuntimeError(f"2D tensor expected, got {self.ndim}D tensor for input")
    if tuple(self.shape) != (len(vec1), len(vec2)):
        raise RuntimeError(f"size mismatch, input: {list(self.shape)}, v1: {list(vec1.shape)}, v2: {list(vec2.shape)}")


@op(
    in_place=True,
    edit_refuse=_refuse_addr_edit,
    refuses_complex=True,
    out_dtype=require_castable,
    apart="given",
    apart_from="vec1 vec2",
    meta=_addr_meta,
    samples=lambda t: [(t(2, 3), t(2), t(3)), (t(3), t(2), t(3)), (t(), t(1), t(2))],
    vjp={
        "self": lambda g, beta: _scaled(g, beta),
        "vec1": lambda g, vec2, alpha: _scaled(k.mv(g, k.conj(vec2)), alpha),
        "vec2": lambda g, vec1, alpha: _scaled(k.mv(k.t(g), k.conj(vec1)), alpha),
    },
    rule="∂self = ∂ · beta\n∂vec1 = ∂ @ vec2 · alpha\n∂vec2 = ∂ᵀ @ vec1 · alpha",
)
def addr(self: Array, vec1: Array, vec2: Array, *, beta: Scalar = 1, alpha: Scalar = 1, out: Array) -> None:
    """beta · self + alpha · (vec1 ⊗ vec2), with `self` broadcast.

    >>> import autogradkit as torch
    >>> torch.addr(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor([[ 4.,  6.],
            [ 7., 10.]])
    """
    kind = from_numpy_dtype(out.dtype)
    rows = vec1.astype(out.dtype)
    if alpha != 1:
        rows *= scalar_array(alpha, kind)
    np.multiply.outer(rows, vec2.astype(out.dtype), out=out)
    if beta != 0:  # what is taken no times may be infinite, or NaN
        added = self.astype(out.dtype)
        np.add(added if beta == 1 else added * scalar_array(beta, kind), out, out)


# -- batches -----------------------------------------------------------------------------------------------------------


def _require_expandable(array: Array, shape: tuple[int, ...]) -> None:
    own = array.shape
    if len(own) > len(shape) or any(a not in (1, b) for a, b in zip(own[::-1], shape[::-1], strict=False)):
        raise RuntimeError(_expand_message(array, shape))


def _size(array: Array, dim: int) -> int:
    if not array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return array.shape[wrap_dim(dim, array.ndim)]


def _baddbmm_meta(self: Array, batch1: Array, batch2: Array, *, beta: float, alpha: float) -> Any:
    shape = (_size(batch1, 0), _size(batch1, 1), _size(batch2, 2))  # what PyTorch expands `self` to comes first
    _require_expandable(self, shape)
    if batch1.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if batch2.ndim != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    if batch1.dtype != self.dtype:
        names = [C_NAMES[from_numpy_dtype(each.dtype).name] for each in (self, batch1, batch2)]
        raise RuntimeError(
            f"Input dtypes must be the same, got: input {names[0]}, batch1: {names[1]}, batch2: {names[2]}"
        )
    if batch1.shape[0] != batch2.shape[0] or batch1.shape[2] != batch2.shape[1]:
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"{[batch1.shape[0], batch1.shape[2]]} but got: {list(batch2.shape[:2])}."
        )
    if batch1.dtype != batch2.dtype:
        first, second = (SCALAR_TYPE_NAMES[from_numpy_dtype(each.dtype)] for each in (batch1, batch2))
        raise RuntimeError(f"expected scalar type {first} but found {second}")
    return shape, batch1.dtype


def _multiply_batches(batch1: Array, batch2: Array, out: Array) -> None:
    if out.size:
        blas_matmul(batch1, batch2, out)


_baddbmm = function("baddbmm", in_place=True)


@_baddbmm.overload(
    structured=True,
    meta=_baddbmm_meta,
    samples=lambda t: [(t(2, 3, 2), t(2, 3, 4), t(2, 4, 2)), (t(2), t(1, 3, 4), t(1, 4, 2))],
    vjp={
        "self": lambda g, beta: _scaled(g, beta),
        "batch1": lambda g, batch2, alpha: _scaled(k.bmm(g, k.conj(k.transpose(batch2, 1, 2))), alpha),
        "batch2": lambda g, batch1, alpha: _scaled(k.bmm(k.conj(k.transpose(batch1, 1, 2)), g), alpha),
    },
    rule="∂self = ∂ · beta\n∂batch1 = ∂ @ batch2ᵀ · alpha\n∂batch2 = batch1ᵀ @ ∂ · alpha",
)
def baddbmm(self: Array, batch1: Array, batch2: Array, *, beta: Scalar = 1, alpha: Scalar = 1, out: Array) -> None:
    """beta · self + alpha · bmm(batch1, batch2), with `self` broadcast.

    >>> import autogradkit as torch
    >>> torch.baddbmm(torch.tensor([1.0, 2.0]), torch.ones(2, 1, 3), torch.ones(2, 3, 2))[0]
    tensor([[4., 5.]])
    """
    refuse_bool("baddbmm", batch1, batch2)
    _require_factors(beta, alpha, batch1.dtype)
    _add_product(_multiply_batches, (batch1, batch2), self, beta, alpha, out, always=True)


@_baddbmm.overload(composition=True, out=True, variants="function")
def _(self: Tensor, batch1: Tensor, batch2: Tensor, out_dtype: DType, *, beta: Scalar = 1, alpha: Scalar = 1) -> Any:
    raise refuse_out_dtype("baddbmm")


def _addbmm_meta(self: Array, batch1: Array, batch2: Array, *, beta: float, alpha: float) -> Any:
    shape = (_size(batch1, 1), _size(batch2, 2))
    _require_expandable(self, shape)
    if batch1.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if batch2.ndim != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    if batch1.shape[0] != batch2.shape[0]:
        raise RuntimeError(
            f"batch1 and batch2 must have same number of batches, got {batch1.shape[0]} and {batch2.shape[0]}"
        )
    if batch1.shape[2] != batch2.shape[1]:
        raise RuntimeError(
            "Incompatible matrix sizes for bmm "
            f"({batch1.shape[1]}x{batch1.shape[2]} and {batch2.shape[1]}x{batch2.shape[2]})"
        )
    if self.dtype != batch2.dtype:
        first, second = (SCALAR_TYPE_NAMES[from_numpy_dtype(each.dtype)] for each in (self, batch2))
        raise RuntimeError(f"self and mat2 must have the same dtype, but got {first} and {second}")
    if batch1.dtype != batch2.dtype:
        first, second = (SCALAR_TYPE_NAMES[from_numpy_dtype(each.dtype)] for each in (batch1, batch2))
        raise RuntimeError(f"mat1 and mat2 must have the same dtype, but got {first} and {second}")
    refuse_bool("addmm_impl_cpu_", batch1, batch2)
    _require_factors(beta, alpha, batch1.dtype)
    return shape, batch1.dtype


def _multiply_summed(batch1: Array, batch2: Array, out: Array) -> None:
    """The sum of the products over the batch, as one product of matrices that lie side by side."""
    count, n, m = batch1.shape
    multiply(batch1.transpose(1, 0, 2).reshape(n, count * m), batch2.reshape(count * m, batch2.shape[2]), out)


def _over_batch(g: Any, batch: Any) -> Any:
    return k.expand(k.unsqueeze(g, 0), (batch.shape[0], *g.shape))


@op(
    in_place=True,
    edit_resizes=True,
    out_dtype=saying("self and mat2 must have the same dtype, but got {out} and {result}"),
    warns_of_resizing=False,
    meta=_addbmm_meta,
    samples=lambda t: [(t(3, 2), t(2, 3, 4), t(2, 4, 2)), (t(2), t(1, 3, 4), t(1, 4, 2))],
    vjp={
        "self": lambda g, beta: _scaled(g, beta),
        "batch1": lambda g, batch2, alpha: _scaled(
            k.bmm(_over_batch(g, batch2), k.conj(k.transpose(batch2, 1, 2))), alpha
        ),
        "batch2": lambda g, batch1, alpha: _scaled(
            k.bmm(k.conj(k.transpose(batch1, 1, 2)), _over_batch(g, batch1)), alpha
        ),
    },
    rule="∂self = ∂ · beta\n∂batch1 = ∂ @ batch2ᵀ · alpha\n∂batch2 = batch1ᵀ @ ∂ · alpha",
)
def addbmm(self: Array, batch1: Array, batch2: Array, *, beta: Scalar = 1, alpha: Scalar = 1, out: Array) -> None:
    """beta · self + alpha · the sum of bmm(batch1, batch2) over the batch, with `self` broadcast.

    >>> import autogradkit as torch
    >>> torch.addbmm(torch.tensor([1.0, 2.0]), torch.ones(2, 1, 3), torch.ones(2, 3, 2))
    tensor([[7., 8.]])
    """
    _add_product(_multiply_summed, (batch1, batch2), self, beta, alpha, out)
