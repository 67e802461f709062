"""The usual call of one overload, written as a straight line: no binding, no promotion, no look at what cannot be there.

A lane begins where the arguments' classes are known to fit. What is unusual in another way (strides, dtypes, broadcasting
that NumPy would lay out differently) goes on to `Overload.run` with its values bound. Rests on source; entries.py writes a
lane for each overload.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit._ops.declare import memory
from autogradkit._ops.declare.plans import INT_TO_FLOAT, SAME, TO_BOOL, lane_plan
from autogradkit._ops.declare.refusals import is_by_kernel
from autogradkit._ops.declare.source import IS_TENSOR, Call, Source, is_number
from autogradkit.core.tensor import wrap
from autogradkit.core.views import alias

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload


def write_lane(s: Source, call: Call, depth: int, bail: str) -> None:
    """Write the call of an overload whose arguments fit; `bail` is the way out where they turn out not to."""
    op = call.op
    lists = [p.name for p in op.parameters if p.spelled in ("Arrays", "OptionalArrays")]
    for name in lists:
        v = call.values[name]
        s.emit(depth, f"for each in {v}:", f" if each.__class__ not in CLASSES: {bail}")
    if op.lane is not None:
        op.lane(s, call, depth)
    if op.composition:
        s.scope[call.name("body")] = op.kernel
        s.emit(depth, f"return {call.name('body')}({call.listed(call.values)})")
        return
    s.scope[call.name("run")] = op.run
    general = f"return {call.name('run')}({call.tuple})"
    if len(lists) > 1 or op.written is not None:
        s.emit(depth, general)
    elif op.pointwise is not None:
        _write_pointwise(s, call, depth, general, bail)
    else:
        _write_other(s, call, depth)


# -- elementwise -----------------------------------------------------------------------------------------------------------


def _write_pointwise(s: Source, call: Call, depth: int, general: str, bail: str) -> None:
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
    if optional or not 0 < len(tensors) < 3 or not parameters[0].kind.is_tensor or (numbers and len(tensors) > 1):
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
    if beside:
        call.numbers = frozenset(beside)
        _write_planned(s, call, depth + 1, tensors[:1], f"if {' and '.join(tests)} and {a}._array.dtype.char in 'fd':")
        call.numbers = frozenset()
    s.emit(depth + 1, general)
    if op.refuse is not None and is_by_kernel(op.refuse):
        s.emit(depth, f"if lay[1].kind in 'bfcV': {general}")
    elif op.refuse is not None:
        s.scope[call.name("refuse")] = op.refuse
        s.emit(depth, f"{call.name('refuse')}{call.tuple}")
    arrays = {tensors[0]: f"{a}._array", **{name: call.values[name] for name in numbers}}
    call.numbers = frozenset(numbers)
    if len(tensors) == 1:
        if tests:
            s.emit(depth, f"if not ({' and '.join(tests)}): {general}")
        _write_result(s, call, depth, [*tensors, *numbers], arrays)
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
        s.emit(depth + 1, general)
        s.emit(depth, bail)


def _write_planned(s: Source, call: Call, depth: int, tensors: list[str], test: str = "") -> None:
    """Operands of other strides, or that broadcast: by the plan that is remembered, unless one must be cast first.

    Behind `tensors` the call may have numbers, which change nothing.
    """
    op = call.op
    if op.refuse is not None and (is_by_kernel(op.refuse) or (len(tensors) < 3 and not call.numbers)):
        return  # the general way asks it
    if test:
        s.emit(depth, test)
        depth += 1
    kernel = call.name("kernel")
    s.scope[kernel] = op.kernel
    arrays = {name: f"x_{name}" for name in tensors}
    if op.refuse is not None:
        s.scope[call.name("refuse")] = op.refuse
        s.emit(depth, f"{call.name('refuse')}{call.tuple}")
    s.emit(depth, *[_array_of(call, name, arrays[name]) for name in tensors])
    _write_plan(s, call, depth, arrays)
    operands = [op.parameters[i].name for i in op.operands]
    if op.ufunc is not None and not call.usual_settings(operands):
        s.scope[call.name("ufunc")] = op.ufunc
        listed = ", ".join(arrays.get(name, call.values[name]) for name in operands)
        s.emit_quiet(depth + 1, "", call.name("ufunc"), f"{listed}, out=r")
    else:
        emit_kernel(s, depth + 1, op, kernel, call.listed({**call.values, **arrays}))
    s.new_tensor(depth + 1, "o", "r")
    s.new_node(depth + 1, call, ["o"], ["r"])
    s.emit(depth + 1, "return o")


def _write_plan(s: Source, call: Call, depth: int, arrays: dict[str, str]) -> None:
    """Lines that allocate `r` for these arrays by the plan that is remembered, under an `if` that there is one."""
    plans, plan = call.name("plans"), call.name("lane_plan")
    s.scope |= {plans: call.op.lane_plans, plan: partial(lane_plan, call.op)}
    key = "".join(
        f"None if {array} is None else ({known}), " if call.optional(name) else f"{known}, "
        for name, array in arrays.items()
        for known in [f"{array}.dtype.num, {array}.shape, {array}.strides"]
    )
    s.emit(
        depth,
        f"key = ({key})",
        f"plan = {plans}[key] if key in {plans} else {plan}(({', '.join(arrays.values())},), key)",
        "if plan is not None:",
        " kind, shape, strides = plan",
        " r = np_empty(shape, kind) if strides is None else dense(shape, kind, strides)",
    )


def _array_of(call: Call, name: str, array: str, part: str = "_array") -> str:
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
    s.new_node(depth, call, ["o"], ["r"], layout)
    s.emit(depth, "return o")


# -- everything else -------------------------------------------------------------------------------------------------------


def _write_other(s: Source, call: Call, depth: int) -> None:
    """Views, reductions, and kernels whose result a `meta` function describes or which make their own."""
    op = call.op
    for i in op.tensors_at:
        name = op.parameters[i].name
        v = call.values[name]
        call.arrays[name] = f"x_{name}"
        part = "_memory" if op.view else "_array"
        if op.parameters[i].spelled in ("Arrays", "OptionalArrays"):
            s.emit(depth, f"x_{name} = [each if each is None else each.{part} for each in {v}]")
        else:
            s.emit(depth, _array_of(call, name, f"x_{name}", part))
    given = dict(call.arrays)
    first = call.arrays[op.parameters[op.first_tensor].name]
    if op.refuse is not None:
        s.scope[call.name("refuse")] = op.refuse_late if is_by_kernel(op.refuse) else op.refuse
        s.emit(depth, f"{call.name('refuse')}{call.tuple}")
    if op.dtypes:
        s.scope[call.name("dtypes")] = op.refuse_dtypes
        s.emit(depth, f"if {first}.dtype.kind not in 'fV': {call.name('dtypes')}{call.tuple}")
    allocated = write_computing(s, call, depth, given, first, quiet=not op.view)
    if op.view:
        v = call.values[op.parameters[op.first_tensor].name]
        how = "MULTI_OUTPUT" if op.several else "PLAIN"
        s.emit(depth, f"creation = {how} if not NO_GRAD or MODE.grad else NO_GRAD_VIEW")
        if op.several:
            s.scope[call.name("returns")] = op.returns
            s.emit(depth, f"o = [view_of({v}, each, creation) for each in r]")
            s.new_node(depth, call, [], ["r"])
            s.emit(depth, f"return {call.name('returns')}(o)")
        elif not op.formulas:  # no view to the engine
            s.scope["alias"] = alias
            s.emit(depth, f"return alias({v}, r)")
        else:
            s.emit(depth, f"o = view_of({v}, r, creation)")
            s.new_node(depth, call, ["o"], ["r"])
            s.emit(depth, "return o")
        return
    if op.several:
        s.scope.update({"wrap": wrap, call.name("returns"): op.returns})
        s.emit(depth, "o = [wrap(each) for each in r]")
        s.new_node(depth, call, [], ["r"])
        s.emit(depth, f"return {call.name('returns')}(o)")
        return
    several = len(op.outputs) > 1
    results = [f"o{i}" for i in range(len(op.outputs))] if several else ["o"]
    arrays = [f"r{i}" for i in range(len(op.outputs))] if several else ["r"]
    if several:
        s.emit(depth, f"{', '.join(arrays)} = r")
    for result, array in zip(results, arrays, strict=True):
        if not allocated:
            s.emit(depth, f"if {array}.__class__ is not ndarray: {array} = asarray({array})")
        s.new_tensor(depth, result, array)
    s.new_node(depth, call, results, arrays)
    if several:
        s.scope[call.name("returns")] = op.returns
        s.emit(depth, f"return {call.name('returns')}(({', '.join(results)}))")
    else:
        s.emit(depth, "return o")


def write_arrays(s: Source, call: Call, depth: int) -> None:
    """Write what an overload computes from arrays: nothing is wrapped or recorded."""
    op = call.op
    if op.pointwise is not None:
        _write_pointwise_arrays(s, call, depth)
        return
    first = call.values[op.parameters[op.first_tensor].name]
    write_computing(s, call, depth, dict(call.values), first, quiet=False)
    s.emit(depth, "return r")


def _write_pointwise_arrays(s: Source, call: Call, depth: int) -> None:
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


def write_computing(s: Source, call: Call, depth: int, given: dict[str, str], first: str, *, quiet: bool) -> bool:
    """The kernel's call on the arrays `given`, its result in `r`; whether that was allocated for it.

    `quiet`: where NumPy is silent, which formulas are already, and views need not be.
    """
    op = call.op
    for i in op.dims:
        name = op.parameters[i].name
        given[name] = f"w_{name}"
        v = call.values[name]
        none = f"{v} is None or " if call.optional(name) else ""
        s.emit(depth, f"w_{name} = {v} if {none}0 <= {v} < {first}.ndim else wrap_dim({v}, {first}.ndim)")
    kernel = call.name("kernel")
    s.scope[kernel] = op.straight_kernel
    allocated = not op.view
    if op.view:
        pass
    elif op.reduces:
        _write_reduction_memory(s, call, depth, first, given)
    elif op.edits:
        copy = f"allocate({first}.shape, {first}.dtype)" if op.edits == "contiguous" else f"like({first})"
        s.emit(depth, f"r = {copy}", f"copyto(r, {first})")
    elif op.meta is not None:
        s.scope[call.name("meta")] = op.meta
        s.emit(depth, f"spec = {call.name('meta')}({call.listed(given)})")
        memory = "np_empty(*{0}) if len({0}) == 2 and 0 not in {0}[0] else allocate(*{0})"
        if len(op.outputs) > 1:
            s.emit(depth, f"r = ({''.join(memory.format(f'spec[{i}]') + ', ' for i in range(len(op.outputs)))})")
        else:
            s.emit(depth, f"r = {memory.format('spec')}")
    else:
        allocated = False
    if allocated:
        emit_kernel(s, depth, op, kernel, call.listed(given), quiet=quiet)
    elif quiet:
        s.emit_quiet(depth, "r", kernel, call.listed(given))
    else:
        s.emit_call(depth, "r", kernel, call.listed(given))
    return allocated


def _write_reduction_memory(s: Source, call: Call, depth: int, first: str, given: dict[str, str]) -> None:
    op = call.op
    s.emit(depth, f"kind = {first}.dtype")
    if op.result_dtype is not None:
        s.scope[call.name("result_dtype")] = op.result_dtype
        dtype = call.values.get("dtype", "None")
        ask = f"kind = {call.name('result_dtype')}(kind, {dtype})"
        keeps = all(op.result_dtype(each, None) == each for each in (np.dtype(np.float32), np.dtype(np.float64)))
        s.emit(depth, f"if {dtype} is not None or kind.kind != 'f': {ask}" if keeps else ask)
    if "dim" in op.index:
        keep = call.values.get("keepdim", "False")
        key = f"({first}.shape, {call.values['dim']}, {keep})"
        s.emit(depth, f"axes, shape = REDUCTIONS.get({key}) or reduction_plan{key}")
        given["dim"] = "axes"
        s.emit(depth, "r = np_empty(shape, kind) if 0 not in shape else allocate(shape, kind)")
    else:
        s.emit(depth, "r = np_empty((), kind)")
