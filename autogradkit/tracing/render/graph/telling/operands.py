"""What the names in an op's rule stand for: tensors by the learner's names and with their recorded numbers, settings, n.

Rests on events and numbers. `why.py` reads rules with it, `probe.py` runs an op again from it.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autogradkit.tracing.events import Argument, Numbers, Op, Value
from autogradkit.tracing.render.marks.numbers import plain
from autogradkit.tracing.saved import role_of

Array = np.ndarray[Any, Any]
MOST_ALIKE = 20_000  # equal elements that are taken for known though they were not copied


@dataclass(slots=True)
class Operands:
    """The operands of one op, by the names that its rule uses."""

    labels: dict[str, str] = field(default_factory=dict)  # as they are written in a sentence
    values: dict[str, Value] = field(default_factory=dict)  # of those that are tensors
    numbers: dict[str, Any] = field(default_factory=dict)  # arrays and Python numbers, of those that are known
    settings: dict[str, int | float] = field(default_factory=dict)  # alpha, an exponent, n: what a rule is read with
    literals: dict[str, Any] = field(default_factory=dict)  # what else the op was called with: dim, keepdim
    lists: dict[str, list[Argument]] = field(default_factory=dict)  # arguments given for each parameter
    absent: set[str] = field(default_factory=set)  # parameters that were left out
    parameters: tuple[str, ...] = ()  # of the op


def array_of(numbers: Numbers) -> Array | None:
    """A recorded value as an array; None where not all of it was copied, and its range does not say that all are alike."""
    kind = "float32" if numbers.dtype == "bfloat16" else numbers.dtype  # which NumPy alone has not, and float32 holds
    if numbers.data is None:
        alike = numbers.low is not None and numbers.low == numbers.high and not numbers.nans and not numbers.infs
        if not alike or math.prod(numbers.shape) > MOST_ALIKE:
            return None
        return np.full(numbers.shape, numbers.low, dtype=kind)
    return np.array(numbers.data, dtype=kind).reshape(numbers.shape)


def literal(text: str | None) -> Any:
    """What was no tensor, from its text: a number, a tuple ... Raises ValueError where the text does not say it whole."""
    text = (
        text and text.removeprefix("torch.Size(").removesuffix(")") if (text or "").startswith("torch.Size(") else text
    )
    try:
        return float(text or "") if text in ("inf", "-inf", "nan") else ast.literal_eval(text or "None")
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):  # the last two: nested too deeply
        raise ValueError(f"{text} cannot be read back") from None


def operands_of(op: Op, values: Mapping[int, Value], labels: Mapping[int, str]) -> Operands:
    """The operands of an op."""
    found = Operands(parameters=op.facts.parameters)
    for argument in op.inputs:
        role = role_of(argument, op.facts.parameters)
        if role is not None:
            found.lists.setdefault(role, []).append(argument)
    for role, arguments in found.lists.items():
        texts = [labels[each.value] if each.value is not None else str(each.text) for each in arguments]
        found.labels[role] = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        if len(arguments) == 1:
            _add(found, role, arguments[0].value, arguments[0].text, values)
    for each in op.saved:
        if each.value is not None and each.name not in found.values:  # indices that an op chose, or was given as a list
            _add(found, each.name, each.value, None, values)
        elif each.version is None and each.name not in found.values:
            _add(found, each.name, None, each.text, values)
            if isinstance(found.numbers.get(each.name), int | float):
                found.settings[each.name] = found.numbers[each.name]
    for place, output in enumerate(op.outputs):
        for name in ("result", "output") if place == 0 else (f"result{place}",):
            if name not in found.labels:
                found.labels[name] = labels[output]
                _add(found, name, output, None, values)
    if "correction" in op.facts.parameters:
        found.settings.setdefault("correction", 1)
    found.absent = set(op.facts.parameters) - set(found.labels) - set(found.literals)
    count = _count(op, found, values)
    if count is not None:
        found.settings["n"] = count
    return found


def _add(found: Operands, name: str, value: int | None, text: str | None, values: Mapping[int, Value]) -> None:
    if value is not None:
        found.values[name] = values[value]
        array = array_of(values[value].numbers)
        if array is not None:
            found.numbers[name] = array
        return
    try:
        told = found.literals[name] = literal(text)
    except ValueError:
        return
    if isinstance(told, int | float) and not isinstance(told, bool):
        found.numbers[name] = told
        found.labels[name] = plain(told)


def _count(op: Op, found: Operands, values: Mapping[int, Value]) -> int | float | None:
    """The n of a rule: how many elements were averaged, or by how much a loss was divided."""
    if "self" not in found.values or not op.outputs:
        return None
    size = math.prod(found.values["self"].numbers.shape)
    if "reduction" not in op.facts.parameters:
        return size // max(1, math.prod(values[op.outputs[0]].numbers.shape))
    if found.literals.get("reduction", 1) != 1:
        return 1
    # Of a likelihood: what the targets weigh
    weight = values[op.outputs[1]].numbers.data if len(op.outputs) > 1 else None
    return size if weight is None else _whole(weight[0])


def _whole(value: Any) -> int | float:
    number = float(value)
    return int(number) if number.is_integer() else number
