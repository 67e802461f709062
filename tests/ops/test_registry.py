"""Every declared op: gradients against finite differences, to second order, in-place variant, documentation."""

from __future__ import annotations

import doctest
import inspect
from typing import Any

import numpy as np
import pytest

import autogradkit as torch
from autogradkit._ops.op import PUBLIC, REGISTRY, Op
from autogradkit.autograd import gradcheck, gradgradcheck

DIFFERENTIABLE = sorted(name for name, op in REGISTRY.items() if op.node_class is not None)


def maker(seed: int) -> Any:
    """Makes float64 tensors that require grad, with distinct values."""
    stream = np.random.default_rng(seed)

    def make(*shape: int, low: float = -2.0, high: float = 2.0) -> torch.Tensor:
        return torch.from_numpy(np.asarray(stream.uniform(low, high, shape))).requires_grad_()

    return make


def samples(op: Op, seed: int) -> list[tuple[Any, ...]]:
    assert op.samples is not None
    return [tuple(sample) for sample in op.samples(maker(seed))]


def tensors(sample: tuple[Any, ...]) -> list[torch.Tensor]:
    return [value for value in sample if isinstance(value, torch.Tensor)]


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_a_differentiable_op_has_samples(name: str) -> None:
    if not REGISTRY[name].function and not REGISTRY[name].method and name not in PUBLIC:
        return  # an inner op: checked through the public function that runs it
    assert REGISTRY[name].samples is not None


WITH_SAMPLES = [name for name in DIFFERENTIABLE if REGISTRY[name].samples is not None]


@pytest.mark.parametrize("name", WITH_SAMPLES)
def test_gradients_agree_with_finite_differences(name: str) -> None:
    op = REGISTRY[name]
    for sample in samples(op, seed=len(name)):
        inputs = _flat(sample)
        gradcheck(lambda *values, s=sample: op.entry(*_refilled(s, values)), inputs)


@pytest.mark.parametrize("name", WITH_SAMPLES)
def test_second_gradients_agree_with_finite_differences(name: str) -> None:
    op = REGISTRY[name]
    for sample in samples(op, seed=len(name) + 1):
        inputs = _flat(sample)
        gradgradcheck(lambda *values, s=sample: op.entry(*_refilled(s, values)), inputs, atol=1e-4)


def _flat(sample: tuple[Any, ...]) -> tuple[torch.Tensor, ...]:
    found: list[torch.Tensor] = []
    for value in sample:
        for each in value if isinstance(value, list | tuple) else (value,):
            if isinstance(each, torch.Tensor):
                found.append(each)
    return tuple(found)


def _refilled(sample: tuple[Any, ...], values: tuple[Any, ...]) -> list[Any]:
    left = iter(values)

    def fill(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return type(value)(fill(each) for each in value)
        return next(left) if isinstance(value, torch.Tensor) else value

    return [fill(value) for value in sample]


@pytest.mark.parametrize("name", [n for n in WITH_SAMPLES if REGISTRY[n].in_place])
def test_the_in_place_variant_gives_the_same_and_counts_a_version(name: str) -> None:
    op = REGISTRY[name]
    checked = 0
    for sample in samples(op, seed=3):
        if not isinstance(sample[0], torch.Tensor):
            continue
        expected = op.entry(*sample)
        if expected.shape != sample[0].shape:
            continue
        target = sample[0].detach().clone()
        result = op.entry.in_place(target, *sample[1:])  # type: ignore[attr-defined]
        assert result is target
        assert target._version == 1
        np.testing.assert_array_equal(target.detach().numpy(), expected.detach().numpy())
        checked += 1
    assert checked


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_function_is_documented_with_an_example_that_runs(name: str) -> None:
    function = PUBLIC[name]
    documentation = inspect.getdoc(function)
    assert documentation, f"{name} has no docstring"
    if name.endswith("Tensor"):
        return
    parsed = doctest.DocTestParser().get_doctest(documentation, {}, name, None, None)
    assert parsed.examples, f"{name} has no example"
    failures, _ = doctest.DocTestRunner(verbose=False, optionflags=doctest.REPORT_ONLY_FIRST_FAILURE).run(parsed)
    assert not failures
