"""A call in which several operations run is one operation of the picture, which can be opened."""

from typing import Any

import pytest

import autogradkit as torch
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.graph.telling.steps import details_of
from autogradkit.tracing.serial import from_json, to_json
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


@pytest.mark.parametrize("source", CALLS)
def test_a_call_is_one_operation(source: str) -> None:
    drawn = draw_graph(trace_source(f"y = {source}\ny.sum().backward()", BEFORE))
    (call,) = [item for item in drawn.graph.items.values() if item.kind == "call"]
    assert call.title == CALLS[source]
    assert call.title in texts(drawn.svg)
    assert "call, folded" in texts(drawn.svg)


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
        assert [row[0] for row in detail["rows"]] == ["t", "view", "mm", "unsafe_view"]
        assert detail["closed"] == call.path
