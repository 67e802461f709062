"""How a part that an op takes of a tensor is written: `[0:2]`, `[:, 1]`, `[:, None]`.

Rests on events and labels. Names in `recording.py` and the words of pictures ask it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping

from autogradkit.tracing.events import Op, Value
from autogradkit.tracing.labels import with_subscript

MOST_OF_A_PART = 20  # characters of what is named as a part of another tensor

_NEW_DIMENSION = re.compile(r"[\w)\]]\[[^]]*\b(None|newaxis)\b")  # X[:, None]


def subscript(op: Op, source: Value) -> str:
    """What stands behind the tensor of an op that a subscript is made of: a slice, the choice of one place in a dimension, a new
    dimension where the line has `None` in a subscript; empty for any other."""
    written = op.position.code if op.position is not None else ""
    subscripts = ["slice", "select"]
    if op.part_of is None and "unsqueeze" not in written and _NEW_DIMENSION.search(written):
        subscripts.append("unsqueeze")
    if op.facts.label not in subscripts:
        return ""
    parameters = op.facts.parameters
    given: dict[str, int] = {}
    for argument in op.inputs[1:]:
        place = len(parameters) if argument.place is None else argument.place
        name = argument.name or (parameters[place] if place < len(parameters) else None)
        if name is None or argument.text is None or not re.fullmatch(r"-?\d+", argument.text):
            return ""
        given[name] = int(argument.text)
    dim = given.get("dim", 0)
    if op.facts.label == "unsqueeze":
        if dim == len(source.numbers.shape) > 1 and "..." in written:
            return "[..., None]"
        inside = "None"
    elif op.facts.label == "select":
        inside = str(given.get("index", 0))
    else:
        end = given.get("end", sys.maxsize)
        whole = len(source.numbers.shape) > dim and end >= source.numbers.shape[dim]
        start, step = given.get("start", 0), given.get("step", 1)
        inside = f"{start or ''}:{'' if whole else end}" + (f":{step}" if step != 1 else "")
        inside = f"0{inside}" if not start and not whole and re.search(rf"[\[, ]0\s*:\s*{end}\b", written) else inside
    return f"[{':, ' * dim}{inside}]"


class Parts:
    """Names of the tensors of a recording that nobody has named, as parts of tensors that have a name: `w[:3]`, also when they
    were edited. Where a part is taken of the same numbers once more, another tensor has that name."""

    def __init__(self, values: Mapping[int, Value]) -> None:
        self._values = values
        self._written: dict[int, str] = {}  # tensor -> its name
        self._taken: set[tuple[int, str]] = set()  # of which value

    def name(self, op: Op, label: Callable[[Value], str]) -> str:
        """That of an op's first result; empty where it is no such part. `label` says what the whole is called."""
        tensor = self._values[op.outputs[0]].tensor
        if op.kind == "inplace":
            return self._written.get(tensor, "")
        given = op.inputs[0].value if op.inputs else None
        source = None if given is None or op.kind != "view" else self._values[given]
        if source is None or not (source.name or source.tensor in self._written):
            return ""
        taken = subscript(op, source)
        written = with_subscript(label(source), taken) if taken else ""
        if not written or len(written) > MOST_OF_A_PART or (source.id, written) in self._taken:
            return ""
        self._taken.add((source.id, written))
        self._written[tensor] = written
        return written
