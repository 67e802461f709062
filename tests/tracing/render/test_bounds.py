"""How large a picture becomes, whatever the cell does: bytes in the notebook, width on the page, seconds to draw."""

import json
import random
import time

import pytest
from anywidget import AnyWidget

import autogradkit as torch
from autogradkit.tracing.render.graph.drawing.parts import TIGHTER, forward_lines
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.telling.steps import details_of
from autogradkit.tracing.render.marks.numbers import shape_text
from autogradkit.tracing.render.marks.widths import COLUMN, LEGIBLE, SIZE
from autogradkit.widgets.graph import GraphView
from tests.tracing.render.cells import CELLS, FANS, overlaps, size, texts, trace_source
from tests.tracing.render.test_stacks import DESCENT, RNN, STEPS, descent

pytestmark = pytest.mark.long

NETWORK = "from autogradkit import nn, optim\nimport autogradkit.nn.functional as F\ntorch.manual_seed(0)\n"
NAME = "a_very_long_name_" * 20
OPS = ("sin", "cos", "tanh", "exp")
PAGE = COLUMN * SIZE / LEGIBLE  # pixels of a picture that the narrowest usual column shows with its text at 10 px


def unlike(seed: int, lines: int) -> str:
    draw = random.Random(seed)
    steps = [f"h{i} = torch.{draw.choice(OPS)}(h{i - 1})  # line {i}" for i in range(1, lines)]
    return "\n".join([*steps, f"h{lines - 1}.sum().backward()"])


def pairs(count: int, name: str) -> tuple[str, str]:
    made = "\n".join(f"{name}{i} = torch.randn(5, 9, requires_grad=True)" for i in range(count))
    used = "\n".join(f"{name}q{i} = torch.sin({name}{i}) * {name}{(i * 7) % count}" for i in range(count))
    return made, f"{used}\nloss = {' + '.join(f'{name}q{i}.sum()' for i in range(count))}\nloss.backward()"


