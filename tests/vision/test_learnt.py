"""What a network has learnt, as numbers and as figures; and that looking changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

import autogradkit as torch
from autogradkit import nn
from autogradkit.vision import figures, learnt
from autogradkit.vision.models import MLP, RNN, LeNet
from autogradkit.vision.utils import show
from autogradkit.vision.utils.sheets import WRONG

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


class Brightest(nn.Module):
    """Reads a 2×2 picture as the place of its largest pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.5)
        self.off = nn.Dropout(0.5)
        self.off.eval()  # while the rest trains

    def forward(self, x: Any) -> Any:
        return self.drop(self.off(x)).flatten(1)


IMAGES = torch.eye(4).view(4, 1, 2, 2).repeat(100, 1, 1, 1)
LABELS = torch.tensor([0, 1, 2, 0] * 100)


def test_predictions_are_the_largest_scores() -> None:
    assert learnt.predict(Brightest(), IMAGES).tolist() == [0, 1, 2, 3] * 100
    with pytest.raises(
        ValueError, match=r"400 images should give scores of shape \(400, classes\), not \(250, 1, 2, 2\)"
    ):
        learnt.predict(nn.Identity(), IMAGES)
    with pytest.raises(ValueError, match=r"not nothing"):
        learnt.predict(Brightest(), IMAGES[:0])


def test_looking_changes_nothing() -> None:
    model = Brightest()
    torch.manual_seed(0)
    first = torch.rand(3)
    torch.manual_seed(0)
    with torch.record() as trace:
        learnt.predict(model, IMAGES)
        y = torch.ones(2) * 3
    assert torch.equal(torch.rand(3), first)
    assert [module.training for module in model.modules()] == [True, True, False]
    assert y.tolist() == [3.0, 3.0]
    assert "mul" in str(trace.table())
    assert "dropout" not in str(trace.table())
    net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Module())
    with pytest.raises(NotImplementedError):
        learnt.activations(net, IMAGES[0])
    assert all(module.training for module in net.modules())


def test_confusions_are_counted_by_label_and_prediction() -> None:
    table = learnt.confusion(LABELS, learnt.predict(Brightest(), IMAGES))
    assert table.tolist() == [[100, 0, 0, 100], [0, 100, 0, 0], [0, 0, 100, 0], [0, 0, 0, 0]]
    assert learnt.confusion(LABELS[:1], LABELS[:1], 3).shape == (3, 3)
    assert learnt.confusion(LABELS[:0], LABELS[:0]).shape == (0, 0)
    for true, read, classes, said in (
        (LABELS, LABELS[:3], None, r"one shape \(N,\), not int64 \(400,\) and int64 \(3,\)"),
        (LABELS.float(), LABELS, None, "should be integers of one shape .*float32"),
        (-LABELS, LABELS, None, "from 0 to 2, not -2 to 2"),
        (LABELS, LABELS, 2, "from 0 to 1, not 0 to 2"),
    ):
        with pytest.raises(ValueError, match=said):
            learnt.confusion(true, read, classes)


def test_filters_are_copies_of_the_first_layer_s_weights() -> None:
    model = LeNet()
    name, windows = learnt.filters(model)
    assert name == "conv1"
    np.testing.assert_array_equal(windows, model.conv1.weight.numpy(force=True)[:, 0])
    windows[:] = 0
    assert model.conv1.weight.abs().sum() > 0
    assert learnt.filters(MLP())[1].shape == (128, 28, 28)
    assert learnt.filters(nn.Sequential(nn.Conv2d(3, 4, 5)))[1].shape == (12, 5, 5)
    assert learnt.filters(nn.Conv2d(1, 2, 3))[0] == ""
    for model, said in (
        (nn.Linear(3, 2), r"the first layer, Linear, is a Linear: only a Conv2d"),
        (nn.Sequential(nn.Flatten(), nn.Linear(3, 2)), "the first layer, 1, is a Linear"),
        (RNN(), "the first layer, lstm, is a LSTM: only a Conv2d"),
        (nn.ReLU(), "ReLU has no layer with weights"),
    ):
        with pytest.raises(ValueError, match=said):
            learnt.filters(model)


def test_activations_are_what_the_layers_give() -> None:
    torch.manual_seed(0)
    model, image = LeNet(), torch.rand(1, 28, 28)
    found = learnt.activations(model, image)
    assert [(name, made.shape) for name, made in found] == [
        ("conv1", (6, 28, 28)), ("conv2", (16, 10, 10)), ("fc1", (120,)), ("fc2", (84,)), ("fc3", (10,)),
    ]  # fmt: skip
    with torch.no_grad():
        np.testing.assert_array_equal(found[0][1], model.conv1(image[None]).numpy()[0])
        np.testing.assert_allclose(found[-1][1], model(image[None]).numpy()[0], rtol=1e-5)
    assert len(learnt.activations(model, image)) == 5, "no hook stays behind"


def test_mistakes_are_framed() -> None:
    figure, ax = plt.subplots()
    assert figures.show_mistakes(Brightest(), IMAGES, LABELS, ax, most=3) is ax
    assert plt.get_fignums() == [figure.number]
    assert ax.get_title() == "100 of 400 misread, the first 3 of them"
    assert [text.get_text() for text in ax.texts] == ["0 → 3"] * 3
    assert len(ax.patches) == 3
    with pytest.raises(ValueError, match="none of the 3 images is misread"):
        figures.show_mistakes(Brightest(), IMAGES[:3], LABELS[:3])


def test_right_ones_are_not_framed() -> None:
    ax = show(IMAGES[:4], LABELS[:4], predicted=[0, 1, 2, 3])
    assert [text.get_text() for text in ax.texts] == ["0", "1", "2", "0 → 3"]
    [frame] = ax.patches
    assert to_hex(frame.get_edgecolor()) == WRONG
    with pytest.raises(ValueError, match="one prediction for each of the 4 images, not 1"):
        show(IMAGES[:4], LABELS[:4], predicted=[1])


def test_confusions_filters_and_maps_are_drawn_where_they_are_wanted() -> None:
    figure, axes = plt.subplots(1, 3)
    model = LeNet()
    assert figures.show_confusion(LABELS, LABELS, axes[0]) is axes[0]
    assert [text.get_text() for text in axes[0].texts] == ["200", "100", "100"]
    assert (axes[0].get_xlabel(), axes[0].get_ylabel()) == ("read as", "label")
    assert figures.show_filters(model, axes[1]) is axes[1]
    assert figures.show_feature_maps(model, torch.zeros(1, 28, 28), ax=axes[2]) is axes[2]
    assert axes[2].get_title() == "conv1: 6 maps of 28×28"
    assert plt.get_fignums() == [figure.number]
    assert figures.show_filters(MLP()).get_title() == "fc1: 128 filters of 28×28, the first 64"
    with pytest.raises(ValueError, match="no convolution named 'fc1': there is conv1, conv2"):
        figures.show_feature_maps(model, torch.zeros(1, 28, 28), "fc1")
    with pytest.raises(ValueError, match="no convolution: there is none"):
        figures.show_feature_maps(MLP(), torch.zeros(1, 28, 28))
