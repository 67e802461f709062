"""Of an op that only moves numbers, where each element of its result came from: which one an index picked, or won a window.

The rule of such an op stands in words, "∂ added at the index along dim". What they mean is found from the recorded operands, so
that the gradient of one element is a sum of numbers: of the ∂ of all that came from it. Rests on NumPy and `operands.py`;
`reason.py` tells it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from autogradkit.tracing.notation import Name, Rule
from autogradkit.tracing.render.graph.telling.agreement import agree
from autogradkit.tracing.render.graph.telling.operands import Array, Operands
from autogradkit.tracing.render.graph.telling.windows import added_up
from autogradkit.tracing.render.graph.telling.worked import MOST_TERMS
from autogradkit.tracing.render.marks import numbers as nums

MOST_MOVED = 2_000_000  # elements whose places are listed

Index = tuple[int, ...]
Shape = tuple[int, ...]


class Moves:
    """For each element of a result the place in the input that it came from, both row-major; -1 where it came from none."""

    def __init__(self, result: str, source: Shape, places: Array) -> None:
        self.result = result  # what the result is called
        self.source = source
        self.places = places

    def explains(self, incoming: Array, sent: Array) -> bool:
        """Whether what came to the result and what went on to the input are as these places have it."""
        return incoming.shape == self.places.shape and agree(self.gradient(incoming), sent)

    def gradient(self, incoming: Array) -> Array:
        """What arrives at each element of the input."""
        came = self.places >= 0
        found = added_up(self.places[came].reshape(-1), incoming[came].reshape(-1), math.prod(self.source))
        return found.reshape(self.source)

    def from_place(self, index: Index) -> list[Index]:
        """Where in the result the element of the input came to stand."""
        place = int(np.ravel_multi_index(index, self.source)) if index else 0
        return [tuple(map(int, found)) for found in np.argwhere(self.places == place)]

    def sentence(self, index: Index, gradient: Array, label: str) -> str:
        """`∂x[1, 2] = ∂gather₁[0, 1] = 3.5, since gather₁[0, 1] came from x[1, 2]`."""
        places = self.from_place(index)
        here = f"{label}{_subscript(index)}"
        if not places:
            zero = nums.plain(gradient.dtype.type(0).item())
            return f"∂{here} = {zero}, since nothing in {self.result} came from {here}"
        names = [f"{self.result}{_subscript(place)}" for place in places[:MOST_TERMS]]
        more = f" + … ({len(places)} summands)" if len(places) > MOST_TERMS else ""
        summed = " + ".join(f"∂{each}" for each in names) + more
        total = nums.plain(sum(gradient[place].item() for place in places))
        if len(places) == 1:
            return f"∂{here} = {summed} = {total}, since {names[0]} came from {here}"
        terms = " + ".join(nums.plain(gradient[place].item()) for place in places[:MOST_TERMS]).replace("+ −", "− ")
        return f"∂{here} = {summed} = {terms}{' + …' if more else ''} = {total}, since all of them came from {here}"


_Finder = Callable[[Operands, Array], Array]  # the places of the input's elements, as they stand in the result


def _subscript(index: Index) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""


def moves(rule: Rule, operands: Operands) -> Moves | None:
    """How an op moved the elements of the parameter of a rule; None where the rule tells something else, or numbers lack."""
    find = _FINDERS.get(rule.words.removesuffix(", 0 elsewhere"))
    if rule.term not in (None, Name("∂")) or find is None or rule.parameter not in operands.values:
        return None
    source, result = (operands.values[name].numbers.shape for name in (rule.parameter, "result"))
    if max(math.prod(source), math.prod(result)) > MOST_MOVED:
        return None
    try:
        places = find(operands, np.arange(math.prod(source)).reshape(source))
    except (KeyError, ValueError, TypeError, LookupError):  # not kept, or from a file and fitting nothing recorded
        return None
    return (
        Moves(operands.labels["result"], source, places.reshape(result)) if places.size == math.prod(result) else None
    )


def _gathered(operands: Operands, places: Array) -> Array:
    index = operands.numbers["index"]
    dim = operands.literals["dim"]
    if index.ndim != places.ndim or "sparse_grad" not in operands.parameters:
        return np.take(places, index, axis=dim) if places.ndim else places
    dim %= max(1, places.ndim)
    kept = tuple(slice(size) if at != dim else slice(None) for at, size in enumerate(index.shape))
    return np.take_along_axis(places[kept], index, axis=dim) if places.ndim else places.reshape(index.shape)


def _picked(operands: Operands, places: Array) -> Array:
    given = {int(name[8:-1]): array for name, array in operands.numbers.items() if name.startswith("indices[")}
    return places[tuple(given.get(at, slice(None)) for at in range(max(given) + 1))]


def _chosen(operands: Operands, places: Array) -> Array:
    """By the indices along a dimension that the op itself gives."""
    indices = next(operands.numbers[name] for name in ("indices", "index", "result1") if name in operands.numbers)
    dim = operands.literals.get("dim", -1)
    if not places.ndim:
        return places
    kept = indices if indices.ndim == places.ndim else np.expand_dims(indices, dim)
    return np.take_along_axis(places, kept, axis=dim).reshape(indices.shape)


def _won(operands: Operands, places: Array) -> Array:
    winners = operands.numbers["result1"]
    planes = places.reshape(*winners.shape[:-2], -1)
    return np.take_along_axis(planes, winners.reshape(*winners.shape[:-2], -1), axis=-1)


def _looked_up(operands: Operands, places: Array) -> Array:
    if operands.literals.get("scale_grad_by_freq"):
        raise ValueError("what is divided by counts is no mere sum")
    indices = operands.numbers["indices"]
    found = places[indices]
    unlearnt = operands.literals.get("padding_idx", -1)
    return np.where((indices == unlearnt)[..., None] & (unlearnt >= 0), -1, found)


def _sliced(operands: Operands, places: Array) -> Array:
    told = operands.literals
    picked = slice(told.get("start"), told.get("end"), told.get("step"))
    return places[(*[slice(None)] * (told.get("dim", 0) % places.ndim), picked)]


def _unmasked(operands: Operands, places: Array) -> Array:
    places, mask = np.broadcast_arrays(places, operands.numbers["mask"])
    return places[mask]


def _padded(operands: Operands, places: Array) -> Array:
    pairs = list(operands.literals["pad"])
    for end in range(len(pairs) // 2):
        before, after = pairs[2 * end : 2 * end + 2]
        axis = places.ndim - 1 - end
        places = np.take(places, range(max(0, -before), places.shape[axis] - max(0, -after)), axis)
        around = [(0, 0)] * places.ndim
        around[axis] = (max(0, before), max(0, after))
        places = np.pad(places, around, constant_values=-1)
    return places


_FINDERS: Mapping[str, _Finder] = MappingProxyType({
    "∂ added at the index along dim": _gathered,
    "∂ added at the index": lambda operands, places: places.reshape(-1)[operands.numbers["index"]],
    "∂ added at the indices": _picked,
    "∂ at the index": _chosen,
    "∂ at the indices": _chosen,
    "∂ put back in the order of self": _chosen,
    "∂ at each window's maximum": _won,
    "∂ added at the rows of the indices": _looked_up,
    "∂ at the selected index": lambda operands, places: np.take(
        places, operands.literals["index"], operands.literals["dim"]
    ),
    "∂ in the slice": _sliced,
    "∂ where mask": _unmasked,
    "flipped back": lambda operands, places: np.flip(places, operands.literals["dims"]),
    "rolled back": lambda operands, places: np.roll(
        places, operands.literals["shifts"], operands.literals.get("dims") or None
    ),
    "∂ without what was added around": _padded,
})  # fmt: skip
