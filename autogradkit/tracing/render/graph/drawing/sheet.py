"""All that is drawn of a graph, measured, and the way of drawing it that fits its page.

Rests on parts and layout; `picture.py` draws what it gives. Where a graph is wider than the page its numbers get less room, then
tensors are named again; where it is very tall, its rows are closer, then ranges stand in place of the matrices beside its edges
and of the heat strips in its boxes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autogradkit.tracing.render.graph.drawing.coordinates import CLOSER
from autogradkit.tracing.render.graph.drawing.layout import Placed, TooWideError, least_width, place
from autogradkit.tracing.render.graph.drawing.parts import (
    FEWER_ROWS,
    FREED,
    LINE,
    ROOM,
    ROWS,
    TIGHTER,
    Part,
    Text,
    forward_lines,
    freed_width,
    gradient_lines,
    measure,
)
from autogradkit.tracing.render.graph.drawing.slots import Edge, Node
from autogradkit.tracing.render.graph.structure.again import LEAST_IF_WIDE, LEAST_USES, name_again
from autogradkit.tracing.render.graph.structure.model import Ends, Graph, Link, ends_of

TALL = 1_600.0  # px beyond which rows are closer, and numbers beside edges have fewer
LOWER = 0.9  # of the height, which it must then come to, for numbers are worth more than a few pixels
SQUEEZED = 1.2  # of the room: a layout up to so wide is bent to fit before its numbers are given less room


@dataclass(slots=True)
class Sheet:
    """All that is drawn of a graph, with its size."""

    parts: dict[str, Part]
    labels: list[tuple[list[Text], list[Text]]]
    nodes: list[Node]
    edges: list[Edge]
    room: int = ROOM  # characters of a row of numbers


def fitting(graph: Graph, room: float, most: float, widest: float) -> tuple[Sheet, Placed] | None:
    """The first of ever narrower ways to draw a graph that is no wider than `room`, squeezed where that takes little, else the
    last of them; None where that is wider than `widest`, as far as its rows tell.

    What is twice as wide as `most` none of them makes as narrow, since the numbers in it take half of the room at least.
    """
    sheet = Sheet({}, [], [], [])
    for sheet in _narrower(graph):
        least = least_width(sheet.nodes, sheet.edges)
        if least > 2 * most:
            return (sheet, place(sheet.nodes, sheet.edges, room)) if least <= widest else None
        if least <= room:  # else it need not be placed to be refused
            placed = place(sheet.nodes, sheet.edges, room)
            if placed.width <= room:
                return sheet, placed
        if least <= SQUEEZED * room:
            placed = place(sheet.nodes, sheet.edges, room, squeezed=True)
            if placed.width <= room:
                return sheet, placed
    try:
        return sheet, place(sheet.nodes, sheet.edges, room, squeezed=True, refused=widest)
    except TooWideError:
        return None


def _narrower(graph: Graph) -> Iterator[Sheet]:
    """A graph with less and less room for numbers; then with tensors named again, if there are any."""
    name_again(graph, LEAST_USES)
    for room in (ROOM, *TIGHTER):
        yield sheet_of(graph, room)
    drawn = len(graph.items), len(graph.links)
    name_again(graph, LEAST_IF_WIDE)
    if (len(graph.items), len(graph.links)) != drawn:  # a stack that tells of them itself takes their links
        for room in TIGHTER:
            yield sheet_of(graph, room)


def lower(graph: Graph, sheet: Sheet, placed: Placed, room: float) -> tuple[Sheet, Placed]:
    """A very tall graph with its rows closer, and if it is very tall still, with ranges in place of matrices beside its edges
    and of heat strips, where that makes it much less tall; else as it was."""
    if placed.height <= TALL:
        return sheet, placed
    most = max(room, placed.width)
    dense = sheet_of(graph, sheet.room, dense=True)
    closer = place(dense.nodes, dense.edges, most, squeezed=True, between=CLOSER)
    if closer.width <= most and closer.height < placed.height:
        sheet, placed = dense, closer
    if placed.height <= TALL:
        return sheet, placed
    fewer = sheet_of(graph, sheet.room, FEWER_ROWS, dense=True)
    saved = _heights(sheet) - _heights(fewer)
    if saved < (1 - LOWER) * placed.height:  # not even if all stood above one another
        return sheet, placed
    again = place(fewer.nodes, fewer.edges, most, squeezed=True, between=CLOSER)
    return (fewer, again) if again.height < LOWER * placed.height and again.width <= most else (sheet, placed)


def _heights(sheet: Sheet) -> float:
    """How tall a graph would be if all in it stood above one another, without what is between."""
    return sum(edge.height for edge in sheet.edges) + sum(node.height for node in sheet.nodes)


def sheet_of(graph: Graph, room: int, rows: int = ROWS, dense: bool = False) -> Sheet:
    """A graph whose numbers have so many characters in a row, and beside an edge so many rows; with flatter ellipses where it is
    `dense`."""
    ends = ends_of(graph.links)
    brief = rows < ROWS
    parts = {key: measure(item, graph, *ends[key], room, dense, brief) for key, item in graph.items.items()}
    labels = [(forward_lines(link, graph, room, rows), gradient_lines(link, graph, room, rows)) for link in graph.links]
    edges = [_edge(link, graph, ends, *pair) for link, pair in zip(graph.links, labels, strict=True)]
    return Sheet(parts, labels, [_node(part) for part in parts.values()], edges, room)


def _node(part: Part) -> Node:
    item = part.item
    side = 0.0
    if item.stopped or item.culprit or item.freed:
        side = 2 * max([100.0, *(freed_width(name) + 14 for name in item.freed)])
    return Node(item.key, part.width + side, max(part.height, FREED * len(item.freed)))


def _edge(link: Link, graph: Graph, ends: Ends, forward: list[Text], gradient: list[Text]) -> Edge:
    left = max((line.width for line in forward), default=0.0)
    right = max((line.width for line in gradient), default=0.0)
    lines = max(len(forward), len(gradient))
    arriving, _ = ends[link.tail]
    _, leaving = ends[link.head]
    source = graph.items[link.tail].kind == "tensor" and not arriving
    weight = 0.4 if source or not leaving else 4.0 if link.grads or not graph.calls else 1.0
    return Edge(
        link.tail, link.head, left + 4 if left else 0.0, right + 4 if right else 0.0, lines * (LINE - 2), weight
    )
