"""Divergences of distributions of different families: −H(p) − E[log q(x)], the expectation over draws x of p in closed form.

What log q needs of p (its mean, its variance, E[log x], E[exp(−x/s)]) is worked out once for each p. Where p may draw what q
cannot, the divergence is infinite.
"""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.distributions.bernoulli import Bernoulli
from autogradkit.distributions.beta import Beta
from autogradkit.distributions.binomial import Binomial
from autogradkit.distributions.continuous_bernoulli import ContinuousBernoulli
from autogradkit.distributions.exponential import Exponential
from autogradkit.distributions.gamma import Gamma
from autogradkit.distributions.gumbel import EULER, Gumbel
from autogradkit.distributions.kl.registry import register_kl
from autogradkit.distributions.laplace import Laplace
from autogradkit.distributions.normal import Normal
from autogradkit.distributions.pareto import Pareto
from autogradkit.distributions.poisson import Poisson
from autogradkit.distributions.uniform import Uniform

# -- what p can draw and q cannot --------------------------------------------------------------------------------------


def _infinite(p: Any, q: Any) -> Tensor:
    first = next(iter(p.arg_constraints))
    return ak.full_like(getattr(p, first), math.inf)


for _p, _qs in {
    Beta: [Pareto],
    ContinuousBernoulli: [Pareto],
    Exponential: [Beta, ContinuousBernoulli, Pareto, Uniform],
    Gamma: [Beta, ContinuousBernoulli, Pareto, Uniform],
    Gumbel: [Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform],
    Laplace: [Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform],
    Normal: [Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform],
    Pareto: [Beta, ContinuousBernoulli, Uniform],
    Poisson: [Bernoulli, Binomial],
}.items():
    for _q in _qs:
        register_kl(_p, _q)(_infinite)


def _within(p: Any, result: Tensor, low: Any, high: Any = math.inf) -> Tensor:
    """The result where p draws between the bounds only, else infinity. Of all p here a uniform's bounds alone are its own."""
    if isinstance(p, Uniform):
        return result.where((p.low >= low) & (p.high <= high), math.inf)
    return result


# -- what log q needs of p ---------------------------------------------------------------------------------------------


def _mean_logarithm(p: Any) -> Tensor:
    """E[log x]."""
    if isinstance(p, Beta):
        return p.concentration1.digamma() - (p.concentration1 + p.concentration0).digamma()
    if isinstance(p, Exponential):
        return -EULER - p.rate.log()
    if isinstance(p, Pareto):
        return p.scale.log() + p.alpha.reciprocal()
    return (ak.xlogy(p.high, p.high) - ak.xlogy(p.low, p.low)) / (p.high - p.low) - 1


def _mean_decay(p: Any, scale: Tensor) -> Tensor:
    """E[exp(−x / scale)]."""
    if isinstance(p, Exponential):
        return p.rate / (p.rate + scale.reciprocal())
    if isinstance(p, Gamma):
        return (1 + (p.rate * scale).reciprocal()).pow(-p.concentration)
    if isinstance(p, Normal):
        return ak.exp(-p.loc / scale + 0.5 * (p.scale / scale).pow(2))
    return scale * (ak.exp(-p.low / scale) - ak.exp(-p.high / scale)) / (p.high - p.low)


# -- by q --------------------------------------------------------------------------------------------------------------


@register_kl(Beta, Normal)
@register_kl(ContinuousBernoulli, Normal)
@register_kl(Exponential, Normal)
@register_kl(Gamma, Normal)
@register_kl(Gumbel, Normal)
@register_kl(Laplace, Normal)
@register_kl(Pareto, Normal)
@register_kl(Uniform, Normal)
def _to_normal(p: Any, q: Normal) -> Tensor:
    spread = p.variance + (p.mean - q.loc).pow(2)
    return -p.entropy() + 0.5 * (2 * math.pi * q.variance).log() + 0.5 * spread / q.variance


