"""The networks, their initial weights and their data, as plain values and NumPy arrays: the same for every framework.

Rests on NumPy; the frameworks build their networks from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

LEARNING_RATE = {"sgd": 0.01, "adam": 1e-3}
MOMENTUM = 0.9


@dataclass(frozen=True)
class Conv:
    """A convolution with a 5×5 kernel and a bias, without padding."""

    inputs: int
    outputs: int
    kernel: int = 5


@dataclass(frozen=True)
class Linear:
    """A fully connected layer with a bias."""

    inputs: int
    outputs: int


@dataclass(frozen=True)
class Relu:
    """max(x, 0)."""


@dataclass(frozen=True)
class Pool:
    """Max pooling over 2×2."""


@dataclass(frozen=True)
class Flatten:
    """All dimensions but the first become one."""


Layer = Conv | Linear | Relu | Pool | Flatten


@dataclass(frozen=True)
class Model:
    """A network: its full name, the shape of one input, and its layers in order."""

    title: str
    shape: tuple[int, ...]
    layers: tuple[Layer, ...]


MODELS = {
    "mlp": Model("MLP 784-128-64-10", (784,), (Linear(784, 128), Relu(), Linear(128, 64), Relu(), Linear(64, 10))),
    "lenet": Model(
        "LeNet, 1×32×32",
        (1, 32, 32),
        (
            *(Conv(1, 6), Relu(), Pool()),
            *(Conv(6, 16), Relu(), Pool()),
            *(Flatten(), Linear(400, 120), Relu(), Linear(120, 84), Relu(), Linear(84, 10)),
        ),
    ),
    "mnist": Model(
        "MNIST net, 1×28×28",
        (1, 28, 28),
        (
            *(Conv(1, 20), Relu(), Pool()),
            *(Conv(20, 50), Relu(), Pool()),
            *(Flatten(), Linear(800, 500), Relu(), Linear(500, 10)),
        ),
    ),
}


def batch_of(model: Model, size: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Inputs, float32, of one batch, and ten rows of labels, int64, for it: noise, the same at every call.

    Each step takes the next row. A network whose labels stay learns its batch by heart; its gradients, and with them the
    momentum, then sink into denormal numbers, which take some processors ten times as long.
    """
    stream = np.random.default_rng(0)
    inputs = stream.standard_normal((size, *model.shape), dtype=np.float32)
    return inputs, (stream.integers(0, 10, size) + np.arange(10)[:, None]) % 10


def initial_weights(model: Model) -> list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """(weight, bias) of each layer that has them, in PyTorch's layout and range: ±1/√fan-in, the same at every call."""
    stream = np.random.default_rng(1)
    weights = []
    for layer in model.layers:
        match layer:
            case Conv(inputs, outputs, kernel):
                shape, fan_in = (outputs, inputs, kernel, kernel), inputs * kernel * kernel
            case Linear(inputs, outputs):
                shape, fan_in = (outputs, inputs), inputs
            case _:
                continue
        bound = fan_in**-0.5
        weights.append(tuple(stream.uniform(-bound, bound, size).astype(np.float32) for size in (shape, outputs)))
    return weights
