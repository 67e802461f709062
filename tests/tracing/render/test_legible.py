"""What it takes to read a picture: texts that lie on nothing, large enough, and edges that say what goes along them."""

import re
from xml.etree import ElementTree

import pytest

from autogradkit.tracing.render.graph.drawing import parts
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.marks.html import img_tag
from autogradkit.tracing.render.marks.numbers import shape_text
from autogradkit.tracing.render.marks.svg import num
from tests.every_case import every_case
from tests.tracing.render.cells import CELLS, FANS, boxes_of_texts, drawn, overlaps, texts, trace_source


def test_wide_names_fit_their_boxes():
    assert {"权重", "损失 = (权重 * 输入).sum()"} <= set(texts(drawn("chinese").svg))


@every_case("name", CELLS)
def test_no_text_lies_on_another_or_outside(name):
    svg = drawn(name).svg
    width = float(ElementTree.fromstring(svg).get("width", 0))
    assert [text for left, _, right, _, text in boxes_of_texts(svg) if left < 0 or right > width] == []
    assert overlaps(svg) == []


def test_every_edge_says_its_shape_or_shows_each_element():
    for name in ("lenet", "large", "helper", "loop", "medium"):
        graph = drawn(name).graph
        for link in graph.links:
            if graph.items[link.tail].kind == "tensor" or graph.items[link.head].kind == "tensor":
                continue  # the box has it
            numbers = graph.values[link.value].numbers
            text = "".join(part[0] for line in parts.forward_lines(link, graph) for part in line.parts)
            each = numbers.data is not None and len(numbers.data) == text.count(",") + 1
            assert shape_text(numbers.shape) in text or each or not numbers.shape, text


@every_case("name", CELLS)
def test_a_picture_may_be_shown_no_smaller_than_leaves_its_text_10_px(name):
    root = ElementTree.fromstring(drawn(name).svg)
    sizes = [float(node.get("font-size", 12)) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    least = float(re.search(r"min-width:([\d.]+)px", root.get("style", ""))[1])  # type: ignore[index]
    assert min(sizes) * least / float(root.get("width", 0)) >= 9.99
    assert f"min-width:{num(least)}px" in img_tag(drawn(name).svg, "")


def test_more_tensors_in_the_same_memory_than_are_named_are_said():
    before, source = FANS["chunk"]
    told = texts(draw_graph(trace_source(source, before)).svg)
    assert {"same memory as i, f, g, …", "same memory as w, f, g, …"} <= set(told)


@pytest.mark.parametrize("name", ["helper", "manual_steps", "adam"])
def test_a_range_in_a_narrow_box_is_on_one_line(name):
    told = texts(drawn(name).svg)
    assert any(text.rstrip() == ".grad =" for text in told)
    assert [text for text in told if text.startswith((".grad", "Σ∂")) and text.endswith("…")] == []


def test_few_numbers_are_printed_or_drawn_as_a_heat_strip():
    before = "x = torch.tensor([[[1., -2.], [3., 4.]]])\ntable = torch.arange(10.).reshape(5, 2)"
    svg = draw_graph(trace_source("y = x * 2\nz = table * 2", before)).svg
    assert {"[[[1., -2.],", "[3., 4. ]]]", "[[[2., -4.],", "0. … 9."} <= set(texts(svg))
    assert svg.count("ak-heat") == 2  # of table and z


def test_a_folded_layer_says_whose_weights_it_has_and_a_stack_one_range_once():
    before = (
        "nn = torch.nn\nnet = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))\nx = torch.ones(4, 2)\n"
        "ws = [torch.ones(3, 4) * torch.arange(4.) for _ in range(6)]"
    )
    found = set(texts(draw_graph(trace_source("y = net(x)", before), {"Sequential": True}).svg))
    assert {"[0].weight", "[2].weight"} <= found, found
    stack = texts(draw_graph(trace_source("for w in ws:\n    y = w * 2", before)).svg)
    assert len([text for text in stack if "max 6." in text]) == 1


def test_a_picture_that_would_be_very_tall_has_ranges_in_place_of_matrices_beside_its_edges():
    before = "torch.manual_seed(0)\nh = torch.randn(4, 2)\nlin = torch.nn.Linear(2, 6)\ny = torch.randn(4, 1)"
    density = (
        "pi, mu, log_sigma = lin(h).chunk(3, dim=1)\n"
        "logp = -0.5 * ((y - mu) / log_sigma.exp()) ** 2 - log_sigma - 0.9\n"
        "loss = -torch.logsumexp(logp + pi.log_softmax(1), dim=1).mean()\n"
    )
    svg = draw_graph(trace_source(density + "loss.backward()", before)).svg
    assert float(ElementTree.fromstring(svg).get("height", 0)) < 2_000  # 2,500 with all elements
    assert {"div₁", "[[1.541,   -0.2934],"} <= set(texts(svg))  # a range's name stands alone; boxes keep their numbers
    shorter = "y = (h * 2).exp()\nz = y.sin()"
    assert any(text.startswith("[[") for text in texts(draw_graph(trace_source(shorter, before)).svg))


def test_boxes_of_a_very_tall_picture_have_ranges_without_means_and_heat_strips():
    before = (
        "torch.manual_seed(0)\np = {name: torch.randn(size, requires_grad=True) for name, size in "
        "(('w1', (2, 5)), ('b1', (5,)), ('w2', (5, 3)), ('b2', (3,)))}\nx = torch.randn(4, 2)"
    )
    forward = "h = torch.relu(x @ p['w1'] + p['b1'])\ny = h @ p['w2'] + p['b2']\ny.mean().backward()\n"
    update = "with torch.no_grad():\n    for t in p.values():\n        t -= 0.1 * t.grad\n        t.grad = None"
    svg = draw_graph(trace_source(forward, before)).svg
    assert "ak-heat" in svg
    assert any(text.startswith("mean ") for text in texts(svg))
    tall = draw_graph(trace_source(forward + update, before))
    assert not tall.graph.middle
    assert tall.height < 1_600  # 1,830 with them
    assert "ak-heat" not in tall.svg
    assert not any(text.startswith("mean ") for text in texts(tall.svg))
    assert any(" … " in text for text in texts(tall.svg))
