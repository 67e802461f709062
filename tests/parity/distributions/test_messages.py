"""What distributions refuse, and how they say it, beside PyTorch."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case
from tests.parity.one_line import outcome

LINES = """
Bernoulli(); 1
Bernoulli(0.5, 0.5); 1
Bernoulli(2.0); 1
Bernoulli("a"); 1
Bernoulli(0.5).log_prob(torch.tensor(0.5))
Bernoulli(0.5).log_prob(1)
Bernoulli(0.5, validate_args=False).log_prob(torch.tensor(0.5))
Bernoulli(torch.ones(2) / 2).log_prob(torch.ones(3))
Categorical(torch.tensor(1.0)); 1
Categorical(logits=torch.tensor(1.0)); 1
Categorical(torch.tensor([1.0, -1.0])); 1
Categorical(logits=torch.tensor([1.0, float("nan")])); 1
Categorical(torch.ones(3)).log_prob(torch.tensor(3))
Categorical(torch.ones(3)).cdf(torch.tensor(2))
Normal("a", 1); 1
Normal(0.0, -1.0); 1
Normal(torch.zeros(2), torch.tensor([1.0, 0.0])); 1
Normal(torch.zeros(2), torch.zeros(3)); 1
Normal(0.0, 1.0).cdf(3)
Normal(torch.zeros(2), 1.0).log_prob(torch.zeros(3))
Normal(0.0, 1.0).log_prob(torch.tensor(float("nan")))
Normal(0, 1)
Normal(0, 1).sample()
Normal(0, 1).sample([3]).shape
Normal(0, 1).sample(3)
Normal(0.0, 1.0).expand(3)
Normal(torch.zeros(2), 1.0).expand((3,))
Normal(0.0, 1.0).enumerate_support()
Normal(0.0, 1.0).sample_n(2)
Normal(torch.zeros(2, requires_grad=True), 1.0).rsample()
Uniform(1.0, 0.0); 1
Uniform(0.0, torch.tensor([float("nan")])); 1
Uniform(0.0, 1.0).log_prob(torch.tensor(2.0))
Uniform(0.0, 1.0, validate_args=False).log_prob(torch.tensor([2.0, 1.0, 0.0]))
Beta(1.0, -2.0); 1
Beta(torch.ones(2), 2.0).cdf(torch.tensor(0.5))
Dirichlet(torch.tensor(1.0)); 1
Dirichlet(torch.tensor([1.0, -1.0])); 1
Dirichlet(torch.ones(2)).log_prob(torch.tensor([0.5, 0.6]))
Geometric(0.0); 1
Geometric(torch.tensor([0.0, 0.5])); 1
Multinomial(2.5); 1
Multinomial(2, torch.ones(2)).log_prob(torch.tensor([1, 3]))
Multinomial(2, torch.ones(2)).log_prob(torch.tensor([1.0, 1.0]))
Multinomial(2, torch.ones(2)).mode
Binomial(2, torch.tensor(0.5)).log_prob(torch.tensor(3.0))
Binomial(torch.tensor([2, 3]), torch.tensor(0.5)).enumerate_support()
Binomial(torch.tensor([2, 3]), torch.tensor(0.5)).entropy()
Poisson(-1.0); 1
Poisson(1.0).log_prob(torch.tensor(0.5))
Exponential(0.0); 1
Gamma(1.0, 1.0).log_prob(torch.tensor(-1.0))
MultivariateNormal(torch.zeros(2)); 1
MultivariateNormal(torch.tensor(0.0), torch.eye(2)); 1
MultivariateNormal(torch.zeros(2), torch.ones(2)); 1
MultivariateNormal(torch.zeros(2), precision_matrix=torch.ones(2)); 1
MultivariateNormal(torch.zeros(2), scale_tril=torch.ones(2)); 1
MultivariateNormal(torch.zeros(2), torch.zeros(2, 2)); 1
MultivariateNormal(torch.zeros(2), torch.eye(2), torch.eye(2)); 1
MultivariateNormal(torch.zeros(2), torch.eye(2)).log_prob(torch.zeros(3))
MultivariateNormal(torch.zeros(2), torch.eye(2) + 1).precision_matrix
Independent(Normal(torch.zeros(2), 1.0), 2)
Independent(Bernoulli(torch.ones(2) / 2), 1).enumerate_support()
Independent(Normal(torch.zeros(2), 1.0), 1).log_prob(torch.zeros(3))
TransformedDistribution(Normal(0.0, 1.0), 3)
TransformedDistribution(Normal(0.0, 1.0), [3])
TransformedDistribution(Normal(0.0, 1.0), [torch.distributions.SoftmaxTransform()])
TransformedDistribution(Normal(0.0, 1.0), []).mean
TransformedDistribution(Normal(0.0, 1.0), torch.distributions.ExpTransform()).log_prob(torch.tensor(-1.0))
TransformedDistribution(Normal(0.0, 1.0), torch.distributions.AbsTransform()).cdf(torch.tensor(1.0))
MixtureSameFamily(Normal(0.0, 1.0), Normal(0.0, 1.0))
MixtureSameFamily(Categorical(torch.ones(2)), 3)
MixtureSameFamily(Categorical(torch.ones(2)), Normal(torch.zeros(3), 1.0))
MixtureSameFamily(Categorical(torch.ones(4, 2)), Normal(torch.zeros(3, 2), 1.0))
MixtureSameFamily(Categorical(torch.ones(2)), Normal(torch.zeros(2), 1.0))
MixtureSameFamily(Categorical(torch.ones(2)), Normal(torch.zeros(2), 1.0)).mode
MixtureSameFamily(Categorical(torch.ones(2)), Normal(torch.zeros(2), 1.0)).rsample()
OneHotCategorical(torch.ones(3)).log_prob(torch.tensor([1.0, 1.0, 0.0]))
OneHotCategorical(torch.ones(3)).enumerate_support()
RelaxedBernoulli(torch.tensor(1.0), 0.5)
RelaxedOneHotCategorical(torch.tensor(1.0), torch.ones(2))
ContinuousBernoulli(2.0, validate_args=True)
HalfNormal(-1.0); 1
HalfCauchy(1.0).log_prob(torch.tensor(-1.0))
StudentT(0.0); 1
Chi2(-1.0); 1
Pareto(1.0, 2.0).log_prob(torch.tensor(0.5))
VonMises(0.0, 0.0)
Weibull(1.0, 0.0); 1
InverseGamma(1.0, 0.0); 1
LowRankMultivariateNormal(torch.tensor(1.0), torch.ones(1), torch.ones(1))
LowRankMultivariateNormal(torch.ones(1), torch.ones(1), torch.ones(1))
LowRankMultivariateNormal(torch.ones(1), torch.ones(1, 1), torch.tensor(1.0))
LowRankMultivariateNormal(torch.ones(2), torch.ones(1, 1), torch.ones(1))
LowRankMultivariateNormal(torch.ones(2), torch.ones(2, 1), torch.ones(1))
LowRankMultivariateNormal(torch.ones(2), torch.ones(3, 2, 1), torch.ones(2, 2))
LowRankMultivariateNormal(torch.ones(2), torch.ones(2, 1), -torch.ones(2))
LKJCholesky(1)
LKJCholesky(3).mean
LKJCholesky(2).log_prob(torch.ones(2, 2))
Wishart(torch.tensor(0.5), torch.eye(2))
Wishart(torch.tensor(1.5), torch.eye(2))
Wishart(torch.tensor(3.0))
Wishart(3.0, torch.eye(2), torch.eye(2))
Wishart(3.0, torch.ones(2))
Wishart(3, torch.ones(2, 2))
Wishart(3.0, torch.eye(2)).sample()
GeneralizedPareto(torch.tensor([0.0, 1.0]), 1.0, torch.tensor([0.5, -0.5])).log_prob(torch.tensor(4.0))
LogNormal(0.0, 1.0).log_prob(torch.tensor(-1.0))
Distribution(validate_args=False).expand((1,))
Distribution(validate_args=False).mean
Distribution(validate_args=False).mode
Distribution(validate_args=False).support
Distribution(validate_args=False).log_prob(torch.ones(1))
Distribution.set_default_validate_args(3)
Normal.mean.__class__.__name__, Bernoulli.probs.__class__.__name__, Binomial.support
""".strip().splitlines()


@every_case("line", LINES)
def test_a_line_says_the_same(line: str) -> None:
    names = [name for name in torch.distributions.__all__ if f"{name}(" in line or f"{name}." in line]
    whole = f"from torch.distributions import {', '.join(names)}; {line}"
    theirs = outcome(torch, whole)
    ours = outcome(autogradkit, whole.replace("from torch.", "from autogradkit."))
    assert [str(each).replace("autogradkit.", "torch.") for each in ours] == [
        str(each).replace("_lazy_property_and_property", "_PropertyOfClass") for each in theirs
    ]


@pytest.mark.parametrize("package", [torch, autogradkit])
def test_a_learners_class(package: Any) -> None:
    dist = package.distributions

    class Fixed(dist.Normal):
        def __init__(self) -> None:
            super().__init__(0.0, 1.0)

    with pytest.raises(NotImplementedError) as caught:
        Fixed().expand((2,))
    assert str(caught.value) == (
        "Subclass Fixed of Normal that defines a custom __init__ method must also define a custom .expand() method."
    )

    class Renamed(dist.Normal):
        pass

    assert type(Renamed(0.0, 1.0).expand((2,))) is Renamed

    class Own(dist.Distribution):
        arg_constraints = {"width": dist.constraints.positive}  # noqa: RUF012

        def __init__(self, width: Any, validate_args: Any = None) -> None:
            (self.width,) = dist.utils.broadcast_all(width)
            super().__init__(self.width.shape, validate_args=validate_args)

        def rsample(self, sample_shape: Any = ()) -> Any:
            return self.width * package.ones(self._extended_shape(sample_shape))

    assert repr(Own(package.ones(2))) == "Own(width: torch.Size([2]))"
    assert Own(package.tensor([1.0, 3.0], requires_grad=True)).sample((2,)).tolist() == [[1.0, 3.0]] * 2
    with pytest.raises(ValueError, match=r"of distribution Own\(width: -1.0\) to satisfy"):
        Own(-1.0)


def test_validation_is_switched_for_all() -> None:
    dist = autogradkit.distributions
    assert dist.Normal(0.0, 1.0)._validate_args
    dist.Distribution.set_default_validate_args(False)
    try:
        assert repr(dist.Normal(0.0, -1.0)) == "Normal(loc: 0.0, scale: -1.0)"
    finally:
        dist.Distribution.set_default_validate_args(True)


def test_a_learners_class_is_told_what_it_does_not_say() -> None:
    dist = autogradkit.distributions
    with pytest.warns(UserWarning, match="does not define `arg_constraints`"):
        dist.Distribution()

    class Open(dist.Distribution):
        arg_constraints = {}  # noqa: RUF012

        def log_prob(self, value: Any) -> Any:
            self._validate_sample(value)
            return value

    with pytest.warns(UserWarning, match="does not define `support`"):
        assert Open().log_prob(autogradkit.tensor(2.0)).item() == 2.0
