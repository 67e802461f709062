"""What the processes of a group tell one another, in a group of one: everybody's tensor is this tensor, and is copied as it is.

Rests on the tensor and on the world, without which everything here raises PyTorch's ValueError.
"""

from __future__ import annotations

import copy
import enum
from datetime import timedelta
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.distributed.world import ProcessGroup, require

Group = ProcessGroup | None


class RedOpType(enum.Enum):
    """What becomes of the tensors of all processes; of one it is that tensor, whichever is asked for."""

    SUM = 0
    AVG = 1
    PRODUCT = 2
    MIN = 3
    MAX = 4
    BAND = 5
    BOR = 6
    BXOR = 7
    PREMUL_SUM = 8


class ReduceOp:
    """Where scripts find the kinds of `RedOpType`."""

    RedOpType = RedOpType
    SUM, AVG, PRODUCT = RedOpType.SUM, RedOpType.AVG, RedOpType.PRODUCT
    MIN, MAX = RedOpType.MIN, RedOpType.MAX
    BAND, BOR, BXOR = RedOpType.BAND, RedOpType.BOR, RedOpType.BXOR
    PREMUL_SUM = RedOpType.PREMUL_SUM


class Work:
    """What a function gives with `async_op=True`: it is done already."""

    def wait(self, timeout: Any = None) -> bool:
        """True."""
        return True

    def is_completed(self) -> bool:
        """True."""
        return True


def _done(async_op: bool) -> Work | None:
    return Work() if async_op else None


def _require_supported(group: Group, op: RedOpType = RedOpType.SUM, **tensors: Any) -> None:
    """Refuse what a function cannot work with."""
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"Invalid function argument. Expected parameter `{name}` of type torch.Tensor\n"
                f"             but got {type(tensor)} instead."
            )
        if op.name in ("BAND", "BOR", "BXOR") and tensor.is_floating_point():
            raise RuntimeError(f"Cannot use ReduceOp.{op.name} with non-integral dtype")
    require(group)


def _warn_of_older(name: str, newer: str) -> None:
    text = f"`torch.distributed.{name}` is deprecated. Please use `torch.distributed.{newer}` instead."
    warn(text, FutureWarning)


def _root(name: str, rank: int | None, in_group: int | None, optional: bool = False) -> None:
    """Refuse a root that is not this process: given by its rank among all, or in the group."""
    if rank is not None and in_group is not None:
        raise ValueError("Can't specify both group_rank and global_rank")
    rank = in_group if rank is None else rank
    if rank is None and not optional:
        raise ValueError("Must specify global_rank or group_rank")
    if rank:
        raise RuntimeError(f"ProcessGroupGloo::{name}: invalid root rank: {rank}")


def _copy_to_only(name: str, given: list[Tensor], tensor: Tensor) -> None:
    """Copy a tensor into a list of one."""
    if len(given) != 1:
        raise RuntimeError(
            f"ProcessGroupGloo::{name}: invalid output tensor list at index 0 (expected length 1, got {len(given)})"
        )
    if given[0].shape != tensor.shape:
        sizes = [f"({', '.join(map(str, each.shape))})" for each in (tensor, given[0])]
        raise RuntimeError(
            f"ProcessGroupGloo::{name}: invalid tensor size at index 0 (expected {sizes[0]}, got {sizes[1]})"
        )
    given[0].copy_(tensor)


@entry
def barrier(
    group: Group = None, async_op: bool = False, device_ids: Any = None, timeout: timedelta | None = None
) -> Work | None:
    """Wait for the others."""
    _require_supported(group)
    return _done(async_op)


@entry
def monitored_barrier(group: Group = None, timeout: Any = None, wait_all_ranks: bool = False) -> None:
    """Wait for the others."""
    _require_supported(group)


@entry
def all_reduce(
    tensor: Tensor, op: RedOpType = RedOpType.SUM, group: Group = None, async_op: bool = False
) -> Work | None:
    """Make `tensor` what `op` makes of everybody's."""
    _require_supported(group, op, tensor=tensor)
    return _done(async_op)


