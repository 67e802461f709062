"""Divergences of two distributions of one family, in closed form."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.tensor import Tensor
from autogradkit.distributions.bernoulli import Bernoulli
from autogradkit.distributions.beta import Beta
from autogradkit.distributions.binomial import Binomial
from autogradkit.distributions.categorical import Categorical
from autogradkit.distributions.cauchy import Cauchy
from autogradkit.distributions.continuous_bernoulli import ContinuousBernoulli
from autogradkit.distributions.dirichlet import Dirichlet
from autogradkit.distributions.exp_family import ExponentialFamily
from autogradkit.distributions.exponential import Exponential
from autogradkit.distributions.gamma import Gamma
from autogradkit.distributions.gaussian import log_det, squared_distance
from autogradkit.distributions.geometric import Geometric
from autogradkit.distributions.gumbel import EULER, Gumbel
from autogradkit.distributions.half_normal import HalfNormal
from autogradkit.distributions.independent import Independent
from autogradkit.distributions.kl.registry import kl_divergence, register_kl
from autogradkit.distributions.laplace import Laplace
from autogradkit.distributions.lowrank_multivariate_normal import LowRankMultivariateNormal
from autogradkit.distributions.multivariate_normal import MultivariateNormal
from autogradkit.distributions.normal import Normal
from autogradkit.distributions.one_hot_categorical import OneHotCategorical
from autogradkit.distributions.pareto import Pareto
from autogradkit.distributions.poisson import Poisson
from autogradkit.distributions.transformed_distribution import TransformedDistribution
from autogradkit.distributions.transforms.base import sum_rightmost
from autogradkit.distributions.uniform import Uniform

# -- of other distributions --------------------------------------------------------------------------------------------


@register_kl(Independent, Independent)
def _independent(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: TransformedDistribution, q: TransformedDistribution) -> Tensor:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: HalfNormal, q: HalfNormal) -> Tensor:
    return _normal(p.base_dist, q.base_dist)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return _categorical(p._categorical, q._categorical)


@register_kl(ExponentialFamily, ExponentialFamily)
def _exponential_family(p: ExponentialFamily, q: ExponentialFamily) -> Tensor:
    """Bregman's divergence of the logarithms of the normalizers."""
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot"
            "                             be computed using Bregman divergences"
        )
    p_params = [each.detach().requires_grad_() for each in p._natural_params]
    normalizer = p._log_normalizer(*p_params)
    gradients = ak.autograd.grad(normalizer.sum(), p_params, create_graph=True)
    q_params = q._natural_params
    result = q._log_normalizer(*q_params) - normalizer
    for ours, theirs, gradient in zip(p_params, q_params, gradients, strict=True):
        result = result - sum_rightmost((theirs - ours) * gradient, len(q.event_shape))
    return result


# -- of events ---------------------------------------------------------------------------------------------------------


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    softplus = ak.nn.functional.softplus
    of_one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    of_zero = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    of_one = of_one.where(q.probs != 0, math.inf).where(p.probs != 0, 0)
    return of_one + of_zero.where(q.probs != 1, math.inf).where(p.probs != 1, 0)


@register_kl(Binomial, Binomial)
def _binomial(p: Binomial, q: Binomial) -> Tensor:
    if (p.total_count < q.total_count).any():
        raise NotImplementedError("KL between Binomials where q.total_count > p.total_count is not implemented")
    each = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return (p.total_count * each).where(p.total_count <= q.total_count, math.inf)


@register_kl(Categorical, Categorical)
def _categorical(p: Categorical, q: Categorical) -> Tensor:
    each = p.probs * (p.logits - q.logits)
    return each.where(q.probs != 0, math.inf).where(p.probs != 0, 0).sum(-1)


@register_kl(Geometric, Geometric)
def _geometric(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - ak.log1p(-q.probs) / p.probs - q.logits


@register_kl(Poisson, Poisson)
def _poisson(p: Poisson, q: Poisson) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous_bernoulli(p: ContinuousBernoulli, q: ContinuousBernoulli) -> Tensor:
    at_zero_p = p._log_norm() + ak.log1p(-p.probs)
    at_zero_q = q._log_norm() + ak.log1p(-q.probs)
    return p.mean * (p.logits - q.logits) + at_zero_p - at_zero_q


# -- of numbers --------------------------------------------------------------------------------------------------------


@register_kl(Normal, Normal)
def _normal(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(Laplace, Laplace)
def _laplace(p: Laplace, q: Laplace) -> Tensor:
    ratio = p.scale / q.scale
    away = (p.loc - q.loc).abs()
    return -ratio.log() + away / q.scale + ratio * ak.exp(-away / p.scale) - 1


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Cauchy, q: Cauchy) -> Tensor:
    return ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log() - (4 * p.scale * q.scale).log()


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Gumbel, q: Gumbel) -> Tensor:
    ratio = p.scale / q.scale
    away = (p.loc - q.loc) / q.scale
    return away - ratio.log() + ratio * EULER + ak.exp((1 + ratio).lgamma() - away) - (1 + EULER)


