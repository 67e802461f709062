"""What an optimizer's step is told with: its lines, computed by Python, give what PyTorch has, for every option."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch as pytorch

import autogradkit as torch
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.telling.steps import details_of, steps_of
from autogradkit.tracing.render.graph.telling.update import Update
from autogradkit.tracing.trace import Trace
from tests.parity.drawn.arithmetic import comes_out, computed
from tests.parity.drawn.recompute import stepped
from tests.parity.drawn.runs import close, tensor_of
from tests.tracing.render.cells import trace_source

STEPS = 3
START = [[1.0, -2.0, 0.5], [3.0, 0.25, -0.125]]
SLOPES = [[0.5, 0.0, -1.5], [2.0, -0.75, 1e-3]]
SGD = [
    {"lr": lr, "momentum": momentum, "weight_decay": decay, "maximize": up, **more}
    for lr, decay, up in ((0.1, 0, False), (0.1, 0.3, False), (3e-5, 0, True), (0.1, 0.3, True))
    for momentum, more in (
        (0, {}),
        (0.9, {}),
        (0.9, {"dampening": 0.4}),
        (0.9, {"dampening": 2}),
        (0.9, {"nesterov": True}),
    )
]
ADAM = [
    {"lr": lr, "weight_decay": decay, "maximize": up, "amsgrad": amsgrad, **more}
    for (lr, decay, up), amsgrad in itertools.product(
        ((0.1, 0, False), (3e-5, 0.3, False), (0.1, 0.3, True)), (False, True)
    )
    for more in ({}, {"betas": (0.5, 0.75), "eps": 1e-3})
]
OTHERS = [
    ("ASGD", {}),
    ("ASGD", {"lambd": 0.1, "t0": 0, "weight_decay": 0.2, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"rho": 0.5, "weight_decay": 0.3, "maximize": True}),
    ("Adagrad", {}),
    ("Adagrad", {"lr_decay": 0.5, "initial_accumulator_value": 0.25, "weight_decay": 0.3}),
    ("Adamax", {}),
    ("Adamax", {"betas": (0.5, 0.75), "maximize": True, "eps": 1e-3}),
    ("NAdam", {}),
    ("NAdam", {"lr": 0.1, "weight_decay": 0.3, "momentum_decay": 0.5}),
    ("NAdam", {"lr": 0.1, "weight_decay": 0.3, "decoupled_weight_decay": True, "maximize": True}),
    ("RAdam", {}),
    ("RAdam", {"betas": (0.5, 0.9), "weight_decay": 0.3}),
    ("RAdam", {"betas": (0.5, 0.9), "weight_decay": 0.3, "decoupled_weight_decay": True, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.9, "centered": True, "weight_decay": 0.3, "maximize": True}),
    ("RMSprop", {"centered": True, "alpha": 0.5, "eps": 1e-3}),
    ("Rprop", {}),
    ("Rprop", {"etas": (0.3, 3.0), "step_sizes": (0.005, 0.01), "maximize": True}),
]
CASES = [
    *((name, options, "float32" if name == "ASGD" else "float64") for name, options in OTHERS),  # its eta is float32
    *(("SGD", options, "float32") for options in SGD),
    *(("Adam", options, "float32") for options in ADAM),
    *(("Adam", {**options, "decoupled_weight_decay": True}, "float64") for options in ADAM[:6]),
    *(("AdamW", options, "float32") for options in ADAM),
]


def trained(m: Any, name: str, options: dict[str, Any], dtype: str = "float32") -> Any:
    """A parameter, and a function that takes one step with its optimizer."""
    w = m.nn.Parameter(m.tensor(START, dtype=getattr(m, dtype)))
    optimizer = getattr(m.optim, name)([w], **options)

    def step(turn: int) -> None:
        w.grad = m.tensor(SLOPES, dtype=getattr(m, dtype)) * (turn + 1) * (-1) ** turn
        optimizer.step()

    return w, optimizer, step


@pytest.mark.parametrize(("name", "options", "dtype"), CASES, ids=str)
def test_each_step_is_told_with_numbers_that_are_pytorchs(name: str, options: dict[str, Any], dtype: str) -> None:
    w, _, step = trained(torch, name, options, dtype)
    with torch.record() as trace:
        for turn in range(STEPS):
            step(turn)
    other, theirs, step = trained(pytorch, name, options, dtype)
    graph = draw_graph(trace).graph
    steps = [op for op in trace.ops if op.facts.update]
    assert len(steps) == STEPS
    for turn, op in enumerate(steps):
        step(turn)
        update = Update(op, graph.values, graph.labels)
        assert update.shape == w.shape
        for index in np.ndindex(*update.shape):
            lines = update.at(index)
            assert [line for line in lines if not comes_out(line)] == []
            assert len(lines) == len(update.lines)
            told = computed(lines[-1].rpartition(" = ")[2])
            assert told == pytest.approx(other[index].item(), rel=2e-5, abs=1e-7)
        assert {each.name for each in op.state} == set(theirs.state[other])
        for each in op.state:
            kept = pytorch.tensor(each.after.data, dtype=getattr(pytorch, each.after.dtype)).reshape(each.after.shape)
            assert close(kept, theirs.state[other][each.name])
        again, _ = stepped(trace, op)
        assert close(tensor_of(trace, op.outputs[0]), again)


def rows(trace: Trace, op: Any) -> dict[str, str]:
    return {row[0]: row[1] for row in details_of(draw_graph(trace).graph)[f"o{op.step}"]["rows"]}


TRAINED = (
    "w = torch.nn.Parameter(torch.tensor([1., -4.]))\nopt = torch.optim.{}\nw.grad = torch.tensor([.5, 2.])\nopt.step()"
)


def test_the_detail_tells_the_lines_the_numbers_and_what_is_remembered() -> None:
    trace = trace_source("opt.step()", TRAINED.format("SGD([w], .1, momentum=.9)"))
    told = rows(trace, trace.ops[0])
    assert told["update"] == "buf = 0.9 · buf + w.grad\nw = w − 0.1 · buf"
    [grid] = details_of(draw_graph(trace).graph)[f"o{trace.ops[0].step}"]["grids"]
    assert (grid["what"], grid["cells"], grid["first"]) == ("w after the step", [["0.855", "−4.58"]], [1])
    assert grid["reason"] == "buf = 0.9 · 2 + 2 = 3.8\nw = −4.2 − 0.1 · 3.8 = −4.58"
    assert told["buf"] == "momentum_buffer: [0.5, 2.] before, [0.95, 3.8] after"


def test_the_walk_tells_the_element_with_the_largest_gradient() -> None:
    trace = trace_source("opt.step()", TRAINED.format("SGD([w], .1, momentum=.9)"))
    [step] = steps_of(draw_graph(trace).graph, trace)
    assert step["sentence"].endswith("at [1]: buf = 0.9 · 2 + 2 = 3.8, w = −4.2 − 0.1 · 3.8 = −4.58.")


def test_adam_begins_at_zero_and_corrects_for_it() -> None:
    before = "w = torch.nn.Parameter(torch.tensor(1.))\nw.grad = torch.tensor(.5)\nopt = torch.optim.Adam([w], .1)"
    trace = trace_source("opt.step()", before)
    told = rows(trace, trace.ops[0])
    assert told["with numbers"].splitlines() == [
        "t = 0 + 1 = 1",
        "m = 0.9 · 0 + 0.1 · 0.5 = 0.05",
        "v = 0.999 · 0 + 0.001 · 0.5² = 0.00025",
        "m_hat = 0.05 / (1 − 0.9^1) = 0.5",
        "v_hat = 0.00025 / (1 − 0.999^1) = 0.25",
        "w = 1 − 0.1 · 0.5 / (sqrt(0.25) + 1e−08) = 0.9",
    ]
    assert told["m"] == "exp_avg: none before, 0.05 after"
    assert told["grad_fn"] == "none (no_grad)"


def test_a_parameter_too_large_to_copy_has_lines_and_no_numbers() -> None:
    before = "w = torch.nn.Parameter(torch.arange(2000.))\nw.grad = torch.arange(2000.)\nopt = torch.optim.SGD([w], .1)"
    trace = trace_source("opt.step()", before)
    told = rows(trace, trace.ops[0])
    assert told["update"] == (
        "w = w − 0.1 · w.grad\nno arithmetic: only the range was recorded of w and w.grad (2,000 elements)"
    )
    assert "grids" not in details_of(draw_graph(trace).graph)[f"o{trace.ops[0].step}"]


def test_numbers_that_the_lines_do_not_give_are_not_printed() -> None:
    """A subclass whose step is another one than its lines say."""
    before = (
        "class Odd(torch.optim.SGD):\n    def _updater(self, group):\n        usual = super()._updater(group)\n"
        "        def update(p, g):\n            usual(p, g)\n            p._array += 1e-4\n            return p\n"
        "        return update\n"
        "w = torch.nn.Parameter(torch.tensor([1., 2.]))\nw.grad = torch.tensor([.5, 2.])\nopt = Odd([w], .1)"
    )
    trace = trace_source("opt.step()", before)
    told = rows(trace, trace.ops[0])
    assert told["update"] == "w = w − 0.1 · w.grad"
    assert "grids" not in details_of(draw_graph(trace).graph)[f"o{trace.ops[0].step}"]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_small_steps_in_every_precision_have_numbers(dtype: str) -> None:
    before = (
        f"w = torch.nn.Parameter(torch.tensor([100., -.5], dtype=torch.{dtype}))\n"
        f"w.grad = torch.tensor([.25, 3.], dtype=torch.{dtype})\nopt = torch.optim.SGD([w], 1e-4, momentum=.9)\nopt.step()"
    )
    trace = trace_source("opt.step()", before)
    [grid] = details_of(draw_graph(trace).graph)[f"o{trace.ops[0].step}"]["grids"]
    assert grid["reason"].startswith("buf = 0.9 · 3 + 3 = 5.")


def test_a_loaded_trace_tells_the_same(tmp_path: Any) -> None:
    trace = trace_source("opt.step()", TRAINED.format("AdamW([w], .1, amsgrad=True)"))
    trace.save(tmp_path / "t.json")
    loaded = Trace.load(tmp_path / "t.json")
    assert details_of(draw_graph(loaded).graph) == details_of(draw_graph(trace).graph)
    assert loaded.ops[0].state == trace.ops[0].state


def test_a_step_of_complex_numbers_is_told_where_its_lines_are_true() -> None:
    """Adam moves real and imaginary parts apart, which its lines do not say."""
    told = {}
    for kind in (torch.optim.SGD, torch.optim.Adam):
        parameter = torch.tensor([1 + 1j], requires_grad=True)
        parameter.backward(torch.ones_like(parameter))
        optimizer = kind([parameter], lr=0.5)
        with torch.record() as trace:
            optimizer.step()
        [told[kind.__name__]] = [op.facts.update for op in trace.ops]
    assert told == {"SGD": "self = self − 0.5 · grad", "Adam": ""}


def test_lbfgs_tells_each_move_along_its_direction() -> None:
    before = "w = torch.nn.Parameter(torch.tensor([1., -4.]))\nopt = torch.optim.LBFGS([w], lr=.5, max_iter=1)"
    cell = "def closure():\n    loss = (w ** 2).sum()\n    loss.backward()\n    return loss\nopt.step(closure)"
    trace = trace_source(cell, before)
    [op] = [op for op in trace.ops if op.kind == "inplace"]
    assert op.name == "lbfgs_"
    told = rows(trace, op)
    assert told["call"].startswith("lbfgs_(w, tensor")
    assert told["update"].startswith("w = w + 0.05 · tensor")
    [grid] = details_of(draw_graph(trace).graph)[f"o{op.step}"]["grids"]
    assert grid["cells"] == [["0.9", "−3.6"]]


def test_muon_tells_its_average_and_no_numbers_of_an_orthogonal_matrix() -> None:
    before = "w = torch.nn.Parameter(torch.eye(2))\nw.grad = torch.tensor([[1., 2.], [3., 4.]])\nopt = torch.optim.Muon([w], .1)"
    trace = trace_source("opt.step()", before)
    told = rows(trace, trace.ops[0])
    assert told["update"] == "buf = 0.95 · buf + 0.05 · w.grad\nw = (1 − 0.1 · 0.1) · w − rate · orthogonal"
    assert told["buf"] == "momentum_buffer: none before, [[0.05, 0.1], [0.15, 0.2]] after"
