"""What depends on which element is larger: max, min, argmax, argmin, sort, argsort, topk, median, kthvalue.

Rests on op; the gradient of each goes to the elements that were picked.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops import return_types
from autogradkit._ops.declare import k
from autogradkit._ops.in_place import accepts_out
from autogradkit._ops.op import Array, composite, op
from autogradkit._ops.pointwise.choice import maximum, minimum
from autogradkit.core.strides import dense_strides_like, element_strides, empty_strided, row_major, wrap_dim
from autogradkit.core.tensor import Tensor

Ints = tuple[int, ...]


def _lined_up(self: Array, dim: int) -> tuple[Array, int]:
    """The array with at least one dimension, and `dim` counted from the front."""
    dim = wrap_dim(dim, self.ndim)
    return (self if self.ndim else self.reshape(1)), dim


def _pick(self: Array, positions: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The elements at `positions` (of size 1 along `dim`) and the positions, the dimension kept or not."""
    source, dim = _lined_up(self, dim)
    values = np.take_along_axis(source, positions, dim)
    if not self.ndim:
        return values.reshape(()), positions.reshape(())
    if not keepdim:
        values, positions = values.squeeze(dim), positions.squeeze(dim)
    return row_major(values), row_major(positions)


def _to_picked(g: Any, self_sym_sizes: Ints, dim: int, indices: Any, keepdim: bool) -> Any:
    """A gradient for the picked elements, brought to where they stood."""
    if not keepdim and self_sym_sizes:
        g, indices = k.unsqueeze(g, dim), k.unsqueeze(indices, dim)
    return k.scatter_src(k.new_zeros(g, self_sym_sizes), dim, indices, g)


# -- the largest and the smallest --------------------------------------------------------------------------------------


