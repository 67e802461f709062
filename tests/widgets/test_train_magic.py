"""What `%train` trains: a recipe, or a model of the learner's."""

from __future__ import annotations

import pytest

import autogradkit as torch
from autogradkit.widgets.train_magic import train_from_magic


def test_the_magic_trains_a_recipe():
    view = train_from_magic("mlp", {}, epochs=1, batch_size=500, lr=0.01, seed=3)
    assert view.state == "finished"
    assert view.title == "MLP on handwritten digits"
    assert view._progress.batches == 10
    assert view.training.optimizer.param_groups[0]["initial_lr"] == 0.01
    again = train_from_magic("mlp", {}, epochs=1, batch_size=500, lr=0.01, seed=3)
    assert again.training.epochs == view.training.epochs


def test_the_magic_trains_a_model_of_the_learner_s():
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
    before = model[1].weight.detach().clone()
    view = train_from_magic("net", {"net": model}, epochs=1, batch_size=250)
    assert view.title == "net"
    assert view.training.model is model
    assert model[1].weight.tolist() != before.tolist()
    assert view.training.epochs[0].test_accuracy > 0.7


def test_the_magic_says_what_it_can_train():
    with pytest.raises(ValueError, match="'w' is no model: use lenet, mlp, cnn, rnn, or the name"):
        train_from_magic("w", {"w": torch.ones(2)})


def test_an_interrupted_magic_gives_the_view_back():
    class Interrupting(torch.nn.Flatten):
        calls = 0

        def forward(self, x):
            self.calls += 1
            if self.calls == 3:
                raise KeyboardInterrupt
            return super().forward(x)

    model = torch.nn.Sequential(Interrupting(), torch.nn.Linear(784, 10))
    view = train_from_magic("model", {"model": model}, epochs=1, batch_size=500)
    assert view.state == "interrupted"
    assert len(view.resume()) == 1
