"""The loop through the graph for all that plain.py does not do.

Rests on history, delivery, hook_calls, validate and ownership; run.py sends here what is not of the usual kind. A node runs when
the gradients of all its outputs have arrived; among those that are ready the one made last goes first, as in PyTorch. Here
`create_graph` moves tensors through the formulas that else move raw arrays, `autograd.grad` and `inputs=` may want what is no
leaf, recorders are told what happens, and anomaly mode (anomaly.py) looks for its culprit.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from heapq import heappop, heappush
from typing import Any, TypeGuard

import numpy as np

from autogradkit.core import errors
from autogradkit.core.meta import wrap_either
from autogradkit.core.recording import GRAD_LISTENERS, Recorder
from autogradkit.core.tensor import Tensor
from autogradkit.core.zeros import Zeros, is_known, mark, settle
from autogradkit.engine.anomaly import check_nan, explain
from autogradkit.engine.delivery import Buffers, Edge, Sums, carry, count_edges, deliver, leading_to
from autogradkit.engine.dispatching import DISPATCHING, is_heard
from autogradkit.engine.history import CopySlices
from autogradkit.engine.hook_calls import (
    Accumulate,
    after_accumulation,
    after_node,
    as_tensor,
    at_accumulator,
    before_node,
    on_leaf,
    on_outputs,
)
from autogradkit.engine.hooks import TensorHooks
from autogradkit.engine.inference import as_made
from autogradkit.engine.modes import MODE
from autogradkit.engine.node import AccumulateGrad, Node, applied, number_of
from autogradkit.engine.ownership import (
    GRADS,
    add_to_grad,
    add_to_retained,
    add_told,
    first_grad,
    handed_out,
    is_held_once,
    memory_of,
    obeys,
    retain_told,
    set_version,
)
from autogradkit.engine.required import OPS
from autogradkit.engine.saved import OpNode
from autogradkit.engine.sparse import added, copied
from autogradkit.engine.validate import validated


def require_uncaptured(target: Any, captured: dict[Edge, Any] | None) -> None:
    """Raise RuntimeError where it is asked whether a leaf will be reached whose gradient `grad` wants."""
    if captured and isinstance(target, Tensor) and (target, 0) in captured:
        raise RuntimeError(
            "A leaf node was passed to _will_engine_execute_node but we are currently running autograd.grad(). This is "
            "currently not supported."
        )


def settled(received: Sequence[Any]) -> list[Any]:
    """Those of the tensors that a node received which were known to be zeros, and are usual ones from here on."""
    known = [each for each in received if each.__class__ is Tensor and is_known(each)]
    for each in known:
        settle(each)
    return known


class Run:
    """One run of the engine, in all generality."""

    def __init__(self, retain_graph: bool, create_graph: bool, recorders: list[Recorder], call: int) -> None:
        self.retain_graph = retain_graph
        self.create_graph = create_graph  # or tangents are to be carried: whether gradients are tensors, not arrays
        self.recorders = recorders
        self.call = call
        self.buffers: Buffers = {}
        self.sums: Sums = {}
        self.given: Sequence[Tensor | None] = ()  # the tensors that the gradients of the roots are those of
        self.waiting: dict[Any, int] = {}  # target -> edges that have not delivered yet
        self.needed: set[Any] | None = None  # what leads to the wanted inputs; None: everything
        self.captured: dict[Edge, Any] = {}  # for grad()
        self.accumulates: set[Tensor] | None = None  # leaves whose .grad takes part; None: every leaf
        self.runs_wanted = False  # whether a wanted node runs itself, though nothing that it leads to does
        self.ready: list[tuple[int, Node]] = []
        self.callbacks: list[Callable[[], Any]] | None = None  # what is to be called afterwards

    def will_reach(self, target: Any) -> bool:
        """Whether a gradient will arrive at a node or leaf. Raises RuntimeError for a leaf whose gradient `grad` wants."""
        require_uncaptured(target, self.captured)
        return target in self.waiting

    def run_reported(
        self,
        roots: list[Edge],
        gradients: list[Any],
        wanted: list[Edge] | None,
        accumulate: bool,
        tensors: tuple[Tensor, ...],
    ) -> dict[Edge, Any]:
        """`run`, with its beginning and end told to the recorders."""
        options = {"retain_graph": self.retain_graph, "create_graph": MODE.grad}
        for recorder in self.recorders:
            recorder.backward_begin(self.call, tensors, accumulate, options)
        try:
            found = self.run(roots, gradients, wanted, accumulate)
        except BaseException as error:
            for recorder in self.recorders:
                recorder.backward_end(self.call, error)
            raise
        for recorder in self.recorders:
            recorder.backward_end(self.call, None)
        return found

    def run(
        self, roots: list[Edge], gradients: list[Any], wanted: list[Edge] | None, accumulate: bool
    ) -> dict[Edge, Any]:
        """Run everything that is to run; gives the gradients of `wanted` unless these accumulate."""
        if wanted is not None:
            targets = {target for target, _ in wanted}
            self.needed = needed = leading_to(targets, roots)
            self.accumulates = {target for target in targets if isinstance(target, Tensor)} if accumulate else set()
            self.runs_wanted = accumulate  # as in PyTorch: its hooks run, and what it saved is freed
            if not accumulate:
                self.captured = dict.fromkeys(wanted)
            if len(roots) > 1:  # as in PyTorch, the hooks of a single root are called even if nothing leads on
                kept = [pair for pair in zip(roots, gradients, strict=True) if pair[0][0] in needed]
                roots, gradients = [root for root, _ in kept], [gradient for _, gradient in kept]
        starts = [target for target, _ in roots]
        self.waiting = count_edges(starts, self.needed)
        for (target, number), gradient in zip(roots, gradients, strict=True):
            deliver(self.buffers, target, 0 if isinstance(target, Tensor) else number, gradient, self.sums, gradients)
        for target in dict.fromkeys(starts):
            if not self.waiting[target]:
                self.start(target, gradients)
        while self.ready:
            node = heappop(self.ready)[1]
            self.visit(node, self.buffers.pop(node))
        return self.captured

    def start(self, target: Any, sent: Sequence[Any]) -> None:
        """All gradients of `target` have arrived, the last among those `sent`: run a leaf, queue a node."""
        if isinstance(target, Tensor):
            buffer = self.buffers.pop(target)
            alone = (buffer[0].__class__ is np.ndarray or bool(DISPATCHING)) and is_held_once(buffer, 0, sent)
            self.leaf(target, buffer[0], alone)
        elif isinstance(target, AccumulateGrad):  # of a leaf that had another dtype, and has another node since
            buffer = self.buffers.pop(target)
            self.leaf(target.leaf, buffer[0], False, target)
        else:
            heappush(self.ready, (-target.sequence, target))

    def visit(self, node: Node, received: list[Any]) -> None:
        """Run one node, unless it is only wanted itself, and deliver what it gives."""
        needed = self.needed
        zeros = settled(received) if self.create_graph else ()
        runs = needed is None or (self.runs_wanted and node in needed) or not needed.isdisjoint(node.edges[::2])
        if runs and self.captured:  # PyTorch hands out the gradient of a node that runs as it came
            self.capture(node, received)
        came = received[0]
        if node.hooks is not None:
            self.announce_given(node, received)
            on_outputs(node.hooks, received, self.create_graph, self.retain)
        if not runs:  # and of another as hooks left it
            self.capture(node, received)
            return
        if node.hooks is not None:
            before_node(node.hooks, received, self.create_graph)
        carried = self.sums.pop((node, 0), 0)
        if came is not received[0]:
            carried = 0
        came = None
        if node.calls_user:
            self.announce_given(node, received)
        origin = memory_of(received[0]) if carried else 0
        sent, versions = self.apply(node, received, zeros)
        edges = node.edges
        for place in range(len(sent)):  # no variable holds what was sent, so that who else does can be counted
            target = edges[2 * place]
            if target is None or (needed is not None and target not in needed):
                continue
            number = 0 if isinstance(target, Tensor) else edges[2 * place + 1]
            version = versions[place] if versions else 0
            if version and isinstance(sent[place], Tensor):
                set_version(sent[place], version)
            if version or carried:
                carry(self.sums, self.buffers, target, number, sent[place], version, carried, origin)
            for recorder in self.recorders if target in self.buffers else ():
                recorder.gradients_may_change()
            deliver(self.buffers, target, number, sent[place], self.sums, sent)
            left = self.waiting[target] = self.waiting[target] - 1
            if not left:
                self.start(target, sent)

    def announce_given(self, target: Any, gradients: Sequence[Any]) -> None:
        """Tell recorders what hooks, or the backward of a custom function, are about to be given, and may change."""
        for recorder in self.recorders:
            recorder.gradients_may_change()
        for recorder in self.recorders:
            recorder.gradients_given(target, gradients)

    def capture(self, target: Any, received: list[Any]) -> None:
        """Keep what `grad()` was asked for."""
        if self.captured:
            for place in [(target, number) for number in range(len(received)) if (target, number) in self.captured]:
                others = self.captured.values()
                self.captured[place] = handed_out(received[place[1]], self.sums.get(place, 0), others)

    def apply(self, node: Node, received: list[Any], zeros: Sequence[Any]) -> tuple[list[Any], Sequence[int]]:
        """Run one node: its formulas, the validation of what they gave, its hooks; and PyTorch's edits of what is sent.

        Of what it `received`, `zeros` came as known to be zeros.
        """
        try:
            if self.is_last(node):
                if node.saved:
                    node.unpack(self.create_graph)
                sent = [None] * (len(node.edges) // 2)
            else:
                sent = applied(node, received, self.create_graph, *self.served(node))
                if zeros:
                    self.keep_zeros(node, received, zeros, sent)
        except BaseException:
            explain(node)
            raise
        given, sent = sent, validated(sent, node)
        versions = node.gradient_versions
        if versions:
            sizes = [(np.shape(a), np.shape(b)) for a, b in zip(given, sent, strict=True)]
            versions = [n if a == b else 0 for n, (a, b) in zip(versions, sizes, strict=False)]
        given = None
        if node.hooks is not None and node.hooks.after:
            sent = after_node(node.hooks, sent, received, self.create_graph)
        if not self.retain_graph:  # not before: after a hook that raised the graph is there still, as in PyTorch
            node.release()
        if MODE.anomaly and MODE.anomaly_checks_nan:
            check_nan(node, sent)
        for recorder in self.recorders:
            recorder.node(self.call, node, tuple(map(as_tensor, received)), tuple(map(as_tensor, sent)))
        return sent, versions

    def keep_zeros(self, node: Node, received: list[Any], zeros: Sequence[Any], sent: Sequence[Any]) -> None:
        """Mark those of the tensors `sent` that are zeros because some of what a node received is known to be: as on arrays."""
        known = [any(each is zero for zero in zeros) for each in received]
        arrays = [
            None if each is None else each._array.view(Zeros) if is_zeros else each._array
            for each, is_zeros in zip(received, known, strict=True)
        ]
        on_arrays = applied(node, arrays, False, *self.served(node))
        for array, tensor in zip(on_arrays, sent, strict=True):
            if array.__class__ is Zeros and tensor.__class__ is Tensor:
                mark(tensor)

    def served(self, node: Node) -> tuple[Any, ...]:
        """What an op's or an edit's node is given besides: its edges, None where they lead to nothing wanted."""
        needed = self.needed
        if needed is None or not (node.__class__ is CopySlices or (isinstance(node, OpNode) and not node.calls_user)):
            return ()
        return (tuple([each if at % 2 or each in needed else None for at, each in enumerate(node.edges)]),)

    def is_last(self, node: Node) -> TypeGuard[OpNode]:
        """Whether an op's node is wanted but leads to nothing wanted: what it saved is asked for, but nothing is computed."""
        needed = self.needed
        return (
            needed is not None
            and needed.isdisjoint(node.edges[::2])
            and isinstance(node, OpNode)
            and not node.name().endswith("NotImplemented")  # which always refuses
        )

    def leaf(self, leaf: Tensor, gradient: Any, alone: bool, former: AccumulateGrad | None = None) -> None:
        """All gradients of a leaf, or of its `former` node, have arrived: hooks, then `.grad` or the capture.

        `alone`: nobody else holds the gradient.
        """
        if leaf._hooks is None and former is not None:
            leaf._hooks = TensorHooks()
        if gradient is None:
            if leaf._hooks is not None:
                on_leaf(leaf._hooks, None, self.create_graph)
                if self.accumulates is None or leaf in self.accumulates:
                    after_accumulation(leaf, leaf._hooks)
            return
        if leaf._node is not None:
            raise RuntimeError(errors.LEAF_MOVED)
        if leaf._hooks is not None:
            self.announce_given(leaf, (gradient,))
            holders = sys.getrefcount(gradient)
            hooked = on_leaf(leaf._hooks, gradient, self.create_graph)
            # A hook may have kept it: it then has one holder more, as where `hooked` is one.
            kept = sys.getrefcount(gradient) - (hooked is gradient) > holders
            alone = hooked is not gradient or (alone and not kept)
            if hooked is not gradient:
                self.sums.pop((leaf, 0), None)
            gradient = hooked
        if former is None:
            self.capture(leaf, [gradient])
        if self.accumulates is not None and leaf not in self.accumulates:
            return
        add_array: Accumulate = partial(add_to_grad, self.call)
        if alone and not self.create_graph and obeys(leaf, gradient):
            add_array = partial(add_to_grad, self.call, version=self.sums.get((leaf, 0), 0))
        if DISPATCHING and isinstance(gradient, Tensor) and is_heard((leaf, gradient)):
            add_array = partial(add_told, alone=alone)
        accumulate: Accumulate = partial(self.add, add_array=add_array)
        if leaf._hooks is None:
            if leaf._requires_grad:
                accumulate(leaf, gradient)
        else:
            at_accumulator(leaf, former or number_of(leaf), gradient, self.create_graph, accumulate)

    def retain(self, tensor: Tensor, gradient: Any) -> None:
        """The `.grad` of a result that retains it takes a contribution."""
        told = DISPATCHING and isinstance(gradient, Tensor) and is_heard((tensor, gradient))
        self.add(tensor, gradient, retain_told if told else partial(add_to_retained, self.call))

    def add(self, tensor: Tensor, gradient: Any, add_array: Accumulate) -> None:
        """`.grad` grows, by `add_array` in plain backward; recorders are told."""
        with GRADS:
            grad = tensor._grad
            before = copied(grad) if self.recorders and grad is not None else None
            if not self.create_graph or (DISPATCHING and not MODE.grad and is_heard((tensor, gradient))):
                add_array(tensor, gradient)
            else:
                if grad is not None:
                    for listener in GRAD_LISTENERS:
                        listener.will_accumulate(tensor)
                if grad is None:
                    first = first_grad(tensor, gradient)  # as in PyTorch, without its tangent
                    tensor._grad = first if MODE.grad else as_made(wrap_either(first._array))
                elif MODE.grad:
                    tensor._grad = added(grad, gradient)
                else:
                    OPS.add_(grad, gradient)
                for listener in GRAD_LISTENERS:
                    listener.accumulated(self.call, tensor, gradient._array)
        for recorder in self.recorders:
            recorder.accumulate(self.call, tensor, before, as_tensor(gradient), tensor._grad)
