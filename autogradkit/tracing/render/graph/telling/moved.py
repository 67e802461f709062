"""Steps of a call that only turn or reshape what they were given, so that what they give can go by its name: `q`, `kᵀ`.

Rests on events, `operands.py` and `moves.py`. `chain.py` leaves such steps out of what it tells.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autogradkit.tracing.events import Op, Value
from autogradkit.tracing.render.graph.structure.model import inputs_of
from autogradkit.tracing.render.graph.structure.moves import RESHAPES, TURNS
from autogradkit.tracing.render.graph.telling.operands import literal

Dims = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """A value as what it was made of by turning and reshaping alone."""

    source: int  # a value
    axes: Dims  # those dimensions of the source that are longer than one, in the order in which they lie here
    through: Dims  # the values on the way, this one included
    turn: str | None  # what stands behind the source's name: nothing, ᵀ, or None where there is no short sign for it


def moved_by(op: Op, before: Mapping[int, Moved], values: Mapping[int, Value]) -> Moved | None:
    """What the result of an op is, where the op only turns or reshapes; `before` says so of the values that it was given."""
    given = inputs_of(op)
    if op.name not in RESHAPES | TURNS or len(given) != 1 or len(op.outputs) != 1:
        return None
    [value], [output] = given, op.outputs
    shape, result = values[value].numbers.shape, values[output].numbers.shape
    if math.prod(shape) != math.prod(result):  # expanded
        return None
    known = before.get(value) or Moved(value, _long(shape, range(len(shape))), (), "")
    source = values[known.source].numbers.shape
    axes = known.axes
    if op.name in TURNS:
        here, turned = _long(shape, range(len(shape))), _long(shape, _order(op, len(shape)))
        whole = [shape[dim] for dim in here] == [source[axis] for axis in axes]  # else axes were joined or divided
        if not whole and turned != here:
            return None
        axes = tuple(axes[here.index(dim)] for dim in turned) if whole else axes
    return Moved(known.source, axes, (*known.through, output), _sign(axes, source, result))


def _long(shape: Dims, order: Iterable[int]) -> Dims:
    return tuple(dim for dim in order if shape[dim] != 1)


def _order(op: Op, rank: int) -> list[int]:
    """For each dimension of the result of a turn, that of what was turned."""
    told = [literal(argument.text) for argument in op.inputs if argument.value is None]
    if op.name == "permute":
        return [dim % rank for dim in told[0]]
    order = list(range(rank))
    first, second = told if op.name == "transpose" else (0, rank - 1)
    if rank:
        order[first], order[second] = order[second], order[first]
    return order


def _sign(axes: Dims, source: Dims, result: Dims) -> str | None:
    matrix, turned = source[-2:], source[-2:][::-1]
    if list(axes) == sorted(axes):
        return "ᵀ" if 1 in matrix and result[-2:] == turned != matrix else ""
    swapped = [*axes[:-2], axes[-1], axes[-2]] == sorted(axes) and axes[-2:] == (len(source) - 1, len(source) - 2)
    return "ᵀ" if swapped and result[-2:] == turned else None
