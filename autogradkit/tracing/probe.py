"""The derivative of one op, or of a call of several, measured: (f(x + ε) − f(x − ε)) / 2ε from its recorded inputs.

What a reader asks for in the detail of a node, to compare with what its rule gave. It runs ops again in double precision
(`rerun.py`), where everything else that draws needs a recording only. The widget's Python half calls it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autogradkit.tracing.events import Argument, NodeRan, Numbers, Op, Value
from autogradkit.tracing.notation import rules_in
from autogradkit.tracing.render.graph.structure.model import inputs_of, op_key
from autogradkit.tracing.render.graph.telling.chain import Chain
from autogradkit.tracing.render.graph.telling.operands import Array, array_of
from autogradkit.tracing.render.marks.numbers import plain, plain_array, total
from autogradkit.tracing.rerun import CannotMeasureError, Rerun
from autogradkit.tracing.saved import role_of

STEP = 1e-6  # ε for numbers up to 1; in proportion for larger ones
MOST_ELEMENTS = 64  # of an input that are moved, one after the other
MOST_SHOWN = 6


def measured(op: Op, ran: NodeRan | None, values: Mapping[int, Value], labels: Mapping[int, str]) -> list[list[str]]:
    """Rows (what, text): for each input that has a gradient its measured derivative, and how far the rule's is from it.

    `ran` is the backward of the op that is compared with; without one ∂ is 1 everywhere.
    """
    try:
        step = Rerun(op, values, labels)
        through_view = op.node_name == "CopySlices"
        came = None if through_view else ran
        inputs = [
            _Input(
                argument.value,
                labels[argument.value],
                ((0, next(place for place, each in enumerate(op.inputs) if each is argument)),),
                ran.sent[edge] if ran is not None and edge < len(ran.sent) else None,
            )
            for edge, argument in enumerate(_targets(op))
            if argument is not None and argument.value is not None and values[argument.value].requires_grad
        ]
        weights = dict(zip(op.outputs, _weights(step, came), strict=False))
        return _Probe([step], weights, came is not None).rows(inputs, through_view)
    except CannotMeasureError as reason:
        return [["measured", str(reason)]]


def measured_call(chain: Chain) -> list[list[str]]:
    """The same of a call of several operations, through all of them, compared with its last backward."""
    graph = chain.why.graph
    ops = _moved(chain)
    try:
        steps = [Rerun(op, graph.values, graph.labels) for op in ops]
        within = {value for op in ops for value in inputs_of(op)}
        if chain.results & within:
            raise CannotMeasureError("what the call gives is used by its own steps, too, so it cannot be told apart")
        call = chain.calls[-1] if chain.calls else None
        ran = {} if call is None else chain.ran(call)
        weights: dict[int, Array] = {}
        for step in steps:
            given = dict(zip(step.op.outputs, _weights(step, ran.get(step.op.step)), strict=False))
            zeros = call is not None and step.op.step not in ran
            weights |= {id: np.zeros_like(each) if zeros else each for id, each in given.items() if id in chain.results}
        uses: dict[int, list[tuple[int, int]]] = {}
        made: set[int] = set()
        for place, op in enumerate(ops):
            for number, argument in enumerate(op.inputs):
                if argument.value is not None and argument.value not in made:
                    uses.setdefault(argument.value, []).append((place, number))
            made.update(op.outputs)
        keys = {op_key(op) for op in ops}
        sent: dict[int, list[Numbers]] = {}
        for link in graph.links:
            if link.head in keys:
                sent.setdefault(link.value, []).extend(each.numbers for each in link.grads if each.call == call)
        inputs = [
            _Input(value, graph.labels[value], tuple(places), total(sent[value]) if sent.get(value) else None)
            for value, places in uses.items()
            if graph.values[value].requires_grad
        ]
        return _Probe(steps, weights, call is not None).rows(inputs)
    except CannotMeasureError as reason:
        return [["measured", str(reason)]]


def _moved(chain: Chain) -> list[Op]:
    """The steps of a call that have other results where its inputs are moved: not those that make something of numbers alone, as
    the angles of a rotation."""
    values = chain.why.graph.values
    moved = {value for op in chain.ops for value in inputs_of(op) if values[value].requires_grad}
    found: list[Op] = []
    for op in chain.ops:
        if not moved.isdisjoint(inputs_of(op)):
            found.append(op)
            moved.update(op.outputs)
    return found


@dataclass(frozen=True, slots=True)
class _Input:
    """What is moved: a value, where it is used (the step's number, the argument's), and the gradient to compare with."""

    value: int
    label: str
    uses: tuple[tuple[int, int], ...]
    sent: Numbers | None


@dataclass(frozen=True, slots=True)
class _Slope:
    """The derivative at one element: central, from the right and from the left, and whether the two differ for good."""

    central: float
    right: float
    left: float
    kink: bool


class _Probe:
    """Steps that are run again with one element moved. `weights` are ∂ for what they come to."""

    def __init__(self, steps: Sequence[Rerun], weights: Mapping[int, Array], ran: bool) -> None:
        self.steps = steps
        self.weights = weights
        self.times = " · ∂ =" if ran else " with ∂ = 1:"
        self.before = self._run({})

    def rows(self, inputs: list[_Input], through_view: bool = False) -> list[list[str]]:
        """The rows for all inputs."""
        if not inputs:
            raise CannotMeasureError("no input requires grad, so there is nothing to compare")
        return [["measured", "\n".join(self._lines(each, through_view))] for each in inputs]

    def _lines(self, moved: _Input, through_view: bool) -> list[str]:
        label = moved.label
        array = self._array(moved)
        if array.dtype.kind != "f":
            return [f"∂{label}: {label} holds {array.dtype.name}: it cannot be moved by a small ε"]
        places = list(np.ndindex(array.shape))[:MOST_ELEMENTS]
        slopes = [self._slope(moved, place) for place in places]
        if not slopes:
            return [f"∂{label} is empty"]
        central = np.array([slope.central for slope in slopes])
        lines = [
            f"∂{label} = (f({label} + ε) − f({label} − ε)) / 2ε{self.times} {_format_result(central, array.shape)}"
        ]
        if len(slopes) < array.size:
            lines[0] += f"   (the first {len(slopes)} of {array.size} elements)"
        if through_view:
            lines.append("the node's own gradient is that of the whole tensor behind the view, so it is not compared")
        elif moved.sent is None:
            lines.append("no backward ran through it, so there is no gradient to compare with")
        else:
            lines += _compared(central, [slope.kink for slope in slopes], moved.sent)
        for place, slope in zip(places, slopes, strict=True):
            if slope.kink:
                at = f" at {list(place)}" if place else ""
                lines.append(
                    f"a kink{at}: the slope is {plain(slope.right)} to the right and {plain(slope.left)} to the left, so there "
                    "is no derivative; the rule chooses one of them or between"
                )
                break
        return lines

    def _array(self, moved: _Input) -> Array:
        return self.steps[moved.uses[0][0]].arrays[moved.value]

    def _run(self, moved: Mapping[tuple[int, int], Array]) -> dict[int, Array]:
        """What all steps come to, one after the other, by their values; `moved` has other numbers for some uses of an input."""
        found: dict[int, Array] = {}
        for place, step in enumerate(self.steps):
            given = {number: found[each.value] for number, each in enumerate(step.op.inputs) if each.value in found}
            given |= {number: array for (at, number), array in moved.items() if at == place}
            results = step.run(given)
            if len(self.steps) > 1 and any(each.dtype in (np.float32, np.float16) for each in results):
                raise CannotMeasureError(
                    f"{step.op.label} gives {results[0].dtype} whatever it is given: too few digits"
                )
            found |= zip(step.op.outputs, results, strict=False)
        return found

    def _slope(self, moved: _Input, place: tuple[int, ...]) -> _Slope:
        size = STEP * max(1.0, abs(float(self._array(moved)[place])))
        right, left = self._sides(moved, place, size)
        kink = False
        if abs(right - left) > 1e-3 * (1 + abs(right) + abs(left)):
            closer, other = self._sides(moved, place, size / 100)
            kink = abs(closer - other) > 0.5 * abs(right - left)  # of a smooth bend it would shrink with ε
        return _Slope((right + left) / 2, right, left, kink)

    def _sides(self, moved: _Input, place: tuple[int, ...], size: float) -> tuple[float, float]:
        """The slopes to the right and to the left, times ∂."""
        slopes: list[float] = []
        for step in (size, -size):
            array = np.array(self._array(moved))  # in the same layout
            array[place] += step
            after = self._run(dict.fromkeys(moved.uses, array))
            exact = array[place] - self._array(moved)[place]  # what ε came to
            risen = (float((weight * (after[id] - self.before[id])).sum()) for id, weight in self.weights.items())
            slopes.append(sum(risen) / float(exact))
        return slopes[0], slopes[1]


def _targets(op: Op) -> list[Argument | None]:
    """The argument behind each edge of an op's node, in their order."""
    roles: dict[str, list[Argument]] = {}
    for argument in op.inputs:
        roles.setdefault(role_of(argument, op.facts.parameters) or "", []).append(argument)
    rules = rules_in(op.facts.rule)
    if len(rules) == 1:  # perhaps a list of tensors
        return [*roles.get(rules[0].parameter, [])]
    return [(roles.get(rule.parameter) or [None])[0] for rule in rules]


