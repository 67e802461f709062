"""The usual call of a pointwise overload, as a straight line, for tensors and for the arrays of formulas.

Operands that are alike need no plan. Other strides and dtypes, whole numbers beside a Python number, and what broadcasts go by
the plan that is remembered (plans.py). Rests on memory and source; lanes.py calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit._ops.declare import memory
from autogradkit._ops.declare.call import Call, is_number
from autogradkit._ops.declare.plans import INT_TO_FLOAT, SAME, TO_BOOL, lane_plan
from autogradkit._ops.declare.refusals import is_by_kernel
from autogradkit._ops.declare.source import IS_TENSOR, Source

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload


def write_pointwise(s: Source, call: Call, depth: int, general: str, bail: str) -> None:
    op = call.op
    parameters = [op.parameters[i] for i in op.operands]
    tensors = [p.name for p in parameters if p.kind.is_tensor]
    numbers = [p.name for p in parameters if not p.kind.is_tensor]
    if op.pointwise not in (SAME, INT_TO_FLOAT, TO_BOOL):
        if tensors and not numbers:
            _write_planned(s, call, depth, tensors)
        s.emit(depth, general)
        return
    optional = any(call.optional(name) for name in tensors)
    if (len(tensors) > 2 or optional) and not numbers:
        _write_planned(s, call, depth, tensors)
    if optional or not 0 < len(tensors) < 3 or (numbers and len(tensors) > 1):
        s.emit(depth, general)
        return
    a = call.values[tensors[0]]
    # Integers: the result's dtype is another one, or the declaration wants to look at them.
    floats_only = op.pointwise is INT_TO_FLOAT or bool(op.dtypes or numbers)
    second = op.parameters[op.index[tensors[-1]]]
    either = len(tensors) == 2 and second.spelled == "Operand"
    b = call.values[second.name]
    s.emit(depth, f"lay = {a}._layout or layout_of({a})")
    s.emit(depth, f"if not lay{' or lay.__class__ is not tuple' if floats_only else ''}:")
    if either:
        s.emit(depth + 1, f"if not ({IS_TENSOR.format(b)} or {b}.__class__ is float or {b}.__class__ is int): {bail}")
    if not numbers:
        _write_planned(s, call, depth + 1, tensors, f"if {IS_TENSOR.format(b)}:" if either else "")
    beside = [second.name] if either else numbers
    tests = [is_number(call, name) for name in beside]
    fit = f"if {' and '.join(tests)}"
    if beside:
        _write_planned(s, call, depth + 1, tensors[:1], f"{fit} and {a}._array.dtype.char in 'fd':", beside)
        _write_planned(s, call, depth + 1, tensors[:1], f"{fit}:", beside, whole=True)
    s.emit(depth + 1, general)
    if op.refuse is not None and is_by_kernel(op.refuse):
        s.scope[call.name("refuse_late")] = op.refuse_late
        s.emit(depth, f"if lay[1].kind in 'bfcV': {call.name('refuse_late')}{call.tuple}")
    elif op.refuse is not None:
        s.scope[call.name("refuse")] = op.refuse
        s.emit(depth, f"{call.name('refuse')}{call.tuple}")
    arrays = {tensors[0]: f"{a}._array", **{name: call.values[name] for name in numbers}}
    call.numbers = frozenset(numbers)
    if len(tensors) == 1:
        if tests:
            s.emit(depth, f"if not ({' and '.join(tests)}): {general}")
        _write_result(s, call, depth, [p.name for p in parameters], arrays)
        return
    s.emit(depth, f"if {IS_TENSOR.format(b)}:" if either else "if True:")
    s.emit(depth + 1, f"lay_b = {b}._layout or layout_of({b})", "if lay_b is lay:")
    _write_result(s, call, depth + 2, tensors, {**arrays, tensors[1]: f"{b}._array"})
    if op.ufunc is not None:
        # Contiguous operands of one dtype that broadcast: NumPy's strides are PyTorch's.
        s.emit(depth + 1, f"elif lay_b and lay_b[1] is lay[1]{call.usual_settings(tensors)}:")
        s.emit_quiet(depth + 2, "r", call.name("ufunc"), f"{a}._array, {b}._array")
        s.emit(depth + 2, "except ValueError: r = None")
        s.emit(depth + 2, f"if r is None: {general}")
        _write_wrapped(s, call, depth + 2, "")
    _write_planned(s, call, depth + 1, tensors)
    s.emit(depth + 1, general)
    if either:
        s.emit(depth, f"elif {b}.__class__ is float or {b}.__class__ is int:")
        s.emit(depth + 1, f"if lay.__class__ is tuple and -9e18 < {b} < 9e18:")
        call.numbers = frozenset({tensors[1]})
        _write_result(s, call, depth + 2, tensors, {**arrays, tensors[1]: b})
        call.numbers = frozenset()
        _write_planned(s, call, depth + 1, tensors[:1], f"{fit}:", beside, whole=True)
        s.emit(depth + 1, general)
        s.emit(depth, bail)


def _write_planned(
    s: Source,
    call: Call,
    depth: int,
    tensors: list[str],
    test: str = "",
    numbers: Sequence[str] = (),
    *,
    whole: bool = False,
) -> None:
    """Operands of other strides or dtypes, or that broadcast, under a test: by the plan that is remembered, if there is one.

    Behind `tensors` the call may have numbers. They change nothing, unless the first tensor is one of `whole` numbers.
    """
    op = call.op
    if op.refuse is not None and (is_by_kernel(op.refuse) or (len(tensors) < 3 and not numbers)):
        return  # the general way asks it
    if whole and op.index[tensors[0]] not in op.promotes:
        return
    if test:
        s.emit(depth, test)
        depth += 1
    kernel = call.name("kernel")
    s.scope[kernel] = op.kernel
    arrays = {name: f"x_{name}" for name in tensors}
    if op.refuse is not None:
        s.scope[call.name("refuse")] = op.refuse
        s.emit(depth, f"{call.name('refuse')}{call.tuple}")
    s.emit(depth, *[array_of(call, name, arrays[name]) for name in tensors])
    if op.dtypes:
        s.scope[call.name("dtypes")] = op.refuse_dtypes
        first = arrays[tensors[0]]
        alike = [f"{first}.dtype.char in 'fd'", *[f"{arrays[name]}.dtype is {first}.dtype" for name in tensors[1:]]]
        usual = [
            f"({arrays[name]} is None or {test})" if call.optional(name) else test
            for name, test in zip(tensors, alike, strict=True)
        ]
        s.emit(depth, f"if not ({' and '.join(usual)}): {call.name('dtypes')}{call.tuple}")
    values = [call.values[name] for name in numbers] if whole else []
    _write_plan(s, call, depth, arrays, values)
    promoted = [name for name in (*tensors, *numbers) if op.index[name] in op.promotes]
    given = {**call.values, **arrays}
    if whole:
        s.scope["as_array"] = memory.as_array
        given |= {name: f"n_{name}" for name in numbers if name in promoted}
        for name in promoted[len(tensors) :]:
            v = call.values[name]
            some = f"None if {v} is None else " if call.optional(name) else ""
            s.emit(depth + 1, f"{given[name]} = {some}as_array({v}, {arrays[tensors[0]]}.dtype)")
    operands = [op.parameters[i].name for i in op.operands]
    if op.ufunc is not None and not call.usual_settings(operands):
        s.scope[call.name("ufunc")] = op.ufunc
        listed = ", ".join(given[name] for name in operands)
        s.emit_quiet(depth + 1, "", call.name("ufunc"), f"{listed}, out=r")
    else:
        emit_kernel(s, depth + 1, op, kernel, call.listed(given))
    s.new_tensor(depth + 1, "o", "r")
    call.numbers, call.cast = frozenset(numbers), frozenset(promoted)
    s.new_node(depth + 1, call, ["o"], ["r"])
    call.numbers = call.cast = frozenset()
    s.emit(depth + 1, "return o")


def _write_plan(s: Source, call: Call, depth: int, arrays: dict[str, str], numbers: Sequence[str] = ()) -> None:
    """Lines that allocate `r` for these arrays by the plan that is remembered, and cast what it says to `common`.

    They stand under an `if` that there is one. `numbers` are values whose class the plan is remembered by, too.
    """
    plans, plan = call.name("plans"), call.name("lane_plan")
    s.scope |= {plans: call.op.lane_plans, plan: partial(lane_plan, call.op)}
    key = "".join(
        f"None if {array} is None else ({known}), " if call.optional(name) else f"{known}, "
        for name, array in arrays.items()
        for known in [f"{array}.dtype.num, {array}.shape, {array}.strides"]
    )
    key += "".join(f"{v}.__class__, " for v in numbers)
    given = "".join(f", {v}" for v in numbers)
    s.emit(
        depth,
        f"key = ({key})",
        f"plan = {plans}[key] if key in {plans} else {plan}(({', '.join(arrays.values())},), key{given})",
        "if plan is not None:",
        " kind, shape, strides, common = plan",
        " r = np_empty(shape, kind) if strides is None else dense(shape, kind, strides)",
    )
    casts = [
        f"  {f'if {array} is not None: ' if call.optional(name) else ''}{array} = {array}.astype(common, copy=False)"
        for name, array in arrays.items()
        if call.op.index[name] in call.op.promotes
    ]
    if casts:
        s.emit(depth, " if common is not None:", *casts)


def array_of(call: Call, name: str, array: str, part: str = "_array") -> str:
    """A line that gives `array` a parameter's array, or None for a tensor that is left out."""
    v = call.values[name]
    return f"{array} = None if {v} is None else {v}.{part}" if call.optional(name) else f"{array} = {v}.{part}"


