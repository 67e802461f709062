"""A formula of arrays as steps in place: what it computes is noted once, then done part by part in a few small arrays.

Rests on NumPy, core.steps, core.parts and `kernels`; `formula` takes the steps. Computed as it stands, each operation of a
formula makes an array of its own, and what comes out is copied where it belongs. Here the operations are the same and in the same
order, so that every number is the same, but they share a few arrays, the last operation of a result writes where it belongs, and
one part goes through all of them before the next one begins: of a million elements that takes a third of the time.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from autogradkit.core.parts import in_parts
from autogradkit.core.steps import Step
from autogradkit.optim.kernels import Array, cut

Formula = Callable[[Any, Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]

_OUT_BY_NAME = (np.maximum, np.minimum)


class _Value(NDArrayOperatorsMixin):
    """A number or an array that is not known yet; what NumPy is asked to do with it is noted."""

    def __init__(self, notes: _Notes) -> None:
        self.notes = notes
        self.number = next(notes.numbers)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any) -> _Value:
        return self.notes.note(ufunc, inputs)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Sequence[Any], kwargs: Any) -> _Value:
        return self.notes.note(None, args) if function is np.where else NotImplemented


class _Notes:
    """The operations of a formula, in their order: a ufunc, or None for `numpy.where`, and numbers of operands and result."""

    def __init__(self) -> None:
        self.numbers = itertools.count()
        self.operations: list[tuple[np.ufunc | None, list[int], int]] = []
        self.constants: dict[int, Any] = {}

    def note(self, ufunc: np.ufunc | None, inputs: Sequence[Any]) -> _Value:
        operands = [each.number if isinstance(each, _Value) else self._constant(each) for each in inputs]
        result = _Value(self)
        self.operations.append((ufunc, operands, result.number))
        return result

    def _constant(self, given: Any) -> int:
        number = _Value(self).number
        self.constants[number] = given
        return number


class _Places:
    """Where each value is: what is given in places of its own, what is made where it belongs or in a place to work in."""

    def __init__(self, given: Iterable[int]) -> None:
        self.of = {number: place for place, number in enumerate(given)}
        self.first = len(self.of)  # of those to work in
        self.truths: list[bool] = []  # whether these hold truth values, in their order
        self._free: list[int] = []

    def take(self, number: int, truth: bool) -> None:
        """A place to work in for a value."""
        for place in self._free:
            if self.truths[place - self.first] is truth:
                self._free.remove(place)
                break
        else:
            place = self.first + len(self.truths)
            self.truths.append(truth)
        self.of[number] = place

    def release(self, numbers: Iterable[int]) -> None:
        """Values that nothing reads any more."""
        self._free += {self.of[number] for number in numbers if self.of[number] >= self.first}


class Program:
    """The operations of a formula of `arrays` and `numbers`, by their names; the formula returns what becomes of some arrays."""

    def __init__(self, formula: Formula, arrays: Sequence[str], numbers: Sequence[str]) -> None:
        notes = _Notes()
        of = {name: _Value(notes) for name in arrays}
        given = {name: _Value(notes) for name in numbers}
        results = {name: value.number for name, value in formula(np, of, given).items()}
        self._constants = list(notes.constants.values())
        places = _Places([value.number for value in (*of.values(), *given.values())] + list(notes.constants))
        last_read: dict[int, int] = {}
        for time, (_, operands, _) in enumerate(notes.operations):
            last_read |= dict.fromkeys(operands, time)
        last_read |= dict.fromkeys(results.values(), len(notes.operations))
        belongs = {result: of[name].number for name, result in results.items()}  # of which array it is what becomes
        lines: list[tuple[np.ufunc | None, list[int]]] = []
        for time, (ufunc, operands, result) in enumerate(notes.operations):
            read = [places.of[number] for number in operands]
            over = {number for number in operands if last_read[number] == time}
            own = belongs.get(result)
            if ufunc is None:  # two operations, the first of which must not write what the second reads
                places.take(result, False)
                places.release(over)
            elif own is not None and last_read.get(own, -1) <= time:  # nothing reads any more what it writes over
                places.of[result] = places.of[own]
                places.release(over)
            else:
                places.release(over)
                places.take(result, _tells_truth(ufunc))
            lines.append((ufunc, [*read, places.of[result]]))
        for name, result in results.items():
            if places.of[result] != places.of[of[name].number]:
                lines.append((np.positive, [places.of[result], places.of[of[name].number]]))
        self._lines = [(ufunc, itemgetter(*operands)) for ufunc, operands in lines]
        self._truths = places.truths

    def steps(self, arrays: Sequence[Array], numbers: Iterable[Any]) -> list[Step]:
        """The steps that write the results into `arrays`, which have one shape and dtype, with these `numbers`."""
        known = [*numbers, *self._constants]
        work: list[Array] = []
        steps: list[Step] = []
        for part in in_parts(*arrays):
            if not work:
                work = [np.empty_like(part[0], bool if truth else None) for truth in self._truths]
            places = [*part, *known, *(cut(each, part[0]) for each in work)]
            for ufunc, get in self._lines:
                if ufunc is None or ufunc in _OUT_BY_NAME:
                    steps += _by_name(ufunc, *get(places))
                else:
                    steps.append((ufunc, *get(places)))
        return steps


def _by_name(ufunc: np.ufunc | None, *operands: Array) -> list[Step]:
    """The steps of `numpy.where`, or of a ufunc that NumPy does not want its result handed to by place."""
    if ufunc is not None:
        return [(partial(ufunc, *operands[:-1], out=operands[-1]),)]
    condition, chosen, other, result = operands
    return [(np.positive, other, result), (partial(np.positive, chosen, out=result, where=condition),)]


def _tells_truth(ufunc: np.ufunc) -> bool:
    """Whether a ufunc makes truth values of numbers."""
    return next(kinds for kinds in ufunc.types if kinds[0] == "f")[-1] == "?"
