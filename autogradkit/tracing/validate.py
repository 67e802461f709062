"""Whether a recording that came from a file is one that can have happened: what every picture may take for granted.

Rests on events and dtypes. `serial` asks it of all that it reads, so that a damaged or made-up file is refused where it is
opened, and not while it is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NoReturn

import numpy as np

from autogradkit.core.dtype import ALL, BOOL, COMPLEX, INTEGRAL
from autogradkit.tracing.copying import FULL
from autogradkit.tracing.events import (
    Accumulated,
    Argument,
    BackwardBegin,
    BackwardEnd,
    Event,
    Failure,
    GradAssigned,
    GradReturned,
    NodeRan,
    Numbers,
    Op,
    Position,
    Value,
)
from autogradkit.tracing.recording import Recording

KINDS = ("op", "view", "inplace", "create", "random", "detach")
HOW = ("none", "zeros", "assigned")
LARGEST = 2**63  # of a size, a stride, a count: what PyTorch holds in 64 bits
_CATEGORY = {each.name: each.category for each in ALL}
_RANGES = {"bool": (0, 1), "bfloat16": (-3.3895313892515355e38, 3.3895313892515355e38)}
for _name in _CATEGORY.keys() - _RANGES.keys():
    _limits = np.iinfo(_name) if _CATEGORY[_name] == INTEGRAL else np.finfo(_name)
    _RANGES[_name] = (
        (_limits.min.item(), _limits.max.item()) if isinstance(_limits, np.finfo) else (_limits.min, _limits.max)
    )
_ELEMENTS = {BOOL: (bool,), INTEGRAL: (int,), COMPLEX: (complex,)}  # what data holds; of floating types float


class TraceFormatError(ValueError):
    """The file is no trace that this version can read."""


def validate(recording: Recording, values: tuple[Value, ...]) -> None:
    """Raise TraceFormatError unless the recording hangs together. `values` are its values as they were listed."""
    for place, value in enumerate(values):
        where = f"value {value.id}"
        if recording.values[value.id] is not values[place]:
            _refuse(where, "is there twice")
        _value(value, where)
    begun: dict[int, bool] = {}  # backward calls -> whether they still run
    step = -1
    for event in recording.events:
        where = f"event {event.step}"
        if event.step <= step:
            _refuse(where, f"comes after event {step}")
        step = event.step
        for number in _mentioned(event):
            if number not in recording.values:
                _refuse(where, f"speaks of value {number}, which is missing")
        for numbers in _numbers(event):
            _check_numbers(numbers, where)
        if not isinstance(event, NodeRan | BackwardEnd):
            _position(event.position, where)
        _event(event, where)
        if isinstance(event, BackwardBegin):
            if event.call in begun:
                _refuse(where, f"begins backward call {event.call} a second time")
            begun[event.call] = True
        elif isinstance(event, NodeRan | Accumulated | GradReturned | BackwardEnd):
            if event.call not in begun:
                _refuse(where, f"belongs to backward call {event.call}, which has not begun")
            begun[event.call] = not isinstance(event, BackwardEnd)


def _refuse(where: str, what: str) -> NoReturn:
    raise TraceFormatError(f"not a whole trace: {where} {what}")


def _event(event: Event, where: str) -> None:
    if isinstance(event, Op):
        _op(event, where)
    elif isinstance(event, NodeRan) and len(event.edges) != len(event.sent):
        _refuse(where, f"sends {len(event.sent)} gradients along {len(event.edges)} edges")
    elif isinstance(event, Accumulated):
        shapes = {each.shape for each in (event.before, event.contribution, event.after) if each is not None}
        if len(shapes) > 1:
            _refuse(where, "adds gradients of different shapes")
    elif isinstance(event, GradAssigned) and event.how not in HOW:
        _refuse(where, f"sets a gradient in a way that is none of {', '.join(HOW)}")
    elif isinstance(event, Failure):
        _arguments(event.inputs, where)
        _modules(event, where)


def _modules(event: Op | Failure, where: str) -> None:
    if len(event.layers) != len(event.scope):
        _refuse(where, f"ran in {len(event.scope)} modules and {len(event.layers)} layers")


def _op(op: Op, where: str) -> None:
    if op.kind not in KINDS:
        _refuse(where, f"is of a kind that is none of {', '.join(KINDS)}")
    if op.node is not None and (not op.outputs or op.node_name is None):
        _refuse(where, "has a node without a result or a name")
    if len(op.facts.defaults) not in (0, len(op.facts.parameters)):
        _refuse(where, f"has {len(op.facts.defaults)} defaults for {len(op.facts.parameters)} parameters")
    _modules(op, where)
    _arguments(op.inputs, where)
    for saved in op.saved:
        _counts(where, nbytes=saved.nbytes)


def _arguments(arguments: tuple[Argument, ...], where: str) -> None:
    for argument in arguments:
        if (argument.value is None) == (argument.text is None):
            _refuse(where, "has an argument that is not either a tensor or a text")
        if argument.place is not None:
            _counts(where, place=argument.place)


def _value(value: Value, where: str) -> None:
    _check_numbers(value.numbers, where)
    if value.stride and len(value.stride) != len(value.numbers.shape):  # none are known of what a node no longer holds
        _refuse(where, f"has {len(value.stride)} strides for {len(value.numbers.shape)} dimensions")
    _counts(where, offset=value.offset, version=value.version, since=value.since, tensor=value.tensor)
    if not all(0 <= stride < LARGEST for stride in value.stride):
        _refuse(where, f"has strides {value.stride}")
    _turn(value.turn, where)


def _check_numbers(numbers: Numbers, where: str) -> None:
    if numbers.dtype not in _CATEGORY:
        _refuse(where, "has a dtype that there is not")
    if not all(0 <= size < LARGEST for size in numbers.shape):
        _refuse(where, f"has sizes {numbers.shape}")
    _counts(where, nans=numbers.nans, infs=numbers.infs, omitted=numbers.omitted)
    if numbers.data is None:
        return
    if len(numbers.data) != math.prod(numbers.shape):
        _refuse(where, f"holds {len(numbers.data)} elements for the sizes {numbers.shape}")
    category = _CATEGORY[numbers.dtype]
    if len(numbers.data) > FULL:
        _refuse(where, f"holds {len(numbers.data)} elements, more than are ever copied")
    if not all(type(element) in _ELEMENTS.get(category, (float,)) for element in numbers.data):
        _refuse(where, f"holds elements that are not {numbers.dtype}")
    low, high = _RANGES[numbers.dtype]
    parts = [
        part for each in numbers.data for part in ((each.real, each.imag) if isinstance(each, complex) else (each,))
    ]
    if not all(low <= part <= high or not math.isfinite(part) for part in parts):
        _refuse(where, f"holds elements that do not fit {numbers.dtype}")


def _position(position: Position | None, where: str) -> None:
    if position is None:
        return
    lines = (position.line, position.end_line)
    if not 1 <= position.line <= position.end_line < LARGEST or min(position.column, position.end_column) < 0:
        _refuse(where, f"is at lines {lines}, columns {(position.column, position.end_column)}")
    _turn(position.turn, where)


def _turn(turn: tuple[int, ...], where: str) -> None:
    if not all(1 <= number < LARGEST for number in turn):
        _refuse(where, f"is in turn {turn} of its loops")


def _counts(where: str, **counts: int) -> None:
    for name, count in counts.items():
        if not 0 <= count < LARGEST:
            _refuse(where, f"has {name} {count}")


def _mentioned(event: Event) -> Iterator[int]:
    """The values that an event speaks of."""
    if isinstance(event, Op | Failure):
        yield from (argument.value for argument in event.inputs if argument.value is not None)
    if isinstance(event, Op):
        yield from event.outputs
        yield from (each.value for each in event.saved if each.value is not None)
    elif isinstance(event, BackwardBegin):
        yield from event.roots
    elif isinstance(event, GradReturned):
        yield from (event.input, event.value)


def _numbers(event: Event) -> Iterator[Numbers]:
    """The numbers that an event holds."""
    if isinstance(event, Op):
        yield from (each for state in event.state for each in (state.before, state.after) if each is not None)
    elif isinstance(event, NodeRan):
        yield from (each for each in (*event.received, *event.sent) if each is not None)
    elif isinstance(event, Accumulated):
        yield from (each for each in (event.before, event.contribution, event.after) if each is not None)
    elif isinstance(event, GradAssigned):
        yield from (each for each in (event.before, event.after) if each is not None)
