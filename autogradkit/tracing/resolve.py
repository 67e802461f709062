"""From what the recorder noted to events that speak the learner's language: positions, turns of loops, names.

Rests on events and source; called once, when the traced code has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from autogradkit.tracing.events import Accumulated, BackwardEnd, Event, GradAssigned, NodeRan, Op, Position, Value
from autogradkit.tracing.source import Place, Site, SourceReader


@dataclass
class Draft:
    """An event with its place still unresolved."""

    event: Event
    site: Site
    outputs: tuple[int, ...] = ()
    operands: tuple[int | None, ...] = ()  # value id of each positional operand, None for what is no tensor
    numbers: frozenset[str] | None = None  # where the second operand is a number: the names that stand for it
    constructs: bool = False  # whether it ran while an object was made, which what it gives is not
    turns: tuple[tuple[int, ...], ...] = ()  # for each frame of the site the turns of the loops it was in
    visit: int = 0  # ops of one call out of the learner's code, such as `model(x)`, share it

    def turn_above(self, height: int) -> tuple[int, ...]:
        """The turns of all loops around this frame of the site, outermost first."""
        return tuple(turn for frame in reversed(self.turns[height:]) for turn in frame)


def resolve(
    drafts: list[Draft],
    values: dict[int, Value],
    known: dict[int, str],
    modules: dict[int, frozenset[str]],
    label: Callable[[str], str],
) -> tuple[tuple[Event, ...], dict[int, Value]]:
    """The events with positions and the values with names.

    `known` are names found while the code ran, by value id; `modules` the names that stand for modules in each code, by its id;
    `label` says what the learner calls a file.
    """
    reader = SourceReader()
    names, turns = _names(drafts, values, known, modules, reader)
    named = {id: replace(value, name=names.get(id), turn=turns.get(id, ())) for id, value in values.items()}
    by_tensor = {value.tensor: value.name for value in named.values() if value.name is not None}
    events = tuple(_resolved(draft, _position(draft, reader, label), by_tensor) for draft in drafts)
    return events, named


def _names(
    drafts: list[Draft],
    values: dict[int, Value],
    known: dict[int, str],
    modules: dict[int, frozenset[str]],
    reader: SourceReader,
) -> tuple[dict[int, str], dict[int, tuple[int, ...]]]:
    """A name for each value, what it was assigned to or how it is written where it is used; and the turns of the loops in
    which that assignment stands."""
    names = dict(known)
    turns: dict[int, tuple[int, ...]] = {}
    first_value: dict[int, int] = {}
    for value in values.values():
        first_value.setdefault(value.tensor, value.id)
    last_of_visit: dict[tuple[Site, int], int] = {}
    last_at: dict[Site, int] = {}
    made_at: dict[int, Site] = {}
    for index, draft in enumerate(drafts):
        if isinstance(draft.event, Op) and draft.site.frames:
            last_of_visit[(draft.site, draft.visit)] = last_at[draft.site] = index
            made_at.update(dict.fromkeys(draft.outputs, draft.site))
    for index, draft in enumerate(drafts):
        if not isinstance(draft.event, Op) or not draft.site.frames:
            continue
        here = modules.get(id(draft.site.frames[0].code), frozenset())
        written = reader.operand_names(draft.site, len(draft.operands), here, draft.event.name, draft.numbers)
        for operand, name in zip(draft.operands, written, strict=True):
            # What was made on the way, inside `model(x)`, is not the `x` written there.
            if operand is not None and name is not None and made_at.get(operand) != draft.site:
                names.setdefault(operand, name)
        last = last_of_visit[(draft.site, draft.visit)] == index
        if last and reader.is_step_of_builtin(draft.site):
            last = last_at[draft.site] == index  # the additions of one `sum` before the last are nobody's result
        if last and not draft.constructs:
            parts = draft.event.kind == "view" and len(draft.outputs) > 1
            targets, height = reader.result_names(draft.site)
            found = _named(draft.outputs, targets, parts)
            names.update(found)
            turns.update(dict.fromkeys(found, draft.turn_above(height)))
    # An edited tensor keeps the name it had.
    for value in values.values():
        if value.id not in names and first_value[value.tensor] in names and first_value[value.tensor] != value.id:
            names[value.id] = names[first_value[value.tensor]]
    return names, turns


def _position(draft: Draft, reader: SourceReader, label: Callable[[str], str]) -> Position | None:
    place: Place | None = reader.place(draft.site.frames[0]) if draft.site.frames else None
    if place is None:
        return None
    return Position(
        file=label(place.filename),
        line=place.line,
        column=place.column,
        end_line=place.end_line,
        end_column=place.end_column,
        code=place.code,
        function=place.function,
        turn=draft.turn_above(0),
    )


def _named(outputs: tuple[int, ...], targets: list[str | None], parts: bool) -> dict[int, str]:
    """The names of an op's results: all of them in `a, b = x.unbind()`; `l[0]`, `l[1]` where one name stands for all the
    `parts` of a tensor; else the first has it, as `loss`, one of two, does."""
    if not outputs or not targets or (len(targets) > 1 and len(targets) != len(outputs)):
        return {}
    if parts and len(targets) == 1 and targets[0] is not None:
        return {output: f"{targets[0]}[{number}]" for number, output in enumerate(outputs)}
    return {output: name for output, name in zip(outputs, targets, strict=False) if name is not None}


def _resolved(draft: Draft, position: Position | None, names: dict[int, str]) -> Event:
    event = draft.event
    if isinstance(event, Accumulated | GradAssigned):
        return replace(event, position=position, name=names.get(event.tensor))
    if isinstance(event, NodeRan | BackwardEnd):
        return event
    return replace(event, position=position)