def _extreme(name: str, self: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    source, dim = _lined_up(self, dim)
    if not source.shape[dim]:
        raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")
    positions = (source.argmax if name == "max" else source.argmin)(dim, keepdims=True)
    return _pick(self, positions, dim, keepdim)


@op(
    name="max_dim", public="max", node="MaxBackward0", outputs=("values", "indices"), differentiable_outputs=1,
    method=False, function=False, samples=lambda t: [(t(2, 3), 1), (t(3), 0, True)],
)  # fmt: skip
def max_dim(self: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    """The largest elements along `dim`, and where they stand."""
    return _extreme("max", self, dim, keepdim)


@op(
    name="min_dim", public="min", node="MinBackward0", outputs=("values", "indices"), differentiable_outputs=1,
    method=False, function=False, samples=lambda t: [(t(2, 3), 1), (t(3), 0, True)],
)  # fmt: skip
def min_dim(self: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    """The smallest elements along `dim`, and where they stand."""
    return _extreme("min", self, dim, keepdim)


for _each in (max_dim, min_dim):
    _each.vjp(
        self=lambda g, self_sym_sizes, dim, indices, keepdim: _to_picked(g, self_sym_sizes, dim, indices, keepdim)
    )


def _require_elements(name: str, self: Array) -> None:
    if not self.size:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the "
            "'dim' argument."
        )


@op(
    name="max_all", public="max", node="MaxBackward1", method=False, function=False,
    samples=lambda t: [(t(2, 3),), (t(),)],
)  # fmt: skip
def max_all(self: Array) -> Array:
    """The largest element; ties share the gradient equally."""
    _require_elements("max", self)
    return np.max(self)


@op(
    name="min_all", public="min", node="MinBackward1", method=False, function=False,
    samples=lambda t: [(t(2, 3),), (t(),)],
)  # fmt: skip
def min_all(self: Array) -> Array:
    """The smallest element; ties share the gradient equally."""
    _require_elements("min", self)
    return np.min(self)


def _shared(g: Any, self: Any, result: Any) -> Any:
    # A NaN result stands for every NaN.
    mask = (self == result) | ((self != self) & (result != result))
    return k.where(mask, g / k.sum_all(mask), g * 0)


max_all.vjp(self=lambda g, self, result: _shared(g, self, result))
min_all.vjp(self=lambda g, self, result: _shared(g, self, result))


def _max_or_min(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    by_dim, of_all, pairwise = (max_dim, max_all, maximum) if name == "max" else (min_dim, min_all, minimum)
    kwargs = {{"axis": "dim", "input": "self"}.get(key, key): value for key, value in kwargs.items()}
    args = (kwargs.pop("self"), *args) if "self" in kwargs else args
    if len(args) + len(kwargs) == 1:
        return of_all(next(iter(args)))
    other: Any = args[1] if len(args) > 1 else kwargs.get("other")
    if isinstance(other, Tensor):
        return pairwise(*args[:1], other)
    return getattr(return_types, name)(by_dim(*args, **kwargs))


@composite()
@accepts_out
def max(*args: Any, **kwargs: Any) -> Any:
    """The largest element; given `dim`, (values, indices) along it; given another tensor, the larger of each pair.

    >>> import autogradkit as torch
    >>> torch.max(torch.tensor([[1, 5], [7, 2]]))
    tensor(7)
    >>> torch.max(torch.tensor([[1, 5], [7, 2]]), dim=1).indices
    tensor([1, 0])
    """
    return _max_or_min("max", args, kwargs)


@composite()
@accepts_out
def min(*args: Any, **kwargs: Any) -> Any:
    """The smallest element; given `dim`, (values, indices) along it; given another tensor, the smaller of each pair.

    >>> import autogradkit as torch
    >>> torch.min(torch.tensor([[1, 5], [7, 2]]))
    tensor(1)
    >>> torch.min(torch.tensor([[1, 5], [7, 2]]), dim=1).values
    tensor([1, 2])
    """
    return _max_or_min("min", args, kwargs)


def _arg_extreme(name: str, self: Array, dim: int | None, keepdim: bool) -> Array:
    if self.dtype == np.bool_:
        raise RuntimeError(f"{name}(): does not support bool input")
    if dim is None:
        if not self.size:
            raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
        found = np.asarray(getattr(self, name)())
        return found.reshape((1,) * self.ndim) if keepdim else found
    source, dim = _lined_up(self, dim)
    if not source.shape[dim]:
        raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")
    found = getattr(source, name)(dim, keepdims=keepdim)
    return row_major(np.asarray(found).reshape(()) if not self.ndim else np.asarray(found))


@op()
def argmax(self: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """Where the largest element stands along `dim`, or in row-major order of all; the first one of ties.

    >>> import autogradkit as torch
    >>> torch.argmax(torch.tensor([[1, 5], [7, 2]]), dim=1)
    tensor([1, 0])
    """
    return _arg_extreme("argmax", self, dim, keepdim)


@op()
def argmin(self: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """Where the smallest element stands along `dim`, or in row-major order of all; the first one of ties.

    >>> import autogradkit as torch
    >>> torch.argmin(torch.tensor([[1, 5], [7, 2]]), dim=1)
    tensor([0, 1])
    """
    return _arg_extreme("argmin", self, dim, keepdim)


# -- in order ----------------------------------------------------------------------------------------------------------


def _order(self: Array, dim: int, descending: bool) -> Array:
    """The positions that put `self` in order along `dim`, equal elements as they stood, NaN as the largest."""
    if not descending:
        return np.argsort(self, axis=dim, kind="stable")
    backwards = np.flip(np.argsort(np.flip(self, dim), axis=dim, kind="stable"), dim)
    return self.shape[dim] - 1 - backwards


def _sorted(self: Array, dim: int, descending: bool) -> tuple[Array, Array]:
    source, at = _lined_up(self, dim)
    positions = _order(source, at, descending)
    strides = dense_strides_like(self.shape, element_strides(self))
    results: list[Array] = []
    for found in (np.take_along_axis(source, positions, at), positions):
        result = empty_strided(self.shape, strides, found.dtype)
        result[...] = found.reshape(self.shape)
        results.append(result)
    return results[0], results[1]


@op(
    name="sort_values", public="sort", node="SortBackward0", outputs=("values", "indices"), differentiable_outputs=1,
    method=False, function=False, samples=lambda t: [(t(2, 3), 1), (t(4), 0, True)],
)  # fmt: skip
def sort_values(self: Array, dim: int = -1, descending: bool = False) -> tuple[Array, Array]:
    """The elements in order along `dim`, and where they stood."""
    return _sorted(self, dim, descending)


@op(
    name="sort_stably", public="sort", node="SortBackward1", outputs=("values", "indices"), differentiable_outputs=1,
    method=False, function=False, samples=lambda t: [(t(2, 3), 1)],
)  # fmt: skip
def sort_stably(self: Array, dim: int = -1, descending: bool = False) -> tuple[Array, Array]:
    """The elements in order along `dim`, equal ones as they stood, and where they stood."""
    return _sorted(self, dim, descending)


for _each in (sort_values, sort_stably):
    _each.vjp(self=lambda g, self_sym_sizes, dim, indices: _to_picked(g, self_sym_sizes, dim, indices, True))


@composite()
@accepts_out
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool | None = None) -> Any:
    """The elements in order along `dim`, and where they stood, as (values, indices). NaN counts as the largest.

    >>> import autogradkit as torch
    >>> torch.sort(torch.tensor([2, 3, 1])).values
    tensor([1, 2, 3])
    """
    return return_types.sort((sort_values if stable is None else sort_stably)(input, dim, descending))


@composite()
def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Tensor:
    """The positions that put the elements in order along `dim`.

    >>> import autogradkit as torch
    >>> torch.argsort(torch.tensor([2, 3, 1]))
    tensor([2, 0, 1])
    """
    return sort_values(input.detach(), dim, descending)[1]  # type: ignore[attr-defined]


@op(
    name="topk_values", public="topk", node="TopkBackward0", outputs=("values", "indices"), differentiable_outputs=1,
    method=False, function=False, samples=lambda t: [(t(2, 4), 2), (t(4, 2), 3, 0, False)],
)  # fmt: skip
def topk_values(self: Array, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> tuple[Array, Array]:
    """The `k` largest (or smallest) elements along `dim`, and where they stand."""
    source, at = _lined_up(self, dim)
    if not 0 <= k <= source.shape[at]:
        raise RuntimeError("selected index k out of range")
    positions = _order(source, at, largest)[(*(slice(None),) * at, slice(k))]
    values = np.take_along_axis(source, positions, at)
    if not self.ndim:
        return values.reshape(()), positions.reshape(())
    return row_major(values), row_major(positions)


topk_values.vjp(self=lambda g, self_sym_sizes, dim, indices: _to_picked(g, self_sym_sizes, dim, indices, True))


@composite()
@accepts_out
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The `k` largest (or smallest) elements along `dim`, and where they stand, as (values, indices).

    >>> import autogradkit as torch
    >>> torch.topk(torch.tensor([2, 3, 1]), 2).values
    tensor([3, 2])
    """
    return return_types.topk(topk_values(input, k, dim, largest, sorted))


# -- in the middle -----------------------------------------------------------------------------------------------------


def _kth(self: Array, place: Array | int, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The element that stands at `place` of the order along `dim`."""
    source, dim = _lined_up(self, dim)
    order = _order(source, dim, False)
    places = np.broadcast_to(place, (*source.shape[:dim], 1, *source.shape[dim + 1 :]))
    return _pick(self, np.take_along_axis(order, places, dim), dim, keepdim)


@op(
    name="kth_smallest", public="kthvalue", node="KthvalueBackward0", outputs=("values", "indices"),
    differentiable_outputs=1, method=False, function=False, samples=lambda t: [(t(2, 4), 2, 1)],
)  # fmt: skip
def kth_smallest(self: Array, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Array, Array]:
    """The `k`-th smallest element along `dim`, and where it stands."""
    source, at = _lined_up(self, dim)
    if not 1 <= k <= source.shape[at]:
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {at}")
    return _kth(self, k - 1, dim, keepdim)


@op(
    name="median_dim", public="median", node="MedianBackward1", outputs=("values", "indices"),
    differentiable_outputs=1, method=False, function=False, samples=lambda t: [(t(2, 4), 1), (t(3, 2), 0, True)],
)  # fmt: skip
def median_dim(self: Array, dim: int = -1, keepdim: bool = False) -> tuple[Array, Array]:
    """The median along `dim`, the lower of two, and where it stands; NaN if there is one."""
    source, at = _lined_up(self, dim)
    size = source.shape[at]
    if not size:
        raise IndexError(f"median(): Expected reduction dim {at} to have non-zero size.")
    place: Any = (size - 1) // 2
    if source.dtype.kind == "f":
        # The first NaN stands behind all numbers.
        missing = np.isnan(source).sum(at, keepdims=True)
        place = np.where(missing > 0, size - missing, place)
    return _kth(self, place, dim, keepdim)


for _each in (kth_smallest, median_dim):
    _each.vjp(
        self=lambda g, self_sym_sizes, dim, indices, keepdim: _to_picked(g, self_sym_sizes, dim, indices, keepdim)
    )


@composite()
@accepts_out
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The `k`-th smallest element along `dim`, and where it stands, as (values, indices).

    >>> import autogradkit as torch
    >>> torch.kthvalue(torch.tensor([5, 9, 7]), 2).values
    tensor(7)
    """
    return return_types.kthvalue(kth_smallest(input, k, dim, keepdim))


@op(
    name="median_all", public="median", node="MedianBackward0", method=False, function=False,
    samples=lambda t: [(t(2, 3),), (t(),)],
)  # fmt: skip
def median_all(self: Array) -> Array:
    """The median of all elements, the lower of two; NaN if there is one or no element at all."""
    if not self.size:
        return np.asarray(np.nan, self.dtype)
    return median_dim.op.kernel(self.reshape(-1), 0)[0]


median_all.vjp(self=lambda g, self, result: _shared(g, self, result))


@composite()
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median of all elements, the lower of two; given `dim`, (values, indices) along it.

    >>> import autogradkit as torch
    >>> torch.median(torch.tensor([4, 1, 3, 2]))
    tensor(2)
    """
    if dim is None:
        return median_all(input)
    return return_types.median(median_dim(input, dim, keepdim))
