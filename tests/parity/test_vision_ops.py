"""`vision.ops` beside torchvision's: blocks, boxes, losses, regions.

What is C++ in torchvision (`nms`, `roi_align`, `roi_pool`) may not load beside the installed PyTorch. Those three are compared
with plain loops, written here after their papers; `roi_align` also with the Python version that torchvision has, which knows no
samples outside of the picture. Their messages are from torchvision's sources.
"""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit as ak
from autogradkit.vision import ops as ours
from tests.parity.oracle import to_ours
from tests.parity.oracle_vision import torchvision

theirs = torchvision.ops
in_python = importlib.import_module("torchvision.ops.roi_align")._roi_align.__wrapped__


def same(one: Any, other: Any, rtol: float = 1e-6) -> None:
    assert (tuple(one.shape), repr(one.dtype)) == (tuple(other.shape), repr(other.dtype))
    np.testing.assert_allclose(one.detach().numpy(), other.detach().numpy(), rtol=rtol, atol=rtol)


def refusal(call: str, library: Any, torch_like: Any) -> tuple[type[BaseException], str]:
    with pytest.raises(Exception) as raised:  # noqa: PT011 - each call raises something else
        eval(f"m.{call}", {"m": library, "torch": torch_like})
    return raised.type, str(raised.value)


# -- blocks ------------------------------------------------------------------------------------------------------------


def blocks(m: Any, nn: Any) -> dict[str, Any]:
    """Blocks with an input's shape, of either library."""
    return {
        "plain": (m.Conv2dNormActivation(3, 8), (2, 3, 6, 7)),
        "strided": (m.Conv2dNormActivation(4, 8, (3, 5), stride=2, groups=2, dilation=(2, 1)), (2, 4, 9, 9)),
        "bare": (m.Conv2dNormActivation(3, 4, 1, norm_layer=None, activation_layer=None), (2, 3, 4, 4)),
        "own": (
            m.Conv2dNormActivation(3, 4, 3, padding=0, activation_layer=nn.Sigmoid, inplace=None, bias=True),
            (2, 3, 5, 5),
        ),
        "volume": (m.Conv3dNormActivation(2, 3, (1, 3, 3)), (2, 2, 3, 4, 5)),
        "excitation": (m.SqueezeExcitation(6, 2, scale_activation=nn.Hardsigmoid), (2, 6, 4, 3)),
        "mlp": (m.MLP(5, [7, 6, 2], norm_layer=nn.LayerNorm, dropout=0.4, inplace=False, bias=False), (4, 5)),
        "short": (m.MLP(5, [3]), (4, 5)),
        "permute": (m.Permute([0, 2, 3, 1]), (2, 3, 4, 5)),
        "depth": (m.StochasticDepth(0.4, "row"), (6, 2, 3)),
        "frozen": (m.FrozenBatchNorm2d(3, eps=1e-3), (2, 3, 4, 4)),
    }


@pytest.mark.parametrize("name", blocks(ours, ak.nn))
def test_blocks(name: str) -> None:
    torch.manual_seed(4)
    ak.manual_seed(4)
    (block, shape), (expected, _) = blocks(ours, ak.nn)[name], blocks(theirs, torch.nn)[name]
    assert repr(block) == repr(expected)
    for (key, tensor), (other_key, other) in zip(
        block.state_dict().items(), expected.state_dict().items(), strict=True
    ):
        assert key == other_key
        np.testing.assert_array_equal(tensor.numpy(), other.numpy())
    given = torch.randn(shape)
    ak.set_rng_state(to_ours(torch.get_rng_state()))
    for training in (True, False):
        x, y = to_ours(given).requires_grad_(), given.clone().requires_grad_()
        out, wanted = block.train(training)(x), expected.train(training)(y)
        same(out, wanted, 1e-5)
        out.square().sum().backward()
        wanted.square().sum().backward()
        same(x.grad, y.grad, 1e-4)


def test_a_frozen_norm_takes_the_state_of_a_learnt_one() -> None:
    torch.manual_seed(0)
    state = torch.nn.BatchNorm2d(3).state_dict()
    state["running_mean"] = torch.randn(3)
    state["running_var"] = torch.rand(3)
    block, expected = ours.FrozenBatchNorm2d(3), theirs.FrozenBatchNorm2d(3)
    block.load_state_dict(to_ours(state))
    expected.load_state_dict(state)
    x = torch.randn(2, 3, 4, 4)
    same(block(to_ours(x)), expected(x))