def _write_result(s: Source, call: Call, depth: int, operands: list[str], arrays: dict[str, str]) -> None:
    """The result of operands that are alike, in `r`, and what follows."""
    op = call.op
    memory = f"np_empty(lay[0], {'bool8' if op.pointwise is TO_BOOL else 'lay[1]'})"
    values = {**call.values, **arrays}
    if op.ufunc is not None:
        s.scope[call.name("ufunc")] = op.ufunc
        usual = call.usual_settings(operands)
        given = ", ".join(arrays[n] for n in operands)
        if usual:
            s.emit(depth, f"if {usual.removeprefix(' and ')}:")
            s.emit_quiet(depth + 1, "r", call.name("ufunc"), given)
            s.emit(depth, "else:")
            _write_kernel(s, call, depth + 1, values, memory)
        else:
            s.emit_quiet(depth, "r", call.name("ufunc"), given)
    else:
        _write_kernel(s, call, depth, values, memory)
    _write_wrapped(s, call, depth, "" if op.pointwise is TO_BOOL else "lay")


def _write_kernel(s: Source, call: Call, depth: int, values: dict[str, str], out: str) -> None:
    s.scope[call.name("kernel")] = call.op.kernel
    s.emit(depth, f"r = {out}")
    emit_kernel(s, depth, call.op, call.name("kernel"), call.listed(values))


