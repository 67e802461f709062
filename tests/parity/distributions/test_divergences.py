"""`kl_divergence` of every pair of families that PyTorch has a formula for, with its gradients, and of pairs without one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.distributions.kl import _KL_REGISTRY

import autogradkit
from tests.every_case import every_case
from tests.parity.distributions.families import close, evaluate, outcome
from tests.parity.one_line import check

# Two of a family, where that is enough to be told apart from a swapped or forgotten parameter.
PAIRS = {
    "Bernoulli": ("Bernoulli(t([0.3, 0.8]))", "Bernoulli(t([0.6, 0.1]))"),
    "Beta": ("Beta(t([0.7, 3.0]), t([2.5, 1.2]))", "Beta(t([1.7, 0.4]), t([2.0, 3.2]))"),
    "Binomial": ("Binomial(5, t([0.3, 0.8]))", "Binomial(t([5.0, 4.0]).detach(), t([0.6, 0.1]))"),
    "Categorical": ("Categorical(t([[0.2, 0.8, 0.0]]))", "Categorical(t([[0.5, 0.4, 0.1], [0.5, 0.0, 0.1]]))"),
    "Cauchy": ("Cauchy(t([0.3, 0.8]), t([1.5, 0.4]))", "Cauchy(t([-0.3, 2.8]), t([0.6, 1.4]))"),
    "ContinuousBernoulli": ("ContinuousBernoulli(t([0.3, 0.8]))", "ContinuousBernoulli(t([0.6, 0.1]))"),
    "Dirichlet": ("Dirichlet(t([[0.3, 0.8, 2.0]]))", "Dirichlet(t([1.6, 0.1, 1.0]))"),
    "Exponential": ("Exponential(t([0.3, 0.8]))", "Exponential(t([1.6, 0.1]))"),
    "Gamma": ("Gamma(t([1.3, 0.8]), t([1.5, 0.4]))", "Gamma(t([0.3, 2.8]), t([0.6, 1.4]))"),
    "Geometric": ("Geometric(t([0.3, 0.8]))", "Geometric(t([0.6, 0.1]))"),
    "Gumbel": ("Gumbel(t([0.3, 0.8]), t([1.5, 0.4]))", "Gumbel(t([-0.3, 1.8]), t([0.6, 1.4]))"),
    "HalfNormal": ("HalfNormal(t([0.3, 0.8]))", "HalfNormal(t([1.6, 0.1]))"),
    "Independent": ("Independent(Normal(t([[0.3, 0.8]]), 1.5), 1)", "Independent(Normal(t([[-0.3, 2.8]]), 0.6), 1)"),
    "Laplace": ("Laplace(t([0.3, 0.8]), t([1.5, 0.4]))", "Laplace(t([-0.3, 2.8]), t([0.6, 1.4]))"),
    "LowRankMultivariateNormal": (
        "LowRankMultivariateNormal(t([[0.3, 0.8], [1.0, 2.0]]), t([[1.5], [0.4]]), t([0.3, 0.7]))",
        "LowRankMultivariateNormal(t([-0.3, 2.8]), t([[0.6, 0.2], [-0.2, 1.0]]), t([0.9, 1.7]))",
    ),
    "MultivariateNormal": (
        "MultivariateNormal(t([[0.3, 0.8], [1.0, 2.0]]), scale_tril=t([[1.5, 0.0], [0.4, 0.7]]))",
        "MultivariateNormal(t([-0.3, 2.8]), t([[[1.6, 0.2], [0.2, 1.0]], [[0.6, -0.2], [-0.2, 2.0]]]))",
    ),
    "Normal": ("Normal(t([0.3, 0.8]), t([1.5, 0.4]))", "Normal(t([-0.3, 2.8]), t([0.6, 1.4]))"),
    "OneHotCategorical": ("OneHotCategorical(t([0.2, 0.8]))", "OneHotCategorical(logits=t([0.5, 0.4]))"),
    "Pareto": ("Pareto(t([1.3, 0.8]), t([2.5, 0.7]))", "Pareto(t([0.3, 2.8]), t([0.6, 1.4]))"),
    "Poisson": ("Poisson(t([0.3, 0.8]))", "Poisson(t([1.6, 0.1]))"),
    "TransformedDistribution": ("LogNormal(t([0.3, 0.8]), t([1.5, 0.4]))", "LogNormal(t([-0.3, 2.8]), t([0.6, 1.4]))"),
    "Uniform": ("Uniform(t([0.3, -0.8]), t([0.9, 0.4]))", "Uniform(t([-0.3, 0.0]), t([1.6, 1.0]))"),
}
REGISTERED = [(p.__name__, q.__name__) for p, q in _KL_REGISTRY if p.__name__ in PAIRS and q.__name__ in PAIRS]


CASES = [(PAIRS[p][0], PAIRS[q][1]) for p, q in REGISTERED] + [  # and where probabilities are 0, or supports differ
    ("Bernoulli(t([0.0, 0.5, 1.0]))", "Bernoulli(t([0.4, 1.0, 0.0]))"),
    ("Uniform(t([0.3, 0.1]), t([0.9, 2.0]))", "Pareto(t([0.2, 0.2]), t([0.6, 1.4]))"),
    ("Uniform(t([0.1, 0.0]), t([0.7, 1.5]))", "Beta(t([1.7, 0.4]), t([2.0, 3.2]))"),
    ("Beta(t([0.7, 3.0]), t([2.5, 1.2]))", "Uniform(t([0.1, 0.0]), t([0.7, 1.5]))"),
    ("Pareto(t([1.3, 0.8, 0.5]), t([0.5, 1.5, 2.5]))", "Gamma(2.0, 0.5)"),
]


@every_case("of_p of_q", CASES)
def test_a_divergence(of_p: str, of_q: str) -> None:
    found: list[Any] = []
    for module in (torch, autogradkit):
        left, leaves = evaluate(module, of_p)
        right, more = evaluate(module, of_q)
        divergence = outcome(lambda a=left, b=right, m=module: m.distributions.kl_divergence(a, b))
        gradients: Any = []
        if not isinstance(divergence, tuple) and divergence.requires_grad:
            gradients = module.autograd.grad(divergence.nan_to_num(0, 0, 0).sum(), leaves + more, allow_unused=True)
        found.append((divergence, [each if each is None else each.nan_to_num(0) for each in gradients]))
    (theirs, of_theirs), (ours, of_ours) = found
    close(ours, theirs, 1e-9, 1e-10)
    for our, their in zip(of_ours, of_theirs, strict=False):
        if our is not None and their is not None:
            close(our, their, 1e-7, 1e-9)


@every_case(
    "line",
    """
