"""Equal turns are stacked from five on, opened on request; tensors that are used often are named again; all of it stays true."""

import base64
import re
import time

import numpy as np
import pytest

from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.graph.structure.fold import MOST_OPENED
from autogradkit.tracing.render.graph.structure.stacks import repetition
from autogradkit.tracing.render.graph.telling.steps import details_of, steps_of
from autogradkit.tracing.render.graph.telling.text import graph_rows
from autogradkit.widgets.graph import GraphView
from tests.tracing.render.cells import texts, trace_source
from tests.tracing.render.loops import DESCENT, descent, stacks

RNN = (
    "torch.manual_seed(0)\nWx = torch.randn(3, 2, requires_grad=True)\nWh = torch.randn(3, 3, requires_grad=True)\n"
    "b = torch.zeros(3, requires_grad=True)\nxs = torch.randn({turns}, 2)\nh = torch.zeros(3)"
)
STEPS = "for x_t in xs:\n    h = torch.tanh(Wx @ x_t + Wh @ h + b)\nloss = (h ** 2).sum()\nloss.backward()"


def test_few_turns_are_drawn_and_five_are_stacked() -> None:
    assert stacks(draw_graph(trace_source(descent(3), DESCENT))) == []
    assert stacks(draw_graph(trace_source(descent(5), DESCENT))) == [("turns 2–4", 3)]


def test_one_network_that_is_called_again_is_no_row_of_blocks() -> None:
    before = (  # seeded: of other numbers the picture may be so tall that one more is closed
        "torch.manual_seed(0)\nnet = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))\n"
        "xs = torch.randn(6, 2, 3)"
    )
    drawn = draw_graph(trace_source("ys = list(map(net, xs))\ntorch.stack(ys).sum().backward()", before))
    assert stacks(drawn) == [("repeats 2–5", 4)]


def test_two_operations_that_begin_at_one_place_are_no_turns() -> None:
    newton = (
        "for i in range(3):\n    y = x ** 3 - 2 * x - 5\n    dy, = torch.autograd.grad(y, x)\n"
        "    x = (x - y / dy).detach().requires_grad_()"
    )
    drawn = draw_graph(trace_source(newton, "x = torch.tensor(2., requires_grad=True)"))
    assert stacks(drawn) == [("turns 2–3", 2)]


def test_turns_over_parameters_of_other_shapes_are_stacked_where_data_is_edited() -> None:
    before = (
        "ws = [torch.ones(n, requires_grad=True) for n in (1, 2, 3, 4, 5)]\nsum((w ** 2).sum() for w in ws).backward()"
    )
    drawn = draw_graph(trace_source("for w in ws:\n    w.data += -.1 * w.grad", before))
    assert stacks(drawn) == [("turns 2–4", 3)]


@pytest.mark.parametrize("turns", [30, 300, pytest.param(1000, marks=[pytest.mark.long, pytest.mark.wide])])
def test_a_loop_is_its_first_turn_its_last_and_a_stack(turns: int) -> None:
    trace = trace_source(descent(turns), DESCENT)
    drawn = draw_graph(trace)
    assert stacks(drawn) == [(f"turns 2–{turns - 1}", turns - 2)]
    words = texts(drawn.svg)
    for each in (
        f"×{turns - 2}",
        "In 2",
        f"Out {turns - 1}",
        "loss (turn 1)",
        f"loss (turn {turns})",
    ):
        assert any(each == word or word.startswith(each) for word in words), each
    height = float(re.findall(r'height="([\d.]+)"', drawn.svg)[0])
    assert height < 1300


def test_a_stack_tells_all_of_what_its_first_and_its_last_turn_gave() -> None:
    loop = "for i in range(30):\n    w = w - 1"
    told = texts(draw_graph(trace_source(loop, "w = torch.arange(40., requires_grad=True)")).svg)
    assert told[told.index("turns 2–29") + 3 :][:3] == [
        "w",
        "= 40: min -2. · mean 17.5 · max 37.",
        "→ 40: min -29. · mean -9.5 · max 10.",
    ]


def test_a_stack_opens_into_all_its_turns() -> None:
    trace = trace_source(descent(12), DESCENT)
    path = next(item.path for item in draw_graph(trace).graph.items.values() if item.kind == "stack")
    opened = draw_graph(trace, {path: False})
    assert stacks(opened) == []
    assert opened.graph.opened == [path]
    assert sum("loss (turn" in word for word in texts(opened.svg)) == 12


