"""Stochastic depth: the branch of a residual block left out at random while it is trained (Huang et al., 2016).

Rests on nn; EfficientNet uses it.
"""

from __future__ import annotations

from autogradkit import nn
from autogradkit._ops.making.filled import empty
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor


@entry
def stochastic_depth(input: Tensor, p: float, mode: str, training: bool = True) -> Tensor:
    """`input` with each sample (mode "row"), or all of it ("batch"), zero with probability `p`; what is left is scaled up.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(0)
    >>> stochastic_depth(torch.ones(4, 2), 0.5, "row").sum(1).unique()
    tensor([0., 4.])
    """
    if p < 0.0 or p > 1.0:
        raise ValueError(f"drop probability has to be between 0 and 1, but got {p}")
    if mode not in ("batch", "row"):
        raise ValueError(f"mode has to be either 'batch' or 'row', but got {mode}")
    if not training or p == 0.0:
        return input
    survival = 1.0 - p
    size = [1] * input.ndim
    if mode == "row":
        size[0] = input.shape[0]
    noise = empty(size, dtype=input.dtype).bernoulli_(survival)
    if survival > 0.0:
        noise.div_(survival)
    return input * noise


class StochasticDepth(nn.Module):
    """`stochastic_depth` as a layer; in evaluation mode nothing is left out.

    >>> StochasticDepth(0.2, "row")
    StochasticDepth(p=0.2, mode=row)
    """

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, input: Tensor) -> Tensor:
        """Leave out what chance says, in training."""
        return stochastic_depth(input, self.p, self.mode, self.training)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p}, mode={self.mode})"