def emit_kernel(s: Source, depth: int, op: Overload, kernel: str, arguments: str, *, quiet: bool = True) -> None:
    """Lines that have a kernel write into `r`."""
    emit = s.emit_quiet if quiet else s.emit_call
    emit(depth, "step" if op.deferred else "", kernel, f"{arguments}, out=r")
    if op.deferred:
        emit(depth, "", "step[0]", "*step[1:]")


def _write_wrapped(s: Source, call: Call, depth: int, layout: str) -> None:
    if call.op.ufunc is not None:
        s.emit(depth, "if r.__class__ is not ndarray: r = asarray(r)")
    s.new_tensor(depth, "o", "r", layout or "None")
    s.new_node(depth, call, ["o"], ["r"], layout, layout and f"{layout}.__class__ is tuple")
    s.emit(depth, "return o")


# -- on arrays ----------------------------------------------------------------------------------------------------------


def write_pointwise_arrays(s: Source, call: Call, depth: int) -> None:
    """By the plan that is remembered; floating arrays may stand beside numbers. All else goes the general way."""
    op = call.op

    def general(*values: Any) -> Any:
        # Arithmetic on arrays without dimensions gives NumPy's scalars, which are no numbers of the caller's.
        return memory.compute(op, [np.asarray(v) if isinstance(v, np.generic) else v for v in values])

    s.scope |= {"general": general}
    operands = [op.parameters[i] for i in op.operands]
    tensors = [p.name for p in operands if p.kind.is_tensor]
    numbers = [p.name for p in operands if not p.kind.is_tensor]
    if tensors and not any(call.optional(name) for name in tensors):
        _write_planned_arrays(s, call, depth, tensors, numbers)
        if len(tensors) == 2 and not numbers and operands[1].spelled == "Operand":
            _write_planned_arrays(s, call, depth, tensors[:1], tensors[1:])
    s.emit(depth, f"return general{call.tuple}")


def _write_planned_arrays(s: Source, call: Call, depth: int, arrays: list[str], numbers: list[str]) -> None:
    tests = [f"{name}.__class__ is ndarray" for name in arrays]
    if numbers:
        tests.append(f"{arrays[0]}.dtype.char in 'fd'")
    tests += [is_number(call, name) for name in numbers]
    s.emit(depth, f"if {' and '.join(tests)}:")
    _write_plan(s, call, depth + 1, {name: name for name in arrays})
    promoted = [name for name in [*arrays, *numbers] if call.op.index[name] in call.op.promotes]
    for name in numbers:
        if name in promoted:
            s.scope["as_array"] = memory.as_array
            some = f"if {name} is not None: " if call.optional(name) else ""
            s.emit(depth + 2, f"{some}{name} = as_array({name}, {promoted[0]}.dtype)")
    kernel = call.name("kernel")
    s.scope[kernel] = call.op.kernel
    if call.op.ufunc is not None and not call.usual_settings([*arrays, *numbers]):
        s.scope[kernel] = call.op.ufunc
        s.emit(depth + 2, f"{kernel}({', '.join([*arrays, *numbers])}, out=r)")
    else:
        emit_kernel(s, depth + 2, call.op, kernel, call.listed(call.values), quiet=False)
    s.emit(depth + 2, "return r")
