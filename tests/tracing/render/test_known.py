"""While one steps, what a later event brings is written nowhere: not on the picture, not in the details, not in the table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest

from autogradkit.tracing.events import Accumulated, Numbers, Op
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.telling.state import state_of
from autogradkit.tracing.render.marks import numbers as nums
from autogradkit.tracing.trace import Trace
from tests.tracing.render.cells import CELLS, trace_cell, trace_source

SVG = "{http://www.w3.org/2000/svg}"
# But not in a name, not where a text is cut, and not how large parameters are.
FLOAT = re.compile(r"(?<![\w.])-?\d+\.\d*(?:e[+-]\d+)?(?![\w…]| [KMG]iB)")


def state(trace: Trace) -> dict[str, Any]:
    return state_of(draw_graph(trace), trace)


def visible(svg: str, event: float) -> Iterator[str]:
    """The texts on the picture that the front end shows at an event; for a hidden one what stands in for it."""

    def texts(element: ElementTree.Element) -> Iterator[str]:
        for child in element:
            hidden = int(child.get("data-step", -1)) > event
            if child.tag == f"{SVG}text":
                yield (child.get("data-ask", "") if hidden else child.text) or ""
            if not hidden or child.get("class") == "ak-back":
                yield from texts(child)

    yield from texts(ElementTree.fromstring(svg))


def floats(text: str) -> set[str]:
    """The floats that a text tells, be the minus a hyphen or the sign of arithmetic."""
    return set(FLOAT.findall(text.replace("−", "-")))


def readable(state: dict[str, Any], event: float) -> Iterator[str]:
    """Everything that can be read at an event: picture, details, table."""
    yield from visible(state["svg"], event)
    for detail in state["details"].values():
        yield from (row[1] for row in detail["rows"] if len(row) < 3 or row[2] <= event)
        for grid in detail.get("grids", ()):
            yield from (cell for row in grid["cells"] for cell in row if grid["known"] <= event)
    for row, known in zip(state["table"][1:], state["known"], strict=True):
        for text, events in zip(row, known, strict=True):
            pieces = text.split(" | ") if len(events) > 1 else [text]
            yield from (piece for piece, since in zip(pieces, events, strict=bool(events)) if since <= event)


def written(numbers: Numbers) -> set[str]:
    """Each way in which these numbers are written."""
    ways = [numbers.printed, nums.summary(numbers), *nums.summary_lines(numbers), nums.one_line(numbers)]
    each = [nums.plain(one) for one in numbers.data or ()]  # as a rule is worked out at an element
    ways += [*each, *(one.removeprefix("−") for one in each)]  # also one that is taken off
    ways += [line for digits in (4, 3, 2) for line in nums.rows(numbers, digits) or ()]
    return set().union(*map(floats, ways))


def by_event(trace: Trace) -> list[tuple[int, set[str]]]:
    """Which floats each event brings, in order; what no operation made was there before, but for a `.grad`."""
    made = {output for op in trace.ops for output in op.outputs}
    before = [v for v in trace.values.values() if v.id not in made and not str(v.name).endswith(".grad")]
    found = [(-1, set().union(*(written(value.numbers) for value in before)))]
    for event in trace.events:
        new: set[str] = set()
        if isinstance(event, Op):
            for value in (*event.outputs, *(a.value for a in event.inputs if a.value is not None)):
                new |= written(trace.values[value].numbers)
            new |= floats(event.facts.update)  # the options of an optimizer
            for each in event.state:
                new |= written(each.after) | (written(each.before) if each.before is not None else set())
        elif isinstance(event, Accumulated):
            new = written(event.before) if event.before is not None else set()
            new |= written(event.contribution) | written(event.after)
        else:
            for numbers in (*getattr(event, "received", ()), *getattr(event, "sent", ())):
                new |= written(numbers) if numbers is not None else set()
        found.append((event.step, new))
    return found


@pytest.mark.parametrize("name", sorted(set(CELLS) - {"network", "irregular", "many_results", "deep"}))
def test_no_number_is_told_before_its_event(name: str):
    trace = trace_cell(name)
    found = state(trace)
    brought = by_event(trace)
    program = {token for op in trace.ops for a in op.inputs for token in FLOAT.findall(a.text or "")}
    program |= set(FLOAT.findall(trace.source)) | {f"{token}0" for token in FLOAT.findall(trace.source)}
    for step in found["steps"]:
        event = step["event"]
        known = program.union(*(tokens for at, tokens in brought if at <= event))
        early = set().union(*map(floats, readable(found, event))) - known
        assert not early, f"{name}, at event {event} ({step['sentence']}): {early}"


IN_WORDS = {
    "likelihood": "torch.nn.functional.nll_loss(x * 1, torch.tensor([0, 2]), torch.tensor([.3, .5, .45])).backward()",
    "maximum": "y = (x * 1.25).max(1)[0]\n(y * 1.5).sum().backward()",
    "median": "((x * 1.25).median() * 1.5).backward()",
    "sorted": "y, order = (x * 1.25).sort(1)\n(y * y).sum().backward()",
    "index": "y = (x * 1.25)[:, (x * 1.5).argmax(1)]\n(y * y).sum().backward()",
    "windows": "y = torch.nn.functional.max_pool2d((x * 1.25)[None], 2)\n(y * y).sum().backward()",
    "spread": "y = (x * 1.25).var(1)\n(y * 1.5).sum().backward()",
    "norm": "y = (x * 1.25).norm()\n(y * 1.5).backward()",
    "running": "y = (x * 1.25).cumprod(0).cumsum(1)\n(y * y).sum().backward()",
    "clamp": "y = (x * 1.25).clamp((x * 1.5).min(), (x * .5).max())\n(y * y).sum().backward()",
    "convolution": "y = torch.conv2d((x * 1.25)[None, None], x[None, None, :2, :2])\n(y * y).sum().backward()",
}


@pytest.mark.parametrize("name", IN_WORDS)
def test_no_rule_in_words_tells_a_number_before_its_event(name: str):
    x = "x = torch.tensor([[.7, -1.3, 2.6], [1.1, 3.9, -.4]], requires_grad=True)"
    trace = trace_source(IN_WORDS[name], x)
    found = state(trace)
    brought = by_event(trace)
    program = {token if token[0] != "." else f"0{token}" for token in re.findall(r"\d*\.\d+", trace.source)}
    for step in found["steps"]:
        event = step["event"]
        known = program.union(*(tokens for at, tokens in brought if at <= event))
        early = set().union(*map(floats, readable(found, event))) - known
        sums = {text for text in early if step["kind"] != "forward"}  # what a rule adds up inside, such as a mean
        assert not early - sums, f"at event {event} ({step['sentence']}): {early}"
        later = set().union(*(tokens for at, tokens in brought if at > event)) - known
        assert not early & later


@pytest.mark.parametrize("name", CELLS)
def test_what_is_asked_is_answered_by_an_event(name: str):
    trace = trace_cell(name)
    steps = {int(step) for step in re.findall(r'data-step="(-?\d+)"', state(trace)["svg"])}
    assert steps <= {-1, *(event.step for event in trace.events)}
    assert "?" not in list(visible(state(trace)["svg"], len(trace.events)))


def test_questions_stand_where_values_and_gradients_will():
    found = state(trace_cell("fan_in"))
    product, total, backward = (found["steps"][n]["event"] for n in (0, 3, 4))
    at_first = list(visible(found["svg"], product))
    assert "[0.5, -2., 6.]" in at_first  # h, just computed
    assert {"[1., 2., 3.]", "[0.5, -1., 2.]"} <= set(at_first)  # what was there before
    assert at_first.count("?") > 6
    assert "= ?" in at_first  # the loss
    assert not [text for text in at_first if text.startswith("= 4")]
    at_last = list(visible(found["svg"], total))
    assert "= 44.75" in at_last
    assert at_last.count("∂") == at_last.count("?") - 2  # each arrow's, the sum's and the leaf's
    assert list(visible(found["svg"], backward)).count("?") < at_last.count("?")


def test_a_failure_is_a_surprise():
    found = state(trace_cell("second_backward"))
    early, end = (found["steps"][n]["event"] for n in (-2, -1))
    for said in ("✗ stopped here", "self · freed"):
        assert said not in list(visible(found["svg"], early))
        assert said in list(visible(found["svg"], end))
    assert not [text for text in readable(found, early) if "second time" in text]
    assert [text for text in readable(found, end) if "second time" in text]


def test_what_an_edit_and_an_optimizer_leave_is_known_from_then_on():
    trace = trace_source(
        "y = w * 2\ny.sum().backward()\nwith torch.no_grad():\n    w -= w.grad\nz = w * 3",
        "w = torch.tensor([5., 7.], requires_grad=True)",
    )
    found = state(trace)
    steps = {step["sentence"]: step["event"] for step in found["steps"]}
    forward = next(event for said, event in steps.items() if "mul(w, 2)" in said)
    edit = next(event for said, event in steps.items() if "sub_(w, w.grad)" in said)
    assert "[2., 2.]" not in list(visible(found["svg"], forward))[3:]  # the gradient that the edit reads
    assert "[3., 5.]" not in list(visible(found["svg"], forward))
    assert "[3., 5.]" in list(visible(found["svg"], edit))


def test_a_heat_strip_is_hidden_with_its_numbers():
    svg = ElementTree.fromstring(
        state(trace_source("y = x * 2\n(y + y).sum()", "x = torch.arange(40.).reshape(4, 10)"))["svg"]
    )
    strips = [group.get("data-step") for group in svg.iter(f"{SVG}g") if group.get("class") == "ak-heat"]
    assert strips == ["-1", "0"]


def test_what_stacked_turns_gave_is_known_when_the_last_of_them_is_over():
    source = "for i in range(30):\n    h = h * 2.\nh.sum().backward()"
    found = state(trace_source(source, "x = torch.tensor([1.5], requires_grad=True)\nh = x"))
    events = [step["event"] for step in found["steps"] if step["kind"] == "forward"]
    told_of_h = [[text for text in visible(found["svg"], event) if "→" in text] for event in events[:30]]
    assert told_of_h == [[]] * 28 + [["= [6.] → [8.0531e+08]"]] * 2


def test_what_became_of_a_saved_value_is_known_when_it_happens():
    trace = trace_source("y = torch.exp(w)\ny.add_(1)\ny.sum()", "w = torch.tensor([1., 2.], requires_grad=True)")
    [detail] = [each for each in state(trace)["details"].values() if each["title"] == "exp(w)"]
    rows = {row[0]: row[2:] for row in detail["rows"]}
    exp, add = (op.step for op in trace.ops[:2])
    assert rows["saved result"] == [exp]
    assert rows["result since then"] == [add]


def test_the_edge_to_a_gradient_that_is_read_is_to_come_until_there_is_one():
    source = "(w * 2).sum().backward()\ng = w.grad * 3"
    steps = state(trace_source(source, "w = torch.tensor([1., 2.], requires_grad=True)"))["steps"]
    [link] = {key for step in steps for key in step["keys"] if step["kind"] == "accumulate" and key.startswith("e")}
    assert [step["kind"] for step in steps if link in step["keys"]] == ["accumulate"]
