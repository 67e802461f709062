"""LeNet and an MLP with dropout learn the bundled digits beside PyTorch: one seed, one shuffle, the same masks, 200 steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from autogradkit.vision.datasets import MNISTSample

pytestmark = pytest.mark.long
STEPS, BATCH = 200, 50


def lenet(nn: Any) -> Any:
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.1), nn.Flatten()),
        *(nn.Linear(400, 120), nn.ReLU(), nn.Dropout(0.25), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


def mlp(nn: Any) -> Any:
    return nn.Sequential(
        *(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.5)),
        *(nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.25), nn.Linear(64, 10)),
    )


# A network, its optimizer, and the rate in each precision. In single precision LeNet learns at half the rate: else a last digit
# of the first steps comes to three points of accuracy in the end, on a processor without AVX-512.
NETWORKS: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any, float], Any], dict[str, float]]] = {
    "LeNet": (
        lenet,
        lambda optim, weights, lr: optim.SGD(weights, lr, momentum=0.9),
        {"float64": 0.02, "float32": 0.01},
    ),
    "MLP": (mlp, lambda optim, weights, lr: optim.Adam(weights, lr), {"float64": 1e-3, "float32": 1e-3}),
}


def digits(m: Any, train: bool, dtype: Any) -> Any:
    sample = MNISTSample(train)
    pixels = m.tensor(sample.data.numpy()[:, None].astype("float32") / 255).to(dtype)
    return m.utils.data.TensorDataset(pixels, m.tensor(sample.targets.numpy()))


def trained(m: Any, network: str, precision: str) -> tuple[np.ndarray[Any, Any], float]:
    """The loss of every step, and how many of 100 test digits are named rightly in the end."""
    m.manual_seed(1)
    dtype = getattr(m, precision)
    build, optimize, rates = NETWORKS[network]
    model = build(m.nn).to(dtype)
    optimizer = optimize(m.optim, model.parameters(), rates[precision])
    loader = m.utils.data.DataLoader(digits(m, True, dtype), BATCH, shuffle=True)
    losses: list[float] = []
    while len(losses) < STEPS:
        for inputs, targets in loader:
            loss = m.nn.functional.cross_entropy(model(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    model.eval()
    inputs, targets = digits(m, False, dtype).tensors
    with m.no_grad():
        right = (model(inputs).argmax(1) == targets).sum().item()
    return np.array(losses), 100 * right / len(targets)


@pytest.mark.parametrize("network", NETWORKS)
def test_in_double_precision_the_losses_are_pytorchs_to_the_last_step(network: str) -> None:
    (ours, right), (theirs, right_there) = (trained(m, network, "float64") for m in (autogradkit, torch))
    assert len(ours) == STEPS
    np.testing.assert_allclose(ours, theirs, rtol=1e-8)
    assert right == right_there > 80


@pytest.mark.parametrize("network", NETWORKS)
def test_in_single_precision_they_begin_alike_and_end_as_well(network: str) -> None:
    (ours, right), (theirs, right_there) = (trained(m, network, "float32") for m in (autogradkit, torch))
    np.testing.assert_allclose(ours[:20], theirs[:20], rtol=5e-5)
    assert abs(right - right_there) <= 1
