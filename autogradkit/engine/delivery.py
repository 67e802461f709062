"""What has arrived where: how many edges will deliver to each target of a run, and the gradients that came so far.

Rests on node; both loops (plain.py and general.py) use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autogradkit.core.quiet import quietly
from autogradkit.core.sparse import SPARSE
from autogradkit.core.tensor import Tensor
from autogradkit.engine.node import Node
from autogradkit.engine.ownership import is_held_alone, memory_of
from autogradkit.engine.sparse import added

Edge = tuple[Any, Any]  # a target (node or leaf) and the number of its output (or the leaf's AccumulateGrad node)
Buffers = dict[Any, list[Any]]  # target -> the gradient of each of its outputs, None where none came
Sums = dict[tuple[Any, int], int]  # (target, output) -> how often what arrived there was added to in place


def count_edges(roots: Iterable[Any], needed: set[Any] | None = None) -> dict[Any, int]:
    """How many edges lead to each target that can be reached from `roots`, within `needed` if that is given."""
    waiting: dict[Any, int] = dict.fromkeys(roots, 0)
    nodes = [root for root in waiting if isinstance(root, Node)]
    push = nodes.append
    for node in nodes:  # which grow meanwhile
        for target in node.edges[::2]:
            if target in waiting:
                waiting[target] += 1
            elif target is not None and (needed is None or target in needed):
                waiting[target] = 1
                if isinstance(target, Node):
                    push(target)
    return waiting


def leading_to(wanted: set[Any], roots: list[Edge]) -> set[Any]:
    """What lies on a way from a root to a wanted target, so that nothing else runs."""
    senders: dict[Any, list[Node]] = {root: [] for root, _ in roots}  # of each target that can be reached
    nodes = [root for root in senders if isinstance(root, Node)]
    for node in nodes:  # which grow meanwhile
        for target in node.edges[::2]:
            if target in senders:
                senders[target].append(node)
            elif target is not None:
                senders[target] = [node]
                if isinstance(target, Node):
                    nodes.append(target)
    needed = set(wanted)
    ways = [target for target in wanted if target in senders]
    for target in ways:
        for node in senders[target]:
            if node not in needed:
                needed.add(node)
                ways.append(node)
    return needed


def carry(
    sums: Sums, buffers: Buffers, target: Any, number: int, gradient: Any, version: int, carried: int, origin: int
) -> None:
    """Note how often PyTorch has edited a gradient that is about to be delivered: `version` times while it was made.

    Or `carried` times, if it shows the memory `origin`, which its node received with that count.
    """
    buffer = buffers.get(target)
    if gradient is None or (buffer is not None and buffer[number] is not None):
        return
    if version or memory_of(gradient) == origin:
        sums[target, number] = version or carried


def deliver(
    buffers: Buffers, target: Any, number: int, gradient: Any, sums: Sums, sent: Sequence[Any] = ()
) -> list[Any]:
    """Add `gradient` to what has arrived at output `number` of `target`; gives what has arrived at all of them.

    As in PyTorch an array that nobody else holds, but for what the node `sent`, is added to in place, and `sums` counts that.
    """
    buffer = buffers.get(target)
    if buffer is None:
        buffer = buffers[target] = [None] * (1 if isinstance(target, Tensor) else len(target.outputs) >> 1)
    if gradient is not None:
        count = sums.pop((target, number), 0)
        count = add_arrived(buffer, number, gradient, count, sent)
        if count:
            sums[target, number] = count
    return buffer


def add_arrived(buffer: list[Any], number: int, gradient: Any, count: int, sent: Sequence[Any]) -> int:
    """Add `gradient` to what has arrived in `buffer`; gives how often that was added to in place, before `count` times."""
    if buffer[number] is None:
        buffer[number] = gradient
    elif isinstance(gradient, Tensor) or (SPARSE and isinstance(buffer[number], Tensor)):
        buffer[number] = added(buffer[number], gradient)
    elif is_held_alone(buffer, number, sent):
        quietly(np.add, buffer[number], gradient, buffer[number])
        return count + 1
    else:
        buffer[number] = np.asanyarray(quietly(np.add, buffer[number], gradient))
        return 0
    return count
