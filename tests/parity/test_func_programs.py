"""What `func` is for, beside PyTorch: gradients sample by sample, ensembles, learning to learn, neural tangent kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.func

import autogradkit
import autogradkit.func

from .oracle import array_of, tensors_in


def _network(m: Any) -> Any:
    return m.nn.Sequential(m.nn.Conv2d(1, 3, 3), m.nn.ReLU(), m.nn.MaxPool2d(2), m.nn.Flatten(), m.nn.Linear(27, 4))


def _detached(module: Any) -> dict[str, Any]:
    return {name: parameter.detach() for name, parameter in module.named_parameters()}


def _gradients_of_samples(m: Any) -> Any:
    net = _network(m)

    def loss(parameters: Any, sample: Any, target: Any) -> Any:
        output = m.func.functional_call(net, parameters, (sample.unsqueeze(0),))
        return m.nn.functional.cross_entropy(output, target.unsqueeze(0))

    each = m.func.vmap(m.func.grad(loss), in_dims=(None, 0, 0))
    return each(_detached(net), m.randn(5, 1, 8, 8), m.randint(0, 4, (5,)))


def _ensemble(m: Any) -> Any:
    nets = [_network(m) for _ in range(3)]
    parameters, buffers = m.func.stack_module_state(nets)

    def call(parameters: Any, buffers: Any, x: Any) -> Any:
        return m.func.functional_call(nets[0], (parameters, buffers), (x,))

    x = m.randn(2, 1, 8, 8)
    return m.func.vmap(call, in_dims=(0, 0, None))(parameters, buffers, x), nets[2](x)


def _learning_to_learn(m: Any) -> Any:
    net = m.nn.Sequential(m.nn.Linear(1, 8), m.nn.Tanh(), m.nn.Linear(8, 1))
    x = m.randn(5, 10, 1)

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        return m.nn.functional.mse_loss(m.func.functional_call(net, parameters, (x,)), y)

    def after_a_step(parameters: Any, x: Any, y: Any) -> Any:
        slopes = m.func.grad(loss)(parameters, x, y)
        return loss({name: value - 0.1 * slopes[name] for name, value in parameters.items()}, x, y)

    total = m.func.vmap(after_a_step, in_dims=(None, 0, 0))(dict(net.named_parameters()), x, x.sin()).mean()
    total.backward()
    return total, [parameter.grad for parameter in net.parameters()]


def _tangent_kernel(m: Any) -> Any:
    net = m.nn.Sequential(m.nn.Linear(2, 6), m.nn.Tanh(), m.nn.Linear(6, 2))

    def call(parameters: Any, x: Any) -> Any:
        return m.func.functional_call(net, parameters, (x.unsqueeze(0),)).squeeze(0)

    slopes = m.func.vmap(m.func.jacrev(call), (None, 0))(_detached(net), m.randn(3, 2))
    return sum(m.einsum("Naf,Mbf->NMab", each.flatten(2), each.flatten(2)) for each in slopes.values())


def _products_with_hessians(m: Any) -> Any:
    x, v = m.randn(6), m.randn(6)

    def energy(x: Any) -> Any:
        return (x.sin() * x**2).sum()

    _, forward = m.func.jvp(m.func.grad(energy), (x,), (v,))
    _, product = m.func.vjp(m.func.grad(energy), x)
    return forward, product(v), m.func.hessian(energy)(x) @ v


PROGRAMS: list[Callable[..., Any]] = [
    _gradients_of_samples, _ensemble, _learning_to_learn, _tangent_kernel, _products_with_hessians,
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # of PyTorch's forward mode
@pytest.mark.parametrize("program", PROGRAMS)
def test_program(program: Callable[..., Any]) -> None:
    found = []
    for m in (autogradkit, torch):
        m.manual_seed(3)
        found.append(tensors_in(program(m)))
    ours, theirs = found
    assert [each.requires_grad for each in ours] == [each.requires_grad for each in theirs]
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(array_of(one), array_of(other), rtol=1e-4, atol=1e-5)
