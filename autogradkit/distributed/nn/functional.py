"""PyTorch's `torch.distributed.nn.functional`: what processes tell one another, as functions with gradients.

Each is a custom function over a collective of `collectives.py`, as in PyTorch, whose nodes have the names of these classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.making.options import contiguous_format
from autogradkit.autograd import Function
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.distributed import collectives
from autogradkit.distributed.collectives import Group, RedOpType
from autogradkit.distributed.collectives import ReduceOp as ReduceOp


class _Broadcast(Function):
    @staticmethod
    def forward(ctx: Any, src: int, group: Group, tensor: Any) -> Any:
        ctx.src, ctx.group = src, group
        received = tensor.clone()
        collectives.broadcast(received, src, group)
        return received

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return None, None, _Reduce.apply(ctx.src, RedOpType.SUM, ctx.group, grad)


class _Reduce(Function):
    @staticmethod
    def forward(ctx: Any, dst: int, op: RedOpType, group: Group, tensor: Any) -> Any:
        ctx.dst, ctx.group = dst, group
        reduced = tensor.clone()
        collectives.reduce(reduced, dst, op, group)
        return reduced

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return None, None, None, _Broadcast.apply(ctx.dst, ctx.group, grad)


class _Gather(Function):
    @staticmethod
    def forward(ctx: Any, dst: int, group: Group, tensor: Any) -> Any:
        ctx.dst, ctx.group = dst, group
        gathered = [tensor.new_empty(tensor.shape)]
        collectives.gather(tensor.contiguous(), gathered, dst, group)
        return tuple(gathered)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return None, None, _Scatter.apply(ctx.dst, ctx.group, *grads)


class _Scatter(Function):
    @staticmethod
    def forward(ctx: Any, src: int, group: Group, *tensors: Any) -> Any:
        ctx.src, ctx.group = src, group
        received = tensors[0].new_empty(tensors[0].shape)
        collectives.scatter(received, list(tensors), src, group)
        return received

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return None, None, *_Gather.apply(ctx.src, ctx.group, grad)


class _Reduce_Scatter(Function):  # noqa: N801 - PyTorch's name, which its node has
    @staticmethod
    def forward(ctx: Any, op: RedOpType, group: Group, output: Any, *tensors: Any) -> Any:
        ctx.group = group
        reduced = output.contiguous()
        collectives.reduce_scatter(reduced, [each.contiguous() for each in tensors], op, group)
        return reduced

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return None, None, None, *_AllGather.apply(ctx.group, grad)


class _AllGather(Function):
    @staticmethod
    def forward(ctx: Any, group: Group, tensor: Any) -> Any:
        ctx.group = group
        gathered = [tensor.new_empty(tensor.shape)]
        collectives.all_gather(gathered, tensor.contiguous(), group)
        return tuple(gathered)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        received = _AlltoAll.apply(ctx.group, [each.new_empty(each.shape) for each in grads], *grads)
        return None, sum(received[1:], start=received[0])


class _AlltoAll(Function):
    @staticmethod
    def forward(ctx: Any, group: Group, outputs: list[Any], *tensors: Any) -> Any:
        ctx.group, ctx.shape = group, tensors[0].shape
        collectives.all_to_all(outputs, [each.contiguous() for each in tensors], group)
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return None, None, *_AlltoAll.apply(ctx.group, [grads[0].new_empty(ctx.shape)], *grads)


class _AlltoAllSingle(Function):
    @staticmethod
    def forward(
        ctx: Any, group: Group, output: Any, received: list[int] | None, sent: list[int] | None, tensor: Any
    ) -> Any:
        ctx.group, ctx.shape, ctx.received, ctx.sent = group, tensor.shape, received, sent
        collectives.all_to_all_single(output, tensor, received, sent, group)
        return output

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        sent_back = _AlltoAllSingle.apply(
            ctx.group, grad.new_empty(ctx.shape), ctx.sent, ctx.received, grad.contiguous()
        )
        return None, None, None, None, sent_back


class _AllReduce(Function):
    @staticmethod
    def forward(ctx: Any, op: RedOpType, group: Group, tensor: Any) -> Any:
        ctx.op, ctx.group = op, group
        reduced = tensor.clone(memory_format=contiguous_format)
        collectives.all_reduce(reduced, op, group)
        return reduced

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return None, None, _AllReduce.apply(ctx.op, ctx.group, grad)


def _warn_of_newer(name: str, newer: str) -> None:
    text = f"torch.distributed.nn.functional.{name} is deprecated, use torch.distributed._functional_collectives.{newer} instead."
    warn(text, FutureWarning)


@entry
def broadcast(tensor: Tensor, src: int, group: Group = None) -> Tensor:
    """The tensor of the process `src`."""
    _warn_of_newer("broadcast", "broadcast")
    return _Broadcast.apply(src, group, tensor)


@entry
def gather(tensor: Tensor, dst: int = 0, group: Group = None) -> tuple[Tensor, ...]:
    """Everybody's tensors, in the process `dst`."""
    return _Gather.apply(dst, group, tensor)


@entry
def scatter(tensors: Sequence[Tensor], src: int = 0, group: Group = None) -> Tensor:
    """This process's of the tensors of the process `src`."""
    return _Scatter.apply(src, group, *tensors)


@entry
def reduce(tensor: Tensor, dst: int, op: RedOpType = RedOpType.SUM, group: Group = None) -> Tensor:
    """What `op` makes of everybody's tensors, in the process `dst`."""
    return _Reduce.apply(dst, op, group, tensor)


@entry
def reduce_scatter(
    output: Tensor, input_list: Sequence[Tensor], op: RedOpType = RedOpType.SUM, group: Group = None
) -> Tensor:
    """This process's part of what `op` makes of everybody's lists."""
    _warn_of_newer("reduce_scatter", "reduce_scatter_single")
    return _Reduce_Scatter.apply(op, group, output, *input_list)


@entry
def all_gather(tensor: Tensor, group: Group = None) -> tuple[Tensor, ...]:
    """Everybody's tensors."""
    _warn_of_newer("all_gather", "all_gather_single")
    return _AllGather.apply(group, tensor)


@entry
def all_to_all(
    output_tensor_list: list[Tensor], input_tensor_list: Sequence[Tensor], group: Group = None
) -> tuple[Tensor, ...]:
    """What each process sent to this one; of the second list each gets its tensor."""
    return _AlltoAll.apply(group, output_tensor_list, *input_tensor_list)


@entry
def all_to_all_single(
    output: Tensor,
    input: Tensor,
    output_split_sizes: list[int] | None = None,
    input_split_sizes: list[int] | None = None,
    group: Group = None,
) -> Tensor:
    """What each process sent to this one, one behind the other; of `input` each gets its part."""
    _warn_of_newer("all_to_all_single", "all_to_all_single")
    return _AlltoAllSingle.apply(group, output, output_split_sizes, input_split_sizes, input)


@entry
def all_reduce(tensor: Tensor, op: RedOpType = RedOpType.SUM, group: Group = None) -> Tensor:
    """What `op` makes of everybody's tensors."""
    _warn_of_newer("all_reduce", "all_reduce")
    return _AllReduce.apply(op, group, tensor)