@register_kl(Beta, Exponential)
@register_kl(ContinuousBernoulli, Exponential)
@register_kl(Gamma, Exponential)
@register_kl(Pareto, Exponential)
@register_kl(Uniform, Exponential)
def _to_exponential(p: Any, q: Exponential) -> Tensor:
    return _within(p, -p.entropy() - q.rate.log() + q.rate * p.mean, 0)


@register_kl(Beta, Gamma)
@register_kl(Exponential, Gamma)
@register_kl(Pareto, Gamma)
@register_kl(Uniform, Gamma)
def _to_gamma(p: Any, q: Gamma) -> Tensor:
    normalizer = q.concentration.lgamma() - q.concentration * q.rate.log()
    expected = (q.concentration - 1) * _mean_logarithm(p) - q.rate * p.mean
    return _within(p, -p.entropy() + normalizer - expected, 0)


@register_kl(Exponential, Gumbel)
@register_kl(Gamma, Gumbel)
@register_kl(Normal, Gumbel)
@register_kl(Uniform, Gumbel)
def _to_gumbel(p: Any, q: Gumbel) -> Tensor:
    decay = ak.exp(q.loc / q.scale) * _mean_decay(p, q.scale)
    return -p.entropy() + q.scale.log() + (p.mean - q.loc) / q.scale + decay


@register_kl(Bernoulli, Poisson)
def _to_poisson(p: Bernoulli, q: Poisson) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Normal, Laplace)
def _to_laplace(p: Normal, q: Laplace) -> Tensor:
    away = (p.loc - q.loc) / p.scale
    distance = math.sqrt(2 / math.pi) * ak.exp(-0.5 * away.pow(2)) + away * ak.erf(math.sqrt(0.5) * away)
    return -p.entropy() + (2 * q.scale).log() + distance * p.scale / q.scale


@register_kl(Beta, Uniform)
def _beta_to_uniform(p: Beta, q: Uniform) -> Tensor:
    return (-p.entropy() + (q.high - q.low).log()).where((q.low <= 0) & (q.high >= 1), math.inf)


@register_kl(ContinuousBernoulli, Uniform)
def _continuous_bernoulli_to_uniform(p: ContinuousBernoulli, q: Uniform) -> Tensor:
    inside = (q.low < 0) & (q.high > 1)  # in PyTorch it is infinite for bounds of 0 and 1, too
    return (-p.entropy() + (q.high - q.low).log()).where(inside, math.inf)


@register_kl(Uniform, Beta)
def _to_beta(p: Uniform, q: Beta) -> Tensor:
    normalizer = q._log_normalizer(q.concentration1, q.concentration0)
    of_others = _mean_logarithm(Uniform(1 - p.high, 1 - p.low, validate_args=False))  # E[log(1 − x)]
    expected = (q.concentration1 - 1) * _mean_logarithm(p) + (q.concentration0 - 1) * of_others
    return _within(p, -p.entropy() + normalizer - expected, 0, 1)


@register_kl(Beta, ContinuousBernoulli)
def _to_continuous_bernoulli(p: Any, q: ContinuousBernoulli) -> Tensor:
    expected = p.mean * q.logits + ak.log1p(-q.probs) + q._log_norm()
    return _within(p, -p.entropy() - expected, 0, 1)


@register_kl(Uniform, ContinuousBernoulli)
def _uniform_to_continuous_bernoulli(p: Uniform, q: ContinuousBernoulli) -> Tensor:
    touches = (p.low <= 0) | (p.high >= 1)  # as in PyTorch, though 0 and 1 can still come
    return ak.where(touches, math.inf, _to_continuous_bernoulli(p, q))


@register_kl(Uniform, Pareto)
def _to_pareto(p: Uniform, q: Pareto) -> Tensor:
    expected = q.alpha.log() + q.alpha * q.scale.log() - (q.alpha + 1) * _mean_logarithm(p)
    return _within(p, -p.entropy() - expected, q.scale)
