"""Rules of what goes element by element, and of reductions.

A batch is a leading dimension. Samples of fewer dimensions than the result get ones behind it, so that all of them broadcast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare.batched import EDITS, POINTWISE, REDUCES, Samples, rule, spread
from autogradkit._ops.declare.names import SETS
from autogradkit._ops.making.conversions import converted
from autogradkit._ops.queries import result_type
from autogradkit._ops.views.sizes import view_sizes
from autogradkit.core.batched import Batch
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.tensor import Tensor, wrap


def rank_of(value: Any) -> int:
    return value.ndim if isinstance(value, Samples) else value._array.ndim


def aligned(value: Any, rank: int) -> Any:
    """All samples, as a tensor that broadcasts with others whose samples have up to `rank` dimensions."""
    if not isinstance(value, Samples):
        return value
    missing = rank - value.ndim
    if missing <= 0:
        return value.all
    size, *rest = value.all._array.shape
    return value.all.reshape(size, *(1,) * missing, *rest)


def _one_dtype(values: list[Any], places: Sequence[int]) -> list[Any]:
    """Samples without dimensions promote as tensors without dimensions do, though all of them together have one."""
    given = [values[i] for i in places if isinstance(values[i], (Samples, Tensor))]
    arrays = [each.all._array if isinstance(each, Samples) else each._array for each in given]
    if len({array.dtype for array in arrays}) < 2 or all(rank_of(each) for each in given):
        return values
    common: Any = None
    for each, array in zip(given, arrays, strict=True):
        one = wrap(np.empty((1,) * min(rank_of(each), 1), array.dtype))
        common = (
            one if common is None else wrap(np.empty((1,) * max(common.ndim, one.ndim), result_type(common, one).numpy))
        )
    for i in places:
        if isinstance(values[i], Samples):
            values[i] = Samples(converted(values[i].all, from_numpy_dtype(common._array.dtype)))
    return values


@rule(POINTWISE)
def _pointwise(op: Any, batch: Batch, values: list[Any]) -> Any:
    places = [i for i in op.operands if isinstance(values[i], (Samples, Tensor))]
    if len(places) > 1:
        values = _one_dtype(values, places)
    rank = max(rank_of(values[i]) for i in places)
    if op.owner.name == "clamp" or op.owner.name.endswith("_backward"):  # which do not broadcast what comes first
        values = [
            spread(each, batch) if i in places and rank_of(each) == rank else each for i, each in enumerate(values)
        ]
    return op.run_dual([aligned(each, rank) for each in values])


def _edit(op: Any, batch: Batch, values: list[Any]) -> Any:
    target = values[op.first_tensor]
    if op.owner.name == "masked_fill" and isinstance(values[2], Samples):
        return None
    if max(rank_of(each) for each in values if isinstance(each, (Samples, Tensor))) > target.ndim:
        return None  # refused, sample by sample
    return op.edit_dual([aligned(each, target.ndim) for each in values])


EDITS.update(dict.fromkeys((POINTWISE, "copy_", "zero_", "masked_fill", "fill_", "fill"), _edit))


@rule("masked_fill")
def _masked_fill(op: Any, batch: Batch, values: list[Any]) -> Any:
    if isinstance(values[2], Samples):
        return None
    return _pointwise_like(op, values)


def _pointwise_like(op: Any, values: list[Any]) -> Any:
    rank = max(rank_of(each) for each in values if isinstance(each, (Samples, Tensor)))
    return op.run_dual([aligned(each, rank) for each in values])


# One tensor, of which nothing but the elements counts: all samples at once are what the op takes anyhow.
@rule(
    "clone", "to", "real", "imag", "_conj", "view_as_real", "view_as_complex", "contiguous", "detach", "alias", "nan_to_num",
    "log_sigmoid_forward", "frexp", "zeros_like", "ones_like", "empty_like", "full_like", "bernoulli", "type_as", "resolve_conj",
    "resolve_neg", "positive", "conj_physical", "conj", "log_sigmoid",
)  # fmt: skip
def _as_it_is(op: Any, batch: Batch, values: list[Any]) -> Any:
    if op.kind == "random" or not isinstance(values[0], Samples):
        return None
    if "memory_format" in op.index and str(values[op.index["memory_format"]]) not in ("None", "torch.preserve_format"):
        return (
            None
            if op.owner.name != "contiguous" or str(values[1]) != "torch.contiguous_format"
            else values[0].all.contiguous()
        )
    if any(isinstance(each, Samples) for each in values[1:]):
        return None
    return op.run_dual([values[0].all, *values[1:]])


# Several tensors that broadcast.
@rule("complex", "polar", "where", "ldexp")
def _broadcast(op: Any, batch: Batch, values: list[Any]) -> Any:
    if not all(isinstance(each, (Samples, Tensor)) for each in values):
        return None
    return _pointwise_like(op, values)


# Several tensors of one shape.
@rule("relu_backward", "_prelu_kernel_backward", "values_at")
def _alike(op: Any, batch: Batch, values: list[Any]) -> Any:
    return op.run_dual([spread(each, batch) for each in values])


# -- reductions --------------------------------------------------------------------------------------------------------

# What reduces all elements, by the op that reduces a dimension.
_WHOLE = {"max": "amax", "min": "amin"}


@rule(REDUCES)
def _reduces(op: Any, batch: Batch, values: list[Any]) -> Any:
    samples = values[0]
    if "dim" not in op.index:
        return _whole(op, batch, values)
    at = op.index["dim"]
    dim = values[at]
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        if not samples.ndim:
            return None
        moved: Any = tuple(range(1, samples.ndim + 1))
        if op.parameters[at].spelled == "Dim":
            return None
    elif not samples.ndim:
        return None
    elif isinstance(dim, (tuple, list)):
        moved = tuple([moved_dim(each, samples.ndim) for each in dim])
    else:
        moved = moved_dim(dim, samples.ndim)
    return op.run_dual([samples.all, *values[1:at], moved, *values[at + 1 :]])


def _whole(op: Any, batch: Batch, values: list[Any]) -> Any:
    """All elements of each sample, as those of one dimension."""
    name = _WHOLE.get(op.owner.name, op.owner.name)
    if name in ("median", "nanmedian"):
        return None
    owner = op.owner if name == op.owner.name else next(each for each in SETS if each.name == name)
    samples = values[0]
    rows = view_or_copy(samples.all, (batch.size, math.prod(samples.shape)))
    options = {"dtype": values[op.index["dtype"]]} if "dtype" in op.index else {}
    return owner(rows, 1, **options)


def moved_dim(dim: int, rank: int) -> int:
    """A dimension of a sample, behind the batch's. Raises IndexError where there is none such."""
    return wrap_dim(dim, rank) + 1


def view_or_copy(tensor: Any, shape: Sequence[int]) -> Any:
    """The tensor in another shape."""
    return tensor.reshape(*shape) if tuple(shape) != tensor._array.shape else view_sizes(tensor, tuple(shape))


@rule("var_mean", "std_mean")
def _moments(op: Any, batch: Batch, values: list[Any]) -> Any:
    return _reduces(op, batch, values)


__all__ = ["aligned", "moved_dim", "spread", "view_or_copy"]
