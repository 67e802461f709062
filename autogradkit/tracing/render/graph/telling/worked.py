"""One element of a gradient, worked out: what its rule adds up there, term by term, from the recorded numbers.

A term of the notation is narrowed to one place: each name becomes the number there, a product of matrices, a Σ or a
convolution the summands that end there. Rests on the notation and `windows.py`; `reason.py` prints it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autogradkit.tracing.notation import Apply, Constant, Name, Term, to_text, value_of_term
from autogradkit.tracing.render.graph.telling.windows import Windows
from autogradkit.tracing.render.marks import numbers as nums

MOST_TERMS = 3  # summands that are written out
MOST_FACTORS = 4
_SUMS = frozenset({"@", "Σ", "⋆", "onward"})
FACTORS = {"∂": "output", "input": "input", "weight": "weight"}  # of a convolution, by the names in its rule

Index = tuple[int, ...]
Array = np.ndarray[Any, Any]


class Worked:
    """A rule with its numbers. `over` are the dimensions that Σ and its like go over."""

    def __init__(
        self, term: Term, arrays: Mapping[str, Any], over: tuple[int, ...] | None, windows: Windows | None = None
    ) -> None:
        self.term = term
        self.over = over
        self._arrays = arrays
        self._windows = windows
        self._known: dict[Term, Array] = {}

    def array(self, term: Term | None = None) -> Array:
        """What the rule, or a part of it, comes to. Raises KeyError where a number was not kept."""
        term = self.term if term is None else term
        found = self._known.get(term)
        if found is None:
            found = self._known[term] = self._computed(term)
        return found

    def _computed(self, term: Term) -> Array:
        if isinstance(term, Apply) and term.sign == "⋆":
            wanted, one, other = self._factors(term)
            return self._through(term).gradient(wanted, one, other)
        if isinstance(term, Apply) and any(isinstance(part, Apply) and part.sign == "⋆" for part in term.parts):
            raise KeyError("⋆")
        with np.errstate(all="ignore"):
            return np.asarray(value_of_term(term, self._arrays, self.over))

    def text(self, places: list[Index]) -> str:
        """The sum of what the rule gives at some places (of its own shape), with its numbers."""
        found = self._summands_at(places)
        shown = found
        if len(found) > MOST_TERMS + 1:  # the largest, in their order
            sizes = np.array([value_of_term(each, {}) for each in found])
            shown = [found[at] for (at,) in largest(sizes, MOST_TERMS)]
        texts = [_ready(each) for each in shown]
        if len(found) > len(shown):
            texts.append(f"… + {len(found) - len(shown):,} more terms")
        return " + ".join(texts).replace("+ −", "− ")

    def total(self, places: list[Index]) -> tuple[Any, float]:
        """What the sum comes to, and the size of its summands, which tells how exact it is."""
        with np.errstate(all="ignore"):
            values = [value_of_term(each, {}) for each in self._summands_at(places)]
            return sum(values), float(sum(abs(each) for each in values))

    def _summands_at(self, places: list[Index]) -> list[Term]:
        return [each for place in places for each in self.summands(self.term, place)]

    # -- narrowing --------------------------------------------------------------------------------------------------

    def summands(self, term: Term, index: Index) -> list[Term]:
        """What is added up at one place of a term's array, as terms of numbers; one where nothing is."""
        if not isinstance(term, Apply) or term.sign not in _SUMS:
            return [self.at(term, index)]
        index = _within(index, self.array(term).shape)
        match term.sign, term.parts:
            case "@", [left, right]:
                return self._product(left, right, index)
            case "⋆", _:
                wanted, one, other = self._factors(term)
                pairs = self._through(term).pairs(wanted, index, one, other)
                return [Apply("·", (Constant(a), Constant(b))) for a, b in pairs]
            case "onward", [part]:
                shape = self.array(part).shape
                [dim] = self.over or (0,)
                rest = (
                    [(*index[:dim], at, *index[dim + 1 :]) for at in range(index[dim], shape[dim])] if shape else [()]
                )
                return [self.at(part, place) for place in rest]
        [part] = term.parts
        shape = self.array(part).shape
        summed = range(len(shape)) if self.over is None else self.over
        ranges = [range(size) if dim in summed else (index[dim],) for dim, size in enumerate(shape)]
        return [self.at(part, place) for place in itertools.product(*ranges)]

    def at(self, term: Term, index: Index) -> Term:
        """A term of numbers for one place; a sum of many, or what only looks a number up, is its number."""
        if isinstance(term, Constant):
            return term
        array = self.array(term)
        index = _within(index, array.shape)
        if isinstance(term, Name):
            return _number(array[index])
        if term.sign in _SUMS:
            found = self.summands(term, index)
            return _number(array[index]) if len(found) > MOST_TERMS else _joined("+", found)
        match term.sign, term.parts:
            case "ᵀ", [part]:
                return self.at(part, (*index[:-2], *index[:-3:-1]) if array.ndim > 1 else index)
            case "⊗", [left, right]:
                split = self.array(left).ndim
                return Apply("·", (self.at(left, index[:split]), self.at(right, index[split:])))
            case "others", [part]:
                return self._others(part, index) or _number(array[index])
            case "tril" | "triu", _:
                return _number(array[index])
        return Apply(term.sign, tuple(self.at(part, index) for part in term.parts))

    def _product(self, left: Term, right: Term, index: Index) -> list[Term]:
        one, other = self.array(left), self.array(right)
        rest = list(index)
        column = (rest.pop(),) if other.ndim > 1 else ()
        row = (rest.pop(),) if one.ndim > 1 else ()
        first, second = (_within(tuple(rest), each.shape[:-2]) for each in (one, other))
        return [
            Apply("·", (self.at(left, (*first, *row, k)), self.at(right, (*second, k, *column))))
            for k in range(one.shape[-1])
        ]

    def _others(self, part: Term, index: Index) -> Term | None:
        shape = self.array(part).shape
        along = range(len(shape)) if self.over is None else self.over
        ranges = [range(size) if dim in along else (index[dim],) for dim, size in enumerate(shape)]
        places = [place for place in itertools.product(*ranges) if place != index]
        return _joined("·", [self.at(part, place) for place in places]) if 0 < len(places) <= MOST_FACTORS else None

    def _through(self, term: Apply) -> Windows:
        if self._windows is None:
            raise KeyError(term.sign)
        return self._windows

    def _factors(self, term: Apply) -> tuple[str, tuple[str, Any], tuple[str, Any]]:
        """The role whose gradient a ⋆ is, and the roles and numbers of what it is made of."""
        names = [part.name for part in term.parts if isinstance(part, Name) and part.name in FACTORS]
        if len(names) != 2:
            raise KeyError(term.sign)
        one, other = ((FACTORS[name], self._arrays[name]) for name in names)
        [wanted] = {"input", "weight", "output"} - {one[0], other[0]}
        return wanted, one, other


