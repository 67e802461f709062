"""The things on the picture of a graph: how large each is, and how it is drawn at its place.

Rests on `lines.py`, `folded.py`, `heat.py`, `svg.py`, `model.py`, `numbers.py` and `spelling.py`; `picture.py` puts them
together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from autogradkit.tracing.events import Numbers, Value
from autogradkit.tracing.labels import numbered
from autogradkit.tracing.render.graph.drawing.folded import folded_lines, once_more, version_of
from autogradkit.tracing.render.graph.drawing.heat import draw_heat, heat_of, strip_size
from autogradkit.tracing.render.graph.drawing.lines import LINE, Text, call_that_fits, late, mono, number_lines, sans
from autogradkit.tracing.render.graph.structure.known import BEFORE
from autogradkit.tracing.render.graph.structure.model import Graph, Item, Link, is_maker, value_key
from autogradkit.tracing.render.graph.wording.spelling import spelled_call_in_order, spelled_in_order
from autogradkit.tracing.render.graph.wording.words import way_of
from autogradkit.tracing.render.marks import numbers as nums
from autogradkit.tracing.render.marks.colours import alias_role
from autogradkit.tracing.render.marks.svg import Picture
from autogradkit.tracing.render.marks.widths import SIZE, clip, clip_name, text_width

ROUND = ("op", "failed", "call")  # kinds of items that are drawn as ellipses
PAD = 12.0
ROUND_PAD = 16.0  # above and below the lines in an ellipse
FLAT = 10.0  # the same of a single line where the picture would be very tall
ROOM = 28  # characters of a row of numbers
ROWS = 4  # of numbers beside an edge
FEWER_ROWS = 2  # the same where the picture would be very tall
TIGHTER = (20, 14)  # the same where the picture would be wider than the page
MOST_SHARERS = 3  # tensors named that share a storage
MOST_SHAPES = 3  # named where an edge stands for tensors of several
FREED = 26.0  # px from one box of a freed value to the next
MOST_OPERATION = 180.0  # px of what stands in an ellipse
MOST_CALL = 206.0  # the same where it is folded
MOST_RESULT = 28  # characters of what a call gave and used itself


@dataclass(slots=True)
class Part:
    """An item with its lines and its size."""

    item: Item
    lines: list[Text] = field(default_factory=list)
    heat: Numbers | None = None
    width: float = 0.0
    height: float = 0.0

    def bottom(self, dx: float) -> float:
        """Distance from the centre down (or up) to the rim, `dx` beside the centre."""
        if self.item.kind in ROUND:
            return self.height / 2 * math.sqrt(max(0.0, 1 - (2 * dx / self.width) ** 2))
        return self.height / 2


def measure(
    item: Item,
    graph: Graph,
    arriving: list[Link],
    leaving: list[Link],
    room: int = ROOM,
    dense: bool = False,
    brief: bool = False,
) -> Part:
    """The lines of an item, numbers in rows of at most `room` characters, and the size that they and its edges ask for; ellipses
    are flatter where it is `dense`, and of what is too much to print a `brief` box has the range alone."""
    part = Part(item)
    ports = max(len(arriving), len(leaving))
    if item.kind in ROUND:
        op = item.op
        if op is None:
            spelled = spelled_call_in_order(item.title, item.ops, graph.labels, graph.values)
        else:
            spelled = spelled_in_order(op, graph.labels, graph.values)
        most = MOST_CALL if item.kind == "call" else MOST_OPERATION
        part.lines = [Text([mono(line)]) for line in call_that_fits(spelled, most)]
        part.lines += _result_lines(item, graph, leaving)
        if graph.node_names and item.op is not None and item.op.node_name is not None:
            part.lines.append(Text([mono(clip(item.op.node_name, MOST_OPERATION, SIZE, mono=True), "gradient")]))
        inner = max(line.width for line in part.lines) + {"failed": 24, "call": 8}.get(item.kind, 0)
        part.width = max(56.0, inner + 30 * len(part.lines), ports * 52 - 12)
        part.height = (
            (FLAT if dense and len(part.lines) == 1 else ROUND_PAD) + LINE * len(part.lines) - 3 * (len(part.lines) - 1)
        )
        return part
    if item.kind == "tensor" and item.value is not None and item.again:
        part.lines = [
            Text(
                [
                    mono(clip_name(graph.labels[item.value.id], MOST_OPERATION)),
                    sans(f"  {once_more(item.value, graph)}"),
                ]
            )
        ]
    elif item.kind == "tensor" and item.value is not None:
        _tensor_lines(part, item.value, graph, arriving, leaving, room, brief)
    else:
        part.lines = folded_lines(item, graph)
    strip = strip_size(part.heat)
    wide = max([strip[0], *(line.width for line in part.lines)])
    part.width = max(wide + 2 * PAD + (6 if _alias(part, graph) is not None else 0), ports * 52 - 20, 48.0)
    part.height = len(part.lines) * LINE + 12 + (strip[1] + 6 if strip[1] else 0)
    return part


def _result_lines(item: Item, graph: Graph, leaving: list[Link]) -> list[Text]:
    """What a call gave and used itself, as `norm` of `norm = clip_grad_norm_(…)`: else it would be nowhere. A function of the
    learner's has names of its own inside, which are not told."""
    if any(op.part_of is None for op in item.ops):
        return []
    leads_on = {value for link in leaving for value in link.several or (link.value,)}
    given = [graph.values[output] for op in item.ops for output in op.outputs if output not in leads_on]
    lines: list[Text] = []
    for value in given:
        if value.name is not None and value.tensor not in graph.edited and value_key(value.id) not in graph.items:
            told = f"{clip_name(value.name, 120)} = "
            asked = value.id in graph.infinite
            shown = number_lines(value.numbers, "ink", told, MOST_RESULT, most=1, asked=asked)
            lines += late(shown, graph.known.get(value.id, BEFORE))
    return lines


