"""What an optimizer's step worked out for a parameter: `buf = 0.9 · buf + w.grad`, and with the numbers of one element.

The lines are the optimizer's own (`OpFacts.update`). They are computed from what was recorded before the step, and printed with
numbers only where they give what was recorded after it. Rests on `operands.py` and the notation; `steps.py` tells it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autogradkit.tracing.events import Op, Value
from autogradkit.tracing.notation import Rule, rules_in, to_text, value_of_term
from autogradkit.tracing.render.graph.telling.operands import Array, array_of, operands_of
from autogradkit.tracing.render.graph.telling.worked import largest

Index = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    rule: Rule
    known: dict[str, Array]  # what it is computed from
    found: Array


class Update:
    """The step of an optimizer for one parameter."""

    def __init__(self, op: Op, values: Mapping[int, Value], labels: Mapping[int, str]) -> None:
        self.op = op
        self._operands = operands_of(op, values, labels)
        self._after = values[op.outputs[0]].numbers if op.outputs else None
        self._rules = [rule for rule in rules_in(op.facts.update) if rule.term is not None]
        self._lines = self._computed()

    @property
    def lines(self) -> list[str]:
        """What is worked out, with names."""
        return [f"{self._name(rule.parameter)} = {self._spelled(rule, self._name)}" for rule in self._rules]

    @property
    def shape(self) -> Index | None:
        """That of the parameter; None where not all numbers were kept that its step is told with."""
        return self._after.shape if self._lines and self._after is not None else None

    @property
    def reason(self) -> str:
        """Why there are no numbers; empty where there are."""
        if self._lines or self._after is None:
            return ""
        lost = [each for each in ("self", "grad") if self._lost(each)]
        if not lost:
            return ""
        count = math.prod(self._after.shape)
        return (
            f"no arithmetic: only the range was recorded of {' and '.join(map(self._name, lost))} ({count:,} elements)"
        )

    def most_telling(self) -> Index:
        """The element with the largest gradient."""
        return largest(self._operands.numbers["grad"], 1)[0]

    def at(self, index: Index) -> list[str]:
        """The lines with the numbers of one element."""
        told: list[str] = []
        for line in self._lines:

            def text_of(leaf: Any, known: dict[str, Array] = line.known) -> str:
                return _exact(_element(known[leaf], index) if isinstance(leaf, str) else leaf)

            text, result = self._spelled(line.rule, text_of), _exact(_element(line.found, index))
            told.append(f"{self._name(line.rule.parameter)} = {text}" + (f" = {result}" if text != result else ""))
        return told

    def _computed(self) -> list[_Line]:
        """The lines with their numbers; none where some were not kept, or they give something else than was recorded."""
        arrays = {name: each for name, each in self._operands.numbers.items() if isinstance(each, np.ndarray)}
        befores = {each.symbol: each.before for each in self.op.state}
        afters = {each.symbol: each.after for each in self.op.state}
        afters |= {} if self._after is None else {"self": self._after}
        for symbol, before in befores.items():
            array = np.zeros(()) if before is None else array_of(before)  # what there was not yet begins at 0
            if array is not None:
                arrays[symbol] = array
        last = {rule.parameter: place for place, rule in enumerate(self._rules)}
        if any(each.dtype.kind not in "fiub" for each in arrays.values()) or not set(afters) <= set(last):
            return []
        known = {name: each.astype(np.float64) for name, each in arrays.items()}
        lines: list[_Line] = []
        for place, rule in enumerate(self._rules):
            assert rule.term is not None
            name = rule.parameter
            try:
                with np.errstate(all="ignore"):
                    found = np.asarray(value_of_term(rule.term, known), dtype=np.float64)
            except (KeyError, ValueError, TypeError):  # not kept, or from a file and fitting nothing recorded
                return []
            if place == last[name] and name in afters:
                recorded = array_of(afters[name])
                if recorded is None or not _same_change(known.get(name), found, recorded, afters[name].dtype):
                    return []
                found = recorded.astype(np.float64)
            lines.append(_Line(rule, known, found))
            known = {**known, name: found}
        whole = (self._after.shape if self._after is not None else (), ())
        fits = all(each.shape in whole for line in lines for each in (*line.known.values(), line.found))
        return lines if fits and math.prod(whole[0]) else []

    def _lost(self, name: str) -> bool:
        return name in self._operands.values and name not in self._operands.numbers

    def _name(self, leaf: Any) -> str:
        if not isinstance(leaf, str):
            return _exact(leaf)
        return self._operands.labels.get(leaf, leaf) if leaf in ("self", "grad") else leaf

    @staticmethod
    def _spelled(rule: Rule, text_of: Callable[[Any], str]) -> str:
        assert rule.term is not None
        return to_text(rule.term, text_of)


def _same_change(before: Array | None, found: Array, recorded: Array, dtype: str) -> bool:
    """Whether the lines change a number as it was changed, but for rounding: a step may be small beside the parameter."""
    if found.shape != recorded.shape:
        return False
    eps = 2.0**-7 if dtype == "bfloat16" else float(np.finfo(dtype).eps)
    with np.errstate(all="ignore"):
        was = np.zeros(()) if before is None else before
        changed = _size(found - was)
        exact = 1e3 * eps * changed + 8 * eps * max(_size(was), _size(found))
        return bool(np.allclose(found, recorded, rtol=0, atol=exact, equal_nan=True))


def _size(array: Array) -> float:
    """The largest finite size in an array."""
    sizes = np.abs(array[np.isfinite(array)])
    return float(sizes.max()) if sizes.size else 0.0


def _element(array: Array, index: Index) -> float:
    return float(array[index] if array.ndim else array)


def _exact(value: float) -> str:
    """A number to six digits: those of optimizers are often small.

    >>> _exact(0.00012345678), _exact(-3.0), _exact(1 - 0.9)
    ('0.000123457', '−3', '0.1')
    """
    return f"{value + 0.0:.6g}".replace("-", "−")
