"""One run of the engine through the graph.

Rests on graph and modes; started by `backward.py`. A node runs when the gradients of all its outputs have arrived; among
those that are ready the one made last goes first, as in PyTorch. Plain backward moves raw arrays; `create_graph` moves
tensors through the very same formulas, so that the result can be differentiated again.
"""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any, cast

import numpy as np

from autogradkit.core.recording import RECORDERS, Recorder, listeners
from autogradkit.core.storage import Array
from autogradkit.core.strides import element_strides, empty_strided, is_non_overlapping_and_dense
from autogradkit.core.tensor import Tensor, bump_version, wrap
from autogradkit.engine.modes import MODE
from autogradkit.engine.node import Node
from autogradkit.engine.required import OPS

_calls = itertools.count()


def _expandable(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether a tensor of `shape` expands to `wanted`, so that a gradient of `wanted` can be summed to `shape`."""
    pairs = zip(reversed(shape), reversed(wanted), strict=False)
    return len(shape) <= len(wanted) and all(size in (1, other) for size, other in pairs)


class Run:
    """One run of the engine."""

    def __init__(self, retain_graph: bool, create_graph: bool, recorders: list[Recorder], call: int) -> None:
        self.retain_graph = retain_graph
        self.create_graph = create_graph
        self.recorders = recorders
        self.call = call
        self.buffers: dict[Any, list[Any]] = {}  # target -> gradient of each of its outputs
        self.waiting: dict[Any, int] = {}  # target -> edges that have not delivered yet
        self.needed: set[Any] | None = None  # what leads to the wanted inputs; None: everything
        self.captured: dict[tuple[Any, int], Any] = {}  # (target, output number) -> gradient, for grad()
        self.accumulates: set[Tensor] | None = set()  # leaves whose .grad takes part; None: every leaf
        self.ready: list[tuple[int, Node]] = []

    def count(self, roots: list[tuple[Any, int]]) -> None:
        """Count how many edges will deliver to each target."""
        waiting = self.waiting
        seen = {root for root, _ in roots}
        stack = [root for root in seen if isinstance(root, Node)]
        while stack:
            for target in stack.pop().edges[::2]:
                if target is None:
                    continue
                waiting[target] = waiting.get(target, 0) + 1
                if target not in seen:
                    seen.add(target)
                    if isinstance(target, Node):
                        stack.append(target)

    def restrict(self, roots: list[tuple[Any, int]], wanted: set[Any]) -> None:
        """Find what lies on a way from a root to a wanted target, so that nothing else runs."""
        needed: set[Any] = set(wanted)
        visited: set[Any] = set()
        stack: list[tuple[Any, bool]] = [(root, False) for root, _ in roots]
        while stack:
            node, children_done = stack.pop()
            if not isinstance(node, Node):
                continue
            if children_done:
                if any(target in needed for target in node.edges[::2] if target is not None):
                    needed.add(node)
            elif node not in visited:
                visited.add(node)
                stack.append((node, True))
                stack.extend((target, False) for target in node.edges[::2] if target is not None)
        self.needed = needed

    def deliver(self, target: Any, number: int, gradient: Any) -> None:
        """Add `gradient` to what has arrived at one output of `target`."""
        buffer = self.buffers.get(target)
        if buffer is None:
            size = 1 if isinstance(target, Tensor) else len(target.outputs) // 2
            buffer = self.buffers[target] = [None] * size
        if gradient is not None:
            so_far = buffer[number]
            if so_far is None:
                buffer[number] = gradient
            else:
                buffer[number] = OPS.add(so_far, gradient) if self.create_graph else np.asarray(so_far + gradient)

    def arrive(self, target: Any, number: int, gradient: Any) -> None:
        """One edge delivered; run a leaf or queue a node when it was the last."""
        self.deliver(target, number, gradient)
        left = self.waiting[target] = self.waiting[target] - 1
        if not left:
            self.start(target)

    def start(self, target: Any) -> None:
        if isinstance(target, Tensor):
            self.leaf(target, self.buffers.pop(target)[0])
        else:
            heappush(self.ready, (-target.sequence, target))

    def run(self) -> None:
        ready = self.ready
        while ready:
            node = heappop(ready)[1]
            received = self.buffers.pop(node)
            if node.hooks is not None:
                self.before(node, received)
            if self.needed is not None:
                for number, gradient in enumerate(received):
                    if (node, number) in self.captured:
                        self.captured[(node, number)] = gradient
                if not any(target in self.needed for target in node.edges[::2] if target is not None):
                    continue
            sent = self.apply(node, received)
            edges = node.edges
            for index, gradient in enumerate(sent):
                target = edges[2 * index]
                if target is None:
                    continue
                if self.needed is not None and target not in self.needed:
                    continue
                self.arrive(target, edges[2 * index + 1], gradient)

    def apply(self, node: Node, received: list[Any]) -> Sequence[Any]:
        """Run one node: its formulas, the validation of what they gave, its hooks."""
        try:
            sent = list(node.apply(received, self.create_graph))
        except BaseException:
            self.explain(node)
            raise
        if not self.retain_graph:
            node.release()
        edges = node.edges
        for index, gradient in enumerate(sent):
            target = edges[2 * index]
            if gradient is None or target is None:
                continue
            gradient = sent[index] = self.validate(gradient, target, edges[2 * index + 1], node, index)
            if gradient is received[0] or (index and (gradient is sent[0] or gradient is sent[index - 1])):
                # It goes two ways: as a view it will not become anybody's .grad.
                sent[index] = gradient if self.create_graph else gradient[...]
        if MODE.anomaly and MODE.anomaly_checks_nan:
            self.check_nan(node, sent)
        if node.hooks is not None and node.hooks.after:
            sent = self.after(node, sent, received)
        for recorder in self.recorders:
            recorder.node(self.call, node, tuple(map(as_tensor, received)), tuple(map(as_tensor, sent)))
        return sent

    def validate(self, gradient: Any, target: Any, number: int, node: Node, index: int) -> Any:
        """Bring a gradient to the shape and dtype of what it is the gradient of: `node` gave it for its input `index`."""
        if isinstance(target, Tensor):
            shape, numpy_dtype = target._array.shape, target._array.dtype
        else:
            shape, numpy_dtype = target.outputs[2 * number], target.outputs[2 * number + 1]
        if gradient.__class__ is np.ndarray and gradient.dtype is numpy_dtype and gradient.shape == shape:
            return gradient
        own = gradient._array.shape if isinstance(gradient, Tensor) else np.shape(gradient)
        if own != shape and not _expandable(shape, own):
            raise RuntimeError(
                f"Function {node.name()} returned an invalid gradient at index {index} - got {list(own)} but expected shape "
                f"compatible with {list(shape)}"
            )
        if self.create_graph:
            if gradient._array.shape != shape:
                gradient = OPS.sum_to_size(gradient, shape)
            return gradient if gradient._array.dtype == numpy_dtype else OPS.cast(gradient, numpy_dtype)
        if gradient.__class__ is not np.ndarray:
            gradient = np.asarray(gradient)
        array: Any = gradient
        if array.shape != shape:
            array = OPS.sum_array(array, shape)
        if array.dtype is not numpy_dtype and array.dtype != numpy_dtype:
            real = array.real if array.dtype.kind == "c" and numpy_dtype.kind != "c" else array
            array = real.astype(numpy_dtype)
        return array

    def before(self, node: Node, received: list[Any]) -> None:
        """Hooks of the tensors the node made, its own pre-hooks, and retained gradients."""
        hooks = node.hooks
        assert hooks is not None
        for number, registered in hooks.of_tensors.items():
            if received[number] is not None:
                received[number] = self.through(registered, received[number])
        for hook in list(hooks.before.values()):
            replaced: Any = hook(tuple(map(as_tensor, received)))
            if replaced is not None:
                several = as_tuple(replaced)
                received[:] = [None if each is None else self.raw(each) for each in several]
        for number, reference in hooks.retained.items():
            tensor = reference()
            if tensor is not None and received[number] is not None:
                self.accumulate(tensor, received[number], steal=False)

    def through(self, registered: dict[int, Any], gradient: Any) -> Any:
        """A gradient after tensor hooks."""
        for hook in list(registered.values()):
            replaced = hook(as_tensor(gradient))
            if replaced is not None:
                if not isinstance(replaced, Tensor):
                    raise TypeError(
                        f"hook's return value has type {type(replaced).__name__}: it should be a Tensor or None"
                    )
                gradient = self.raw(replaced)
        return gradient

    def after(self, node: Node, sent: list[Any], received: list[Any]) -> list[Any]:
        assert node.hooks is not None
        for hook in list(node.hooks.after.values()):
            replaced: Any = hook(tuple(map(as_tensor, sent)), tuple(map(as_tensor, received)))
            if replaced is not None:
                several = as_tuple(replaced)
                sent = [None if each is None else self.raw(each) for each in several]
        return sent

    def raw(self, tensor: Tensor) -> Any:
        return tensor if self.create_graph else tensor._array

    def leaf(self, leaf: Tensor, gradient: Any) -> None:
        """All gradients of a leaf have arrived: hooks, then `.grad` or the capture."""
        if gradient is None:
            return
        fresh = not self.create_graph
        if leaf._hooks is not None and leaf._hooks.on_gradient:
            gradient = self.through(leaf._hooks.on_gradient, gradient)
            fresh = False
        accumulator = None if leaf._hooks is None or leaf._hooks.accumulator is None else leaf._hooks.accumulator()
        hooks = None if accumulator is None else accumulator.hooks
        if hooks is not None:
            received = [gradient]
            for hook in list(hooks.before.values()):
                replaced: Any = hook(tuple(map(as_tensor, received)))
                if replaced is not None:
                    received = [self.raw(as_tuple(replaced)[0])]
            gradient = received[0]
            fresh = False
        if (leaf, 0) in self.captured:
            self.captured[(leaf, 0)] = gradient
        if self.accumulates is not None and leaf not in self.accumulates:
            return
        if not leaf._requires_grad:
            return
        self.accumulate(leaf, gradient, steal=fresh)
        if hooks is not None:
            for hook in list(hooks.after.values()):
                hook((), (as_tensor(gradient),))
        if leaf._hooks is not None:
            for hook in list(leaf._hooks.after_accumulate.values()):
                hook(leaf)

    def accumulate(self, tensor: Tensor, gradient: Any, steal: bool) -> None:
        """`.grad` takes a contribution: always by addition."""
        grad = tensor._grad
        before = grad._array.copy() if self.recorders and grad is not None else None
        if self.create_graph:
            tensor._grad = OPS.clone(gradient) if grad is None else OPS.add(grad, gradient)
        elif grad is None:
            tensor._grad = wrap(laid_out_like(tensor, gradient, steal))
        elif grad._array.shape != gradient.shape:
            tensor._grad = wrap(grad._array + gradient)
        else:
            np.add(grad._array, gradient, out=grad._array, casting="unsafe")
            bump_version(grad)
        for recorder in self.recorders:
            recorder.accumulate(self.call, tensor, before, as_tensor(gradient), tensor._grad)

    def explain(self, node: Node) -> None:
        if MODE.anomaly:
            place = node.hooks.traceback if node.hooks is not None else None
            text = (
                f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{place}"
                if place is not None
                else f"Error detected in {node.name()}. No forward pass information available. Enable detect anomaly "
                "during forward pass for more information."
            )
            warnings.warn(text, UserWarning, stacklevel=2)

    def check_nan(self, node: Node, sent: Sequence[Any]) -> None:
        for index, gradient in enumerate(sent):
            if gradient is not None and np.isnan(as_tensor(gradient)._array).any():
                self.explain(node)
                raise RuntimeError(f"Function '{node.name()}' returned nan values in its {index}th output.")


def as_tuple(given: Any) -> tuple[Any, ...]:
    """What a hook gave: a tuple, or the only one."""
    return cast("tuple[Any, ...]", given) if isinstance(given, tuple) else (given,)


def as_tensor(gradient: Any) -> Any:
    """A gradient as hooks and recorders see it."""
    return wrap(gradient) if gradient.__class__ is np.ndarray else gradient


def laid_out_like(tensor: Tensor, gradient: Array, steal: bool) -> Array:
    """The array that becomes `tensor.grad`: memory of its own, with the tensor's strides where these are dense.

    With `steal` the gradient's own memory serves if nobody else can hold it; one that a formula passed on, or of which
    another view exists, is copied.
    """
    array = tensor._array
    strides = element_strides(array)
    wanted = strides if is_non_overlapping_and_dense(array.shape, strides) else None
    own = steal and gradient.flags.writeable and _alone(gradient)
    if own and (wanted is None or element_strides(gradient) == wanted):
        return gradient
    if wanted is None:
        return gradient.copy()
    copy = empty_strided(array.shape, wanted, gradient.dtype)
    np.copyto(copy, gradient)
    return copy


def _references_to_base(view: Array) -> int:
    return sys.getrefcount(view.base)


_OF_A_LONE_VIEW = _references_to_base(np.zeros((2, 3)).reshape(6))  # how many that is differs between Pythons


def _alone(gradient: Array) -> bool:
    """Whether no other array can look at the memory: it owns it, or is the only view of an array that nobody holds."""
    base = gradient.base
    if base is None:
        return gradient.flags.owndata
    if base.__class__ is not np.ndarray or base.size != gradient.size:
        return False
    del base
    return _references_to_base(gradient) <= _OF_A_LONE_VIEW


def execute(
    roots: list[tuple[Any, int]],
    gradients: list[Any],
    retain_graph: bool,
    create_graph: bool,
    wanted: list[tuple[Any, int]] | None,
    accumulate: bool,
    tensors: tuple[Tensor, ...],
) -> dict[tuple[Any, int], Any]:
    recorders = listeners() if RECORDERS else []
    call = next(_calls)
    state = Run(retain_graph, create_graph, recorders, call)
    options = {"retain_graph": retain_graph, "create_graph": create_graph}
    for recorder in recorders:
        recorder.backward_begin(call, tensors, accumulate, options)
    mode, MODE.grad = MODE.grad, create_graph
    error: BaseException | None = None
    try:
        with np.errstate(all="ignore"):
            if wanted is not None:
                targets = {target for target, _ in wanted}
                state.restrict(roots, targets)
                if accumulate:
                    state.accumulates = {target for target in targets if isinstance(target, Tensor)}
                else:
                    state.captured = dict.fromkeys(wanted)
            else:
                state.accumulates = None
            _start(state, roots, gradients)
            state.run()
    except BaseException as caught:
        error = caught
        raise
    finally:
        MODE.grad = mode
        for recorder in recorders:
            recorder.backward_end(call, error)
    return state.captured


def _start(state: Run, roots: list[tuple[Any, int]], gradients: list[Any]) -> None:
    state.count(roots)
    if state.needed is not None:
        # Edges out of nodes that will not run deliver nothing: count only those that will.
        state.waiting = {}
        for node in state.needed | {root for root, _ in roots}:
            if isinstance(node, Node) and (node in state.needed):
                for target in node.edges[::2]:
                    if target is not None and target in state.needed:
                        state.waiting[target] = state.waiting.get(target, 0) + 1
        roots, gradients = _only_needed(state, roots, gradients)
    for (target, number), gradient in zip(roots, gradients, strict=True):
        state.deliver(target, number, gradient)
    for target in dict.fromkeys(target for target, _ in roots):
        if not state.waiting.get(target):
            state.start(target)


def _only_needed(
    state: Run, roots: list[tuple[Any, int]], gradients: list[Any]
) -> tuple[list[tuple[Any, int]], list[Any]]:
    assert state.needed is not None
    kept = [pair for pair in zip(roots, gradients, strict=True) if pair[0][0] in state.needed]
    return [root for root, _ in kept], [gradient for _, gradient in kept]
