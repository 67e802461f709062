"""From what the recorder noted to events that speak the learner's language: positions, turns of loops, names.

Rests on events and source; called once, when the traced code has ended.
"""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from inspect import CO_GENERATOR

from autogradkit.tracing.events import (
    Accumulated,
    BackwardBegin,
    BackwardEnd,
    Event,
    Failure,
    GradAssigned,
    GradReturned,
    Layer,
    NodeRan,
    Op,
    Position,
    Saved,
    Value,
)
from autogradkit.tracing.frames import Site
from autogradkit.tracing.source import Place, SourceReader
from autogradkit.tracing.turns import loop_variables, loops_since

LEAST_STEPS = 3  # of a call that is an operation by itself; of fewer where all of them
_MOVES = frozenset(("clone", "unsafe_view"))  # only put its numbers elsewhere, as `reshape` of a transposed tensor does


@dataclass(slots=True)
class Draft:
    """An event with its place still unresolved."""

    event: Event
    site: Site
    outputs: tuple[int | None, ...] = ()
    operands: tuple[int | None, ...] = ()  # value id of each positional operand, None for what is no tensor
    standing: tuple[frozenset[str], ...] = ()  # of each positional operand: the variables that stood for it there
    ordered: bool = True  # whether the op's operands stand in the order in which they were written
    numbers: frozenset[str] | None = None  # where the second operand is a number: the names that stand for it
    within: bool = False  # whether it ran in a call that gives something else, as a constructor's, or that failed
    turns: tuple[tuple[int, ...], ...] = ()  # for each frame of the site the turns of the loops it was in
    visit: int = 0  # ops of one call out of the learner's code, such as `model(x)`, share it
    saved: tuple[Saved, ...] = ()  # by the node of an op, as it is at the end

    def turn_above(self, height: int) -> tuple[int, ...]:
        """The turns of all loops around this frame of the site, outermost first."""
        return tuple(turn for frame in reversed(self.turns[height:]) for turn in frame)


def resolve(
    drafts: list[Draft],
    values: dict[int, Value],
    known: dict[int, str],
    at_end: dict[int, str],
    modules: dict[int, frozenset[str]],
    functions: dict[int, Layer | None],
    label: Callable[[str], str],
) -> tuple[tuple[Event, ...], dict[int, Value]]:
    """The events with positions and the values with names, which are filled in: nobody else has them yet.

    `known` are names found while the code ran, by value id, `at_end` the variables that held a tensor when it had ended, by
    its number, for those that nothing else names; `modules` the names that stand for modules in each code, by its id;
    `functions` the calls, by visit, in which several ops ran; `label` says what the learner calls a file.
    """
    reader, label = SourceReader(), functools.cache(label)
    namer = _Namer(reader, known)
    namer.name(drafts, values, modules, at_end)
    for id, value in values.items():
        # Of objects in a list each is `self` while it is made, and can be told apart by where it lies: `layer[2].w`.
        if namer.names.get(id, "").startswith("self.") and id not in known and value.tensor in at_end:
            namer.names[id], namer.turns[id] = at_end[value.tensor], ()
    named_tensors = {value.tensor for id, value in values.items() if id in namer.names}
    passing = {values[id].tensor: found for id, found in namer.passing.items()}
    left = {tensor: (name, ()) for tensor, name in at_end.items() if passing.get(tensor, ("",))[0] != name}
    last_resort = passing | left | _of_objects(drafts, values, left, reader)
    for id, value in values.items():
        if value.tensor not in named_tensors and value.tensor in last_resort:
            namer.names[id], namer.turns[id] = last_resort[value.tensor]
        elif id in namer.passing and id not in namer.names:  # what `for row in a: row *= 2` edits
            namer.names[id], namer.turns[id] = namer.passing[id]
    for id, value in values.items():
        if name := namer.names.get(id):
            _fill(value, name=name, turn=namer.turns.get(id, ()))
    ops_of_call: dict[tuple[Site, int], list[str]] = defaultdict(list)
    for draft in drafts:
        if isinstance(draft.event, Op):
            ops_of_call[draft.site, draft.visit].append(draft.event.facts.label)
    for draft in drafts:
        ran = ops_of_call[draft.site, draft.visit] if isinstance(draft.event, Op) else []
        if len(ran) > 1:
            function = functions.get(draft.visit) if len(ran) >= LEAST_STEPS or _MOVES.issuperset(ran) else None
            _fill(draft.event, called="", part_of=function)
    by_tensor = {value.tensor: value.name for value in values.values() if value.name is not None}
    positions: dict[tuple[Site, tuple[tuple[int, ...], ...]], Position | None] = {}
    ran_in: dict[tuple[Site, tuple[tuple[int, ...], ...]], tuple[Layer, ...]] = {}
    counted: dict[object, int] = {}
    for draft in drafts:
        here = draft.site, draft.turns
        if here not in positions:
            positions[here] = _position(draft, reader, label)
            ran_in[here] = _functions(draft, reader, counted)
        if isinstance(draft.event, Op):
            _fill(draft.event, functions=ran_in[here])
        _resolve(draft, positions[here], by_tensor)
    return tuple([draft.event for draft in drafts]), values


