"""matmul, which chooses among the products by the operands' dimensions, and outer.

Rests on products. Neither is a node of its own, as in PyTorch.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

from autogradkit._ops.declare import k, op, reflected
from autogradkit._ops.declare.call import Call
from autogradkit._ops.declare.kinds import Array, Sizes
from autogradkit._ops.declare.lanes import write_lane
from autogradkit._ops.declare.source import Source
from autogradkit._ops.declare.writing import require_same_dtype
from autogradkit._ops.linalg.products import bmm, dot, mm, mv
from autogradkit._ops.views.sizes import expand, reshape, reshape_alias, reshaped, view_sizes
from autogradkit.core.blas import matmul as matmul_arrays
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.tensor import Tensor

Shape = tuple[int, ...]


@op(composition=True, out=True, apart="given")
def outer(self: Tensor, vec2: Tensor) -> Any:
    """The outer product of two vectors, (n) and (m) → (n, m).

    >>> import autogradkit as torch
    >>> torch.outer(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    if self.ndim != 1 or vec2.ndim != 1:
        which, tensor = ("self", self) if self.ndim != 1 else ("vec2", vec2)
        raise RuntimeError(f"outer: Expected 1-D argument {which}, but got {tensor.ndim}-D")
    return self.reshape(-1, 1) * vec2


@op(
    composition=True,
    out=True,
    apart="given",
    out_warning="torch.ger is deprecated and will be removed in a future PyTorch release. Use torch.outer instead.",
)
def ger(self: Tensor, vec2: Tensor) -> Any:
    """Another name for `outer`.

    >>> import autogradkit as torch
    >>> torch.ger(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    return outer(self, vec2)


def _is_folded(a: Any, b: Any) -> bool:
    """Whether a batch times one matrix or vector becomes one large product instead of many, as PyTorch decides it.

    It does where that saves memory in backward, or costs no copy.
    """
    first = a._array.ndim >= b._array.ndim
    batch, single = (a, b) if first else (b.mT, a)
    if batch._array.ndim < 3 or single._array.ndim > 2:
        return False
    if single.requires_grad:
        return True
    if a._array.ndim == 2:
        return False
    shape, strides = batch.shape, batch.stride()
    lies_as_one = all(strides[i] == strides[i + 1] * shape[i + 1] for i in range(len(shape) - 2))
    return batch.numel() == 0 or lies_as_one


def _folded(a: Any, b: Any) -> Any:
    """A batch times one matrix or vector, or the other way around, as one product."""
    first = a.dim() >= b.dim()
    batch, single = (a, b) if first else (b.mT, a.t() if a.dim() == 2 else a)
    flat = batch.reshape(math.prod(batch.shape[:-1]), batch.shape[-1])
    if single.dim() == 1:
        return unsafe_view(mv(flat, single), tuple(batch.shape[:-1]))
    product = unsafe_view(mm(flat, single), (*batch.shape[:-1], single.shape[1]))
    return product if first else product.mT.contiguous()


def _batched(a: Any, b: Any) -> Any:
    """Both operands over the broadcast batch dimensions, as one bmm."""
    sizes, others = a._array.shape, b._array.shape
    n = sizes[-2] if len(sizes) > 1 else 1
    m = others[-2] if len(others) > 1 else others[0]
    p = others[-1] if len(others) > 1 else 1
    if len(sizes) == len(others) == 3 and sizes[0] != others[0]:
        if sizes[0] == 1 and a.requires_grad:
            return matmul(a.squeeze(0), b)
        if others[0] == 1 and b.requires_grad:
            return matmul(a, b.squeeze(0))
    batch = sizes[:-2]
    if batch != others[:-2]:
        batch = broadcast_shapes(batch, others[:-2])
    count = math.prod(batch)
    x = _spread(a, batch, count, n, sizes[-1])
    shape = (*batch, *((n,) if len(sizes) > 1 else ()), *((p,) if len(others) > 1 else ()))
    if len(others) == 1:
        y = _spread(b, batch, count, m).unsqueeze(2)
        return unsafe_view(bmm(x, y).squeeze(-1), shape)
    return unsafe_view.straight(bmm.straight(x, _spread(b, batch, count, m, p)), shape)


def _spread(x: Any, batch: Sequence[int], count: int, *sizes: int) -> Any:
    return reshape.straight(expand.straight(x, (*batch, *sizes)), (count, *sizes))


@op(
    name="_unsafe_view",
    node="UnsafeViewBackward0",
    variants="",
    samples=lambda t: [(t(2, 3), (6,))],
    vjp={"self": lambda g, self_sym_sizes: k.reshape(g, self_sym_sizes)},
    rule="∂self = ∂ in the shape of self",
)
def unsafe_view(self: Array, size: Sizes) -> Array:
    """Another shape of the same memory, and no view for autograd: of a fresh result, or of what is only read."""
    return self.reshape(size)


def _as_batch(array: Array) -> tuple[Array, tuple[int, ...]] | None:
    """(the matrices of an array in three dimensions, the strides in elements that they needed); None where they need a copy."""
    given = array.shape
    if array.flags.c_contiguous:
        if 1 not in given:  # whose stride NumPy and PyTorch say otherwise
            return array.reshape(-1, *given[-2:]), ()
        return view_sizes.straight_kernel(array, (math.prod(given[:-2]), *given[-2:])), ()
    shape, strides = _batch_of(given, array.strides, array.itemsize)
    return None if strides is None else (reshape_alias.straight_kernel(array, shape, strides), strides)


@functools.lru_cache(1024)
def _batch_of(given: Shape, byte_strides: Shape, itemsize: int) -> tuple[Shape, Shape | None]:
    """The sizes, and the strides in elements, of such matrices in three dimensions; None where they need a copy."""
    shape = (math.prod(given[:-2]), *given[-2:])
    return shape, reshaped(given, tuple([stride // itemsize for stride in byte_strides]), shape)[1]


def _write_matmul(s: Source, call: Call, depth: int) -> None:
    """Two matrices: what mm does. Two batches alike of floats: what `_batched` does, its nodes without the tensors between."""
    a, b = call.values["self"], call.values["other"]
    s.emit(depth, f"x_a, x_b = {a}._array, {b}._array")
    s.emit(depth, "if x_a.ndim == 2 and x_b.ndim == 2:")
    write_lane(s, Call(mm, 80, {"self": a, "mat2": b}), depth + 1, "")
    s.scope |= {"as_batch": _as_batch, "product": matmul_arrays}
    s.emit(
        depth,
        f"if x_a.ndim == x_b.ndim > 2 and {a}.__class__ is {b}.__class__ is Tensor and x_a.dtype is x_b.dtype:",
        " size, other = x_a.shape, x_b.shape",
        " if x_a.dtype.char in 'fd' and size[:-2] == other[:-2] and size[-1] == other[-2] and x_a.size and x_b.size:",
        # What is laid out row by row, of dimensions of one element too, needs no strides of its own.
        f"  batch_a = (x_a.reshape(-1, *size[-2:]), ()) if {a}._layout or layout_of({a}) else as_batch(x_a)",
        f"  batch_b = (x_b.reshape(-1, *other[-2:]), ()) if {b}._layout or layout_of({b}) else as_batch(x_b)",
        "  if batch_a and batch_b:",
    )
    depth += 3
    s.emit(depth, "y_a, strides_a = batch_a", "y_b, strides_b = batch_b")
    s.emit(depth, "kind, made = x_a.dtype, (len(y_a), size[-2], other[-1])", "r = np_empty(made, kind)")
    s.emit_quiet(depth, "", "product", "y_a, y_b, r")
    s.emit(depth, "shown = r if len(size) == 3 else r.reshape((*size[:-1], other[-1]))")
    s.new_tensor(depth, "o", "shown")
    s.emit(
        depth,
        f"if (not NO_GRAD or MODE.grad) and ({a}._requires_grad or {b}._requires_grad or {a}._view is not None or "
        f"{b}._view is not None):",
    )
    depth += 1
    s.emit(depth, "creation = PLAIN")
    for side, v, whole, number in (("a", a, "size", 81), ("b", b, "other", 85)):
        given, shown, sizes = f"x_{side}", f"y_{side}", f"y_{side}.shape"
        # Nodes are tied to it as if it were no view, which it becomes when its history is complete.
        s.new_view(depth, f"t_{side}", v, shown, "None")
        s.emit(depth, f"record = t_{side}._view", f"t_{side}._view = None")
        expanded = Call(expand, number, {"self": v, "size": sizes, "implicit": "False"})
        expanded.arrays["self"] = given
        s.new_node(depth, expanded, [f"t_{side}"], [given], f"({whole}, kind)", "True")
        for view, condition, more in (
            (view_sizes, f"if not strides_{side}:", {}),
            (reshape_alias, "else:", {"stride": f"strides_{side}"}),
        ):
            number += 1
            flat = Call(view, number, {"self": f"t_{side}", "size": sizes, **more})
            flat.arrays["self"] = given
            s.emit(depth, condition)
            s.new_node(depth + 1, flat, [f"t_{side}"], [shown], f"({sizes}, kind)", "True")
        s.emit(depth, f"t_{side}._view = record")
    multiplied = Call(bmm, 88, {"self": "t_a", "mat2": "t_b"})
    multiplied.arrays |= {"self": "y_a", "mat2": "y_b"}
    s.new_node(depth, multiplied, ["o"], ["r"], "(made, kind)", "True")
    last = Call(unsafe_view, 89, {"self": "o", "size": "shown.shape"})
    last.arrays["self"] = "r"
    s.new_node(depth, last, ["o"], ["shown"], "(shown.shape, kind)", "True")
    s.emit(depth - 1, "return o")


@op(out_dtype=require_same_dtype, operators="__matmul__", composition=True, lane=_write_matmul, out=True)
def matmul(self: Tensor, other: Tensor) -> Any:
    """The matrix product, by PyTorch's rules: vectors are promoted, batch dimensions broadcast.

    >>> import autogradkit as torch
    >>> torch.tensor([[1.0, 2.0], [3.0, 4.0]]) @ torch.tensor([1.0, 1.0])
    tensor([3., 7.])
    """
    a: Any = self
    b: Any = other
    m, n = a._array.ndim, b._array.ndim
    if m == 2 and n == 2:
        return mm(a, b)
    if m == 0 or n == 0:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {m}D and {n}D")
    if m == 1 and n == 1:
        return dot(a, b)
    if m == 2 and n == 1:
        return mv(a, b)
    if m == 1 and n == 2:
        return mm(a.unsqueeze(0), b).squeeze_(0)
    return _folded(a, b) if _is_folded(a, b) else _batched(a, b)


@reflected("__rmatmul__")
def _rmatmul(self: Tensor, other: Any) -> Any:
    return matmul(other, self) if isinstance(other, Tensor) else NotImplemented
