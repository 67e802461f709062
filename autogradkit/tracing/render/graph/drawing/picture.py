"""The picture of a graph: forward values in ink downward, the gradient on every edge dashed upward.

Rests on `build.py` (what), `fold.py` (how much), `layout.py` (where), `parts.py` and `svg.py` (how). One deterministic
SVG string, which is both the static picture and what GraphView inlines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from autogradkit.core.frames import entry
from autogradkit.tracing.collecting import collected_later
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph.drawing.columns import WIDEST
from autogradkit.tracing.render.graph.drawing.layout import Placed, place
from autogradkit.tracing.render.graph.drawing.parts import (
    LINE,
    Text,
    draw,
)
from autogradkit.tracing.render.graph.drawing.routes import ports, way
from autogradkit.tracing.render.graph.drawing.sheet import LOWER, TALL, Sheet, fitting, lower, sheet_of
from autogradkit.tracing.render.graph.structure.again import whole_first
from autogradkit.tracing.render.graph.structure.bounds import MOST_ROWS
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.graph.structure.fold import (
    MOST_ITEMS,
    USUAL,
    bounded,
    fold_calls_and_layers,
    fold_turns,
    most_items,
    shortened,
)
from autogradkit.tracing.render.graph.structure.functions import repeated
from autogradkit.tracing.render.graph.structure.model import Graph, shared
from autogradkit.tracing.render.graph.structure.moves import join_moves
from autogradkit.tracing.render.graph.structure.stacks import ONE_OPEN, SMALLER, Stacking, may_repeat
from autogradkit.tracing.render.graph.wording import words
from autogradkit.tracing.render.graph.wording.titles import title
from autogradkit.tracing.render.marks.html import still
from autogradkit.tracing.render.marks.svg import Picture, num
from autogradkit.tracing.render.marks.widths import COLUMN, LEGIBLE, SIZE, clip, text_width, wrap_text

MARGIN = 22.0
LEAST_WIDTH = 590.0  # most legends are one line
LEAST = 300.0  # on the narrowest page
WIDTH_OF_ERRORS = 640.0
MOST_TITLE = 860.0
MOST_BYTES = 72_000  # of a picture in which nothing was opened: beyond it fewer items are drawn
MOST_BYTES_OF_A_LOOP = 36_000  # stored are four thirds of it, and with table and text 60 kB, which a test holds
MOST_BYTES_OF_A_FEW_TURNS = 46_000  # of which none are stacked, in the picture or in the table: less what its rows take
BYTES_OF_A_ROW = 370
FEWEST_ROWS = 12  # as long as one of a stack may be several
ROUNDED = 0.1  # px by which what fits exactly may come out wider
MOST_WIDTH = 1.5 * WIDEST  # likewise
MOST_WITHOUT_FUNCTIONS = 40  # items up to which the learner's own functions stay open
MUCH_TOO_TALL = 1_850.0  # px beyond which turns are closed for a tenth of it, and a middle may be left out
SIDES = (16, 12, 9, 6, 4)  # operations that are drawn before the middle of a very tall picture, and behind it
MUCH_LOWER = 0.75  # of its height, which closing turns must bring a very tall picture to, if it is not much too tall
FEWEST = 6  # items that are drawn at any rate
BESIDE = 5.0  # from the middle of an edge to each of its two lines


@dataclass(slots=True)
class Drawn:
    """A picture with what it shows."""

    svg: str
    alt: str
    graph: Graph
    height: float


@entry
@collected_later
def draw_graph(
    trace: Recording,
    folds: dict[str, bool] | None = None,
    *,
    node_names: bool = False,
    whole: Graph | None = None,
    page: float | None = None,
) -> Drawn:
    """The picture of a trace. `folds` opens (False) or closes (True) modules by their path, `LeNet/conv1`, and turns.

    `node_names` writes PyTorch's names of the graph's nodes, `MulBackward0`, `AccumulateGrad`, beside the learner's.
    `whole` is what `build` made of the trace, for who draws it again and again; it stays as it is. `page` is how many pixels
    wide the column is that shows it now; without it the picture is one to be stored, which a column of `COLUMN` or more shows
    without scrolling sideways.

    >>> "nothing to draw" in draw_graph(Recording()).svg
    True
    """
    most = most_items(folds, MOST_ITEMS)
    whole = build(trace) if whole is None else whole
    layered = fold_calls_and_layers(shared(whole), folds)
    layered.node_names = node_names
    folded, turns = fold_turns(shared(layered), folds, most, USUAL), USUAL
    if (folded.middle or len(folded.items) > MOST_WITHOUT_FUNCTIONS) and repeated(whole):
        layered = fold_calls_and_layers(shared(whole), folds, functions=True)
        layered.node_names = node_names
        folded = fold_turns(shared(layered), folds, most, USUAL)
    if folded.middle and _has_turns(whole, ONE_OPEN.least):  # of which a stack tells more than "40 operations"
        for fewer in SMALLER:
            stacked = fold_turns(shared(layered), folds, most, fewer)
            if not stacked.middle:
                folded, turns = stacked, fewer
                break
    captions = _Captions(title(trace), words.overview(folded))  # of all that ran, so however little of it is drawn
    drawn = _draw_within(bounded(folded, most), captions, page, least=not FEWEST < most <= MOST_ITEMS)
    if drawn is not None:
        return _lower(drawn, folded, layered, folds, most, turns, captions, page)
    for smaller in SMALLER if may_repeat(layered.ops, ONE_OPEN.least) else ():
        again = fold_turns(shared(layered), folds, most, smaller)
        if len(again.items) < FEWEST:  # all turns are one: the first without its middle tells more
            drawn = _without_middle(folded, captions, page, math.inf, stacks=True)
            if drawn is not None:
                return drawn
        if len(again.items) < len(folded.items):
            folded, turns = again, smaller
            drawn = _draw_within(bounded(folded, most), captions, page, least=False)
            if drawn is not None:
                return _lower(drawn, folded, layered, folds, most, turns, captions, page)
    while drawn is None:
        most = max(FEWEST, most * 2 // 3)
        if not folded.middle:  # else modules are closed already, and fewer items are more of the middle left out
            folded = fold_turns(shared(layered), folds, most, turns)
        drawn = _draw_within(bounded(folded, most), captions, page, least=most == FEWEST)
    return drawn


def _lower(
    drawn: Drawn,
    folded: Graph,
    layered: Graph,
    folds: dict[str, bool] | None,
    most: int,
    turns: Stacking,
    captions: _Captions,
    page: float | None,
) -> Drawn:
    """A very tall picture with one operation in place of several that only turn or reshape; with one turn of a loop drawn and the
    others closed, where that makes it much lower; without its middle where it is much too tall still; else as it was."""
    others = (*layered.unfoldable, *layered.opened)  # modules, and calls that are open
    opened = any(not closed and path not in others for path, closed in (folds or {}).items())
    if drawn.height <= TALL or opened:
        return drawn
    joined = shared(layered)
    if join_moves(joined):
        shorter = fold_turns(shared(joined), folds, most, turns)
        again = _draw_within(bounded(shorter, most), captions, page, least=False)
        if again is not None and again.height < drawn.height:
            drawn, folded, layered = again, shorter, joined
    if drawn.height > TALL and turns.last and may_repeat(layered.ops, ONE_OPEN.least):
        stacked = fold_turns(shared(layered), folds, most, ONE_OPEN)
        if len(stacked.items) < len(drawn.graph.items) or drawn.graph.middle:
            again = _draw_within(bounded(stacked, most), captions, page, least=False)
            share = LOWER if drawn.height > MUCH_TOO_TALL else MUCH_LOWER
            if again is not None and again.height < share * drawn.height:
                drawn, folded = again, stacked
    if drawn.height > MUCH_TOO_TALL and all((folds or {}).values()):  # what was opened is to be seen
        return _without_middle(folded, captions, page, TALL, stacks=False) or drawn
    return drawn


def _without_middle(
    folded: Graph, captions: _Captions, page: float | None, highest: float, *, stacks: bool
) -> Drawn | None:
    """The picture of a folded graph without so much of its middle, which may have `stacks` of turns in it, that it is no higher
    than that, and not too large."""
    for side in SIDES:
        short = shortened(folded, side, stacks)
        drawn = None if short is None else _draw_within(short, captions, page, least=False)
        if drawn is not None and drawn.height <= highest:
            return drawn
    return None


def _has_turns(graph: Graph, least: int) -> bool:
    """Whether a loop went round so often."""
    return any(op.position is not None and max(op.position.turn, default=1) >= least for op in graph.ops)


def _room(page: float | None) -> float:
    """How wide a layout may be that a page shows without scrolling: as wide as the page, or wider by as much as may be shown
    smaller, up to `WIDEST`."""
    column = COLUMN if page is None else page
    return max(column, min(column * SIZE / LEGIBLE, WIDEST + 2 * MARGIN)) - 2 * MARGIN


def _too_large(drawn: Drawn, stored: bool) -> bool:
    graph = drawn.graph
    most = MOST_BYTES
    if stored and any(item.of_turns for item in graph.items.values()):
        stacked = [len(item.ops) for item in graph.items.values() if item.kind == "stack"]
        rows = len(graph.ops) - sum(stacked) + len(stacked)
        most = max(MOST_BYTES_OF_A_LOOP, MOST_BYTES_OF_A_FEW_TURNS - BYTES_OF_A_ROW * max(rows, FEWEST_ROWS))
    elif stored and any(op.position is not None and max(op.position.turn, default=1) > 1 for op in graph.ops):
        most = MOST_BYTES_OF_A_FEW_TURNS - BYTES_OF_A_ROW * min(len(graph.ops), MOST_ROWS)
    return len(still(drawn.svg).encode()) > most


@dataclass(frozen=True, slots=True)
class _Captions:
    """What stands above a picture and below it."""

    heading: str
    overview: str


def _draw_within(graph: Graph, captions: _Captions, page: float | None, least: bool) -> Drawn | None:
    """The picture of a folded graph; None where it comes out too wide or too large, but of the `least` that is drawn.

    What does not fit is folded rather than scrolled as long as there are modules to fold.
    """
    room = _room(page)
    open_ = any("/" not in path and path not in graph.folded for path in graph.unfoldable)
    most = math.inf if least else room if open_ or page is None else max(MOST_WIDTH, room)
    fitted = fitting(graph, room, math.inf if least else max(MOST_WIDTH, room), most + ROUNDED)
    if fitted is None:
        return None
    sheet, placed = fitted
    if placed.width <= most and whole_first(graph, placed.places):
        sheet = sheet_of(graph, sheet.room)
        placed = place(sheet.nodes, sheet.edges, room, squeezed=True)
    sheet, placed = lower(graph, sheet, placed, room)
    parts = sheet.parts
    titled = min(MOST_TITLE, text_width(captions.heading, 14, mono=True, bold=True) + 2 * MARGIN)
    worded = max(LEAST_WIDTH if graph.failure is None else WIDTH_OF_ERRORS, titled)
    width = max(min(worded, room + 2 * MARGIN), LEAST, placed.width + 2 * MARGIN)
    if width > most + 2 * MARGIN + ROUNDED:
        return None
    picture = Picture()
    alt = words.alt(graph, captions.heading, captions.overview)
    read = min(width, room + 2 * MARGIN)  # sentences are read without scrolling, however wide the graph is
    top = _heading(picture, captions.heading, read)
    left = (width - placed.width) / 2
    _links(picture, graph, sheet, placed, left, top)
    for key, (x, y) in placed.nodes.items():
        draw(parts[key], picture, x + left, y + top, graph)
    bottom = _footer(picture, graph, captions.overview, top + placed.height, read)
    drawn = Drawn(picture.finish(width, bottom, alt, class_="ak-picture ak-graph"), alt, graph, bottom)
    return None if _too_large(drawn, stored=page is None) and not least else drawn


def _heading(picture: Picture, title: str, width: float) -> float:
    room = width - 2 * MARGIN
    picture.text(MARGIN, 26, clip(title, room, 14, mono=True, bold=True), "ink", 14, mono=True, bold=True)
    return 42.0 if title else 14.0


def _links(picture: Picture, graph: Graph, sheet: Sheet, placed: Placed, left: float, top: float) -> None:
    parts = sheet.parts
    starts, ends = ports(sheet.edges, placed)
    for number, link in enumerate(graph.links):
        sx, sy = placed.nodes[link.tail]
        ex, ey = placed.nodes[link.head]
        leaves = sy + parts[link.tail].bottom(starts[number]) + top
        arrives = ey - parts[link.head].bottom(ends[number]) + top
        route = [(x + left, a + top, b + top) for x, a, b in placed.routes[number]]
        x0, foot = sx + starts[number] + left, placed.rows[link.tail][1] + top
        x1, head = ex + ends[number] + left, placed.rows[link.head][0] + top
        both = bool(link.grads)
        picture.open("ak-link", data_key=f"e{number}", data_tail=link.tail, data_head=link.head)
        picture.open("ak-forward")
        stroke = {"flow": "ink", "memory": "mark", "grad": "gradient"}[link.kind]
        down = way((x0, leaves + 1, foot + 1), route, (x1, head - 2, arrives - 2), -BESIDE if both else 0)
        picture.path(down.path(), stroke=stroke, dashed=link.kind != "flow", arrow=True)
        forward, gradient = sheet.labels[number]
        x, a, b = placed.labels[number]
        x, a, b = x + left, a + top, b + top
        _label(picture, forward, x - BESIDE - 7, (a + b) / 2, "end")
        picture.close()
        if both:
            calls = " ".join(dict.fromkeys(str(grad.call) for grad in link.grads))
            picture.open("ak-back", data_calls=calls, data_step=link.grads[0].step)
            back = way((x0, leaves + 2, foot + 2), route, (x1, head - 1, arrives - 1), BESIDE)
            picture.path(back.reversed().path(), stroke="gradient", dashed=True, arrow=True)
            _label(picture, gradient, x + BESIDE + 7, (a + b) / 2, "start")
            picture.close()
        picture.close()


def _label(picture: Picture, lines: list[Text], x: float, y: float, anchor: str) -> None:
    """Lines stacked around `y`; rows of one matrix keep their left edge."""
    if not lines:
        return
    step = LINE - 2
    if anchor == "end":
        x -= max(line.width for line in lines)
    first = y - (len(lines) - 1) * step / 2 + 4
    for i, line in enumerate(lines):
        line.draw(picture, x, first + i * step)


def _footer(picture: Picture, graph: Graph, overview: str, y: float, width: float) -> float:
    """Error, what was left out, legend. Returns the height of the picture."""
    room = width - 2 * MARGIN
    y += 22
    failure = graph.failure
    if failure is not None:
        place_ = f"line {failure.position.line}: {failure.position.code}" if failure.position is not None else ""
        lines = wrap_text(f"{failure.error}: {failure.message}", room - 28, 12, mono=True, lines=9)
        notes = [line for note in failure.notes for line in wrap_text(note, room - 28, 12, lines=3)]
        height = 16 + 17 * (len(lines) + len(notes) + bool(place_))
        picture.open("ak-failure", data_step=failure.step)
        picture.box(MARGIN, y, room, height, fill="blush", stroke="error", line=1.4)
        at = y + 20
        if place_:
            picture.text(MARGIN + 14, at, clip(place_, room - 28, 12, mono=True), "muted", 12, mono=True)
            at += 17
        for line in lines:
            picture.text(MARGIN + 14, at, line, "error", 12, mono=True)
            at += 17
        for line in notes:
            picture.text(MARGIN + 14, at, line, "ink", 12)
            at += 17
        picture.close()
        y += height + 14
    for sentence in graph.left_out:
        for line in wrap_text(f"⋯ {sentence}", room, 12, lines=3):
            picture.text(MARGIN, y + 10, line, "muted", 12)
            y += 18
    y = _legend(picture, graph, y, width) if graph.items else y + 6
    for line in wrap_text(overview, room, lines=3):  # a living picture says it above
        picture.text(MARGIN, y + 6, line, "muted", class_="ak-overview")
        y += 17
    return y


def _legend(picture: Picture, graph: Graph, y: float, width: float) -> float:
    tensors = [item.value for item in graph.items.values() if item.value is not None]
    kinds = {item.kind for item in graph.items.values()}
    entries: list[tuple[str, str]] = []
    if any(v.is_leaf and v.requires_grad for v in tensors):
        entries.append(("leaf", "leaf that requires grad"))
    if any(v.is_leaf and not v.requires_grad for v in tensors):
        entries.append(("data", "data"))
    if "op" in kinds:
        entries.append(("op", "operation"))
    if any(item.op is not None and item.op.step in graph.second_order for item in graph.items.values()):
        entries.append(("second", "operation of a backward pass"))
    if "call" in kinds:
        entries.append(("call", "call, folded"))
    if "module" in kinds:
        entries.append(("module", "module, folded"))
    if "stack" in kinds:
        entries.append(
            (
                "stack",
                "repeated" if any(item.of_turns and item.times > 1 for item in graph.items.values()) else "folded",
            )
        )
    if graph.links:
        entries.append(("flow", "value"))
    if any(link.grads for link in graph.links):
        entries.append(("grad", "∂ gradient"))
    x = MARGIN
    y += 18
    for kind, label in entries:
        needed = 32 + text_width(label) + 14
        if x + needed > width - MARGIN + 14:
            x, y = MARGIN, y + 20
        _swatch(picture, kind, x, y - 4)
        picture.text(x + 32, y, label, "gradient" if kind == "grad" else "muted")
        x += needed
    return y + 16


def _swatch(picture: Picture, kind: str, x: float, y: float) -> None:
    if kind in ("flow", "grad"):
        grad = kind == "grad"
        d = f"M{num(x + 26)} {num(y)}L{num(x)} {num(y)}" if grad else f"M{num(x)} {num(y)}L{num(x + 26)} {num(y)}"
        picture.path(d, stroke="gradient" if grad else "ink", dashed=grad, arrow=True)
    elif kind in ("op", "call", "second"):
        picture.ellipse(x + 13, y, 13, 6, stroke="gradient" if kind == "second" else "ink")
        if kind == "call":
            picture.ellipse(x + 13, y, 10, 3.5, stroke="ink", line=0.8)
    else:
        if kind == "stack":
            picture.box(x + 5, y - 3, 22, 11, radius=3, line=1)
        rim = {"leaf": "leaf", "data": "mark"}.get(kind, "ink")
        picture.box(x + 1, y - 6, 24, 12, radius=3, stroke=rim, line=1.6 if kind == "leaf" else 1)
        if kind == "module":
            picture.box(x + 3, y - 4, 20, 8, radius=2, fill=None, stroke="ink", line=0.8)