D = torch.distributions; D.kl_divergence(D.Uniform(torch.tensor([0.0, 0.2, 0.5]), 1.0), D.ContinuousBernoulli(0.3))
D = torch.distributions; D.kl_divergence(D.Uniform(torch.tensor([0.0, 0.2, -1.0]), 0.7), D.ContinuousBernoulli(0.3))
D = torch.distributions; D.kl_divergence(D.Normal(0.0, 1.0), D.Bernoulli(0.5))
D = torch.distributions; D.kl_divergence(D.Normal(0.0, 1.0), D.Cauchy(0.0, 1.0))
D = torch.distributions; D.kl_divergence(D.Chi2(3.0), D.Chi2(4.0))
D = torch.distributions; D.kl_divergence(D.Chi2(3.0), D.Gamma(4.0, 1.0))
D = torch.distributions; D.kl_divergence(D.LogNormal(0.0, 1.0), D.HalfNormal(1.0))
D = torch.distributions; D.kl_divergence(D.Binomial(3, torch.tensor(0.5)), D.Binomial(4, torch.tensor(0.5)))
D = torch.distributions; D.kl_divergence(D.Independent(D.Normal(torch.zeros(2), 1.0), 1), D.Normal(0.0, 1.0))
D = torch.distributions; n = D.Normal(torch.zeros(2, 2), 1.0); D.kl_divergence(D.Independent(n, 1), D.Independent(n, 2))
D = torch.distributions; m = [D.MultivariateNormal(torch.zeros(n), torch.eye(n)) for n in (2, 3)]; D.kl_divergence(*m)
""".strip().splitlines(),
)
def test_a_pair_without_a_formula(line: str) -> None:
    check(line)


def test_a_learners_formula_serves_subclasses_and_an_ambiguous_pair_is_told() -> None:
    dist = autogradkit.distributions

    class A(dist.Normal):
        pass

    class B(A):
        pass

    @dist.register_kl(A, dist.Normal)
    def _first(p: Any, q: Any) -> str:
        return "first"

    assert dist.kl_divergence(B(0.0, 1.0), dist.Normal(0.0, 1.0)) == "first"

    @dist.register_kl(dist.Normal, A)
    def _second(p: Any, q: Any) -> str:
        return "second"

    with pytest.warns(RuntimeWarning, match=r"Ambiguous kl_divergence\(B, A\). Please register_kl\(A, A\)"):
        assert dist.kl_divergence(B(0.0, 1.0), A(0.0, 1.0)) == "first"