def _of_objects(
    drafts: list[Draft], values: dict[int, Value], left: dict[int, tuple[str, tuple[int, ...]]], reader: SourceReader
) -> dict[int, tuple[str, tuple[int, ...]]]:
    """The tensors that objects hold which each turn of a loop makes anew, by their numbers: `d = Categorical(p)` has left
    `d.logits` of the last turn, and the same call, or `d.sample()`, has made those of the others, at the same place in it."""
    if not any("." in name for name, _ in left.values()):
        return {}
    ran: Counter[int] = Counter()  # ops of each visit so far
    made: dict[tuple[Site, int, int], list[tuple[int, Draft]]] = defaultdict(list)
    for draft in drafts:
        if isinstance(draft.event, Op) and draft.site.frames:
            for place, output in enumerate(draft.outputs):
                if output is not None:
                    made[draft.site, ran[draft.visit], place].append((values[output].tensor, draft))
            ran[draft.visit] += 1
    found: dict[int, tuple[str, tuple[int, ...]]] = {}
    for (site, _, _), each in made.items():
        names = {left[tensor][0] for tensor, _ in each if tensor in left}
        if len(each) > 1 and len(names) == 1:
            name, (bound, height) = names.pop(), reader.result_names(site, 1, parts=False)
            constructed = name.startswith(f"{bound.get(0)}.") and each[0][1].within
            if constructed or name.startswith(f"{reader.receiver(site)}."):
                height = height if constructed else 0
                found |= {tensor: (name, draft.turn_above(height)) for tensor, draft in each}
    return found