def _ready(term: Term) -> str:
    """A term as a summand, or to be followed by what it comes to."""
    text = to_text(term, nums.plain)
    return f"({text})" if isinstance(term, Apply) and term.sign == "where" else text


def _number(value: Any) -> Constant:
    return Constant(np.asarray(value).item())


def _joined(sign: str, terms: list[Term]) -> Term:
    found: Term = terms[0] if terms else Constant(0)
    for each in terms[1:]:
        found = Apply(sign, (found, each))
    return found


def _within(index: Index, shape: tuple[int, ...]) -> Index:
    """The place in an array of `shape` that is broadcast to `index`."""
    return tuple(0 if size == 1 else at for at, size in zip(index[len(index) - len(shape) :], shape, strict=True))


def largest(array: Array, count: int) -> list[Index]:
    """The places of the largest elements, what is not finite first, in the order of the array.

    >>> largest(np.array([[1.0, -3.0], [2.0, 0.0]]), 2)
    [(0, 1), (1, 0)]
    """
    with np.errstate(all="ignore"):
        sizes = np.abs(array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)).reshape(-1)
    order = np.argsort(-np.where(np.isfinite(sizes), sizes, math.inf), kind="stable")[:count]
    return [tuple(int(at) for at in np.unravel_index(place, array.shape)) for place in sorted(order.tolist())]
