"""One op run again, in double precision, on what was recorded of it or on numbers that were moved.

It rests on the declared ops, where everything else that draws needs a recording only. `probe.py` measures derivatives with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autogradkit._ops.declare import SETS
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.signature import REQUIRED
from autogradkit._ops.declare.unloaded import load_all
from autogradkit._ops.making.options import channels_last, channels_last_3d, contiguous_format, preserve_format
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.modes import no_grad
from autogradkit.tracing.calls import facts_of
from autogradkit.tracing.events import Argument, Op, Value
from autogradkit.tracing.render.graph.telling.operands import Array, array_of, literal

_FORMATS = {repr(each): each for each in (contiguous_format, preserve_format, channels_last, channels_last_3d)}


class CannotMeasureError(Exception):
    """Why there is nothing to measure, as a sentence."""


class Rerun:
    """An op that gives what was recorded when it is run on what was recorded. Else it raises CannotMeasureError."""

    def __init__(self, op: Op, values: Mapping[int, Value], labels: Mapping[int, str]) -> None:
        if op.kind == "random":
            raise CannotMeasureError(f"{op.label} draws other numbers each time it runs, so differences say nothing")
        self.op, self.values, self.labels = op, values, labels
        self.arrays = {
            argument.value: self._double(argument.value) for argument in op.inputs if argument.value is not None
        }
        self.overload, self.before = self._matching_overload()

    def _matching_overload(self) -> tuple[Overload, list[Array]]:
        """The form of the op that gives what was recorded, and what it gives in double precision."""
        load_all()  # the trace may be a file's
        bare = self.op.name.removesuffix("_") if self.op.kind == "inplace" else self.op.name
        forms = [
            each
            for owner in SETS
            for each in owner.overloads
            if each.name == bare and facts_of(each, self.op.inputs) == self.op.facts
        ]
        reason = CannotMeasureError(f"{self.op.label} is no op of its own with a rule: there is nothing to run again")
        for self.overload in (each for each in forms if each.formulas):
            if self.overload.unmeasured:
                raise CannotMeasureError(f"{self.op.label} {self.overload.unmeasured}")
            try:
                results = self.run({})
                self._require_same(results)
            except CannotMeasureError as told:
                reason = told
            else:
                return self.overload, results
        raise reason

    def _require_same(self, results: list[Array]) -> None:
        for output, found in zip(self.op.outputs, results, strict=False):
            told = array_of(self.values[output].numbers)
            if told is None:
                raise CannotMeasureError(f"only a summary of {self.labels[output]} was recorded")
            if found.dtype.kind == "c":
                raise CannotMeasureError(f"{self.labels[output]} is complex: it would move in two directions")
            if told.shape != found.shape or not np.allclose(told, found, rtol=1e-3, atol=1e-5, equal_nan=True):
                raise CannotMeasureError(f"run again on what was recorded, {self.op.label} gives something else")

    def _double(self, value: int) -> Array:
        numbers = self.values[value].numbers
        array = array_of(numbers)
        if array is None:
            raise CannotMeasureError(
                f"only a summary of {self.labels[value]} was recorded ({numbers.omitted:,} elements are too many)"
            )
        if array.dtype.kind == "c":
            raise CannotMeasureError(f"{self.labels[value]} is complex: it would have to be moved in two directions")
        return _laid_out(array.astype(np.float64) if array.dtype.kind == "f" else array, self.values[value].stride)

    def run(self, moved: Mapping[int, Array]) -> list[Array]:
        """The results on the recorded inputs; `moved` has other arrays for arguments, by their place among those of the op."""
        args: list[Any] = []
        named: dict[str, Any] = {}
        groups: dict[tuple[int | None, str | None], list[Any]] = {}
        for number, argument in enumerate(self.op.inputs):
            groups.setdefault((argument.place, argument.name), []).append(self._argument_value(argument, number, moved))
        for (place, name), given in groups.items():
            value = given if len(given) > 1 or self._takes_list(place, name) else given[0]
            if name is not None:
                named[name] = value
            elif place is not None:
                args += [None] * (place + 1 - len(args))
                args[place] = value
        with no_grad(), np.errstate(all="ignore"):
            try:
                result = self.overload.run(self._bound(args, named))
            except (TypeError, ValueError, RuntimeError, IndexError) as error:
                raise CannotMeasureError(
                    f"{self.op.label} cannot be run again from what was recorded: {error}"
                ) from None
        results = result if isinstance(result, tuple | list) else (result,)
        return [np.array(each.numpy(force=True)) for each in results if isinstance(each, Tensor)]

    def _argument_value(self, argument: Argument, number: int, moved: Mapping[int, Array]) -> Any:
        if argument.value is not None:
            return wrap(np.array(moved.get(number, self.arrays[argument.value])))
        if argument.text in _FORMATS:
            return _FORMATS[argument.text]
        try:
            return literal(argument.text)
        except ValueError:
            raise CannotMeasureError(f"its argument {argument.text} was recorded as text only") from None

    def _takes_list(self, place: int | None, name: str | None) -> bool:
        parameters = self.overload.parameters
        at = self.overload.index.get(name, -1) if name is not None else place if place is not None else -1
        return 0 <= at < len(parameters) and parameters[at].spelled in ("Arrays", "OptionalArrays")

    def _bound(self, args: list[Any], named: dict[str, Any]) -> list[Any]:
        """The arguments in the order of the op's parameters, as a call of it binds them."""
        if self.op.facts.spread and len(args) > 2:  # x.view(2, 3)
            args = [args[0], tuple(args[1:])]
        # A formula gives by its place what a call gives by its name; and no None was recorded.
        parameters, positional = self.overload.parameters, self.overload.positional
        named = {
            **{p.public: value for p, value in zip(parameters[positional:], args[positional:], strict=False)},
            **named,
        }
        args = args[:positional]
        for p in parameters[len(args) :]:
            if p.optional and p.default is REQUIRED:
                named.setdefault(p.public, None)
        signature = self.overload.method_signature
        if signature is None or self.overload.self_at != 0 or not args:
            return self.overload.signature.match(args, named, True)[: len(self.overload.parameters)]
        return [args[0], *signature.match(args[1:], named, True)]


def _laid_out(array: Array, strides: tuple[int, ...]) -> Array:
    """An array whose dimensions lie in memory in the order of these strides."""
    if len(strides) != array.ndim:  # a sparse tensor has none
        return array
    order = sorted(range(array.ndim), key=lambda dim: -strides[dim])
    return np.array(array.transpose(order), order="C").transpose(np.argsort(order))
