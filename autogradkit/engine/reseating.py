"""A tensor that shows another array: what `t.data = new`, resizing an `out=` and transposing in place do.

Rests on node. PyTorch's AccumulateGrad node remembers the sizes and the dtype that the leaf had when its graph was made. Here
an edge leads to the leaf itself, which stands for that node as long as both agree. Before they part, the node is made,
and the graphs that lead to the leaf keep it from then on; Python's collector knows which these are. It looks through all that
is alive, but only where a leaf that may be part of a graph gets other sizes or another dtype, and once for all parameters of a
module that is converted (`together`).
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

from autogradkit.core.pending import PendingTensor, bits_of, numbers_of, settle
from autogradkit.core.steps import Step
from autogradkit.core.storage import Array
from autogradkit.core.tensor import Tensor
from autogradkit.engine.node import Node, accumulator_of


def reseat(tensor: Tensor, array: Array) -> None:
    """Have `tensor` show another array, of any dtype. Graphs made from now on expect gradients of that dtype."""
    _remember(tensor, array)
    # On one line, and in this order: an interrupt never leaves an old layout
    tensor._layout, tensor._array = None, array


def reseat_as(tensor: Tensor, other: Tensor) -> None:
    """Have `tensor` show what `other` shows, where of the numbers of one of them something is pending."""
    memory, numbers, bits = other._memory, numbers_of(other), bits_of(other)  # `tensor` may be `other`
    _remember(tensor, memory)
    if tensor.__class__ is PendingTensor:
        tensor.__class__ = Tensor
    tensor._layout = None
    if tensor.__class__ is Tensor:
        settle(tensor, memory, *bits)
    else:
        tensor._array = numbers


def reseating(tensor: Tensor, array: Array, apart: bool = False) -> list[Step]:
    """The steps that have `tensor` show another array of its dtype; graphs made before lead no more to a leaf that is `apart`."""
    _remember(tensor, array, apart)
    return [(setattr, tensor, "_layout", None), (setattr, tensor, "_array", array)]


class _Together(threading.local):
    """The leaves that are converted together on this thread, and those of them that a graph leads to, once it was asked."""

    leaves: dict[int, Tensor] | None = None
    in_graphs: set[int] | None = None


_TOGETHER = _Together()


@contextmanager
def together(leaves: Iterable[Tensor]) -> Generator[None]:
    """While it lasts the leaves are searched for in graphs once, when the first of them needs it; no graph is made meanwhile."""
    if _TOGETHER.leaves is not None:
        yield
        return
    _TOGETHER.leaves = {id(each): each for each in leaves}
    try:
        yield
    finally:
        _TOGETHER.leaves = _TOGETHER.in_graphs = None


def _is_known_apart(leaf: Tensor) -> bool:
    """Whether no graph leads to a leaf, as the one search for it and others told."""
    leaves = _TOGETHER.leaves
    if leaves is None or id(leaf) not in leaves:
        return False
    if _TOGETHER.in_graphs is None:
        edges = _holding(tuple, *leaves.values())
        nodes = [each for each in _holding(Node, *edges) if any(each.edges is those for those in edges)]
        _TOGETHER.in_graphs = {id(target) for node in nodes for target in node.edges[::2]}
    return id(leaf) not in _TOGETHER.in_graphs


def _remember(leaf: Tensor, new: Array, apart: bool = False) -> None:
    """Have the graphs that lead to `leaf` expect gradients like what it is now.

    As long as one of them lives, graphs made later do so too, unless the dtype changes, or they are to stay `apart`: these have
    a node of their own.
    """
    old = leaf._array
    if leaf._node is not None or not (leaf._requires_grad or leaf._hooks is not None):
        return
    if old.shape == new.shape and old.dtype == new.dtype and not apart:
        return
    retyped = apart or old.dtype != new.dtype
    for holder in () if _is_known_apart(leaf) else _nodes_before(leaf, retyped):
        edges = list(holder.edges)
        for at in range(0, len(edges), 2):
            if edges[at] is leaf:
                node = edges[at + 1] or accumulator_of(leaf)
                edges[at : at + 2] = (node, 0) if retyped else (leaf, node)
        holder.edges = tuple(edges)
    if retyped and leaf._hooks is not None:
        leaf._hooks.accumulator = None


def _nodes_before(leaf: Tensor, retyped: bool) -> list[Node]:
    """The nodes with an edge to `leaf`; where it is `retyped`, without those that a backward that is running has counted."""
    edges = [each for each in _holding(tuple, leaf) if any(target is leaf for target in each[::2])]
    nodes = [each for each in _holding(Node, *edges) if any(each.edges is those for those in edges)]
    counts = [each for each in _holding(dict, leaf) if leaf in each] if nodes and retyped else []
    return [node for node in nodes if not any(node in each for each in counts)]


def _holding(kind: type, *objects: Any) -> list[Any]:
    """What holds any of the objects, of all that is alive and of this kind."""
    return [each for each in gc.get_referrers(*objects) if issubclass(type(each), kind)] if objects else []
