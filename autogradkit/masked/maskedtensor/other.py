"""What is neither pointwise, passed on nor a reduction: choices, softmax, copies, layouts. Rests on core."""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import PUBLISHED
from autogradkit.autograd.function import Function
from autogradkit.core import dtype as dtypes
from autogradkit.core.layout import sparse_coo, sparse_csr, strided
from autogradkit.core.tensor import Tensor
from autogradkit.masked.maskedtensor.core import (
    MaskedTensor,
    data_of,
    functions,
    is_masked_tensor,
    mask_of,
    masked,
    operators,
    require_count,
    same_masks,
)


def _whole(value: Any, beside: Any) -> Any:
    """A masked tensor; of another tensor, or a number beside one, one of which all counts."""
    if not isinstance(value, Tensor):
        value = data_of(beside).new_tensor(value, dtype=PUBLISHED["result_type"](data_of(beside), value))
    return value if is_masked_tensor(value) else masked(value, value.new_ones(value.size(), dtype=dtypes.bool_))


# -- a choice of two --------------------------------------------------------------------------------------------------


def _chosen(condition: Any, one: Any, other: Any) -> Any:
    one, other = _whole(one, other), _whole(other, one)
    where = PUBLISHED["where"]
    return masked(where(condition, data_of(one), data_of(other)), where(condition, mask_of(one), mask_of(other)))


class _MaskedWhere(Function):
    @staticmethod
    def forward(ctx: Any, condition: Any, one: Any, other: Any) -> Any:
        ctx.condition = condition
        return _chosen(condition, one, other)

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        mask = grad_output.get_mask()
        out = masked(grad_output.get_data(), mask.new_zeros(mask.size()))
        return None, _chosen(ctx.condition, grad_output, out), _chosen(ctx.condition, out, grad_output)


@functions("where")
def _(*args: Any, **kwargs: Any) -> Any:
    require_count(args, kwargs, "__torch_function__, torch.where", 3, bare=True)
    return _MaskedWhere.apply(*args)


@operators("where")
def _(func: Any, *args: Any, **kwargs: Any) -> Any:
    require_count(args, kwargs, f"__torch_dispatch__, {func}", 3, bare=True)
    return _chosen(*args)


# -- softmax ----------------------------------------------------------------------------------------------------------


@operators("_softmax")
def _(func: Any, *args: Any, **kwargs: Any) -> Any:
    require_count(args, kwargs, f"__torch_dispatch__, {func}", 3, bare=True)
    data, mask = data_of(args[0]), mask_of(args[0])
    found = data.masked_fill(~mask, -float("inf")).softmax(args[1])
    return masked(found.masked_fill(~mask, 0.0), mask)


@operators("_softmax_backward_data")
def _(func: Any, *args: Any, **kwargs: Any) -> Any:
    require_count(args, kwargs, f"__torch_dispatch__, {func}", 4)
    grad, output, dim, _ = args
    if not (is_masked_tensor(grad) and is_masked_tensor(output)):
        raise ValueError(f"__torch_dispatch__, {func}: grad and output must both be MaskedTensors")
    if not same_masks(grad, output):
        raise ValueError(f"__torch_dispatch__, {func}: expected the masks of grad and output to match")
    mask = mask_of(grad)
    each = (data_of(grad) * data_of(output)).masked_fill(~mask, 0.0)
    found = each - data_of(output) * each.sum(dim, keepdim=True)
    return masked(found.masked_fill(~mask, 0.0), mask)


# -- copies -----------------------------------------------------------------------------------------------------------


@operators("detach", "clone")
def _(func: Any, *args: Any, **kwargs: Any) -> Any:
    return masked(func(data_of(args[0])), mask_of(args[0]))


@operators("_to_copy")
def _(func: Any, *args: Any, **kwargs: Any) -> Any:
    kept = func(mask_of(args[0]), *args[1:], **{**kwargs, "dtype": dtypes.bool_})
    return masked(func(data_of(args[0]), *args[1:], **kwargs), kept)


@operators("ones_like")
def _(func: Any, *args: Any, **kwargs: Any) -> Any:
    require_count(args, kwargs, f"__torch_dispatch__, {func}", 1)
    return masked(func(data_of(args[0]), **kwargs), mask_of(args[0]))


@operators("copy_")
def _(func: Any, *args: Any, **kwargs: Any) -> Any:
    require_count(args, kwargs, f"__torch_dispatch__, {func}", 2)
    if not same_masks(*args):
        raise ValueError("args[0] mask and args[1] mask must match but do not")
    func(data_of(args[0]), data_of(args[1]))
    return args[0]


@operators("_local_scalar_dense")
def _(func: Any, *args: Any, **kwargs: Any) -> Any:
    if not mask_of(args[0]):
        raise ValueError(f"__torch_dispatch__, {func}: expected a mask tensor")
    return data_of(args[0]).item()


@operators("is_same_size")
def _(func: Any, *args: Any, **kwargs: Any) -> Any:
    require_count(args, kwargs, f"__torch_dispatch__, {func}", 2)
    return data_of(args[0]).size() == data_of(args[1]).size()


class _MaskedContiguous(Function):
    @staticmethod
    def forward(ctx: Any, given: Any) -> Any:
        return masked(data_of(given).contiguous(), mask_of(given).contiguous())

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        return grad_output


@functions("contiguous")
def _(given: Any, *_args: Any, **_kwargs: Any) -> Any:
    return _MaskedContiguous.apply(given)


# -- layouts ----------------------------------------------------------------------------------------------------------


def _in_layout(given: Any, layout: Any) -> Any:
    """A masked tensor in another layout; itself in its own."""
    if given.layout is layout:
        return given
    data, mask = data_of(given), mask_of(given)
    if layout is strided:
        return masked(data.to_dense(), mask.to_dense())
    if layout is sparse_csr and data.ndim != 2:
        raise ValueError(f"Only 2D tensors can be converted to the SparseCsr layout but got shape: {data.size()}")
    kept = mask.to_sparse().coalesce() if layout is sparse_coo else mask.to_sparse_csr()
    return masked(data.sparse_mask(kept), kept)


class _MaskedToDense(Function):
    wanted: Any = strided

    @classmethod
    def forward(cls, ctx: Any, given: Any) -> Any:
        ctx.layout = given.layout
        return _in_layout(given, cls.wanted)

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        return _in_layout(grad_output, ctx.layout)


class _MaskedToSparse(_MaskedToDense):
    wanted = sparse_coo


class _MaskedToSparseCsr(_MaskedToDense):
    wanted = sparse_csr


def _to(conversion: type[_MaskedToDense]) -> Any:
    def convert(given: MaskedTensor, *_args: Any, **_kwargs: Any) -> Any:
        return given if given.layout is conversion.wanted else conversion.apply(given)

    return convert


functions("to_dense")(_to(_MaskedToDense))
functions("to_sparse")(_to(_MaskedToSparse))
functions("to_sparse_csr")(_to(_MaskedToSparseCsr))
