"""Sparse tensors: coordinates and values in the place of an ndarray, in the order of one of three layouts.

Rests on tensor. A `SparseTensor` is a tensor whose `_array` is a `SparseArray`: it has a shape and a dtype as an ndarray has,
and nothing that could be read as memory, so what asks only for these serves both, and what wants elements fails at once. The
class is its own so that the straight lines of ops, which take `Tensor` itself, never see one: it comes to the general way of
calls, where `_ops/declare/sparse.py` finds the kernel of its op. Dense tensors pay for none of it: `SPARSE` is empty until
the first sparse tensor is made, as `RECORDERS` is until somebody records. A compressed matrix (CSR, CSC) keeps its coordinates
likewise, in the order of its rows or columns; where each begins is told when somebody asks.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any, Never, cast

import numpy as np

from autogradkit.core.errors import NoArrayError
from autogradkit.core.layout import layout as MemoryLayout
from autogradkit.core.layout import sparse_coo, sparse_csc, sparse_csr
from autogradkit.core.storage import Array
from autogradkit.core.strides import contiguous_strides
from autogradkit.core.tensor import Tensor, read_only, wrap

OTHER_CLASSES: dict[type, type[Tensor]] = {}  # of tensors around what is neither an array nor sparse
SPARSE: list[bool] = []  # empty until there is a sparse tensor


class Invariants:
    """Whether the indices of new sparse tensors are looked at: `sparse.check_sparse_tensor_invariants`."""

    checked = False


INVARIANTS = Invariants()

NO_ARRAY = "can't convert {} layout tensor to numpy. Use Tensor.to_dense() first."


class NotOfSparseError(NoArrayError):
    """Raised where strides, or memory, of a sparse tensor are asked for: it has none."""

    def __init__(self) -> None:
        super().__init__("this is not available for sparse tensors: use to_dense() first")


INT64 = np.dtype(np.int64)


class SparseArray:
    """Where the elements of a sparse tensor are, and what they are; everywhere else it is 0.

    Nobody changes one: an edit makes another, or writes into `values`.
    """

    __slots__ = ("__weakref__", "index_dtype", "indices", "is_coalesced", "layout", "shape", "values")

    indices: Array  # int64, of shape (sparse dimensions, elements)
    values: Array  # of shape (elements, *dense dimensions)
    shape: tuple[int, ...]
    is_coalesced: bool  # known to be in order, each place once
    layout: MemoryLayout
    index_dtype: np.dtype[Any]  # in which a compressed matrix shows its indices

    def __init__(
        self,
        indices: Array,
        values: Array,
        shape: Sequence[int],
        is_coalesced: bool = False,
        layout: MemoryLayout = sparse_coo,
        index_dtype: np.dtype[Any] = INT64,
    ) -> None:
        self.indices = indices
        self.values = values
        self.shape = tuple(shape)
        self.is_coalesced = is_coalesced or indices.shape[1] < 2
        self.layout = layout
        self.index_dtype = index_dtype

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype of the values."""
        return self.values.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions, sparse and dense."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements, zeros among them."""
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return self.values.itemsize

    @property
    def sparse_dim(self) -> int:
        """The number of dimensions that coordinates are kept of."""
        return self.indices.shape[0]

    @property
    def dense_dim(self) -> int:
        """The number of dimensions of each value."""
        return self.values.ndim - 1

    @property
    def nnz(self) -> int:
        """The number of values that are kept."""
        return self.indices.shape[1]

    def _lies_nowhere(self, *_: Any, **__: Any) -> Never:
        raise NotOfSparseError

    def __getattr__(self, name: str) -> Never:
        raise NotOfSparseError

    __getitem__ = __setitem__ = __array__ = __array_ufunc__ = _lies_nowhere

    def item(self) -> Any:
        """The only element. Raises ValueError where there are more, as an array does."""
        if self.size != 1:
            raise ValueError(self.size)
        return self.dense().item()

    def with_values(self, values: Array) -> SparseArray:
        """Other values at the same places, which are copied, as in PyTorch."""
        return SparseArray(self.indices.copy(), values, self.shape, self.is_coalesced)

    def copy(self) -> SparseArray:
        """The same in memory of its own."""
        parts = self.indices.copy(), self.values.copy()
        return SparseArray(*parts, self.shape, self.is_coalesced, self.layout, self.index_dtype)

    def laid(self, layout: MemoryLayout, index_dtype: np.dtype[Any] = INT64) -> SparseArray:
        """The same elements in another layout, in whose order a compressed matrix keeps them."""
        if layout is sparse_coo:  # the order stays
            return SparseArray(self.indices, self.values, self.shape, self.is_coalesced)
        known = self.coalesced()
        parts = known.indices, known.values
        if layout is not sparse_csc:
            return SparseArray(*parts, self.shape, True, layout, index_dtype)
        order = np.lexsort(known.indices)  # by columns first
        parts = known.indices[:, order], known.values[order]
        return SparseArray(*parts, self.shape, False, layout, index_dtype)

    @property
    def pointers(self) -> Array:
        """Where each row, or column, of a compressed matrix begins among its values, and where the last one ends."""
        at = self.layout.compresses
        assert at is not None
        begins = np.searchsorted(self.indices[at], np.arange(self.shape[at] + 1))
        return begins.astype(self.index_dtype)

    @property
    def across(self) -> Array:
        """The column, or row, of each value of a compressed matrix."""
        assert self.layout.compresses is not None
        return self.indices[1 - self.layout.compresses].astype(self.index_dtype)

    def fits(self) -> bool:
        """Whether every place is within the sizes, which nobody may have looked at."""
        sizes = np.array(self.shape[: self.sparse_dim], np.int64)[:, None]
        return bool(((self.indices >= 0) & (self.indices < sizes)).all())

    def places(self) -> Array:
        """One number for each place: its position among all, dense dimensions left out. Raises IndexError past the sizes."""
        sizes = self.shape[: self.sparse_dim]
        if not self.fits():
            raise IndexError(f"an index of the sparse tensor is out of range for its size {list(self.shape)}")
        return np.array(contiguous_strides(sizes), np.int64) @ self.indices

    def zeros(self) -> SparseArray:
        """Zeros of these sizes."""
        return empty_of(self.shape, self.sparse_dim, self.dtype)

    def coalesced(self) -> SparseArray:
        """In order, what stands at one place added up; itself where that is so."""
        if self.is_coalesced:
            return self
        places, first, into = np.unique(self.places(), return_index=True, return_inverse=True)
        values = np.zeros((len(places), *self.values.shape[1:]), self.dtype)
        if self.dtype.kind == "b":
            np.logical_or.at(values, into, self.values)
        else:
            np.add.at(values, into, self.values)
        return SparseArray(self.indices[:, first], values, self.shape, True)

    def at(self, places: Array) -> Array:
        """The elements at these positions among all, counted row by row."""
        known = self.coalesced()
        width = math.prod(self.shape[self.sparse_dim :])
        wanted, within = np.divmod(places, width)
        there = known.places()
        found = np.zeros(len(wanted), self.dtype)
        column = np.searchsorted(there, wanted)
        hits = column < len(there)
        hits[hits] = there[column[hits]] == wanted[hits]
        found[hits] = known.values.reshape(known.nnz, width)[column[hits], within[hits]]
        return found

    def dense(self) -> Array:
        """All elements, in an array."""
        known = self.coalesced()
        whole = np.zeros((math.prod(self.shape[: self.sparse_dim]), *self.values.shape[1:]), self.dtype)
        whole[known.places()] = known.values
        return whole.reshape(self.shape)


