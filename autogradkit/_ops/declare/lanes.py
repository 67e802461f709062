"""The usual call of one overload, written as a straight line: no binding, no promotion, no look at what cannot be there.

A lane begins where the arguments' classes are known to fit. What is unusual in another way (strides, dtypes, broadcasting
that NumPy would lay out differently) goes on to `Overload.run` with its values bound. Rests on source, and on pointwise_lanes for
what is pointwise; entries.py writes a lane for each overload.
"""

from __future__ import annotations

from autogradkit._ops.declare.call import Call
from autogradkit._ops.declare.known_views import KnownViews
from autogradkit._ops.declare.pointwise_lanes import array_of, emit_kernel, write_pointwise, write_pointwise_arrays
from autogradkit._ops.declare.refusals import is_by_kernel
from autogradkit._ops.declare.source import IS_TENSOR, Source
from autogradkit.core.tensor import wrap
from autogradkit.core.views import alias


def write_lane(s: Source, call: Call, depth: int, bail: str) -> None:
    """Write the call of an overload whose arguments fit; `bail` is the way out where they turn out not to."""
    op = call.op
    lists = [p for p in op.parameters if p.spelled in ("Arrays", "OptionalArrays")]
    for p in lists:
        given = "each is not None and " if p.spelled == "OptionalArrays" else ""
        s.emit(depth, f"for each in {call.values[p.name]}:", f" if {given}each.__class__ not in CLASSES: {bail}")
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
        write_pointwise(s, call, depth, general, bail)
    else:
        _write_other(s, call, depth)


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
            s.emit(depth, array_of(call, name, f"x_{name}", part))
    given = dict(call.arrays)
    first = call.arrays[op.parameters[op.first_tensor].name]
    if op.refuse is not None:
        s.scope[call.name("refuse")] = op.refuse_late if is_by_kernel(op.refuse) else op.refuse
        s.emit(depth, f"{call.name('refuse')}{call.tuple}")
    if op.dtypes:
        s.scope[call.name("dtypes")] = op.refuse_dtypes
        s.emit(depth, f"if {first}.dtype.kind not in 'fV': {call.name('dtypes')}{call.tuple}")
    layout = ""
    if isinstance(op.straight_kernel, KnownViews):
        layout = _write_known_view(s, call, depth, op.straight_kernel, given)
    else:
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
            s.new_view(depth, "o", v, "r", layout or "None")
            if layout:
                s.new_node(depth, call, ["o"], ["r"], f"{layout} or (r.shape, r.dtype)", f"{layout}.__class__ is tuple")
            else:
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
    if op.reduces and op.keeps_floating:
        s.new_node(depth, call, results, arrays, "(shape, kind)", "plain")
    else:
        s.new_node(depth, call, results, arrays)
    if several:
        s.scope[call.name("returns")] = op.returns
        s.emit(depth, f"return {call.name('returns')}(({', '.join(results)}))")
    else:
        s.emit(depth, "return o")


def _write_known_view(s: Source, call: Call, depth: int, kernel: KnownViews, given: dict[str, str]) -> str:
    """The view `r` of a tensor, looked up by its layout; the variable of the view's own layout, None where that is not known."""
    op = call.op
    name = op.parameters[op.first_tensor].name
    v, x = call.values[name], given[name]
    _write_dims(s, call, depth, given, x)
    known, shows, note = call.name("known"), call.name("kernel"), call.name("note")
    s.scope |= {known: kernel.by_layout, shows: kernel, note: kernel.note}
    settings = "".join(f"{given[p.name]}, " for p in op.parameters if p.name != name)
    s.emit(
        depth,
        f"lay = {v}._layout if {IS_TENSOR.format(v)} else ()",
        f"if lay is None: lay = layout_of({v})",
        f"known = {known}.get((lay, {settings}))",
        "if known is None:",
        f" r = {shows}({call.listed(given)})",
        " lay_r = None",
        f" if lay: {note}((lay, {settings}), {x}, r)",
        "else:",
        " shape, strides, offset, lay_r = known",
        f" r = {x}.reshape(shape) if strides is None else ndarray(shape, lay[1], {x}, offset, strides)",
    )
    return "lay_r"


def _write_dims(s: Source, call: Call, depth: int, given: dict[str, str], first: str) -> None:
    """Dimensions counted from the front."""
    for i in call.op.dims:
        name = call.op.parameters[i].name
        given[name] = f"w_{name}"
        v = call.values[name]
        none = f"{v} is None or " if call.optional(name) else ""
        s.emit(depth, f"w_{name} = {v} if {none}0 <= {v} < {first}.ndim else wrap_dim({v}, {first}.ndim)")


def write_arrays(s: Source, call: Call, depth: int) -> None:
    """Write what an overload computes from arrays: nothing is wrapped or recorded."""
    op = call.op
    if op.pointwise is not None:
        write_pointwise_arrays(s, call, depth)
        return
    first = call.values[op.parameters[op.first_tensor].name]
    write_computing(s, call, depth, dict(call.values), first, quiet=False)
    s.emit(depth, "return r")


def write_computing(s: Source, call: Call, depth: int, given: dict[str, str], first: str, *, quiet: bool) -> bool:
    """The kernel's call on the arrays `given`, its result in `r`; whether that was allocated for it.

    `quiet`: where NumPy is silent, which formulas are already, and views need not be.
    """
    op = call.op
    _write_dims(s, call, depth, given, first)
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
    if op.reducer is not None:
        reduce, emit = call.name("reduce"), s.emit_quiet if quiet else s.emit_call
        s.scope[reduce] = op.reducer
        s.emit(depth, "if plain:")
        emit(depth + 1, "", reduce, f"{first}, {given.get('dim')}, None, r, {given.get('keepdim', False)}")
        s.emit(depth, "else:")
        emit_kernel(s, depth + 1, op, kernel, call.listed(given), quiet=quiet)
    elif allocated:
        emit_kernel(s, depth, op, kernel, call.listed(given), quiet=quiet)
    elif quiet:
        s.emit_quiet(depth, "r", kernel, call.listed(given))
    else:
        s.emit_call(depth, "r", kernel, call.listed(given))
    return allocated


def _write_reduction_memory(s: Source, call: Call, depth: int, first: str, given: dict[str, str]) -> None:
    op = call.op
    dtype = call.values.get("dtype")
    as_given = "" if dtype is None else f" and {dtype} is None"
    s.emit(depth, f"kind = {first}.dtype", f"plain = kind.char in 'fd'{as_given}")
    if op.result_dtype is not None:
        s.scope[call.name("result_dtype")] = op.result_dtype
        ask = f"kind = {call.name('result_dtype')}(kind, {dtype})"
        s.emit(depth, f"if not plain: {ask}" if op.keeps_floating else ask)
    if "dim" in op.index:
        keep = call.values.get("keepdim", "False")
        key = f"({first}.shape, {call.values['dim']}, {keep})"
        s.emit(depth, f"axes, shape = REDUCTIONS.get({key}) or reduction_plan{key}")
        given["dim"] = "axes"
        s.emit(depth, "r = np_empty(shape, kind) if 0 not in shape else allocate(shape, kind)")
    else:
        s.emit(depth, "shape = ()", "r = np_empty(shape, kind)")
