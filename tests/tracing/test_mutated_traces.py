"""A damaged trace is refused, by the file's name, or it can be drawn."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from autogradkit.tracing.notation import rules_in, value_of_term
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.telling.elements import reasons_of
from autogradkit.tracing.render.graph.telling.why import Why
from autogradkit.tracing.serial import TraceFormatError, to_json
from autogradkit.tracing.trace import Trace
from tests.tracing.mutated_traces import damaged, outcomes
from tests.tracing.render.cells import trace_cell

FILES = 150


@pytest.mark.long
def test_damaged_files_are_refused_or_drawn(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}: python -m tests.tracing.mutated_traces --files {FILES} --seed {seed}")
    assert set(outcomes(FILES, seed, tmp_path)) == {"refused", "drawn"}


def test_the_files_are_damaged_in_ways_that_can_be_read() -> None:
    whole = {to_json(trace_cell(name)) for name in ("power", "broadcast")}
    files = [damaged(random.Random(number)).decode(errors="replace") for number in range(50)]
    assert not whole & set(files)
    assert sum(file.startswith('{"format"') for file in files) > 25


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["values"].append(d["values"][0]), "is there twice"),
        (lambda d: d["values"][0]["numbers"].update(shape=[7]), r"holds 4 elements for the sizes \(7,\)"),
        (lambda d: d["values"][0]["numbers"].update(dtype="float8"), "has a dtype that there is not"),
        (lambda d: d["values"][0]["numbers"].update(data=[1, 2, 3, 4]), "holds elements that are not float32"),
        (lambda d: d["events"].insert(0, d["events"].pop(1)), "comes after event 1"),
        (lambda d: d["events"][0].update(outputs=[99]), "speaks of value 99, which is missing"),
        (lambda d: d["events"][0].update(kind="spell"), "is of a kind that is none of op, view"),
        (lambda d: d["events"][0].update(name="\ud800"), "half a character"),
        (lambda d: d["events"].pop(4), "which has not begun"),
    ],
)
def test_what_cannot_have_happened_is_refused(tmp_path: Path, change: object, message: str) -> None:
    document = json.loads(to_json(trace_cell("broadcast")))
    assert callable(change)
    change(document)
    file = tmp_path / "t.json"
    file.write_text(json.dumps(document))
    with pytest.raises(TraceFormatError, match=message) as raised:
        Trace.load(file)
    assert str(raised.value).startswith(f"{file}: not a whole trace: ")


def test_what_a_node_sent_in_another_shape_than_was_added_is_no_summand(tmp_path: Path) -> None:
    document = json.loads(to_json(trace_cell("broadcast")))
    [sent] = [e["sent"] for e in document["events"] if e["type"] == "NodeRan" and e["node_name"] == "MmBackward0"]
    sent[0]["shape"] = [4]  # what W.grad took is 2×2
    file = tmp_path / "t.json"
    file.write_text(json.dumps(document))
    graph = draw_graph(Trace.load(file)).graph
    told = [text for item in graph.items.values() for _, text in reasons_of(item, Why(graph))]
    assert "W.grad[0, 1] = 0.5537 from backward 1 = 0.5537" in told


def test_an_edit_of_a_part_whose_node_received_nothing_is_drawn(tmp_path: Path) -> None:
    document = json.loads(to_json(trace_cell("view_edit")))
    [ran] = [e for e in document["events"] if e["type"] == "NodeRan" and e["node_name"] == "CopySlices"]
    ran["received"] = []
    file = tmp_path / "t.json"
    file.write_text(json.dumps(document))
    graph = draw_graph(Trace.load(file)).graph
    assert any(link.kind == "memory" for link in graph.links)


def test_nested_deeper_than_json_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_bytes(b"[" * 200_000)
    with pytest.raises(TraceFormatError, match=r"t\.json: not a trace: the text is not JSON"):
        Trace.load(tmp_path / "t.json")


def test_a_rule_is_computed_by_no_python_and_over_no_more_than_ten_million_elements() -> None:
    for text in ("__import__('os').getcwd()", "∂.__class__", "exec(1)", "[∂ for _ in ∂]", "(lambda: ∂)()"):
        (rule,) = rules_in(f"∂self = {text}")
        assert (rule.term, rule.words) == (None, text)  # words, of which nothing is computed
    (wide,) = rules_in("∂self = ∂ ⊗ other")
    large = np.ones(4_000)
    with pytest.raises(ValueError, match="is more than a rule is computed for"):
        value_of_term(wide.term, {"∂": large, "other": large})
