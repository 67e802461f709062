"""What backward did, as events: the calls, the nodes that ran, what reached a `.grad` and what was made of it.

Rests on `copying` and `numbering`; the recorder hears it, and has the events written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import setitem
from typing import Any

from autogradkit.core.sparse import around
from autogradkit.core.steps import at_once
from autogradkit.engine.saved import OpNode
from autogradkit.tracing.calls import is_autograd_grad
from autogradkit.tracing.copying import Copier
from autogradkit.tracing.events import (
    Accumulated,
    BackwardBegin,
    BackwardEnd,
    GradAssigned,
    GradReturned,
    NodeRan,
    quickly_made,
)
from autogradkit.tracing.frames import NOWHERE, Site
from autogradkit.tracing.numbering import Numbering
from autogradkit.tracing.resolve import Draft
from autogradkit.tracing.visits import Visit

_node_ran = quickly_made(NodeRan)


@dataclass(frozen=True)
class _Call:
    """A backward: its number in the trace, where it was called, and in which turns of the loops there."""

    number: int
    site: Site
    turns: tuple[tuple[int, ...], ...]
    within: bool  # another function than `autograd.grad`, whose results are not its


class Gradients:
    """Writes the events of backward, behind those that the recorder has written to the same `drafts`."""

    def __init__(self, numbering: Numbering, copier: Copier, drafts: list[Draft]) -> None:
        self._numbering = numbering
        self._copier = copier
        self._drafts = drafts
        self._calls: dict[int, _Call] = {}

    def begin(
        self, call: int, roots: tuple[Any, ...], accumulate: bool, options: dict[str, bool], visit: Visit
    ) -> None:
        """`backward()` or `autograd.grad()` was called."""
        number = len(self._calls)
        event = BackwardBegin(
            step=len(self._drafts),
            call=number,
            accumulate=accumulate,
            roots=tuple(self._numbering.value(root) for root in roots),
            retain_graph=options["retain_graph"],
            create_graph=options["create_graph"],
            position=None,
        )
        begun = _Call(number, visit.site, visit.turns, not is_autograd_grad(visit.entry))
        at_once([(setitem, self._calls, call, begun), (self._drafts.append, Draft(event, visit.site))])

    def node_ran(self, call: int, node: Any, received: tuple[Any, ...], sent: tuple[Any, ...]) -> None:
        """A node ran backward."""
        if not isinstance(node, OpNode):  # the backward of a custom function, which may write as well
            self._copier.forget()
        number = self._numbering.node(node)
        assert number is not None
        event = _node_ran(
            step=len(self._drafts),
            call=self._calls[call].number,
            node=number,
            node_name=type(node).__name__,
            received=tuple([None if each is None else self._copier.gradient(each) for each in received]),
            sent=tuple([None if each is None else self._copier.gradient(each) for each in sent]),
            edges=tuple([self._numbering.node(target) for target in node.edges[::2]]),
        )
        self._drafts.append(Draft(event, NOWHERE))

    def accumulated(self, call: int, tensor: Any, before: Any, contribution: Any, after: Any) -> None:
        """A `.grad` took a contribution."""
        number = self._numbering.tensor(tensor)
        self._numbering.owns(tensor, after)
        self._numbering.edited(after)
        event = Accumulated(
            step=len(self._drafts),
            call=self._calls[call].number,
            tensor=number,
            node=self._numbering.accumulator(number),
            name=None,
            before=None if before is None else self._copier.copy(around(before)),
            contribution=self._copier.gradient(contribution),
            after=self._copier.gradient(after) if before is None else self._copier.copy(after),
            position=None,
        )
        self._drafts.append(Draft(event, self._calls[call].site))

    def returned(self, inputs: tuple[Any, ...], results: tuple[Any, ...]) -> None:
        """`autograd.grad()` gave gradients of these inputs."""
        call = next(reversed(self._calls.values()))
        values = [None if each is None else self._numbering.value(each, made=True) for each in results]
        for tensor, value in zip(inputs, values, strict=True):
            if value is not None:
                event = GradReturned(len(self._drafts), call.number, self._numbering.value(tensor), value, None)
                self._drafts.append(
                    Draft(event, call.site, outputs=tuple(values), within=call.within, turns=call.turns)
                )

    def end(self, call: int, error: BaseException | None) -> None:
        """The backward call returned, or failed."""
        begun = self._calls.get(call)
        if begun is not None:  # else it was interrupted while its beginning was told
            self._drafts.append(Draft(BackwardEnd(len(self._drafts), begun.number, error is not None), NOWHERE))

    def assigned(self, tensor: Any, old: Any, new: Any) -> bool:
        """A `.grad` was set: whether that is to be told."""
        # `w.grad += 1` assigns what it edited, of which its op has told.
        told = new is old and (new is None or self._numbering.owner(new) is tensor)
        if new is not None:
            self._numbering.assigned(tensor, new)
        return not told

    def note_assignment(self, tensor: Any, old: Any, new: Any, site: Site) -> None:
        """A `.grad` has other numbers than backward gave it: it was set, or edited."""
        after = None if new is None else self._copier.copy(new)
        how = "none" if after is None else "zeros" if after.low == after.high == 0 else "assigned"
        event = GradAssigned(
            step=len(self._drafts),
            tensor=self._numbering.tensor(tensor),
            name=None,
            how=how,
            before=None if old is None else self._copier.copy(old),
            after=after,
            position=None,
        )
        self._drafts.append(Draft(event, site))
