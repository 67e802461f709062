"""One reason: the rule for one input of an op, with names, shapes and numbers.

It is computed from what was recorded, and printed with numbers only where it gives the gradient that was recorded; a
difference is said. Rests on `operands.py` and the notation; `why.py` puts them together.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.tracing.events import Numbers
from autogradkit.tracing.notation import (
    ARRANGING,
    Constant,
    Name,
    Rule,
    names_in,
    settled,
    signs_in,
    value_of_term,
    written,
)
from autogradkit.tracing.render.graph.telling.operands import Array, Operands, array_of
from autogradkit.tracing.render.marks import numbers as nums

SMALL = 4  # elements of a vector that is written out in a rule
MOST_RESULT = 12  # elements of a result that is written out
MOST_TERMS = 3  # summands that are written out


class Reason:
    """Why the gradient of one input is what it is."""

    def __init__(self, rule: Rule, label: str, operands: Operands, pointwise: bool) -> None:
        self.label = label
        self.operands = operands
        self.pointwise = pointwise
        self.term = None if rule.term is None else settled(rule.term, operands.settings, operands.absent)
        self.words = self._in_words(rule.words)
        self.spread = rule.words.startswith("spread")
        complex_ = any(value.numbers.dtype.startswith("complex") for value in operands.values.values())
        if complex_ and self.term is not None and names_in(self.term) - {"∂"}:
            self.words = ", ".join(filter(None, [self.words, "in its form for complex numbers"]))
        self.complete = not complex_ and (self.spread or not rule.words)  # whether the term says all

    def text(self, incoming: Numbers | None, sent: Numbers | None, elements: int) -> str:
        """`∂x = ∂ · w = 1 · 2 = 2`; without `sent` the rule alone."""
        start = f"∂{self.label} = "
        if self.term is None:
            return f"{start}{self.words}{self._moved(incoming, sent)}"
        symbols = start + written(self.term, self._symbol)
        if incoming is None or sent is None:
            return ", ".join(filter(None, [symbols, self.words]))
        dims = self._summed(incoming.shape, sent.shape) if self.complete else ""
        summed = f"summed over {dims}" if dims else ""
        after = f", {self.words}" if self.spread else ""
        said = ", ".join(filter(None, [symbols, summed, "" if after else self.words]))
        joint = " = " if said == symbols else ": "
        arranged = signs_in(self.term) & ARRANGING
        if arranged and "Σ" not in arranged and names_in(self.term) <= {"∂", *self.operands.values}:
            shapes = {"∂": incoming.shape, **{name: each.numbers.shape for name, each in self.operands.values.items()}}
            said += f"   {written(self.term, lambda leaf: self._shape(leaf, shapes))} → {sent.shape}"
            joint = " = "
        if not self.complete:
            return f"{said}{self.result(sent, joint)}"
        found, total = self.computed(incoming, sent), array_of(sent)
        if found is None or total is None:
            return f"{said}{self.result(sent, joint)}{after}"
        if not agree(found, total):
            if not np.isfinite(found).all():  # at a pole, where PyTorch has a value of its own
                return f"{said}{self.result(sent, joint)}{after}"
            return (
                f"{said}{after}; sent was {shown(sent)}, not the {_shown_array(found)} that the rule makes of what was "
                "recorded: a hook, or an edit that no version counts, came between"
            )
        if arranged and "Σ" not in arranged:
            return f"{said}{self.result(sent, joint)}"
        return said + self._numbers(incoming, total, elements, joint, after, bool(dims))

    # -- names and shapes -------------------------------------------------------------------------------------------

    def _symbol(self, leaf: Any) -> str:
        return self.operands.labels.get(leaf, leaf) if isinstance(leaf, str) else nums.plain(leaf)

    @staticmethod
    def _shape(leaf: Any, shapes: dict[str, tuple[int, ...]]) -> str:
        return str(shapes[leaf]) if isinstance(leaf, str) else nums.plain(leaf)

    def _in_words(self, words: str) -> str:
        """Words with the learner's names: `in the shape of self` of x, `at the index` of `index 0`."""

        def named(found: re.Match[str]) -> str:
            name = found[0]
            if name == "n":
                return nums.plain(self.operands.settings["n"]) if "n" in self.operands.settings else name
            label = self.operands.labels.get(name)
            if name in ("self", "result"):
                return label or name
            value = self.operands.literals.get(name)
            text = label if label is not None else None if value is None else str(value)
            return name if text is None else f"{name} {text}"

        found = re.sub(r"(?<![\w∂])[A-Za-z_]\w*", named, words)
        return re.sub(r"the 1 (\w+) elements", r"the one \1 element", found)

    @staticmethod
    def _moved(incoming: Numbers | None, sent: Numbers | None) -> str:
        """Of what only moves numbers: shapes, where they differ, and the result."""
        if sent is None:
            return ""
        shapes = f"   {incoming.shape} → {sent.shape}" if incoming is not None and incoming.shape != sent.shape else ""
        return shapes + Reason.result(sent, " = ")

    @staticmethod
    def result(sent: Numbers, joint: str) -> str:
        array = array_of(sent)
        return f"{joint}{nums.plain_array(array)}" if array is not None and array.size <= MOST_RESULT else ""

    # -- numbers ----------------------------------------------------------------------------------------------------

    def _arrays(self, incoming: Numbers) -> dict[str, Any] | None:
        """The recorded operands; what was reduced has its dimensions back as ones."""
        arrays: dict[str, Any] = dict(self.operands.numbers)
        gradient = array_of(incoming)
        if gradient is None:
            return None
        arrays["∂"] = gradient
        dims = self._dims()
        whole = self.operands.numbers.get("self")
        if not self.pointwise and dims and isinstance(whole, np.ndarray) and gradient.ndim < whole.ndim:
            reduced = gradient.shape
            for name in ("∂", "result"):
                if name in arrays and arrays[name].shape == reduced:
                    arrays[name] = np.expand_dims(arrays[name], dims)
        return arrays

    def _dims(self) -> tuple[int, ...] | None:
        told = self.operands.literals.get("dim")
        dims = (told,) if isinstance(told, int) else tuple(told) if isinstance(told, tuple | list) else None
        rank = len(self.operands.values["self"].numbers.shape) if "self" in self.operands.values else 0
        return None if dims is None or not rank else tuple(dim % rank for dim in dims)

    def computed(self, incoming: Numbers, sent: Numbers) -> Array | None:
        """What the rule makes of the recorded numbers; None where some were not kept."""
        arrays = self._arrays(incoming)
        assert self.term is not None
        if arrays is None or names_in(self.term) - set(arrays) or "⋆" in signs_in(self.term):
            return None
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(value_of_term(self.term, arrays, self._dims()))
        except (ValueError, TypeError):  # a rule or an argument from a file, which fits nothing that was recorded
            return None
        if self.spread or _fits(found.shape, sent.shape):
            return np.broadcast_to(found, sent.shape)
        return _sum_to(found, sent.shape) if _fits(sent.shape, found.shape) else None

    def _summed(self, shape: tuple[int, ...], target: tuple[int, ...]) -> str:
        """The dimensions over which an element-wise gradient is summed to the shape of its input."""
        assert self.term is not None
        reduces = any(value.numbers.shape != shape for name, value in self.operands.values.items() if name == "result")
        if self.spread or reduces or signs_in(self.term) & ARRANGING or shape == target or not _fits(target, shape):
            return ""
        padded = (1,) * (len(shape) - len(target)) + target
        dims = [i for i, (a, b) in enumerate(zip(padded, shape, strict=True)) if a != b or i < len(shape) - len(target)]
        return f"dim{'s' * (len(dims) > 1)} {', '.join(map(str, dims))}"

    def _numbers(self, incoming: Numbers, total: Array, elements: int, joint: str, after: str, summed: bool) -> str:
        """The arithmetic: of small vectors at once, else of the first elements."""
        arrays = self._arrays(incoming)
        assert self.term is not None
        assert arrays is not None
        if self.term == Constant(0):
            return after
        used = {name: arrays[name] for name in names_in(self.term)}
        tensors = [each for each in used.values() if isinstance(each, np.ndarray)]
        shape = np.broadcast_shapes(*(each.shape for each in tensors), () if summed else total.shape)
        if not summed and all(each.size <= SMALL and each.ndim <= 1 for each in tensors):
            with np.errstate(all="ignore"):
                result = np.asarray(value_of_term(self.term, arrays, self._dims()))
            if self.spread and result.size == math.prod(incoming.shape):  # without the ones that spreading needs
                used["∂"], result = used["∂"].reshape(incoming.shape), result.reshape(incoming.shape)
            known = total if result.shape == total.shape else result
            text = self._equation(lambda leaf: _text(used[leaf] if isinstance(leaf, str) else leaf), known, joint)
            return text + after
        if "Σ" in signs_in(self.term):
            return (f"{joint}{nums.plain_array(total)}" if total.size <= MOST_RESULT else "") + after
        if self.term == Name("∂") and not summed:
            return after  # what came, which is told already
        found: list[str] = []
        for index in itertools.islice(np.ndindex(total.shape), elements):
            at = "" if total.size == 1 else f"at [{', '.join(map(str, index))}]: "
            terms = [self._at(used, place) for place in _places(index, total.shape, shape)]
            texts = [*terms[:MOST_TERMS], f"… ({len(terms)} terms)"] if len(terms) > MOST_TERMS else terms
            result = nums.plain(total[index].item())
            text = " + ".join(texts).replace("+ −", "− ")
            found.append(f"{at}{text}" if text == result else f"{at}{text} = {result}")
        if not found:
            return after
        return after + (joint if total.size == 1 else "; " if elements == 1 else "\n  ") + "\n  ".join(found)

    def _equation(self, text_of: Callable[[Any], str], result: Array, joint: str) -> str:
        assert self.term is not None
        text, value = self._put_in(text_of), nums.plain_array(result)
        return f"{joint}{text}" if text == value else f"{joint}{text} = {value}"

    def _at(self, used: dict[str, Any], place: tuple[int, ...]) -> str:
        """The term with the numbers at one place of the broadcast shape."""
        assert self.term is not None

        def text(leaf: Any) -> str:
            value = used[leaf] if isinstance(leaf, str) else leaf
            if isinstance(value, np.ndarray):
                at = place[len(place) - value.ndim :]
                value = value[tuple(0 if size == 1 else i for i, size in zip(at, value.shape, strict=True))].item()
            return nums.plain(value)

        return self._put_in(text)

    def _put_in(self, text_of: Callable[[Any], str]) -> str:
        """The term with numbers, ready to be followed by what it comes to."""
        assert self.term is not None
        text = written(self.term, text_of)
        return f"({text})" if signs_in(self.term) & {"where"} else text


