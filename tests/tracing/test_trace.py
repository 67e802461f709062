"""A trace as a value: files that come back equal, tables, differences, pages."""

import copy
import doctest
import importlib
import json
import math
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

import autogradkit as torch
from autogradkit.tracing.events import Accumulated, Failure, GradAssigned, NodeRan, Op
from autogradkit.tracing.serial import TraceFormatError, from_json, to_json
from autogradkit.tracing.trace import Trace
from tests.tracing.render.cells import CELLS, trace_cell, trace_source


def small() -> Trace:
    return trace_source(
        "y = (w * x).sum()\ny.backward()",
        "w = torch.tensor([1., -2.], requires_grad=True)\nx = torch.tensor([3., 4.])",
    )


# -- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CELLS)
def test_a_trace_comes_back_from_its_file_as_it_was(name, tmp_path: Path):
    trace = trace_cell(name)
    trace.save(tmp_path / "t.json")
    loaded = Trace.load(str(tmp_path / "t.json"))
    assert type(loaded) is Trace
    if "nan" in (tmp_path / "t.json").read_text():  # NaN differs from itself
        assert to_json(loaded) == to_json(trace)
    else:
        assert loaded == trace


def test_a_trace_from_a_file_shows_the_same(tmp_path: Path):
    trace = trace_cell("loop")
    trace.save(tmp_path / "t.json")
    loaded = Trace.load(tmp_path / "t.json")
    assert loaded.table() == trace.table()
    assert loaded.to_html() == trace.to_html()


def test_numbers_that_json_cannot_write_come_back():
    kept = [float("nan"), float("inf"), -float("inf"), -0.0, 1e-45, 0.1]
    with torch.record() as trace:
        torch.tensor(kept, dtype=torch.float64)
        torch.tensor([1 + 2j, complex(float("inf"), -1)])
        torch.tensor([True, False])
        torch.tensor([2**62, -1])
        torch.zeros(0, 3)
    loaded = from_json(to_json(trace))
    numbers, complexes, flags, ints, empty = (loaded.values[op.outputs[0]].numbers.data for op in loaded.ops)
    assert numbers is not None
    assert math.isnan(numbers[0])
    assert numbers[1:] == tuple(kept[1:])
    assert math.copysign(1, numbers[3]) == -1
    assert complexes == (1 + 2j, complex(float("inf"), -1))
    assert flags == (True, False)
    assert flags is not None
    assert type(flags[0]) is bool
    assert ints == (2**62, -1)
    assert empty == ()


def test_names_and_code_in_other_scripts_and_markup_come_back():
    trace = trace_source("损失 = (权重 * 2).sum()  # </script>\"'\\", "权重 = torch.ones(2, requires_grad=True)")
    text = to_json(trace)
    assert Trace.of(from_json(text)) == trace
    assert from_json(text).source == trace.source


def test_traces_are_equal_when_they_hold_the_same_and_differ_otherwise():
    assert small() == small()
    other = trace_source(
        "y = (w * x).sum()\ny.backward()",
        "w = torch.tensor([1., -2.], requires_grad=True)\nx = torch.tensor([3., 5.])",
    )
    assert small() != other


def without(document: dict, *path: object) -> str:
    at = document
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return json.dumps(document)


def written(change) -> str:
    document = json.loads(to_json(small()))
    return change(document) or json.dumps(document)