def _tensor_lines(
    part: Part, value: Value, graph: Graph, arriving: list[Link], leaving: list[Link], room: int, brief: bool
) -> None:
    label = clip_name(graph.labels[value.id], 180)
    kind = "leaf" if value.requires_grad and value.is_leaf else "data" if value.is_leaf else ""
    maker = graph.producer.get(value.id)
    if maker is not None and is_maker(maker) and maker.name != "tensor":
        kind = f"{maker.name} · {kind}" if kind == "leaf" else maker.name
    version = version_of(value, graph)
    numbers = value.numbers
    known = graph.known.get(value.id, BEFORE)
    shown = nums.lines(numbers)
    if nums.unknown(numbers):
        extra = " · ".join(filter(None, (kind, nums.shape_text(numbers.shape), "not kept")))
        part.lines = [Text([mono(label, bold=True), sans(f"  {extra}")])]
    elif not numbers.shape:
        extra = " · ".join(filter(None, (kind, version)))
        told, ask = mono(f" = {shown[0]}"), "= ?"
        if nums.oddities(numbers) and value.id not in graph.infinite:
            label, told, ask = f"{label} = ", (f"⚠ {shown[0]}", "error", True, True), "?"
        parts = [mono(label, bold=True), told, sans(f"  {extra}" if extra else "")]
        part.lines = late([Text(parts, value=1, ask=ask)], known)
    else:
        extra = " · ".join(filter(None, (kind, nums.shape_text(numbers.shape), version)))
        asked = value.id in graph.infinite
        printed = late(number_lines(numbers, "ink", room=room + 2, brief=brief, asked=asked), known)
        part.lines = [Text([mono(label, bold=True), sans(f"  {extra}")]), *printed]
        part.heat = None if brief else heat_of(numbers)
    others = _sharers(value, graph)
    if others:
        part.lines.append(Text([sans(clip(f"same memory as {others}", 200, SIZE))]))
    part.lines += _grad_lines(value, graph, arriving, leaving, room)
    if graph.node_names and value.is_leaf and value.requires_grad:
        part.lines.append(Text([mono("AccumulateGrad", "gradient")]))


def _sharers(value: Value, graph: Graph) -> str:
    """The names of other tensors in the same memory; what a loop calls by one name in all its turns is told once. Where
    there are more, that is said."""
    if value.tensor not in graph.aliases:
        return ""
    others = {value.name or graph.labels[value.id]: None}
    for other in graph.sharers[value.storage]:
        if other.tensor != value.tensor:
            others[other.name or graph.labels[other.id]] = None
            if len(others) > MOST_SHARERS + 1:
                break
    _, *names = others
    return ", ".join(names[:MOST_SHARERS] + ["…"] * (len(names) > MOST_SHARERS))


