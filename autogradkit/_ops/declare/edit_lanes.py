"""The usual in-place call of one overload, written as a straight line: what nobody differentiates is written at once.

What is recorded gets its node by edit_nodes.py; what is unusual goes on to `Overload.edit` with its values bound. Rests on
source, as lanes.py does; entries.py writes such a lane for each overload that has an in-place form.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from autogradkit._ops.declare.call import IS_NUMBER, Call, is_number
from autogradkit._ops.declare.edit_nodes import recorded_inputs, write_recorded
from autogradkit._ops.declare.lanes import write_computing
from autogradkit._ops.declare.memory import require_structure
from autogradkit._ops.declare.overlaps import may_be_copied, unless_the_same
from autogradkit._ops.declare.plans import INT_TO_FLOAT, SAME, edits_plainly
from autogradkit._ops.declare.pointwise_lanes import emit_kernel
from autogradkit._ops.declare.refusals import is_by_kernel
from autogradkit._ops.declare.source import IS_TENSOR, Source
from autogradkit.engine.history import check_in_place

# Before the write and on its line: the way from here into the write makes no call, so that no interrupt comes between.
_COUNTED = "counter.value += 1; "

_OF_WHOLE = (np.add, np.subtract, np.multiply)  # which of two int64 make one


def write_edit(s: Source, call: Call, depth: int, bail: str) -> None:
    """Write the in-place call of an overload whose arguments fit; `bail` is the way out where they turn out not to."""
    op = call.op
    if op.composition:
        s.scope[call.name("body")] = op.composed_edit or op.kernel
        s.emit(depth, f"return {call.name('body')}({call.listed(call.values)})")
        return
    s.scope[call.name("edit")] = op.edit
    operands = [op.parameters[i].name for i in op.promotes]
    asked_early = op.edit_refuse is None or not is_by_kernel(op.edit_refuse)
    if op.pointwise in (SAME, INT_TO_FLOAT) and op.ufunc is not None and len(operands) < 3 and op.refuse is None:
        _write_quiet_edit(s, call, depth, operands)
    if op.pointwise in (SAME, INT_TO_FLOAT) and op.kind != "random" and asked_early:
        _write_planned_edits(s, call, depth)
    elif op.edits and asked_early and not op.dtypes and op.first_tensor == 0:
        _write_kernel_edit(s, call, depth)
    elif op.meta is not None and asked_early and op.kind != "random" and op.first_tensor == 0 and len(op.outputs) == 1:
        _write_made_edit(s, call, depth)
    for name in operands[1:]:
        v = call.values[name]
        if op.parameters[op.index[name]].spelled == "Operand":
            s.emit(depth, f"if not ({IS_TENSOR.format(v)} or {v}.__class__ is float or {v}.__class__ is int): {bail}")
    for p in op.parameters:
        if p.spelled in ("Arrays", "OptionalArrays"):
            s.emit(depth, f"for each in {call.values[p.name]}:", f" if each.__class__ not in CLASSES: {bail}")
    s.emit(depth, f"return {call.name('edit')}({call.tuple})")


def _write_quiet_edit(s: Source, call: Call, depth: int, operands: list[str]) -> None:
    """An edit by NumPy's own function that nobody differentiates: optimizers' steps, running means."""
    a, *others = [call.values[name] for name in operands]
    ufunc = call.name("ufunc")
    s.scope[ufunc] = call.op.ufunc
    usual = call.usual_settings(operands)
    s.emit(depth, f"lay = {a}._layout or layout_of({a})")
    silent = "(NO_GRAD and not MODE.grad)"
    plain = f"({a}._view is None and not {a}._requires_grad)"
    if not others:
        s.emit(depth, f"if lay and lay.__class__ is tuple{usual} and ({silent} or {plain}):")
        _emit_edit(s, depth + 1, a, ufunc, f"{a}._array, {a}._array")
        return
    [b] = others
    s.emit(
        depth,
        f"if lay and lay.__class__ is tuple{usual}:",
        f" if {b}.__class__ in CLASSES:",
        f"  if ({b}._layout or layout_of({b})) is lay and ({a}._array.base is None or {b}._array.base is None or "
        f"not may_share_memory({a}._array, {b}._array)) and "
        f"({silent} or ({plain} and {b}._view is None and not {b}._requires_grad)):",
    )
    _emit_edit(s, depth + 3, a, ufunc, f"{a}._array, {b}._array, {a}._array")
    if _takes_number(call, operands[1]):
        s.emit(
            depth,
            f" elif {IS_NUMBER.format(b)} and ({silent} or {plain}):",
        )
        _emit_edit(s, depth + 2, a, ufunc, f"{a}._array, {b}, {a}._array")
        if call.op.ufunc in _OF_WHOLE:  # counters
            whole = f"lay and lay[1].char == 'l'{usual} and {b}.__class__ is int and -9e18 < {b} < 9e18"
            s.emit(depth, f"elif {whole} and {plain}:")
            _emit_edit(s, depth + 1, a, ufunc, f"{a}._array, {b}, {a}._array")


def _write_planned_edits(s: Source, call: Call, depth: int) -> None:
    """Edits that nobody differentiates of tensors of any strides, by operands that broadcast, and numbers."""
    op = call.op
    operands = [op.parameters[i] for i in op.operands]
    tensors = [p for p in operands if p.kind.is_tensor]
    numbers = [p.name for p in operands if not p.kind.is_tensor]
    either = [p.name for p in tensors[1:] if p.spelled == "Operand"]
    if op.first_tensor != 0 or any(p.optional for p in tensors) or len(either) > 1:
        return
    names = [p.name for p in tensors]
    _write_planned_edit(s, call, depth, names, numbers)
    if either:
        _write_planned_edit(s, call, depth, [name for name in names if name not in either], [*numbers, *either])


def _write_planned_edit(s: Source, call: Call, depth: int, tensors: list[str], numbers: list[str]) -> None:
    op = call.op
    arrays = {name: f"x_{name}" for name in tensors}
    variables = [call.values[name] for name in tensors]
    a = variables[0]
    tests = [is_number(call, name) for name in numbers]
    tests += [f"{v}.__class__ in CLASSES" for v in variables[1:]]
    if tests:
        s.emit(depth, f"if {' and '.join(tests)}:")
        depth += 1
    s.emit(depth, *[f"{array} = {call.values[name]}._array" for name, array in arrays.items()])
    x, *others = arrays.values()
    apart = "".join(f" and not may_share_memory({x}, {other})" for other in others)
    s.emit(depth, f"if {_plainly(s, call, [x, *others])}{apart}:")
    depth += 1
    operands = [op.parameters[i].name for i in op.operands]
    ufunc = ""
    if op.ufunc is not None:
        s.scope[ufunc := call.name("ufunc")] = op.ufunc
    usual = call.usual_settings(operands).removeprefix(" and ") or "True"
    listed = ", ".join(arrays.get(name, call.values[name]) for name in operands)

    def emit_made(depth: int) -> None:
        s.scope[call.name("kernel")] = op.kernel
        s.emit(depth, f"r = np_empty({x}.shape, {x}.dtype)")
        emit_kernel(s, depth, op, call.name("kernel"), call.listed({**call.values, **arrays}))

    s.emit(depth, f"if {_unrecorded(variables)}:")
    _emit_refusal(s, call, depth + 1)
    if ufunc:
        s.emit(depth + 1, f"if {usual}:")
        _emit_edit(s, depth + 2, a, ufunc, f"{listed}, out={x}")
    if not ufunc or usual != "True":
        emit_made(depth + 1)
        _emit_edit(s, depth + 1, a, "setitem", f"{x}, ..., r")
    if not _emit_recording(s, call, depth, tensors):
        return
    if ufunc:
        # NumPy wants the `out` of some by name.
        step = (
            f"{ufunc}, {listed}, {x}"
            if op.ufunc not in (np.maximum, np.minimum)
            else f"partial({ufunc}, {listed}, out={x}),"
        )
        s.scope["partial"] = partial
        s.emit(depth + 1, f"if {usual}:")
        _emit_recorded(s, call, depth + 2, numbers, step)
    if not ufunc or usual != "True":
        emit_made(depth + 1)
        _emit_recorded(s, call, depth + 1, numbers, f"setitem, {x}, ..., r")


def _emit_recording(s: Source, call: Call, depth: int, tensors: list[str], test: str = "") -> bool:
    """The head of what is done where the edit of the first tensor is recorded, with the checks that come first.

    False where such edits go the general way.
    """
    inputs = [call.values[name] for name in recorded_inputs(call.op) if name in tensors]
    if not inputs:
        return False
    a = call.values[tensors[0]]
    s.scope["check_in_place"] = check_in_place
    s.emit(
        depth,
        f"elif ({' or '.join(f'requires_grad({v})' for v in inputs)}){test}:",
        f" if {a}._view is not None or {a}._node is None: check_in_place({a}, True)",
    )
    _emit_refusal(s, call, depth + 1)
    return True


def _emit_recorded(s: Source, call: Call, depth: int, numbers: Sequence[str], step: str) -> None:
    """Lines that take the step that writes, and record it, by a function that is written when it is first called."""
    name = "_".join([call.name("record"), *numbers])

    def record(*given: Any) -> Any:
        made = s.scope[name] = write_recorded(call.op, frozenset(numbers))
        return made(*given)

    s.scope[name] = record
    s.emit(depth, f"return {name}({', '.join(call.values[p.name] for p in call.op.parameters)}, ({step}))")


def _emit_refusal(s: Source, call: Call, depth: int) -> None:
    if call.op.edit_refuse is not None:
        s.scope[call.name("edit_refuse")] = call.op.edit_refuse
        s.emit(depth, f"{call.name('edit_refuse')}{call.tuple}")


def _unrecorded(tensors: list[str]) -> str:
    """A test that an edit of the first tensor by the others is not recorded."""
    plain = " and ".join(f"{v}._view is None and not {v}._requires_grad" for v in tensors)
    asked = " or ".join(f"requires_grad({v})" for v in tensors)
    return f"((NO_GRAD and not MODE.grad) or ({plain}) or not ({asked}))"


def _plainly(s: Source, call: Call, arrays: list[str]) -> str:
    """A test that an edit of the first array casts nothing, fits, and writes each element once."""
    plans, plainly = call.name("edit_plans"), call.name("plainly")
    s.scope |= {plans: call.op.edit_plans, plainly: partial(edits_plainly, call.op)}
    key = "".join(f"{x}.dtype.num, {x}.shape, {x}.strides, " for x in arrays)
    return f"({plans}[key] if (key := ({key})) in {plans} else {plainly}(({', '.join(arrays)},), key))"


def _write_kernel_edit(s: Source, call: Call, depth: int) -> None:
    """An edit by a kernel that says what writes into its tensor: fills, copies, what is put at indices."""
    op = call.op
    parameters = [op.parameters[i] for i in op.tensors_at]
    unusual = any(p.optional or p.spelled not in ("Array", "Operand", "OptionalArrays") for p in parameters)
    if unusual:
        return
    if not op.deferred:
        if len(parameters) == 1:
            _write_filled_edit(s, call, depth, parameters[0].name)
        return
    single = [p.name for p in parameters if p.spelled != "OptionalArrays"]
    a = call.values[single[0]]
    given = _emit_apart(s, call, depth)
    s.scope[call.name("kernel")] = op.kernel
    depth += 1

    def emit_step(depth: int) -> None:
        for i in op.dims:
            dim = op.parameters[i].name
            given[dim] = f"w_{dim}"
            v = call.values[dim]
            s.emit(depth, f"w_{dim} = {v} if 0 <= {v} < x.ndim else wrap_dim({v}, x.ndim)")
        s.emit_quiet(depth, "step", call.name("kernel"), f"{call.listed(given)}, out=x")

    s.emit(depth, f"if {_unrecorded([call.values[name] for name in single])}:")
    _emit_refusal(s, call, depth + 1)
    emit_step(depth + 1)
    _emit_edit(s, depth + 1, a, "step[0]", "*step[1:]")
    if _emit_recording(s, call, depth, single, " and x.dtype.kind == 'f'"):
        emit_step(depth + 1)
        _emit_recorded(s, call, depth + 1, (), "step")


def _write_filled_edit(s: Source, call: Call, depth: int, name: str) -> None:
    """An edit of a contiguous tensor alone, which nobody differentiates, by what a kernel makes of its copy: random numbers."""
    a = call.values[name]
    s.scope[call.name("kernel")] = call.op.kernel
    s.emit(
        depth,
        f"x = {a}._array",
        # Whoever hears of the edit has it done the general way; asked before numbers are drawn.
        f"if ({a}._layout or layout_of({a})) and not ({a}._counter or counter_of({a})).tells and {_unrecorded([a])}:",
    )
    _emit_refusal(s, call, depth + 1)
    s.emit(depth + 1, "r = np_empty(x.shape, x.dtype)" if call.op.kind == "random" else "r = x.copy()")
    emit_kernel(s, depth + 1, call.op, call.name("kernel"), call.listed({**call.values, name: "x"}))
    _emit_edit(s, depth + 1, a, "setitem", "x, ..., r")


def _write_made_edit(s: Source, call: Call, depth: int) -> None:
    """An edit by what a kernel makes elsewhere, of floating tensors, where it fits."""
    op = call.op
    names = [op.parameters[i].name for i in op.tensors_at]
    if any(p.optional or p.spelled != "Array" for p in op.parameters if p.kind.is_tensor) or op.edit_resizes:
        return
    a = call.values[names[0]]
    given = _emit_apart(s, call, depth, " and x.dtype.kind == 'f'")
    depth += 1

    def emit_made(depth: int) -> None:
        if op.structured:
            s.scope[call.name("structure")] = partial(require_structure, op)
            s.emit(depth, f"{call.name('structure')}(({''.join(f'{given[p.name]}, ' for p in op.parameters)}), x)")
        write_computing(s, call, depth, {**given}, "x", quiet=True)
        s.emit(depth, "if r.shape == x.shape and r.dtype is x.dtype:")

    s.emit(depth, f"if {_unrecorded([call.values[name] for name in names])}:")
    _emit_refusal(s, call, depth + 1)
    emit_made(depth + 1)
    _emit_edit(s, depth + 2, a, "setitem", "x, ..., r")
    if _emit_recording(s, call, depth, names):
        emit_made(depth + 1)
        _emit_recorded(s, call, depth + 2, (), "setitem, x, ..., r")


def _emit_apart(s: Source, call: Call, depth: int, test: str = "") -> dict[str, str]:
    """The head of what is done where the tensor writes each element once and shares no memory with the others.

    Gives the arguments of the kernel; `x` is the tensor's array.
    """
    op = call.op
    first, *others = [op.parameters[i] for i in op.tensors_at]
    a = call.values[first.name]
    # Arrays that own their memory share none, unless they are one array.
    copied = f" or {call.name('copied')}(x, {{0}}._array)" if op.overlaps is unless_the_same else ""
    s.scope[call.name("copied")] = may_be_copied
    apart = (
        "{0}.__class__ in CLASSES and {0}._array is not x and ((x.base is None and {0}._array.base is None) or "
        f"not may_share_memory(x, {{0}}._array){copied})"
    )
    s.emit(depth, f"x = {a}._array")
    tests = [f"({a}._layout or layout_of({a}) or {_plainly(s, call, ['x'])}){test}"]
    given = {**call.values, first.name: "x"}
    for p in others:
        v = call.values[p.name]
        if p.spelled == "OptionalArrays":
            given[p.name] = f"[each if each is None else each._array for each in {v}]"
            s.emit(
                depth,
                f"for each in {v}:",
                f" if each is not None and not ({apart.format('each')}): break",
                "else: each = M",
            )
            tests.append("each is M")
        else:
            given[p.name] = f"{v}._array"
            tests.append(apart.format(v))
    s.emit(depth, f"if {' and '.join(tests)}:")
    return given


def _emit_edit(s: Source, depth: int, a: str, write: str, arguments: str) -> None:
    """Lines that write into `a` in one call, count the edit, and return it, unless somebody wants to hear of it."""
    s.emit(depth, f"counter = {a}._counter or counter_of({a})", "if not counter.tells:")
    s.emit_quiet(depth + 1, "", write, arguments, before=_COUNTED)
    s.emit(depth + 1, f"return {a}")


def _takes_number(call: Call, name: str) -> bool:
    return call.op.parameters[call.op.index[name]].spelled in ("Operand", "Scalar")
