"""Matrix products that are a node each: mm, mv, dot, vdot, bmm and the product that outer is.

Rests on declare and core/blas. matmul.py chooses among them; network/linear.py is built on them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.call import Call
from autogradkit._ops.declare.kinds import Array, DType
from autogradkit._ops.declare.memory import allocate
from autogradkit._ops.declare.source import Source
from autogradkit._ops.declare.writing import C_NAMES, saying
from autogradkit.core.blas import matmul as blas_matmul
from autogradkit.core.blas import small_product
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype
from autogradkit.core.errors import with_note
from autogradkit.core.shapes import require_dims, wrap_dim
from autogradkit.core.tensor import Tensor


def _require_same_dtype(a: Array, b: Array) -> None:
    if a.dtype != b.dtype:
        first, second = (C_NAMES[from_numpy_dtype(each.dtype).name] for each in (a, b))
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {first} != {second}")


def refuse_bool(kernel: str, a: Array, b: Array) -> None:
    """Where there is something to multiply, PyTorch's kernels have no bools."""
    if a.dtype.kind == "b" and a.size and b.size:
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")


def multiply(a: Array, b: Array, out: Array) -> None:
    """The product of two matrices, written into `out`."""
    # A column times a row: multiplying is quicker than a product of matrices, as in the weight's gradient for one sample.
    if a.shape[1] == 1 and a.size:
        np.multiply(a, b, out)
    else:
        blas_matmul(a, b, out)


