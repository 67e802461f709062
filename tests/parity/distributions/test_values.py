"""Moments, logarithms of probabilities, distribution functions and entropies beside PyTorch, and their gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case
from tests.parity.distributions.families import FAMILIES, close, evaluate, outcome

MODULES = (torch, autogradkit)
pytestmark = pytest.mark.filterwarnings("ignore:Singular sample detected")
# What PyTorch computes by polynomials that are right to seven digits, and what is of float32.
ROUGHLY = {"VonMises": 3e-5, "GeneralizedPareto": 1e-6}


def tolerance(line: str) -> float:
    return ROUGHLY.get(line.partition("(")[0], 1e-9)


def values_of(line: str) -> Any:
    """Three draws of PyTorch's, which both are asked about."""
    torch.manual_seed(2)
    distribution, _ = evaluate(torch, line)
    return distribution.sample((3,)).detach()


def carried(module: Any, value: Any) -> Any:
    return (
        value
        if module is torch
        else autogradkit.tensor(value.tolist(), dtype=getattr(autogradkit, str(value.dtype)[6:]))
    )


def gradients(result: Any, leaves: list[Any]) -> list[Any]:
    """Of the sum of the finite numbers, a zero where there is none; the error, where there is one."""
    if isinstance(result, tuple | str) or not result.requires_grad:
        return []
    module = torch if isinstance(result, torch.Tensor) else autogradkit
    total = result.nan_to_num(0.0, 0.0, 0.0).sum()
    found = outcome(lambda: module.autograd.grad(total, leaves, allow_unused=True))
    return [module.zeros(()) if each is None else each for each in found]


@every_case("line", FAMILIES)
@every_case("name", ["mean", "mode", "variance", "stddev", "entropy()", "perplexity()"])
def test_a_property(name: str, line: str) -> None:
    found = []
    for module in MODULES:
        distribution, leaves = evaluate(module, line)
        result = outcome(lambda d=distribution: eval(f"d.{name}", {"d": d}))
        found.append((result, gradients(result, leaves)))
    (theirs, of_theirs), (ours, of_ours) = found
    close(ours, theirs, tolerance(line))
    assert len(of_ours) == len(of_theirs)
    for our, their in zip(of_ours, of_theirs, strict=True):
        close(our, their, 10 * tolerance(line), 1e-9)


@every_case("line", FAMILIES)
@every_case("name", ["log_prob", "cdf"])
def test_a_function_of_draws(name: str, line: str) -> None:
    values = values_of(line)
    found = []
    for module in MODULES:
        distribution, leaves = evaluate(module, line)
        value = carried(module, values)
        if value.is_floating_point() and "Bernoulli(" not in line.replace("sBernoulli", ""):
            leaves.append(value.requires_grad_())
        result = outcome(lambda d=distribution, v=value: getattr(d, name)(v))
        found.append((result, gradients(result, leaves)))
    (theirs, of_theirs), (ours, of_ours) = found
    close(ours, theirs, tolerance(line))
    assert len(of_ours) == len(of_theirs)
    for our, their in zip(of_ours, of_theirs, strict=True):
        close(our, their, 1e3 * tolerance(line), 1e-9)


@every_case("line", FAMILIES)
def test_the_inverse_distribution_function(line: str) -> None:
    found = []
    for module in MODULES:
        distribution, _ = evaluate(module, line)
        shape = distribution.batch_shape + distribution.event_shape
        levels = (
            module.tensor([0.03, 0.4, 0.5, 0.97], dtype=module.float64)
            .reshape((4,) + (1,) * len(shape))
            .expand((4, *shape))
        )
        found.append(outcome(lambda d=distribution, v=levels: d.icdf(v)))
    close(found[1], found[0], tolerance(line))


@every_case("line", FAMILIES)
@every_case("expand", [True, False])
def test_all_that_may_be_drawn(line: str, expand: bool) -> None:
    theirs, ours = (outcome(lambda m=m: evaluate(m, line)[0].enumerate_support(expand)) for m in MODULES)
    close(ours, theirs)


@every_case("line", FAMILIES)
def test_what_it_is(line: str) -> None:
    told = []
    for module in MODULES:
        d, _ = evaluate(module, line, "float32")
        told.append(
            (
                repr(d),
                str(d.batch_shape),
                str(d.event_shape),
                d.has_rsample,
                d.has_enumerate_support,
                repr(d.support),
                d.support.is_discrete,
                d.support.event_dim,
                repr(d.arg_constraints),
                str(getattr(d, "param_shape", None)) if not line.startswith("Geometric") else "",
            )
        )
    assert told[1] == told[0]
