"""One reason: the rule for one input of an op, with names, shapes and numbers.

It is computed from what was recorded, and printed with numbers only where it gives the gradient that was recorded; a
difference is said, and so is what was not kept. Rests on `operands.py`, `worked.py`, `agreement.py` and the notation; `why.py`
puts them together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.tracing.events import Numbers
from autogradkit.tracing.notation import (
    ARRANGING,
    Apply,
    Constant,
    Name,
    Rule,
    Term,
    names_in,
    settled,
    signs_in,
    to_text,
)
from autogradkit.tracing.render.graph.telling.agreement import agree, near, with_recorded_end
from autogradkit.tracing.render.graph.telling.moves import moves
from autogradkit.tracing.render.graph.telling.operands import Array, Operands, array_of
from autogradkit.tracing.render.graph.telling.sums import fits, sum_to, summed_places
from autogradkit.tracing.render.graph.telling.windows import Windows, windows
from autogradkit.tracing.render.graph.telling.worked import Worked, largest
from autogradkit.tracing.render.marks import numbers as nums

SMALL = 4  # elements of a vector that is written out in a rule
MOST_RESULT = 12  # elements of a result that is written out
_SHAPED = frozenset("@⊗⋆ᵀ")
_SAYS_HOW = ("spread", "summed", "turned", "over ")  # words that only explain what the term says


class Reason:
    """Why the gradient of one input is what it is."""

    def __init__(self, rule: Rule, label: str, operands: Operands, pointwise: bool) -> None:
        self.label = label
        self.operands = operands
        self.pointwise = pointwise
        self.rule = rule
        self.term = None if rule.term is None else settled(rule.term, operands.settings, operands.absent)
        self.words = self._in_words(rule.words)
        self.spread = rule.words.startswith("spread")
        self.summed = rule.words.startswith("summed")
        says_all = not rule.words or rule.words.startswith(_SAYS_HOW)
        only = re.fullmatch(r"for (\w+) = (\d+)", rule.words)
        if only is not None:  # one form of several
            given = operands.literals.get(only[1])
            says_all = given == int(only[2])
            self.words = "" if says_all else f"where {only[1]} is {only[2]}; here it is {given}"
        self.means: dict[str, str] = {}  # names of ours for means of operands
        if self.term is not None:
            self.term = self._with_means(self.term)
        complex_ = any(value.numbers.dtype.startswith("complex") for value in operands.values.values())
        if complex_ and self.term is not None and names_in(self.term) - {"∂"}:
            self.words = ", ".join(filter(None, [self.words, "in its form for complex numbers"]))
        self.complete = not complex_ and says_all  # whether the term says all

    def _with_means(self, term: Term) -> Term:
        """The term with the mean of an operand as a name of its own, for it is one number among those of an element."""
        if not isinstance(term, Apply):
            return term
        if term.sign == "mean" and isinstance(term.parts[0], Name):
            name = f"mean({term.parts[0].name})"
            self.means[name] = term.parts[0].name
            return Name(name)
        return Apply(term.sign, tuple(self._with_means(part) for part in term.parts))

    def text(self, incoming: Numbers | None, sent: Numbers | None, elements: int) -> str:
        """`∂x = ∂ · w = 1 · 2 = 2`; without `sent` the rule alone."""
        start = f"∂{self.label} = "
        if self.term is None:
            return f"{start}{self.words}{self._moved(incoming, sent)}{self._arrivals(incoming, sent, elements)}"
        symbols = start + to_text(self.term, self._symbol)
        if incoming is None or sent is None:
            return ", ".join(filter(None, [symbols, self.words]))
        dims = self._summed(incoming.shape, sent.shape) if self.complete else ""
        summed = f"summed over {dims}" if dims else ""
        after = f", {self.words}" if self.spread else ""
        rule_text = ", ".join(filter(None, [symbols, summed, "" if after or self.summed else self.words]))
        joint = " = " if rule_text == symbols else ": "
        arranged = bool(signs_in(self.term) & ARRANGING)
        if signs_in(self.term) & _SHAPED and names_in(self.term) <= {"∂", *self.operands.values}:
            shapes = {"∂": incoming.shape, **{name: each.numbers.shape for name, each in self.operands.values.items()}}
            rule_text += f"   {to_text(self.term, lambda leaf: self._shape(leaf, shapes))} → {sent.shape}"
            joint = " = "
        if not self.complete:
            return f"{rule_text}{self.result(sent, joint)}{self._arrivals(incoming, sent, elements)}"
        work, total = self.work(incoming), array_of(sent)
        found = self.computed(work, sent)
        most = elements
        if total is None and found is not None:
            total, most = with_recorded_end(found, sent), 1
        if work is None or found is None or total is None:
            return (
                f"{rule_text}{self.result(sent, joint)}{after}{self._not_kept(incoming, sent) if elements > 1 else ''}"
            )
        if not agree(found, total):
            if not np.isfinite(found).all():  # at a pole, where PyTorch has a value of its own
                return f"{rule_text}{self.result(sent, joint)}{after}"
            return (
                f"{rule_text}{after}; sent was {shown(sent)}, not the {_shown_array(found)} that the rule makes of what was "
                "recorded: a hook, or an edit that no version counts, came between"
            )
        places = largest(total, most)
        lined = elements > 1
        if not arranged:
            return rule_text + self._numbers(incoming, work, total, places, joint, after, bool(dims), lined)
        if total.size == 1:
            return rule_text + self._worked(work, total, places, joint, lined)
        return f"{rule_text}{self.result(sent, joint)}{after}{self._worked(work, total, places, '; ', lined)}"

    @property
    def tells(self) -> bool:
        """Whether there is something to tell of one element."""
        return (self.term is not None and self.complete) or moves(self.rule, self.operands) is not None

    def at(self, incoming: Numbers, sent: Numbers, index: tuple[int, ...]) -> str:
        """Why one element is what it is, with its numbers: `∂W[0, 1] = 0.5 · 3 + 2 · −1 = −0.5`.

        Where the rule does not give what was recorded, that is said.
        """
        total, gradient = array_of(sent), array_of(incoming)
        assert total is not None
        here, result = f"∂{self.label}[{', '.join(map(str, index))}]", nums.plain(total[index].item())
        if self.term is None or not self.complete:
            found = moves(self.rule, self.operands)
            if gradient is not None and found is not None and found.explains(gradient, total):
                return found.sentence(index, gradient, self.label)
        else:
            work = self.work(incoming)
            computed = self.computed(work, sent)
            if work is not None and computed is not None:
                places = self.places(work.array().shape, index, total.shape)
                value, size = work.total(places)
                text = work.text(places)
                if near(value, total[index], size):
                    rounded = f" in {sent.dtype}" if total.dtype.itemsize == 2 or sent.dtype == "bfloat16" else ""
                    return f"{here} = {text}" + (f" = {result}{rounded}" if text != result else "")
                return f"{here} = {result}, not the {text} of the rule: a hook, or an edit that no version counts, came between"
        return f"{here} = {result}{self._not_kept(incoming, sent) if self.term is not None else ''}"

    # -- names and shapes -------------------------------------------------------------------------------------------

    def _symbol(self, leaf: Any) -> str:
        if leaf in self.means:
            return f"mean({self._symbol(self.means[leaf])})"
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
        found = re.sub(r"∂(?!\w)", self.operands.labels.get("∂", "∂"), found)
        return re.sub(r"the 1 (\w+) elements", r"the one \1 element", found)

    @staticmethod
    def _moved(incoming: Numbers | None, sent: Numbers | None) -> str:
        """Of what only moves numbers: shapes, where they differ, and the result."""
        if sent is None:
            return ""
        shapes = f"   {incoming.shape} → {sent.shape}" if incoming is not None and incoming.shape != sent.shape else ""
        return shapes + Reason.result(sent, " = ")

    def _arrivals(self, incoming: Numbers | None, sent: Numbers | None, elements: int) -> str:
        """Of what only moves numbers, for some elements what came to them and why."""
        total = None if sent is None else array_of(sent)
        gradient = None if incoming is None else array_of(incoming)
        found = moves(self.rule, self.operands)
        if total is None or gradient is None or found is None or not found.explains(gradient, total):
            return ""
        told = [found.sentence(index, gradient, self.label) for index in largest(total, elements)]
        return "".join(f"\n  {each}" if elements > 1 else f"; {each}" for each in told)

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
        for name, of in self.means.items():
            if of in arrays:
                arrays[name] = np.mean(arrays[of], axis=dims, keepdims=True, dtype=np.float64)
        return arrays

    def _dims(self) -> tuple[int, ...] | None:
        """The dimensions that the op reduced, or goes along; None for all."""
        if "dilation" in self.operands.literals:  # of a convolution: all but the channels
            return (0, *range(2, len(self.operands.values["result"].numbers.shape)))
        told = self.operands.literals.get("dim")
        dims = (told,) if isinstance(told, int) else tuple(told) if isinstance(told, tuple | list) else None
        rank = len(self.operands.values["self"].numbers.shape) if "self" in self.operands.values else 0
        return None if dims is None or not rank else tuple(dim % rank for dim in dims)

    def computed(self, work: Worked | None, sent: Numbers) -> Array | None:
        """What the rule makes of the recorded numbers, in the shape of what was sent; None where some were not kept."""
        return None if work is None else self._fitted(work.array(), sent.shape)

    def work(self, incoming: Numbers) -> Worked | None:
        """The rule with its numbers, computed; None where some were not kept."""
        assert self.term is not None
        try:
            arrays = self._arrays(incoming)
            if arrays is None or names_in(self.term) - set(arrays):
                return None
            through = self._windows(incoming) if "⋆" in signs_in(self.term) else None
            if "⋆" in signs_in(self.term) and through is None:
                return None
            work = Worked(self.term, arrays, self._dims(), through)
            work.array()
        except (ValueError, TypeError, LookupError):  # a rule or an argument from a file, which fits nothing recorded
            return None
        return work

    def _windows(self, incoming: Numbers) -> Windows | None:
        """How the convolution went, where the op is one and its rule is that of one."""
        told = self.operands.literals
        if not isinstance(self.term, Apply) or self.term.sign != "⋆" or told.get("transposed") is not False:
            return None
        image, kernel = (self.operands.values[name].numbers.shape for name in ("input", "weight"))
        how = [tuple(told[name]) for name in ("stride", "padding", "dilation")]
        return windows(image, kernel, incoming.shape, *how, told["groups"])

    def _fitted(self, found: Array, shape: tuple[int, ...]) -> Array | None:
        """What the rule gave, in the shape of the input."""
        if self.spread or fits(found.shape, shape):
            return np.broadcast_to(found, shape)
        if found.size == math.prod(shape):
            return found.reshape(shape)
        return sum_to(found, shape) if fits(shape, found.shape) else None

    def _not_kept(self, incoming: Numbers, sent: Numbers) -> str:
        """Why there is no arithmetic: of which numbers only the range was recorded."""
        assert self.term is not None
        names = names_in(self.term)
        told = {self._symbol(name): each.numbers for name, each in self.operands.values.items() if name in names}
        told |= {"∂": incoming} if "∂" in names else {}
        told |= {f"∂{self.label}": sent}
        lost = {name: each.shape for name, each in told.items() if each.omitted and array_of(each) is None}
        texts = [f"{name} ({math.prod(shape):,} elements)" for name, shape in lost.items()]
        return f"\n  no arithmetic: only the range was recorded of {', '.join(texts)}" if texts else ""

    def _summed(self, shape: tuple[int, ...], target: tuple[int, ...]) -> str:
        """The dimensions over which an element-wise gradient is summed to the shape of its input."""
        assert self.term is not None
        reduces = any(value.numbers.shape != shape for name, value in self.operands.values.items() if name == "result")
        if self.spread or reduces or signs_in(self.term) & ARRANGING or shape == target or not fits(target, shape):
            return ""
        padded = (1,) * (len(shape) - len(target)) + target
        dims = [i for i, (a, b) in enumerate(zip(padded, shape, strict=True)) if a != b or i < len(shape) - len(target)]
        return f"dim{'s' * (len(dims) > 1)} {', '.join(map(str, dims))}"

    def _numbers(
        self,
        incoming: Numbers,
        work: Worked,
        total: Array,
        places: list[tuple[int, ...]],
        joint: str,
        after: str,
        summed: bool,
        lined: bool,
    ) -> str:
        """The arithmetic of a rule that goes element by element: of small vectors at once, else of some elements."""
        arrays = self._arrays(incoming)
        assert self.term is not None
        assert arrays is not None
        if self.term == Constant(0):
            return after
        used = {name: arrays[name] for name in names_in(self.term)}
        tensors = [each for each in used.values() if isinstance(each, np.ndarray)]
        if not summed and all(each.size <= SMALL and each.ndim <= 1 for each in tensors):
            result = work.array()
            if self.spread and result.size == math.prod(incoming.shape):  # without the ones that spreading needs
                used["∂"], result = used["∂"].reshape(incoming.shape), result.reshape(incoming.shape)
            used |= {name: used[name].squeeze() for name in self.means if name in used}
            known = total if result.shape == total.shape else result
            text = self._equation(lambda leaf: _text(used[leaf] if isinstance(leaf, str) else leaf), known, joint)
            return text + after
        if self.term == Name("∂") and not summed:
            return after  # what came, which is told already
        return after + self._worked(work, total, places, joint if total.size == 1 else "; ", lined)

    def _worked(self, work: Worked, total: Array, elements: list[tuple[int, ...]], joint: str, lined: bool) -> str:
        """The arithmetic of some elements, each in a line of its own or behind `joint`; none of what only moved."""
        found: list[str] = []
        for index in elements:
            places = self.places(work.array().shape, index, total.shape)
            value, size = work.total(places)
            text, result = work.text(places), nums.plain(total[index].item())
            if not near(value, total[index], size) or (text == result and total.size > 1):
                continue
            at = "" if total.size == 1 else f"at [{', '.join(map(str, index))}]: "
            found.append(f"{at}{text}" if text == result else f"{at}{text} = {result}")
        if not found:
            return ""
        return ("\n  " if lined and total.size > 1 else joint) + "\n  ".join(found)

    def places(self, shape: tuple[int, ...], index: tuple[int, ...], target: tuple[int, ...]) -> list[tuple[int, ...]]:
        """The places of what the rule gave that make up one element of the gradient."""
        if self.spread or fits(shape, target):
            return [
                tuple(0 if size == 1 else at for at, size in zip(index[len(index) - len(shape) :], shape, strict=True))
            ]
        if math.prod(shape) == math.prod(target):
            place = np.unravel_index(int(np.ravel_multi_index(index, target)), shape) if target else (0,) * len(shape)
            return [tuple(int(at) for at in place)]
        return summed_places(index, target, shape)

    def _equation(self, text_of: Callable[[Any], str], result: Array, joint: str) -> str:
        assert self.term is not None
        text, value = to_text(self.term, text_of), nums.plain_array(result)
        text = f"({text})" if signs_in(self.term) & {"where"} else text
        return f"{joint}{text}" if text == value else f"{joint}{text} = {value}"


def shown(numbers: Numbers) -> str:
    """A gradient as arithmetic writes it, or its shape and summary."""
    array = array_of(numbers)
    if array is None or array.size > MOST_RESULT:
        return f"{nums.shape_text(numbers.shape)} ({nums.summary(numbers)})"
    return nums.plain_array(array) if array.dtype.kind != "c" else nums.one_line(numbers, 36)


def _shown_array(array: Array) -> str:
    return nums.plain_array(array) if array.size <= MOST_RESULT else f"{nums.shape_text(array.shape)} numbers"


def _text(value: Any) -> str:
    return nums.plain_array(value) if isinstance(value, np.ndarray) else nums.plain(value)