LOOPS: dict[str, tuple[str, str]] = {
    **{f"descent of {turns}": (DESCENT, descent(turns)) for turns in (5, 6, 30, 300, 5000)},
    **{f"recurrent of {turns}": (RNN.format(turns=turns), STEPS) for turns in (4, 5, 30, 200)},
    "two loops": (
        "w = torch.ones(3, requires_grad=True)",
        "h = w\nfor epoch in range(20):\n    for i in range(30):\n        h = h * 1.01\n    h = h + 1\nh.sum().backward()",
    ),
    "three loops": (
        "w = torch.ones(3, requires_grad=True)",
        "h = w\nfor a in range(6):\n    for b in range(6):\n        for i in range(7):\n"
        "            h = torch.tanh(h * 1.01)\n        h = h + 1\n    h = h * 2\nh.sum().backward()",
    ),
    "training": (
        f"{NETWORK}net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))\nX = torch.randn(16, 2)\n"
        "y = torch.randn(16, 1)\nopt = optim.Adam(net.parameters())",
        "for step in range(30):\n    opt.zero_grad()\n    loss = F.mse_loss(net(X), y)\n    loss.backward()\n    opt.step()",
    ),
    "80 leaves": (
        "ps = [torch.ones(9, requires_grad=True) for _ in range(80)]",
        "a = sum((p ** 2).sum() for p in ps)\na.backward()",
    ),
    "2,000 layers": (
        f"{NETWORK}net = nn.Sequential(*[m for _ in range(1000) for m in (nn.Linear(4, 4), nn.Tanh())])\nx = torch.ones(2, 4)",
        "net(x).sum().backward()",
    ),
    "a fan of equal ops": (
        "w = torch.ones(2, requires_grad=True)",
        "s = torch.stack([w * i for i in range(1000)])\ns.sum().backward()",
    ),
}
LENET = (
    f"{NETWORK}from autogradkit.vision.models import LeNet\nmodel = LeNet()\n"
    "opt = optim.SGD(model.parameters(), lr=.1)\nx = torch.randn(4, 1, 28, 28)\nt = torch.tensor([1, 2, 3, 4])",
    "for i in range({turns}):\n    opt.zero_grad()\n    F.cross_entropy(model(x), t).backward()\n    opt.step()",
)
LOOPS |= {f"LeNet, {turns} steps": (LENET[0], LENET[1].format(turns=turns)) for turns in (2, 3, 4)}
LOOPS |= {f"recurrent of {turns}": (RNN.format(turns=turns), STEPS) for turns in (2, 3)}
LOOPS |= {  # too few turns for a stack
    f"{turns} turns of {lines} lines": (
        "h0 = torch.tensor([.5, -.5], requires_grad=True)",
        f"for turn in range({turns}):\n" + "\n".join(f"    {line}" for line in unlike(0, lines).splitlines()),
    )
    for turns, lines in ((2, 12), (3, 20), (4, 100))
}
OTHERS: dict[str, tuple[str, str]] = {
    "a fan of unlike ops": (
        f"w = torch.ones(2, requires_grad=True)\nimport random\nrandom.seed(0)\nops = [{', '.join(f'torch.{o}' for o in OPS)}]",
        "s = torch.stack([random.choice(ops)(w) for i in range(1000)])\ns.sum().backward()",
    ),
    "one leaf, 1,000 times": ("w = torch.ones(2, requires_grad=True)", "s = torch.cat([w] * 1000)\ns.sum().backward()"),
    "1,000 leaves": (
        "ws = [torch.full((2,), float(i), requires_grad=True) for i in range(1000)]",
        "s = torch.cat(ws)\ns.sum().backward()",
    ),
    "200 pieces": ("w = torch.randn(200, 12, requires_grad=True)", "s = torch.cat(w.unbind(0))\ns.sum().backward()"),
    "200 parameters": pairs(200, "p"),
    "long names": pairs(40, NAME),
    "a layer of 200 parameters": (
        f"{NETWORK}class Big(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.ps = nn.ParameterList([torch.randn(3) for _ in range(200)])\n    def forward(self, x):\n"
        "        return sum(torch.tanh(x * p) for p in self.ps)\nbig = Big()\nx = torch.randn(3)",
        "loss = big(x).sum()\nloss.backward()",
    ),
    "layers of long names": (
        f"{NETWORK}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.{NAME}1, self.{NAME}2 = nn.Linear(2, 8), nn.Linear(8, 1)\n    def forward(self, x):\n"
        f"        return self.{NAME}2(self.{NAME}1(x).tanh())\n{NAME}net = Net()\nx = torch.randn(4, 2)",
        f"{NAME}loss = {NAME}net(x).sum()\n{NAME}loss.backward()",
    ),
    "1,500 lines": ("h0 = torch.tensor([.5, -.5], requires_grad=True)", unlike(0, 1500)),
    "heat strips": (
        "\n".join(f"p{i} = torch.randn(14, 28, requires_grad=True)" for i in range(30)),
        "\n".join(f"q{i} = torch.sin(p{i})" for i in range(30))
        + f"\nloss = {' + '.join(f'q{i}.sum()' for i in range(30))}\nloss.backward()",
    ),
    "a long error": (
        "a = torch.ones(2, 3, requires_grad=True)",
        "b = a * 2\ne = ValueError('x<>&' * 100000)\nfor _ in range(30):\n    e.add_note('note ' * 3000)\nraise e",
    ),
    "a long line": (
        "a = torch.ones(2, 3, requires_grad=True)",
        f"b = a * 2 + {' + '.join(f'a[0, {i % 3}] * {i}.123456789' for i in range(400))}\nb.sum().backward()",
    ),
    "everything is used by everything": (
        "xs = [torch.randn(3, requires_grad=True) for _ in range(3)]",
        "for i in range(60):\n    xs.append(torch.tanh(sum(xs)) * 0.1)\nxs[-1].sum().backward()",
    ),
}


def stored(view: GraphView) -> int:
    """Bytes of an output in a notebook."""
    return len(json.dumps({"text/html": view.static_html(), "text/plain": view.plain()}, ensure_ascii=False).encode())


def width(svg: str) -> float:
    return size(svg)[0]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_of_any_length_is_stored_in_60_kb(name: str) -> None:
    before, source = LOOPS[name]
    trace = trace_source(source, before)
    began = time.perf_counter()
    view = GraphView(trace)
    assert stored(view) <= 60_000
    assert width(view.svg) <= PAGE
    assert time.perf_counter() - began < 20  # for thousands of turns a few seconds, on any machine


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", [*OTHERS, *CELLS])
def test_any_other_picture_is_stored_in_120_kb(name: str) -> None:
    before, source = {**CELLS, **OTHERS}[name]
    trace = trace_source(source, before)
    began = time.perf_counter()
    view = GraphView(trace)
    assert stored(view) <= 120_000
    assert width(view.svg) <= PAGE
    assert time.perf_counter() - began < 20


