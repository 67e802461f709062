"""One overload as a function of its schema's parameters, written as source: for callers that have chosen it already.

    def straight_add(a0, a1, *, alpha=default0_alpha):
     if RECORDERS and heeded(): return general(a0, a1, alpha=alpha)
     <the lane of the overload>

Rests on lanes, edit_lanes and source; overload.py asks for the functions when they are first used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autogradkit._ops.declare.call import Call
from autogradkit._ops.declare.edit_lanes import write_edit
from autogradkit._ops.declare.lanes import write_arrays, write_lane
from autogradkit._ops.declare.recipe import compiled
from autogradkit._ops.declare.signature import REQUIRED
from autogradkit._ops.declare.source import IS_TENSOR, Source
from autogradkit.core.errors import NoArrayError

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload


def write_straight(op: Overload) -> Callable[..., Any]:
    """The lane of one overload as a function of its parameters, given as its schema has them, whose classes are known to fit.

    A number as the first operand, which compositions hand on as it is, goes the general way.
    """

    def write(s: Source, call: Call, depth: int, bail: str) -> None:
        if op.tensors_at and (first := op.parameters[op.first_tensor]).spelled == "Operand":
            s.emit(depth, f"if not {IS_TENSOR.format(call.values[first.name])}: {bail}")
        write_lane(s, call, depth, bail)

    return _write_straight(op, op.general, write, f"straight_{op.owner.name}")


def write_straight_edit(op: Overload) -> Callable[..., Any]:
    """The same of the in-place form; other classes than tensors' own go the general way."""

    def write(s: Source, call: Call, depth: int, bail: str) -> None:
        edited = op.parameters[op.first_tensor]  # which may be spelled as an operand, but is no number
        tensors = [call.values[p.name] for p in op.parameters if p is edited or p.spelled == "Array"]
        s.emit(depth, f"if {' or '.join(f'{v}.__class__ not in CLASSES' for v in tensors)}: {bail}")
        write_edit(s, call, depth, bail)

    return _write_straight(op, op.general_edit, write, f"edit_{op.owner.name}")


def _write_straight(
    op: Overload, general: Callable[..., Any], write: Callable[[Source, Call, int, str], None], name: str
) -> Callable[..., Any]:
    s = Source()
    values = {p.name: p.name if p.keyword else f"a{i}" for i, p in enumerate(op.parameters)}
    s.scope |= {f"default0_{p.name}": p.default for p in op.parameters}
    slots = [values[p.name] + (f"=default0_{p.name}" if p.default is not REQUIRED else "") for p in op.parameters]
    if op.positional < len(slots):
        slots.insert(op.positional, "*")
    given = ", ".join(f"{p.name}={p.name}" if p.keyword else values[p.name] for p in op.parameters)
    s.scope["general"] = general
    bail = f"return general({given})"
    s.emit(0, f"def {name}({', '.join(slots)}):", f" if RECORDERS and heeded(): {bail}")
    write(s, Call(op, 0, values), 1, bail)
    s.scope["NoArrayError"] = NoArrayError
    otherwise = (" except NoArrayError:", f"  {bail}")
    return compiled(s.shortening(otherwise), name, name, s.scope)


def write_on_arrays(op: Overload) -> Callable[..., Any]:
    """What an overload computes from arrays, as a function of its parameters."""
    s = Source()
    name = f"arrays_{op.owner.name}"
    s.scope |= {f"default_{p.name}": p.default for p in op.parameters}
    slots = [p.name if p.default is REQUIRED else f"{p.name}=default_{p.name}" for p in op.parameters]
    if op.positional < len(slots):
        slots.insert(op.positional, "*")
    s.emit(0, f"def {name}({', '.join(slots)}):")
    write_arrays(s, Call(op, 0, {p.name: p.name for p in op.parameters}), 1)
    return compiled("\n".join(s.lines), f"{op.owner.name}_arrays", name, s.scope)