@entry
def reduce(
    tensor: Tensor,
    dst: int | None = None,
    op: RedOpType = RedOpType.SUM,
    group: Group = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Work | None:
    """Make `tensor` of the process `dst` what `op` makes of everybody's."""
    _require_supported(group, op, tensor=tensor)
    _root("reduce", dst, group_dst)
    return _done(async_op)


@entry
def broadcast(
    tensor: Tensor,
    src: int | None = None,
    group: Group = None,
    async_op: bool = False,
    group_src: int | None = None,
) -> Work | None:
    """Make `tensor` that of the process `src`."""
    _require_supported(group, tensor=tensor)
    _root("broadcast", src, group_src)
    return _done(async_op)


@entry
def all_gather(tensor_list: list[Tensor], tensor: Tensor, group: Group = None, async_op: bool = False) -> Work | None:
    """Copy everybody's `tensor` into the list."""
    _require_supported(group, tensor=tensor)
    _copy_to_only("allgather", tensor_list, tensor)
    return _done(async_op)


@entry
def gather(
    tensor: Tensor,
    gather_list: list[Tensor] | None = None,
    dst: int | None = None,
    group: Group = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Work | None:
    """Copy everybody's `tensor` into the list of the process `dst`."""
    _require_supported(group, tensor=tensor)
    _root("gather", dst, group_dst, optional=True)
    if not gather_list:
        raise ValueError("Argument ``gather_list`` must be specified on destination rank.")
    _copy_to_only("gather", gather_list, tensor)
    return _done(async_op)


@entry
def scatter(
    tensor: Tensor,
    scatter_list: list[Tensor] | None = None,
    src: int | None = None,
    group: Group = None,
    async_op: bool = False,
    group_src: int | None = None,
) -> Work | None:
    """Make `tensor` this process's part of the list of the process `src`."""
    _require_supported(group, tensor=tensor)
    _root("scatter", src, group_src, optional=True)
    if not scatter_list:
        raise ValueError("Argument ``scatter_list`` must be specified on source rank.")
    _copy_to_only("scatter", [tensor], scatter_list[0])
    return _done(async_op)


@entry
def reduce_scatter(
    output: Tensor, input_list: list[Tensor], op: RedOpType = RedOpType.SUM, group: Group = None, async_op: bool = False
) -> Work | None:
    """Make `output` this process's part of what `op` makes of everybody's lists."""
    _require_supported(group, op, output=output)
    _copy_to_only("reduce_scatter", [output], input_list[0])
    return _done(async_op)


@entry
def reduce_scatter_single(
    output: Tensor, input: Tensor, op: RedOpType = RedOpType.SUM, group: Group = None, async_op: bool = False
) -> Work | None:
    """Make `output` this process's part of what `op` makes of everybody's `input`."""
    _require_supported(group, op, output=output, input=input)
    _copy_to_only("reduce_scatter", [output], input)
    return _done(async_op)


@entry
def reduce_scatter_tensor(
    output: Tensor, input: Tensor, op: RedOpType = RedOpType.SUM, group: Group = None, async_op: bool = False
) -> Work | None:
    """The older name of `reduce_scatter_single`."""
    _warn_of_older("reduce_scatter_tensor", "reduce_scatter_single")
    return reduce_scatter_single(output, input, op, group, async_op)


@entry
def all_gather_single(
    output_tensor: Tensor, input_tensor: Tensor, group: Group = None, async_op: bool = False
) -> Work | None:
    """Copy everybody's `input_tensor`, one behind the other, into `output_tensor`."""
    _require_supported(group, output_tensor=output_tensor, input_tensor=input_tensor)
    _copy_to_only("allgather", [output_tensor], input_tensor)
    return _done(async_op)


@entry
def all_gather_into_tensor(
    output_tensor: Tensor, input_tensor: Tensor, group: Group = None, async_op: bool = False
) -> Work | None:
    """The older name of `all_gather_single`."""
    _warn_of_older("all_gather_into_tensor", "all_gather_single")
    return all_gather_single(output_tensor, input_tensor, group, async_op)


@entry
def all_to_all_single(
    output: Tensor,
    input: Tensor,
    output_split_sizes: list[int] | None = None,
    input_split_sizes: list[int] | None = None,
    group: Group = None,
    async_op: bool = False,
) -> Work | None:
    """Send each process its part of `input`, and put what they sent, one behind the other, into `output`."""
    _require_supported(group, output=output, input=input)
    if output.dtype is not input.dtype:
        raise ValueError(f"Invalid usage of tensors with different dtypesFound {output.dtype} and  {input.dtype}")
    for sizes, tensor in ((output_split_sizes, output), (input_split_sizes, input)):
        if sizes and len(sizes) != 1:
            raise RuntimeError("Number of tensor splits not equal to group size")
        if sizes and sizes[0] != tensor.shape[0]:
            raise RuntimeError("Split sizes doesn't match total dim 0 size")
    if output.numel() != input.numel():
        raise RuntimeError(f"all_to_all_single: {input.numel()} elements do not fit into {output.numel()}")
    output.copy_(input.reshape(output.shape))
    return _done(async_op)


@entry
def all_to_all(
    output_tensor_list: list[Tensor], input_tensor_list: list[Tensor], group: Group = None, async_op: bool = False
) -> Work | None:
    """Send each process a tensor of the second list, and put what they sent into those of the first."""
    _require_supported(group)
    for name, given in (("output", output_tensor_list), ("input", input_tensor_list)):
        if len(given) != 1:
            raise RuntimeError(
                f"ProcessGroupGloo::alltoall: {name} tensor list size {len(given)} does not match world size 1"
            )
    output_tensor_list[0].copy_(input_tensor_list[0])
    return _done(async_op)


@entry
def all_gather_object(object_list: list[Any], obj: Any, group: Group = None) -> None:
    """Put a copy of everybody's object into the list."""
    _require_supported(group)
    object_list[0] = copy.deepcopy(obj)


@entry
def gather_object(
    obj: Any,
    object_gather_list: list[Any] | None = None,
    dst: int | None = None,
    group: Group = None,
    group_dst: int | None = None,
) -> None:
    """Put a copy of everybody's object into the list of the process `dst`."""
    _require_supported(group)
    _root("gather", dst, group_dst, optional=True)
    if not object_gather_list:
        raise ValueError("Argument ``gather_list`` must be specified on destination rank.")
    object_gather_list[0] = copy.deepcopy(obj)


@entry
def broadcast_object_list(
    object_list: list[Any],
    src: int | None = None,
    group: Group = None,
    device: Any = None,
    group_src: int | None = None,
) -> None:
    """Make the list that of the process `src`."""
    _require_supported(group)
    _root("broadcast", src, group_src, optional=True)


@entry
def scatter_object_list(
    scatter_object_output_list: list[Any],
    scatter_object_input_list: list[Any] | None = None,
    src: int | None = None,
    group: Group = None,
    group_src: int | None = None,
) -> None:
    """Put a copy of this process's part of the list of the process `src` into the first place of another."""
    _require_supported(group)
    _root("scatter", src, group_src, optional=True)
    if not scatter_object_input_list:
        raise ValueError("Argument ``scatter_list`` must be specified on source rank.")
    scatter_object_output_list[0] = copy.deepcopy(scatter_object_input_list[0])
