"""The models, and the recipes that bring them to their targets on the bundled digits."""

from __future__ import annotations

import pytest

import autogradkit as torch
from autogradkit.vision.models import CNN, MLP, RNN, LeNet
from autogradkit.vision.recipes import RECIPES, digits


@pytest.mark.parametrize(("model", "parameters"), [(LeNet, 61_706), (MLP, 109_386), (CNN, 20_586), (RNN, 49_354)])
def test_models_give_ten_logits(model: type[torch.nn.Module], parameters: int) -> None:
    network = model()
    assert network(torch.zeros(3, 1, 28, 28)).shape == (3, 10)
    assert sum(each.numel() for each in network.parameters()) == parameters


def test_digits_are_pixels_from_zero_to_one() -> None:
    images, labels = digits(train=True).tensors
    assert images.shape == (5000, 1, 28, 28)
    assert images.dtype == torch.float32
    assert (images.numpy().min(), images.numpy().max()) == (0.0, 1.0)
    assert labels.tolist()[:3] == digits(train=True)[0:3][1].tolist()


@pytest.mark.one_in(20)  # LeNet; the others learn in test_cli.py and test_training_command.py, too
@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "seed"), [*((name, 0) for name in RECIPES), *(("lenet", seed) for seed in range(1, 10))]
)
def test_a_recipe_reaches_its_target(name: str, seed: int) -> None:
    setup = RECIPES[name].prepare(seed)
    last = setup.training().run(setup.epochs)[-1]
    assert last.test_accuracy is not None
    assert last.test_accuracy >= setup.target
    assert setup.reached(last)
