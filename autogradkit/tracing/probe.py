"""The derivative of one op, measured: (f(x + ε) − f(x − ε)) / 2ε from its recorded inputs, in double precision.

What a reader asks for in the detail of a node, to compare with what its rule gave. It runs the op again, so it rests on the
declared ops, where everything else that draws needs a recording only. The widget's Python half calls it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autogradkit._ops.declare import SETS
from autogradkit._ops.declare.names import load_all
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.signature import REQUIRED
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.modes import no_grad
from autogradkit.tracing.calls import facts_of
from autogradkit.tracing.events import Argument, NodeRan, Numbers, Op, Value
from autogradkit.tracing.notation import rules_in
from autogradkit.tracing.render.graph.telling.operands import Array, array_of, literal
from autogradkit.tracing.render.marks.numbers import plain, plain_array
from autogradkit.tracing.saved import role_of

STEP = 1e-6  # ε for numbers up to 1; in proportion for larger ones
MOST_ELEMENTS = 64  # of an input that are moved, one after the other
MOST_SHOWN = 6


class CannotMeasureError(Exception):
    """Why there is nothing to measure, as a sentence."""


def measured(op: Op, ran: NodeRan | None, values: Mapping[int, Value], labels: Mapping[int, str]) -> list[list[str]]:
    """Rows (what, text): for each input that has a gradient its measured derivative, and how far the rule's is from it.

    `ran` is the backward of the op that is compared with; without one ∂ is 1 everywhere.
    """
    try:
        return _Probe(op, ran, values, labels).rows()
    except CannotMeasureError as reason:
        return [["measured", str(reason)]]


@dataclass(frozen=True, slots=True)
class _Slope:
    """The derivative at one element: central, from the right and from the left, and whether the two differ for good."""

    central: float
    right: float
    left: float
    kink: bool


class _Probe:
    def __init__(self, op: Op, ran: NodeRan | None, values: Mapping[int, Value], labels: Mapping[int, str]) -> None:
        if op.kind == "random":
            raise CannotMeasureError(f"{op.label} draws other numbers each time it runs, so differences say nothing")
        self.op, self.ran, self.values, self.labels = op, ran, values, labels
        self.arrays = {
            argument.value: self._double(argument.value) for argument in op.inputs if argument.value is not None
        }
        self.overload, self.before = self._found()
        self.weights = self._weights(self.before)

    def rows(self) -> list[list[str]]:
        """The rows for all inputs."""
        found: list[list[str]] = []
        for edge, argument in enumerate(self._targets()):
            if argument is not None and argument.value is not None and self.values[argument.value].requires_grad:
                found.append(self._row(argument, edge))
        if not found:
            raise CannotMeasureError("no input requires grad, so there is nothing to compare")
        return found

    def _targets(self) -> list[Argument | None]:
        """The argument behind each edge of the node, in their order."""
        roles: dict[str, list[Argument]] = {}
        for argument in self.op.inputs:
            roles.setdefault(role_of(argument, self.op.facts.parameters) or "", []).append(argument)
        rules = rules_in(self.op.facts.rule)
        if len(rules) == 1:  # perhaps a list of tensors
            return [*roles.get(rules[0].parameter, [])]
        return [(roles.get(rule.parameter) or [None])[0] for rule in rules]

    def _row(self, argument: Argument, edge: int) -> list[str]:
        assert argument.value is not None
        label = self.labels[argument.value]
        array = self.arrays[argument.value]
        what = "measured"
        if array.dtype.kind != "f":
            return [what, f"∂{label}: {label} holds {array.dtype.name}: it cannot be moved by a small ε"]
        places = list(np.ndindex(array.shape))[:MOST_ELEMENTS]
        slopes = [self._slope(argument, place) for place in places]
        if not slopes:
            return [what, f"∂{label} is empty"]
        central = np.array([slope.central for slope in slopes])
        lines = [f"∂{label} = (f({label} + ε) − f({label} − ε)) / 2ε{self._times()} {_shown(central, array.shape)}"]
        if len(slopes) < array.size:
            lines[0] += f"   (the first {len(slopes)} of {array.size} elements)"
        sent = None if self.ran is None or edge >= len(self.ran.sent) else self.ran.sent[edge]
        if self.op.node_name == "CopySlices":
            lines.append("the node's own gradient is that of the whole tensor behind the view, so it is not compared")
        elif sent is None:
            lines.append("no backward ran through it, so there is no gradient to compare with")
        else:
            lines += _compared(central, [slope.kink for slope in slopes], sent)
        for place, slope in zip(places, slopes, strict=True):
            if slope.kink:
                at = f" at {list(place)}" if place else ""
                lines.append(
                    f"a kink{at}: the slope is {plain(slope.right)} to the right and {plain(slope.left)} to the left, so there "
                    "is no derivative; the rule chooses one of them or between"
                )
                break
        return [what, "\n".join(lines)]

    def _times(self) -> str:
        return " with ∂ = 1:" if self.ran is None or self.op.node_name == "CopySlices" else " · ∂ ="

    # -- finding the op and running it ------------------------------------------------------------------------------

    def _found(self) -> tuple[Overload, list[Array]]:
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
                results = self._run({})
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
        return array.astype(np.float64) if array.dtype.kind == "f" else array

    def _run(self, moved: Mapping[int, Array]) -> list[Array]:
        """The results on the recorded inputs; `moved` has other arrays for arguments, by their number."""
        args: list[Any] = []
        named: dict[str, Any] = {}
        groups: dict[tuple[int | None, str | None], list[Any]] = {}
        for number, argument in enumerate(self.op.inputs):
            groups.setdefault((argument.place, argument.name), []).append(self._given(argument, number, moved))
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

    def _given(self, argument: Argument, number: int, moved: Mapping[int, Array]) -> Any:
        if argument.value is not None:
            return wrap(np.array(moved.get(number, self.arrays[argument.value])))
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

    # -- measuring --------------------------------------------------------------------------------------------------

    def _weights(self, results: list[Array]) -> list[Array]:
        """∂ for each result, of what has a gradient."""
        if self.ran is None:
            return [np.ones(each.shape) if each.dtype.kind == "f" else np.zeros(each.shape) for each in results]
        if self.op.node_name == "CopySlices":
            return [np.ones(each.shape) for each in results]
        found: list[Array] = []
        recorded = list(range(len(results))[self.overload.differentiable_outputs])
        for number, result in enumerate(results):
            place = recorded.index(number) if number in recorded else len(self.ran.received)
            numbers = self.ran.received[place] if place < len(self.ran.received) else None
            array = np.zeros(result.shape) if numbers is None else array_of(numbers)
            if array is None:
                raise CannotMeasureError("only a summary of the gradient that came was recorded")
            found.append(array.astype(np.float64))
        return found

    def _slope(self, argument: Argument, place: tuple[int, ...]) -> _Slope:
        assert argument.value is not None
        size = STEP * max(1.0, abs(float(self.arrays[argument.value][place])))
        right, left = self._sides(argument, place, size)
        kink = False
        if abs(right - left) > 1e-3 * (1 + abs(right) + abs(left)):
            closer, other = self._sides(argument, place, size / 100)
            kink = abs(closer - other) > 0.5 * abs(right - left)  # of a smooth bend it would shrink with ε
        return _Slope((right + left) / 2, right, left, kink)

    def _sides(self, argument: Argument, place: tuple[int, ...], size: float) -> tuple[float, float]:
        """The slopes to the right and to the left, times ∂."""
        number = next(i for i, each in enumerate(self.op.inputs) if each is argument)
        assert argument.value is not None
        slopes: list[float] = []
        for step in (size, -size):
            array = self.arrays[argument.value].copy()
            array[place] += step
            after = self._run({number: array})
            exact = array[place] - self.arrays[argument.value][place]  # what ε came to
            pairs = zip(after, self.before, self.weights, strict=True)
            slopes.append(sum(float((weight * (now - was)).sum()) for now, was, weight in pairs) / float(exact))
        return slopes[0], slopes[1]


def _compared(central: Array, kinks: list[bool], sent: Numbers) -> list[str]:
    """What the rule gave, and how far it is from what was measured where there is a derivative."""
    array = array_of(sent)
    if array is None:
        return ["only a summary of the rule's gradient was recorded"]
    rule = array.reshape(-1)[: len(central)].astype(np.float64)
    told = f"the rule gave {_shown(rule, array.shape)}"
    smooth = ~np.array(kinks)
    if not smooth.any():
        return [told]
    apart = float(np.abs(rule - central)[smooth].max())
    size = max(float(np.abs(rule[smooth]).max()), 1.0)
    near = apart <= max(100 * float(np.finfo(array.dtype).eps), 1e-6) * size
    where = "" if smooth.all() else " away from the kink"
    why = "rounding explains it" if near else "rounding does not explain it"
    return [f"{told}: " + (f"{plain(apart)} apart at most{where}, {why}" if apart else f"no difference{where}")]


def _shown(found: Array, shape: tuple[int, ...]) -> str:
    whole = found.reshape(shape) if found.size == int(np.prod(shape)) else found
    if found.size <= MOST_SHOWN:
        return plain_array(whole)
    return f"[{', '.join(map(plain, found[:MOST_SHOWN].tolist()))}, …]"