@register_kl(Exponential, Exponential)
def _exponential(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(Gamma, Gamma)
def _gamma(p: Gamma, q: Gamma) -> Tensor:
    return (
        q.concentration * (p.rate / q.rate).log()
        + ak.lgamma(q.concentration)
        - ak.lgamma(p.concentration)
        + (p.concentration - q.concentration) * ak.digamma(p.concentration)
        + (q.rate - p.rate) * (p.concentration / p.rate)
    )


@register_kl(Pareto, Pareto)
def _pareto(p: Pareto, q: Pareto) -> Tensor:
    ratio = q.alpha / p.alpha
    result = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
    return result.where(p.scale >= q.scale, math.inf)


@register_kl(Uniform, Uniform)
def _uniform(p: Uniform, q: Uniform) -> Tensor:
    result = ((q.high - q.low) / (p.high - p.low)).log()
    return result.where((q.low <= p.low) & (q.high >= p.high), math.inf)


# -- of vectors --------------------------------------------------------------------------------------------------------


@register_kl(Beta, Beta)
def _beta(p: Beta, q: Beta) -> Tensor:
    return _dirichlet(p._dirichlet, q._dirichlet)


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Dirichlet, q: Dirichlet) -> Tensor:
    total = p.concentration.sum(-1)
    normalizers = p._log_normalizer(p.concentration) - q._log_normalizer(q.concentration)
    expected = p.concentration.digamma() - total.digamma().unsqueeze(-1)
    return ((p.concentration - q.concentration) * expected).sum(-1) - normalizers


def _trace(p_factor: Tensor, q_factor: Any) -> Tensor:
    """tr(Q⁻¹ P) of covariances by their factors: the squares of L_q⁻¹ L_p."""
    return ak.linalg.solve_triangular(q_factor, p_factor, upper=False).pow(2).sum([-2, -1])  # pyright: ignore[reportAttributeAccessIssue]


def _require_one_size(p: Any, q: Any, names: str, gap: int) -> None:
    if p.event_shape != q.event_shape:
        raise ValueError(f"KL-divergence between {names} with{' ' * gap}different event shapes cannot be computed")


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    _require_one_size(p, q, "two Multivariate Normals", 26)
    p_factor, q_factor = p._unbroadcasted_scale_tril, q._unbroadcasted_scale_tril
    spread = _trace(p_factor, q_factor) + squared_distance(q_factor, q.loc - p.loc)
    return log_det(q_factor) - log_det(p_factor) + 0.5 * (spread - p.event_shape[0])


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _low_rank(p: LowRankMultivariateNormal, q: LowRankMultivariateNormal) -> Tensor:
    _require_one_size(p, q, "two Low Rank Multivariate Normals", 26)
    return _to_low_rank(p, q, ak.cat([p._factor, p._diag.sqrt().diag_embed()], -1), p.log_det())


@register_kl(MultivariateNormal, LowRankMultivariateNormal)
def _multivariate_to_low_rank(p: MultivariateNormal, q: LowRankMultivariateNormal) -> Tensor:
    _require_one_size(p, q, "two (Low Rank) Multivariate Normals", 26)
    return _to_low_rank(p, q, p._unbroadcasted_scale_tril, 2 * log_det(p._unbroadcasted_scale_tril))


def _to_low_rank(p: Any, q: LowRankMultivariateNormal, factor: Tensor, p_log_det: Tensor) -> Tensor:
    """Of a normal with covariance F Fᵀ: the columns of F are distances whose squares add up to the trace."""
    trace = sum((q.squared_distance(each) for each in factor.unbind(-1)), ak.zeros(()))
    return 0.5 * (q.log_det() - p_log_det + trace + q.squared_distance(q.loc - p.loc) - p.event_shape[0])


@register_kl(LowRankMultivariateNormal, MultivariateNormal)
def _low_rank_to_multivariate(p: LowRankMultivariateNormal, q: MultivariateNormal) -> Tensor:
    _require_one_size(p, q, "two (Low Rank) Multivariate Normals", 26)
    q_factor = q._unbroadcasted_scale_tril
    spread = _trace(ak.cat([p._factor, p._diag.sqrt().diag_embed()], -1), q_factor)
    spread = spread + squared_distance(q_factor, q.loc - p.loc)
    return log_det(q_factor) - 0.5 * p.log_det() + 0.5 * (spread - p.event_shape[0])
