"""Every layer that `nn` exports against PyTorch's: whatever its file says in `_samples` is built and run in both.

A layer without samples of its own fails, so a new layer is tested by declaring it.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.parity.oracle import array_of, assert_same, error_of, tensors_in

EXPORTED = [(name, getattr(autogradkit.nn, name)) for name in autogradkit.nn.__all__]
LAYERS = {name: each for name, each in EXPORTED if inspect.isclass(each) and issubclass(each, autogradkit.nn.Module)}
SAMPLES = [
    (name, i) for name, each in LAYERS.items() for i in range(len(vars(each).get("_samples", list)(autogradkit)))
]


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_has_samples_and_pytorchs_constructor(name: str) -> None:
    assert "_samples" in vars(LAYERS[name]), f"nn.{name} has no _samples"
    ours, theirs = (inspect.signature(getattr(m.nn, name)).parameters for m in (autogradkit, torch))
    assert [(p.name, p.kind) for p in ours.values()] == [(p.name, p.kind) for p in theirs.values()]
    # A function, as an activation, is each library's own.
    defaults = [[getattr(p.default, "__name__", p.default) for p in each.values()] for each in (ours, theirs)]
    assert defaults[0] == defaults[1]


def _layers_and_inputs(name: str, index: int) -> list[tuple[Any, Any, list[Any]]]:
    """For each library: itself, the layer and its inputs, drawn from the same seed."""
    found = []
    for m in (autogradkit, torch):
        m.manual_seed(3)
        layer, *inputs = LAYERS[name]._samples(m)[index]
        found.append((m, layer, inputs))
    return found


@pytest.mark.parametrize(("name", "index"), SAMPLES)
def test_it_is_made_and_shown_alike(name: str, index: int) -> None:
    (_, ours, _), (_, theirs, _) = _layers_and_inputs(name, index)
    assert repr(ours) == repr(theirs)
    for listed in ("named_parameters", "named_buffers"):
        one, other = dict(getattr(ours, listed)()), dict(getattr(theirs, listed)())
        assert list(one) == list(other)
        for key, value in other.items():
            assert one[key].requires_grad == value.requires_grad
            assert type(one[key]).__name__ == type(value).__name__
            if not torch.nn.parameter.is_lazy(value):
                assert_same(one[key], value, rtol=0, atol=0)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [key for key, _ in ours.named_modules()] == [key for key, _ in theirs.named_modules()]


def _run(m: Any, layer: Any, inputs: list[Any], training: bool) -> list[Any]:
    """The outputs, then the gradients of the inputs and of the parameters."""
    layer.train(training)
    leaves = [each.detach().requires_grad_(each.is_floating_point()) for each in inputs]
    m.manual_seed(5)
    # A layer may write into its input, which a leaf that requires grad does not allow.
    outputs = tensors_in(layer(*[each.clone() for each in leaves]))
    asked = [each for each in [*leaves, *layer.parameters()] if each.requires_grad]
    differentiable = [each for each in outputs if each.requires_grad]
    if not differentiable:
        return outputs
    upstream = [m.randn(tuple(each.shape)) for each in differentiable]
    return [*outputs, *m.autograd.grad(differentiable, asked, upstream, allow_unused=True)]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("name", "index"), SAMPLES)
def test_it_computes_and_differentiates_alike(name: str, index: int, training: bool) -> None:
    (m, ours, inputs), (n, theirs, their_inputs) = _layers_and_inputs(name, index)
    for one, other in zip(inputs, their_inputs, strict=True):
        np.testing.assert_array_equal(array_of(one), array_of(other))
    spare = _layers_and_inputs(name, index)[1]  # a run may leave something behind, such as running statistics
    refusal = error_of(lambda: _run(*spare, training))
    if refusal is not None:
        assert not inputs, f"PyTorch refuses this sample: {refusal}"
        assert error_of(lambda: _run(m, ours, inputs, training)) == refusal
        return
    found, expected = _run(m, ours, inputs, training), _run(n, theirs, their_inputs, training)
    assert ours.training == theirs.training == training
    assert_same(found, expected, rtol=1e-5, atol=1e-6)
    for key, value in theirs.named_buffers():
        assert_same(dict(ours.named_buffers())[key], value, rtol=1e-5, atol=1e-6)
