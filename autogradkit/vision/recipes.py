"""Recipes by which the models are trained on the bundled digits: by the tutorials, `autogradkit train` and `%train`.

Each reaches its target, a share of the 1,000 test digits, in well under a minute. Rests on models, datasets, the training
loop, optim and utils.data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autogradkit import nn
from autogradkit._ops.making.seed import manual_seed
from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.optim import SGD, Adam, Optimizer
from autogradkit.optim.lr_scheduler import ExponentialLR
from autogradkit.utils.data import DataLoader, TensorDataset
from autogradkit.vision.datasets import MNISTSample
from autogradkit.vision.history import Epoch
from autogradkit.vision.models import CNN, MLP, RNN, LeNet
from autogradkit.vision.train import Training


@dataclass(frozen=True, slots=True)
class Setup:
    """All that a training run needs, ready to go."""

    model: nn.Module
    loader: DataLoader
    test_loader: DataLoader
    loss_fn: Callable[[Tensor, Tensor], Tensor]
    optimizer: Optimizer
    scheduler: ExponentialLR  # steps after each epoch
    epochs: int
    target: float  # the share of test digits to be named rightly; where the model writes, the test loss to come down to
    sample: Callable[[int], str] | None = None  # what the model writes by now, differently for each number

    def training(self) -> Training:
        """The run, not begun yet."""
        return Training(
            self.model,
            self.loader,
            self.loss_fn,
            self.optimizer,
            test_loader=self.test_loader,
            scheduler=self.scheduler,
        )

    def reached(self, last: Epoch) -> bool:
        """Whether the target is reached after this epoch. What was not measured reaches nothing."""
        if self.sample is None:
            return last.test_accuracy is not None and last.test_accuracy >= self.target
        return last.test_loss is not None and last.test_loss <= self.target


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is trained: so many epochs over the shuffled digits, the learning rate times `decay` after each."""

    model: Callable[[], nn.Module]
    optimizer: Callable[[list[Parameter]], Optimizer]
    decay: float
    batch_size: int
    epochs: int
    target: float

    @entry
    def prepare(self, seed: int = 0) -> Setup:
        """Seed the generator, build the model, and load the digits.

        >>> RECIPES["mlp"].prepare().target
        0.92
        """
        manual_seed(seed)
        model = self.model()
        optimizer = self.optimizer(list(model.parameters()))
        return Setup(
            model,
            DataLoader(digits(train=True), self.batch_size, shuffle=True),
            DataLoader(digits(train=False), 250),
            nn.CrossEntropyLoss(),
            optimizer,
            ExponentialLR(optimizer, self.decay),
            self.epochs,
            self.target,
        )


def digits(train: bool) -> TensorDataset:
    """The bundled digits as pixels from 0 to 1, (N, 1, 28, 28) float32, with their labels.

    >>> [tuple(tensor.shape) for tensor in digits(train=False).tensors]
    [(1000, 1, 28, 28), (1000,)]
    """
    sample = MNISTSample(train)
    pixels = sample.data.numpy()[:, None].astype("float32")
    pixels /= 255
    return TensorDataset(wrap(pixels), sample.targets)


RECIPES: dict[str, Recipe] = {
    "lenet": Recipe(
        LeNet,
        lambda p: SGD(p, lr=0.05, momentum=0.9, weight_decay=1e-3, nesterov=True),
        decay=0.8,
        batch_size=32,
        epochs=10,
        target=0.97,
    ),
    "mlp": Recipe(
        MLP,
        lambda p: SGD(p, lr=0.1, momentum=0.9, weight_decay=1e-3),
        decay=0.85,
        batch_size=64,
        epochs=12,
        target=0.92,
    ),
    "cnn": Recipe(CNN, lambda p: Adam(p, lr=2e-3), decay=0.6, batch_size=64, epochs=6, target=0.96),
    "rnn": Recipe(RNN, lambda p: Adam(p, lr=1e-2), decay=0.85, batch_size=64, epochs=12, target=0.92),
}
