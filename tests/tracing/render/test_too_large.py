"""Pictures that are too tall, too large to be stored or of too much: turns of loops are closed, then a middle is left out."""

import re
from xml.etree import ElementTree

import pytest

from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.graph.structure.fold import bounded, fold
from autogradkit.tracing.render.graph.structure.moves import join_moves
from autogradkit.tracing.render.graph.wording.spelling import spelled_call_in_order
from tests.tracing.render.cells import texts, trace_source
from tests.tracing.render.loops import DESCENT, descent, stacks


def test_of_a_very_tall_picture_the_turns_behind_the_first_are_closed() -> None:
    trace = trace_source(descent(4), DESCENT)
    drawn = draw_graph(trace)
    assert stacks(drawn) == [("turns 2–4", 3)]
    assert drawn.height < 0.7 * 1_600
    path = next(item.path for item in drawn.graph.items.values() if item.kind == "stack")
    opened = draw_graph(trace, {path: False})
    assert stacks(opened) == []
    assert opened.graph.opened == [path]
    assert stacks(draw_graph(trace, {path: True})) == stacks(drawn)


def test_what_else_is_opened_in_a_very_tall_picture_leaves_its_turns_closed() -> None:
    before = "net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))\nX = torch.randn(4, 2)"
    loop = (
        "for k in range(3):\n    loss = (net(X) * X[:, :1]).square().mean()\n    loss.backward()\n    net.zero_grad()"
    )
    trace = trace_source(loop, before)
    closed = draw_graph(trace)
    assert stacks(closed) == [("turns 2–3", 2)]
    assert stacks(draw_graph(trace, {"Sequential/0": False})) == [("turns 2–3", 2)]
    path = next(item.path for item in closed.graph.items.values() if item.kind == "stack")
    assert stacks(draw_graph(trace, {"Sequential/0": False, path: False})) == []


CLOSURES = """def make():
    w = torch.zeros(2, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    def forward(x):
        return torch.sigmoid(x @ w + b)
    def step(lr):
        with torch.no_grad():
            for p in (w, b):
                p -= lr * p.grad
                p.grad = None
    return forward, step
forward, step = make()
for epoch in range(2):
    p = forward(X)
    loss = -(y * p.log() + (1 - y) * (1 - p).log()).mean()
    loss.backward()
    step(0.5)"""


def test_of_two_turns_the_second_is_closed_before_a_middle_is_left_out() -> None:
    drawn = draw_graph(trace_source(CLOSURES, "X = torch.randn(6, 2)\ny = (X[:, 0] > 0).float()"))
    assert stacks(drawn) == [("turn 2", 1)]
    assert not drawn.graph.middle
    assert not drawn.graph.left_out
    words = texts(drawn.svg)
    assert "loss (turn 1)" in words
    assert any(each.startswith("loss =") for each in words)  # of the second, in its box


CHAIN = "y = x" + "".join([".sin()", ".exp()", ".neg()", ".tanh()"][i % 4] for i in range(44)) + "\ny.sum().backward()"


def test_of_a_very_tall_chain_the_middle_is_one_box_which_says_what_ran_and_can_be_opened() -> None:
    trace = trace_source(CHAIN, "x = torch.ones(3, requires_grad=True)")
    drawn = draw_graph(trace)
    assert drawn.height < 1_600
    box = drawn.graph.items[drawn.graph.middle]
    assert (box.title, box.path) == ("27 operations", "operations 10–36")
    assert "exp\u00a0×7\u00a0· -\u00a0×7\u00a0· tanh\u00a0×7\u00a0· sin\u00a0×6" in texts(drawn.svg)
    opened = draw_graph(trace, {box.path: False})
    assert not opened.graph.middle
    assert opened.graph.opened == [box.path]
    inside = [item.op.name for item in opened.graph.items.values() if item.inside == box.path and item.op is not None]
    assert inside == [["sin", "exp", "neg", "tanh"][i % 4] for i in range(9, 36)]
    assert draw_graph(trace, {box.path: True}).svg == drawn.svg