def _weights(step: Rerun, ran: NodeRan | None) -> list[Array]:
    """∂ for each result, of what has a gradient; 1 where none ran."""
    if ran is None:
        return [np.ones(each.shape) if each.dtype.kind == "f" else np.zeros(each.shape) for each in step.before]
    found: list[Array] = []
    recorded = list(range(len(step.before))[step.overload.differentiable_outputs])
    for number, result in enumerate(step.before):
        place = recorded.index(number) if number in recorded else len(ran.received)
        numbers = ran.received[place] if place < len(ran.received) else None
        array = np.zeros(result.shape) if numbers is None else array_of(numbers)
        if array is None:
            raise CannotMeasureError("only a summary of the gradient that came was recorded")
        found.append(array.astype(np.float64))
    return found


def _compared(central: Array, kinks: list[bool], sent: Numbers) -> list[str]:
    """What the rule gave, and how far it is from what was measured where there is a derivative."""
    array = array_of(sent)
    if array is None:
        return ["only a summary of the rule's gradient was recorded"]
    rule = array.reshape(-1)[: len(central)].astype(np.float64)
    told = f"the rule gave {_format_result(rule, array.shape)}"
    smooth = ~np.array(kinks)
    if not smooth.any():
        return [told]
    apart = float(np.abs(rule - central)[smooth].max())
    size = max(float(np.abs(rule[smooth]).max()), 1.0)
    near = apart <= max(100 * float(np.finfo(array.dtype).eps), 1e-6) * size
    where = "" if smooth.all() else " away from the kink"
    why = "rounding explains it" if near else "rounding does not explain it"
    return [f"{told}: " + (f"{plain(apart)} apart at most{where}, {why}" if apart else f"no difference{where}")]


def _format_result(found: Array, shape: tuple[int, ...]) -> str:
    whole = found.reshape(shape) if found.size == int(np.prod(shape)) else found
    if found.size <= MOST_SHOWN:
        return plain_array(whole)
    return f"[{', '.join(map(plain, found[:MOST_SHOWN].tolist()))}, …]"
