"""The recorded in-place call of one overload, written as a straight line: its node, and the write with all that says so.

What is to be written is prepared already, and refused if it cannot be. Rests on source; edit_lanes.py has such a function
called where somebody differentiates an edit, which writes it the first time. What an edited view is made by has a straight
line, too, which the engine comes to by `renewal` (making/restriding.py).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autogradkit._ops.declare.call import Call
from autogradkit._ops.declare.recipe import compiled
from autogradkit._ops.declare.source import Source
from autogradkit.core.tensor import write_at_once
from autogradkit.engine.history import rebased_history
from autogradkit.engine.required import OPS

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload


def recorded_inputs(op: Overload) -> list[str]:
    """The tensors that an edit by an overload is differentiated by, where it can be recorded this way."""
    names = list(op.edit_formulas or op.formulas)
    single = all(op.parameters[op.index[name]].spelled in ("Array", "Operand") for name in names)
    return names if single and len(op.outputs) == 1 and not op.is_unimplemented else []


def write_recorded(op: Overload, numbers: frozenset[str]) -> Callable[..., Any]:
    """A function of the overload's arguments, of which `numbers` are no tensors, and of the step that writes."""
    s = Source()
    s.scope |= {
        "clone": OPS.clone,
        "rebased_history": rebased_history,
        "ref": weakref.ref,
        "write_at_once": write_at_once,
    }
    values = {p.name: f"a{i}" for i, p in enumerate(op.parameters)}
    call = Call(op, 0, values, edits=True)
    call.numbers = numbers
    call.arrays = {op.parameters[i].name: f"{values[op.parameters[i].name]}._array" for i in op.tensors_at}
    a = values[op.parameters[op.first_tensor].name]
    recipe = call.recipe
    assert recipe is not None
    names = [op.parameters[i].name for i in recipe.differentiable]
    s.emit(0, f"def record({', '.join(values.values())}, step):")
    needed = s.needs(1, call, [name for name in names if name not in numbers])
    s.emit(1, f"own = {a}._counter or counter_of({a})")
    s.node(1, call, names, needed, [a], [f"{a}._array"])
    s.emit(1, f"node.outputs = ({a}._array.shape, {a}._array.dtype)", f"history, maker = rebased_history({a}, node)")
    kept = "".join(f"saved{at}.maker = ref(maker); " for at, index in enumerate(recipe.saved_at) if index is None)
    if kept:
        s.emit(1, f"if {a}._view is not None: {kept}")
    s.emit(1, f"write_at_once({a}, (step, *history))", f"return {a}")
    return compiled("\n".join(s.lines), f"{op.owner.edit_name}_recorded", "record", s.scope)


def write_view_node(op: Overload) -> Callable[..., Any]:
    """A function of the arguments of an op that makes a view, and of the view's array: its node, without the view."""
    s = Source()
    values = {p.name: f"a{i}" for i, p in enumerate(op.parameters)}
    call = Call(op, 0, values)
    viewed = op.parameters[op.first_tensor].name
    call.arrays = {viewed: f"{values[viewed]}._memory"}
    s.emit(0, f"def make({', '.join(values.values())}, view):")
    s.node(1, call, [viewed], {}, [], [])
    s.emit(1, "node.outputs = (view.shape, view.dtype)", "return node")
    return compiled("\n".join(s.lines), f"{op.owner.name}_node", "make", s.scope)
