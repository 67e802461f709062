"""A call in which several operations run is one operation of the picture, which can be opened."""

from typing import Any

import numpy as np
import pytest

import autogradkit as torch
from autogradkit.tracing.probe import measured_call
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.graph.telling.chain import Chain
from autogradkit.tracing.render.graph.telling.operands import array_of
from autogradkit.tracing.render.graph.telling.steps import details_of
from autogradkit.tracing.render.graph.telling.why import Why
from autogradkit.tracing.serial import from_json, to_json
from autogradkit.widgets.graph import GraphView
from tests.every_case import every_case
from tests.tracing.render.cells import texts, trace_source

BEFORE = """
import autogradkit.nn.functional as F
torch.manual_seed(0)
a = torch.randn(2, 3, requires_grad=True)
b = torch.randn(3, 4, requires_grad=True)
q, k, v = (torch.randn(2, 3, 2, requires_grad=True) for _ in range(3))
W = torch.nn.Parameter(torch.randn(4, 2))
"""

CALLS = {
    "torch.einsum('ij,jk->ik', a, b)": "einsum('ij,jk->ik')",
    "F.scaled_dot_product_attention(q, k, v)": "scaled_dot_product_attention",
    "q @ v.mT": "@",
    "torch.matmul(q, v.mT)": "matmul",
    "F.linear(q, W)": "linear",
    "F.max_pool1d(q, 2)": "max_pool1d",
    "F.cosine_similarity(q, k)": "cosine_similarity",
    "F.gumbel_softmax(a)": "gumbel_softmax",
    "torch.corrcoef(a)": "corrcoef",
    "a.corrcoef()": "corrcoef",
    "torch.linalg.multi_dot([a, b, W])": "linalg.multi_dot",
}


@every_case("source", CALLS)
def test_a_call_is_one_operation(source: str) -> None:
    drawn = draw_graph(trace_source(f"y = {source}\ny.sum().backward()", BEFORE))
    (call,) = [item for item in drawn.graph.items.values() if item.kind == "call"]
    assert call.title == CALLS[source]
    assert ("q @ v.mT" if call.title == "@" else call.title) in texts(drawn.svg)
    assert "call, folded" in texts(drawn.svg)


def test_clipping_and_distributions_are_calls_with_what_they_gave() -> None:
    source = "(a * a).sum().backward()\nnorm = torch.nn.utils.clip_grad_norm_([a], 1.0)"
    clipped = draw_graph(trace_source(source, BEFORE))
    [call] = [item for item in clipped.graph.items.values() if item.kind == "call"]
    assert call.title == "clip_grad_norm_"
    written = texts(clipped.svg)
    assert written[written.index("norm =") + 1] == "6.5309"
    assert "2 uses" not in written
    drawn = draw_graph(trace_source(
        "dist = torch.distributions.Categorical(logits=a)\nc = dist.sample()\nloss = -dist.log_prob(c).sum()\nloss.backward()",
        BEFORE,
    ))  # fmt: skip
    calls = [item.title for item in drawn.graph.items.values() if item.kind == "call"]
    assert calls == ["Categorical", "sample", "log_prob"]
    names = {value.name for value in drawn.graph.values.values()} - {None}
    assert names == {"a", "c", "dist.logits", "dist.probs", "loss"}  # what validates arguments is not called `dist`


