"""Messages from one process to another: in a world of one there is nobody to send to, and PyTorch refuses oneself.

Scripts for several processes call these behind `if rank == 1:`, where the only process never comes. Rests on the world.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.distributed.collectives import Group, Work, _require_supported


def _refuse(verb: str, tensor: Tensor, rank: int | None, in_group: int | None, group: Group) -> NoReturn:
    _require_supported(group, tensor=tensor)
    if rank is None and in_group is None and verb == "send to":
        raise ValueError("Must specify global_rank or group_rank")
    if rank is not None and in_group is not None:
        raise ValueError("Can't specify both group_rank and global_rank")
    other = rank if rank is not None else in_group
    if verb == "send to" and other == 0:
        raise ValueError(
            "Invalid destination rank: destination rank should not be the same as the rank of the current process."
        )
    raise RuntimeError(
        f"autogradkit trains in one process: there is no {'process' if other is None else f'rank {other}'} to {verb}"
    )


@entry
def send(
    tensor: Tensor, dst: int | None = None, group: Group = None, tag: int = 0, group_dst: int | None = None
) -> None:
    """Raises ValueError for oneself, RuntimeError for anybody else, of whom there is none."""
    _refuse("send to", tensor, dst, group_dst, group)


@entry
def recv(
    tensor: Tensor, src: int | None = None, group: Group = None, tag: int = 0, group_src: int | None = None
) -> int:
    """Raises RuntimeError: nobody sends. (PyTorch waits for oneself until its time is over.)"""
    _refuse("receive from", tensor, src, group_src, group)


@entry
def isend(
    tensor: Tensor, dst: int | None = None, group: Group = None, tag: int = 0, group_dst: int | None = None
) -> Work | None:
    """Raises as `send` does."""
    _refuse("send to", tensor, dst, group_dst, group)


@entry
def irecv(
    tensor: Tensor, src: int | None = None, group: Group = None, tag: int = 0, group_src: int | None = None
) -> Work | None:
    """Raises as `recv` does."""
    _refuse("receive from", tensor, src, group_src, group)


class P2POp:
    """A message that `batch_isend_irecv` is to send or to receive, which in a world of one nobody does.

    Raises ValueError for another function than `isend` and `irecv`, and before there is a group; TypeError for what is no tensor.
    """

    @entry
    def __init__(
        self,
        op: Callable[..., Any],
        tensor: Tensor,
        peer: int | None = None,
        group: Group = None,
        tag: int = 0,
        group_peer: int | None = None,
    ) -> None:
        if op not in (isend, irecv):
            raise ValueError(
                "Invalid ``op``. Expected ``op`` to be of type ``torch.distributed.isend`` or ``torch.distributed.irecv``."
            )
        _require_supported(group, tensor=tensor)
        if peer is not None and group_peer is not None:
            raise ValueError("Can't specify both group_rank and global_rank")
        if peer is None and group_peer is None:
            raise ValueError("Must specify global_rank or group_rank")
        self.op, self.tensor, self.group, self.tag = op, tensor, group, tag
        self.peer = self.group_peer = group_peer if peer is None else peer


@entry
def batch_isend_irecv(p2p_op_list: list[P2POp]) -> list[Work]:
    """Raises as `isend` and `irecv` do; IndexError for no message."""
    works: list[Work] = []
    for each in p2p_op_list:
        place = {"group_dst" if each.op is isend else "group_src": each.group_peer}
        work = each.op(each.tensor, group=each.group, tag=each.tag, **place)
        works += [work] if work else []
    if not p2p_op_list:
        raise IndexError("list index out of range")
    return works
