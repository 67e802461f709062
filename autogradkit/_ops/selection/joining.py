"""Several tensors in one, or made to fit each other: cat, stack, hstack, broadcast_tensors, meshgrid and their kin.

Rests on declare and views.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op, python_function
from autogradkit._ops.declare.kinds import Array, Arrays, Tensors
from autogradkit._ops.declare.writing import saying
from autogradkit._ops.views.dimensions import unsqueeze
from autogradkit._ops.views.sizes import Shape, expand, reshape, view_sizes
from autogradkit.core.dtype import from_numpy_dtype, result_type
from autogradkit.core.shapes import broadcast_shapes, wrap_dim
from autogradkit.core.strides import cat_strides, element_strides, view_strides
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn_once

# -- several tensors in one --------------------------------------------------------------------------------------------


_require_castable = saying(
    "torch.cat(): input types can't be cast to the desired output type {out}", TypeError, same=False
)


def _cat_meta(tensors: Sequence[Array], dim: int) -> Any:
    if tensors and 0 <= dim < tensors[0].ndim not in (4, 5):
        first = tensors[0]
        shape, kind, total = first.shape, first.dtype, 0
        before, after = shape[:dim], shape[dim + 1 :]
        for each in tensors:
            size = each.shape
            if each.dtype is not kind or size[:dim] != before or size[dim + 1 :] != after or len(size) != len(shape):
                return _cat_generally(tensors, dim)
            total += size[dim]
        return (*before, total, *after), kind
    return _cat_generally(tensors, dim)


def _cat_generally(tensors: Sequence[Array], dim: int) -> Any:
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    for position, each in enumerate(tensors):
        if not each.ndim:
            raise RuntimeError(f"zero-dimensional tensor (at position {position}) cannot be concatenated")
    parts = [(number, each) for number, each in enumerate(tensors) if each.shape != (0,)]
    shape = list(parts[0][1].shape if parts else (0,))
    if parts:  # as in PyTorch, which does not look at it where all are passed over
        dim = wrap_dim(dim, len(shape))
    for number, each in parts[1:]:
        if each.ndim != len(shape):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(shape)} and {each.ndim}")
        for other, size in enumerate(each.shape):
            if other != dim and size != shape[other]:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {shape[other]} but got size "
                    f"{size} for tensor number {number} in the list."
                )
        shape[dim] += each.shape[dim]
    kind = tensors[0].dtype
    if any(each.dtype != kind for each in tensors):
        kind = result_type([(from_numpy_dtype(each.dtype), 2) for each in tensors]).numpy
    if len(shape) not in (4, 5):
        return tuple(shape), kind
    return tuple(shape), kind, cat_strides([(each.shape, element_strides(each)) for each in tensors], tuple(shape))


def _cat_backward(g: Any, tensors_sym_sizes: Sequence[Shape], dim: int) -> list[Any]:
    gradients: list[Any] = []
    start = 0
    for sizes in tensors_sym_sizes:
        if sizes == (0,):
            gradients.append(k.new_zeros(g, (0,)))
            continue
        dim = wrap_dim(dim, g.ndim)
        gradients.append(k.slice(g, dim, start, start + sizes[dim], 1))
        start += sizes[dim]
    return gradients


@op(
    out_dtype=_require_castable,
    apart="resized",
    meta=_cat_meta,
    samples=lambda t: [([t(2, 3), t(1, 3)],), ([t(2, 1), t(2, 2), t(0)], -1)],
    vjp={"tensors": _cat_backward},
    rule="∂tensors = ∂, cut along dim",
)
def cat(tensors: Arrays, dim: int = 0, *, out: Array) -> None:
    """The tensors one after another along dimension `dim`.

    Their other sizes must agree; one-dimensional tensors without elements are passed over.

    >>> import autogradkit as torch
    >>> torch.cat((torch.tensor([1, 2]), torch.tensor([3])))
    tensor([1, 2, 3])
    """
    parts = tensors if out.ndim == 1 else [each for each in tensors if each.ndim > 1]
    if out.size:
        np.concatenate(parts, dim, out=out, casting="unsafe")


@op("concatenate", composition=True, out=True, out_dtype=_require_castable, apart="resized")
def concat(tensors: Tensors, dim: int = 0) -> Any:
    """`cat` under another name.

    >>> import autogradkit as torch
    >>> torch.concat((torch.tensor([1]), torch.tensor([2])))
    tensor([1, 2])
    """
    return cat(tensors, dim)


def _stack_meta(tensors: Sequence[Array], dim: int) -> Any:
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    dim = wrap_dim(dim, tensors[0].ndim + 1)
    shape = tensors[0].shape
    for number, each in enumerate(tensors):
        if each.shape != shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and "
                f"{list(each.shape)} at entry {number}"
            )
    kind, count = tensors[0].dtype, len(tensors)
    size = (*shape[:dim], count, *shape[dim:])
    is_last = dim == len(shape)
    if len(shape) + is_last not in (4, 5) and all(each.dtype is kind for each in tensors):
        return size, kind
    if is_last:
        return _cat_generally([unsqueeze.kernel(each, dim) for each in tensors], dim)
    # As in PyTorch: one after the other along the dimension that is there, which is then taken apart.
    joined, kind, *strides = _cat_generally(tensors, dim)
    return (size, kind, view_strides(joined, strides[0], size)) if strides else (size, kind)


@op(
    out_dtype=_require_castable,
    apart="resized",
    meta=_stack_meta,
    samples=lambda t: [([t(2), t(2)],), ([t(2, 3), t(2, 3)], -1)],
    vjp={"tensors": lambda g, dim: k.unbind(g, dim)},
    rule="∂tensors = ∂, taken apart along dim",
)
def stack(tensors: Arrays, dim: int = 0, *, out: Array) -> None:
    """Tensors of one shape, side by side along a new dimension `dim`.

    >>> import autogradkit as torch
    >>> torch.stack((torch.tensor([1, 2]), torch.tensor([3, 4])), 1)
    tensor([[1, 3],
            [2, 4]])
    """
    place = (*(slice(None),) * wrap_dim(dim, out.ndim), None)
    np.concatenate([each[place] for each in tensors], dim, out=out, casting="unsafe")


def _at_least(ndim: int, tensor: Tensor) -> Tensor:
    """The tensor with dimensions of size 1 added as `atleast_1d` and its kin do."""
    if tensor._array.ndim == 0:
        return reshape(tensor, (1,) * ndim)
    if ndim >= 2 and tensor._array.ndim == 1:
        tensor = unsqueeze(tensor, 0)
    return unsqueeze(tensor, -1) if ndim == 3 and tensor._array.ndim == 2 else tensor


def _declare_at_least(ndim: int) -> None:
    name = f"atleast_{ndim}d"

    forms = function(name, variants="")

    @forms.overload(composition=True)
    def _(self: Tensor) -> Any:
        return _at_least(ndim, self)

    @forms.overload(composition=True)
    def _(tensors: Tensors) -> tuple[Any, ...]:
        return tuple([_at_least(ndim, each) for each in tensors])

    def at_least(*tensors: Any) -> Any:
        return forms(tensors[0] if len(tensors) == 1 else tensors)

    shape = [3] if ndim == 1 else [1, 3] if ndim == 2 else [1, 3, 1]
    at_least.__name__ = at_least.__qualname__ = name
    at_least.__doc__ = f"""The tensor, or each of several, viewed with at least {ndim} dimension(s).

    >>> import autogradkit as torch
    >>> torch.{name}(torch.zeros(3)).shape
    torch.Size({shape})
    """
    python_function()(at_least)


for _ndim in (1, 2, 3):
    _declare_at_least(_ndim)


def _required(name: str, tensors: Any) -> Any:
    if not tensors:
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return tensors


@op(composition=True, out=True, out_dtype=_require_castable, apart="resized")
def hstack(tensors: Tensors) -> Any:
    """The tensors side by side: along dimension 1, or 0 if they have one dimension.

    >>> import autogradkit as torch
    >>> torch.hstack((torch.tensor([1]), torch.tensor([2, 3])))
    tensor([1, 2, 3])
    """
    parts = [_at_least(1, each) for each in _required("hstack", tensors)]
    return cat(parts, 0 if parts[0]._array.ndim == 1 else 1)


@op("row_stack", composition=True, out=True, out_dtype=_require_castable, apart="resized")
def vstack(tensors: Tensors) -> Any:
    """The tensors below each other: along dimension 0, vectors counting as rows.

    >>> import autogradkit as torch
    >>> torch.vstack((torch.tensor([1, 2]), torch.tensor([3, 4])))
    tensor([[1, 2],
            [3, 4]])
    """
    return cat([_at_least(2, each) for each in _required("vstack", tensors)], 0)


@op(composition=True, out=True, out_dtype=_require_castable, apart="resized")
def dstack(tensors: Tensors) -> Any:
    """The tensors behind each other: along dimension 2.

    >>> import autogradkit as torch
    >>> torch.dstack((torch.tensor([1, 2]), torch.tensor([3, 4]))).shape
    torch.Size([1, 2, 2])
    """
    return cat([_at_least(3, each) for each in _required("dstack", tensors)], 2)


@op(composition=True, out=True, out_dtype=_require_castable, apart="resized")
def column_stack(tensors: Tensors) -> Any:
    """The tensors as columns of one matrix: vectors count as columns.

    >>> import autogradkit as torch
    >>> torch.column_stack((torch.tensor([1, 2]), torch.tensor([3, 4])))
    tensor([[1, 3],
            [2, 4]])
    """
    columns = [
        reshape(each, (each._array.size, 1)) if each._array.ndim < 2 else each
        for each in _required("column_stack", tensors)
    ]
    return hstack(columns)


@python_function()
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """The tensors, each expanded to the shape they have in common.

    >>> import autogradkit as torch
    >>> [x.shape for x in torch.broadcast_tensors(torch.zeros(2, 1), torch.zeros(3))]
    [torch.Size([2, 3]), torch.Size([2, 3])]
    """
    return _broadcast.owner(tensors)


@op(name="broadcast_tensors", variants="", composition=True)
def _broadcast(tensors: Tensors) -> tuple[Any, ...]:
    shape = broadcast_shapes(*(each._array.shape for each in tensors))
    return tuple(each if each._array.shape == shape else expand(each, shape) for each in tensors)


@python_function()
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Grids of coordinates, one for each of the vectors, as expanded views.

    >>> import autogradkit as torch
    >>> torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4]), indexing="ij")[0]
    tensor([[1, 1],
            [2, 2]])
    """
    if indexing is None:
        warn_once("torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.")
        indexing = "ij"
    single = len(tensors) == 1 and isinstance(tensors[0], (list, tuple))
    return _meshgrid.owner(tensors[0] if single else tensors, indexing=indexing)


@op(name="meshgrid", variants="", composition=True)
def _meshgrid(tensors: Tensors, *, indexing: str) -> tuple[Any, ...]:
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if any(each._array.dtype != tensors[0]._array.dtype for each in tensors):
        raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    for each in tensors:
        if each._array.ndim > 1:  # whose elements PyTorch prints before this
            sizes = ",".join(map(str, each._array.shape))
            raise RuntimeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: [ {each.type()}{{{sizes}}} ]"
            )
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    # The dimension in which each vector runs: with "xy" the first two change places.
    places = list(range(len(tensors)))
    if indexing == "xy" and len(tensors) > 1:
        places[:2] = 1, 0
    shape = tuple(tensors[place]._array.size for place in places)
    return tuple(
        expand(view_sizes(each, tuple(-1 if at == place else 1 for at in range(len(tensors)))), shape)
        for place, each in zip(places, tensors, strict=True)
    )
