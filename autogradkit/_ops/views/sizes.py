"""Views that show the same elements in other sizes: view, reshape, flatten, expand and their kin.

Rests on declare and the geometry rules of core/strides. Every view here is one in PyTorch, and nothing else is. What changes
the order of dimensions stands in dimensions.py, what takes parts of a tensor in parts.py.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

from autogradkit._ops.declare import function, k, op, python_function, python_method
from autogradkit._ops.declare.kinds import Array, DType, Sizes
from autogradkit._ops.declare.known_views import KnownViews
from autogradkit._ops.declare.overriding import ALIAS
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.views.geometry import restrided, showing
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.errors import ViewRefused
from autogradkit.core.shapes import infer_size, wrap_dim
from autogradkit.core.size import Size
from autogradkit.core.storage import offset_of
from autogradkit.core.strides import element_strides, expand_strides, view_strides
from autogradkit.core.tensor import Tensor
from autogradkit.engine.naming import tensor_type

Shape = tuple[int, ...]


@op(variants="", view=True, samples=lambda t: [(t(2, 3),), (t(),)], vjp={"self": lambda g: g})
def alias(self: Array) -> Array:
    """Another view on all of the same memory, which is what `x[...]` is."""
    return restrided(self, self.shape, element_strides(self))


@op(
    variants="",
    node="torch::autograd::Identity",
    view=True,
    samples=lambda t: [(t(2, 3),), (t(),)],
    vjp={"self": lambda g: g},
)
def fw_primal(self: Array) -> Array:
    """The same memory, apart from the tangent that forward mode gave the tensor."""
    return restrided(self, self.shape, element_strides(self))


ALIAS.append(alias)


# -- other sizes for the same elements ---------------------------------------------------------------------------------

view = function("view", variants="method")


def _refused(text: str, array: Array, wanted: Any, more: str = "") -> RuntimeError:
    """PyTorch's error, with how the tensor lies in memory."""
    error = RuntimeError(text)
    error.add_note(ViewRefused.of(array, element_strides(array), wanted, more))
    return error


def _require_neighbours(strides: tuple[int, ...], names: str, array: Array, wanted: Any) -> None:
    if strides[-1] != 1:
        raise _refused(f"self.stride(-1) must be 1 to view {names}, but got {strides[-1]}", array, wanted)


@view.overload(view=True)
def view_dtype(self: Array, dtype: DType) -> Array:
    """The same memory with other sizes, one of which may be −1, or read as another dtype.

    Raises RuntimeError where the strides do not allow it; elements of another size take from the last dimension.

    >>> import autogradkit as torch
    >>> torch.arange(6).view(2, 3)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    >>> torch.tensor([1.0]).view(torch.int32)
    tensor([1065353216], dtype=torch.int32)
    """
    wanted, own = dtype.numpy, self.dtype
    if wanted.itemsize == own.itemsize:
        return self.view(wanted)
    names = f"{scalar_type(from_numpy_dtype(own))} as {scalar_type(dtype)} (different element sizes)"
    if not self.ndim:
        raise _refused(f"self.dim() cannot be 0 to view {names}", self, dtype)
    strides = element_strides(self)
    if wanted.itemsize < own.itemsize:
        _require_neighbours(strides, names, self, dtype)
        return self.view(wanted)
    ratio = wanted.itemsize // own.itemsize
    if self.shape[-1] % ratio:
        raise _refused(
            f"self.size(-1) must be divisible by {ratio} to view {names}, but got {self.shape[-1]}", self, dtype
        )
    offset = offset_of(self)
    if offset % ratio:
        raise _refused(
            f"self.storage_offset() must be divisible by {ratio} to view {names}, but got {offset}", self, dtype
        )
    _require_neighbours(strides, names, self, dtype)
    for dim, step in enumerate(strides[:-1]):
        if step % ratio:
            raise _refused(
                f"self.stride({dim}) must be divisible by {ratio} to view {names}, but got {step}", self, dtype
            )
    return self.view(wanted)


