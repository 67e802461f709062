"""What has arrived where: how many edges will deliver to each target of a run, and the gradients that came so far.

Rests on node; both loops (plain.py and run.py) use it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autogradkit.core.tensor import Tensor
from autogradkit.engine.node import Node
from autogradkit.engine.required import OPS

Buffers = dict[Any, list[Any]]  # target -> the gradient of each of its outputs, None where none came


def count_edges(roots: Iterable[Any], needed: set[Any] | None = None) -> dict[Any, int]:
    """How many edges lead to each target that can be reached from `roots`, within `needed` if that is given."""
    waiting: dict[Any, int] = dict.fromkeys(roots, 0)
    stack = [root for root in waiting if isinstance(root, Node)]
    push, pop = stack.append, stack.pop
    while stack:
        for target in pop().edges[::2]:
            if target is None or (needed is not None and target not in needed):
                continue
            if target in waiting:
                waiting[target] += 1
            else:
                waiting[target] = 1
                if isinstance(target, Node):
                    push(target)
    return waiting


def deliver(buffers: Buffers, target: Any, number: int, gradient: Any) -> list[Any]:
    """Add `gradient` to what has arrived at output `number` of `target`; gives what has arrived at all of them."""
    buffer = buffers.get(target)
    if buffer is None:
        buffer = buffers[target] = [None] * (1 if isinstance(target, Tensor) else len(target.outputs) >> 1)
    if gradient is not None:
        so_far = buffer[number]
        if so_far is None:
            buffer[number] = gradient
        elif isinstance(gradient, Tensor):
            buffer[number] = OPS.add(so_far, gradient)
        else:
            buffer[number] = np.asarray(so_far + gradient)
    return buffer