USUAL: dict[str, tuple[str, str]] = {
    **{f"recurrent of {turns}": (RNN.format(turns=turns), STEPS) for turns in (1, 2, 3, 4, 30)},
    **{f"descent of {turns}": (DESCENT, descent(turns)) for turns in (1, 4, 30)},
    "perceptron": (
        "torch.manual_seed(0)\nX = torch.randn(4, 3)\ny = torch.randn(4, 1)\nW1 = torch.randn(3, 5, requires_grad=True)\n"
        "b1 = torch.zeros(5, requires_grad=True)\nW2 = torch.randn(5, 1, requires_grad=True)\n"
        "b2 = torch.zeros(1, requires_grad=True)",
        "h = torch.relu(X @ W1 + b1)\nout = h @ W2 + b2\nloss = ((out - y) ** 2).mean()\nloss.backward()",
    ),
    "attention": (
        "torch.manual_seed(0)\nX = torch.randn(3, 4)\nWq = torch.randn(4, 4, requires_grad=True)\n"
        "Wk = torch.randn(4, 4, requires_grad=True)\nWv = torch.randn(4, 4, requires_grad=True)",
        "Q, K, V = X @ Wq, X @ Wk, X @ Wv\nscores = Q @ K.T / 2\nA = torch.softmax(scores, dim=-1)\n"
        "out = (A @ V).sum()\nout.backward()",
    ),
    "a step of SGD": (
        f"{NETWORK}net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))\nX = torch.randn(4, 2)\n"
        "y = torch.randn(4, 1)\nopt = optim.SGD(net.parameters(), lr=.1)",
        "opt.zero_grad()\nloss = ((net(X) - y) ** 2).mean()\nloss.backward()\nopt.step()",
    ),
    "two steps of an LSTM": (
        "torch.manual_seed(0)\nx = torch.randn(2, 3)\nW = torch.randn(3, 8, requires_grad=True)\n"
        "U = torch.randn(2, 8, requires_grad=True)\nb = torch.zeros(8, requires_grad=True)\nh = c = torch.zeros(2, 2)",
        "for t in range(2):\n    i, f, g, o = (x @ W + h @ U + b).chunk(4, dim=1)\n"
        "    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)\n    h = torch.sigmoid(o) * torch.tanh(c)\n"
        "h.sum().backward()",
    ),
}


WIDE: dict[str, tuple[str, str]] = {  # much beside each other
    "multihead": (
        f"{NETWORK}attend = nn.MultiheadAttention(4, 2, batch_first=True)\nx = torch.randn(1, 3, 4)",
        "out, weights = attend(x, x, x)\nout.square().sum().backward()",
    ),
    "nn.LSTM": (
        f"{NETWORK}lstm = nn.LSTM(2, 3)\nx = torch.randn(2, 1, 2)",
        "out, (h, c) = lstm(x)\nout.square().sum().backward()",
    ),
    "nn.LSTM of two layers": (
        f"{NETWORK}lstm = nn.LSTM(2, 3, 2)\nx = torch.randn(2, 1, 2)",
        "out, (h, c) = lstm(x)\nout.square().sum().backward()",
    ),
    "nn.LSTMCell": (
        f"{NETWORK}cell = nn.LSTMCell(2, 3)\nxs = torch.randn(2, 1, 2)\nh = c = torch.zeros(1, 3)",
        "for x in xs:\n    h, c = cell(x, (h, c))\nh.square().sum().backward()",
    ),
}

COLUMNS = {**CELLS, **USUAL, **WIDE, **FANS}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_picture_is_stored_so_that_a_narrow_column_need_not_scroll_it_sideways(name: str) -> None:
    before, source = COLUMNS[name]
    assert width(draw_graph(trace_source(source, before)).svg) <= PAGE


@pytest.mark.parametrize("name", COLUMNS)
def test_a_narrow_column_shows_a_living_picture_without_scrolling_sideways(name: str) -> None:
    before, source = COLUMNS[name]
    assert width(draw_graph(trace_source(source, before), page=600).svg) <= 600 * SIZE / LEGIBLE


