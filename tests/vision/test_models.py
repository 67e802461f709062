"""The models, and the recipes that bring them to their targets on the bundled digits."""

from __future__ import annotations

import pytest

import autogradkit as torch
from autogradkit.vision.models import MLP, LeNet
from autogradkit.vision.recipes import RECIPES, digits
from autogradkit.vision.train import Training


@pytest.mark.parametrize(("model", "parameters"), [(LeNet, 61_706), (MLP, 109_386)])
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


@pytest.mark.long
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_reaches_its_target(name: str) -> None:
    setup = RECIPES[name].prepare()
    training = Training(
        setup.model,
        setup.loader,
        setup.loss_fn,
        setup.optimizer,
        test_loader=setup.test_loader,
        scheduler=setup.scheduler,
    )
    last = training.run(setup.epochs)[-1]
    assert last.test_accuracy is not None
    assert last.test_accuracy >= setup.target
