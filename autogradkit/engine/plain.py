"""The usual backward: from one root to every leaf, on arrays, with no recorder.

Rests on the same rooms as general.py, which does everything else, and gives the same results: the accept tests stand here
in line, and whatever they do not accept goes to the shared functions. What a node costs here is what a small network's
backward costs.
"""

from __future__ import annotations

import sys
from functools import partial
from heapq import heappop, heappush, heappushpop
from typing import Any

import numpy as np

from autogradkit.core import errors
from autogradkit.core.quiet import is_taken, run_in_spare, run_quietly
from autogradkit.core.recording import GRAD_LISTENERS
from autogradkit.core.shapes import unfit
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.delivery import Buffers, Sums, carry, count_edges, deliver
from autogradkit.engine.hook_calls import (
    after_accumulation,
    after_node,
    at_accumulator,
    before_node,
    on_leaf,
    on_outputs,
)
from autogradkit.engine.hooks import TensorHooks
from autogradkit.engine.node import Node, number_of
from autogradkit.engine.ownership import (
    GRADS,
    REFERENCES_IN_A_LOOP,
    add_to_grad,
    add_to_retained,
    memory_of,
    obeys,
    set_version,
    takes_over,
    tell_taken,
)
from autogradkit.engine.validate import validate, validated


def run_plain(root: Node, output: int, gradient: Any, retain_graph: bool, call: int, taken: list[Tensor]) -> None:
    """Add the gradients of this `output` of `root`, times `gradient`, to the `.grad` of every leaf.

    While somebody listens, `taken` gets the leaves that took a gradient over. Listeners are told of them before hooks and
    functions of the learner's run; whoever calls this tells of those that are left.
    """
    ndarray, references = np.ndarray, sys.getrefcount
    waiting = count_edges([root])
    buffers: Buffers = {}
    sums: Sums = {}
    ready: list[tuple[int, Node]] = []  # besides the one that is next
    node = root
    received: list[Any] = [None] * (len(root.outputs) >> 1)
    received[output] = gradient
    del gradient
    while True:
        hooks = node.hooks
        carried = sums.pop((node, 0), 0) if sums else 0
        if taken and (hooks is not None or node.calls_user):
            tell_taken(call, taken)
        if hooks is not None and not node.is_end:
            came = received[0]
            on_outputs(hooks, received, False, partial(add_to_retained, call))
            before_node(hooks, received, False)
            if came is not received[0]:
                carried = 0
            came = None
        if node.calls_user:
            if node.is_end:
                sent = gradient = hooks = None  # the first two would count as holders
                _accumulate(node, received, carried, call)
                sent = ()
            else:
                sent = node.apply(received, False)
        else:
            try:
                sent = run_quietly(node.__class__.apply, node, received, False)
            except RuntimeError as error:
                if not is_taken(error):
                    raise
                sent = run_in_spare(node.apply, received, False)
            except ValueError as error:  # a saved leaf has other sizes by now
                raise unfit(error) from None
        edges = node.edges
        if hooks is not None and hooks.after:
            sent = after_node(hooks, validated(sent, node), received, False)
        if not retain_graph:  # not before: after a hook that raised the graph is there still, as in PyTorch
            node.release()
        made: tuple[int, ...] = node.gradient_versions
        origin = memory_of(received[0]) if carried else 0
        received = []  # what was received and is passed on has one holder less
        following = None
        at = -2
        for gradient in sent:
            at += 2
            target = edges[at]
            if target is None:
                continue
            number = edges[at + 1]
            is_node = isinstance(target, Node)
            if is_node:
                outputs = target.outputs
                shape, kind = outputs[2 * number], outputs[2 * number + 1]
            else:
                array = target._array
                shape, kind = array.shape, array.dtype
                if number:  # its AccumulateGrad node, which remembers what the leaf was
                    shape, kind = number.outputs
                    number = 0
            if gradient is not None and (
                gradient.__class__ is not ndarray or gradient.dtype is not kind or gradient.shape != shape
            ):
                version = made[at >> 1] if made and np.shape(gradient) == shape else 0
                gradient = validate(gradient, shape, kind, node, at >> 1)
            else:
                version = made[at >> 1] if made else 0
            if version or carried:
                carry(sums, buffers, target, number, gradient, version, carried, origin)
            left = waiting[target] - 1
            if left or (buffers and target in buffers):
                buffer = deliver(buffers, target, number, gradient, sums, sent)
                if left:
                    waiting[target] = left
                    continue
                del buffers[target]
                if not is_node:
                    gradient = buffer[0]
            else:
                buffer = None
            if is_node:
                if buffer is None:
                    if len(target.outputs) == 2:
                        buffer = [gradient]
                    else:
                        buffer = [None] * (len(target.outputs) >> 1)
                        buffer[number] = gradient
                if following is None:
                    following, received = target, buffer
                else:
                    buffers[target] = buffer
                    heappush(ready, (-target.sequence, target))
                continue
            if taken and target._hooks is not None:
                tell_taken(call, taken)
            if gradient is None:
                if target._hooks is not None:
                    on_leaf(target._hooks, None, False)
                    after_accumulation(target, target._hooks)
                continue
            if target._node is not None:
                raise RuntimeError(errors.LEAF_MOVED)
            if target._hooks is not None and target._hooks.is_idle():
                target._hooks = None  # the leaf takes gradients over again
            within = 0 if buffer is None else sum([each is gradient for each in sent])  # `buffer` holds it, maybe both
            if target._hooks is not None:
                hooked = on_leaf(target._hooks, gradient, False)
                # A hook may have kept it: it then has one holder more than here, where `hooked` is one too.
                alone = hooked is not gradient or references(gradient) - within <= REFERENCES_IN_A_LOOP + 1
                stolen = alone and obeys(target, hooked)
                version = None if not stolen else sums.get((target, 0), 0) if hooked is gradient else 0
                add = partial(add_to_grad, call, version=version)
                at_accumulator(target, number_of(target), hooked, False, add)
                hooked = None
            elif target._requires_grad:
                # Nobody else holds it: only `sent` (or `buffer`) and the variable of this loop.
                with GRADS:
                    alone = target._grad is None and references(gradient) - within <= REFERENCES_IN_A_LOOP
                    if alone and takes_over(target, gradient):
                        fresh = wrap(gradient)
                        if sums:
                            set_version(fresh, sums.get((target, 0), 0))
                        target._grad = fresh
                        if GRAD_LISTENERS:
                            taken.append(target)
                    else:
                        version = sums.get((target, 0), 0) if alone and obeys(target, gradient) else None
                        add_to_grad(call, target, gradient, version)
        buffer = None
        if ready:
            if following is None:
                node = heappop(ready)[1]
                received = buffers.pop(node)
            else:
                # In PyTorch's order: of those that are ready, the one made last goes first.
                node = heappushpop(ready, (-following.sequence, following))[1]
                if node is not following:
                    buffers[following] = received
                    received = buffers.pop(node)
        elif following is None:
            return
        else:
            node = following


def _accumulate(node: Any, received: list[Any], version: int, call: int) -> None:
    """What arrived at the node of a leaf that had another dtype, and has another node since."""
    leaf = node.leaf
    if leaf._hooks is None:
        leaf._hooks = TensorHooks()
    gradient, received[0] = received[0], None
    hooked = None if gradient is None else on_leaf(leaf._hooks, gradient, False)
    if hooked is not None:
        alone = hooked is not gradient or sys.getrefcount(gradient) <= REFERENCES_IN_A_LOOP
        add = partial(add_to_grad, call, version=version if alone and obeys(leaf, hooked) else None)
        at_accumulator(leaf, node, hooked, False, add)