@pytest.mark.parametrize("page", [None, 1400])
@pytest.mark.parametrize("name", FANS)
def test_what_an_operation_takes_or_gives_is_named_with_its_shape_and_lies_on_nothing(
    name: str, page: float | None
) -> None:
    before, source = FANS[name]
    picture = draw_graph(trace_source(source, before), page=page)
    assert overlaps(picture.svg) == []
    graph = picture.graph
    for link in graph.links:
        if graph.items[link.tail].kind == "tensor" or graph.items[link.head].kind == "tensor":
            continue  # the box has both
        said = "".join(part[0] for line in forward_lines(link, graph, min(TIGHTER)) for part in line.parts)
        value = graph.values[link.value]
        assert graph.labels[link.value] in said
        assert graph.labels[link.value] in " ".join(texts(picture.svg))
        assert shape_text(value.numbers.shape) in said or said.count(",") + 1 == len(value.numbers.data or ())


def test_a_narrow_column_breaks_sentences_and_the_legend_and_cuts_neither() -> None:
    before, source = CELLS["mlp_steps"]
    trace = trace_source(source, before)
    told = " ".join(texts(draw_graph(trace, page=614).svg))
    assert "its operations are not drawn." in told
    assert "∂ gradient" in told
    small = draw_graph(trace_source(CELLS["power"][1], CELLS["power"][0]), page=340).svg
    assert width(small) <= 340 * SIZE / LEGIBLE
    assert "∂ gradient" in texts(small)


@pytest.mark.parametrize("name", ["loop", "lenet"])
def test_a_wide_column_is_used_where_a_picture_is_tall(name: str) -> None:
    before, source = {**CELLS, **USUAL}[name]
    (_, usual), (wide, lower) = (size(draw_graph(trace_source(source, before), page=page).svg) for page in (None, 1414))
    assert 1000 < wide <= 1414
    assert lower < 0.85 * usual


def test_an_opened_stack_fits_the_column() -> None:
    trace = trace_source(descent(30), DESCENT)
    path = next(item.path for item in draw_graph(trace).graph.items.values() if item.kind == "stack")
    assert width(draw_graph(trace, {path: False}).svg) <= PAGE


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "name",
    [
        "training",
        "recurrent of 30",
        "descent of 30",
        "three loops",
        "descent of 300",
        pytest.param("descent of 5000", marks=pytest.mark.wide),
    ],
)
def test_opening_stack_after_stack_sends_at_most_120_kb_each_time(name: str) -> None:
    before, source = LOOPS[name]
    view = GraphView(trace_source(source, before))
    for opened in range(8):
        sent = view.get_state(
            {*view.class_trait_names(sync=True)} - {*AnyWidget.class_trait_names(sync=True)} - {"_esm", "_css"}
        )
        assert len(sent.pop("packed")) + len(json.dumps(sent)) <= 120_000
        paths = (detail["closed"] for key, detail in view.details.items() if key.startswith("s") and detail["closed"])
        path = next(paths, "")
        assert path or opened > 5
        view.folds = {**view.folds, path: False}


def test_a_large_module_by_itself_is_folded_unless_it_was_opened() -> None:
    before, source = WIDE["nn.LSTM of two layers"]
    trace = trace_source(source, before)
    for page in (614, 1414):
        closed, opened = draw_graph(trace, page=page), draw_graph(trace, {"LSTM": False}, page=page)
        assert (closed.graph.folded, opened.graph.folded) == (["LSTM"], [])
        assert "… 4 more" in texts(closed.svg)  # of its parameters
        assert any(text.startswith("lstm_layer") for text in texts(opened.svg))


def test_what_is_left_out_is_said() -> None:
    before, source = OTHERS["1,000 leaves"]
    said = " ".join(texts(draw_graph(trace_source(source, before)).svg))
    assert "992 tensors between the first and the last of many are not drawn." in said


def test_twenty_pictures_take_less_than_a_megabyte() -> None:
    cells = {**CELLS, **USUAL}
    assert len(cells) > 40
    assert (
        sum(stored(GraphView(trace_source(source, before))) for before, source in cells.values()) / len(cells) < 50_000
    )


def test_details_of_a_long_training_have_a_bound() -> None:
    """Each tensor's gradients are told once, the first and the last of them: not all of them for each of its versions."""
    x, w = torch.tensor([1.0, 2.0]), torch.tensor([0.5, 0.5], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.01)
    with torch.record() as trace:
        for _ in range(100):
            optimizer.zero_grad()
            ((w * x - 1) ** 2).mean().backward()
            optimizer.step()
    details = details_of(draw_graph(trace).graph)
    assert max(len(detail["rows"]) for detail in details.values()) < 100
    assert any("60 gradients between them" in row[1] for detail in details.values() for row in detail["rows"])
