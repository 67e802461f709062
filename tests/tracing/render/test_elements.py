"""The elements that can be chosen in a detail: which there are, and what is told of each."""

from __future__ import annotations

import base64
import gzip
import json
import re

import pytest

from autogradkit.tracing import page
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.graph.telling.elements import Grid, grids_of
from autogradkit.tracing.render.graph.telling.why import Why
from autogradkit.tracing.trace import Trace
from tests.tracing.render.cells import trace_cell, trace_source


def grids(trace: Trace, name: str) -> list[Grid]:
    """Those of the last op with this name."""
    graph = build(trace)
    items = [item for item in graph.items.values() if item.op is not None and item.op.name == name]
    return grids_of(items[-1], Why(graph))


def element_texts(source: str, before: str, name: str) -> list[str]:
    """What is told of each element of the first grid."""
    grid = grids(trace_source(source, before), name)[0]
    return [grid.tell(index) for index in grid.indices()]


X = "x = torch.tensor([[1., 2., 3.], [4., 5., 6.]], requires_grad=True)"


@pytest.mark.parametrize(
    ("source", "name", "reasons"),
    [
        ("(x * 3).sum().backward()", "mul", ["∂x[0, 0] = 1 · 3 = 3", "∂x[1, 2] = 1 · 3 = 3"]),
        ("(x * x).sum().backward()", "mul", ["∂x[0, 0] = 1 · 1 = 1", "∂x[1, 2] = 1 · 6 = 6"]),
        ("x.sum().backward()", "sum", ["∂x[0, 0] = 1", "∂x[1, 2] = 1"]),
        (
            "(x @ torch.tensor([[1., 0.], [2., -1.], [0., 4.]])).sum().backward()",
            "mm",
            ["∂x[0, 0] = 1 · 1 + 1 · 0 = 1", "∂x[1, 2] = 1 · 0 + 1 · 4 = 4"],
        ),
        ("(torch.ones(2, 2, 3) * x).sum().backward()", "mul", ["∂x[0, 0] = 1 · 1 + 1 · 1 = 2", "∂x[1, 2] = 1 · 1 + 1 · 1 = 2"]),
        (
            "(x[torch.tensor([1, 1])] * torch.tensor([[1.], [10.]])).sum().backward()",
            "index",
            [
                "∂x[0, 0] = 0, since nothing in index₁ came from x[0, 0]",
                "∂x[1, 2] = ∂index₁[0, 2] + ∂index₁[1, 2] = 1 + 10 = 11, since all of them came from x[1, 2]",
            ],
        ),
    ],
)  # fmt: skip
def test_the_reason_of_an_element(source: str, name: str, reasons: list[str]) -> None:
    found = element_texts(source, X, name)
    assert len(found) == 6
    assert [found[0], found[-1]] == reasons


def test_a_hook_before_it_is_told_and_an_edit_that_no_version_counts_is_not_called_the_rules() -> None:
    assert (
        element_texts("y = x * 3\ny.register_hook(lambda g: g * 2)\ny.sum().backward()", X, "mul")[0]
        == "∂x[0, 0] = 2 · 3 = 6"
    )
    edited = element_texts("c = torch.ones(2, 3)\ny = x * c\nc.data.add_(1)\ny.sum().backward()", X, "mul")
    assert edited[0] == (
        "∂x[0, 0] = 2, not the 1 · 1 of the rule: a hook, or an edit that no version counts, came between"
    )


def test_a_large_gradient_shows_its_first_elements_and_tells_of_all() -> None:
    before = "x = torch.arange(990.).reshape(3, 330).requires_grad_()"
    [grid] = grids(trace_source("(x * 2).sum().backward()", before), "mul")
    state = grid.state()
    assert [len(row) for row in state["cells"]] == [32, 32, 32]
    assert state["shape"] == [3, 330]
    assert list(grid.indices())[-1] == (2, 31)
    assert grid.holds((2, 329))
    assert not grid.holds((2, 330))
    assert grid.tell((2, 329)) == "∂x[2, 329] = 1 · 2 = 2"


@pytest.mark.parametrize(
    ("source", "before", "name"),
    [
        ("(x * 2).sum().backward()", "x = torch.tensor(1., requires_grad=True)", "mul"),  # one element
        ("(x * 2).sum().backward()", "x = torch.ones(0, requires_grad=True)", "mul"),
        ("(x * 2).sum().backward()", "x = torch.ones(2000, requires_grad=True)", "mul"),  # not copied
        ("y = x * 2", X, "mul"),
        ("y = x.clone()\ny.mul_(2)\ny[0].mul_(3)\ny.sum().backward()", X, "mul_"),  # through a view
    ],
)
def test_where_there_is_nothing_to_choose(source: str, before: str, name: str) -> None:
    assert grids(trace_source(source, before), name) == []


def test_an_element_of_a_leafs_grad_is_the_sum_of_what_came() -> None:
    graph = build(trace_source("(x * 3 + x.exp() * 0).sum().backward()\n(x * 2).sum().backward()", X))
    [item] = [item for item in graph.items.values() if item.kind == "tensor" and item.value and item.value.name == "x"]
    [grid] = grids_of(item, Why(graph))
    assert grid.what == "x.grad after backward 2"
    assert grid.tell((1, 2)) == "x.grad[1, 2] = 3 before + 2 from mul₃ = 5"
    graph = build(trace_source("(x * 3 + x * x).sum().backward()", X))
    [item] = [item for item in graph.items.values() if item.kind == "tensor" and item.value and item.value.name == "x"]
    [grid] = grids_of(item, Why(graph))
    assert grid.tell((1, 2)) == "x.grad[1, 2] = 6 from mul₂ + 6 from mul₂ + 3 from mul₁ = 15"


def test_what_half_precision_rounds_is_said() -> None:
    graph = build(trace_source("(x.to(torch.float16).float() * 5.3333).sum().backward()", X))
    reasons = [grid.tell((0, 0)) for item in graph.items.values() for grid in grids_of(item, Why(graph))]
    assert "∂to₁[0, 0] = 5.3333 = 5.332 in float16" in reasons
    assert "∂x[0, 0] = 5.332" in reasons


def stored(html: str) -> dict[str, object]:
    packed = re.search(r'id="autogradkit-layouts">([^<]*)<', html)
    assert packed is not None
    return json.loads(gzip.decompress(base64.b64decode(packed[1])))


def test_a_page_holds_the_reasons_of_the_elements_that_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = trace_cell("adam")
    reasons = stored(page.page(trace))["reasons"]
    assert isinstance(reasons, dict)
    assert len(reasons) == 27
    assert "∂w[0] = 1 · 1 = 1" in reasons.values()
    monkeypatch.setattr(page, "MOST_REASONS", 100)
    assert 0 < len(stored(page.page(trace))["reasons"]) < 27  # type: ignore[arg-type]
