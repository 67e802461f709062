"""Invertible maps of tensors with the logarithm of how they change volumes, as PyTorch's `distributions.transforms` names them.

A distribution is transformed by them, and `biject_to` and `transform_to` give those that lead into a constraint.
"""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.distributions.transforms.base import Transform as Transform
from autogradkit.distributions.transforms.base import _InverseTransform as _InverseTransform
from autogradkit.distributions.transforms.combined import CatTransform as CatTransform
from autogradkit.distributions.transforms.combined import ComposeTransform as ComposeTransform
from autogradkit.distributions.transforms.combined import IndependentTransform as IndependentTransform
from autogradkit.distributions.transforms.combined import StackTransform as StackTransform
from autogradkit.distributions.transforms.combined import identity_transform as identity_transform
from autogradkit.distributions.transforms.elementwise import AbsTransform as AbsTransform
from autogradkit.distributions.transforms.elementwise import AffineTransform as AffineTransform
from autogradkit.distributions.transforms.elementwise import (
    CumulativeDistributionTransform as CumulativeDistributionTransform,
)
from autogradkit.distributions.transforms.elementwise import ExpTransform as ExpTransform
from autogradkit.distributions.transforms.elementwise import PowerTransform as PowerTransform
from autogradkit.distributions.transforms.elementwise import SigmoidTransform as SigmoidTransform
from autogradkit.distributions.transforms.elementwise import SoftplusTransform as SoftplusTransform
from autogradkit.distributions.transforms.elementwise import TanhTransform as TanhTransform
from autogradkit.distributions.transforms.elementwise import _clipped_sigmoid as _clipped_sigmoid
from autogradkit.distributions.transforms.structured import CorrCholeskyTransform as CorrCholeskyTransform
from autogradkit.distributions.transforms.structured import LowerCholeskyTransform as LowerCholeskyTransform
from autogradkit.distributions.transforms.structured import PositiveDefiniteTransform as PositiveDefiniteTransform
from autogradkit.distributions.transforms.structured import ReshapeTransform as ReshapeTransform
from autogradkit.distributions.transforms.structured import SoftmaxTransform as SoftmaxTransform
from autogradkit.distributions.transforms.structured import StickBreakingTransform as StickBreakingTransform

__all__ = [
    "AbsTransform",
    "AffineTransform",
    "CatTransform",
    "ComposeTransform",
    "CorrCholeskyTransform",
    "CumulativeDistributionTransform",
    "ExpTransform",
    "IndependentTransform",
    "LowerCholeskyTransform",
    "PositiveDefiniteTransform",
    "PowerTransform",
    "ReshapeTransform",
    "SigmoidTransform",
    "SoftmaxTransform",
    "SoftplusTransform",
    "StackTransform",
    "StickBreakingTransform",
    "TanhTransform",
    "Transform",
    "identity_transform",
]
__getattr__ = _absent_from("distributions.transforms")
