"""The pictures of what a network has learnt, and the small rasters in them."""

from __future__ import annotations

import base64
import io
import re

import matplotlib.image
import numpy as np
import pytest

from autogradkit.tracing.render.marks.raster import ink, signed
from autogradkit.tracing.render.training import learnt
from autogradkit.tracing.render.training.learnt import Digit

STROKE = np.eye(28)
RIGHT, WRONG = Digit(4, STROKE, 7, 7, 0.98), Digit(11, STROKE, 4, 9, 0.5)


def decoded(address: str) -> np.ndarray:
    """A data address as rows of red, green, blue from 0 to 255: what a decoder that is not ours makes of it."""
    kind, data = address.split(",")
    assert kind == "data:image/png;base64"
    return np.rint(matplotlib.image.imread(io.BytesIO(base64.b64decode(data)), "png")[..., :3] * 255).astype(int)


@pytest.mark.parametrize("shape", [(2, 3), (5, 5), (1, 1), (28, 28)])
def test_rasters_are_pictures_that_others_can_read(shape: tuple[int, int]) -> None:
    numbers = np.random.default_rng(0).uniform(-1, 1, shape)
    numbers.flat[0] = 1.0
    found = decoded(signed(numbers, 1.0))
    assert found.shape == (*shape, 3)
    red, blue = found[..., 0], found[..., 2]
    assert (red[numbers > 0.1] > blue[numbers > 0.1]).all()
    assert (red[numbers < -0.1] < blue[numbers < -0.1]).all()
    assert (found[np.abs(numbers) < 0.05] == 255).all()
    black = decoded(ink(np.abs(numbers)))
    assert (black.flat[:3] == 0).all()
    np.testing.assert_allclose(black[..., 0], 255 * (1 - np.abs(numbers)), atol=255 / 28 + 1)


def test_odd_numbers_make_a_raster_too() -> None:
    odd = np.array([[np.nan, np.inf, -np.inf, 0.0]])
    assert decoded(signed(odd, 1.0))[0, 0].tolist() == [255, 255, 255]
    assert decoded(ink(odd)).shape == (1, 4, 3)
    assert (decoded(ink(np.zeros((2, 2)))) == 255).all()
    assert (decoded(signed(np.zeros((2, 2)), 0.0)) == 255).all()


def test_mistakes_are_framed_and_say_label_and_reading() -> None:
    svg = learnt.digits_svg("LeNet", "1 of 2 misread", [WRONG, RIGHT], 828)
    wrong, right = re.findall(r'<g class="ak-pick".*?</g>', svg)
    assert ">4 → 9</text>" in wrong
    assert 'stroke="#b3122a"' in wrong
    assert "<title>test picture 12: 4, misread as 9 (50.0 %)</title>" in wrong
    assert ">7</text>" in right
    assert 'stroke="#b3122a"' not in right
    assert 'data-key="digit-4"' in right


def test_every_picture_is_bounded_and_legible() -> None:
    random = np.random.default_rng(1)
    digits = [Digit(i, random.uniform(0, 1, (28, 28)), 3, i % 5, 0.5) for i in range(learnt.PAGE)]
    layers = [("conv", random.normal(size=(8, 224, 200))), ("fc", random.normal(size=500)), ("out", np.arange(10.0))]
    for width in (348, 828, 1148):
        for svg in (
            learnt.digits_svg("t", "s", digits, width),
            learnt.filters_svg("t", "fc1", random.normal(size=(128, 28, 28)), width),
            learnt.maps_svg("t", digits[0], layers, width),
            learnt.maps_svg("t", digits[0], layers * 9, width),
            learnt.confusion_svg("t", "s", random.integers(0, 99, (10, 10)), width),
            learnt.confusion_svg("t", "s", random.integers(0, 99, (200, 200)) * 0, width),
        ):
            assert len(base64.b64encode(svg.encode())) < 58_000
            assert f'width="{width}"' in svg
            assert min(float(size) for size in re.findall(r'font-size="([\d.]+)"', svg)) >= 11
            places = re.findall(r'<(?:rect|image) x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
            assert all(float(x) + float(wide) <= width + 1 for x, wide in places)


def test_what_is_left_out_is_said() -> None:
    svg = learnt.filters_svg("t", "fc1", np.zeros((128, 4, 4)), 828)
    assert "128 windows of 4×4, the first 32 are shown" in svg
    assert svg.count("<image") == 32 + 1  # and the scale of colours
    layers = [(f"l{i}", np.ones((30, 3, 3))) for i in range(9)]
    svg = learnt.maps_svg("t", RIGHT, layers, 828)
    assert "l0 · 30×3×3 · max 1." in svg
    assert "l1 · 30×3×3, the first 10 maps" in svg
    assert "l2 · 30×3×3, the first 0 maps" in svg
    assert "1 more layers are left out" in svg


def test_maps_end_with_the_scores_and_the_one_that_won() -> None:
    svg = learnt.maps_svg("t", WRONG, [("fc", np.arange(10) - 3.0)], 828)
    assert ">6.0</text>" in svg
    assert svg.count('stroke="#b3122a"') == 2  # the picture, which is misread, and the 9


def test_confusions_stand_in_their_cells() -> None:
    table = np.array([[5, 0], [2, 7]])
    svg = learnt.confusion_svg("t", "2 of 14", table, 320)
    assert [svg.count(f">{number}</text>") for number in (5, 2, 7)] == [1, 1, 1]
    assert svg.count("fill-opacity") == 1
    assert ">read as</text>" in svg
    assert ">label</text>" in svg


def test_the_worst_confusions_stand_beside_a_table_that_leaves_room() -> None:
    table = np.diag(np.full(10, 50))
    table[3, 5], table[9, 4], table[0, 6] = 12, 30, 1
    wide, narrow = (learnt.confusion_svg("t", "43 of 543", table, width) for width in (1100, 480))
    said = [wide.index(f">{words}</text>") for words in ("9 read as 4", "3 read as 5", "0 read as 6")]
    assert said == sorted(said)
    assert wide.count(" read as ") == 3
    assert " read as " not in narrow
    assert "most often" not in learnt.confusion_svg("t", "0 of 500", np.diag(np.full(10, 50)), 1100)


def test_words_are_broken_and_escaped() -> None:
    svg = learnt.message_svg("<b>", "the test data are no pictures " * 5, 348)
    assert svg.count("<text") > 3
    assert "<b>" not in svg
