"""GraphView: what the front end is sent, and what Python is told."""

from autogradkit.tracing.events import Op, Value
from autogradkit.widgets.graph import GraphView
from tests.tracing.render.cells import trace_cell


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


def test_the_output_has_a_static_form_too():
    data, _ = GraphView(trace_cell("broadcast"))._repr_mimebundle_()
    assert 'alt="Graph of O = torch.tanh(W @ x + b).sum().' in data["text/html"]
    assert "∂ .grad" in data["text/plain"]
    assert "<details>" in data["text/html"]


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
