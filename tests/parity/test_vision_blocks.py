"""Deformable convolutions, position-sensitive regions, DropBlock, pyramids and their pooling.

What is C++ in torchvision is held to plain loops, written here after the papers and the published sources; the rest to
torchvision.
"""

from __future__ import annotations

import importlib
import math
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit as ak
from autogradkit.vision import ops as ours
from tests.every_case import every_case
from tests.parity.oracle import error_of, to_ours
from tests.parity.oracle_vision import torchvision
from tests.parity.test_vision_regions import in_python
from tests.parity.vision_cases import same_numbers

theirs: Any = torchvision.ops
RNG = np.random.default_rng(4)


def between(picture: np.ndarray, y: float, x: float) -> float:
    """A picture between its pixels, 0 around it."""
    top, left, total = math.floor(y), math.floor(x), 0.0
    for row in (top, top + 1):
        for column in (left, left + 1):
            if 0 <= row < picture.shape[0] and 0 <= column < picture.shape[1]:
                total += picture[row, column] * (1 - abs(y - row)) * (1 - abs(x - column))
    return total


def deformed(
    picture: np.ndarray,
    offset: np.ndarray,
    weight: np.ndarray,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    mask: Any,
) -> np.ndarray:
    count, out, (kh, kw) = len(picture), len(weight), weight.shape[2:]
    made = np.zeros((count, out, *offset.shape[2:]))
    offset_groups = offset.shape[1] // (2 * kh * kw)
    per_group = picture.shape[1] // offset_groups
    inputs = weight.shape[1]
    for n, o, y, x in np.ndindex(made.shape):
        group = o // (out // (picture.shape[1] // inputs))
        for c, i, j in np.ndindex(weight.shape[1:]):
            channel = group * inputs + c
            tap = (channel // per_group) * kh * kw + i * kw + j
            down = y * stride[0] - padding[0] + i * dilation[0] + offset[n, 2 * tap, y, x]
            right = x * stride[1] - padding[1] + j * dilation[1] + offset[n, 2 * tap + 1, y, x]
            share = 1.0 if mask is None else mask[n, tap, y, x]
            made[n, o, y, x] += weight[o, c, i, j] * share * between(picture[n, channel], down, right)
        made[n, o, y, x] += 0.0 if bias is None else bias[o]
    return made


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("stride", "padding", "dilation", "weight_groups", "offset_groups"),
    [((1, 1), (0, 0), (1, 1), 1, 1), ((2, 1), (1, 2), (1, 2), 2, 2), ((1, 2), (2, 0), (2, 1), 1, 4)],
)
def test_deformable_convolution(
    masked: bool, stride: Any, padding: Any, dilation: Any, weight_groups: int, offset_groups: int
) -> None:
    picture = RNG.normal(size=(2, 4, 6, 7))
    weight = RNG.normal(size=(4, 4 // weight_groups, 3, 2))
    size = [
        (length + 2 * border - gap * (taps - 1) - 1) // step + 1
        for length, border, gap, taps, step in zip((6, 7), padding, dilation, (3, 2), stride, strict=True)
    ]
    offset = RNG.normal(size=(2, offset_groups * 12, *size)) * 1.5
    mask = RNG.random((2, offset_groups * 6, *size)) if masked else None
    bias = RNG.normal(size=4) if masked else None
    given = [None if each is None else ak.from_numpy(each) for each in (picture, offset, weight, bias)]
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    made = ours.deform_conv2d(*given, **how, mask=None if mask is None else ak.from_numpy(mask))
    np.testing.assert_allclose(
        made.numpy(), deformed(picture, offset, weight, bias, stride, padding, dilation, mask), rtol=1e-9, atol=1e-9
    )


def test_gradients_of_a_deformable_convolution() -> None:
    shapes = ((1, 2, 4, 4), (1, 8, 3, 3), (3, 2, 2, 2), (3,), (1, 4, 3, 3))
    inputs = [ak.from_numpy(RNG.normal(size=shape)).requires_grad_() for shape in shapes]
    assert ak.autograd.gradcheck(lambda x, o, w, b, m: ours.deform_conv2d(x, o, w, b, mask=m), inputs)


def test_without_offsets_it_is_a_convolution() -> None:
    layer = ours.DeformConv2d(4, 6, 3, stride=2, padding=1, groups=2)
    picture = ak.from_numpy(RNG.normal(size=(2, 4, 7, 8)).astype(np.float32))
    expected = ak.nn.functional.conv2d(picture, layer.weight, layer.bias, stride=2, padding=1, groups=2)
    ak.testing.assert_close(layer(picture, ak.zeros(2, 18, 4, 4)), expected, rtol=1e-5, atol=1e-5)


LAYERS = """
m.DeformConv2d(3, 8, 3)
m.DeformConv2d(4, 8, (3, 1), 2, 1, 2, groups=2, bias=False)
m.PSRoIAlign(3, 0.5, 2)
m.PSRoIPool((2, 3), 0.25)
m.DropBlock2d(0.2, 3)
m.DropBlock3d(0.2, 3, inplace=True)
m.FeaturePyramidNetwork([4, 6], 5)
m.FeaturePyramidNetwork([4, 6], 5, m.feature_pyramid_network.LastLevelP6P7(6, 5))
m.MultiScaleRoIAlign(['0', '1'], 3, 2)
m.DeformConv2d(3, 8, 3, groups=2)
m.DeformConv2d(4, 7, 3, groups=2)
m.FeaturePyramidNetwork([0, 6], 5)
m.FeaturePyramidNetwork([4, 6], 5, extra_blocks=3)
m.drop_block2d(t.ones(2, 3), 0.1, 3)
m.drop_block2d(t.ones(1, 1, 5, 5), 1.1, 3)
m.drop_block2d(t.ones(1, 1, 5, 5), 0.5, 4)
m.drop_block3d(t.ones(1, 1, 5, 5), 0.5, 3)
m.MultiScaleRoIAlign(['0'], 3, 2)({'0': t.ones(1, 2, 4, 4)}, [t.ones(1, 4)], [])
"""


@every_case("call", LAYERS.strip().splitlines())
def test_layers_and_what_they_refuse(call: str) -> None:
    def result(m: Any, library: Any) -> Any:
        library.manual_seed(3)
        return eval(call, {"m": m, "t": library})

    refused = error_of(lambda: result(theirs, torch))
    if refused is not None:
        said = error_of(lambda: result(ours, ak))
        assert said is not None
        assert said[1].replace("autogradkit.", "torch.") == refused[1]
        return
    one, other = result(ours, ak), result(theirs, torch)
    assert repr(one) == repr(other)
    for (name, tensor), (key, value) in zip(one.state_dict().items(), other.state_dict().items(), strict=True):
        assert name == key
        np.testing.assert_array_equal(tensor.numpy(), value.numpy())


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("inplace", [False, True])
def test_blocks_are_dropped_by_the_same_numbers(dimensions: int, inplace: bool) -> None:
    given = torch.from_numpy(RNG.normal(size=(2, 3, *(6, 7, 5)[:dimensions])))
    torch.manual_seed(5)
    ak.manual_seed(5)
    one, other = (
        getattr(m, f"DropBlock{dimensions}d")(0.3, 3, inplace)(x)
        for m, x in ((ours, to_ours(given.clone())), (theirs, given.clone()))
    )
    same_numbers(one, other)
    assert 0 < int((one == 0).sum()) < one.numel()
    ones = ak.ones((1,) * (dimensions + 2))
    assert getattr(ours, f"DropBlock{dimensions}d")(0.3, 3).eval()(ones) is ones


def test_pyramids() -> None:
    maps = OrderedDict(
        a=RNG.normal(size=(2, 4, 9, 8)), b=RNG.normal(size=(2, 6, 5, 4)), c=RNG.normal(size=(2, 3, 3, 2))
    )
    made = []
    for m, library in ((ours, ak), (theirs, torch)):
        library.manual_seed(3)
        for extra in (
            None,
            m.feature_pyramid_network.LastLevelMaxPool(),
            m.feature_pyramid_network.LastLevelP6P7(3, 5),
        ):
            network = m.FeaturePyramidNetwork([4, 6, 3], 5, extra).double()
            made.append(network(OrderedDict((name, library.from_numpy(each)) for name, each in maps.items())))
    for one, other in zip(made[:3], made[3:], strict=True):
        assert list(one) == list(other)
        for name in one:
            same_numbers(one[name], other[name], 1e-9)


def test_older_files_of_pyramids() -> None:
    network = ours.FeaturePyramidNetwork([4], 5)
    older = {name.replace(".0.0.", ".0."): tensor + 1 for name, tensor in network.state_dict().items()}
    assert "inner_blocks.0.weight" in older
    network.load_state_dict(older)
    assert (network.state_dict()["inner_blocks.0.0.weight"] == older["inner_blocks.0.weight"]).all()


def test_regions_of_pyramids(monkeypatch: pytest.MonkeyPatch) -> None:
    poolers = importlib.import_module("torchvision.ops.poolers")

    def pooled(input: Any, boxes: Any, output_size: Any, spatial_scale: float = 1.0, sampling_ratio: int = -1) -> Any:
        return in_python(input, boxes, spatial_scale, *output_size, sampling_ratio, False)

    monkeypatch.setattr(poolers, "roi_align", pooled)
    maps = {"0": RNG.normal(size=(2, 3, 64, 48)), "1": RNG.normal(size=(2, 3, 32, 24)), "x": np.zeros((2, 3, 9, 9))}
    low = RNG.uniform(0, 30, (9, 2))
    boxes = np.concatenate([low, low + RNG.uniform(5, 60, (9, 2))], 1)
    for names in (["0"], ["0", "1"]):
        one, other = (
            m.MultiScaleRoIAlign(names, (2, 3), 2, canonical_scale=40, canonical_level=2)(
                {name: library.from_numpy(each) for name, each in maps.items()},
                [library.from_numpy(boxes[:4]), library.from_numpy(boxes[4:])],
                [(128, 96), (120, 90)],
            )
            for m, library in ((ours, ak), (theirs, torch))
        )
        same_numbers(one, other, 1e-9)


ROIS = np.array([[0, 1.2, 2.3, 9.1, 8.4], [1, 0.0, 0.0, 4.0, 5.0], [0, 3.3, 4.4, 3.5, 4.6], [1, 6.0, 1.0, 14.0, 13.0]])


def sampled(picture: np.ndarray, y: float, x: float) -> float:
    height, width = picture.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return 0.0
    return between(picture, min(max(y, 0), height - 1), min(max(x, 0), width - 1))


@pytest.mark.parametrize("ratio", [2, -1])
def test_position_sensitive_samples(ratio: int) -> None:
    maps = RNG.normal(size=(2, 2 * 6, 7, 8))
    made = ours.ps_roi_align(ak.from_numpy(maps), ak.from_numpy(ROIS), (3, 2), 0.75, ratio).numpy()
    assert made.shape == (4, 2, 3, 2)
    for k, c, i, j in np.ndindex(made.shape):
        number, left, top, right, bottom = [ROIS[k, 0], *(ROIS[k, 1:] * 0.75 - 0.5)]
        tall, wide = (bottom - top) / 3, (right - left) / 2
        down, across = (ratio, ratio) if ratio > 0 else (math.ceil(tall), math.ceil(wide))
        own = maps[int(number), c * 6 + i * 2 + j]
        values = [
            sampled(own, top + (i + (a + 0.5) / down) * tall, left + (j + (b + 0.5) / across) * wide)
            for a in range(down)
            for b in range(across)
        ]  # fmt: skip
        assert made[k, c, i, j] == pytest.approx(np.mean(values), abs=1e-9)


def test_position_sensitive_means() -> None:
    maps = RNG.normal(size=(2, 2 * 6, 7, 8))
    made = ours.ps_roi_pool(ak.from_numpy(maps), ak.from_numpy(ROIS), (3, 2), 0.75).numpy()
    for k, c, i, j in np.ndindex(made.shape):
        left, top, right, bottom = (math.floor(value * 0.75 + 0.5) for value in ROIS[k, 1:])
        tall, wide = max(bottom - top, 1) / 3, max(right - left, 1) / 2
        rows, columns = (
            (min(max(math.floor(n * step) + start, 0), last), min(max(math.ceil((n + 1) * step) + start, 0), last))
            for n, step, start, last in ((i, tall, top, 6), (j, wide, left, 7))
        )
        part = maps[int(ROIS[k, 0]), c * 6 + i * 2 + j, slice(*rows), slice(*columns)]
        assert made[k, c, i, j] == pytest.approx(part.mean() if part.size else 0.0, abs=1e-9)
    with pytest.raises(RuntimeError, match=r"^input channels must be a multiple of pooling height \* pooling width$"):
        ours.ps_roi_pool(ak.ones(1, 5, 4, 4), ak.ones(1, 5), 2)
