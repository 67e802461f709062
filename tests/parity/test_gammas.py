"""Gamma, Dirichlet and binomial draws beside PyTorch: the same numbers for a seed, as many words drawn, near its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case
from tests.parity.one_line import check

CONCENTRATIONS = [0.01] * 10 + np.linspace(0.05, 3, 50).tolist() + np.geomspace(0.3, 2000, 60).tolist()


def beside(make: Any) -> list[Any]:
    made = []
    for module in (torch, autogradkit):
        module.manual_seed(3)
        made.append((*[np.array(each.tolist()) for each in make(module)], module.rand(1).item()))
    return made


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_a_seed_gives_the_same_gamma_numbers_and_near_pytorchs_gradients(kind: str) -> None:
    def make(m: Any) -> Any:
        alpha = m.tensor(CONCENTRATIONS, dtype=getattr(m, kind), requires_grad=True)
        drawn = m._standard_gamma(alpha)
        drawn.sum().backward()
        return drawn.detach(), alpha.grad

    theirs, ours = beside(make)
    assert np.array_equal(ours[0], theirs[0])
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-3)
    assert ours[2] == theirs[2]


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_a_seed_gives_the_same_dirichlet_numbers_and_near_pytorchs_slopes(kind: str) -> None:
    def make(m: Any) -> Any:
        alpha = m.tensor(CONCENTRATIONS, dtype=getattr(m, kind)).reshape(-1, 4)
        drawn = m._sample_dirichlet(alpha)
        return drawn, m._dirichlet_grad(drawn, alpha, alpha.sum(-1, True).expand_as(alpha))

    theirs, ours = beside(make)
    assert np.array_equal(ours[0], theirs[0])
    np.testing.assert_allclose(ours[1][3:], theirs[1][3:], rtol=3e-3)  # those before are next to 0 or 1
    assert ours[2] == theirs[2]


@pytest.mark.parametrize(
    "call", ["_standard_gamma(a)", "poisson(a)", "binomial(m.ceil(a), a / 200)", "_sample_dirichlet(a)"]
)
def test_so_many_that_words_are_drawn_ahead_leave_the_generator_where_pytorchs_is(call: str) -> None:
    made: list[Any] = []
    for m in (torch, autogradkit):
        m.manual_seed(4)
        before = m.randn(1)  # of a pair, whose other number is left over
        a = m.linspace(0.1, 100, 30_000).reshape(-1, 3)
        drawn = eval(f"m.{call}", {"m": m, "a": a})
        made.append(
            (before.tolist(), drawn.tolist(), m.randn(2).tolist(), m.rand(3).tolist(), m.get_rng_state().tolist())
        )
    assert made[1] == made[0]


def test_a_refusal_halfway_has_drawn_what_came_before_it() -> None:
    rest: list[float] = []
    for m in (torch, autogradkit):
        m.manual_seed(4)
        with pytest.raises(RuntimeError, match="invalid Poisson rate"):
            m.poisson(m.tensor([3.0, 4.0, -1.0, 5.0]))
        rest.append(m.rand(1).item())
    assert rest[1] == rest[0]


def test_a_slope_is_that_of_the_inverse_distribution_function() -> None:
    from scipy.special import betaincinv, gammaincinv

    ratio, step = 0.37, 1e-5
    for alpha in (0.2, 1.0, 7.5, 400.0):
        draw = gammaincinv(alpha, ratio)
        slope = (gammaincinv(alpha + step, ratio) - gammaincinv(alpha - step, ratio)) / (2 * step)
        ours = autogradkit._standard_gamma_grad(autogradkit.tensor(alpha).double(), autogradkit.tensor(draw))
        assert ours.item() == pytest.approx(slope, rel=1e-6)
        part = betaincinv(alpha, 2.5, ratio)
        slope = (betaincinv(alpha + step, 2.5, ratio) - betaincinv(alpha - step, 2.5, ratio)) / (2 * step)
        numbers = [autogradkit.tensor(float(each)).double() for each in (part, alpha, alpha + 2.5)]
        assert autogradkit._dirichlet_grad(*numbers).item() * (1 - part) == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_a_seed_gives_the_same_binomial_counts(kind: str) -> None:
    def make(m: Any) -> Any:
        dtype = getattr(m, kind)
        count = m.tensor([0.0, 1.0, 7.0, 30.0, 250.0, 10000.0], dtype=dtype).expand(41, 6)
        chance = m.linspace(0, 1, 41, dtype=dtype)[:, None].expand(41, 6)
        return (m.binomial(count, chance), m.binomial(count.t(), chance.t()))

    theirs, ours = beside(make)
    assert np.array_equal(ours[0], theirs[0])
    assert np.array_equal(ours[1], theirs[1])
    assert ours[2] == theirs[2]


def test_a_generator_is_drawn_from_instead() -> None:
    def make(m: Any) -> Any:
        generator = m.Generator().manual_seed(5)
        half = m.full((6,), 0.5)
        return (
            m.binomial(m.full((6,), 30.0), half, generator=generator),
            m._standard_gamma(half, generator=generator),
            m._sample_dirichlet(half, generator=generator),
        )

    theirs, ours = beside(make)
    assert [each.tolist() for each in ours[:3]] == [each.tolist() for each in theirs[:3]]


@every_case(
    "line",
    """
