"""`vision.ops` beside torchvision's: blocks, boxes, losses. What is C++ there stands in test_vision_regions.py."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit as ak
from autogradkit.vision import ops as ours
from tests.every_case import every_case
from tests.parity.oracle import to_ours
from tests.parity.oracle_vision import torchvision
from tests.parity.vision_cases import same_numbers, some_boxes

theirs = torchvision.ops


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


@every_case("name", blocks(ours, ak.nn))
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
        same_numbers(out, wanted, 1e-5)
        out.square().sum().backward()
        wanted.square().sum().backward()
        same_numbers(x.grad, y.grad, 1e-4)


def test_a_frozen_norm_takes_the_state_of_a_learnt_one() -> None:
    torch.manual_seed(0)
    state = torch.nn.BatchNorm2d(3).state_dict()
    state["running_mean"] = torch.randn(3)
    state["running_var"] = torch.rand(3)
    block, expected = ours.FrozenBatchNorm2d(3), theirs.FrozenBatchNorm2d(3)
    block.load_state_dict(to_ours(state))
    expected.load_state_dict(state)
    x = torch.randn(2, 3, 4, 4)
    same_numbers(block(to_ours(x)), expected(x))


@pytest.mark.parametrize("mode", ["row", "batch"])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_stochastic_depth(p: float, mode: str) -> None:
    for seed in range(4):
        torch.manual_seed(seed)
        ak.manual_seed(seed)
        same_numbers(ours.stochastic_depth(ak.ones(5, 3), p, mode), theirs.stochastic_depth(torch.ones(5, 3), p, mode))


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


PAIRS = ("box_iou", "generalized_box_iou", "distance_box_iou", "complete_box_iou")


@every_case("dtype", [torch.float32, torch.float64, torch.float16, torch.int64, torch.int16])
@every_case("name", PAIRS)
def test_pairs_of_boxes(name: str, dtype: torch.dtype) -> None:
    first, second = some_boxes(5, 1, dtype), some_boxes(3, 2, dtype)
    for one, other in ((first, second), (first.expand(2, 5, 4), second.expand(2, 3, 4)), (first[:0], second)):
        same_numbers(
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
        same_numbers(one.grad, other.grad)


@pytest.mark.parametrize("fmt", ["xyxy", "xywh", "cxcywh"])
def test_other_formats(fmt: str) -> None:
    first, second = some_boxes(5, 1), some_boxes(6, 2)
    same_numbers(ours.box_iou(to_ours(first), to_ours(second), fmt), theirs.box_iou(first, second, fmt))
    same_numbers(ours.box_area(to_ours(first), fmt), theirs.box_area(first, fmt))


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
                same_numbers(ours.box_convert(to_ours(boxes), source, target), expected, 1e-5)


def test_clipping_and_small_boxes() -> None:
    boxes = some_boxes(8, 3) - 4
    for shaped in (boxes, boxes.reshape(2, 4, 4), boxes[:0]):
        same_numbers(ours.clip_boxes_to_image(to_ours(shaped), (12, 9)), theirs.clip_boxes_to_image(shaped, (12, 9)))
    for least in (0.0, 2.5, 100.0):
        kept = ours.remove_small_boxes(to_ours(boxes), least)
        assert kept.tolist() == theirs.remove_small_boxes(boxes, least).tolist()
        assert kept.dtype == ak.int64


def test_boxes_around_masks() -> None:
    masks = torch.from_numpy(np.random.default_rng(4).random((5, 6, 7)) > 0.9)
    masks[2] = False
    masks[3] = True
    for given in (masks, masks.float(), masks[:0]):
        same_numbers(ours.masks_to_boxes(to_ours(given)), theirs.masks_to_boxes(given))


@every_case(
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


@every_case("reduction", ["none", "mean", "sum"])
@every_case("alpha gamma", [(0.25, 2), (0.6, 1.5), (-1, 0)])
def test_focal_loss(alpha: float, gamma: float, reduction: str) -> None:
    logits, there = torch.linspace(-6, 6, 12).reshape(3, 4), (torch.arange(12.0).reshape(3, 4) % 3 == 0).float()
    x, y = to_ours(logits).requires_grad_(), logits.clone().requires_grad_()
    loss = ours.sigmoid_focal_loss(x, to_ours(there), alpha, gamma, reduction)
    wanted = theirs.sigmoid_focal_loss(y, there, alpha, gamma, reduction)
    same_numbers(loss, wanted)
    loss.sum().backward()
    wanted.sum().backward()
    same_numbers(x.grad, y.grad, 1e-5)


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
        same_numbers(loss, wanted, 1e-5)
        loss.sum().backward()
        wanted.sum().backward()
        for one, other in zip(mine, pair, strict=True):
            same_numbers(one.grad, other.grad, 1e-4)
    halves = [some_boxes(4, seed).half() for seed in (8, 9)]
    same_numbers(getattr(ours, name)(*map(to_ours, halves)), getattr(theirs, name)(*halves), 1e-3)


def test_layers_describe_themselves() -> None:
    for text in ("RoIAlign((7, 7), 0.25, 2, aligned=True)", "RoIPool(7, 1.0)", "StochasticDepth(0.2, 'batch')"):
        assert repr(eval(f"m.{text}", {"m": ours})) == repr(eval(f"m.{text}", {"m": theirs}))


def test_turned_boxes_are_refused_by_name() -> None:
    with pytest.raises(
        NotImplementedError, match="torchvision has box_iou of 'xywhr'; autogradkit does not have it yet"
    ):
        ours.box_iou(ak.ones(1, 5), ak.ones(1, 5), "xywhr")