def empty_of(shape: Sequence[int], sparse_dim: int, dtype: np.dtype[Any]) -> SparseArray:
    """Zeros of these sizes: no place, no value."""
    values = np.empty((0, *shape[sparse_dim:]), dtype)
    return SparseArray(np.empty((sparse_dim, 0), np.int64), values, shape, True)


class SparseTensor(Tensor):
    """A tensor of one of the sparse layouts. Its class is called Tensor, as PyTorch's is, which has one for all layouts."""

    __slots__ = ()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Never:
        self.numpy()

    def numpy(self, *, force: bool = False) -> Never:
        """Refuses: there is no array."""
        raise TypeError(NO_ARRAY.format(self.layout.kind))

    def type(self, dtype: Any = None, non_blocking: bool = False, **options: Any) -> Any:
        """The name of its type, "torch.sparse.FloatTensor"; with `dtype` the tensor in that."""
        if dtype is None:
            if self.layout is not sparse_coo:
                raise RuntimeError("Unimplemented backend SparseCsrCPU")
            return self.dtype.tensor_type.replace("torch.", "torch.sparse.")
        return super().type(dtype, non_blocking, **options)

    def __dlpack__(self, **options: Any) -> Never:
        raise BufferError("Can't export tensors with layout other than torch.strided")

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if self._node is not None:
            return super().__deepcopy__(memo)  # which refuses
        if id(self) not in memo:
            array: Any = self._array
            twin = memo[id(self)] = wrap_sparse(array.copy())
            twin._requires_grad = self._requires_grad
            twin._grad = None if self._grad is None else copy.deepcopy(self._grad, memo)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        array: Any = self._array
        parts = array.indices, array.values, array.shape, array.is_coalesced, array.layout, array.index_dtype
        return _rebuilt, (self._requires_grad, *parts)