@pytest.mark.parametrize("mode", ["row", "batch"])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_stochastic_depth(p: float, mode: str) -> None:
    for seed in range(4):
        torch.manual_seed(seed)
        ak.manual_seed(seed)
        same(ours.stochastic_depth(ak.ones(5, 3), p, mode), theirs.stochastic_depth(torch.ones(5, 3), p, mode))


@pytest.mark.parametrize(
    "call", ["stochastic_depth(torch.ones(2), 1.5, 'row')", "stochastic_depth(torch.ones(2), 0.5, 'rows')"]
)
def test_stochastic_depth_refuses(call: str) -> None:
    assert refusal(call, ours, ak) == refusal(call, theirs, torch)


def test_the_common_base_warns() -> None:
    for library, misc in ((ours, "autogradkit.vision.ops.misc"), (theirs, "torchvision.ops.misc")):
        assert library
        with pytest.warns(UserWarning, match="Don't use ConvNormActivation directly"):
            importlib.import_module(misc).ConvNormActivation(2, 2)


# -- boxes -------------------------------------------------------------------------------------------------------------


def some_boxes(count: int, seed: int, dtype: Any = torch.float32, size: float = 20.0) -> torch.Tensor:
    """Boxes with corners in order, some of them alike and some empty."""
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, size, (count, 2))
    boxes = torch.from_numpy(np.concatenate([low, low + rng.uniform(0, size / 2, (count, 2))], 1))
    if count > 4:
        boxes[1] = boxes[0]
        boxes[2, 2:] = boxes[2, :2]
    return boxes.to(dtype)


PAIRS = ("box_iou", "generalized_box_iou", "distance_box_iou", "complete_box_iou")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.int64, torch.int16], ids=str)
@pytest.mark.parametrize("name", PAIRS)
def test_pairs_of_boxes(name: str, dtype: torch.dtype) -> None:
    first, second = some_boxes(5, 1, dtype), some_boxes(3, 2, dtype)
    for one, other in ((first, second), (first.expand(2, 5, 4), second.expand(2, 3, 4)), (first[:0], second)):
        same(
            getattr(ours, name)(to_ours(one), to_ours(other)),
            getattr(theirs, name)(one, other),
            1e-3 if dtype.itemsize == 2 else 1e-6,
        )


@pytest.mark.parametrize("name", PAIRS)
def test_gradients_of_pairs(name: str) -> None:
    pair = [some_boxes(4, seed, torch.float64).requires_grad_() for seed in (5, 6)]
    mine = [to_ours(each.detach()).requires_grad_() for each in pair]
    getattr(theirs, name)(*pair).sum().backward()
    getattr(ours, name)(*mine).sum().backward()
    for one, other in zip(mine, pair, strict=True):
        same(one.grad, other.grad)


@pytest.mark.parametrize("fmt", ["xyxy", "xywh", "cxcywh"])
def test_other_formats(fmt: str) -> None:
    first, second = some_boxes(5, 1), some_boxes(6, 2)
    same(ours.box_iou(to_ours(first), to_ours(second), fmt), theirs.box_iou(first, second, fmt))
    same(ours.box_area(to_ours(first), fmt), theirs.box_area(first, fmt))


FORMATS = {"xyxy": 4, "xywh": 4, "cxcywh": 4, "xywhr": 5, "cxcywhr": 5, "xyxyxyxy": 8}


@pytest.mark.parametrize("source", FORMATS)
def test_conversions(source: str) -> None:
    rng = np.random.default_rng(6)
    for target in FORMATS:
        for dtype in (torch.float32, torch.int64):
            boxes = torch.from_numpy(rng.uniform(1, 30, (2, 3, FORMATS[source]))).to(dtype)
            call = f"box_convert(boxes, {source!r}, {target!r})"
            if (FORMATS[source] == 4) != (FORMATS[target] == 4):
                results = [
                    refusal(call.replace("boxes", "torch.ones(1, 4)"), *each) for each in ((ours, ak), (theirs, torch))
                ]
                assert results[0] == results[1]
            else:
                expected = theirs.box_convert(boxes, source, target)
                same(ours.box_convert(to_ours(boxes), source, target), expected, 1e-5)


def test_clipping_and_small_boxes() -> None:
    boxes = some_boxes(8, 3) - 4
    for shaped in (boxes, boxes.reshape(2, 4, 4), boxes[:0]):
        same(ours.clip_boxes_to_image(to_ours(shaped), (12, 9)), theirs.clip_boxes_to_image(shaped, (12, 9)))
    for least in (0.0, 2.5, 100.0):
        kept = ours.remove_small_boxes(to_ours(boxes), least)
        assert kept.tolist() == theirs.remove_small_boxes(boxes, least).tolist()
        assert kept.dtype == ak.int64