def test_a_call_keeps_its_name_when_functions_ask_a_class_of_the_learner_s() -> None:
    class Asked(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return super().__torch_function__(func, types, args, kwargs or {})

    torch.einsum("i->", torch.ones(2).as_subclass(Asked))
    drawn = draw_graph(trace_source("y = torch.einsum('ij,jk->ik', a, b)\nz = F.linear(q, W)", BEFORE))
    assert [item.title for item in drawn.graph.items.values() if item.kind == "call"] == [
        "einsum('ij,jk->ik')",
        "linear",
    ]


def test_it_opens_into_its_steps_and_closes_again() -> None:
    trace = trace_source("y = torch.einsum('ij,jk->ik', a, b)\ny.sum().backward()", BEFORE)
    drawn = draw_graph(trace)
    path = next(item.path for item in drawn.graph.items.values() if item.kind == "call")
    assert path == "einsum (operations 1–12)"
    opened = draw_graph(trace, {path: False})
    assert opened.graph.opened == [path]
    assert len([item for item in opened.graph.items.values() if item.inside == path]) == 12
    assert draw_graph(trace, {path: True}).svg == drawn.svg


def test_two_calls_are_two_operations() -> None:
    drawn = draw_graph(trace_source("w = torch.softmax(q @ k.mT, -1)\nout = w @ v\nout.sum().backward()", BEFORE))
    assert [item.title for item in drawn.graph.items.values() if item.kind == "call"] == ["@", "@"]
    assert {"matmul₁", "w", "out"} <= {text.partition(" ")[0] for text in texts(drawn.svg)}


def test_gradients_go_through_it() -> None:
    trace = trace_source("y = F.linear(q, W)\ny.sum().backward()", BEFORE)
    whole, folded = build(trace), draw_graph(trace).graph
    leaves = {item.key for item in folded.items.values() if item.value is not None and item.value.is_leaf}
    for graph in (whole, folded):
        for leaf in leaves:
            sent = [grad.numbers.printed for link in graph.links if link.tail == leaf for grad in link.grads]
            assert sent == [folded.contributions[int(leaf[1:])][0].contribution.printed]


def test_its_parameters_stay_on_the_picture_and_what_it_makes_for_itself_does_not() -> None:
    labels = {
        text.partition(" ")[0]
        for source in ("y = F.linear(q, W)", "y = torch.corrcoef(a)")
        for text in texts(draw_graph(trace_source(source, BEFORE)).svg)
    }
    assert {"W", "q", "a", "y"} <= labels
    assert not any(label.startswith("tensor") for label in labels)


def test_where_it_failed_its_steps_are_shown() -> None:
    drawn = draw_graph(trace_source("y = q @ k.mT\ny.sum().backward()\ny.sum().backward()", BEFORE))
    assert not [item for item in drawn.graph.items.values() if item.stopped and item.kind == "call"]
    drawn = draw_graph(trace_source("y = torch.einsum('ij,jk->ik', a, a)", BEFORE))
    assert not [item for item in drawn.graph.items.values() if item.kind == "call"]


def test_the_detail_tells_its_steps_and_a_file_keeps_it() -> None:
    trace = trace_source("y = F.linear(q, W)\ny.sum().backward()", BEFORE)
    for each in (trace, from_json(to_json(trace))):
        graph = draw_graph(each).graph
        (call,) = [item for item in graph.items.values() if item.kind == "call"]
        detail = details_of(graph)[call.key]
        assert detail["title"] == f"linear, {len(call.ops)} operations"
        assert [row[:2] for row in detail["rows"][:2]] == [
            ["mm", "y = mm(q, Wᵀ)"],
            ["turn or reshape", "t, view, unsafe_view"],
        ]
        assert detail["closed"] == call.path


RULES = {
    "F.linear(q, W)": "∂q = ∂ @ W; ∂Wᵀ = qᵀ @ ∂; ∂W = (∂Wᵀ)ᵀ",
    "torch.einsum('ij,jk->ik', a, b)": "∂a = ∂ @ bᵀ; ∂b = aᵀ @ ∂",
    "torch.einsum('ij,kj->ik', a, a)": "∂a = ∂ @ a; ∂aᵀ = aᵀ @ ∂; ∂a += (∂aᵀ)ᵀ",
    "F.scaled_dot_product_attention(q, k, v, scale=1.)": "∂softmax₁ = ∂ @ vᵀ; ∂v = softmax₁ᵀ @ ∂; "
    "∂bmm₁ = softmax₁ · (∂softmax₁ − Σ(∂softmax₁ · softmax₁)); ∂mul₁ = ∂bmm₁ @ mul₂ᵀ; ∂mul₂ = mul₁ᵀ @ ∂bmm₁; "
    "∂kᵀ = ∂mul₂ · 1; ∂k = (∂kᵀ)ᵀ; ∂q = ∂mul₁ · 1",
    "F.max_pool1d(q, 2)": "∂q = ∂ at each window's maximum, 0 elsewhere",
    "torch.inner(a[0], a[0])": "∂a[0] = ∂ · select₁; ∂select₁ = ∂ · a[0]",
    "torch.tensordot(q, b, dims=([1], [0]))": "∂unsafe_view₁ = ∂ @ bᵀ; ∂b = unsafe_view₁ᵀ @ ∂; "
    "∂clone₁ = ∂unsafe_view₁ in the shape of clone₁; ∂permute₁ = ∂clone₁; ∂q = ∂permute₁ with its dimensions put back",
}


@pytest.mark.parametrize("source", RULES)
def test_the_detail_tells_the_chain_rule_through_its_steps(source: str) -> None:
    _, detail = call_and_detail(f"y = {source}", BEFORE)
    [told] = [row[1] for row in detail["rows"] if row[0] == "derivative"]
    assert told.splitlines() == RULES[source].split("; ")


def test_the_rule_has_the_numbers_of_each_backward() -> None:
    before = "A = torch.tensor([[[1., 2.]]], requires_grad=True)\nB = torch.tensor([[3.], [4.]])"
    _, detail = call_and_detail("y = torch.matmul(A, B)\n(2 * y).sum().backward()", before)
    [told] = [row[1] for row in detail["rows"] if row[0] == "backward 1"]
    assert told.splitlines() == [
        "∂ = [[[2]]]",
        "∂A = ∂ @ Bᵀ   (1, 1) @ (2, 1)ᵀ → (1, 2) = [[6, 8]]; at [0, 1]: 2 · 4 = 8",
    ]


SEVERAL = [
    "F.linear(q, W, torch.zeros(4, requires_grad=True))",
    "torch.einsum('bij,bkj->bki', q, v)",
    "torch.einsum('ij,kj->ik', a, a)",
    "torch.matmul(q, b[:2])",
    "F.normalize(a)",
    "torch.kron(a, a)",
    "torch.cov(a)",
    "F.rms_norm(a, (3,))",
    "F.triplet_margin_loss(q, k, v)",
    "torch.cdist(q, k)",
    "F.bilinear(a, a, torch.ones(2, 3, 3))",
]


def test_a_reshape_that_copies_is_one_operation() -> None:
    trace = trace_source(
        "y = X.transpose(0, 1).reshape(6)\n(y * y).sum().backward()", "X = torch.ones(2, 3, requires_grad=True)"
    )
    calls = [item.title for item in draw_graph(trace).graph.items.values() if item.kind == "call"]
    assert calls == ["reshape"]
    assert [op.label for op in trace.ops if op.part_of is not None] == ["clone", "unsafe_view"]


@every_case("source", [*CALLS, *RULES, *SEVERAL])
def test_what_is_told_adds_up_to_the_gradients(source: str) -> None:
    trace = trace_source(f"y = {source}\n(y * y).sum().backward()", BEFORE)
    graph = draw_graph(trace).graph
    why = Why(build(trace))
    for item in graph.items.values():
        if item.kind != "call":
            continue
        told: dict[str, Any] = {}
        for _, each in Chain(item.ops, why).explained():
            assert each.sent is not None
            sent, name = array_of(each.sent), each.reason.label
            assert sent is not None
            if name.endswith("ᵀ"):
                name, sent = name[:-1], np.swapaxes(sent, -1, -2)
            told[name] = told.get(name, 0) + sent.reshape(-1)
        for link in graph.links:
            if link.head == item.key and link.grads:
                [gradient] = link.grads
                assert gradient.numbers.data is not None
                assert np.allclose(told[graph.labels[link.value]], gradient.numbers.data, atol=1e-5)


@pytest.mark.parametrize("source", [*RULES, *SEVERAL])
def test_its_derivative_can_be_measured(source: str) -> None:
    trace = trace_source(f"y = {source}\n(y * y).sum().backward()", BEFORE)
    why = Why(build(trace))
    for item in draw_graph(trace).graph.items.values():
        if item.kind == "call":
            rows = measured_call(Chain(item.ops, why))
            assert rows
            assert all("rounding explains it" in text or "no difference" in text for _, text in rows)


def test_what_cannot_be_measured_is_said() -> None:
    trace = trace_source("d = torch.distributions.Categorical(logits=a)\nd.logits.sum().backward()", BEFORE)
    (call,) = [item for item in draw_graph(trace).graph.items.values() if item.kind == "call"]
    [[what, text]] = measured_call(Chain(call.ops, Why(build(trace))))
    assert what == "measured"
    assert text == "eq is no op of its own with a rule: there is nothing to run again"
    trace = trace_source("y = F.gumbel_softmax(a)\ny[0, 0].backward()", BEFORE)  # whose noise is moved by nothing
    (call,) = [item for item in draw_graph(trace).graph.items.values() if item.kind == "call"]
    [[_, text]] = measured_call(Chain(call.ops, Why(build(trace))))
    assert text.startswith("∂a = (f(a + ε) − f(a − ε)) / 2ε · ∂ = [")


def test_the_widget_measures_it_and_tells_of_an_element() -> None:
    view = GraphView(trace_source("y = F.linear(q, W)\ny.sum().backward()", BEFORE))
    key = next(item.key for item in view._drawn.graph.items.values() if item.kind == "call")
    view.selected = key
    view.measure()
    assert "rounding explains it" in view.measured[key][0][1]
    view.element = [0, 5, 1]
    (reason,) = view.reasons.values()
    assert reason.startswith("∂q[5, 1] = ")


def call_and_detail(source: str, before: str) -> tuple[Any, dict[str, Any]]:
    graph = draw_graph(trace_source(source, before)).graph
    call = next(item for item in graph.items.values() if item.kind == "call")
    return call, details_of(graph)[call.key]


def test_what_a_call_makes_and_nobody_uses_is_not_drawn_behind_it() -> None:
    cell = "out = k.view(1, -1) @ cols\nout.sum().backward()"
    before = "k = torch.ones(2, 2, requires_grad=True)\ncols = torch.arange(12.).view(1, 4, 3)"
    graph = draw_graph(trace_source(cell, before)).graph
    (call,) = [item for item in graph.items.values() if item.kind == "call"]
    assert [graph.labels[link.value] for link in graph.links if link.tail == call.key] == ["out"]
    graph = draw_graph(trace_source("y = F.max_pool1d(q, 2).sum()", BEFORE)).graph  # its positions
    (call,) = [item for item in graph.items.values() if item.kind == "call"]
    assert [graph.items[link.head].kind for link in graph.links if link.tail == call.key] == ["op"]


ROPE = """
def half(x, sign):
    a, b = x[:, :2], x[:, 2:]
    return a * 2 + sign * b
def rope(x):
    angle = torch.arange(2.) / 2
    return torch.cat([half(x, -1) * angle.cos(), half(x, 1) * angle.sin()], -1)
"""
TWICE = ROPE + "scores = rope(q) @ rope(k).T\n" + "q2 = q * 2\n" * 12 + "scores.sum().backward()"
QUERIES = "q, k = torch.ones(3, 4, requires_grad=True), torch.ones(3, 4, requires_grad=True)"


def test_a_function_of_the_learner_s_that_ran_twice_is_one_operation_of_a_large_graph_each_time() -> None:
    """The rotation of q and of k took most of a picture of 2,700 px, and of a smaller one "38 operations" were left out."""
    trace = trace_source(TWICE, QUERIES)
    drawn = draw_graph(trace)
    calls = [item for item in drawn.graph.items.values() if item.kind == "call"]
    assert [item.title for item in calls] == ["rope(q)", "rope(k)"]
    assert not drawn.graph.middle
    written = texts(drawn.svg)
    assert {"rope(q)", "rope(k)", "rope₁ @ rope₂.T"} <= set(written)
    assert not [each for each in written if "angle" in each or "arange" in each]  # what it makes for itself
    leaves = [link for link in drawn.graph.links if link.head == calls[0].key and link.grads]
    assert [drawn.graph.labels[link.value] for link in leaves] == ["q"]
    q = trace.values[leaves[0].value]
    (taken,) = drawn.graph.contributions[q.id]
    assert leaves[0].grads[0].numbers.data == pytest.approx(taken.after.data)
    opened = draw_graph(trace, {calls[0].path: False})
    assert calls[0].path in opened.graph.opened
    titles = [item.title for item in opened.graph.items.values() if item.kind == "call"]
    assert titles == ["half(x, -1)", "half(x, 1)", "rope(k)"]  # in the opened one those in it
    assert draw_graph(from_json(to_json(trace))).svg == drawn.svg


def test_the_derivative_of_a_function_is_measured_beside_what_it_makes_of_numbers_alone() -> None:
    view = GraphView(trace_source(TWICE, QUERIES))
    view.selected = next(key for key, told in view.details.items() if told["title"].startswith("rope(q)"))
    view.measure()
    ((_, told, _),) = view.measured[view.selected]
    assert told.startswith("∂q = (f(q + ε) − f(q − ε)) / 2ε · ∂ = [")
    assert "rounding explains it" in told or "no difference" in told
    view.folds = {view.details[view.selected]["closed"]: False}
    assert view.opened == ["rope (operations 1–17)"]
    view.close()


@every_case(
    "cell",
    [
        "def rope(x): return (x * 2).exp().sum()\ny = rope(q) + rope(k)",  # small
        TWICE.replace("rope(k)", "k"),  # once
        TWICE.replace("    return torch.cat", "    x.sum().backward()\n    return torch.cat"),  # it goes backward
        TWICE.replace("return torch.cat", "yield torch.cat").replace("rope(q) @ rope(k)", "next(rope(q)) @ next(rope(k))"),
    ],
)  # fmt: skip
def test_else_such_a_function_stays_open(cell: str) -> None:
    drawn = draw_graph(trace_source(cell, QUERIES))
    assert not [item.title for item in drawn.graph.items.values() if item.kind == "call" and "rope" in item.title]


def test_a_stack_of_turns_tells_the_functions_that_ran_in_them() -> None:
    cell = ROPE + "for _ in range(9):\n    q2 = rope(q) * rope(k)\n"
    item = next(item for item in draw_graph(trace_source(cell, QUERIES)).graph.items.values() if item.kind == "stack")
    assert (item.title, item.times) == ("turns 2–8", 7)
    assert "rope · *" in texts(draw_graph(trace_source(cell, QUERIES)).svg)


def test_where_such_a_function_failed_its_steps_are_shown() -> None:
    drawn = draw_graph(trace_source(TWICE.replace("angle.sin()", "(angle.sin() if x is q else x[:2])"), QUERIES))
    assert drawn.graph.failure is not None
    assert "rope(k)" not in texts(drawn.svg)
