"""The layout: downward, without overlaps, deterministic."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from math import inf

import pytest

from autogradkit.tracing.render.graph.drawing.columns import WIDEST
from autogradkit.tracing.render.graph.drawing.layout import least_width, place
from autogradkit.tracing.render.graph.drawing.routes import ports, way
from autogradkit.tracing.render.graph.drawing.sheet import fitting
from autogradkit.tracing.render.graph.drawing.slots import Edge, Node
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.graph.structure.fold import bounded, fold
from tests.every_case import every_case
from tests.tracing.render.cells import boxes_of_texts, drawn, trace_source


def graph_of(size: int, seed: int):
    draw = random.Random(seed)
    nodes = [Node(f"n{i}", draw.randint(30, 200), draw.choice([20, 34, 60])) for i in range(size)]
    edges = [
        Edge(f"n{draw.randrange(max(0, i - 8), i)}", f"n{i}", draw.choice([0, 60]), draw.choice([0, 80]), 15)
        for i in range(1, size)
        for _ in range(draw.randint(1, 2))
    ]
    return nodes, edges


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [1, 2, 30, 500])
def test_edges_lead_down_and_nothing_overlaps(size, seed):
    nodes, edges = graph_of(size, seed)
    placed = place(nodes, edges)
    for edge in edges:
        assert placed.nodes[edge.tail][1] < placed.nodes[edge.head][1]
    rows: dict[float, list[tuple[float, float]]] = {}
    for node in nodes:
        x, y = placed.nodes[node.key]
        rows.setdefault(y, []).append((x - node.width / 2, x + node.width / 2))
        assert x - node.width / 2 >= -1e-6
        assert x + node.width / 2 <= placed.width + 1e-6
        assert node.height / 2 - 1e-6 <= y <= placed.height - node.height / 2 + 1e-6
    for spans in rows.values():
        spans.sort()
        assert all(left[1] < right[0] for left, right in itertools.pairwise(spans))


@every_case("seed", range(20))
def test_the_least_width_is_never_more_than_the_width(seed):
    nodes, edges = graph_of(random.Random(seed).randint(1, 60), seed)
    assert 0 < least_width(nodes, edges) <= place(nodes, edges).width + 1e-6


def test_labels_of_one_row_do_not_overlap():
    nodes, edges = graph_of(40, 9)
    placed = place(nodes, edges)
    rows: dict[float, list[tuple[float, float]]] = {}
    for edge, route in zip(edges, placed.routes, strict=True):
        x, top, _ = route[-1]
        rows.setdefault(top, []).append((x - edge.left, x + edge.right))
    for spans in rows.values():
        spans.sort()
        assert all(left[1] < right[0] for left, right in itertools.pairwise(spans))


def test_the_same_graph_is_placed_the_same():
    nodes, edges = graph_of(60, 4)
    assert place(nodes, edges) == place(nodes, edges)


def test_a_chain_is_straight():
    nodes = [Node(str(i), 40 + 20 * i, 20) for i in range(6)]
    placed = place(nodes, [Edge(str(i), str(i + 1), 0, 30 * i, 15) for i in range(5)])
    assert len({x for x, _ in placed.nodes.values()}) == 1


def test_what_two_edges_meet_stands_in_their_middle():
    nodes = [Node("w", 120, 50), Node("x", 70, 40), *(Node(key, 70, 30) for key in ("mul", "h", "square", "sum"))]
    pairs = [("w", "mul"), ("x", "mul"), ("mul", "h"), ("h", "square"), ("h", "square"), ("square", "sum")]
    x = {key: at for key, (at, _) in place(nodes, [Edge(*pair, right=90, height=15) for pair in pairs]).nodes.items()}
    assert x["mul"] == x["h"] == x["square"] == x["sum"]
    assert x["w"] < x["mul"] < x["x"]


@pytest.mark.parametrize("keys", ["clip w b step_w step_b", "w b clip step_w step_b", "w clip b step_b step_w"])
def test_what_joins_two_parts_stands_between_them(keys):
    nodes = [Node("start", 60, 30), *(Node(key, 60, 30) for key in keys.split())]
    pairs = [("start", "clip"), ("clip", "step_w"), ("clip", "step_b"), ("w", "step_w"), ("b", "step_b")]
    x = {key: at for key, (at, _) in place(nodes, [Edge(*pair, left=60, height=15) for pair in pairs]).nodes.items()}
    assert (x["w"] < x["clip"] < x["b"] and x["step_w"] < x["step_b"]) or (
        x["b"] < x["clip"] < x["w"] and x["step_b"] < x["step_w"]
    )


def test_few_edges_bend_on_their_way_or_at_their_ends():
    bends, off, edges_in_all = 0, 0, 0
    for seed in range(5):
        nodes, edges = graph_of(100, seed)
        placed = place(nodes, edges)
        routes = placed.routes
        bends += sum(abs(x1 - x0) > 0.5 for route in routes for (x0, *_), (x1, *_) in itertools.pairwise(route))
        starts, ends = ports(edges, placed)
        for edge, route, start, end in zip(edges, routes, starts, ends, strict=True):
            off += abs(placed.nodes[edge.tail][0] + start - route[0][0]) > 0.5
            off += abs(placed.nodes[edge.head][0] + end - route[-1][0]) > 0.5
        edges_in_all += len(edges)
    assert bends / edges_in_all < 0.08  # 0.15 where each edge is only as straight as its neighbours leave room for
    assert off / edges_in_all < 1.25  # 1.45 where boxes stay, and meet several edges at equal distances


def test_a_leaf_stands_just_above_what_it_feeds():
    nodes = [Node(key, 40, 20) for key in ("a", "leaf", "b", "c")]
    placed = place(nodes, [Edge("a", "b"), Edge("b", "c"), Edge("leaf", "c")])
    assert placed.nodes["leaf"][1] == placed.nodes["b"][1]


def test_what_ran_first_is_on_the_left():
    """The second step of a training was drawn left of the first one."""
    for name, first, second in (("mlp_steps", "loss (turn 1)", "loss (turn 2)"), ("two_losses", "loss1", "loss2")):
        left = {text: box[0] for *box, text in boxes_of_texts(drawn(name).svg)}
        assert left[first] < left[second], name


def test_parts_that_no_edge_joins_stand_side_by_side_and_below_one_another():
    nodes = [Node(f"n{i}", 200, 40) for i in range(20)]
    placed = place(nodes, [Edge(f"n{i}", f"n{i + 1}") for i in range(0, 20, 2)])
    assert placed.width <= WIDEST
    assert len({x for x, _ in placed.nodes.values()}) > 2
    for i in range(0, 20, 2):
        assert placed.nodes[f"n{i}"][0] == placed.nodes[f"n{i + 1}"][0]


def test_what_is_squeezed_keeps_to_the_width_that_it_is_given():
    """Heads beside each other are put below one another; what feeds one head, above one another, each with its label."""
    names = ("i", "f", "g", "o")
    nodes = [Node("x", 60, 20), *(Node(key, 60, 20) for key in names)]
    nodes = [*(Node(f"w{n}", 140, 60) for n in range(5)), *nodes]
    edges = [Edge(f"w{n}", "x", 40, 120, 30) for n in range(5)]
    edges += [Edge("x", key, 90, 120, 15) for key in names]
    wide, narrow = place(nodes, edges), place(nodes, edges, 560, squeezed=True)
    assert wide.width > 900
    assert narrow.width <= 560
    assert len({narrow.nodes[key][1] for key in names}) > 1
    assert len({narrow.nodes[f"w{n}"][1] for n in range(5)}) > 1
    for edge, (x, top, bottom) in zip(edges, narrow.labels, strict=True):
        assert 0 <= x - edge.left < x + edge.right <= 560
        assert narrow.nodes[edge.tail][1] < top < bottom < narrow.nodes[edge.head][1]


def test_what_goes_on_through_the_turns_of_a_loop_goes_straight_on():
    nodes, edges = [Node("h0", 80, 40)], []
    for turn in range(1, 5):
        nodes += [
            Node(f"w{turn}", 120, 40),
            Node(f"x{turn}", 60, 20),
            Node(f"m{turn}", 50, 20),
            Node(f"h{turn}", 50, 20),
        ]
        edges += [Edge(f"w{turn}", f"m{turn}", 0, 150, 40, 0.4), Edge(f"x{turn}", f"m{turn}", 90, 0, 40, 0.4)]
        edges += [Edge(f"m{turn}", f"h{turn}", 90, 90, 15, 4), Edge(f"h{turn - 1}", f"h{turn}", 90, 90, 15, 4)]
    placed = place(nodes, edges)
    xs = [placed.nodes[f"h{turn}"][0] for turn in range(1, 5)]
    assert max(xs) - min(xs) < 30
    assert placed.width < 960


def line(points: list[tuple[float, float]], bends: list[float]) -> Iterator[tuple[float, float]]:
    """Points along the line that is drawn, close together."""
    yield points[0]
    for (x0, y0), (x1, y1), bend in zip(points, points[1:], bends, strict=False):
        steps = max(8, round((abs(x1 - x0) + abs(y1 - y0)) / 4))
        for t in (step / steps for step in range(1, steps + 1)):
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            upright = abs(x0 - x1) < 0.5
            yield (
                (x0, y0 + t * (y1 - y0)) if upright else ((a + b) * x0 + (c + d) * x1, a * y0 + (b + c) * bend + d * y1)
            )


BESIDE = 5.0


def lines_of(nodes: list[Node], edges: list[Edge], placed) -> list[list[tuple[float, float]]]:
    """For each edge the points of both its lines."""
    sizes = {node.key: node for node in nodes}
    starts, ends = ports(edges, placed)
    found = []
    for number, edge in enumerate(edges):
        (x0, y0), (x1, y1) = placed.nodes[edge.tail], placed.nodes[edge.head]
        start = (x0 + starts[number], y0 + sizes[edge.tail].height / 2 + 1, placed.rows[edge.tail][1] + 1)
        end = (x1 + ends[number], placed.rows[edge.head][0] - 1, y1 - sizes[edge.head].height / 2 - 1)
        found.append(
            [p for d in (-BESIDE, BESIDE) for p in line(*points_and_bends(way(start, placed.routes[number], end, d)))]
        )
    return found


def points_and_bends(one) -> tuple[list[tuple[float, float]], list[float]]:
    return one.points, one.bends


def wide_enough(nodes: list[Node], edges: list[Edge]) -> list[Node]:
    """The nodes, as wide as their edges ask for, as the picture has them."""
    many = {node.key: 0 for node in nodes}
    for end in ("tail", "head"):
        counted = {key: sum(getattr(edge, end) == key for edge in edges) for key in many}
        many = {key: max(many[key], counted[key]) for key in many}
    return [Node(node.key, max(node.width, 52 * many[node.key]), node.height) for node in nodes]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("squeezed", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_no_edge_passes_under_a_box_or_under_a_label(seed, squeezed):
    nodes, edges = graph_of(8 + 6 * seed, seed)
    nodes = wide_enough(nodes, edges)
    placed = place(nodes, edges, 500, squeezed=True) if squeezed else place(nodes, edges)
    boxes = {
        node.key: (x - node.width / 2, y - node.height / 2, x + node.width / 2, y + node.height / 2)
        for node in nodes
        for x, y in [placed.nodes[node.key]]
    }
    labels = {}
    for number, edge in enumerate(edges):
        x, top, bottom = placed.labels[number]
        middle = (top + bottom) / 2
        height = edge.height / 2 if edge.left or edge.right else 0
        labels[number] = (x - edge.left, middle - height, x + edge.right, middle + height)
    for number, points in enumerate(lines_of(nodes, edges, placed)):
        others = [(key, box) for key, box in boxes.items() if key not in (edges[number].tail, edges[number].head)]
        others += [(f"label {key}", box) for key, box in labels.items() if key != number]
        for x, y in points:
            for key, (left, top, right, bottom) in others:
                assert not (left + 0.1 < x < right - 0.1 and top + 0.1 < y < bottom - 0.1), (
                    f"seed {seed}: {edges[number]} under {key} at {x}, {y}"
                )
    found = [*boxes.items(), *labels.items()]
    for (one, a), (other, b) in itertools.combinations(found, 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart, f"seed {seed}: {one} over {other}"


def bent(points: list[tuple[float, float]]) -> int:
    """How often a line that leans begins to do so."""
    leans = [abs(x1 - x0) > 0.01 for (x0, _), (x1, _) in itertools.pairwise(points)]
    return sum(after and not before for before, after in itertools.pairwise([False, *leans]))


def test_an_edge_alone_meets_a_wide_box_beside_its_middle_where_that_makes_it_straight():
    nodes = [Node("a", 60, 30), Node("b", 60, 30), Node("wide", 300, 60), Node("c", 60, 30)]
    edges = [Edge("a", "b", 80, 80, 30, 4.0), Edge("b", "wide", 120, 10, 30), Edge("c", "wide", 10, 10, 30)]
    placed = place(nodes[:3], edges[:2])
    shifted = replace(placed, nodes={**placed.nodes, "wide": (placed.nodes["wide"][0] + 60, placed.nodes["wide"][1])})
    assert ports(edges[:2], shifted)[1] == [0.0, -60.0]
    assert [len({x for x, _ in points}) for points in lines_of(nodes[:3], edges[:2], shifted)] == [
        2,
        2,
    ]  # there, and back
    beyond = replace(placed, nodes={**placed.nodes, "wide": (placed.nodes["wide"][0] + 120, placed.nodes["wide"][1])})
    assert ports(edges[:2], beyond)[1] == [0.0, 0.0]


def test_an_edge_swings_once_through_rows_in_which_nothing_has_a_height():
    start, end = (0.0, 10.0, 20.0), (100.0, 60.0, 70.0)
    swings = {
        route: bent([*line(*points_and_bends(way(start, [route], end, 5.0)))])
        for route in ((50.0, 40.0, 40.0), (50.0, 35.0, 45.0))
    }
    assert swings == {(50.0, 40.0, 40.0): 1, (50.0, 35.0, 45.0): 2}


@pytest.mark.parametrize("fan", ["out", "in"])
def test_the_edges_of_a_fan_lean_once(fan):
    many = [f"n{i}" for i in range(6)]
    pairs = [("one", key) if fan == "out" else (key, "one") for key in many]
    nodes = [Node(key, 60, 30) for key in (["one", *many] if fan == "out" else [*many, "one"])]
    edges = [Edge(*pair, right=40.0 * (number == 0), height=15) for number, pair in enumerate(pairs)]
    placed = place(nodes, edges)
    starts, ends = ports(edges, placed)
    for number, edge in enumerate(edges):
        xs = [
            placed.nodes[edge.tail][0] + starts[number],
            placed.routes[number][0][0],
            placed.nodes[edge.head][0] + ends[number],
        ]
        assert sum(abs(before - after) > 0.5 for before, after in itertools.pairwise(xs)) <= 1, (edge, xs)


BATCH_NORM = (
    "torch.manual_seed(0)\nx = torch.randn(4, 3)\nW = torch.randn(3, 3, requires_grad=True)\n"
    "gamma, beta = torch.ones(3, requires_grad=True), torch.zeros(3, requires_grad=True)",
    "h = x @ W\nmu = h.mean(0)\nvar = ((h - mu) ** 2).mean(0)\nhn = (h - mu) / (var + 1e-5).sqrt()\n"
    "out = gamma * hn + beta\nloss = (out ** 2).mean()\nloss.backward()",
)


def test_an_edge_does_not_wind_around_the_label_of_the_edge_beside_it():
    """Both labels stood in the row above the one box that the edges lead to; that of the other has room further up."""
    before, source = BATCH_NORM
    graph = bounded(fold(build(trace_source(source, before))), 64)
    fitted = fitting(graph, 676.0, inf, inf)
    assert fitted is not None
    placed = fitted[1]
    for link, route in zip(graph.links, placed.routes, strict=True):
        if graph.labels[link.value] == "mu":
            assert len({round(x) for x, _, _ in route}) == 1, route