def test_rows_of_a_very_tall_picture_are_closer_before_anything_is_left_out() -> None:
    before, rows = "x = torch.ones(3, requires_grad=True)", []
    for count in (20, 28):
        drawn = draw_graph(trace_source("y = x" + ".sin().exp()" * (count // 2) + "\ny.sum().backward()", before))
        assert not drawn.graph.middle
        heights = sorted({y for y, _ in ovals(drawn.svg)})
        rows.append(heights[5] - heights[4])
    assert rows[1] < 0.85 * rows[0]


def ovals(svg: str) -> list[tuple[float, float]]:
    """The middle of each ellipse, and half of its height."""
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}ellipse")
    return [(float(each.get("cy", 0)), float(each.get("ry", 0))) for each in found]


EPISODES = """for episode in range(3):
    state, log_probs, rewards = torch.ones(4), [], []
    for t in range(3):
        dist = torch.distributions.Categorical(torch.softmax(policy(state), -1))
        action = dist.sample()
        log_probs.append(dist.log_prob(action))
        rewards.append(float(action == 0))
        state = state + 0.1 * (action - 0.5)
    returns = torch.tensor(rewards)
    returns = (returns - returns.mean()) / (returns.std() + 1e-6)
    loss = -(torch.stack(log_probs) * returns).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()"""


def test_turns_that_are_too_large_to_be_stored_are_not_one_box_and_nothing_else() -> None:
    before = (
        "torch.manual_seed(0)\npolicy = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))\n"
        "optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)"
    )
    drawn = draw_graph(trace_source(EPISODES, before))
    assert stacks(drawn)[-1] == ("turns 2–3", 2)
    assert {"policy[0]", "softmax(-1)", "loss (turn 1)"} < set(texts(drawn.svg))


def test_a_turn_of_an_inner_loop_that_is_closed_is_said_to_be_one() -> None:
    before = "torch.manual_seed(0)\n"
    before += "X, y = torch.randn(4, 2), torch.randn(4)\nw, b = (torch.zeros(n, requires_grad=True) for n in (2, 1))"
    loop = (
        "for epoch in range(2):\n    loss = ((X @ w + b - y) ** 2).mean()\n    loss.backward()\n    with torch.no_grad():\n"
        "        for p in [w, b]:\n            p -= .1 * p.grad\n            p.grad.zero_()"
    )
    drawn = draw_graph(trace_source(loop, before))
    assert stacks(drawn) == [("inner turn 2", 1), ("turn 2", 1)]


def test_two_operations_alone_are_closed_by_nothing() -> None:
    before = "emb, rnn, out = torch.nn.Embedding(5, 3), torch.nn.GRUCell(3, 4), torch.nn.Linear(4, 5)\n"
    before += "seq, h, losses = torch.tensor([1, 3, 2, 4]), torch.zeros(4), []"
    loop = (
        "for inp, tgt in zip(seq[:-1], seq[1:]):\n    h = rnn(emb(inp), h)\n"
        "    losses.append(torch.nn.functional.cross_entropy(out(h), tgt))\nloss = sum(losses) / len(losses)\nloss.backward()"
    )
    drawn = draw_graph(trace_source(loop, before))
    assert stacks(drawn)[0][0] in ("turns 1–3", "turns 2–3")  # and not the two unbind
    assert sum(item.op is not None and item.op.name == "unbind" for item in drawn.graph.items.values()) == 2


CHARACTERS = (
    "from autogradkit import nn\nimport autogradkit.nn.functional as F\ntorch.manual_seed(0)\n"
    "emb, rnn, head = nn.Embedding(4, 3), nn.RNNCell(3, 3), nn.Linear(3, 4)"
)


READ = (
    "h = torch.zeros(3)\nloss = 0\nfor a, b in ((1, 0), (0, 2), (2, 2), (2, 3)):\n    h = rnn(emb(torch.tensor(a)), h)\n"
    "    logits = head(h)\n    loss = loss + F.cross_entropy(logits, torch.tensor(b))\nloss.backward()"
)


DESCENDED = (
    "for epoch in range(3):\n    loss = ((w * w).sum() - b) ** 2\n    loss.backward()\n    with torch.no_grad():\n"
    "        w -= .1 * w.grad\n        b -= .1 * b.grad\n    w.grad.zero_()\n    b.grad.zero_()"
)


@pytest.mark.parametrize("most", [10, 24, 64])
@pytest.mark.parametrize(
    ("before", "cell"),
    [
        (CHARACTERS, READ),
        ("w = torch.ones(2, requires_grad=True)\nb = torch.ones((), requires_grad=True)", DESCENDED),
    ],
    ids=["characters", "descent"],
)
def test_a_middle_that_is_left_out_leaves_all_edges_around_it(before: str, cell: str, most: int) -> None:
    graph = fold(build(trace_source(cell, before)), None, most)
    heads, tails = {link.head for link in graph.links}, {link.tail for link in graph.links}
    ran = {item.key for item in graph.items.values() if item.kind != "tensor"}
    assert ran <= heads
    assert ran <= tails


def test_of_too_many_tensors_what_backward_began_with_is_the_last_to_go():
    graph = bounded(fold(build(trace_source(READ, CHARACTERS)), None, 10), 10)
    assert "further tensors are not drawn" in " ".join(graph.left_out)
    assert "loss (turn 4)" in [graph.labels[item.value.id] for item in graph.items.values() if item.value is not None]


def test_a_few_turns_that_are_too_large_to_be_stored_are_stacked_too() -> None:
    trace = trace_source(READ, CHARACTERS)
    assert stacks(draw_graph(trace)) == [("turns 2–4", 3)]
    assert stacks(draw_graph(trace, page=1164)) == [("turns 2–4", 3)]
    stored = draw_graph(trace)
    path = next(item.path for item in stored.graph.items.values() if item.kind == "stack")
    opened = draw_graph(trace, {path: False}, page=1164)
    assert stacks(opened) == []
    assert path in opened.graph.opened  # so that it can be stacked again


GRU = (
    "torch.manual_seed(0)\nWz, Wr, Wh = (torch.randn(3, 5, requires_grad=True) for _ in range(3))\nxs = torch.randn(3, 2)\n"
    "h = torch.zeros(3)"
)


GRU_STEPS = """for x in xs:
    hx = torch.cat([h, x])
    z = torch.sigmoid(Wz @ hx)
    r = torch.sigmoid(Wr @ hx)
    n = torch.tanh(Wh @ torch.cat([r * h, x]))
    h = (1 - z) * n + z * h
loss = h.pow(2).sum()
loss.backward()"""


def test_three_turns_of_which_the_first_begins_with_data_are_stacked_before_their_middle_is_left_out():
    drawn = draw_graph(trace_source(GRU_STEPS, GRU))
    assert (stacks(drawn), drawn.graph.left_out) == ([("turns 2–3", 2)], [])
    assert {"h (turn 1)", "Wz", "tanh", "1 -"} <= {text.strip() for text in texts(drawn.svg)}
    root = ElementTree.fromstring(drawn.svg)
    svg = "{http://www.w3.org/2000/svg}"
    ends: dict[str, tuple[float, float]] = {}
    for group in root.iter(f"{svg}g"):
        for box in group.findall(f"{svg}rect")[:1]:
            left = float(box.get("x", 0))
            ends[group.get("data-key", "")] = left, left + float(box.get("width", 0))
        for oval in group.findall(f"{svg}ellipse")[:1]:
            middle, half = float(oval.get("cx", 0)), float(oval.get("rx", 0))
            ends[group.get("data-key", "")] = middle - half, middle + half
    for link in root.iterfind(f".//{svg}g[@class='ak-link']"):  # names told in the stack's box took some links away
        path = link.find(f"{svg}g/{svg}path")
        assert path is not None
        xs = [float(each) for each in re.findall(r"-?[\d.]+", path.get("d", ""))]
        for end, x in (("data-tail", xs[0]), ("data-head", xs[-2])):
            left, right = ends[link.get(end, "")]
            assert left <= x <= right, (link.get("data-key"), end)


def test_of_a_much_too_tall_picture_turns_are_closed_though_it_is_tall_still():
    before = "x = torch.tensor([1., 2., 3.])\ndef f(x): return x.exp() * x.sum()"
    drawn = draw_graph(trace_source("J = torch.func.jacrev(f)(x)", before))
    assert len(stacks(drawn)) == 1
    assert 1_600 < drawn.height < 1_800  # 2,217 with each row's turn drawn
    assert not drawn.graph.middle


HEADS = """
torch.manual_seed(0)
x = torch.randn(1, 3, 4)
qkv, proj = torch.nn.Linear(4, 12), torch.nn.Linear(4, 4)
mask = torch.tril(torch.ones(3, 3)).view(1, 1, 3, 3)
"""
ATTENTION = """q, k, v = qkv(x).split(4, dim=2)
q = q.view(1, 3, 2, 2).transpose(1, 2)
k = k.view(1, 3, 2, 2).transpose(1, 2)
v = v.view(1, 3, 2, 2).transpose(1, 2)
att = (q @ k.transpose(-2, -1)) * 2 ** -0.5
att = att.masked_fill(mask == 0, float("-inf"))
att = torch.softmax(att, dim=-1)
y = (att @ v).transpose(1, 2).contiguous().view(1, 3, 4)
y = proj(y)
y.sum().backward()"""


def test_in_a_very_tall_picture_what_only_turns_and_reshapes_is_one_operation_that_can_be_opened() -> None:
    trace = trace_source(ATTENTION, HEADS)
    drawn = draw_graph(trace)
    rows = {item.title: item for item in drawn.graph.items.values() if item.kind == "call" and "·" in item.title}
    assert [*rows] == ["view · transpose", "transpose · contiguous · view"]
    assert not drawn.graph.middle
    assert drawn.height < 1_850  # 2,500 with each of them
    assert {"softmax(-1)", "masked_fill(-inf)", "view · transpose", "transpose · … · view"} <= set(texts(drawn.svg))
    opened = draw_graph(trace, {rows["transpose · contiguous · view"].path: False})
    assert {"view(1, 3, 4)", "transpose(1, 2)"} <= set(texts(opened.svg))
    assert opened.graph.opened == [rows["transpose · contiguous · view"].path]


@pytest.mark.parametrize(
    "cell",
    [
        "a = x.view(3, 2)\ny = a.t()",  # a name in between
        "h = x.view(3, 2)\ny = h.t() @ h",  # two uses
        "h = x.view(3, 2)\nh.retain_grad()\nh.t().sum().backward()",  # a gradient of its own
        "y = x.view(3, 2).mul(2).t()",
        "y = x[0, 1]",  # two operations, which say it all
    ],
)
def test_what_is_asked_for_between_two_turns_keeps_them_apart(cell: str) -> None:
    graph = build(trace_source(cell, "x = torch.randn(2, 3, requires_grad=True)"))
    drawn = {key for key, item in graph.items.items() if item.kind == "op"}
    assert not join_moves(graph)
    assert drawn == {key for key, item in graph.items.items() if item.kind == "op"}


def test_a_subscript_among_turns_is_told_as_one() -> None:
    graph = build(trace_source("y = x.view(3, 2).t()[0, 1]", "x = torch.randn(2, 3, requires_grad=True)"))
    assert join_moves(graph)
    (row,) = [item for item in graph.items.values() if item.kind == "call"]
    assert row.title == "view · t · […]"
    spelled = spelled_call_in_order(row.title, row.ops, graph.labels, graph.values)
    assert spelled == ["view(3, 2) · t · [0] · [1]", row.title, "view · … · […]"]  # the first that there is room for