@view.overload(
    view=KnownViews,
    samples=lambda t: [(t(2, 6), (3, 4)), (t(2, 3), (-1,)), (t(), (1, 1))],
    vjp={"self": lambda g, self_sym_sizes: k.reshape(g, self_sym_sizes)},
    rule="∂self = ∂ in the shape of self",
)
def view_sizes(self: Array, size: Sizes) -> Array:
    """The same memory with other sizes; one may be −1. Raises RuntimeError where the strides do not allow it.

    >>> import autogradkit as torch
    >>> torch.arange(6).view(2, 3)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    plain = self.flags.c_contiguous and self.size and 1 not in self.shape
    if plain and math.prod(size) == self.size and min(size, default=1) > 0:
        return self.reshape(size)
    shape = infer_size(size, self.size)
    strides = view_strides(self.shape, element_strides(self), shape)
    if strides is None:
        raise _refused(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead.",
            self,
            shape,
            f", which no single set of strides can show in the shape {shape}",
        )
    return restrided(self, shape, strides)


@op(variants="method", composition=True)
def view_as(self: Tensor, other: Tensor) -> Any:
    """The tensor viewed in the shape of `other`.

    >>> import autogradkit as torch
    >>> torch.arange(4).view_as(torch.zeros(2, 2))
    tensor([[0, 1],
            [2, 3]])
    """
    return view_sizes(self, other.shape)


@op(composition=True)
def reshape(self: Tensor, shape: Sizes) -> Any:
    """The elements with other sizes: a view where the strides allow one, else a copy.

    >>> import autogradkit as torch
    >>> torch.arange(4).reshape(2, 2)
    tensor([[0, 1],
            [2, 3]])
    """
    array: Array = self._memory
    if array.flags.c_contiguous:
        return view_sizes.straight(self, _inferred(shape, array.size))
    wanted, strides = reshaped(array.shape, element_strides(array), shape)
    return _unsafe_view_of_copy(self, wanted) if strides is None else reshape_alias.straight(self, wanted, strides)


_inferred = functools.lru_cache(4096)(infer_size)


@functools.lru_cache(4096)
def reshaped(shape: Shape, strides: Shape, given: Shape) -> tuple[Shape, Shape | None]:
    """The sizes that are wanted, and the strides with which a view has them, if any."""
    wanted = infer_size(given, math.prod(shape))
    return wanted, view_strides(shape, strides, wanted)


@op(
    name="_reshape_alias",
    label="reshape",
    node="ReshapeAliasBackward0",
    variants="",
    view=KnownViews,
    samples=lambda t: [(t(2, 6), (3, 4), (4, 1))],
    vjp={"self": lambda g, self_sym_sizes: k.reshape(g, self_sym_sizes)},
    rule="∂self = ∂ in the shape of self",
)
def reshape_alias(self: Array, size: Sizes, stride: Sizes) -> Array:
    """A view with other sizes on memory that is not contiguous, the strides being known to fit."""
    return restrided(self, size, stride)


def _unsafe_view_of_copy(tensor: Any, shape: Shape) -> Any:
    return k.unsafe_view(tensor.contiguous(), shape)


@functools.lru_cache(4096)
def _merged(shape: Shape, start_dim: int, end_dim: int) -> Shape | None:
    """The sizes of a flattened tensor; None where there is nothing to merge."""
    start, end = wrap_dim(start_dim, len(shape)), wrap_dim(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return (1,)
    return None if start == end else (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])


@op(variants="method", composition=True)
def reshape_as(self: Tensor, other: Tensor) -> Any:
    """The tensor reshaped to the shape of `other`.

    >>> import autogradkit as torch
    >>> torch.arange(4).reshape_as(torch.zeros(2, 2)).shape
    torch.Size([2, 2])
    """
    return reshape(self, other.shape)


@op(composition=True)
def flatten(self: Tensor, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Dimensions `start_dim` to `end_dim` merged into one; the tensor itself if there is nothing to merge.

    >>> import autogradkit as torch
    >>> torch.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])
    """
    merged = _merged(self._memory.shape, start_dim, end_dim)
    if merged is None:
        return self
    return view_sizes.straight(self, merged) if self._memory.flags.c_contiguous else reshape(self, merged)


@op(composition=True)
def unflatten(self: Tensor, dim: int, sizes: Sizes) -> Any:
    """Dimension `dim` split into several of these sizes, one of which may be −1.

    >>> import autogradkit as torch
    >>> torch.zeros(2, 12).unflatten(1, (3, -1)).shape
    torch.Size([2, 3, 4])
    """
    shape = self._array.shape
    dim = wrap_dim(dim, len(shape))
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    if not shape:
        raise RuntimeError("unflatten got an unexpected error:\nDimension specified as 0 but tensor has no dimensions")
    try:
        split = infer_size(sizes, shape[dim])
    except RuntimeError as error:
        if "is invalid for input" not in str(error):
            raise RuntimeError(f"unflatten got an unexpected error:\n{error}") from None
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({shape[dim]}) in the "
            "input tensor"
        ) from None
    return view_sizes(self, (*shape[:dim], *split, *shape[dim + 1 :]))


