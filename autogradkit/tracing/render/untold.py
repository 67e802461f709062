"""What a picture does not draw and therefore says: hooks that changed a gradient, and what is older than the cell.

Rests on `model.py` and `numbers.py`; `build.py` asks it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from ..events import Numbers, Op
from .model import Call
from .numbers import one_line


def hooks(calls: list[Call], ops: list[Op], labels: dict[int, str]) -> Iterator[str]:
    """A sentence for each gradient that went on as another than had come."""
    made_by = {op.node: labels[op.outputs[0]] for op in ops if op.node is not None and op.outputs}
    for call in calls:
        came: dict[int, list[Numbers]] = defaultdict(list)
        for ran in call.ran:
            if len(ran.received) == 1 and ran.node in made_by:
                yield from _changed(came[ran.node], ran.received[0], made_by[ran.node])
            for target, numbers in zip(ran.edges, ran.sent, strict=True):
                if target is not None and numbers is not None:
                    came[target].append(numbers)
        for event in call.accumulated:
            if event.node is not None:
                yield from _changed(came[event.node], event.contribution, event.name or "a tensor")


def _changed(came: list[Numbers], went_on: Numbers | None, name: str) -> Iterator[str]:
    if (
        not came
        or went_on is None
        or any(each.data is None or each.shape != went_on.shape for each in (*came, went_on))
    ):
        return
    total = np.sum([np.asarray(each.data) for each in came], axis=0)
    if not np.allclose(total, np.asarray(went_on.data), rtol=1e-4, atol=1e-6, equal_nan=True):
        several = " + ".join(one_line(each, 30) for each in came)
        yield f"A hook made ∂ {one_line(went_on, 30)} of the ∂ {several} that came to {name}."


def older(
    calls: list[Call], ops: list[Op], produced: set[int], leaves: set[int], labels: dict[int, str]
) -> Iterator[str]:
    """A sentence for each backward call that went through operations which ran before the cell."""
    known = {op.node for op in ops}
    for call in calls:
        roots = [root for root in call.begin.roots if root not in produced and root not in leaves]
        count = sum(ran.node not in known for ran in call.ran)
        if roots and count:
            name = labels[roots[0]]
            what = "An operation that is" if count == 1 else f"{count} operations that are"
            yield f"{what} not drawn ran before this cell, behind {name}: %graph {name} draws all of it."
