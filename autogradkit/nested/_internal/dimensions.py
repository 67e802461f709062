"""Functions of jagged tensors that change dimensions and compute nothing: done to the values, which have none for the parts.

Where the dimension comes to lie in which parts differ is worked out beside it. Rests on ops.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.selection.joining import cat, stack
from autogradkit.core.shapes import wrap_dim
from autogradkit.nested._internal.nested_tensor import (
    FUNCTIONS,
    NestedTensor,
    is_symbol,
    joined,
    like,
    parts_of,
    plain,
    shown_sizes,
    sizes_of,
)
from autogradkit.nested._internal.ops import function, inner_dim


@function("transpose", "swapaxes", "swapdims")
def _(func: Any, given: NestedTensor, dim0: int, dim1: int) -> Any:
    first, second = (wrap_dim(each, given.dim()) for each in (dim0, dim1))
    if 0 in (first, second):
        raise ValueError("Transpose is not supported on the batch dimension for jagged NT")
    at = {first: second, second: first}.get(given._ragged_idx, given._ragged_idx)
    return like(given, plain(given).transpose(first - 1, second - 1), at)


@function("permute")
def _(func: Any, given: NestedTensor, *dims: Any) -> Any:
    listed = dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims
    order = [wrap_dim(each, given.dim()) for each in listed]
    if order[0] != 0:
        raise ValueError("Permute is not supported on the batch dimension for jagged NT")
    return like(given, plain(given).permute([each - 1 for each in order[1:]]), order.index(given._ragged_idx))


@function("T", "mT", "H", "mH", "t")
def _(func: Any, given: NestedTensor) -> Any:
    if func.__name__ == "t":
        raise NotImplementedError("aten.t.default")
    raise ValueError("Permute is not supported on the batch dimension for jagged NT")


@function("unsqueeze")
def _(func: Any, given: NestedTensor, dim: int) -> Any:
    at = wrap_dim(dim, given.dim() + 1)
    if at == 0:
        raise RuntimeError("unsqueeze(): not supported for NestedTensor on dim=0")
    return like(given, plain(given).unsqueeze(at - 1), given._ragged_idx + (at <= given._ragged_idx))


@function("squeeze")
def _(func: Any, given: NestedTensor, dim: Any = None) -> Any:
    if dim is None:
        raise NotImplementedError("aten.squeeze.default")
    at = inner_dim(given, dim, "squeeze") + 1
    values = plain(given)
    if values.shape[at - 1] != 1:
        return like(given, values)
    return like(given, values.squeeze(at - 1), given._ragged_idx - (at < given._ragged_idx))


@function("unflatten")
def _(func: Any, given: NestedTensor, dim: int, sizes: Sequence[int]) -> Any:
    at = inner_dim(given, dim, "unflatten")
    return like(
        given, plain(given).unflatten(at, sizes), given._ragged_idx + (len(sizes) - 1) * (at + 1 < given._ragged_idx)
    )


@function("flatten")
def _(func: Any, given: NestedTensor, start_dim: int = 0, end_dim: int = -1) -> Any:
    first, last = (wrap_dim(each, given.dim()) for each in (start_dim, end_dim))
    if first == last:
        return given
    if first == 0:
        raise RuntimeError("flatten(): not supported for NestedTensor on dim=0")
    if first <= given._ragged_idx <= last:
        raise RuntimeError("flatten(): not supported for NestedTensor on ragged dim")
    return like(
        given,
        plain(given).flatten(first - 1, last - 1),
        given._ragged_idx - (last - first) * (last < given._ragged_idx),
    )


def _new_sizes(given: NestedTensor, shape: tuple[Any, ...], name: str) -> list[int]:
    """Sizes that were asked for, as those of the values; those of parts and of the dimension where they differ stay."""
    wanted = list(shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape)
    own = sizes_of(given)
    at = given._ragged_idx
    kept = len(wanted) > at and wanted[0] in (own[0], -1) and (is_symbol(wanted[at]) or wanted[at] == -1)
    if not kept or wanted[1:at] != list(own[1:at]) or (is_symbol(wanted[at]) and wanted[at] != own[at]):
        raise RuntimeError(f"{name}(): cannot view shape {shown_sizes(given)} as {wanted}")
    wanted[at] = given._array.shape[at - 1]
    return wanted[1:]


@function("view", "reshape")
def _(func: Any, given: NestedTensor, *shape: Any) -> Any:
    if len(shape) == 1 and not isinstance(shape[0], (int, tuple, list)):
        return FUNCTIONS["pointwise"](func, given, *shape)  # as another dtype
    sizes = _new_sizes(given, shape, "view")
    return like(given, getattr(plain(given), func.__name__)(sizes))


@function("expand")
def _(func: Any, given: NestedTensor, *shape: Any) -> Any:
    return like(given, plain(given).expand(_new_sizes(given, shape, "expand")))


@function("chunk")
def _(func: Any, given: NestedTensor, chunks: int, dim: int = 0) -> Any:
    if wrap_dim(dim, given.dim()):
        at = inner_dim(given, dim, "chunk")
        return tuple([like(given, each) for each in plain(given).chunk(chunks, at)])
    several = parts_of(given)
    each = -(-len(several) // chunks)
    return tuple([joined(several[i : i + each], ragged_idx=given._ragged_idx) for i in range(0, len(several), each)])


@function("split", "split_with_sizes")
def _(func: Any, given: NestedTensor, split_size: Any, dim: int = 0) -> Any:
    at = inner_dim(given, dim, "split")
    return tuple([like(given, each) for each in plain(given).split(split_size, at)])


@function("narrow")
def _(func: Any, given: NestedTensor, dim: int, start: Any, length: Any) -> Any:
    return like(given, plain(given).narrow(inner_dim(given, dim, "narrow"), start, length))


@function("select")
def _(func: Any, given: NestedTensor, dim: int, index: int) -> Any:
    if wrap_dim(dim, given.dim()) == 0:
        return _part(given, index)
    at = inner_dim(given, dim, "select")
    return like(given, plain(given).select(at, index), given._ragged_idx - (at + 1 < given._ragged_idx))


def _part(given: NestedTensor, index: int) -> Any:
    return parts_of(given)[index]  # which refuses it


@function("__getitem__")
def _(func: Any, given: NestedTensor, index: Any) -> Any:
    places = list(index) if isinstance(index, tuple) else [index]
    if isinstance(places[0], int) and not isinstance(places[0], bool):
        part = _part(given, places[0])
        return part[tuple(places[1:])] if len(places) > 1 else part
    if Ellipsis in places:
        here = places.index(Ellipsis)
        places[here : here + 1] = [slice(None)] * (given.dim() - len(places) + 1)
    elif isinstance(places[0], slice):
        raise RuntimeError("slice(): not supported for NestedTensor on dim=0")
    everything = slice(None)
    at = given._ragged_idx
    if any(each != everything for each in (places[0], *places[at : at + 1])):
        raise RuntimeError("slice(): not supported for NestedTensor on dim=0")
    gone = sum(isinstance(each, int) for each in places[1:at])
    return like(given, plain(given)[tuple(places[1:])], at - gone)


@function("unbind")
def _(func: Any, given: NestedTensor, dim: int = 0) -> Any:
    if wrap_dim(dim, given.dim()):
        raise RuntimeError("unbind(): only supported for NestedTensor on dim=0")
    return parts_of(given)


@function("cat", "concat", "concatenate")
def _(func: Any, tensors: Sequence[Any], dim: int = 0) -> Any:
    first = next(each for each in tensors if isinstance(each, NestedTensor))
    at = inner_dim(first, dim, "cat")
    return like(first, cat([plain(each) for each in tensors], at))


@function("stack")
def _(func: Any, tensors: Sequence[Any], dim: int = 0) -> Any:
    first = tensors[0]
    at = wrap_dim(dim, first.dim() + 1)
    if at == 0:
        raise RuntimeError("stack(): not supported for NestedTensor on dim=0")
    return like(first, stack([plain(each) for each in tensors], at - 1), first._ragged_idx + (at <= first._ragged_idx))
