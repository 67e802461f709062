"""The picture of a backward pass: the formulas of all ops, recorded by `create_graph`, and layers that run in it."""

from __future__ import annotations

from typing import Any

import autogradkit as torch
from autogradkit.tracing.events import Op
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.structure.build import build
from tests.every_case import every_case
from tests.ops.declared import DIFFERENTIABLE
from tests.tracing.render.cells import texts, trace_source


def tensors_in(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [each for part in value for each in tensors_in(part)]
    return [value] if isinstance(value, torch.Tensor) else []


ILL_DEFINED = {  # of what depends on the vectors' phases, and refuses; never recorded
    "linalg_eig/LinalgEigBackward0",
    "view_as_complex_copy/ViewAsComplexBackward0_copy",
}


@every_case("name", sorted({n for n, op in DIFFERENTIABLE.items() if op.make_samples} - ILL_DEFINED))
def test_a_formula_draws_no_number_from_nowhere(name: str) -> None:
    """Each box is an operand, the seed, or made by an op: a zero that a formula needs was once drawn as a second seed."""
    op = DIFFERENTIABLE[name]
    sample = op.samples(seed=1)[0]
    given = tensors_in(sample)  # as `given[0]` the picture names them
    operands = [each for each in given if each.requires_grad]
    with torch.record() as trace:
        outputs = [each for each in tensors_in(op.call(*sample)) if each.requires_grad]
        total: Any = sum((each * each.detach()).sum() for each in outputs)
        total = torch.view_as_real(total).sum() if total.is_complex() else total
        gradients = torch.autograd.grad(total, operands, create_graph=True, allow_unused=True)
        [each * 2 for each in gradients if each is not None]
    graph = build(trace)
    made = {output for event in trace.events if isinstance(event, Op) for output in event.outputs}
    begins = {item.value.id for item in graph.items.values() if item.value is not None} - made
    begins -= {link.value for link in graph.links if link.head == f"v{link.value}"}  # an edit has left it so
    labels = sorted(graph.labels[value] for value in begins)
    assert labels.count("∂ seed") == 1
    assert [label for label in labels if label.startswith("tensor")] == []


def test_a_layer_that_a_checkpoint_runs_once_more_says_so() -> None:
    before = (
        "from autogradkit.utils.checkpoint import checkpoint\ntorch.manual_seed(0)\n"
        "f = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh())\nx = torch.ones(2, 2, requires_grad=True)"
    )
    cell = "h = checkpoint(f, x, use_reentrant=False)\nloss = (h * 2).sum()\nloss.backward()"
    written = [each.strip() for each in texts(draw_graph(trace_source(cell, before)).svg)]
    assert [each for each in written if each.startswith("Linear")] == ["Linear(2→3)", "Linear(2→3) · in backward"]
