"""The usual backward: from one root to every leaf, or to those that are wanted, on arrays, with no recorder.

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
from autogradkit.engine.delivery import Buffers, Edge, Sums, add_arrived, carry, count_edges, deliver
from autogradkit.engine.history import CopySlices
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
    handed_out,
    memory_of,
    obeys,
    set_version,
    takes_over,
    tell_taken,
)
from autogradkit.engine.validate import validate, validated


def run_plain(
    root: Node,
    output: int,
    gradient: Any,
    retain_graph: bool,
    call: int,
    taken: list[Tensor],
    needed: set[Any] | None = None,
    captured: dict[Edge, Any] | None = None,
) -> None:
    """Add the gradients of this `output` of `root`, times `gradient`, to the `.grad` of every leaf.

    With `needed`, which is what lies on the ways from `root` to wanted leaves, only to theirs; with `captured` they are put
    there instead. While somebody listens, `taken` gets the leaves that took a gradient over. Listeners are told of them before
    hooks and functions of the learner's run; whoever calls this tells of those that are left.
    """
    ndarray, references = np.ndarray, sys.getrefcount
    plus: Any = np.add
    waiting = count_edges([root], needed)
    buffers: Buffers = {}
    sums: Sums = {}
    # Of each leaf the sum so far, how often it was added to in place, and whether its memory is known to be its own.
    arrived: dict[Tensor, list[Any]] = {}
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
        edges = node.edges if needed is None else _within(needed, node)
        kept = hooks is not None or retain_graph  # after a hook that raised the graph is there still, as in PyTorch
        if node.calls_user:
            kept = True
            if node.is_end:
                sent = gradient = hooks = None  # the first two would count as holders
                _accumulate(node, received, carried, call)
                sent = ()
            else:
                apply_of: Any = node.apply
                sent = apply_of(received, False, edges) if node.__class__ is CopySlices else apply_of(received, False)
                if needed is not None:  # what goes nowhere is looked at, too
                    sent = validated(sent, node)
        else:
            apply: Any = type(node).apply  # of no custom function: it takes all of what `OpNode` describes
            try:
                sent = run_quietly(apply, node, received, False, edges, not kept)
            except RuntimeError as error:
                if not is_taken(error):
                    raise
                sent = run_in_spare(apply, node, received, False, edges, not kept)
            except ValueError as error:  # a saved leaf has other sizes by now
                raise unfit(error) from None
        if hooks is not None and hooks.after:
            sent = after_node(hooks, validated(sent, node), received, False)
        if kept:
            edges = node.edges if needed is None else _within(needed, node)  # which hooks may have changed
            if not retain_graph:
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
            array: Any = None  # of a leaf
            outputs: tuple[Any, ...] = ()  # of a node
            if is_node := isinstance(target, Node):
                outputs = target.outputs
                if len(outputs) == 2:
                    shape, kind = outputs
                else:
                    shape, kind = outputs[2 * number], outputs[2 * number + 1]
            else:
                array = target._array
                shape, kind = array.shape, array.dtype
                if number:  # its AccumulateGrad node, which remembers what the leaf was
                    shape, kind = number.outputs
            if gradient is not None and (
                gradient.__class__ is not ndarray or gradient.dtype is not kind or gradient.shape != shape
            ):
                version = made[at >> 1] if made and np.shape(gradient) == shape else 0
                gradient = validate(gradient, shape, kind, node, at >> 1)
            else:
                version = made[at >> 1] if made else 0
            left = waiting[target] - 1
            if is_node:
                if version or carried:
                    carry(sums, buffers, target, number, gradient, version, carried, origin)
                if left or (buffers and target in buffers):
                    buffer = deliver(buffers, target, number, gradient, sums, sent)
                    if left:
                        waiting[target] = left
                        continue
                    del buffers[target]
                elif len(outputs) == 2:
                    buffer = [gradient]
                else:
                    buffer = [None] * (len(outputs) >> 1)
                    buffer[number] = gradient
                if following is None:
                    following, received = target, buffer
                else:
                    buffers[target] = buffer
                    heappush(ready, (-target.sequence, target))
                continue
            if carried and not version and memory_of(gradient) == origin:
                version = carried
            sum_so_far = arrived.get(target) if arrived else None
            if sum_so_far is not None:
                held: Any = sum_so_far[0]
                if (
                    held.__class__ is gradient.__class__ is ndarray
                    and references(held) <= REFERENCES_IN_A_LOOP
                    and (sum_so_far[2] or (held.flags.owndata and held.flags.writeable))
                ):
                    try:
                        run_quietly(plus, held, gradient, held)
                    except RuntimeError as error:
                        if not is_taken(error):
                            raise
                        run_in_spare(plus, held, gradient, held)
                    sum_so_far[1] += 1
                    sum_so_far[2] = True
                elif gradient is not None:
                    count = version if held is None else sum_so_far[1]
                    held = None
                    sum_so_far[1] = add_arrived(sum_so_far, 0, gradient, count, sent)
                    sum_so_far[2] = False
                held = None
            elif left:
                arrived[target] = [gradient, version, False]
            if left:
                waiting[target] = left
                continue
            if sum_so_far is not None:
                del arrived[target]
                gradient, version, _ = sum_so_far
            if captured is not None:
                _capture(captured, target, gradient, version)
                continue
            leaf_hooks = target._hooks
            if leaf_hooks is not None:
                if taken:
                    tell_taken(call, taken)
                if gradient is None:
                    on_leaf(leaf_hooks, None, False)
                    after_accumulation(target, target._hooks)
            if gradient is None:
                continue
            if target._node is not None:
                raise RuntimeError(errors.LEAF_MOVED)
            if leaf_hooks is not None and leaf_hooks.is_idle():
                target._hooks = leaf_hooks = None  # the leaf takes gradients over again
            holders = references(gradient)
            if holders > REFERENCES_IN_A_LOOP and sum_so_far is not None:
                holders -= sum([each is gradient for each in sent])  # `sum_so_far` holds it, maybe both
            if leaf_hooks is not None:
                before = references(gradient)
                hooked = on_leaf(leaf_hooks, gradient, False)
                # A hook may have kept it: it then has one holder more than before, where `hooked` is one too.
                held_since = holders > REFERENCES_IN_A_LOOP or references(gradient) > before + 1
                stolen = (hooked is not gradient or not held_since) and obeys(target, hooked)
                version = None if not stolen else version if hooked is gradient else 0
                add = partial(add_to_grad, call, version=version)
                at_accumulator(target, number_of(target), hooked, False, add)
                hooked = None
            elif target._requires_grad:
                # Nobody else holds it: only `sent` (or `sum_so_far`) and the variable of this loop.
                with GRADS:
                    alone = target._grad is None and holders <= REFERENCES_IN_A_LOOP
                    if alone and (
                        (
                            gradient.__class__ is ndarray is array.__class__
                            and gradient.strides == array.strides
                            and array.flags.c_contiguous
                            and gradient.flags.owndata
                            and gradient.flags.writeable
                        )
                        or takes_over(target, gradient)
                    ):
                        fresh = wrap(gradient)
                        if version:
                            set_version(fresh, version)
                        target._grad = fresh
                        if GRAD_LISTENERS:
                            taken.append(target)
                    else:
                        add_to_grad(call, target, gradient, version if alone and obeys(target, gradient) else None)
        buffer = sum_so_far = None
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


def _within(needed: set[Any], node: Node) -> tuple[Any, ...]:
    """The edges of a node, with None for each target that leads to nothing wanted."""
    edges = node.edges
    if needed.issuperset(edges[::2]):
        return edges
    return tuple([each if at % 2 or each in needed else None for at, each in enumerate(edges)])


def _capture(captured: dict[Edge, Any], leaf: Tensor, gradient: Any, version: int) -> None:
    """Keep what `grad()` was asked for, as the leaf's hooks leave it."""
    if gradient is not None and leaf._node is not None:
        raise RuntimeError(errors.LEAF_MOVED)
    hooked = gradient if leaf._hooks is None else on_leaf(leaf._hooks, gradient, False)
    if gradient is not None:
        captured[leaf, 0] = handed_out(hooked, version if hooked is gradient else 0, captured.values())


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
