"""Rules of what names dimensions or sizes: the batch's comes first, so dimensions count from one, and sizes begin with it.

Which parameters name dimensions follows from their kinds and names; the tables say which ops need no more than that.
"""

from __future__ import annotations

import math
from typing import Any

from autogradkit._ops.batching.elements import moved_dim, view_or_copy
from autogradkit._ops.declare.batched import RULES, Samples, rule, spread
from autogradkit._ops.making.ranges import arange
from autogradkit._ops.views.sizes import alias
from autogradkit.core.batched import Batch
from autogradkit.core.tensor import Tensor

_DIMS = frozenset(
    ("dim", "dims", "dim0", "dim1", "dim2", "dimension", "start_dim", "end_dim", "axis0", "axis1", "source_dims")
)


def _moved(op: Any, values: list[Any], rank: int) -> list[Any]:
    """The values, every dimension among them counted behind the batch's."""
    values = list(values)
    for name, at in op.index.items():
        if name in _DIMS and values[at] is not None:
            dim = values[at]
            values[at] = (
                tuple([moved_dim(d, rank) for d in dim]) if isinstance(dim, (tuple, list)) else moved_dim(dim, rank)
            )
    return values


# Of one tensor; the rest are numbers.
@rule(
    "transpose", "select", "slice", "narrow", "diagonal", "unfold", "unbind", "split", "split_with_sizes", "chunk",
    "tensor_split", "_softmax", "_log_softmax", "softmax", "log_softmax", "cumsum", "cumprod", "logcumsumexp", "cummax", "cummin",
    "sort", "argsort", "topk", "kthvalue", "max", "min", "median", "nanmedian", "aminmax", "argmax", "argmin", "mode", "flip",
    "_fft_c2c", "_fft_r2c", "_fft_c2r", "select_copy", "slice_copy", "transpose_copy", "narrow_copy", "unbind_copy", "split_copy",
    "unsafe_split", "unsafe_chunk", "flatten", "glu",
)  # fmt: skip
def _named(op: Any, batch: Batch, values: list[Any]) -> Any:
    samples = values[0]
    if op.reduces and "dim" not in op.index:
        return RULES["reduces"](op, batch, values)
    if not isinstance(samples, Samples) or any(isinstance(each, Samples) for each in values[1:]) or not samples.ndim:
        return None
    if "dim" in op.index and values[op.index["dim"]] is None:  # of all elements, as one row
        if values[op.index["keepdim"]] if "keepdim" in op.index else False:
            return None
        values = [Samples(view_or_copy(samples.all, (batch.size, math.prod(samples.shape)))), *values[1:]]
        values[op.index["dim"]] = 0
        samples = values[0]
    return op.run_dual([samples.all, *_moved(op, values, samples.ndim)[1:]])


# A dimension of the result, which has one more.
@rule("unsqueeze", "diag_embed", "unsqueeze_copy")
def _one_more(op: Any, batch: Batch, values: list[Any]) -> Any:
    more = 2 if op.owner.name == "diag_embed" and values[0].ndim < 1 else 1
    return op.run_dual([values[0].all, *_moved(op, values, values[0].ndim + more)[1:]])


@rule("permute", "permute_copy")
def _permute(op: Any, batch: Batch, values: list[Any]) -> Any:
    samples, dims = values
    if len(dims) != samples.ndim:
        return None  # refused
    return op.run_dual([samples.all, (0, *[moved_dim(each, samples.ndim) for each in dims])])


@rule("t", "t_copy")
def _t(op: Any, batch: Batch, values: list[Any]) -> Any:
    samples = values[0]
    return None if samples.ndim > 2 else samples.all.transpose(1, 2) if samples.ndim == 2 else alias(samples.all)


@rule("squeeze", "squeeze_copy")
def _squeeze(op: Any, batch: Batch, values: list[Any]) -> Any:
    samples = values[0]
    dims = (
        range(samples.ndim) if len(values) == 1 else values[1] if isinstance(values[1], (tuple, list)) else (values[1],)
    )
    if not all(-samples.ndim <= each < samples.ndim for each in dims):
        return None
    return samples.all.squeeze(tuple([moved_dim(each, samples.ndim) for each in dims]))


@rule("roll")
def _roll(op: Any, batch: Batch, values: list[Any]) -> Any:
    samples, shifts, dims = values
    return (
        None
        if not dims
        else op.run_dual([samples.all, shifts, tuple([moved_dim(each, samples.ndim) for each in dims])])
    )


# -- sizes -------------------------------------------------------------------------------------------------------------