@pytest.mark.long
@pytest.mark.parametrize(
    ("turns", "each"),
    [(30, [4] * 7), (300, [38] * 7 + [32]), pytest.param(1000, [125] * 7 + [123], marks=pytest.mark.wide)],
)
def test_a_large_stack_opens_into_stacks(turns: int, each: list[int]) -> None:
    trace = trace_source(descent(turns), DESCENT)
    path = next(item.path for item in draw_graph(trace).graph.items.values() if item.kind == "stack")
    opened = draw_graph(trace, {path: False})
    assert [times for _, times in stacks(opened)] == each
    assert len(opened.graph.items) <= MOST_OPENED
    assert f"Out {each[0] + 1}, In {each[0] + 2}" in texts(opened.svg)
    inner = [item.path for item in opened.graph.items.values() if item.kind == "stack"]
    again = draw_graph(trace, {path: False, inner[0]: False})
    assert all(times < each[0] for _, times in stacks(again)[:1]) or len(stacks(again)) == len(each) - 1


def test_gradients_into_a_leaf_add_up_to_its_grad_though_turns_are_stacked() -> None:
    for turns in (4, 30):
        graph = draw_graph(trace_source(STEPS, RNN.format(turns=turns))).graph
        for name in ("Wx", "Wh", "b"):
            leaf = next(
                item.value for item in graph.items.values() if item.value is not None and item.value.name == name
            )
            links = [*graph.links, *(link for item in graph.items.values() for link in item.held)]
            sent = [grad.numbers.data for link in links if link.value == leaf.id for grad in link.grads]
            (given,) = graph.contributions[leaf.id]
            np.testing.assert_allclose(np.sum(sent, axis=0), given.after.data, rtol=1e-4, atol=1e-6)


def test_a_leaf_that_many_use_has_one_box_and_is_named_again() -> None:
    drawn = draw_graph(trace_source(STEPS, RNN.format(turns=4)), {"turns 2–4": False}, page=1164)
    boxes = [item for item in drawn.graph.items.values() if item.value is not None and item.value.name == "Wh"]
    assert [box.again for box in boxes] == [False, True, True, True]
    assert texts(drawn.svg).count("again") == 3 * 3
    details = details_of(drawn.graph)
    assert details[boxes[1].key]["rows"] == details[boxes[0].key]["rows"]


def test_what_is_named_again_says_which_of_its_values_it_is() -> None:
    source = (
        "loss = (w * 2 + w * 3 + w * 4).sum()\nloss.backward()\nwith torch.no_grad():\n    w -= w.grad\nlast = w * 5"
    )
    told = texts(draw_graph(trace_source(source, "w = torch.ones(2, requires_grad=True)")).svg)
    assert [text.strip() for text in told if "again" in text] == ["v0 · again"] * 3


def test_what_every_turn_uses_again_is_told_in_the_stack_with_its_gradient() -> None:
    trace = trace_source(STEPS, RNN.format(turns=30))
    drawn = draw_graph(trace)
    (stack,) = [item for item in drawn.graph.items.values() if item.kind == "stack"]
    assert [drawn.graph.labels[link.value] for link in stack.held] == ["Wx", "Wh", "b"]
    words = texts(drawn.svg)
    assert words[words.index("turns 2–29") :].index("Wx") < 10
    rows = details_of(drawn.graph)[stack.key]["rows"]
    assert [row[0] for row in rows if row[0].startswith("∂")] == ["∂Wx of these", "∂Wh of these", "∂b of these"]
    (step,) = {row[2] for row in rows if row[0] == "∂b of these"}
    assert step >= 0  # while one steps it is not known before


def test_what_some_turns_use_keeps_its_box_which_says_in_which() -> None:
    before = "ws = [torch.tensor([float(i + 1)], requires_grad=True) for i in range(2)]\nh = torch.ones(1)"
    loop = "for t in range(12):\n    for w in ws:\n        h = h * w\nh.sum().backward()"
    drawn = draw_graph(trace_source(loop, before))
    assert not any(item.held for item in drawn.graph.items.values())
    assert any(word.startswith("In ") and "…" in word for word in texts(drawn.svg))


def test_each_step_of_the_walk_lights_something_where_turns_are_stacked() -> None:
    trace = trace_source(descent(30), DESCENT)
    drawn = draw_graph(trace)
    keys = set(re.findall(r'data-key="([^"]+)"', drawn.svg))
    for step in steps_of(drawn.graph, trace):
        assert step["keys"]
        assert set(step["keys"]) <= keys