class _Namer:
    """Names for values: what each was assigned to, or how it is written where it is used; and the turns of the loops in
    which that assignment stands."""

    def __init__(self, reader: SourceReader, known: dict[int, str]) -> None:
        self._known = known
        self.names = dict(known)
        # By the variable of a loop, which names another value in each turn; and the turns of this loop and of those around.
        self.passing: dict[int, tuple[str, tuple[int, ...]]] = {}
        self.turns: dict[int, tuple[int, ...]] = {}
        self._reader = reader
        self._assigned: dict[tuple[tuple[tuple[int, int], ...], tuple[int, ...]], tuple[tuple[int, ...], bool]] = {}

    def name(
        self,
        drafts: list[Draft],
        values: dict[int, Value],
        modules: dict[int, frozenset[str]],
        at_end: dict[int, str],
    ) -> None:
        """Find all names. `modules` are those that stand for Python modules in each code, by its id; `at_end` the variables
        that held a tensor in the end, by its number: of what a call has made, that is the one that it gave."""
        given: dict[tuple[int, str], int] = {}  # visit and variable -> tensor
        last_of_visit: dict[tuple[Site, int], int] = {}
        last_at: dict[Site, int] = {}
        made_at: dict[int, Site] = {}
        for index, draft in enumerate(drafts):
            if isinstance(draft.event, Op) and draft.site.frames:
                last_of_visit[(draft.site, draft.visit)] = last_at[draft.site] = index
                made = [output for output in draft.outputs if output is not None]
                made_at.update(dict.fromkeys(made, draft.site))
                for tensor in [values[output].tensor for output in made]:
                    if tensor in at_end:
                        given[draft.visit, at_end[tensor]] = tensor
                self._reader.note_op(draft.site)
        backward: list[Site] = []  # where the backward calls stand that are running
        failed = drafts[-1].site if drafts and isinstance(drafts[-1].event, Failure) else None
        for index, draft in enumerate(drafts):
            event = draft.event
            if isinstance(event, BackwardBegin):
                backward.append(draft.site)
            elif isinstance(event, BackwardEnd):
                backward.pop()
            if not draft.site.frames:
                continue
            if isinstance(event, GradReturned):
                if not draft.within:
                    self._name_results(draft, parts=True)
            elif isinstance(event, Op):
                self._name_operands(draft, event, modules, made_at)
                last = last_of_visit[(draft.site, draft.visit)] == index
                if last and self._reader.is_step_of_builtin(draft.site):
                    # The additions of one `sum` before the last are nobody's result, and all are where it did not end.
                    last = last_at[draft.site] == index and draft.site != failed
                if last and not draft.within and draft.site not in backward:
                    several = event.kind == "view" and len(draft.outputs) > 1
                    self._name_results(draft, parts=several, through_calls=not backward)
                    for output in [each for each in draft.outputs if each is not None and each in self.names]:
                        tensor = values[output].tensor
                        if given.get((draft.visit, self.names[output]), tensor) != tensor:
                            del self.names[output]
        self._pass_on(values)

    def _name_operands(
        self, draft: Draft, op: Op, modules: dict[int, frozenset[str]], made_at: dict[int, Site]
    ) -> None:
        here = modules.get(id(draft.site.frames[0].code), frozenset())
        written = self._reader.operand_names(draft.site, len(draft.operands), here, op.name, draft.numbers)
        for operand, name, standing in zip(draft.operands, written, draft.standing, strict=True):
            # What was made on the way, inside `model(x)`, is not the `x` written there.
            if operand is None or made_at.get(operand) == draft.site:
                continue
            if name is None and standing and operand not in self.names:
                # What a layer is given, `lin(x)`, is one of several names there: the one that stood for this very tensor.
                name = next((each for each in self._reader.given_names(draft.site) if each in standing), None)
            if name is not None and (name in standing or (draft.ordered and not name.isidentifier())):
                height, name = self._reader.given_as(draft.site, name)
                spot = draft.site.frames[height]
                if name in loop_variables(spot.code):
                    turns = draft.turns[height]
                    own = turns[: len(turns) - loops_since(spot.code, name, spot.offset)]
                    self.passing.setdefault(operand, (name, draft.turn_above(height + 1) + own))
                else:
                    self.names.setdefault(operand, name)

    def _name_results(self, draft: Draft, parts: bool, through_calls: bool = True) -> None:
        found, height = self._reader.result_names(draft.site, len(draft.outputs), parts)
        if height and not through_calls:  # what a hook returns is not what backward returns
            return
        if found:
            self._take_back(draft, height)
        for place, name in found.items():
            output = draft.outputs[place] if place < len(draft.outputs) else None
            # A parameter's name is the one by which its module is reached
            if output is not None and output not in self._known:
                self.names[output] = name
                self.turns[output] = draft.turn_above(height)

    def _take_back(self, draft: Draft, height: int) -> None:
        """Of several results that went to one assignment through calls, as a layer's and then its hook's in `y = lin(x)`,
        only the last has the name."""
        frames = tuple([(id(spot.code), spot.offset) for spot in draft.site.frames[height:]])
        assignment = frames, draft.turn_above(height)
        earlier, by_call = self._assigned.get(assignment, ((), False))
        if by_call or height:
            for output in earlier:
                self.names.pop(output, None)
                self.turns.pop(output, None)
        self._assigned[assignment] = tuple(each for each in draft.outputs if each is not None), bool(height)

    def _pass_on(self, values: dict[int, Value]) -> None:
        """An edited tensor keeps the name it had."""
        latest: dict[int, str] = {}  # tensor -> its name so far
        for value in values.values():
            name = self.names.setdefault(value.id, latest.get(value.tensor, ""))
            if name:
                latest[value.tensor] = name
            else:
                del self.names[value.id]


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


def _functions(draft: Draft, reader: SourceReader, counted: dict[object, int]) -> tuple[Layer, ...]:
    """The learner's functions in which something ran, outermost first, up to a layer's own `forward`; `counted` are their calls,
    which differ in where they stand or in the turns of the loops around."""
    found: list[Layer] = []
    frames = draft.site.frames
    for height in reversed(range(len(frames) - 1)):
        code = frames[height].code
        if code.co_name == "forward":
            break
        if not code.co_name.startswith("<") and not code.co_flags & CO_GENERATOR:  # which goes on when it is asked
            above = tuple([(id(spot.code), spot.offset) for spot in frames[height + 1 :]])
            number = counted.setdefault((id(code), above, draft.turns[height + 1 :]), len(counted))
            found.append(Layer(code.co_name, reader.arguments(frames[height + 1], code.co_name), number))
    return tuple(found)


def _resolve(draft: Draft, position: Position | None, names: dict[int, str]) -> None:
    event = draft.event
    if isinstance(event, Accumulated | GradAssigned):
        _fill(event, position=position, name=names.get(event.tensor))
    elif isinstance(event, Op):
        _fill(event, position=position, saved=draft.saved)
    elif not isinstance(event, NodeRan | BackwardEnd):
        _fill(event, position=position)


def _fill(frozen: Event | Value, **fields: object) -> None:
    """Give a draft the fields that it waits for: to copy one takes forty times as long."""
    for name, value in fields.items():
        object.__setattr__(frozen, name, value)
