"""Messages from one process to another: in a world of one there is nobody to send to, and PyTorch refuses oneself.

Scripts for several processes call these behind `if rank == 1:`, where the only process never comes. Rests on the world.
"""

from __future__ import annotations

from typing import NoReturn

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
