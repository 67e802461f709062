"""The picture of a training run."""

import math
import re
from itertools import pairwise

from autogradkit.tracing.render.training.curves import Line, Training, description, shown, training_svg

TRAIN = Line("train", (0.5, 1.0, 1.5), (2.3, 1.1, 0.5))
TEST = Line("test", (1.0,), (0.9,))


def test_lines_carry_their_numbers_and_names():
    svg = training_svg(Training("LeNet", "epoch 2 of 3", 3, (TRAIN, TEST), (Line("train", (1.0,), (0.975,)),)))
    assert svg.count('class="ak-chart"') == 2
    assert 'data-shown="2.3|1.1|0.5"' in svg
    assert 'data-epochs="0.5 1 1.5"' in svg
    for text in ("LeNet", "epoch 2 of 3", "loss", "accuracy", "train 0.5", "test 0.9", "train 97.5 %", "100 %"):
        assert f">{text}</text>" in svg


def test_lines_are_told_apart_without_colour():
    svg = training_svg(Training("t", "s", 2, (TRAIN, TEST)))
    assert svg.count("<ellipse") == 1  # the test's points are rings
    assert ">○</text>" in svg
    assert ">—</text>" in svg


def test_names_beside_the_ends_do_not_meet():
    same = (Line("train", (1.0,), (0.5,)), Line("test", (1.0,), (0.5,)))
    svg = training_svg(Training("t", "s", 1, same))
    heights = [float(y) for y in re.findall(r'y="([\d.]+)"[^>]*>(?:train|test) 0\.5<', svg)]
    assert abs(heights[0] - heights[1]) >= 14


def test_what_is_not_a_number_is_said():
    for bad in (math.nan, math.inf):
        svg = training_svg(Training("t", "s", 1, (Line("train", (0.1, 0.2, 0.3), (2.0, bad, 1.0)),)))
        assert f"✕ train loss is {bad}" in svg
        assert svg.count("<polyline") == 2  # the line is broken there
    assert "<polyline" not in training_svg(Training("t", "s", 1, (Line("train", (0.1,), (math.nan,)),)))


def test_nothing_yet_is_an_empty_chart():
    svg = training_svg(Training("t", "not begun", 1, ()))
    assert "<polyline" not in svg
    assert ">loss</text>" in svg


def test_scales_hold_every_value():
    for values in ((1e-6, 2e-6), (5.0, 1e7), (-3.0, 2.0), (0.0, 0.0)):
        svg = training_svg(Training("t", "s", 1, (Line("train", (0.5, 1.0), values),)))
        heights = [float(pair.split(",")[1]) for pair in re.search(r'points="([^"]*)"', svg)[1].split()]
        assert all(56 <= height <= 252 for height in heights), values


def test_it_is_said_in_words_and_kept_as_text():
    picture = Training("<script>", "epoch 1", 1, (TRAIN, TEST))
    assert description(picture) == "<script>: epoch 1, train loss 0.5, test loss 0.9"
    assert "<script>" not in training_svg(picture)
    assert training_svg(picture) == training_svg(picture)


def test_values_as_they_are_printed():
    assert [shown("loss", v) for v in (0.1234567, 2.0, math.nan)] == ["0.1235", "2.", "nan"]
    assert [shown("accuracy", v) for v in (1.0, 0.12345)] == ["100.0 %", "12.3 %"]


def test_a_logarithmic_axis_spreads_small_losses():
    line = Line("train", (0.25, 0.5, 0.75, 1.0), (1.0, 0.1, 0.01, 0.001))
    heights = heights_of(training_svg(Training("t", "s", 1, (line,), log=True)))
    steps = [below - above for above, below in pairwise(heights)]
    assert max(steps) - min(steps) < 0.2, "equal ratios are equal steps"
    svg = training_svg(Training("t", "s", 1, (line,), log=True))
    assert ">loss, log axis</text>" in svg
    for tick in ("1", "0.1", "0.01", "0.001"):
        assert f">{tick}</text>" in svg


def test_what_has_no_logarithm_is_said():
    line = Line("train", (0.25, 0.5, 0.75), (1.0, 0.0, 0.1))
    svg = training_svg(Training("t", "s", 1, (line,), log=True))
    assert "✕ train loss 0. has no logarithm" in svg
    assert svg.count("<polyline") == 2
    for values in ((0.0, -1.0), (5e-324, 1e308), (1.0, 1.0)):
        assert "nan" not in training_svg(Training("t", "s", 1, (Line("train", (0.5, 1.0), values),), log=True))


def heights_of(svg):
    return [float(pair.split(",")[1]) for pair in re.search(r'points="([^"]*)"', svg)[1].split()]


def test_what_a_point_is_stands_on_the_chart():
    accuracy = (Line("train", (1.0,), (0.975,)),)
    points = ("mean of every 4 batches", "mean of the last 20 batches")
    svg = training_svg(Training("t", "s", 1, (TRAIN,), accuracy, points=points))
    for each in points:
        assert f">train: {each}</text>" in svg


def test_the_width_of_the_column_is_used_and_text_stays_legible():
    picture = Training("LeNet on handwritten digits", "epoch 2 of 3 · batch 17 of 157 · lr 0.002", 3, (TRAIN, TEST),
                       (TRAIN,), points=("each batch", "mean of the last 20 batches"))  # fmt: skip
    for width in (348, 600, 828, 1148, 1500):
        svg = training_svg(picture, width)
        assert f'width="{width}"' in svg
        assert min(float(size) for size in re.findall(r'font-size="([\d.]+)"', svg)) >= 11
        rights = [float(right) for right in re.findall(r'data-right="([\d.]+)"', svg)]
        assert max(rights) == width - 100  # beside it stand the names of the lines
        lefts = [float(left) for left in re.findall(r'data-left="([\d.]+)"', svg)]
        assert (lefts[0] == lefts[1]) == (width < 680), "below one another where there is no room beside"
    assert 'width="320"' in training_svg(picture, 10)
    assert 'width="1600"' in training_svg(picture, 9999)