def test_a_table_tells_a_stack_in_one_row() -> None:
    rows = graph_rows(draw_graph(trace_source(descent(30), DESCENT)).graph)
    assert sum(row[2].startswith("turns 2–29: 168 operations") for row in rows) == 1
    assert len(rows) < 80


def test_nested_loops_and_other_turns_keep_their_structure() -> None:
    source = "h = w\nfor epoch in range(6):\n    for i in range(8):\n        h = h * 1.01\n    h = h + 1\nh.backward()"
    found = stacks(draw_graph(trace_source(source, "w = torch.tensor(1., requires_grad=True)")))
    assert [times for _, times in found] == [6, 4, 6]
    source = "h = w\nfor i in range(6):\n    h = torch.cat([h, h])\nh.sum().backward()"
    # Other shapes each turn
    assert stacks(draw_graph(trace_source(source, "w = torch.ones(1, requires_grad=True)"))) == []


@pytest.mark.parametrize("seed", range(4))
def test_repetitions_are_found(seed: int) -> None:
    draw = np.random.default_rng(seed)
    body = draw.permutation(50)[: draw.integers(1, 8)] + 100
    count = int(draw.integers(5, 60))
    before, after = draw.permutation(40)[:9], draw.permutation(40)[:7] + 50
    marks = [*before.tolist(), *np.tile(body, count).tolist(), *after.tolist()]
    assert repetition(marks) == (9, len(body), count), f"seed {seed}"
    assert repetition(marks[: 9 + 4 * len(body)]) is None


def test_a_long_trace_is_searched_in_time_that_grows_with_it() -> None:
    marks = np.tile(np.arange(200), 100).tolist()
    began = time.perf_counter()
    assert repetition(marks) == (0, 200, 100)
    assert time.perf_counter() - began < 1.0


def test_a_stored_picture_is_what_the_picture_is() -> None:
    view = GraphView(trace_source(descent(30), DESCENT))
    stored = re.search(r"base64,([^\"]+)", view.static_html())
    assert stored is not None
    still = base64.b64decode(stored[1]).decode()
    assert still == re.sub(r' data-\w+="[^"<]*"', "", unstyled(view.svg, still))
    assert "data-step" not in still
    assert "ak-item" not in still


def unstyled(svg: str, still: str) -> str:
    """The living picture with the style sheet of the still one, and of the classes only those that are in it."""
    kept = {name for found in re.findall(r'class="([^"]*)"', still) for name in found.split()}
    named = re.sub(
        r' class="([^"]*)"', lambda found: f' class="{" ".join(n for n in found[1].split() if n in kept)}"', svg
    )
    sheet = re.search(r"<style>.*?</style>", still)
    assert sheet is not None
    return re.sub(r"<style>.*?</style>", lambda _: sheet[0], named).replace(' class=""', "")


def test_a_recorded_graph_is_the_same_before_anything_is_folded() -> None:
    graph = build(trace_source(descent(30), DESCENT))
    assert not any(item.again or item.kind == "stack" for item in graph.items.values())


def test_turns_that_begin_in_a_layer_are_no_part_of_it() -> None:
    """Where there is too much for the picture, layers are closed; a stack of turns is in a layer only with all it has."""
    source = "for i in range(80):\n    t = torch.tensor([float(i)])\nfor i in range(9):\n    net(x).mean().backward()"
    drawn = draw_graph(trace_source(source, "net = torch.nn.Linear(2, 1)\nx = torch.ones(3, 2)"))
    assert stacks(drawn) == [("turns 2–8", 7)]
    assert [len(item.ops) for item in drawn.graph.items.values() if item.kind == "module"] == [2, 2]


def test_operations_that_a_long_loop_ran_and_nobody_kept_are_told() -> None:
    trace = trace_source(descent(30), DESCENT)
    trace.dropped = 1234
    assert "1,234 further operations ran and were not kept." in " ".join(texts(draw_graph(trace).svg))


