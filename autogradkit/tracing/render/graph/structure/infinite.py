"""Results that are not finite, and infinities that the cell has written itself, as the mask of an attention does: nothing to
be warned of.

Rests on the event stream; `build.py` keeps what it finds with the graph, and the drawing asks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from autogradkit.tracing.events import Argument, Op, Value
from autogradkit.tracing.saved import role_of

_WRITTEN = ("value", "self", "other")  # parameters for numbers that a result may have as they are
_INFINITE = re.compile(r"(?<![\w.])-?inf(?!\w)")


def odd_results(ops: Iterable[Op], values: Mapping[int, Value]) -> dict[int, Op]:
    """The results that have a NaN or an infinity, as nearly none has, each with its op, in their order."""
    return {id: op for op in ops for id in op.outputs if not values[id].numbers.is_finite}


def infinities_asked_for(odd: Mapping[int, Op], values: Mapping[int, Value]) -> set[int]:
    """The `odd` results whose infinities were given as numbers, `masked_fill(mask, -inf)`, or come from such results alone."""
    found: set[int] = set()
    for op in {op.step: op for op in odd.values()}.values():
        given = [each for each in op.inputs if each.value is not None and values[each.value].numbers.infs]
        if not all(each.value in found for each in given):
            continue
        if given or any(_INFINITE.search(each.text or "") and _is_written(op, each) for each in op.inputs):
            found.update(id for id in op.outputs if values[id].numbers.infs and not values[id].numbers.nans)
    return found


def _is_written(op: Op, argument: Argument) -> bool:
    return op.kind == "create" or role_of(argument, op.facts.parameters) in _WRITTEN