torch._standard_gamma(torch.tensor([1]))
torch._standard_gamma(torch.tensor([1.0]).half())
torch._standard_gamma(torch.tensor([1j]))
torch._standard_gamma(torch.tensor([0.0, -1.0, float('nan'), float('inf')]))
torch._standard_gamma(torch.full((2, 3), 4.0).t())
torch._standard_gamma(torch.empty(0, 2))
torch._standard_gamma(torch.ones(2, requires_grad=True)).grad_fn._saved_result
torch._standard_gamma_grad(torch.tensor([1]), torch.tensor([1]))
torch._standard_gamma_grad(torch.tensor([1.0]), torch.tensor([1.0]).double())
torch._standard_gamma_grad(torch.ones(2, requires_grad=True), torch.ones(2)).sum().backward(); 1
torch._sample_dirichlet(torch.tensor([1]))
torch._sample_dirichlet(torch.tensor(1.0))
torch._sample_dirichlet(torch.tensor([0.0, 0.0]))
torch._sample_dirichlet(torch.tensor([1.0]).half())
torch._sample_dirichlet(torch.ones(2, requires_grad=True)).sum().backward(); 1
torch._dirichlet_grad(torch.tensor([1]), torch.tensor([1]), torch.tensor([1]))
torch._dirichlet_grad(torch.ones(2, requires_grad=True) / 2, torch.ones(2), torch.ones(2) * 2).sum().backward(); 1
torch.binomial(torch.tensor([3]), torch.tensor([0.5]))
torch.binomial(torch.tensor([3.0]), torch.tensor([1]))
torch.binomial(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.5, 0.2]))
torch.binomial(torch.tensor([1.0]), torch.tensor([0.5]).double())
torch.binomial(torch.tensor([-1.0, 1.0, 1.0, 1.0, 2.5]), torch.tensor([0.5, 1.5, -0.5, float('nan'), 0.9]))
torch.binomial(torch.tensor([1.0]).half(), torch.tensor([0.5]).half())
torch.binomial(torch.full((2, 3), 20.0).t(), torch.full((2, 3), 0.5).t())
torch.binomial(torch.ones(2, requires_grad=True), torch.ones(2)).sum().backward(); 1
torch.binomial(torch.tensor([float("inf"), float("inf")]), torch.tensor([0.3, 0.0]))
torch.binomial(3, 0.5)
""".strip().splitlines(),
)
def test_a_line_says_the_same(line: str) -> None:
    check(line)