def shown(numbers: Numbers) -> str:
    """A gradient as arithmetic writes it, or its shape and summary."""
    array = array_of(numbers)
    if array is None or array.size > MOST_RESULT:
        return f"{nums.shape_text(numbers.shape)} ({nums.summary(numbers)})"
    return nums.plain_array(array) if array.dtype.kind != "c" else nums.one_line(numbers, 36)


def agree(found: Array, wanted: Array) -> bool:
    """Whether two gradients are the same but for rounding."""
    if found.shape != wanted.shape:
        return False
    exact = {8: 1e-9, 4: 1e-4, 2: 1e-2}.get(wanted.dtype.itemsize, 1e-4)
    finite = wanted[np.isfinite(wanted)]
    size = float(np.abs(finite).max()) if finite.size else 0.0
    return bool(np.allclose(found, wanted, rtol=exact, atol=exact * 0.1 * size, equal_nan=True))


def _shown_array(array: Array) -> str:
    return nums.plain_array(array) if array.size <= MOST_RESULT else f"{nums.shape_text(array.shape)} numbers"


def _text(value: Any) -> str:
    return nums.plain_array(value) if isinstance(value, np.ndarray) else nums.plain(value)


def _fits(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether `shape` broadcasts to `target`."""
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False


def _sum_to(array: Array, shape: tuple[int, ...]) -> Array:
    extra = array.ndim - len(shape)
    ones = tuple(extra + i for i, size in enumerate(shape) if size == 1 and array.shape[extra + i] != 1)
    return array.sum(axis=(*range(extra), *ones), keepdims=True).reshape(shape)


def _places(index: tuple[int, ...], shape: tuple[int, ...], whole: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The places of the broadcast shape that are summed into one place of `shape`."""
    extra = len(whole) - len(shape)
    ranges: list[Any] = [range(size) for size in whole[:extra]]
    ranges += [range(whole[extra + i]) if size == 1 else (index[i],) for i, size in enumerate(shape)]
    return list(itertools.islice(itertools.product(*ranges), math.prod(map(len, ranges))))
