"""Measured derivatives: near what the rule gave, or a sentence that says why there is none."""

import json
import sys

import pytest

import autogradkit as torch
from autogradkit.tracing.calls import facts_of
from autogradkit.tracing.events import Op
from autogradkit.tracing.probe import measured
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.serial import from_json, to_json
from tests.every_case import every_case
from tests.ops.declared import DIFFERENTIABLE
from tests.tracing.render.cells import trace_source


def rows_of(trace, name):
    graph = build(trace)
    op = next(op for op in graph.ops if op.name == name)
    ran = [each for call in graph.calls for each in call.ran if each.node == op.node]
    return measured(op, ran[-1] if ran else None, graph.values, graph.labels)


def rows(source, before, name):
    return [text for _, text in rows_of(trace_source(source, before), name)]


OWN = "class Own(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n        return x * 2\n"
X = "x = torch.tensor([1., 0., -2.], requires_grad=True)"


def test_the_difference_is_beside_the_rule():
    [text] = rows("y = (x ** 3).sum()\ny.backward()", X, "pow")
    first, second = text.splitlines()
    assert first == "∂x = (f(x + ε) − f(x − ε)) / 2ε · ∂ = [3, 1e−12, 12]"
    assert second.startswith("the rule gave [3, 0, 12]: ")
    assert second.endswith(" apart at most, rounding explains it")


def test_sizes_that_came_one_by_one_are_run_again():
    [text] = rows("y = (x.view(3, 1) * 2).sum()\ny.backward()", X, "view")
    assert text.endswith("the rule gave [2, 2, 2]: no difference")


def test_a_kink_is_no_derivative():
    [text] = rows("y = torch.relu(x).sum()\ny.backward()", X, "relu")
    assert text.splitlines() == [
        "∂x = (f(x + ε) − f(x − ε)) / 2ε · ∂ = [1, 0.5, 0]",
        "the rule gave [1, 0, 0]: no difference away from the kink",
        "a kink at [1]: the slope is 1 to the right and 0 to the left, so there is no derivative; the rule chooses one of them "
        "or between",
    ]


def test_a_steep_bend_is_no_kink():
    [text] = rows("y = torch.exp(x * 1e3).sum()", "x = torch.tensor([.01], requires_grad=True)", "exp")
    assert "kink" not in text


def test_a_hook_that_changed_the_gradient_shows():
    source = "y = -x\ny.grad_fn.register_hook(lambda sent, came: (sent[0] * 10,))\ny.sum().backward()"
    [text] = rows(source, X, "neg")
    assert text.endswith("the rule gave [−10, −10, −10]: 9 apart at most, rounding does not explain it")


@every_case(
    "source before name said",
    [
        ("y = torch.bernoulli(x * x / 9)", X, "bernoulli", "draws other numbers"),
        ("y = x * 2", "x = torch.arange(1600.).requires_grad_()", "mul", "only a summary of x was recorded (1,600 elements"),
        ("y = x * 2", "x = torch.ones(2, dtype=torch.complex64, requires_grad=True)", "mul", "x is complex"),
        ("y = x.to(torch.float64)", X, "to", "recorded as text only"),
        ("y = x * 2", "x = torch.ones(0, requires_grad=True)", "mul", "∂x is empty"),
        ("y = x * 2", X, "mul", "with ∂ = 1: [2, 2, 2]\nno backward ran through it"),
        ("y = x * 1\nv = y[0:1]\nv.mul_(3)\ny.sum().backward()", X, "mul_", "so it is not compared"),
        ("y = Own.apply(x)", OWN + X, "Own", "no op of its own with a rule"),
    ],
)  # fmt: skip
def test_where_it_makes_no_sense_it_says_so(source, before, name, said):
    assert said in "\n".join(rows(source, before, name))


# Of these an argument is recorded as text only, or the sample gives by its place what a call gives by name.
TOLD_AS_TEXT = {
    "to_copy/ToCopyBackward0",
    "as_strided_backward/AsStridedBackwardBackward0",
    "pick_flat/PickFlatBackward0",
    "round/RoundBackward1",
    "trilinear/TrilinearBackward0",
    "sort/SortBackward1",
    "gelu/GeluBackward0",
    "gelu_backward/GeluBackwardBackward0",
    "avg_pool2d_backward/AvgPool2DBackwardBackward0",
    "avg_pool3d_backward/AvgPool3DBackwardBackward0",
    *[name for name in DIFFERENTIABLE if "upsample" in name],
}
UNMEASURED = {
    "ctc_loss_forward/CtcLossBackward0",  # its gradient is that of logarithms which are probabilities together
    "view_as_complex_copy/ViewAsComplexBackward0_copy",  # it is never recorded
}


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_the_measured_derivative_of_every_op_is_that_of_its_rule(name):
    op = DIFFERENTIABLE[name]
    if op.make_samples is None or op.draws or name in UNMEASURED:
        return
    compared = 0
    refused = op.call.unmeasured or " is complex: it would "
    for sample in op.samples(seed=7)[:2]:
        with torch.record() as trace:
            made = op.call(*sample)
            results = [t for t in (made if isinstance(made, tuple | list) else [made]) if t.requires_grad]
            if results:
                torch.autograd.backward(results, [torch.ones_like(t) * 0.5 for t in results])
        graph = build(trace)
        for event in graph.ops:
            if isinstance(event, Op) and event.facts == facts_of(op.call, event.inputs) and event.node is not None:
                ran = [each for call in graph.calls for each in call.ran if each.node == event.node]
                for _, text in measured(event, ran[-1] if ran else None, graph.values, graph.labels):
                    assert "rounding does not explain" not in text, (event.name, text)
                    compared += "the rule gave" in text or refused in text
    assert compared or name in TOLD_AS_TEXT, name


@pytest.mark.parametrize("name", ["system", "os.system", "__import__", "backward", "load", "grad_fn"])
def test_an_op_that_a_file_invents_is_not_run(name):
    document = json.loads(to_json(trace_source("y = x.exp().sum()\ny.backward()", X)))
    for event in document["events"]:
        if event.get("name") == "exp":
            event["name"] = name
    called = []
    profile = sys.getprofile()
    trace = from_json(json.dumps(document))
    sys.setprofile(lambda frame, event, arg: called.append(arg) if event == "c_call" else None)
    try:
        found = rows_of(trace, name)
    finally:
        sys.setprofile(profile)
    assert ["is no op of its own with a rule: there is nothing to run again" in text for _, text in found] == [True]
    assert called
    assert not {"system", "__import__", "exec", "eval", "compile"} & {getattr(each, "__name__", "") for each in called}