def _grad_lines(value: Value, graph: Graph, arriving: list[Link], leaving: list[Link], room: int) -> list[Text]:
    """What `.grad` is, call by call; where several edges meet, that it is their sum."""
    events = graph.contributions.get(value.id, [])
    if events:
        lines: list[Text] = []
        if len(events) > 1 or events[0].before is not None:
            if events[0].before is not None and (events[0].before.low, events[0].before.high) != (0, 0):
                lines += late(
                    number_lines(events[0].before, "gradient", "before ", room - 2, brief=True), events[0].step
                )
            for event in events[:4]:
                found = number_lines(event.contribution, "gradient", f"call {event.call + 1} + ", room - 2, brief=True)
                lines += late(found, event.step, event.call)
            if len(events) > 4:
                lines += late([Text([sans(f"… {len(events) - 4} more calls", "gradient")])], events[4].step)
        lines += late(number_lines(events[-1].after, "gradient", ".grad = ", room - 2, brief=True), events[-1].step)
        cleared = graph.cleared.get(value.id)
        if cleared is not None and cleared.after is None:
            lines += late([Text([mono("then None", "gradient")])], cleared.step)
        elif cleared is not None and cleared.after is not None:
            lines += late(number_lines(cleared.after, "gradient", "then ", room - 2, brief=True), cleared.step)
        return lines
    if sum(bool(link.grads) for link in leaving) > 1 and not value.is_leaf:
        incoming = next((link for link in arriving if link.grads and link.value == value.id), None)
        if incoming is not None:
            total = incoming.grads[-1]
            return late(number_lines(total.numbers, "gradient", "Σ∂ = ", room - 2, brief=True), total.step, total.call)
    return []


def _alias(part: Part, graph: Graph) -> str | None:
    value = part.item.value
    return alias_role(graph.aliases[value.tensor]) if value is not None and _sharers(value, graph) else None


def draw(part: Part, picture: Picture, x: float, y: float, graph: Graph) -> None:
    """Draw an item with its centre at (x, y)."""
    item = part.item
    picture.open(f"ak-item ak-{item.kind}", data_key=item.key)
    left, top = x - part.width / 2, y - part.height / 2
    if item.kind in ROUND:
        _draw_op(part, picture, x, y, graph)
    else:
        _draw_box(part, picture, left, top, graph)
    if item.freed:
        picture.open(data_step=_failed(graph))
        _draw_freed(part, picture, x + part.width / 2 + 8, y)
        picture.close()
    picture.close()


def _failed(graph: Graph) -> int | None:
    """The event from which on it is known what failed, and where."""
    return None if graph.failure is None else graph.failure.step


def _draw_op(part: Part, picture: Picture, x: float, y: float, graph: Graph) -> None:
    item = part.item
    bad = item.stopped or item.culprit
    stroke = "gradient" if item.op is not None and item.op.step in graph.second_order else "ink"
    dash = "4 3" if item.kind == "failed" else None
    rx, ry = part.width / 2, part.height / 2
    picture.ellipse(x, y, rx, ry, stroke=stroke, stroke_dasharray=dash)
    if item.kind == "call":
        picture.ellipse(x, y, rx - 3, ry - 3, stroke=stroke, line=0.8)
    if bad:
        text = "✗ stopped here" if item.stopped else "✎ edited here"
        picture.open(data_step=_failed(graph))
        picture.ellipse(x, y, rx, ry, fill="blush", stroke="error", line=1.8, stroke_dasharray=dash)
        picture.text(x - rx - 6, y + 4, text, "error", anchor="end")
        picture.close()
    for number, each in enumerate(part.lines):
        each.draw(picture, x, y + 4 + 14 * (number - (len(part.lines) - 1) / 2), "middle")


def _draw_freed(part: Part, picture: Picture, x: float, y: float) -> None:
    """One under the other beside the node, so that the picture grows less wide."""
    y -= (len(part.item.freed) - 1) * FREED / 2
    for name in part.item.freed:
        picture.box(x, y - 11, freed_width(name), 22, radius=5, fill=None, stroke="mark", stroke_dasharray="4 3")
        picture.text(x + 7, y + 4, f"{name} · freed", "muted")
        y += FREED


def freed_width(name: str) -> float:
    """How wide the box of a saved value is that backward has freed."""
    return text_width(f"{name} · freed") + 14


