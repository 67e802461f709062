"""How a part that an op takes of a tensor is written: `[0:2]`, `[:, 1]`, `[:, None]`.

Rests on events and labels. Names in `recording.py` and the words of pictures ask it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from autogradkit.tracing.events import Op, Position, Value
from autogradkit.tracing.labels import with_subscript

MOST_OF_A_PART = 20  # characters of what is named as a part of another tensor

_NEW_DIMENSION = re.compile(r"[\w)\]]\[[^]]*\b(None|newaxis)\b")  # X[:, None]


def subscript(op: Op, source: Value) -> str:
    """What stands behind the tensor of an op that a subscript is made of: a slice, the choice of one place in a dimension, a new
    dimension where the line has `None` in a subscript; empty for any other."""
    taken = _taken(op, source)
    return "" if taken is None else _written([":"] * taken[0] + [taken[1]])


def _written(picked: Sequence[str]) -> str:
    return f"[{', '.join(picked)}]"


def _taken(op: Op, source: Value) -> tuple[int, str] | None:
    """The dimension of a subscript with all of those before it, and what stands for it."""
    written = op.position.code if op.position is not None else ""
    subscripts = ["slice", "select"]
    if op.part_of is None and "unsqueeze" not in written and _NEW_DIMENSION.search(written):
        subscripts.append("unsqueeze")
    if op.facts.label not in subscripts:
        return None
    parameters = op.facts.parameters
    given: dict[str, int] = {}
    for argument in op.inputs[1:]:
        place = len(parameters) if argument.place is None else argument.place
        name = argument.name or (parameters[place] if place < len(parameters) else None)
        if name is None or argument.text is None or not re.fullmatch(r"-?\d+", argument.text):
            return None
        given[name] = int(argument.text)
    dim = given.get("dim", 0)
    if op.facts.label == "unsqueeze":
        if dim == len(source.numbers.shape) > 1 and "..." in written:
            return 0, "..., None"
        inside = "None"
    elif op.facts.label == "select":
        inside = str(given.get("index", 0))
    else:
        end = given.get("end", sys.maxsize)
        whole = len(source.numbers.shape) > dim and end >= source.numbers.shape[dim]
        start, step = given.get("start", 0), given.get("step", 1)
        inside = f"{start or ''}:{'' if whole else end}" + (f":{step}" if step != 1 else "")
        inside = f"0{inside}" if not start and not whole and re.search(rf"[\[, ]0\s*:\s*{end}\b", written) else inside
    return dim, inside


@dataclass(frozen=True)
class _Part:
    """A part of a tensor that has a name: what was picked in each of its dimensions, and where that is written."""

    whole: str
    picked: tuple[str, ...]
    position: Position | None

    @property
    def name(self) -> str:
        return with_subscript(self.whole, _written(self.picked))

    def part(self, dim: int, inside: str) -> tuple[str, ...] | None:
        """What is picked where the same subscript picks this in what is left: `X[0, :2]`; None where that is none of its own."""
        picked = list(self.picked)
        left = [place for place, each in enumerate(picked) if not each.lstrip("-").isdigit()]
        picked += [":"] * (dim + 1 - len(left))
        place = [*left, *range(len(self.picked), len(picked))][dim]
        if picked[place] != ":" or "None" in "".join((inside, *picked)):
            return None
        picked[place] = inside
        return tuple(picked)


class Parts:
    """Names of the tensors of a recording that nobody has named, as parts of tensors that have a name: `w[:3]`, also when they
    were edited. Where a part is taken of the same numbers once more, another tensor has that name."""

    def __init__(self, values: Mapping[int, Value]) -> None:
        self._values = values
        self._parts: dict[int, _Part] = {}  # by tensor
        self._taken: set[tuple[int, str]] = set()  # of which value

    def name(self, op: Op, label: Callable[[Value], str]) -> str:
        """That of an op's first result; empty where it is no such part. `label` says what the whole is called."""
        tensor = self._values[op.outputs[0]].tensor
        if op.kind == "inplace":
            return self._parts[tensor].name if tensor in self._parts else ""
        given = op.inputs[0].value if op.inputs else None
        source = None if given is None or op.kind != "view" else self._values[given]
        known = None if source is None else self._parts.get(source.tensor)
        taken = None if source is None or not (source.name or known) else _taken(op, source)
        if source is None or taken is None:
            return ""
        dim, inside = taken
        picked = known.part(dim, inside) if known is not None and known.position == op.position else None
        if known is not None and picked is not None:
            part = _Part(known.whole, picked, op.position)
        else:
            part = _Part(label(source), (*[":"] * dim, inside), op.position)
        if len(part.name) > MOST_OF_A_PART or (source.id, part.name) in self._taken:
            return ""
        self._taken.add((source.id, part.name))
        self._parts[tensor] = part
        return part.name
