"""Suppression of boxes and pooling of regions, which are C++ in torchvision and may not load beside the installed PyTorch.

`nms`, `roi_align` and `roi_pool` are compared with plain loops, written here after their papers; `roi_align` also with the Python
version that torchvision has, which knows no samples outside of the picture. Their messages are from torchvision's sources.
"""

from __future__ import annotations

import importlib
import math

import numpy as np
import pytest
import torch

import autogradkit as ak
from autogradkit.vision import ops as ours
from tests.every_case import every_case
from tests.parity.oracle import to_ours
from tests.parity.oracle_vision import torchvision
from tests.parity.vision_cases import same_numbers, some_boxes

in_python = importlib.import_module(f"{torchvision.__name__}.ops.roi_align")._roi_align.__wrapped__


def kept_by_loops(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> list[int]:
    """Non-maximum suppression, two boxes at a time."""
    order = sorted(range(len(boxes)), key=lambda index: -scores[index])
    kept: list[int] = []
    for index in order:
        for better in kept:
            low, high = np.maximum(boxes[index, :2], boxes[better, :2]), np.minimum(boxes[index, 2:], boxes[better, 2:])
            shared = np.prod(np.maximum(high - low, 0))
            union = sum(np.prod(each[2:] - each[:2]) for each in (boxes[index], boxes[better])) - shared
            if union > 0 and shared / union > threshold:
                break
        else:
            kept.append(index)
    return kept


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.5, 1.0])
def test_non_maximum_suppression(threshold: float) -> None:
    for seed in range(5):
        boxes = some_boxes(40, seed, torch.float64)
        scores = np.random.default_rng(seed).integers(0, 20, 40) / 20  # some of them alike
        kept = ours.nms(to_ours(boxes), ak.from_numpy(scores), threshold)
        assert kept.dtype == ak.int64
        assert kept.tolist() == kept_by_loops(boxes.numpy(), scores, threshold)
        assert 1 < len(kept) <= 40


def test_suppression_keeps_what_is_exactly_at_the_threshold() -> None:
    boxes = ak.tensor([[0.0, 0.0, 2.0, 1.0], [0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 2.0, 1.0]])
    assert ours.nms(boxes, ak.tensor([0.9, 0.8, 0.7]), 0.5).tolist() == [0, 1]
    assert ours.nms(boxes, ak.tensor([0.9, 0.8, 0.7]), 0.49).tolist() == [0]
    assert ours.nms(boxes[:0], ak.empty(0), 0.5).tolist() == []


@pytest.mark.parametrize("count", [60, 1200])  # classes side by side, classes one by one
def test_suppression_within_classes(count: int) -> None:
    boxes = some_boxes(count, 5, torch.float64, size=100.0)
    rng = np.random.default_rng(7)
    scores, classes = rng.permutation(count) / count, rng.integers(0, 4, count)
    kept = ours.batched_nms(to_ours(boxes), ak.from_numpy(scores), ak.from_numpy(classes), 0.3).tolist()
    expected = [
        places[index]
        for number in range(4)
        for places in [np.flatnonzero(classes == number)]
        for index in kept_by_loops(boxes.numpy()[places], scores[places], 0.3)
    ]
    assert kept == sorted(expected, key=lambda index: -scores[index])
    assert ours.batched_nms(ak.empty(0, 4), ak.empty(0), ak.empty(0), 0.3).tolist() == []


@pytest.mark.parametrize(
    ("boxes", "scores", "said"),
    [
        (ak.ones(4), ak.ones(4), "boxes should be a 2d tensor, got 1D"),
        (ak.ones(2, 5), ak.ones(2), "boxes should have 4 elements in dimension 1, got 5"),
        (ak.ones(2, 4), ak.ones(2, 1), "scores should be a 1d tensor, got 2D"),
        (ak.ones(2, 4), ak.ones(3), "boxes and scores should have same number of elements in dimension 0, got 2 and 3"),
        (ak.ones(2, 4), ak.ones(2).double(), "dets should have the same type as scores"),
        (ak.ones(2, 4).long(), ak.ones(2).long(), "\"nms_kernel\" not implemented for 'Long'"),
    ],
)
def test_suppression_refuses(boxes: ak.Tensor, scores: ak.Tensor, said: str) -> None:
    with pytest.raises(RuntimeError) as raised:
        ours.nms(boxes, scores, 0.5)
    assert str(raised.value) == said


ROIS = [
    [0, 1.0, 2.0, 7.0, 6.0],
    [1, 0.0, 0.0, 9.0, 7.0],
    [0, 3.2, 1.1, 3.4, 1.2],  # smaller than a pixel
    [1, 5.5, 4.5, 5.5, 4.5],  # empty
]


OUTSIDE = [[0, -6.0, -5.0, 3.0, 4.0], [1, 6.5, 4.0, 15.0, 12.0], [0, 20.0, 20.0, 30.0, 30.0]]


def value_at(map: np.ndarray, y: float, x: float) -> np.ndarray:
    """A map (C, H, W) between its pixels; 0 more than a pixel outside."""
    height, width = map.shape[1:]
    if not (-1 <= y <= height and -1 <= x <= width):
        return np.zeros(len(map))
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    upper = map[:, top, left] * (1 - x + left) + map[:, top, right] * (x - left)
    lower = map[:, bottom, left] * (1 - x + left) + map[:, bottom, right] * (x - left)
    return upper * (1 - y + top) + lower * (y - top)


