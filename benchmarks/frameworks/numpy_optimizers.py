"""SGD with momentum and Adam on NumPy arrays, in place, for the frameworks that bring no optimizer for given gradients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from benchmarks.models import LEARNING_RATE, MOMENTUM

Array = np.ndarray[Any, Any]


class Optimizer(Protocol):
    """Changes the arrays that it was made with by the gradients that it is given, in the same order."""

    def step(self, gradients: Iterable[Array]) -> None: ...


class SGD:
    """v ← momentum · v + g; p ← p - lr · v."""

    def __init__(self, arrays: Sequence[Array]) -> None:
        self.slots = [(array, np.zeros_like(array)) for array in arrays]

    def step(self, gradients: Iterable[Array]) -> None:
        rate = LEARNING_RATE["sgd"]
        for (array, velocity), gradient in zip(self.slots, gradients, strict=True):
            velocity *= MOMENTUM
            velocity += gradient
            array -= rate * velocity


class Adam:
    """Adam with PyTorch's default betas and epsilon."""

    def __init__(self, arrays: Sequence[Array]) -> None:
        self.slots = [(array, np.zeros_like(array), np.zeros_like(array)) for array in arrays]
        self.count = 0

    def step(self, gradients: Iterable[Array]) -> None:
        self.count += 1
        rate = LEARNING_RATE["adam"] / (1 - 0.9**self.count)
        correction = (1 - 0.999**self.count) ** 0.5
        for (array, mean, square), gradient in zip(self.slots, gradients, strict=True):
            mean *= 0.9
            mean += 0.1 * gradient
            square *= 0.999
            square += 0.001 * gradient * gradient
            array -= rate * mean / (np.sqrt(square) / correction + 1e-8)


def optimizer_of(name: str, arrays: Sequence[Array]) -> Optimizer:
    """The optimizer of that name, "sgd" or "adam", for these arrays."""
    return {"sgd": SGD, "adam": Adam}[name](arrays)
