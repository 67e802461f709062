"""Views by sizes, strides and offset: as_strided, and what the engine renews stale views with.

Rests on declare, and on the views that show complex numbers as real ones.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.edit_nodes import write_view_node
from autogradkit._ops.declare.kinds import Array, Object, Sizes, SymInt
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.views.complex_parts import view_as_complex, view_as_real
from autogradkit._ops.views.conjugates import conjugated, negated
from autogradkit.core.dtype import is_half
from autogradkit.core.halves import widened
from autogradkit.core.storage import offset_of, require_extent, root_of, strided
from autogradkit.core.strides import contiguous_strides, element_strides, may_overlap_itself
from autogradkit.core.tensor import Tensor
from autogradkit.core.views import PLAIN, ChainedView, ViewStep, view_of
from autogradkit.engine.modes import MODE, enable_grad


def positions_in(geometry: Any, size: tuple[int, ...], stride: tuple[int, ...], start: int | None) -> Array:
    """For each element of the strided view, the row-major position in the base of the element it shows; else −1."""
    shape, strides, offset = geometry
    addresses = _addresses(shape, strides, offset)
    wanted = _addresses(size, stride, offset if start is None else start)
    highest = max(addresses.max(initial=0), wanted.max(initial=0))
    position = np.full(int(highest) + 1, -1, np.int64)
    position[addresses.reshape(-1)] = np.arange(addresses.size)
    return np.asarray(position[wanted])


def _to_base_anywhere(g: Any, size: Any, stride: Any, storage_offset: Any, self_geometry: Any) -> Any:
    """The gradient of the base; where several of its elements are one in memory, each gets its share, as in PyTorch."""
    found = k.as_strided_backward(g, positions_in(self_geometry, size, stride, storage_offset), self_geometry[0])
    if not may_overlap_itself(self_geometry[0], self_geometry[1]):
        return found
    last, counts = _sharing(self_geometry)
    return k.pick_flat(found, last) / k.constant(counts, found)


def _to_base_at_once(g: Array, size: Any, stride: Any, storage_offset: Any, self_geometry: Any) -> Any:
    before = _elements_before(size, stride, storage_offset, self_geometry)
    if before is None:
        return _to_base_anywhere(g, size, stride, storage_offset, self_geometry)
    whole, itemsize = np.zeros(self_geometry[0], g.dtype), g.itemsize
    np.ndarray(size, g.dtype, whole, before * itemsize, [step * itemsize for step in stride])[...] = g
    return whole


@functools.lru_cache(4096)
def _elements_before(
    size: tuple[int, ...], stride: tuple[int, ...], start: int | None, geometry: tuple[Any, ...]
) -> int | None:
    """How many elements of a contiguous base come before a view that shows some of them, each once; None of all other."""
    shape, strides, offset = geometry
    if 0 in size or strides != contiguous_strides(shape) or may_overlap_itself(size, stride):
        return None
    before = 0 if start is None else start - offset
    reach = sum([(n - 1) * step for n, step in zip(size, stride, strict=True)])
    return before if before >= 0 and before + reach < math.prod(shape) else None


_to_base = k.on_arrays(_to_base_at_once)(_to_base_anywhere)


def _sharing(geometry: Any) -> tuple[Array, Array]:
    """For each element of the base the last one, in row-major order, that is in the same place, and how many there are."""
    addresses = _addresses(*geometry)
    _, inverse, counts = np.unique(addresses, return_inverse=True, return_counts=True)
    last = np.empty(counts.size, np.int64)
    last[inverse.reshape(-1)] = np.arange(addresses.size)
    inverse = inverse.reshape(addresses.shape)
    return last[inverse], counts[inverse].astype(np.float32)


def _addresses(shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> Array:
    steps = [np.arange(n) * s for n, s in zip(shape, strides, strict=True)]
    return sum(np.ix_(*steps), start=np.array(offset)) if steps else np.array(offset)


@op(
    in_place=True,
    in_place_node="AsStridedBackward1",
    view=True,
    gradient_version=1,
    rule="∂self = add each element of ∂ where it came from",
    samples=lambda t: [(t(2, 3), (2, 2), (1, 2), 1), (t(6), (2, 2), (1, 1), 2)],
    vjp={"self": _to_base},
)
def as_strided(self: Array, size: Sizes, stride: Sizes, storage_offset: SymInt | None = None) -> Array:
    """A view on the tensor's storage with any sizes, strides and offset (in elements).

    Raises RuntimeError for what reaches beyond the storage.

    >>> import autogradkit as torch
    >>> torch.as_strided(torch.arange(6), (3, 2), (1, 3))
    tensor([[0, 3],
            [1, 4],
            [2, 5]])
    """
    start = offset_of(self) if storage_offset is None else storage_offset
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(each < 0 for each in stride):
        raise RuntimeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}")
    if start < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {start}")
    if any(each < 0 for each in size):
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(size)} and strides={list(stride)}")
    require_extent(self, size, stride, start)
    return strided(self, size, stride, start)


def viewed(
    base: Tensor, numpy_dtype: np.dtype[Any], size: tuple[int, ...], stride: tuple[int, ...], storage_offset: int
) -> Tensor:
    """A view for the engine: in the graph where its base is, never reported."""
    with enable_grad():
        other = _other_kind(base._memory.dtype, numpy_dtype)
        return as_strided.run((base if other is None else other.run((base,)), size, stride, storage_offset))


def replay_view_steps(base: Tensor, steps: tuple[ViewStep, ...]) -> Tensor:
    """As `viewed`, of a view that sizes, strides and offset alone do not describe."""
    with enable_grad():
        for view_op, values in _ops_of(steps):
            base = view_op.run((base, *values))
    return base


def renewal(base: Tensor, stale: Tensor) -> Any:
    """The node that makes a stale view of what its base is after an in-place edit: always in the graph, never reported.

    No view is made where sizes, strides and offset say all of it, and its memory is the base's.
    """
    array, memory = stale._memory, base._memory
    geometry = array.shape, element_strides(array), offset_of(array)
    if isinstance(stale._view, ChainedView):
        for view_op, values in _ops_of(stale._view.steps):
            base = _recorded(view_op, base, *values)
        return base._node
    other = _other_kind(memory.dtype, array.dtype)
    if other is None and root_of(array) is root_of(memory) and not MODE.anomaly:
        node = _written_node()(base, *geometry, array)
        if base._node is None and not base._requires_grad:  # a view of it requires grad by itself; nothing goes there
            node.edges = (None, 0)
        return node
    if other is not None:
        base = _recorded(other, base)
        array = base._memory
        if (array.shape, element_strides(array), offset_of(array)) == geometry:
            return base._node
    return _recorded(as_strided, base, *geometry)._node


@functools.cache
def _written_node() -> Callable[..., Any]:
    return write_view_node(as_strided)


def _ops_of(steps: tuple[ViewStep, ...]) -> Iterator[tuple[Overload, tuple[Any, ...]]]:
    for step in steps:
        yield (_STEPS[step], ()) if isinstance(step, str) else (as_strided, step)


_STEPS: dict[str, Overload] = {op.owner.name: op for op in (conjugated, negated, view_as_real, view_as_complex)}


def _recorded(view_op: Overload, base: Tensor, *values: Any) -> Tensor:
    view = view_of(base, view_op.run_kernel((base._memory, *values)), PLAIN)
    assert view_op.recipe is not None
    view_op.recipe.record((base, *values), (base, *values), (view,))
    return view


_KINDS = {
    (np.dtype(complex_), np.dtype(real)): view_as_real
    for complex_, real in ((np.complex64, np.float32), (np.complex128, np.float64))
}
_KINDS |= {(real, complex_): view_as_complex for complex_, real in _KINDS}


def _other_kind(base: np.dtype[Any], view: np.dtype[Any]) -> Overload | None:
    """The op that shows complex numbers as pairs of real ones, or the other way around, where a view does so."""
    return None if base == view else _KINDS.get((base, view))


def view_as_kind(array: Array, numpy_dtype: np.dtype[Any]) -> Array:
    """The array, or its memory as real or complex numbers where a view shows it so."""
    other = _other_kind(array.dtype, numpy_dtype)
    return array if other is None else other.kernel(array)


@op(
    node="AsStridedBackwardBackward0",
    variants="",
    meta=lambda g, indices, self_sym_sizes: (self_sym_sizes, g.dtype),
    samples=lambda t: [(t(2, 2), np.array([[0, 3], [3, 5]]), (2, 3)), (t(3), np.array([1, -1, 0]), (2,))],
    vjp={"g": lambda g, indices: k.pick_flat(g, indices)},
)
def as_strided_backward(g: Array, indices: Object, self_sym_sizes: Sizes, *, out: Array) -> None:
    """Adds each element of `g` to the element of the base that it came from."""
    # One place more than there are elements, the last, takes what came from memory that the base does not show.
    half = is_half(g.dtype)
    total = np.zeros(out.size + 1, np.float32 if half else g.dtype)
    np.add.at(total, indices, widened(g) if half else g)
    np.copyto(out, total[:-1].reshape(self_sym_sizes), casting="unsafe")


@op(
    variants="",
    meta=lambda self, indices: (indices.shape, self.dtype),
    samples=lambda t: [(t(2, 3), np.array([[0, 5], [5, -1]])), (t(3, 2).detach().T.requires_grad_(), np.array([4, 1]))],
    vjp={"self": lambda g, indices, self_sym_sizes: k.as_strided_backward(g, indices, self_sym_sizes)},
)
def pick_flat(self: Array, indices: Object, *, out: Array) -> None:
    """The elements at these positions of the row-major order."""
    np.copyto(out, np.append(self.reshape(-1), self.dtype.type(0))[indices])