def _rebuilt(requires_grad: bool, *parts: Any) -> Tensor:
    tensor = wrap_sparse(SparseArray(*parts))
    tensor._requires_grad = requires_grad
    return tensor


def _of_sparse(getter: Callable[[SparseTensor], Any]) -> Callable[[SparseTensor], Any]:
    """Make `getter` a property of sparse tensors, which nobody sets."""
    setattr(SparseTensor, getter.__name__, read_only(getter.__name__, getter))
    return getter


@_of_sparse
def is_sparse(self: SparseTensor) -> bool:
    """Whether its layout is `sparse_coo`: PyTorch asks of others by their names."""
    return self.layout is sparse_coo


@_of_sparse
def is_sparse_csr(self: SparseTensor) -> bool:
    """Whether its layout is `sparse_csr`."""
    return self.layout is sparse_csr


@_of_sparse
def layout(self: SparseTensor) -> MemoryLayout:
    """`sparse_coo`, `sparse_csr` or `sparse_csc`."""
    array: Any = self._array
    return array.layout


@_of_sparse
def nbytes(self: SparseTensor) -> Never:
    """Refuses, as PyTorch does."""
    raise RuntimeError(
        "nbytes is not defined for sparse tensors.  If you want the size of the constituent tensors, add the nbytes of the "
        "indices and values.  If you want the size of the  equivalent dense tensor, multiply numel() by element_size()"
    )


@_of_sparse
def data(self: SparseTensor) -> Tensor:
    """The same parts as a tensor that autograd knows nothing of."""
    return around(self._array)


SparseTensor.__name__ = SparseTensor.__qualname__ = Tensor.__name__
SparseTensor.__module__ = Tensor.__module__


def wrap_sparse(array: SparseArray) -> Tensor:
    """A sparse tensor around `array`: a leaf that requires no gradient."""
    if not SPARSE:
        SPARSE.append(True)
    return wrap(cast("Any", array), SparseTensor)


def around(array: Any) -> Tensor:
    """A tensor around an array of either kind."""
    if array.__class__ is np.ndarray:
        return wrap(array)
    return wrap_sparse(array) if array.__class__ is SparseArray else wrap(array, OTHER_CLASSES[array.__class__])


def held(tensor: Tensor) -> Any:
    """What stands for a tensor where dense ones are arrays: in plain backward a sparse one goes as it is."""
    return tensor if tensor.__class__ is SparseTensor else tensor._array


def has_sparse(values: Sequence[Any]) -> bool:
    """Whether some of these values, or of those in lists among them, is a sparse tensor."""
    for each in values:  # noqa: SIM110 - `any` would take three times as long, for every call
        if each.__class__ is SparseTensor or (each.__class__ in (list, tuple) and has_sparse(each)):
            return True
    return False
