"""dropout: each element zeroed with a probability, the rest scaled so that the expected value stays.

Rests on declare, mul and the draws of the default generator; `nn.functional` calls it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.memory import like
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.declare.writing import require_castable
from autogradkit._ops.pointwise.arithmetic import mul
from autogradkit.core.draws import chances, fill
from autogradkit.core.dtype import get_default_dtype
from autogradkit.core.random import default_generator
from autogradkit.core.recording import reported
from autogradkit.core.tensor import Tensor, wrap


def noise_of(input: Any, p: float, train: bool) -> Tensor | None:
    """What a dropped-out tensor is multiplied by; None where it stays as it is."""
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")
    array = input._array
    if p == 0 or not train or not array.size:
        return None
    if p == 1:
        return wrap(np.zeros((), array.dtype))
    if array.dtype.kind == "c":
        raise NotImplementedError(f"\"bernoulli_scalar_cpu_\" not implemented for '{scalar_type(input.dtype)}'")
    if array.dtype.kind in "biu":
        chances(default_generator, array.size, 1 - p)  # PyTorch has drawn by the time that it divides, and refuses
        require_castable(get_default_dtype().numpy, array.dtype)
    return reported("noise", "random", _noise, array, p)


def _noise(array: Any, p: float) -> Tensor:
    if array.dtype.kind == "c":
        raise NotImplementedError(f"\"bernoulli_scalar_cpu_\" not implemented for '{scalar_type(wrap(array).dtype)}'")
    noise = like(array)
    fill(noise, chances(default_generator, array.size, 1 - p))
    np.divide(noise, array.dtype.type(1 - p), out=noise)
    return wrap(noise)


@op(variants="function", composition=True)
def dropout(input: Array, p: float, train: bool) -> Any:
    """With `train`, zeroes each element with probability `p` and scales the rest by 1/(1 − p); else the input itself.

    Raises RuntimeError for a probability outside [0, 1].

    >>> import autogradkit as torch
    >>> torch.dropout(torch.ones(3), 1.0, True)
    tensor([0., 0., 0.])
    """
    noise = noise_of(input, p, train)
    return input if noise is None else mul.straight(input, noise)
