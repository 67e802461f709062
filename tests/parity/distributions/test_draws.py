"""Draws beside PyTorch: for a seed the same numbers, as many words drawn, the same gradients; after `expand`, too."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case
from tests.parity.distributions.families import FAMILIES, close, evaluate, outcome

MODULES = (torch, autogradkit)
# Of draws whose derivative PyTorch approximates, to some thousandths.
APPROXIMATED = ("Beta", "Chi2", "Dirichlet", "FisherSnedecor", "Gamma", "InverseGamma", "StudentT", "Wishart")
# Last bits of exp, log and tan; each step of a chain rounds them anew.
LAST_BITS = {"float32": 3e-5, "float64": 1e-11}
pytestmark = pytest.mark.filterwarnings("ignore:Singular sample detected")  # of every Wishart draw, in both


@pytest.mark.parametrize("line", FAMILIES)
@every_case("shape kind", itertools.product([(), (5,), (2, 20)], ["float32", "float64"]))
def test_a_seed_gives_the_same_draws(line: str, shape: tuple[int, ...], kind: str) -> None:
    found: list[Any] = []
    for module in MODULES:
        distribution, _ = evaluate(module, line, kind)
        module.manual_seed(7)
        found.append((distribution.sample(shape), module.rand(1).item()))
    (theirs, after_theirs), (ours, after_ours) = found
    close(ours, theirs, LAST_BITS[kind], 1e-6 if kind == "float32" else 1e-12)
    assert not ours.requires_grad
    assert after_ours == after_theirs


@every_case("line", FAMILIES)
def test_draws_have_gradients(line: str) -> None:
    found: list[Any] = []
    for module in MODULES:
        distribution, leaves = evaluate(module, line)
        module.manual_seed(7)
        drawn = outcome(lambda d=distribution: d.rsample((4,)))
        found.append((drawn, leaves))
        if not isinstance(drawn, tuple) and drawn.requires_grad:
            weights = module.linspace(-1, 2, drawn.numel(), dtype=module.float64).reshape(drawn.shape)
            total = (drawn * weights).sum()
            found[-1] += (outcome(total.backward),)
    (theirs, their_leaves, *their_error), (ours, our_leaves, *our_error) = found
    close(ours, theirs, LAST_BITS["float64"])
    assert our_error == their_error
    rtol = 5e-3 if line.startswith(APPROXIMATED) else 1e-6 if "float()" in line else 1e-8
    for our, their in zip(our_leaves, their_leaves, strict=True):
        assert (our.grad is None) == (their.grad is None)
        if their.grad is not None:
            close(our.grad, their.grad, rtol, max(rtol, 1e-9))


@every_case("line", FAMILIES)
def test_an_expanded_one_is_the_same(line: str) -> None:
    found: list[Any] = []
    for module in MODULES:
        distribution, _ = evaluate(module, line)
        _ = outcome(lambda d=distribution: d.variance)  # lazy attributes go along
        wide = distribution.expand((3, *distribution.batch_shape))
        module.manual_seed(7)
        drawn = wide.sample((2,))
        told = repr(wide), str(wide.batch_shape), str(wide.event_shape), wide._validate_args, type(wide).__name__
        found.append(
            (told, drawn, wide.log_prob(drawn), outcome(lambda d=wide: d.mean), outcome(lambda d=wide: d.variance))
        )
    theirs, ours = found
    assert ours[0] == theirs[0]
    for our, their in zip(ours[1:], theirs[1:], strict=True):
        close(our, their, 3e-5 if "VonMises" in line else 1e-9)