def _draw_box(part: Part, picture: Picture, left: float, top: float, graph: Graph) -> None:
    item, value = part.item, part.item.value
    width, height = part.width, part.height
    rim, line = "ink", 1.2
    if value is not None and value.is_leaf:
        rim, line = ("leaf", 1.8) if value.requires_grad else ("mark", 1.4)
    fill = "panel"
    if value is not None and not value.is_leaf:
        rim = "rule"
    if item.kind == "stack":
        for shift in (8, 4):
            picture.box(left + shift, top + shift, width, height, fill="panel", stroke="ink", line=1)
    picture.box(left, top, width, height, fill=fill, stroke=rim, line=line)
    if item.stopped:
        picture.box(left, top, width, height, fill=None, stroke="error", line=line, data_step=_failed(graph))
    if item.kind == "module":
        picture.box(left + 3.5, top + 3.5, width - 7, height - 7, radius=5, fill=None, stroke=rim, line=1)
    alias = _alias(part, graph)
    if alias is not None:
        picture.box(left + 4, top + 5, 5, height - 10, radius=2.5, fill=alias, stroke=None)
        left, width = left + 6, width - 6
    block = max([strip_size(part.heat)[0], *(each.width for each in part.lines)])
    y = top + 6 + LINE - 4.5
    start = left + (width - block) / 2
    for each in part.lines:
        each.draw(picture, start, y)
        y += LINE
    if part.heat is not None:
        assert value is not None, "numbers are a tensor's"
        draw_heat(part.heat, picture, start, y - LINE + 8, graph.known.get(value.id))


def forward_lines(link: Link, graph: Graph, room: int = ROOM, rows: int = ROWS) -> list[Text]:
    """The label on the ink side of an edge; the name stands over the numbers where these have less room than usual, and of
    more than `rows` rows the range is told."""
    lines: list[Text] = []
    tail, head = graph.items[link.tail], graph.items[link.head]
    turns = [f"{way} {_numbers(which)}" for way, which in (("Out", link.out_of), ("In", link.into)) if which]
    if turns:
        lines.append(Text([sans(", ".join(turns))]))
    if link.several:
        shapes = [*dict.fromkeys(nums.shape_text(graph.values[value].numbers.shape) for value in link.several)]
        each = f", {shapes[0]} each" if len(shapes) == 1 else f": {', '.join(shapes[:MOST_SHAPES])}"
        more = ", …" * (len(shapes) > MOST_SHAPES)
        lines.append(Text([sans(f"{link.uses} tensors{each}{more}")]))
    elif link.uses > 1 and not turns and (link.grads or head.kind != "call"):  # without a sum nobody asks how often
        lines.append(Text([sans(f"{link.uses} uses")]))
    elif tail.kind != "tensor" and head.kind != "tensor":
        value = graph.values[link.value]
        name = clip_name(graph.labels[value.id], 130)
        shape = nums.shape_text(value.numbers.shape)
        if nums.unknown(value.numbers):
            lines.append(Text([mono(name), sans(f"  {shape}, not kept")]))
        else:
            known = graph.known.get(value.id, BEFORE)
            lead = f"{name} = "
            told = nums.lines(value.numbers, room, rows)
            all_there = told != nums.summary_lines(value.numbers)  # so that one can count the elements
            if not all_there or (room < ROOM and len(lead) + len(told[0]) > room):
                lines.append(Text([mono(lead.rstrip())] if all_there else [mono(name), sans(f"  {shape}")]))
                lead = ""
            asked = value.id in graph.infinite
            lines += late(number_lines(value.numbers, "ink", lead, room, brief=True, most=rows, asked=asked), known)
    if way := way_of(link, graph):
        lines.append(Text([sans(way, "gradient" if link.kind == "grad" else "muted")]))
    if link.broadcast:
        plural = "s" if "," in link.broadcast else ""
        lines.append(Text([sans(f"broadcast over dim{plural} {link.broadcast}")]))
    return lines


def _numbers(turns: tuple[int, ...]) -> str:
    """`29`, `2–29`, and `2 … 29` where it is not each of them."""
    first, last = turns[0], turns[-1]
    return str(first) if first == last else f"{first}–{last}" if last - first < len(turns) else f"{first} … {last}"


def gradient_lines(link: Link, graph: Graph, room: int = ROOM, rows: int = ROWS) -> list[Text]:
    """The label on the gradient side of an edge: one ∂ for each call, of more than `rows` rows the range."""
    many = len(graph.calls) > 1
    lines: list[Text] = []
    for grad in link.grads[-3:]:
        mark = (numbered("∂", grad.call + 1) if many else "∂") + " "
        lines += late(number_lines(grad.numbers, "gradient", mark, room, brief=True, most=rows), grad.step, grad.call)
    first = link.grads[0].step if link.grads else 0
    if len(link.grads) > 3:
        lines += late([Text([sans(f"… {len(link.grads) - 3} earlier calls", "gradient")])], first)
    if link.broadcast and link.grads:
        dims = f"dim{'s' if ',' in link.broadcast else ''} {link.broadcast}"
        lines += late([Text([sans(f"summed over {dims}", "gradient")])], first)
    return lines