def test_boxes_around_masks() -> None:
    masks = torch.from_numpy(np.random.default_rng(4).random((5, 6, 7)) > 0.9)
    masks[2] = False
    masks[3] = True
    for given in (masks, masks.float(), masks[:0]):
        same(ours.masks_to_boxes(to_ours(given)), theirs.masks_to_boxes(given))


@pytest.mark.parametrize(
    "call",
    [
        "box_convert(torch.ones(1, 4), 'xyxy', 'yxyx')",
        "box_convert(torch.ones(1, 4), 'xyxy', 'xywhr')",
        "box_convert(torch.ones(1, 3), 'xyxy', 'xywh')",
        "box_area(torch.ones(1, 4), 'xywhr')",
        "box_iou(torch.ones(1, 4), torch.ones(1, 4), 'yxyx')",
        "box_iou(torch.ones(1, 4), torch.ones(2, 1, 1, 3))",
        "sigmoid_focal_loss(torch.ones(2), torch.ones(2), alpha=2)",
        "sigmoid_focal_loss(torch.ones(2), torch.ones(2), reduction='max')",
        "sigmoid_focal_loss(torch.ones(2), torch.ones(3))",
        "generalized_box_iou_loss(torch.ones(1, 4), torch.ones(1, 4), reduction='max')",
        "roi_align(torch.ones(1, 1, 4, 4), torch.ones(2, 4), 2)",
        "roi_align(torch.ones(1, 1, 4, 4), [torch.ones(2, 5)], 2)",
        "roi_align(torch.ones(1, 1, 4, 4), 3, 2)",
    ],
)
def test_wrong_calls_say_what_torchvision_says(call: str) -> None:
    assert refusal(call, ours, ak) == refusal(call, theirs, torch)


# -- losses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize(("alpha", "gamma"), [(0.25, 2), (0.6, 1.5), (-1, 0)])
def test_focal_loss(alpha: float, gamma: float, reduction: str) -> None:
    logits, there = torch.linspace(-6, 6, 12).reshape(3, 4), (torch.arange(12.0).reshape(3, 4) % 3 == 0).float()
    x, y = to_ours(logits).requires_grad_(), logits.clone().requires_grad_()
    loss = ours.sigmoid_focal_loss(x, to_ours(there), alpha, gamma, reduction)
    wanted = theirs.sigmoid_focal_loss(y, there, alpha, gamma, reduction)
    same(loss, wanted)
    loss.sum().backward()
    wanted.sum().backward()
    same(x.grad, y.grad, 1e-5)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("name", ["generalized_box_iou_loss", "distance_box_iou_loss", "complete_box_iou_loss"])
def test_losses_of_boxes(name: str, reduction: str) -> None:
    for count in (6, 0):
        pair = [some_boxes(count, seed) + torch.tensor([0.0, 0.0, 1.0, 1.0]) for seed in (8, 9)]
        pair = [each.requires_grad_() for each in pair]
        mine = [to_ours(each.detach()).requires_grad_() for each in pair]
        loss, wanted = (
            getattr(ours, name)(*mine, reduction, eps=1e-5),
            getattr(theirs, name)(*pair, reduction, eps=1e-5),
        )
        same(loss, wanted, 1e-5)
        loss.sum().backward()
        wanted.sum().backward()
        for one, other in zip(mine, pair, strict=True):
            same(one.grad, other.grad, 1e-4)
    halves = [some_boxes(4, seed).half() for seed in (8, 9)]
    same(getattr(ours, name)(*map(to_ours, halves)), getattr(theirs, name)(*halves), 1e-3)


# -- what is C++ in torchvision ----------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("ratio", [-1, 1, 2, 3])
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
    same(found, wanted, 1e-9)
    (found**2).sum().backward()
    (wanted**2).sum().backward()
    same(mine.grad, maps.grad, 1e-9)


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


def test_layers_describe_themselves() -> None:
    for text in ("RoIAlign((7, 7), 0.25, 2, aligned=True)", "RoIPool(7, 1.0)", "StochasticDepth(0.2, 'batch')"):
        assert repr(eval(f"m.{text}", {"m": ours})) == repr(eval(f"m.{text}", {"m": theirs}))


def test_turned_boxes_are_refused_by_name() -> None:
    with pytest.raises(
        NotImplementedError, match="torchvision has box_iou of 'xywhr'; autogradkit does not have it yet"
    ):
        ours.box_iou(ak.ones(1, 5), ak.ones(1, 5), "xywhr")
