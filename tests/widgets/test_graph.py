"""GraphView: what the front end is sent, and what Python is told."""

import pytest
import traitlets

from autogradkit.tracing.events import Op, Value
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.telling.state import state_of
from autogradkit.tracing.render.marks.widths import LEGIBLE, SIZE
from autogradkit.widgets.graph import GraphView
from tests.tracing.render.cells import size, trace_cell


def test_sends_the_picture_the_steps_and_the_details():
    view = GraphView(trace_cell("fan_in"))
    assert view.svg == view.static_svg()
    assert [step["kind"] for step in view.steps] == ["forward"] * 4 + ["backward"] * 4 + ["accumulate"]
    assert view.steps[-1]["sentence"] == "backward 1: w.grad = [2, −6, 39]."
    for step in view.steps:
        assert set(step["keys"]) <= set(view.details)
    assert all(f'data-key="{key}"' in view.svg for key in view.details)


def test_a_selection_is_a_value_or_an_op():
    view = GraphView(trace_cell("power"))
    chosen = {}
    for key in view.details:
        view.selected = key
        chosen[key] = view.selection
    assert {type(found) for found in chosen.values()} == {Value, Op}
    assert "x" in {found.name for found in chosen.values() if isinstance(found, Value)}
    view.selected = ""
    assert view.selection is None


def test_modules_unfold_and_fold():
    view = GraphView(trace_cell("lenet"))
    folded = view.svg
    assert "LeNet/conv1" in view.folded
    view.folds = {"LeNet/conv1": False}
    assert "LeNet/conv1" not in view.folded
    assert view.svg != folded
    view.folds = {}
    assert view.svg == folded


@pytest.mark.parametrize("name", ["lenet", "deep", "network"])
def test_what_a_view_tells_after_it_was_opened_is_what_is_told_of_such_a_picture(name):
    trace = trace_cell(name)
    view = GraphView(trace)
    for _ in range(3):
        closed = [detail["closed"] for detail in view.details.values() if detail.get("closed")]
        if not closed:
            break
        view.folds = {**view.folds, closed[-1]: False}
    assert len(view.folds) > 1
    fresh = state_of(draw_graph(trace, view.folds), trace)
    assert {key: getattr(view, key) for key in fresh} == fresh


def test_the_output_has_a_static_form_too():
    data, _ = GraphView(trace_cell("broadcast"))._repr_mimebundle_()
    assert 'alt="Graph of O = torch.tanh(W @ x + b).sum().' in data["text/html"]
    assert "∂ .grad" in data["text/plain"]
    assert "<details>" in data["text/html"]


def test_the_page_draws_it_for_its_own_width_and_stores_it_for_any():
    view = GraphView(trace_cell("lenet"))
    stored = view.static_html()
    assert size(view.svg)[0] == size(view.static_svg())[0] <= 600 * SIZE / LEGIBLE
    view.page = 614
    assert size(view.svg)[0] <= 614 * SIZE / LEGIBLE
    view.page = 1414
    assert 1000 < size(view.svg)[0] <= 1414
    assert view.static_html() == stored


def test_the_next_picture_is_drawn_for_the_page_that_showed_the_last():
    GraphView(trace_cell("lenet")).page = 1414
    assert size(GraphView(trace_cell("lenet")).svg)[0] > 1000


def test_the_same_cell_gives_the_same_output():
    first, second = (GraphView(trace_cell("loop")).static_html() for _ in range(2))
    assert first == second


def test_a_derivative_is_measured_when_the_front_end_asks_and_not_before():
    view = GraphView(trace_cell("power"))
    assert view.measured == {}
    [key] = [key for key, detail in view.details.items() if detail["title"] == "pow(x, 3)"]
    view.selected = key
    view._handle_custom_msg({"kind": "measure"}, [])
    [[what, text, known]] = view.measured[key]
    assert what == "measured"
    assert known == next(
        step["event"] for step in view.steps if step["sentence"].startswith("backward 1: PowBackward0")
    )
    assert text.startswith("∂x = (f(x + ε) − f(x − ε)) / 2ε · ∂ = 12\nthe rule gave 12: ")
    view.selected = next(key for key in view.details if key.startswith("v"))
    view._handle_custom_msg({"kind": "measure"}, [])
    assert list(view.measured) == [key]


def chosen(name, title):
    """A view in which the node with this title is selected."""
    view = GraphView(trace_cell(name))
    view.selected = next(key for key, detail in view.details.items() if detail["title"] == title)
    return view


def test_the_chosen_element_is_told_with_its_numbers():
    view = chosen("broadcast", "mm(W, x)")
    [grid] = view.details[view.selected]["grids"]
    assert (grid["what"], grid["shape"]) == ("∂W of backward 1", [2, 2])
    assert view.reasons == {}
    view.element = [0, 1, 1]
    assert view.reasons == {f"{view.selected} 0,1,1": "∂W[1, 1] = 0.0394 · 2 + 0.0033 · −1 + 2.8491e−05 · 0.5 = 0.0755"}
    assert grid["cells"][1][1] == "0.0755"
    view.element = [0, 0, 1]
    assert len(view.reasons) == 2


def test_another_selection_leaves_the_element():
    view = chosen("broadcast", "mm(W, x)")
    view.element = [0, 1, 1]
    view.selected = ""
    assert view.element == []


@pytest.mark.parametrize("element", [[0], [0, 2, 0], [0, -1, 0], [1, 0, 0], [-1, 0, 0], [0, 0, 0, 0]])
def test_an_element_that_is_not_there_is_refused(element):
    view = chosen("broadcast", "mm(W, x)")
    with pytest.raises(traitlets.TraitError, match=r"is none of what 'o\d+' shows"):
        view.element = element
    assert view.element == []


def test_a_step_of_adam_is_told_for_the_chosen_element():
    view = chosen("adam", "adamw_(w, w.grad, lr=0.1, amsgrad=True)")
    view.element = [0, 1]
    [reason] = view.reasons.values()
    assert reason.splitlines()[:3] == [
        "t = 0 + 1 = 1",
        "w = −2 · (1 − 0.1 · 0.01) = −1.998",
        "m = 0.9 · 0 + 0.1 · −4 = −0.4",
    ]
