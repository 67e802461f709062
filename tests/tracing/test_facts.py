"""What an op tells of itself: from its declaration through events and files into pictures."""

import doctest
from dataclasses import dataclass
from pathlib import Path

import pytest

import autogradkit as torch
from autogradkit.core import facts
from autogradkit.core.facts import OpFacts
from autogradkit.core.recording import RECORDERS, Recorder, observed
from autogradkit.tracing.events import Op
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.telling.steps import details_of
from autogradkit.tracing.trace import Trace
from tests.tracing.render.cells import trace_source


@dataclass(frozen=True)
class Declared:
    name: str
    facts: OpFacts


BLEND = Declared(
    "_blend_with_tables",
    OpFacts("blend", True, "∂self = ∂ · weight\n∂weight = ∂ · self", ("self", "weight")),
)


def blended(kind: str = "op") -> Trace:
    """The trace of an op that no table has heard of, on operands of two shapes."""
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    row = torch.tensor([10.0, 20.0])
    with torch.record() as trace:
        observed(BLEND, kind, lambda self, weight: self.mul_(weight), (x, row), {})
    return trace


def test_a_picture_of_an_op_says_what_the_op_says_of_itself():
    trace = blended()
    assert trace.ops[0].facts is BLEND.facts
    assert [op.name for op in trace.ops] == ["_blend_with_tables"]
    drawn = draw_graph(trace)
    assert ">blend(x, row)</text>" in drawn.svg
    assert "broadcast over dim 0" in drawn.svg
    rows = {row[0]: row[1] for row in details_of(drawn.graph)["o0"]["rows"]}
    assert rows["call"] == "blend(x, row)"
    assert rows["arguments"] == "self = x, weight = row"
    assert rows["derivative"] == "∂x = ∂ · row\n∂row = ∂ · x"
    assert "blend(x, row)" in trace.table()
    assert trace.label(trace.ops[0].outputs[0]) in ("x", "blend₁")


def test_an_edit_in_place_carries_its_underscore():
    trace = blended("inplace")
    assert (trace.ops[0].name, trace.ops[0].label) == ("_blend_with_tables_", "blend_")
    assert ">blend_</text>" in draw_graph(trace).svg


def test_a_failing_op_is_called_by_its_label():
    def fails(self: object) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), torch.record() as trace:
        observed(BLEND, "op", fails, (torch.ones(2),), {})
    assert "the cell failed in blend" in draw_graph(trace).alt


def test_a_loaded_trace_is_drawn_without_the_op(tmp_path: Path):
    trace = blended()
    trace.save(tmp_path / "t.json")
    loaded = Trace.load(tmp_path / "t.json")
    assert loaded.ops[0].facts == BLEND.facts
    assert draw_graph(loaded).svg == draw_graph(trace).svg
    assert details_of(draw_graph(loaded).graph) == details_of(draw_graph(trace).graph)


def test_arguments_given_by_name_and_left_out_keep_their_roles():
    facts = OpFacts("pick", False, "∂self = ∂", ("self", "dim", "keepdim", "index"))
    x, y = torch.ones(2), torch.ones(2)
    with torch.record() as trace:
        observed(
            Declared("pick", facts),
            "op",
            lambda self, dim, keepdim, *, index: self + index,
            (x, None, True),
            {"index": y},
        )
    rows = {row[0]: row[1] for row in details_of(draw_graph(trace).graph)["o0"]["rows"]}
    assert rows["arguments"] == "self = x, keepdim = True, index = y"


def test_an_op_with_no_rule_to_tell_has_no_row_for_it():
    trace = trace_source("y = x.argmax(0)", "x = torch.ones(2, requires_grad=True)")
    rows = {row[0]: row[1] for row in details_of(draw_graph(trace).graph)["o0"]["rows"]}
    assert "call" in rows
    assert "derivative" not in rows


def test_a_graph_found_afterwards_speaks_of_what_its_nodes_carry(monkeypatch):
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (w * w).sum()
    (mul, _), *_ = loss.grad_fn.next_functions
    assert [op.label for op in Trace.from_tensor(loss).ops] == ["mul", "sum"]
    monkeypatch.setattr(type(mul), "declaration", BLEND, raising=False)
    assert Trace.from_tensor(loss).ops[0].facts is BLEND.facts


def test_a_recorder_hears_only_what_it_overrides():
    class Listener(Recorder):
        def __init__(self) -> None:
            super().__init__()
            self.heard: list[tuple[str, str, bool]] = []

        def op(self, declaration, kind, args, kwargs, result):
            self.heard.append((declaration.name, kind, declaration.facts.pointwise))

    listener = Listener()
    w = torch.ones(2, requires_grad=True)
    RECORDERS.append(listener)
    try:
        (w * 2).sum().backward()
        w.grad.zero_()
        w.grad = None
        with pytest.raises(RuntimeError):
            torch.ones(2) @ torch.ones(3)
    finally:
        RECORDERS.remove(listener)
    assert listener.heard[:2] == [("mul", "op", True), ("sum", "op", False)]
    assert ("zero", "inplace", False) in listener.heard


def test_each_op_of_a_trace_has_facts():
    trace = trace_source(
        "a = x.add(y)\na.mul_(2)\nb = F.max_pool2d(image, 2)\nc = x.t()\nd = torch.rand(2)",
        "import autogradkit.nn.functional as F\nx = torch.ones(2, 2)\ny = torch.ones(2)\nimage = torch.ones(1, 1, 4, 4)",
    )
    labels = {op.name: op.facts.label for op in trace.events if isinstance(op, Op)}
    assert labels == {"add": "add", "mul_": "mul", "max_pool2d_with_indices": "max_pool2d", "t": "t", "rand": "rand"}


def test_examples_in_docstrings_run():
    assert doctest.testmod(facts).failed == 0
