"""One backward: which way it takes through the graph, and what modes and hooks see meanwhile.

The usual kind is run by `plain.py`, every other by `general.py`, on which this rests; started by `backward.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from autogradkit.core.batched import BATCHES, has_batched
from autogradkit.core.meta import CLASSES, DEVICE, META
from autogradkit.core.recording import CALLS, RECORDERS, listeners, marks_of, restore
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.callbacks import call_back
from autogradkit.engine.delivery import Edge, count_edges, leading_to
from autogradkit.engine.dispatching import DISPATCHING, goes_through_heard
from autogradkit.engine.general import Run, require_uncaptured
from autogradkit.engine.modes import DUAL_LEVELS, MODE
from autogradkit.engine.node import Node
from autogradkit.engine.ownership import tell_taken
from autogradkit.engine.plain import run_plain
from autogradkit.engine.validate import validate_roots


def execute(
    roots: list[Edge],
    gradients: list[Any],
    retain_graph: bool,
    create_graph: bool,
    wanted: list[Edge] | None,
    accumulate: bool,
    tensors: tuple[Any, ...],
    given: Sequence[Tensor | None] = (),
) -> dict[Edge, Any]:
    """Run backward from `roots`, which are `tensors` or their edges, with these `gradients`, those of the tensors `given`.

    Every leaf's `.grad` grows; with `wanted` only what leads there runs, and either the `.grad` of these grows
    (`accumulate`) or their gradients are returned.
    """
    # Else on arrays, which have no tangents, are no samples of a batch, and have numbers.
    on_tensors = create_graph or bool(DUAL_LEVELS) or bool(BATCHES and has_batched(gradients))
    on_meta = bool(META and any(each.__class__ in CLASSES for each in gradients))
    on_tensors = (
        on_tensors or on_meta or bool(DISPATCHING and goes_through_heard((target for target, _ in roots), gradients))
    )
    if on_tensors and DISPATCHING:
        gradients[:] = [wrap(each) if each.__class__ is np.ndarray else each for each in gradients]
    if not on_tensors and len(roots) == 1 and not MODE.anomaly:
        target, number = roots[0]
        if isinstance(target, Node) and not (RECORDERS and listeners()):
            needed = None if wanted is None else leading_to({each for each, _ in wanted}, roots)
            if wanted is None or (needed and target in needed and all(isinstance(each, Tensor) for each, _ in wanted)):
                validate_roots(roots, gradients)
                captured = None if wanted is None or accumulate else dict.fromkeys(wanted)
                run_alone(target, number, gradients.pop(), retain_graph, needed, captured, given)
                return captured or {}
    recorders = listeners() if RECORDERS else []
    marks = marks_of(recorders)
    mode, wanted_some, outer = MODE.asked, MODE.wants_some, MODE.run
    try:
        try:
            if mode is not create_graph:
                MODE.grad = create_graph
            MODE.wants_some = wanted is not None
            validate_roots(roots, gradients)
            run = MODE.run = Run(retain_graph, on_tensors, recorders, next(CALLS))
            run.given = given
            ends = tuple([t for t in tensors if isinstance(t, Tensor)])
            with DEVICE if on_meta else nullcontext():  # there formulas make what they make
                captured = run.run_reported(roots, gradients, wanted, accumulate, ends)
        finally:
            MODE.run = outer
            if mode is not create_graph:
                MODE.grad = mode
            MODE.wants_some = wanted_some
            restore(marks)
    except BaseException:  # an interrupt may have come in these lines
        MODE.run = outer
        if mode is not create_graph:
            MODE.grad = mode
        MODE.wants_some = wanted_some
        restore(marks)
        raise
    if run.callbacks:
        call_back(run)
    return captured


def run_alone(
    root: Node,
    number: int,
    gradient: Any,
    retain_graph: bool,
    needed: set[Any] | None = None,
    captured: dict[Edge, Any] | None = None,
    given: Sequence[Tensor | None] = (),
) -> None:
    """The usual backward: from one root, with no recorder and no anomaly looked for; those who log gradients are told.

    `needed` and `captured` are those of `run_plain`; hooks see the tensor `given`.
    """
    mode, wanted_some, outer = MODE.grad, MODE.wants_some, MODE.run
    call = next(CALLS)
    taken: list[Tensor] = []
    run = PlainRun(root, needed, captured, given)
    try:
        try:
            if mode:
                MODE.grad = False
            MODE.wants_some = needed is not None
            MODE.run = run
            run_plain(root, number, gradient, retain_graph, call, taken, needed, captured)
        finally:
            MODE.run = outer
            MODE.wants_some = wanted_some
            if mode:
                MODE.grad = True
            if taken:
                tell_taken(call, taken)
    except BaseException:  # an interrupt may have come in these lines
        MODE.run = outer
        MODE.wants_some = wanted_some
        if mode:
            MODE.grad = True
        raise
    if run.callbacks:
        call_back(run)


class PlainRun:
    """A run of the usual kind, as hooks may ask of it what it will come to."""

    __slots__ = ("__weakref__", "_reached", "callbacks", "captured", "given", "needed", "root")

    def __init__(
        self,
        root: Node,
        needed: set[Any] | None = None,
        captured: dict[Edge, Any] | None = None,
        given: Sequence[Tensor | None] = (),
    ) -> None:
        self.root = root
        self.given = given
        self.needed = needed
        self.captured = captured
        self.callbacks: list[Callable[[], Any]] | None = None  # what is to be called afterwards
        self._reached: dict[Any, int] | None = None

    def will_reach(self, target: Any) -> bool:
        """Whether a gradient will arrive at a node or leaf. Raises RuntimeError for a leaf whose gradient `grad` wants."""
        require_uncaptured(target, self.captured)
        if self._reached is None:
            self._reached = count_edges([self.root], self.needed)
        return target in self._reached
