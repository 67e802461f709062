"""What a trace says of an op is true: PyTorch, given the recorded inputs, gets the recorded outputs.

Random programs of the kind that learners write, with views, edits through them, through their base, through `.data` and
under no_grad. The values of the events are what the pictures draw.
"""

from __future__ import annotations

import ast
import random
from typing import Any

import pytest
import torch

from autogradkit.tracing.events import Accumulated, Argument, Op
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph.structure.build import build
from tests.every_case import every_case
from tests.tracing.render.cells import trace_source

pytestmark = pytest.mark.long

BEFORE = "a = torch.tensor([1., -2., 3.], requires_grad=True)\nb = torch.tensor([.5, 4., -1.])\nc = b[1:]"
FUNCTIONS = {
    "data": torch.Tensor.detach,
    "slice": torch.ops.aten.slice.Tensor,
    "alias": torch.ops.aten.alias,
    "clamp": torch.clamp,
}
PROGRAMS = 150


def program(seed: int) -> str:
    """A cell of 4 to 12 statements over tensors of three elements."""
    stream = random.Random(seed)
    tensors = ["a", "b"]  # of three elements
    whole = ["b"]  # those that may be edited
    lines: list[str] = []
    for number in range(stream.randint(4, 12)):
        x, y, name = stream.choice(tensors), stream.choice(tensors), f"t{number}"
        target = stream.choice(whole)
        new = [f"{name} = {x} * {y}", f"{name} = {x} + 2", f"{name} = 3 * {x}", f"{name} = torch.tanh({x})"]
        new += [f"{name} = {x}.detach()", f"{name} = {x}[:]", f"{name} = {x}.view(3)", f"{name} = -{x} / 2"]
        edits = [f"{target}[0] = {number}.", f"{target}[1:].mul_(2)", f"{target}.add_(1)", f"{target}.data.mul_(.5)"]
        edits += [f"{target}[:2] = {target}[1:]", f"{target}.sub_({x})", f"{x}.data.add_(1)", "c.add_(1)"]
        edits += [f"{target} *= 2", f"{target}.zero_()"]
        if stream.random() < 0.55:
            lines.append(stream.choice(new))
            tensors.append(name)
            if "detach" not in lines[-1]:
                whole.append(name)
        elif stream.random() < 0.3:
            lines.append(f"for i in range(2):\n    {name} = {x} * {y} + i")
            tensors.append(name)
        else:
            lines.append(f"with torch.no_grad():\n    {stream.choice(edits)}")
    return "\n".join(lines)


def tensor_of(trace: Recording, value: int) -> torch.Tensor:
    numbers = trace.values[value].numbers
    assert numbers.data is not None
    return torch.tensor(numbers.data, dtype=getattr(torch, numbers.dtype)).reshape(numbers.shape)


def operand_of(trace: Recording, argument: Argument) -> Any:
    return ast.literal_eval(argument.text or "None") if argument.value is None else tensor_of(trace, argument.value)


def recomputed(trace: Recording, op: Op) -> torch.Tensor:
    positional = [operand_of(trace, each) for each in op.inputs if each.name is None]
    named = {each.name: operand_of(trace, each) for each in op.inputs if each.name is not None}
    function = FUNCTIONS.get(op.name) or getattr(torch.Tensor, op.name, None) or getattr(torch, op.name)
    return function(*positional, **named)


def assert_true(trace: Recording) -> int:
    """Every op of a trace is what PyTorch makes of it; how many there were."""
    ops = [event for event in trace.events if isinstance(event, Op) and event.inputs]
    for op in ops:
        told = tensor_of(trace, op.outputs[0])
        found = recomputed(trace, op)
        torch.testing.assert_close(told, found, equal_nan=True, msg=lambda text, op=op: f"{op.name}: {text}")
    for event in trace.events:
        if isinstance(event, Accumulated):
            before = torch.tensor(0.0 if event.before is None else event.before.data)
            assert torch.allclose(before + torch.tensor(event.contribution.data), torch.tensor(event.after.data))
    return len(ops)


@every_case("seed", range(PROGRAMS))
def test_recorded_inputs_give_recorded_outputs(seed: int) -> None:
    source = program(seed)
    print(f"seed {seed}\n{BEFORE}\n---\n{source}")
    assert assert_true(trace_source(source, BEFORE)) > 0


def test_no_hook_is_told_of_where_there_is_none() -> None:
    loss = "sum((x * 2).sum() for x in list(globals().values()) if isinstance(x, torch.Tensor) and x.requires_grad)"
    succeeded = 0
    for seed in range(PROGRAMS):
        source = f"{program(seed)}\n({loss}).backward()"
        trace = trace_source(source, BEFORE)
        told = [sentence for sentence in build(trace).left_out if "hook" in sentence]
        assert not told, f"seed {seed}\n{BEFORE}\n---\n{source}\n{told}"
        succeeded += any(isinstance(event, Accumulated) for event in trace.events)
    assert succeeded > PROGRAMS // 4  # in the others an edit is in the way of backward


@pytest.mark.parametrize(
    "source",
    [
        "with torch.no_grad():\n    a.sub_(.5)",
        "a.data.mul_(10)\n(a * a).sum().backward()",
        "y = a * 1\ny[0] = 0.\ny.add_(1)\ny.sum().backward()",
        "x = torch.arange(3.)\ny = x[0:2]\ny.add_(5)\nz = x * 2",
        "d = a.detach()\nd.mul_(2)\nz = a * 3",
        "b[0] = b[1]\nz = b + c[0]",
    ],
)
def test_what_is_edited_first_through_views_or_data(source: str) -> None:
    assert_true(trace_source(source, BEFORE))