def test_gradients_that_every_turn_adds_to_go_into_the_stack():
    before = "x = torch.tensor([1., 2., 3.])\nw = torch.tensor([.5, -1., 2.], requires_grad=True)"
    source = (
        "for i in range(30):\n    loss = ((w * x) ** 2).mean()\n    loss.backward()\n"
        "    with torch.no_grad():\n        w -= .05 * w.grad"
    )
    drawn = draw_graph(trace_source(source, before))
    graph = drawn.graph
    assert texts(drawn.svg).count("backward adds to it") == 3
    assert "edited through the view" not in texts(drawn.svg)
    assert "Out 2" not in texts(drawn.svg)
    stack = next(key for key, item in graph.items.items() if item.kind == "stack")
    names = [graph.labels[item.value.id] for item in graph.items.values() if item.value is not None]
    assert names.count("w.grad") == 3  # of the first turn, into the stack, and out of it
    assert graph.left_out == []
    memory = [
        (graph.items[link.tail].kind, graph.items[link.head].kind) for link in graph.links if link.kind == "memory"
    ]
    assert ("tensor", "stack") in memory
    assert ("stack", "tensor") in memory
    assert graph.items[stack].times == 28


def test_a_stack_names_the_layers_that_its_turns_call() -> None:
    before = "model = torch.nn.Linear(2, 1)\nx, y = torch.ones(3, 2), torch.ones(3, 1)"
    drawn = draw_graph(
        trace_source("for i in range(8):\n    torch.nn.functional.mse_loss(model(x), y).backward()", before)
    )
    assert "model · mse_loss" in texts(drawn.svg)


@pytest.mark.parametrize(
    ("cell", "calls"),
    [
        ("for x in xs:\n    h, c = cell(x, (h, c))", 4),
        ("for x in xs[:2].unbind():\n    h, c = cell(x, (h, c))", 2),
        ("h, c = cell(xs[0], (h, c))", 1),
    ],
)
def test_a_folded_module_says_how_often_it_ran(cell, calls):
    before = "cell = torch.nn.LSTMCell(2, 3)\nxs = torch.ones(4, 1, 2)\nh = c = torch.zeros(1, 3)"
    found = draw_graph(trace_source(f"{cell}\nh.sum().backward()", before), {"LSTMCell": True})
    [module] = [item for item in found.graph.items.values() if item.kind == "module"]
    assert module.times == calls
    assert (f"×{calls}" in texts(found.svg)) == (calls > 1)
    assert "repeated" not in texts(found.svg)


def test_a_loop_over_parameters_of_all_shapes_is_stacked_beside_the_layers_of_the_network():
    before = """
nn = torch.nn
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
x, y, lr = torch.randn(6, 2), torch.randn(6, 1), 0.1"""
    cell = """loss = ((net(x) - y) ** 2).mean()
loss.backward()
with torch.no_grad():
    for p in net.parameters():
        p -= lr * p.grad"""
    graph = draw_graph(trace_source(cell, before)).graph
    folded = [(item.kind, item.title, item.times) for item in graph.items.values() if item.kind in ("module", "stack")]
    assert folded == [*(("module", f"net[{place}]", 1) for place in range(5)), ("stack", "turns 2–6", 5)]
    assert not graph.left_out
    whole = draw_graph(trace_source("for p in net.parameters():\n    (p * x.sum()).sum().backward()", before)).graph
    assert not [item for item in whole.items.values() if item.of_turns]  # whose gradients have other shapes


def test_a_gradient_that_a_stack_takes_is_called_its_grad():
    before = "net = torch.nn.Sequential(*[torch.nn.Linear(2, 2) for _ in range(8)])\nlr = 0.1"
    cell = """net(torch.ones(1, 2)).sum().backward()
with torch.no_grad():
    for p in net.parameters():
        p -= lr * p.grad"""
    said = texts(draw_graph(trace_source(cell, before)).svg)
    assert "∂, returned" not in said


def test_a_weight_is_named_again_where_a_step_by_hand_far_below_edits_it() -> None:
    before = "w = torch.tensor([1., -2.], requires_grad=True)\nx = torch.tensor([3., 1.])\nm = v = torch.zeros(2)"
    step = (
        "(w * x).sum().backward()\nwith torch.no_grad():\n    m = 0.9 * m + 0.1 * w.grad\n"
        "    v = 0.999 * v + 0.001 * w.grad ** 2\n    w -= 0.01 * (m / 0.1) / ((v / 0.001).sqrt() + 1e-8)"
    )
    assert "v0 · again" in texts(draw_graph(trace_source(step, before)).svg)
    near = "(w * x).sum().backward()\nwith torch.no_grad():\n    w -= 0.01 * w.grad"
    assert "again" not in texts(draw_graph(trace_source(near, before)).svg)
