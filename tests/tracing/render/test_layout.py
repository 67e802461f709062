"""The layout: downward, without overlaps, deterministic."""

import itertools
import random

import pytest

from autogradkit.tracing.render.graph.drawing.layout import Edge, Node, place


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


def test_a_leaf_stands_just_above_what_it_feeds():
    nodes = [Node(key, 40, 20) for key in ("a", "leaf", "b", "c")]
    placed = place(nodes, [Edge("a", "b"), Edge("b", "c"), Edge("leaf", "c")])
    assert placed.nodes["leaf"][1] == placed.nodes["b"][1]