@python_method("unflatten")
def unflatten_method(self: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Dimension `dim` split into several of these sizes, one of which may be −1."""
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    return unflatten.owner.front("method")(self, dim, sizes)


@op(composition=True)
def ravel(self: Tensor) -> Any:
    """All elements in one dimension, in row-major order.

    >>> import autogradkit as torch
    >>> torch.tensor([[1, 2], [3, 4]]).t().ravel()
    tensor([1, 3, 2, 4])
    """
    return view_sizes(self.contiguous(), (-1,))


@op(
    variants="method",
    view=KnownViews,
    samples=lambda t: [(t(3, 1), (2, 3, 4)), (t(2, 3), (-1, 3)), (t(), (2,))],
    vjp={"self": lambda g, self_sym_sizes: g if self_sym_sizes else k.sum_all(g)},
    rule="∂self = ∂, summed over the expanded dimensions",
)
def expand(self: Array, size: Sizes, *, implicit: bool = False) -> Array:
    """A view in which dimensions of size 1 are repeated, with stride 0; −1 keeps a size.

    >>> import autogradkit as torch
    >>> torch.tensor([[1], [2]]).expand(2, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    if size == self.shape and self.size:
        return self.view()
    new = len(size) - self.ndim
    # Each dimension is kept or repeated
    if new >= 0 and self.flags.c_contiguous and self.size and min(size, default=0) > 1:
        strides = [0] * new
        for own, wanted, stride in zip(self.shape, size[new:], self.strides, strict=True):
            if own in (wanted, 1):
                strides.append(stride if own == wanted else 0)
        if len(strides) == len(size):
            return showing(self, 0, size, strides)
    if new < 0:
        raise RuntimeError(
            f"expand({tensor_type(self)}{{{list(self.shape)}}}, size={list(size)}): the number of "
            f"sizes provided ({len(size)}) must be greater or equal to the number of dimensions in the tensor ({self.ndim})"
        )
    shape: list[int] = []
    for dim in range(len(size) - 1, -1, -1):
        wanted, own = size[dim], 1 if dim < new else self.shape[dim - new]
        if wanted == -1 and self.ndim:
            if dim < new:
                raise RuntimeError(
                    f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {dim}"
                )
            wanted = own
        if own not in (wanted, 1):
            raise RuntimeError(
                f"The expanded size of the tensor ({wanted}) must match the existing size ({own}) at non-singleton "
                f"dimension {dim}.  Target sizes: {list(size)}.  Tensor sizes: {list(self.shape)}"
            )
        shape.insert(0, wanted)
    if min(shape, default=0) < 0:
        raise RuntimeError("numel: integer multiplication overflow")
    return restrided(self, shape, expand_strides(self.shape, element_strides(self), tuple(shape)))


@op(variants="method", composition=True)
def expand_as(self: Tensor, other: Tensor) -> Any:
    """The tensor expanded to the shape of `other`.

    >>> import autogradkit as torch
    >>> torch.tensor([1, 2]).expand_as(torch.zeros(2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    return expand(self, other.shape)


@op(composition=True)
def broadcast_to(self: Tensor, size: Sizes) -> Any:
    """The tensor expanded to `size`.

    >>> import autogradkit as torch
    >>> torch.broadcast_to(torch.tensor([1, 2]), (2, 2)).stride()
    (0, 1)
    """
    return expand(self, size)


@python_function()
def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of these shapes broadcast to.

    >>> import autogradkit as torch
    >>> torch.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """
    given = [(each,) if isinstance(each, int) else each for each in shapes if each is not None]
    for shape in given:
        if not isinstance(shape, Sequence):
            raise RuntimeError(f"Input shapes should be of type ints, a tuple of ints, or a list of ints, got {shape}")
    common = [1] * max([len(shape) for shape in given], default=0)
    for number, shape in enumerate(given):
        for at in range(-1, -1 - len(shape), -1):
            size = shape[at]
            if common[at] == 1 and size != 1:
                if size < 0:
                    raise ValueError("Attempting to broadcast a dimension with negative length!")
                common[at] = size
            elif size not in (1, common[at]):
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {size} at {at}! Mismatching argument at index {number} "
                    f"had {shape}; but expected shape should be broadcastable to {common}"
                )
    return Size(common)
