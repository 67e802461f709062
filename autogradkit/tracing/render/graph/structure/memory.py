"""Edges between what shares memory: a base that was edited through a view, a view after an edit, a `.grad` that took more.

Rests on `model.py`; `build.py` asks it.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Mapping, Sequence

from autogradkit.tracing.events import Op, Value, moves
from autogradkit.tracing.render.graph.structure.model import Call, Item, Link, inputs_of, is_edit, op_key, value_key


class Memory:
    """What an edit has left in memory, of the items and links of a graph that is being made."""

    def __init__(
        self,
        ops: Sequence[Op],
        edits: Sequence[Op],
        calls: Sequence[Call],
        values: Mapping[int, Value],
        producer: Mapping[int, Op],
        items: Mapping[str, Item],
        links: list[Link],
        added: Mapping[int, Sequence[int]],
    ) -> None:
        self.ops = ops
        self.edits = edits  # those of the ops that are edits
        self.calls = calls
        self.values = values
        self.producer = producer
        self.items = items
        self.links = links
        self.added = added  # tensor -> the steps at which backward added to its `.grad`
        self.edit_before: dict[int, Op] = {}  # of values that an edit through another tensor has left

    def connect(self) -> None:
        """Add the links."""
        self._edits()
        self._views_of_edited()

    def _edits(self) -> None:
        """A base that was edited through a view: its new value comes from that edit. A `.grad` that took a contribution:
        from what it was before."""
        edits = _edits_by_storage(self.edits, self.values)
        latest: dict[int, Value] = {}  # the value of each tensor before this one
        overwriting: set[int] = set()  # values that came in the place of others by no operation
        for value in self.values.values():
            earlier = latest.get(value.tensor)
            latest[value.tensor] = value
            if value.id in self.producer or (key := value_key(value.id)) not in self.items:
                continue
            found = edits[value.storage]
            place = bisect.bisect_left(found, value.since, key=lambda op: op.step)
            added = self._added(value)
            if added >= 0 and not (place and found[place - 1].step > added):
                tail = None if earlier is None else self.shown_at(earlier)
                if earlier is not None and tail is not None:
                    self.links.append(Link(tail, key, earlier.id, kind="memory"))
                continue
            if earlier is not None and _written_past(earlier, value, found[place - 1] if place else None):
                tail = self.shown_at(earlier)
                overwriting.add(value.id)
                if tail is not None:
                    self.links.append(Link(tail, key, earlier.id, kind="memory"))
                continue
            if not place:  # the first that the cell knows of a view: where its base has changed, it has with it
                base = None if value.base is None or earlier is not None else latest.get(value.base)
                tail = None if base is None else self.shown_at(base)
                if base is not None and tail is not None and base.id in overwriting:
                    self.links.append(Link(tail, key, base.id, kind="memory"))
                continue
            op = found[place - 1]
            written = self.values[op.outputs[0]]
            told = written if written.tensor == value.base else value
            self.links.append(Link(self.shown_at(written) or op_key(op), key, told.id, kind="memory"))
            self.edit_before[value.id] = op
            self.items[key].step = op.step
            if op.node_name == "CopySlices" and earlier is not None and value_key(earlier.id) in self.items:
                self.links.append(Link(value_key(earlier.id), op_key(op), earlier.id, kind="memory"))

    def _views_of_edited(self) -> None:
        """A view after an edit that was not recorded: it is a view of its base as before, to which its gradient goes."""
        if all(edit.node is not None for edit in self.edits):
            return
        used = {id for op in self.ops if op.node is not None for id in inputs_of(op)}
        used |= {root for call in self.calls for root in call.begin.roots}
        to_base = {
            link.head
            for link in self.links
            if link.kind == "memory" and self.values[link.value].tensor == self._base_of(link.head)
        }
        latest: dict[int, Value] = {}  # the value of each tensor before this one
        for value in self.values.values():
            earlier, base = latest.get(value.tensor), latest.get(-1 if value.base is None else value.base)
            latest[value.tensor] = value
            edit = self.producer.get(value.id) or self.edit_before.get(value.id)
            if edit is None or not is_edit(edit) or edit.node is not None or earlier is None or base is None:
                continue
            if value.version == earlier.version:  # edited by a way that autograd does not know of
                continue
            tail, key = self.shown_at(base), value_key(value.id)
            if (
                value.requires_grad
                and value.id in used
                and key in self.items
                and key not in to_base
                and tail is not None
            ):
                self.links.append(Link(tail, key, base.id, kind="memory"))

    def _base_of(self, key: str) -> int | None:
        """The tensor that what has this box is a view of."""
        value = self.items[key].value
        return None if value is None else value.base

    def _added(self, value: Value) -> int:
        """The step at which backward last added to a `.grad`, before it had this value; -1 for anything else."""
        steps = [] if value.grad_of is None or value.given else self.added.get(value.grad_of, ())
        return steps[place - 1] if (place := bisect.bisect_left(steps, value.since)) else -1

    def shown_at(self, value: Value) -> str | None:
        """The box of a value, or the op that gives it to an edge."""
        key, maker = value_key(value.id), self.producer.get(value.id)
        if key not in self.items and maker is not None:
            key = op_key(maker)
        return key if key in self.items else None


def overwritten(edits: Sequence[Op], made: set[int], values: Mapping[int, Value], shown: set[int]) -> set[int]:
    """The values in whose place their tensors came to have one that is `shown`, by no operation: none of those `made`."""
    found_edits = _edits_by_storage(edits, values)
    latest: dict[int, Value] = {}  # the value of each tensor before this one
    found: set[int] = set()
    for value in values.values():
        earlier = latest.get(value.tensor)
        latest[value.tensor] = value
        if earlier is None or value.id not in shown or value.id in made or value.grad_of is not None:
            continue
        before = found_edits[value.storage]
        place = bisect.bisect_left(before, value.since, key=lambda op: op.step)
        if _written_past(earlier, value, before[place - 1] if place else None):
            found.add(earlier.id)
    return found


def _edits_by_storage(edits: Sequence[Op], values: Mapping[int, Value]) -> defaultdict[int, list[Op]]:
    found: defaultdict[int, list[Op]] = defaultdict(list)
    for op in edits:
        if op.outputs and not moves(op.name):
            found[values[op.outputs[0]].storage].append(op)
    return found


def _written_past(earlier: Value, value: Value, edit: Op | None) -> bool:
    """Whether a tensor got this value by no operation since it had the earlier one, as where NumPy writes into its memory."""
    since_then = edit is not None and edit.step >= earlier.since
    return not since_then and (earlier.storage, earlier.version) == (value.storage, value.version)
