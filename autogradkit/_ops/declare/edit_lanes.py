"""The usual in-place call of one overload, written as a straight line: what nobody differentiates is written at once.

What is recorded, or unusual in another way, goes on to `Overload.edit` with its values bound. Rests on source, as lanes.py
does; entries.py writes such a lane for each overload that has an in-place form.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from autogradkit._ops.declare.lanes import emit_kernel
from autogradkit._ops.declare.plans import INT_TO_FLOAT, SAME, edits_plainly
from autogradkit._ops.declare.refusals import is_by_kernel
from autogradkit._ops.declare.source import IS_NUMBER, IS_TENSOR, Call, Source, is_number
from autogradkit._ops.declare.writing import may_be_copied, unless_the_same

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
    elif op.edits and asked_early and not op.dtypes and not op.dims and op.first_tensor == 0:
        _write_quiet_kernel(s, call, depth)
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
    a = call.values[tensors[0]]
    tests = [is_number(call, name) for name in numbers]
    tests += [f"{call.values[name]}.__class__ in CLASSES" for name in tensors[1:]]
    s.emit(depth, f"if {' and '.join([*tests, _unrecorded([call.values[name] for name in tensors])])}:")
    depth += 1
    s.emit(depth, *[f"{array} = {call.values[name]}._array" for name, array in arrays.items()])
    x, *others = arrays.values()
    apart = "".join(f" and not may_share_memory({x}, {other})" for other in others)
    s.emit(depth, f"if {_plainly(s, call, [x, *others])}{apart}:")
    depth += 1
    _emit_refusal(s, call, depth)
    usual = ""
    if op.ufunc is not None:
        s.scope[call.name("ufunc")] = op.ufunc
        operands = [op.parameters[i].name for i in op.operands]
        usual = call.usual_settings(operands)
        listed = ", ".join(arrays.get(name, call.values[name]) for name in operands)
        s.emit(depth, f"if {usual.removeprefix(' and ') or True}:")
        _emit_edit(s, depth + 1, a, call.name("ufunc"), f"{listed}, out={x}")
    if op.ufunc is None or usual:
        s.scope[call.name("kernel")] = op.kernel
        s.emit(depth, f"r = np_empty({x}.shape, {x}.dtype)")
        emit_kernel(s, depth, op, call.name("kernel"), call.listed({**call.values, **arrays}))
        _emit_edit(s, depth, a, "setitem", f"{x}, ..., r")


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


def _write_quiet_kernel(s: Source, call: Call, depth: int) -> None:
    """An edit that nobody differentiates by a kernel that writes into its tensor: fills, copies, random numbers."""
    op = call.op
    unusual = any(p.optional or p.spelled not in ("Array", "Operand") for p in op.parameters if p.kind.is_tensor)
    if unusual or not op.deferred:
        return
    names = [op.parameters[i].name for i in op.tensors_at]
    a, *others = [call.values[name] for name in names]
    s.scope[call.name("kernel")] = op.kernel
    # Arrays that own their memory share none, unless they are one array.
    copied = f" or {call.name('copied')}({a}._array, {{0}}._array)" if op.overlaps is unless_the_same else ""
    s.scope[call.name("copied")] = may_be_copied
    apart = "".join(
        f" and {b}.__class__ in CLASSES and {b}._array is not {a}._array and ("
        f"({a}._array.base is None and {b}._array.base is None) or not may_share_memory({a}._array, {b}._array)"
        f"{copied.format(b)})"
        for b in others
    )
    given = {**call.values, **{name: f"{call.values[name]}._array" for name in names}}
    s.emit(
        depth,
        f"x = {a}._array",
        f"if ({a}._layout or layout_of({a}) or {_plainly(s, call, ['x'])}){apart} and {_unrecorded([a, *others])}:",
    )
    _emit_refusal(s, call, depth + 1)
    s.emit_quiet(depth + 1, "write, x, y, z", call.name("kernel"), f"{call.listed(given)}, out={a}._array")
    _emit_edit(s, depth + 1, a, "write", "x, y, z")


def _emit_edit(s: Source, depth: int, a: str, write: str, arguments: str) -> None:
    """Lines that write into `a` in one call, count the edit, and return it, unless somebody wants to hear of it."""
    s.emit(depth, f"counter = {a}._counter or counter_of({a})", "if not counter.tells:")
    s.emit_quiet(depth + 1, "", write, arguments, before=_COUNTED)
    s.emit(depth + 1, f"return {a}")


def _takes_number(call: Call, name: str) -> bool:
    return call.op.parameters[call.op.index[name]].spelled in ("Operand", "Scalar")
