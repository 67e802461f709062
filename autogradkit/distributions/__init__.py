"""Distributions of random numbers, as PyTorch's `torch.distributions` names them.

Draws (`sample`, and `rsample` where they have gradients), logarithms of probabilities, moments, entropies and divergences, over
batches; constraints of parameters and transforms between them. A seed gives PyTorch's draws. Each family has its file; all rest
on distribution.py, and that on the ops: they are compositions, which backward and pictures go through.
"""

from types import ModuleType as _ModuleType

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.distributions import constraints as constraints
from autogradkit.distributions import kl as kl
from autogradkit.distributions import transforms as transforms
from autogradkit.distributions import utils as utils
from autogradkit.distributions.bernoulli import Bernoulli as Bernoulli
from autogradkit.distributions.beta import Beta as Beta
from autogradkit.distributions.binomial import Binomial as Binomial
from autogradkit.distributions.categorical import Categorical as Categorical
from autogradkit.distributions.cauchy import Cauchy as Cauchy
from autogradkit.distributions.chi2 import Chi2 as Chi2
from autogradkit.distributions.constraint_registry import biject_to as biject_to
from autogradkit.distributions.constraint_registry import transform_to as transform_to
from autogradkit.distributions.continuous_bernoulli import ContinuousBernoulli as ContinuousBernoulli
from autogradkit.distributions.dirichlet import Dirichlet as Dirichlet
from autogradkit.distributions.distribution import Distribution as Distribution
from autogradkit.distributions.exp_family import ExponentialFamily as ExponentialFamily
from autogradkit.distributions.exponential import Exponential as Exponential
from autogradkit.distributions.fishersnedecor import FisherSnedecor as FisherSnedecor
from autogradkit.distributions.gamma import Gamma as Gamma
from autogradkit.distributions.generalized_pareto import GeneralizedPareto as GeneralizedPareto
from autogradkit.distributions.geometric import Geometric as Geometric
from autogradkit.distributions.gumbel import Gumbel as Gumbel
from autogradkit.distributions.half_cauchy import HalfCauchy as HalfCauchy
from autogradkit.distributions.half_normal import HalfNormal as HalfNormal
from autogradkit.distributions.independent import Independent as Independent
from autogradkit.distributions.inverse_gamma import InverseGamma as InverseGamma
from autogradkit.distributions.kl import kl_divergence as kl_divergence
from autogradkit.distributions.kl import register_kl as register_kl
from autogradkit.distributions.kumaraswamy import Kumaraswamy as Kumaraswamy
from autogradkit.distributions.laplace import Laplace as Laplace
from autogradkit.distributions.lkj_cholesky import LKJCholesky as LKJCholesky
from autogradkit.distributions.log_normal import LogNormal as LogNormal
from autogradkit.distributions.logistic_normal import LogisticNormal as LogisticNormal
from autogradkit.distributions.lowrank_multivariate_normal import LowRankMultivariateNormal as LowRankMultivariateNormal
from autogradkit.distributions.mixture_same_family import MixtureSameFamily as MixtureSameFamily
from autogradkit.distributions.multinomial import Multinomial as Multinomial
from autogradkit.distributions.multivariate_normal import MultivariateNormal as MultivariateNormal
from autogradkit.distributions.negative_binomial import NegativeBinomial as NegativeBinomial
from autogradkit.distributions.normal import Normal as Normal
from autogradkit.distributions.one_hot_categorical import OneHotCategorical as OneHotCategorical
from autogradkit.distributions.one_hot_categorical import (
    OneHotCategoricalStraightThrough as OneHotCategoricalStraightThrough,
)
from autogradkit.distributions.pareto import Pareto as Pareto
from autogradkit.distributions.poisson import Poisson as Poisson
from autogradkit.distributions.relaxed_bernoulli import RelaxedBernoulli as RelaxedBernoulli
from autogradkit.distributions.relaxed_categorical import RelaxedOneHotCategorical as RelaxedOneHotCategorical
from autogradkit.distributions.studentT import StudentT as StudentT
from autogradkit.distributions.transformed_distribution import TransformedDistribution as TransformedDistribution
from autogradkit.distributions.transforms import AbsTransform as AbsTransform
from autogradkit.distributions.transforms import AffineTransform as AffineTransform
from autogradkit.distributions.transforms import CatTransform as CatTransform
from autogradkit.distributions.transforms import ComposeTransform as ComposeTransform
from autogradkit.distributions.transforms import CorrCholeskyTransform as CorrCholeskyTransform
from autogradkit.distributions.transforms import CumulativeDistributionTransform as CumulativeDistributionTransform
from autogradkit.distributions.transforms import ExpTransform as ExpTransform
from autogradkit.distributions.transforms import IndependentTransform as IndependentTransform
from autogradkit.distributions.transforms import LowerCholeskyTransform as LowerCholeskyTransform
from autogradkit.distributions.transforms import PositiveDefiniteTransform as PositiveDefiniteTransform
from autogradkit.distributions.transforms import PowerTransform as PowerTransform
from autogradkit.distributions.transforms import ReshapeTransform as ReshapeTransform
from autogradkit.distributions.transforms import SigmoidTransform as SigmoidTransform
from autogradkit.distributions.transforms import SoftmaxTransform as SoftmaxTransform
from autogradkit.distributions.transforms import SoftplusTransform as SoftplusTransform
from autogradkit.distributions.transforms import StackTransform as StackTransform
from autogradkit.distributions.transforms import StickBreakingTransform as StickBreakingTransform
from autogradkit.distributions.transforms import TanhTransform as TanhTransform
from autogradkit.distributions.transforms import Transform as Transform
from autogradkit.distributions.transforms import identity_transform as identity_transform
from autogradkit.distributions.uniform import Uniform as Uniform
from autogradkit.distributions.von_mises import VonMises as VonMises
from autogradkit.distributions.weibull import Weibull as Weibull
from autogradkit.distributions.wishart import Wishart as Wishart

# Not the families' modules, whose names (`beta`, `gamma`, `uniform`) are also those of variables in scripts.
__all__ = [  # pyright: ignore[reportUnsupportedDunderAll]
    name for name, value in globals().items() if name[0] != "_" and not isinstance(value, _ModuleType)
]

__getattr__ = _absent_from("distributions")