def _whole_sizes(samples: Samples, size: Any) -> tuple[int, ...]:
    """Sizes without the one that follows from the others."""
    sizes = [int(each) for each in size]
    known = math.prod(each for each in sizes if each != -1)
    return tuple([math.prod(samples.shape) // known if each == -1 and known else each for each in sizes])


@rule("view", "reshape", "_unsafe_view", "view_copy")
def _view(op: Any, batch: Batch, values: list[Any]) -> Any:
    samples, size = values
    if not isinstance(size, (tuple, list)):  # a dtype
        return None
    return op.run_dual([samples.all, (batch.size, *_whole_sizes(samples, size))])


@rule("expand", "expand_copy")
def _expand(op: Any, batch: Batch, values: list[Any]) -> Any:
    samples, size, *rest = values
    more = len(size) - samples.ndim
    if more < 0:
        return None
    whole = view_or_copy(samples.all, (batch.size, *(1,) * more, *samples.shape)) if more else samples.all
    return op.run_dual([whole, (batch.size, *size), *rest])


@rule("repeat")
def _repeat(op: Any, batch: Batch, values: list[Any]) -> Any:
    samples, repeats = values
    more = len(repeats) - samples.ndim
    if more < 0:
        return None
    return op.run_dual([view_or_copy(samples.all, (batch.size, *(1,) * more, *samples.shape)), (1, *repeats)])


@rule("new_zeros", "new_ones", "new_empty", "new_full")
def _new(op: Any, batch: Batch, values: list[Any]) -> Any:
    samples, size, *rest = values
    if any(isinstance(each, Samples) for each in rest):
        return None
    return op.run_dual([samples.all, (batch.size, *size), *rest])


@rule("tril", "triu", "constant_pad_nd", "one_hot", "rot90")
def _trailing(op: Any, batch: Batch, values: list[Any]) -> Any:
    samples = values[0]
    if op.owner.name == "rot90":
        return op.run_dual([samples.all, values[1], tuple([moved_dim(each, samples.ndim) for each in values[2]])])
    if op.owner.name == "one_hot" and values[1] == -1:
        return None  # refused: sizes that depend on data
    return op.run_dual([samples.all, *values[1:]])


# -- several tensors ---------------------------------------------------------------------------------------------------


@rule("cat", "stack", "concat")
def _joined(op: Any, batch: Batch, values: list[Any]) -> Any:
    tensors, dim = values
    ranks = {len(each.shape) for each in tensors}
    if len(ranks) > 1:
        return None
    rank = ranks.pop() + (op.owner.name == "stack")
    return op.run_dual([[spread(each, batch) for each in tensors], moved_dim(dim, rank)])


# All tensors have as many dimensions; `input_sizes` are those of a tensor.
@rule(
    "gather", "scatter", "scatter_add", "scatter_reduce", "softmax_backward_data", "log_softmax_backward_data", "select_backward",
    "slice_backward", "diagonal_backward", "unfold_backward", "select_scatter", "slice_scatter", "diagonal_scatter",
    "glu_backward",
)  # fmt: skip
def _alike(op: Any, batch: Batch, values: list[Any]) -> Any:
    first = values[0]
    sizes = op.index.get("input_sizes")
    rank = len(values[sizes]) if sizes is not None else len(first.shape)
    if not rank or not all(len(each.shape) for each in values if isinstance(each, (Samples, Tensor))):
        return None
    values = [spread(each, batch) if isinstance(each, (Samples, Tensor)) else each for each in values]
    values = _moved(op, values, rank)
    if sizes is not None:
        values[sizes] = (batch.size, *values[sizes])
    return op.run_dual(values)


@rule("index_select")
def _index_select(op: Any, batch: Batch, values: list[Any]) -> Any:
    samples, dim, index = values
    if not isinstance(samples, Samples) or isinstance(index, Samples) or not samples.ndim:
        return None
    return op.run_dual([samples.all, moved_dim(dim, samples.ndim), index])


@rule("index")
def _index(op: Any, batch: Batch, values: list[Any]) -> Any:
    source, indices = values
    given = [each for each in indices if each is not None]
    if any(
        str(each.all.dtype if isinstance(each, Samples) else each.dtype) in ("torch.bool", "torch.uint8")
        for each in given
    ):
        if any(isinstance(each, Samples) for each in given):
            raise RuntimeError(
                "vmap: We do not support batching operators that can support dynamic shape. Attempting to batch over indexing "
                "with a boolean mask."
            )
        return None
    if len(given) < len(indices) and None in indices[: len(given)]:
        return None  # what stands between the indices moves; a sample at a time is safe
    rank = max(len(each.shape) for each in given)
    if not any(isinstance(each, Samples) for each in given):
        return op.run_dual([source.all, [None, *given]])
    where: list[Any] = [
        view_or_copy(each.all, (batch.size, *(1,) * (rank - each.ndim), *each.shape))
        if isinstance(each, Samples)
        else each
        for each in given
    ]
    if isinstance(source, Samples):
        rows: Any = arange(batch.size)
        return op.run_dual([source.all, [rows.reshape(batch.size, *(1,) * rank), *where]])
    return op.run_dual([source, where])


# -- results whose sizes depend on data ----------------------------------------------------------------------------------


@rule("nonzero", "_unique2", "unique_dim", "unique_consecutive", "bincount")
def _sized_by_data(op: Any, batch: Batch, values: list[Any]) -> Any:
    raise RuntimeError(
        "vmap: We do not support batching operators that can output dynamic shape. Attempted to vmap over "
        f"aten::{op.owner.name}. Please file an issue at https://github.com/pytorch/pytorch/issues if you need this feature."
    )


@rule("masked_select")
def _masked_select(op: Any, batch: Batch, values: list[Any]) -> Any:
    if not isinstance(values[1], Samples):
        return None
    raise RuntimeError(
        "vmap: Attempted to vmap over `mask` in torch.masked_select(self, mask) We cannot support this because for each batch "
        "this would return a differently shaped Tensor. Please file an issue at https://github.com/pytorch/pytorch/issues if you "
        "need this feature."
    )
