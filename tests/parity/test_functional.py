"""`autograd.functional` and `grad(is_grads_batched=True)` beside PyTorch: numbers, whether there is a graph, refusals."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
import torch.autograd.functional

import autogradkit
from tests.every_case import every_case

from .oracle import tensors_in

FUNCTIONS: dict[str, Any] = {
    "square": lambda x: x**2,
    "cubes": lambda x: (x**3).sum(),
    "two": lambda x: (x.exp(), x.sum()),
    "of_two": lambda x, y: 2 * x.exp() + x * y,
    "number_of_two": lambda x, y: (x**2 * y).sum() + (y**3).sum(),
    "two_of_two": lambda x, y: (x * y, x.sum() * y),
    "linear": lambda x: 3 * x.sum(),
    "unused": lambda x, y: (x**3).sum(),
    "constant": lambda x: x.detach() * 2,
    "list": lambda x: [x],
    "matrix": lambda x: x.reshape(3, 1) @ x.reshape(1, 3),
}
LINES = """
F.vjp(square, x, v); F.vjp(square, x, v, create_graph=True); F.vjp(cubes, x); F.vjp(square, x); F.vjp(two, x, (v, s))
F.vjp(of_two, (x, y), v); F.vjp(of_two, (x, y), v, create_graph=True); F.vjp(of_two, [x, y], v); F.vjp(square, x, s)
F.vjp(two, x, (v, v)); F.vjp(two, x, v); F.vjp(square, x, (v, v)); F.vjp(unused, (x, y)); F.vjp(unused, (x, y), strict=True)
F.vjp(constant, x, v, strict=True); F.vjp(constant, x, v); F.vjp(list, x); F.vjp(square, 3); F.vjp(square, (x, 3))
F.vjp(linear, x, create_graph=True, strict=True); F.vjp(square, leaf, v, create_graph=True); F.vjp(square, x, 3)
F.jvp(square, x, v); F.jvp(square, x); F.jvp(cubes, s); F.jvp(two, x, v); F.jvp(of_two, (x, y), (v, x)); F.jvp(of_two, (x, y))
F.jvp(square, leaf, v, create_graph=True); F.jvp(linear, x, v); F.jvp(linear, x, v, strict=True); F.jvp(matrix, x, v)
F.jvp(unused, (x, y), (v, v)); F.jvp(unused, (x, y), (v, v), strict=True); F.jvp(square, x, s); F.jvp(of_two, (x, y), (v,))
F.jvp(constant, x, v); F.jvp(constant, x, v, strict=True); F.jvp(of_two, (x, y), (v, s)); F.jvp(square, x, v, strict=True)
F.vhp(cubes, x, v); F.vhp(cubes, x, v, create_graph=True); F.vhp(number_of_two, (x, y), (v, x)); F.vhp(square, x, v)
F.vhp(two, x, v); F.vhp(linear, x, v); F.vhp(linear, x, v, strict=True); F.vhp(cubes, x); F.vhp(cubes, s); F.vhp(list, x, v)
F.vhp(unused, (x, y), (v, v)); F.vhp(unused, (x, y), (v, v), strict=True); F.vhp(cubes, leaf, v, create_graph=True, strict=True)
F.hvp(cubes, x, v); F.hvp(number_of_two, (x, y), (v, x)); F.hvp(linear, x, v); F.hvp(linear, x, v, strict=True)
F.hvp(cubes, leaf, v, create_graph=True); F.hvp(square, x, v); F.hvp(unused, (x, y), (v, v)); F.hvp(cubes, x, v, strict=True)
F.jacobian(square, x); F.jacobian(two, x); F.jacobian(of_two, (x, y)); F.jacobian(two_of_two, (x, y)); F.jacobian(matrix, x)
F.jacobian(square, leaf, create_graph=True); F.jacobian(unused, (x, y)); F.jacobian(unused, (x, y), strict=True)
F.jacobian(linear, leaf, create_graph=True, strict=True); F.jacobian(constant, x); F.jacobian(constant, x, strict=True)
F.jacobian(square, x, vectorize=True); F.jacobian(two, x, vectorize=True); F.jacobian(of_two, (x, y), vectorize=True)
F.jacobian(unused, (x, y), vectorize=True); F.jacobian(square, x, vectorize=True, strict=True)
F.jacobian(two_of_two, (x, y), vectorize=True, strategy="forward-mode"); F.jacobian(square, x, strategy="forward-mode")
F.jacobian(matrix, x, vectorize=True, strategy="forward-mode"); F.jacobian(square, x, strategy="sideways")
F.jacobian(square, x, True, strategy="forward-mode"); F.jacobian(square, x, False, True, strategy="forward-mode")
F.jacobian(square, leaf, create_graph=True, vectorize=True); F.jacobian(list, x); F.jacobian(square, 3)
F.hessian(cubes, x); F.hessian(number_of_two, (x, y)); F.hessian(linear, x); F.hessian(linear, x, strict=True)
F.hessian(cubes, leaf, create_graph=True); F.hessian(square, x); F.hessian(two, x); F.hessian(cubes, x, vectorize=True)
F.hessian(number_of_two, (x, y), vectorize=True, outer_jacobian_strategy="forward-mode")[0][1].detach(); F.hessian(unused, (x, y))
F.hessian(cubes, x, outer_jacobian_strategy="sideways"); F.hessian(cubes, 3); F.hessian(cubes, x, strict=True)
F.hessian(unused, (x, y), strict=True); F.hessian(cubes, leaf, create_graph=True, strict=True)
grad(leaf**2, leaf, m.eye(3), is_grads_batched=True); grad(leaf**2, leaf, m.eye(3), is_grads_batched=True, create_graph=True)
grad(leaf**2, leaf, m.ones(2), is_grads_batched=True); grad(leaf**2, leaf, m.ones(2, 4), is_grads_batched=True)
grad(leaf**2, leaf, is_grads_batched=True); grad((leaf**2).sum(), leaf, is_grads_batched=True)
grad((leaf**2).sum(), leaf, v, is_grads_batched=True); grad(leaf**2, leaf, m.zeros(0, 3), is_grads_batched=True)
grad(leaf**2, (leaf, other), m.eye(3), is_grads_batched=True, allow_unused=True)
grad(leaf**2, (leaf, other), m.eye(3), is_grads_batched=True, materialize_grads=True)
grad(leaf**2, (leaf, other), m.eye(3), is_grads_batched=True)
grad((leaf**2, leaf * 3), leaf, (m.eye(3), m.ones(2, 3)), is_grads_batched=True)
grad((leaf**2, leaf * other), (leaf, other), (m.eye(3), m.ones(3, 3)), is_grads_batched=True)
"""


def _outcome(m: Any, line: str) -> tuple[str, list[bool]]:
    x, y, v, s = m.tensor([1.0, 2.0, 3.0]), m.tensor([0.5, -1.0, 2.0]), m.tensor([1.0, 10.0, 100.0]), m.tensor(2.0)
    names = {"m": m, "F": m.autograd.functional, "grad": m.autograd.grad, "x": x, "y": y, "v": v, "s": s}
    names |= {"leaf": x.clone().requires_grad_(), "other": y.clone().requires_grad_()}
    try:
        found = eval(line, FUNCTIONS | names)
    except (RuntimeError, TypeError, ValueError, AssertionError, IndexError, NotImplementedError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}".replace("autogradkit.core.tensor", "torch"), []
    text = re.sub(r"-0\.(0*)(?=[,\]])", r" 0.\1", repr(found))  # the sign of a zero
    return re.sub(r"grad_fn=<\w+>", "grad_fn", text), [each.requires_grad for each in tensors_in(found)]


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # of PyTorch's forward mode
@every_case("line", re.split(r"; |\n", LINES.strip()))
def test_line(line: str) -> None:
    assert _outcome(autogradkit, line) == _outcome(torch, line)


def test_a_graph_is_freed_by_the_last_of_a_batch_only() -> None:
    x = autogradkit.tensor([1.0, 2.0], requires_grad=True)
    y = x**2
    autogradkit.autograd.grad(y, x, autogradkit.eye(2), is_grads_batched=True)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        autogradkit.autograd.grad(y, x, autogradkit.eye(2), is_grads_batched=True)


def test_a_product_is_recorded_as_its_parts() -> None:
    with autogradkit.record() as trace:
        autogradkit.autograd.functional.vjp(lambda x: x.exp(), autogradkit.ones(2), autogradkit.ones(2))
    assert "exp" in [event.name for event in trace.events if hasattr(event, "name")]