def _first_on_arrays(g: Array, mat2: Array, sizes: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    return _product(g, (mat2 if mat2.dtype.kind != "c" else np.conj(mat2)).T, sizes, strides)


def _second_on_arrays(g: Array, mat1: Array, sizes: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    return _product((mat1 if mat1.dtype.kind != "c" else np.conj(mat1)).T, g, sizes, strides)


def _product(a: Array, b: Array, sizes: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """a @ b, of these sizes, transposed in memory where `strides` are."""
    n, p = sizes
    if strides == (1, n) and p > 1:
        out = allocate((p, n), a.dtype)
        multiply(b.T, a.T, out)
        return out.T
    out = allocate(sizes, a.dtype)
    multiply(a, b, out)
    return out


@k.on_arrays(_first_on_arrays)
def mm_mat1(g: Any, mat2: Any, sizes: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """The gradient of the first factor, in its own layout."""
    if strides == (1, sizes[0]) and sizes[1] > 1:
        return k.t(k.mm(k.conj(mat2), k.t(g)))
    return k.mm(g, k.t(k.conj(mat2)))


@k.on_arrays(_second_on_arrays)
def mm_mat2(g: Any, mat1: Any, sizes: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """The gradient of the second factor, in its own layout: a transposed weight gets it without a copy."""
    if strides == (1, sizes[0]) and sizes[1] > 1:
        return k.t(k.mm(k.t(g), k.conj(mat1)))
    return k.mm(k.t(k.conj(mat1)), g)


def misfit(a: tuple[int, ...], b: tuple[int, ...]) -> RuntimeError:
    error = RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({a[0]}x{a[1]} and {b[0]}x{b[1]})")
    return with_note(
        error, f"{a} times {b}: the {a[1]} columns of the first must be as many as the {b[0]} rows of the second"
    )


def _mm_meta(self: Array, mat2: Array) -> Any:
    if self.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if mat2.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    n, m = self.shape
    if m != mat2.shape[0]:
        raise misfit(self.shape, mat2.shape)
    if self.dtype is not mat2.dtype:
        _require_same_dtype(self, mat2)
    refuse_bool("addmm_impl_cpu_", self, mat2)
    return (n, mat2.shape[1]), self.dtype


def _write_mm(s: Source, call: Call, depth: int) -> None:
    """Two contiguous matrices of one floating dtype that fit."""
    a, b = call.values["self"], call.values["mat2"]
    s.scope |= {"multiply": multiply, "product": small_product}
    s.emit(depth, f"lay, lay_b = {a}._layout or layout_of({a}), {b}._layout or layout_of({b})")
    s.emit(depth, "if lay and lay_b and lay.__class__ is tuple and lay[1] is lay_b[1]:")
    s.emit(depth + 1, "size, size_b = lay[0], lay_b[0]")
    s.emit(depth + 1, "if len(size) == 2 and len(size_b) == 2 and size[1] == size_b[0]:")
    depth += 2
    s.emit(depth, "(n, m), p = size, size_b[1]", "lay = ((n, p), lay[1])", "r = np_empty(*lay)")
    s.emit_quiet(
        depth,
        "",
        "product if n * m * p <= 8192 and m > 1 and lay[1].itemsize > 2 else multiply",
        f"{a}._array, {b}._array, r",
    )
    call.arrays |= {"self": f"{a}._array", "mat2": f"{b}._array"}
    call.strides = {"self": "(m, 1)", "mat2": "(p, 1)"}
    s.new_tensor(depth, "o", "r", "LAYOUTS.get(lay)")
    s.new_node(depth, call, ["o"], ["r"], "lay", "True")
    s.emit(depth, "return o")
    call.strides = {}


def refuse_out_dtype(name: str) -> Any:
    # PyTorch's text goes on with a list of all the devices that it was built for.
    return NotImplementedError(
        f"Could not run 'aten::{name}.dtype' with arguments from the 'CPU' backend. A product in another dtype than its "
        "factors' is computed on GPUs only; convert the factors, or the product, with `.to(dtype)`."
    )


_mm = function("mm")


@_mm.overload(
    sign="@",
    meta=_mm_meta,
    lane=_write_mm,
    samples=lambda t: [(t(2, 3), t(3, 4)), (t(1, 2), t(2, 1)), (t(0, 2), t(2, 3))],
    vjp={
        "self": lambda g, mat2, self_sym_sizes, self_sym_strides: mm_mat1(g, mat2, self_sym_sizes, self_sym_strides),
        "mat2": lambda g, self, mat2_sym_sizes, mat2_sym_strides: mm_mat2(g, self, mat2_sym_sizes, mat2_sym_strides),
    },
    rule="∂self = ∂ @ mat2ᵀ\n∂mat2 = selfᵀ @ ∂",
)
def mm(self: Array, mat2: Array, *, out: Array) -> None:
    """The product of two matrices, (n, m) and (m, p) → (n, p). Raises RuntimeError where m differs.

    >>> import autogradkit as torch
    >>> torch.mm(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [4.0]]))
    tensor([[11.]])
    """
    multiply(self, mat2, out)


@_mm.overload(composition=True, out=True, variants="function")
def _(self: Tensor, mat2: Tensor, out_dtype: DType) -> Any:
    raise refuse_out_dtype("mm")


def _require_bytes(self: Any, mat2: Any) -> None:
    wrap_dim(0, self.ndim)
    wrap_dim(1, mat2.ndim)
    for name, each in (("self", self), ("mat2", mat2)):
        if each.ndim != 2:
            raise RuntimeError(f"int_mm_out_cpu: Expected {name} to be of dimension 2 but got {each.ndim}")
    if self.shape[1] != mat2.shape[0]:
        sizes = f"{self.shape[1]} and {mat2.shape[0]}"
        raise RuntimeError(f"int_mm_out_cpu: self.size(1) needs to match mat2.size(0) but got {sizes}")
    if self.dtype.name not in ("int8", "uint8"):
        found = C_NAMES[self.dtype.name]
        raise RuntimeError(f"int_mm_out_cpu: Expected self dtype to be int8 or uint8 but got {found}")
    if mat2.dtype.name != "int8":
        found = C_NAMES[mat2.dtype.name]
        raise RuntimeError(f"int_mm_out_cpu: Expected mat2 dtype to be of type int8 but got {found}")


def _require_ints(out: Tensor, self: Tensor, mat2: Tensor) -> None:
    _require_bytes(self, mat2)
    if out.dtype.name != "int32":
        found = C_NAMES[out.dtype.name]
        raise RuntimeError(f"int_mm_out_cpu: Expected result dtype to be of type kInt but got {found}")
    for dim, size in enumerate((self.shape[0], mat2.shape[1])):
        if out.size(dim) != size:
            raise RuntimeError(f"int_mm_out_cpu: Expected result.size({dim}) to be {size} but got {out.shape[dim]}")


@op(
    name="_int_mm",
    variants="function",
    refuse=_require_bytes,
    refuse_out=_require_ints,
    meta=lambda self, mat2: ((self.shape[0], mat2.shape[1]), np.dtype(np.int32)),
)
def int_mm(self: Array, mat2: Array, *, out: Array) -> None:
    """The product of two matrices of bytes, added up in int32. Raises RuntimeError for other dtypes.

    >>> import autogradkit as torch
    >>> torch._int_mm(torch.tensor([[100, 2]], dtype=torch.int8), torch.tensor([[100], [3]], dtype=torch.int8))
    tensor([[10006]], dtype=torch.int32)
    """
    # Exact, and quicker than NumPy's loop over integers
    found = np.matmul(self.astype(np.float64), mat2.astype(np.float64))
    np.copyto(out, found.astype(np.int64), casting="unsafe")


def _mv_meta(self: Array, vec: Array) -> Any:
    if not self.ndim:
        require_dims(0)
    if self.ndim != 2 or vec.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {self.ndim}, {vec.ndim}")
    if self.shape[1] != vec.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({self.shape[0]}), mat ({self.shape[0]}x{self.shape[1]}), vec ({vec.shape[0]})"
        )
    if self.dtype != vec.dtype:
        matrix, vector = (SCALAR_TYPE_NAMES[from_numpy_dtype(each.dtype)] for each in (self, vec))
        raise RuntimeError(f"addmv input tensors must have the same dtype, but got {vector}, {matrix}, and {vector}")
    refuse_bool("addmv_impl_cpu", self, vec)
    return (self.shape[0],), self.dtype


@op(
    sign="@",
    meta=_mv_meta,
    out_dtype=saying("addmv input tensors must have the same dtype, but got {out}, {result}, and {result}"),
    samples=lambda t: [(t(2, 3), t(3)), (t(1, 1), t(1))],
    vjp={
        "self": lambda g, vec: k.outer_product(g, k.conj(vec)),
        "vec": lambda g, self: k.mv(k.t(k.conj(self)), g),
    },
    rule="∂self = ∂ ⊗ vec\n∂vec = selfᵀ @ ∂",
)
def mv(self: Array, vec: Array, *, out: Array) -> None:
    """The product of a matrix (n, m) and a vector (m) → (n).

    >>> import autogradkit as torch
    >>> torch.mv(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 10.0]))
    tensor([21., 43.])
    """
    blas_matmul(self, vec, out)


@op(
    name="outer",
    variants="",
    meta=lambda self, vec2: ((self.size, vec2.size), self.dtype),
    samples=lambda t: [(t(2), t(3))],
    vjp={
        "self": lambda g, vec2: k.mv(g, k.conj(vec2)),
        "vec2": lambda g, self: k.mv(k.t(g), k.conj(self)),
    },
    rule="∂self = ∂ @ vec2\n∂vec2 = ∂ᵀ @ self",
)
def outer_product(self: Array, vec2: Array, *, out: Array) -> None:
    """The product of every element of one vector with every one of another."""
    np.multiply.outer(self, vec2, out=out)


def _dot_meta(self: Array, tensor: Array) -> Any:
    if self.ndim != 1 or tensor.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {self.ndim}D and {tensor.ndim}D tensors")
    if self.dtype != tensor.dtype:
        first, second = (SCALAR_TYPE_NAMES[from_numpy_dtype(each.dtype)] for each in (self, tensor))
        raise RuntimeError(f"dot : expected both vectors to have same dtype, but found {first} and {second}")
    if self.shape != tensor.shape:
        raise RuntimeError(
            "inconsistent tensor size, expected tensor "
            f"[{self.shape[0]}] and src [{tensor.shape[0]}] to have the same number of elements, but got "
            f"{self.shape[0]} and {tensor.shape[0]} elements respectively"
        )
    if self.dtype.kind == "b":
        raise NotImplementedError("\"dot\" not implemented for 'Bool'")
    return (), self.dtype


@op(
    out_dtype=saying("result dtype {out} does not match input dtype {result}"),
    sign="@",
    meta=_dot_meta,
    samples=lambda t: [(t(3), t(3)), (t(1), t(1))],
    vjp={"self": lambda g, tensor: g * k.conj(tensor), "tensor": lambda g, self: g * k.conj(self)},
)
def dot(self: Array, tensor: Array, *, out: Array) -> None:
    """The inner product of two vectors.

    >>> import autogradkit as torch
    >>> torch.dot(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)
    """
    np.dot(self, tensor, out=out)
    if self.size == 1:
        np.add(out, 0, out=out)  # a sum begins with 0, and is never -0


@op(
    meta=_dot_meta,
    out_dtype=saying("result dtype {out} does not match input dtype {result}"),
    samples=lambda t: [(t(3), t(3)), (t(1), t(1))],
    vjp={"self": lambda g, other: k.conj(g) * other, "other": lambda g, self: g * self},
)
def vdot(self: Array, other: Array, *, out: Array) -> None:
    """The inner product of two vectors, of which the first is conjugated where it is complex.

    >>> import autogradkit as torch
    >>> torch.vdot(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)
    """
    np.dot(k.conj(self), other, out=out)
    if self.size == 1:
        np.add(out, 0, out=out)


def bmm_meta(self: Array, mat2: Array) -> Any:
    if self.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if mat2.ndim != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    if self.shape[0] != mat2.shape[0] or self.shape[2] != mat2.shape[1]:
        expected = [self.shape[0], self.shape[2]]
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"{expected} but got: {list(mat2.shape[:2])}."
        )
    if self.size and mat2.size:  # else nothing is multiplied, whatever the dtypes
        refuse_bool("bmm", self, mat2)
        if self.dtype != mat2.dtype:
            first, second = (SCALAR_TYPE_NAMES[from_numpy_dtype(each.dtype)] for each in (self, mat2))
            raise RuntimeError(f"expected scalar type {first} but found {second}")
    return (self.shape[0], self.shape[1], mat2.shape[2]), mat2.dtype


_bmm = function("bmm")


@_bmm.overload(
    sign="@",
    meta=bmm_meta,
    samples=lambda t: [(t(2, 3, 4), t(2, 4, 2)), (t(1, 1, 2), t(1, 2, 1))],
    vjp={
        "self": lambda g, mat2: k.bmm(g, k.transpose(k.conj(mat2), 1, 2)),
        "mat2": lambda g, self: k.bmm(k.transpose(k.conj(self), 1, 2), g),
    },
    rule="∂self = ∂ @ mat2ᵀ\n∂mat2 = selfᵀ @ ∂",
)
def bmm(self: Array, mat2: Array, *, out: Array) -> None:
    """The products of two batches of matrices, (b, n, m) and (b, m, p) → (b, n, p).

    >>> import autogradkit as torch
    >>> torch.bmm(torch.ones(2, 1, 3), torch.ones(2, 3, 2)).shape
    torch.Size([2, 1, 2])
    """
    if self.size and mat2.size:
        blas_matmul(self, mat2, out)
    else:
        out.fill(0)


@_bmm.overload(composition=True, out=True, variants="function")
def _(self: Tensor, mat2: Tensor, out_dtype: DType) -> Any:
    raise refuse_out_dtype("bmm")
