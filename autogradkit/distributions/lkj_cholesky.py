"""`LKJCholesky`: Cholesky factors of random correlation matrices (Lewandowski, Kurowicka and Joe, 2009)."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.size import Size
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import constraints
from autogradkit.distributions.beta import Beta
from autogradkit.distributions.distribution import Distribution, of_value
from autogradkit.distributions.utils import broadcast_all

__all__ = ["LKJCholesky"]


class LKJCholesky(Distribution):
    """Factors of correlation matrices with `dim` rows, of density ∝ det ** (concentration − 1).

    >>> import autogradkit as torch
    >>> torch.distributions.LKJCholesky(3, 0.5).sample().shape
    torch.Size([3, 3])
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        dtype = self.concentration.dtype
        # Entries of a row but the last two
        before = ak.cat([ak.zeros(1, dtype=dtype), ak.arange(dim - 1, dtype=dtype)])
        shared = self.concentration + 0.5 * (dim - 2)
        self._beta = Beta(before + 0.5, shared.unsqueeze(-1) - 0.5 * before)
        super().__init__(self.concentration.shape, (dim, dim), validate_args)

    def _expand_further(self, new: Any, batch_shape: Size) -> None:
        new.dim = self.dim
        new._beta = self._beta.expand((*batch_shape, self.dim))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        with ak.no_grad():
            squares = self._beta.sample(sample_shape).unsqueeze(-1)  # of a row's length below the diagonal
            directions = ak.randn(self._extended_shape(sample_shape), dtype=squares.dtype).tril(-1)
            directions = directions / directions.norm(dim=-1, keepdim=True)
            directions[..., 0, :].fill_(0.0)  # the first row has nothing there
            below = ak.sqrt(squares) * directions
            rest = ak.clamp(1 - ak.sum(below**2, dim=-1), min=ak.finfo(below.dtype).tiny)
            return below + ak.diag_embed(rest.sqrt())

    @of_value
    def log_prob(self, value: Tensor) -> Tensor:
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        powers = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - ak.arange(2, self.dim + 1)
        below = self.dim - 1
        alpha = self.concentration + 0.5 * below
        normalizer = 0.5 * below * math.log(math.pi) + ak.mvlgamma(alpha - 0.5, below) - below * ak.lgamma(alpha)
        return ak.sum(powers * diagonal.log(), dim=-1) - normalizer