DAMAGED = {  # what is wrong with the file -> (the file, what the error says)
    "empty": ("", "not JSON"),
    "cut": (to_json(small())[:-40], "not JSON"),
    "another list": ("[1, 2]", "does not say format 'autogradkit-trace'"),
    "another object": ('{"cells": [], "nbformat": 4}', "does not say format 'autogradkit-trace'"),
    "of another version": (written(lambda d: d.update(version=99)), "version 99"),
    "without values": (written(lambda d: without(d, "values")), "values"),
    "without events": (written(lambda d: without(d, "events")), "events"),
    "an event without its step": (written(lambda d: without(d, "events", 0, "step")), "step"),
    "an event of no known type": (written(lambda d: d["events"][0].update(type="Path")), "'Path'"),
    "a value in place of an event": (written(lambda d: d["events"].append(d["values"][0])), "'Value'"),
    "an event with a field too many": (written(lambda d: d["events"][0].update(extra=1)), "'extra'"),
    "a step that is text": (written(lambda d: d["events"][0].update(step="one")), "step"),
    "values that are a number": (written(lambda d: d.update(values=3)), "values"),
    "an op on a value that is not there": (written(lambda d: without(d, "values", 0)), "value 0"),
    "a number that is none": (
        written(lambda d: d["values"][0]["numbers"].update(low={"type": "float", "text": "x"})),
        "low",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_or_foreign_file_is_refused_with_the_reason(name, tmp_path: Path):
    text, reason = DAMAGED[name]
    path = tmp_path / "t.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TraceFormatError) as caught:
        Trace.load(path)
    assert reason in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(TraceFormatError, match="not UTF-8"):
        Trace.load(path)


def test_a_file_that_is_not_there_is_pythons_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        Trace.load(tmp_path / "none.json")


# -- tables ----------------------------------------------------------------------------------------------------------


def cells(line: str) -> list[str]:
    return re.split(r"  +", line.strip())


def test_the_table_has_a_row_for_each_op_each_node_and_each_gradient():
    lines = small().table().splitlines()
    assert cells(lines[0]) == ["step", "line", "what ran", "result", "gradient"]
    assert [cells(line) for line in lines[1:]] == [
        ["0", "1", "mul(w, x)", "mul₁ = [3., -8.]", "MulBackward0"],
        ["1", "1", "sum(mul₁)", "y = -5.", "SumBackward0"],
        ["2", "2", "backward from y"],
        ["3", "SumBackward0", "∂ [1., 1.]"],
        ["4", "MulBackward0", "∂ [3., 4.], –"],
        ["5", "2", "w.grad", "[3., 4.]", "[3., 4.]"],
    ]


def test_columns_of_the_table_are_aligned_where_names_are_wide():
    trace = trace_source("权 = 重 * 2\nz = 权 + 1", "重 = torch.ones(1)")
    first, second = trace.table().splitlines()[1:3]
    assert first.index("权 =") + first[: first.index("权 =")].count("重") == second.index("z =") + second[
        : second.index("z =")
    ].count("权")


def test_the_table_says_why_nothing_was_recorded_and_what_failed():
    assert "not recorded (under no_grad)" in trace_cell("no_grad").table()
    inferred = "with torch.inference_mode():\n    y = w * 2"
    assert (
        "not recorded (under inference_mode)" in trace_source(inferred, "w = torch.ones(2, requires_grad=True)").table()
    )
    assert "not recorded (no input requires grad)" in trace_source("y = x * 2", "x = torch.ones(2)").table()
    assert "not recorded (a new tensor)" in trace_source("x = torch.ones(2)").table()
    last = trace_cell("mismatch").table().splitlines()[-1]
    assert "RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)" in last


def test_the_table_tells_the_turns_of_a_loop_and_cleared_gradients():
    assert "2 (turn 3)" in trace_cell("loop").table()
    assert "w.grad = None" in trace_cell("manual_steps").table()


def test_the_table_says_what_it_leaves_out():
    table = trace_cell("large").table()
    assert "1000×1000" in table
    assert re.search(r"[\d,]+ numbers of large tensors were summarised, not copied\.", table)
    assert Trace().table() == "Nothing was traced: no tensor operation ran."
    caught = trace_source("try: x + z\nexcept RuntimeError: pass", "x = torch.ones(2)\nz = torch.ones(3)").table()
    assert caught.startswith("Nothing was traced: no tensor operation succeeded. + failed with RuntimeError, which was")
    assert "The size of tensor a (2) must match the size of tensor b (3)" in caught


def test_what_runs_beyond_the_limit_is_counted(monkeypatch):
    monkeypatch.setattr("autogradkit.tracing.recorder.MOST_EVENTS", 5)
    with torch.record() as trace:
        x = torch.ones(2)
        for _ in range(9):
            x = x + 1
    assert len(trace.events) == 5
    assert trace.dropped == 5
    assert trace.table().endswith("5 further operations ran and were not kept.")


def test_unnamed_values_are_numbered_by_their_op():
    trace = trace_source("((x * 2) * 3 + x.exp()).sum()", "x = torch.ones(2, requires_grad=True)")
    assert [trace.label(op.outputs[0]) for op in trace.ops] == ["mul₁", "mul₂", "exp₁", "add₁", "sum₁"]
    assert [trace.label(argument.value) for argument in trace.ops[0].inputs[:1]] == ["x"]


def test_labels_tell_apart_what_has_one_name_in_one_turn_and_say_what_an_attribute_is_of():
    before = (
        "A = torch.eye(2)\nv = torch.ones(2)\nX = torch.ones(2, 3)\nF = torch.nn.functional\nt = torch.tensor([0, 1])"
    )
    for cell, wanted in {
        "for _ in range(2):\n    v = A @ v\n    v = v / 2": "v (turn 1)|v (turn 1, 2nd)|v (turn 2)|v (turn 2, 2nd)",
        "for _ in range(2):\n    v = v * 2\n    v.add_(1)": "v (turn 1)|v (turn 1)|v (turn 2)|v (turn 2)",  # one tensor
        "y = (X @ X.T).T @ A": "X.T|mm₁|mm₁.T|y",
        "def f(x): return (x * 2).exp() + 1\ny = f(v) @ f(v)": "mul₁|exp₁|f₁|mul₂|exp₂|f₂|y",
        "def f(x): return x * 2\ny = f(v) @ f(v)": "mul₁|mul₂|y",
        "y = F.nll_loss(X, t) + F.nll_loss(X, t)": "nll_loss₁|nll_loss₁[1]|nll_loss₂|nll_loss₂[1]|y",
    }.items():
        trace = trace_source(cell, before)
        assert "|".join(trace.label(output) for op in trace.ops for output in op.outputs) == wanted, cell


def test_a_trace_filled_after_its_labels_were_asked_for_gives_new_ones():
    with torch.record() as trace:
        assert trace.table() == "Nothing was traced: no tensor operation ran."
        y = torch.ones(2) * 2
    assert trace.label(trace.ops[-1].outputs[0]) == "y"
    assert y.sum().item() == 4


# -- differences -----------------------------------------------------------------------------------------------------


def test_equal_traces_have_no_difference():
    assert small().diff(small()) == ""


def test_a_difference_shows_the_rows_of_both_sides():
    before = "x = torch.tensor([1., 2.], requires_grad=True)"
    one, other = (trace_source(f"y = x * 2\nz = {op}\nz.backward()", before) for op in ("y.sum()", "y.mean()"))
    lines = one.diff(other).splitlines()
    assert lines[:2] == ["--- this", "+++ other"]
    removed = [line for line in lines[2:] if line.startswith("-")]
    added = [line for line in lines[2:] if line.startswith("+")]
    assert any("sum(y)" in line and "z = 6." in line for line in removed)
    assert any("mean(y)" in line and "z = 3." in line for line in added)
    assert not any("mul(x, 2)" in line for line in removed + added)
    assert any("[1., 1.]" in line for line in added)  # the gradient of the mean, at x


# -- in a notebook ---------------------------------------------------------------------------------------------------


def test_a_trace_displays_as_a_picture_and_prints_as_its_table():
    trace = small()
    bundle = trace._repr_mimebundle_()
    assert bundle["text/plain"] == trace.table()
    assert bundle["text/html"].startswith(
        '<div tabindex="0" style="max-height:70vh;overflow:auto"><img alt="Graph of y = (w * x).sum(). '
    )


def test_a_graph_found_afterwards_is_a_trace_as_well(tmp_path: Path):
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    loss = (w.exp() * 3).sum()
    trace = Trace.from_tensor(loss, {"w": w, "loss": loss})
    assert type(trace) is Trace
    assert [op.name for op in trace.ops] == ["exp", "mul", "sum"]
    trace.save(tmp_path / "t.json")
    assert Trace.load(tmp_path / "t.json") == trace
    with pytest.raises(ValueError, match="this tensor is a leaf"):
        Trace.from_tensor(w)


def test_a_failure_and_a_gradient_are_kept_in_the_file():
    failed = from_json(to_json(trace_cell("mismatch"))).events[-1]
    assert isinstance(failed, Failure)
    assert (failed.error, failed.op) == ("RuntimeError", "@")
    [grown] = [event for event in from_json(to_json(small())).events if isinstance(event, Accumulated)]
    assert grown.after.data == (3.0, 4.0)
    assert isinstance(small().events[0], Op)


def test_a_base_that_is_used_after_its_view_has_a_value_of_its_own():
    before = "base = torch.tensor([1., 2., 3.])\nview = base[1:]"
    trace = trace_source("a = view * 2\nb = base * 3", before)
    view, base = (trace.values[op.inputs[0].value] for op in trace.ops)
    assert (view.name, view.numbers.data, view.base) == ("view", (2.0, 3.0), base.tensor)
    assert (base.name, base.numbers.data, base.base) == ("base", (1.0, 2.0, 3.0), None)
    assert view.storage == base.storage


@pytest.mark.parametrize("name", ["labels", "record", "trace"])
def test_examples_in_docstrings_run(name):
    assert doctest.testmod(importlib.import_module(f"autogradkit.tracing.{name}")).failed == 0


def test_a_trace_is_plain_data_that_can_be_pickled_and_copied():
    trace = small()
    assert trace.label(0) == "w"
    assert pickle.loads(pickle.dumps(trace)) == trace
    assert copy.deepcopy(trace).table() == trace.table()


def test_a_gradient_that_a_hook_wrote_into_is_told_as_each_node_got_it() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.record() as trace:
        a = x * 2
        b = x * 3
        total = (a + b).sum()  # one gradient goes on to both

        def write(gradient: torch.Tensor) -> None:
            gradient.numpy()[:] = 10.0  # nobody is told

        b.register_hook(write)
        total.backward()
    ran = [event for event in trace.events if isinstance(event, NodeRan) and event.node_name == "MulBackward0"]
    for event, factor in zip(ran, (3, 2), strict=True):
        (received,), sent = event.received, event.sent[0]
        assert received is not None
        assert sent is not None
        assert received.data is not None
        assert sent.data == tuple(factor * each for each in received.data)
    assert ran[0].received[0] is not None
    assert ran[0].received[0].data == (10.0, 10.0)


def test_a_gradient_that_is_passed_on_is_copied_once() -> None:
    x = torch.ones(2, requires_grad=True)
    with torch.record() as trace:
        (x * 2).exp().sum().backward()
    exp, mul = [event for event in trace.events if isinstance(event, NodeRan)][1:]
    (added,) = [event for event in trace.events if isinstance(event, Accumulated)]
    assert exp.sent[0] is mul.received[0]
    assert mul.sent[0] is added.contribution


def test_an_argument_that_cannot_be_printed_is_told_by_its_class() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError("no text")

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, odd: Odd) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            return gradient * 2, None

    x = torch.ones(2, requires_grad=True)
    with torch.record() as trace:
        Twice.apply(x, Odd()).sum().backward()
    assert trace.ops[0].inputs[1].text == "<Odd>"
    assert x.grad is not None


@pytest.mark.parametrize("within", [False, True])
def test_a_gradient_that_is_edited_by_an_operator_is_told_once(within: bool) -> None:
    before, backward = "w = torch.ones(2, requires_grad=True)", "(w * 2).sum().backward()"
    before, cell = (before, f"{backward}\nw.grad += 1") if within else (f"{before}\n{backward}", "w.grad += 1")
    trace = trace_source(cell, before)
    told = [event.after.data for event in trace.events if isinstance(event, GradAssigned) and event.after is not None]
    assert told == [(3.0, 3.0)]


def test_running_statistics_have_the_value_that_they_had_and_the_one_that_they_got():
    norm = torch.nn.BatchNorm1d(2)
    x = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    with torch.record() as trace:
        norm(norm(x))
        norm.eval()
        norm(x)
    first, second, third = [op for op in trace.ops if op.name == "native_batch_norm"]

    def numbers(ids):
        return [trace.values[id].numbers.data for id in ids]

    read = [[each.value for each in op.inputs if each.place in (3, 4)] for op in (first, second, third)]
    assert numbers(read[0]) == [(0, 0), (1, 1)]
    assert numbers(first.outputs[3:]) == [pytest.approx((0.2, 0.4)), pytest.approx((1.1, 1.7))]
    assert list(first.outputs[3:]) == read[1]
    assert list(second.outputs[3:]) == read[2]
    assert third.outputs[3:] == ()
    assert [trace.label(id) for id in second.outputs[3:]] == ["norm.running_mean", "norm.running_var"]