def aligned_by_loops(
    maps: np.ndarray, rois: np.ndarray, size: tuple[int, int], scale: float, ratio: int, aligned: bool
) -> np.ndarray:
    """`roi_align`, a sample at a time."""
    result = np.zeros((len(rois), maps.shape[1], *size))
    for number, (batch, *corners) in enumerate(rois):
        x1, y1, x2, y2 = (each * scale - 0.5 * aligned for each in corners)
        width, height = (x2 - x1, y2 - y1) if aligned else (max(x2 - x1, 1), max(y2 - y1, 1))
        across, down = (
            ratio if ratio > 0 else math.ceil(length / bins) for length, bins in ((width, size[1]), (height, size[0]))
        )
        for row in range(size[0]):
            for column in range(size[1]):
                samples = [
                    value_at(
                        maps[int(batch)],
                        y1 + (row + (i + 0.5) / down) * height / size[0],
                        x1 + (column + (j + 0.5) / across) * width / size[1],
                    )
                    for i in range(down)
                    for j in range(across)
                ]
                result[number, :, row, column] = sum(samples) / max(len(samples), 1)
    return result


@every_case("aligned", [False, True])
@every_case("ratio", [-1, 1, 2, 3])
def test_regions_by_interpolation(ratio: int, aligned: bool) -> None:
    maps, rois = np.random.default_rng(1).normal(size=(2, 3, 8, 10)), np.array(ROIS + OUTSIDE)
    for size, scale in (((2, 3), 1.0), ((1, 1), 0.5), ((7, 7), 1.3)):
        found = ours.roi_align(ak.from_numpy(maps), ak.from_numpy(rois), size, scale, ratio, aligned)
        np.testing.assert_allclose(
            found.numpy(), aligned_by_loops(maps, rois, size, scale, ratio, aligned), rtol=1e-9, atol=1e-12
        )


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("ratio", [-1, 2])
def test_gradients_of_regions_are_those_of_torchvisions_python(ratio: int, aligned: bool) -> None:
    maps = torch.from_numpy(np.random.default_rng(2).normal(size=(2, 3, 8, 10))).requires_grad_()
    rois = torch.tensor(ROIS[:3], dtype=torch.float64)
    mine = to_ours(maps.detach()).requires_grad_()
    wanted = in_python(maps, rois, 0.9, 3, 2, ratio, aligned)
    found = ours.RoIAlign((3, 2), 0.9, ratio, aligned)(mine, to_ours(rois))
    same_numbers(found, wanted, 1e-9)
    (found**2).sum().backward()
    (wanted**2).sum().backward()
    same_numbers(mine.grad, maps.grad, 1e-9)


def pooled_by_loops(
    maps: np.ndarray, rois: np.ndarray, size: tuple[int, int], scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """`roi_pool`, a bin at a time, and the gradient of its sum."""
    result, gradient = np.zeros((len(rois), maps.shape[1], *size)), np.zeros_like(maps)
    for number, (batch, *corners) in enumerate(rois):
        x1, y1, x2, y2 = (math.floor(abs(each * scale) + 0.5) * (1 if each >= 0 else -1) for each in corners)
        width, height = max(x2 - x1 + 1, 1), max(y2 - y1 + 1, 1)
        for row in range(size[0]):
            for column in range(size[1]):
                top, bottom = math.floor(row * height / size[0]) + y1, math.ceil((row + 1) * height / size[0]) + y1
                left, right = math.floor(column * width / size[1]) + x1, math.ceil((column + 1) * width / size[1]) + x1
                top, bottom = (min(max(each, 0), maps.shape[2]) for each in (top, bottom))
                left, right = (min(max(each, 0), maps.shape[3]) for each in (left, right))
                if bottom <= top or right <= left:
                    continue
                for channel, map in enumerate(maps[int(batch)]):
                    seen = map[top:bottom, left:right]
                    y, x = np.unravel_index(seen.argmax(), seen.shape)
                    result[number, channel, row, column] = seen[y, x]
                    gradient[int(batch), channel, top + y, left + x] += 1
    return result, gradient


@pytest.mark.parametrize(("size", "scale"), [((2, 3), 1.0), ((1, 1), 0.5), ((4, 4), 1.0), ((3, 7), 1.3)])
def test_regions_by_maxima(size: tuple[int, int], scale: float) -> None:
    maps, rois = np.random.default_rng(3).integers(0, 9, (2, 3, 8, 10)).astype(float), np.array(ROIS + OUTSIDE)
    x = ak.from_numpy(maps).requires_grad_()
    found = ours.RoIPool(size, scale)(x, ak.from_numpy(rois))
    found.sum().backward()
    wanted, gradient = pooled_by_loops(maps, rois, size, scale)
    np.testing.assert_array_equal(found.detach().numpy(), wanted)
    np.testing.assert_array_equal(x.grad.numpy(), gradient)


@pytest.mark.parametrize("name", ["roi_align", "roi_pool"])
def test_regions_in_either_form(name: str) -> None:
    maps = ak.randn(3, 2, 6, 6)
    op = getattr(ours, name)
    lists = [ak.tensor([[0.0, 1.0, 4.0, 5.0], [1.0, 1.0, 2.0, 2.0]]), ak.empty(0, 4), ak.tensor([[2.0, 0.0, 5.0, 3.0]])]
    numbered = ak.tensor([[0.0, 0.0, 1.0, 4.0, 5.0], [0.0, 1.0, 1.0, 2.0, 2.0], [2.0, 2.0, 0.0, 5.0, 3.0]])
    assert op(maps, lists, 3).tolist() == op(maps, numbered, (3, 3)).tolist()
    assert op(maps, numbered[:0], 3).shape == (0, 2, 3, 3)
    with pytest.raises(
        RuntimeError, match=f"but type torch.FloatTensor does not equal torch.DoubleTensor .* {name}_forward_kernel"
    ):
        op(maps, numbered.double(), 3)
