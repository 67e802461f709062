"""Distributions of every family, as lines that either library runs, and values of theirs that each test looks at."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import autogradkit

# `t` makes a tensor that requires grad. Of GeneralizedPareto PyTorch computes hardly anything in float64.
FAMILIES = """
Normal(0.5, 2.0)
Normal(t([0.3, -1.2]), t([0.5, 2.0]))
Normal(t([[0.3], [-1.2]]), t([0.5, 2.0, 0.7]))
Bernoulli(0.3)
Bernoulli(t([0.3, 0.5, 0.9]))
Bernoulli(logits=t([[0.4, -1.3]]))
Categorical(t([0.2, 0.5, 0.9]))
Categorical(logits=t([[0.4, -1.3, 0.7], [2.0, 0.1, -0.6]]))
Uniform(-1.0, 2.5)
Uniform(t([0.5, -2.0]), t([1.5, 3.0]))
Beta(0.7, 2.5)
Beta(t([0.7, 3.0]), t([2.5, 1.2]))
Beta(t([[1.7], [3.0]]), 2.2)
Dirichlet(t([0.7, 2.5, 1.3]))
Dirichlet(t([[0.7, 2.5], [0.4, 0.3]]))
MultivariateNormal(t([0.5, -1.0]), torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=kind))
MultivariateNormal(t([[0.5, -1.0], [0.1, 0.2]]), scale_tril=t([[1.5, 0.0], [-0.5, 0.7]]))
MultivariateNormal(t([0.5, -1.0, 2.0]), precision_matrix=t([[2.0, 0.5, 0.1], [0.5, 1.0, 0.2], [0.1, 0.2, 3.0]]))
Independent(Normal(t([0.3, -1.2]), t([0.5, 2.0])), 1)
Independent(Bernoulli(t([[0.3, 0.6], [0.2, 0.9]])), 2)
Independent(Categorical(t([[0.2, 0.5, 0.9]])), 0)
MixtureSameFamily(Categorical(t([0.2, 0.8])), Normal(t([-1.0, 1.5]), t([0.5, 2.0])))
MixtureSameFamily(Categorical(t([[0.2, 0.8], [0.6, 0.4]])), Independent(Normal(t([[[0.1, 0.2], [1.0, 2.0]]] * 2), 1.3), 1))
TransformedDistribution(Normal(t([0.3, -1.2]), t([0.5, 2.0])), [ExpTransform(), AffineTransform(1.0, -2.0)])
TransformedDistribution(Uniform(t([0.1, 0.2]), t([0.8, 0.9])), SigmoidTransform().inv)
Binomial(5, t([0.3, 0.8]))
Binomial(torch.tensor([3.0, 30.0], dtype=kind), logits=t([0.3, -0.2]))
Geometric(t([0.3, 0.8]))
Geometric(logits=t([0.3, -0.2]))
NegativeBinomial(3.0, t([0.3, 0.8]))
NegativeBinomial(t([3.5, 12.0]), logits=t([0.3, -0.2]))
Poisson(t([0.7, 14.0]))
Poisson(3.0)
Exponential(t([0.7, 4.0]))
Exponential(1.5)
Gamma(t([0.7, 4.0]), t([2.0, 0.5]))
Gamma(2.0, t([[3.0], [0.4]]))
Chi2(t([0.7, 4.0]))
Cauchy(t([0.7, -4.0]), t([2.0, 0.5]))
HalfCauchy(t([2.0, 0.5]))
HalfNormal(t([2.0, 0.5]))
Laplace(t([0.7, -4.0]), t([2.0, 0.5]))
StudentT(t([0.8, 1.6, 5.0]), t([0.5, -0.3, 1.0]), t([2.0, 0.5, 1.5]))
StudentT(3.0)
FisherSnedecor(t([0.8, 3.0, 5.0]), t([1.5, 3.0, 7.0]))
Gumbel(t([0.7, -4.0]), t([2.0, 0.5]))
Gumbel(0.5, 2.0)
LogNormal(t([0.7, -1.0]), t([0.6, 0.5]))
LogisticNormal(t([0.7, -1.0]), t([0.6, 0.5]))
LogisticNormal(t([[0.7, -1.0, 0.1]]), t([0.6, 0.5, 0.2]))
Weibull(t([0.7, 1.5]), t([2.0, 0.5]))
Pareto(t([0.7, 1.5]), t([2.5, 0.5]))
Kumaraswamy(t([0.7, 1.5]), t([2.5, 3.5]))
InverseGamma(t([0.7, 1.5, 3.0]), t([2.5, 0.5, 1.0]))
Multinomial(4, t([0.2, 0.5, 0.9]))
Multinomial(3, logits=t([[0.4, -1.3, 0.7], [2.0, 0.1, -0.6]]))
OneHotCategorical(t([0.2, 0.5, 0.9]))
OneHotCategorical(logits=t([[0.4, -1.3, 0.7], [2.0, 0.1, -0.6]]))
OneHotCategoricalStraightThrough(t([[0.2, 0.5, 0.9]]))
RelaxedBernoulli(torch.tensor(0.7, dtype=kind), t([0.3, 0.8]))
RelaxedBernoulli(t([0.7, 0.2]), logits=t([0.3, -0.8]))
RelaxedOneHotCategorical(torch.tensor(0.7, dtype=kind), t([0.2, 0.5, 0.9]))
RelaxedOneHotCategorical(t(0.7), logits=t([[0.4, -1.3, 0.7], [2.0, 0.1, -0.6]]))
ContinuousBernoulli(t([0.3, 0.5, 0.4999, 0.9]))
ContinuousBernoulli(logits=t([0.3, 0.001, -2.0]))
VonMises(t([0.3, -2.0]), t([0.7, 40.0]))
GeneralizedPareto(t([0.3, -2.0, 1.0]).float(), t([0.7, 4.0, 0.5]).float(), t([0.0, 0.3, -0.4]).float())
GeneralizedPareto(0.5, 2.0, 1.5)
LowRankMultivariateNormal(t([0.1, 0.2, 0.3]), t([[1.0, 0.2], [0.3, 0.4], [0.5, 0.6]]), t([1.0, 2.0, 3.0]))
LowRankMultivariateNormal(t([[0.1, 0.2], [0.4, 0.5]]), t([[1.0], [0.3]]), t([1.0, 2.0]))
LKJCholesky(3, t([0.5, 2.0]))
LKJCholesky(2)
Wishart(3.5, t([[2.0, 0.5], [0.5, 1.0]]))
Wishart(t([3.5, 5.0]), scale_tril=t([[1.5, 0.0], [0.5, 1.0]]))
""".strip().splitlines()


SINGLE = 3e-6  # how near float32 is compared


def evaluate(module: Any, line: str, kind: str = "float64") -> tuple[Any, list[Any]]:
    """(what the line gives in a library, the leaves that it made)."""
    dtype = getattr(module, kind)
    leaves: list[Any] = []

    def t(values: Any) -> Any:
        leaves.append(module.tensor(values, dtype=dtype, requires_grad=True))
        return leaves[-1]

    names = {"torch": module, "t": t, "kind": dtype}
    names |= {name: getattr(module.distributions, name) for name in torch.distributions.__all__ if name in line}
    return eval(line, names), leaves


def numbers(value: Any) -> Any:
    """A result as an array, or what stands in its place."""
    if isinstance(value, torch.Tensor | autogradkit.Tensor):
        return np.array(value.detach().tolist())
    return value


def close(ours: Any, theirs: Any, rtol: float = 1e-9, atol: float = 1e-12) -> None:
    """Both are the same: tensors of one dtype and shape with nearly the same numbers, or errors of one type and text."""
    if isinstance(theirs, tuple | str):
        assert ours == theirs
        return
    assert not isinstance(ours, tuple | str), ours
    assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
    assert tuple(ours.shape) == tuple(theirs.shape)
    if theirs.dtype == torch.float32:
        rtol, atol = max(rtol, SINGLE), max(atol, SINGLE)
    np.testing.assert_allclose(numbers(ours), numbers(theirs), rtol=rtol, atol=atol)


def outcome(make: Any) -> Any:
    """What a call gives, or the type and text of its error, without the name of the library."""
    try:
        return make()
    except Exception as error:
        return type(error).__name__, str(error).replace("autogradkit.", "torch.")
