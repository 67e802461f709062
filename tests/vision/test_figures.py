"""Figures: a run's curves and a sheet of images, in axes of one's own or of a new figure."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import colors
from matplotlib import pyplot as plt

import autogradkit as torch
from autogradkit.vision.history import Epoch, History
from autogradkit.vision.utils import show

mpl.use("Agg")

RUN = History(
    [Epoch(1, 2.0, 0.25, 2.25, 0.125), Epoch(2, 0.5, 0.75, 0.875, 0.625), Epoch(3, float("nan"), 0.1, None, None)]
)


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def curves(axes: Any) -> dict[str, list[float]]:
    return {line.get_label(): line.get_ydata().tolist() for line in axes.get_lines()}


def test_a_run_draws_what_it_measured() -> None:
    loss, accuracy = RUN.plot()
    assert (loss.get_ylabel(), accuracy.get_ylabel(), loss.get_xlabel()) == ("loss", "accuracy", "epoch")
    np.testing.assert_equal(curves(loss), {"train": [2.0, 0.5, np.nan], "test": [2.25, 0.875, np.nan]})
    np.testing.assert_equal(curves(accuracy), {"train": [0.25, 0.75, 0.1], "test": [0.125, 0.625, np.nan]})
    assert [line.get_xdata().tolist() for line in loss.get_lines()] == [[1, 2, 3]] * 2
    loss.figure.canvas.draw()
    assert "50%" in [label.get_text() for label in accuracy.get_yticklabels()]


def test_a_run_that_classifies_nothing_has_one_axes() -> None:
    [loss] = History([Epoch(1, 2.0, None)]).plot()
    assert curves(loss) == {"train": [2.0]}
    assert len(loss.figure.axes) == 1
    [line] = loss.get_lines()
    assert line.get_marker() != "None", "one epoch alone would be invisible without a mark"


def test_a_run_draws_into_axes_of_ones_own() -> None:
    figure, axes = plt.subplots(2, 1)
    assert RUN.plot(axes) == tuple(axes)
    assert plt.get_fignums() == [figure.number]
    one = plt.subplots()[1]
    assert History([Epoch(1, 2.0, None)]).plot(one) == (one,)
    with pytest.raises(ValueError, match=r"measured loss and accuracy: it takes 2 axes, not 1"):
        RUN.plot(one)
    with pytest.raises(ValueError, match="no epoch is finished"):
        History().plot()


def test_curves_are_legible_on_light_and_on_dark() -> None:
    for line in RUN.plot()[0].get_lines():
        for ground in ("#ffffff", "#000000"):
            assert contrast(line.get_color(), ground) > 3


def contrast(one: Any, other: Any) -> float:
    """WCAG's contrast ratio."""
    light = []
    for color in (one, other):
        rgb = np.array(colors.to_rgb(color))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        light.append(float(linear @ [0.2126, 0.7152, 0.0722]) + 0.05)
    return max(light) / min(light)


@pytest.mark.parametrize("form", ["N×1×H×W", "N×H×W", "numpy", "uint8", "strided", "requires grad"])
def test_images_stand_in_rows_of_ten_in_order(form: str) -> None:
    array = np.arange(12 * 3 * 2, dtype=np.float32).reshape(12, 3, 2)
    images: Any = {
        "N×1×H×W": torch.tensor(array[:, None]),
        "N×H×W": torch.tensor(array),
        "numpy": array,
        "uint8": torch.tensor(array.astype(np.uint8)),
        "strided": torch.tensor(array.transpose(0, 2, 1).copy()).transpose(1, 2),
        "requires grad": torch.tensor(array[:, None], requires_grad=True),
    }[form]
    [sheet] = show(images).get_images()
    drawn = np.ma.filled(np.ma.asarray(sheet.get_array(), float), np.nan)
    assert drawn.shape == (2 * 4, 10 * 3)
    for number in range(12):
        top, left = number // 10 * 4 + 1, number % 10 * 3
        np.testing.assert_array_equal(drawn[top : top + 3, left : left + 2], array[number])
    assert np.isnan(drawn).sum() == drawn.size - array.size
    assert (sheet.norm.vmin, sheet.norm.vmax, sheet.get_cmap().name) == (0, array.max(), "gray_r")


def test_negative_numbers_get_a_scale_with_zero_in_the_middle() -> None:
    [sheet] = show(torch.tensor([[[0.0, -3.0], [1.0, float("nan")]]])).get_images()
    assert (sheet.norm.vmin, sheet.norm.vmax, sheet.get_cmap().name) == (-3.0, 3.0, "RdBu_r")


@pytest.mark.parametrize("labels", [torch.tensor([7, 1]), np.array([7, 1]), [7, "one"], ("7", "1")], ids=repr)
def test_labels_stand_above_their_images(labels: Any) -> None:
    figure, ax = plt.subplots()
    assert show(np.ones((2, 4, 4)), labels, ax) is ax
    assert plt.get_fignums() == [figure.number]
    first, second = ax.texts
    assert first.get_text() == "7"
    assert second.get_text() == str(labels[1].item() if hasattr(labels[1], "item") else labels[1])
    assert first.get_position()[0] < second.get_position()[0]
    assert first.get_position()[1] == second.get_position()[1]


@pytest.mark.parametrize("shape", [(4, 4), (2, 3, 4, 4), (0, 1, 4, 4), (2, 0, 4), ()])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(N, 1, H, W\) or \(N, H, W\).*not \("):
        show(torch.zeros(shape))


def test_a_label_is_missing() -> None:
    with pytest.raises(ValueError, match="one label for each of the 3 images, not 2"):
        show(torch.zeros(3, 4, 4), [1, 2])


def test_matplotlib_is_imported_when_used_only() -> None:
    code = "import sys, autogradkit.vision.utils, autogradkit.vision.train; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"
