"""The lines of a folded item: a module with its class and parameters, a stack with what its turns gave.

Rests on `lines.py`, `spelling.py`, `collapse.py` and `model.py`; `parts.py` draws them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from operator import attrgetter

from autogradkit.tracing.events import Layer, Numbers, Op, Value
from autogradkit.tracing.render.graph.drawing.lines import Text, late, mono, number_lines, sans
from autogradkit.tracing.render.graph.structure.collapse import is_buffer_of
from autogradkit.tracing.render.graph.structure.known import BEFORE
from autogradkit.tracing.render.graph.structure.model import Graph, Item, inputs_of, value_key
from autogradkit.tracing.render.graph.wording.spelling import spelled_op
from autogradkit.tracing.render.marks import numbers as nums
from autogradkit.tracing.render.marks.widths import SIZE, clip, clip_name, text_width, wrap_text

MOST_PARAMETERS = 4  # told one by one
MOST_LINES = 3  # of what ran in a middle that is left out


def folded_lines(item: Item, graph: Graph) -> list[Text]:
    """What stands in the box of a module or of a stack."""
    head = [mono(clip_name(item.title, 200), bold=True)]
    if item.times > 1:
        head.append((f"  ×{item.times}", "ink", False, True))
    again = item.kind == "module" and all(
        op.step in graph.second_order for op in item.ops
    )  # as a checkpoint recomputes
    told = " · ".join(filter(None, (clip(_kind(item), 170, SIZE), "in backward" * again)))
    lines = [Text([*head, sans(f"  {told}")])]
    if item.kind == "stack":
        lines += [Text([sans(clip(each, 240, SIZE))]) for each in _what_ran(item, graph)]
        lines += _turn_lines(item, graph)
    else:
        lines += _parameter_lines(item, graph)
    lines += _odd_lines(item, graph)
    if item.stopped and graph.failure is not None:
        where = f", in {graph.failure.op}" if graph.failure.op else ""
        lines += late([Text([(f"✗ stopped here{where}", "error", False, True)], ask="")], graph.failure.step)
    if graph.node_names:
        nodes = " · ".join(list(dict.fromkeys(op.node_name for op in item.ops if op.node_name))[:3])
        lines += [Text([mono(clip(nodes, 240, SIZE, mono=True), "gradient")])] if nodes else []
    return lines


def _kind(item: Item) -> str:
    """What class a folded module is of; nothing where it is not known, and for a stack."""
    depth = item.path.count("/")
    layers = item.ops[0].layers
    return layers[depth].kind if item.kind == "module" and len(layers) > depth else ""


def _what_ran(item: Item, graph: Graph) -> list[str]:
    """What ran in a stack: of a turn in its order; in a middle, which is no turn of anything, how often what ran."""
    if item.of_turns:
        names = _names(item.ops[:60], graph)
        return [" · ".join(names[:6]) + (" …" if len(names) > 6 else "")]
    ran = {op.part_of or op.step: op for op in item.ops}.values()  # one of each call in which several ran
    counted = Counter(op.part_of.name if op.part_of is not None else op.facts.sign or op.label for op in ran)
    told = [f"{name}\u00a0×{times}" if times > 1 else name for name, times in counted.most_common()]
    return wrap_text(" · ".join(told).replace(" · ", "\u00a0· "), 240, SIZE, lines=MOST_LINES)


def _names(ops: list[Op], graph: Graph) -> list[str]:
    closed = {*graph.folded}
    layers = {op.step: layer for op in ops if (layer := _folded_layer(op, closed)) is not None}
    alike: dict[str, set[str]] = defaultdict(set)  # class -> names: of equal layers each turn has another one
    for layer in layers.values():
        alike[layer.kind].add(layer.name)
    names: dict[str, None] = {}
    for op in ops:
        function = next((each.name for each in op.functions if each.call in graph.functions), None)
        if function is not None:
            names[function] = None
        elif op.step in layers:
            layer = layers[op.step]
            names[layer.name if len(alike[layer.kind]) == 1 else layer.kind] = None
        else:
            names[spelled_op(op, graph.labels, graph.values) if op.part_of is None else op.part_of.name] = None
    return [*names]


def _folded_layer(op: Op, closed: set[str]) -> Layer | None:
    """The outermost of the folded modules that an op ran in."""
    depths = (depth for depth in range(len(op.layers)) if "/".join(op.scope[: depth + 1]) in closed)
    return next((op.layers[depth] for depth in depths), None)


def _turn_lines(item: Item, graph: Graph) -> list[Text]:
    """What each turn gave, of the first and of the last in the stack, and the tensors that each had for itself."""
    given: dict[str, list[Value]] = {}
    for op in item.ops if item.of_turns else ():
        for output in op.outputs:
            value = graph.values[output]
            if value.name is not None:
                given.setdefault(value.name, []).append(value)
    lines: list[Text] = []
    for name, values in list(given.items())[:3]:
        first, last = (nums.one_line(value.numbers, 24) for value in (values[0], values[-1]))
        shown = [f" = {first} → {last}"] if first != last else [f" = {first}"]
        if first != last and text_width(shown[0], SIZE, mono=True) > 300:
            shown = [f" = {first}", f" → {last}"]
        name = clip_name(name, 120)
        parts = [[mono(name if n == 0 else " " * len(name)), mono(line)] for n, line in enumerate(shown)]
        told = [Text(each, ask="" if n else "= ?") for n, each in enumerate(parts)]
        lines += late(told, graph.known.get(values[-1].id, BEFORE))
    names = list(dict.fromkeys(graph.labels[value.id] for value in item.absorbed))
    if names:
        shown = ", ".join(names) if len(names) < 4 else f"{names[0]} … {names[-1]}"
        lines.append(Text([sans("with "), mono(clip(shown, 200, SIZE, mono=True))]))
    return lines + _held_lines(item, graph)


def version_of(value: Value, graph: Graph) -> str:
    """`v1` of a tensor that has several values; else nothing."""
    return f"v{value.version}" if value.tensor in graph.edited else ""


def once_more(value: Value, graph: Graph) -> str:
    """What stands behind the name of a tensor that has its box elsewhere: which of its values it is, where it has several."""
    return " · ".join(filter(None, (version_of(value, graph), "again")))


def _held_lines(item: Item, graph: Graph) -> list[Text]:
    """The tensors that are used again in every turn: data in one line, others with the gradient that came back."""
    data: dict[str, list[str]] = defaultdict(list)
    for value in [graph.values[link.value] for link in item.held if not link.grads]:
        data[once_more(value, graph)].append(graph.labels[value.id])
    lines = [
        Text([mono(clip(", ".join(names), 200, SIZE, mono=True)), sans(f" {again}")]) for again, names in data.items()
    ]
    for link in item.held:
        for grad in link.grads:
            again = once_more(graph.values[link.value], graph)
            name = [mono(clip_name(graph.labels[link.value], 120)), sans(f" {again}   ")]
            lines.append(Text([*name, *_gradient(grad.numbers)], grad.step, ask="?"))
    return lines


def _gradient(numbers: Numbers) -> list[tuple[str, str, bool, bool]]:
    """A gradient in one line."""
    return number_lines(numbers, "gradient", "∂ ", 18, most=1)[0].parts


def _odd_lines(item: Item, graph: Graph) -> list[Text]:
    """Where in what is folded the first nan and the first inf arose: an op gave it that had received none."""
    values = graph.values
    lines: list[Text] = []
    warned = graph.odd - graph.infinite
    odd = [op for op in item.ops for each in op.outputs if each in warned] if warned else []
    for what, count in (("nan", attrgetter("nans")), ("inf", attrgetter("infs"))):
        for op in odd:
            given = next((each for each in op.outputs if count(values[each].numbers)), None)
            if given is not None and not any(count(values[each].numbers) for each in inputs_of(op)):
                where = f"⚠ first {what}: {graph.labels[given]}, from {spelled_op(op, graph.labels, values)}"
                text = Text([(clip(where, 240, SIZE, bold=True), "error", False, True)], ask="")
                lines += late([text], graph.known.get(given, BEFORE))
                break
    return lines


def _parameter_lines(item: Item, graph: Graph) -> list[Text]:
    lines: list[Text] = []
    # What a name of its own begins with, and that of a module in it, such as `out_proj.weight`, `[0].weight`
    own = f"{item.title}.", f"{item.title}["
    for value in item.absorbed[:MOST_PARAMETERS]:
        name = graph.labels[value.id]
        name = name[len(item.title) :].lstrip(".") if name.startswith(own) else name.rpartition(".")[2]
        lines.append(Text([mono(clip_name(name, 120)), sans(f"  {nums.shape_text(value.numbers.shape)}")]))
        events = graph.contributions.get(value.id, [])
        if events:
            parts = [*lines[-1].parts, sans("   "), *_gradient(events[-1].after)]
            lines[-1] = Text(parts, events[-1].step, ask="?")
    if more := len(item.absorbed[MOST_PARAMETERS:]):
        lines.append(Text([sans(f"… {more} more")]))
    if item.absorbed:
        lines.append(Text([sans(nums.parameters([value.numbers for value in item.absorbed]))]))
    return lines + _buffer_lines(item, graph)


def _buffer_lines(item: Item, graph: Graph) -> list[Text]:
    """What a module keeps beside its parameters, `running_mean`, by the names that its layers have for it: what it has written
    anew, and what it has read only; counters last. What has a box of its own is not told."""

    def names(values: Iterable[int]) -> dict[str, None]:
        found = [graph.values[value] for value in values if value_key(value) not in graph.items]
        buffers = [value for value in found if is_buffer_of(value, item.title)]
        buffers.sort(key=lambda value: not value.numbers.shape)
        return {(value.name or "").rpartition(".")[2]: None for value in buffers}

    written = names(output for op in item.ops for output in op.outputs)
    read = {name: None for name in names(each for op in item.ops for each in inputs_of(op)) if name not in written}
    told = [(verb, ", ".join(found)) for verb, found in (("updates ", written), ("reads ", read)) if found]
    return [Text([sans(verb), mono(clip(found, 200, SIZE, mono=True))]) for verb, found in told]
