"""Boxes of every format and key points under every transform of `vision.transforms.v2`, beside torchvision."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit as ak
from autogradkit.vision import tv_tensors as our_kinds
from autogradkit.vision.transforms import v2 as ours
from tests.every_case import every_case
from tests.parity.oracle import error_of, to_ours
from tests.parity.oracle_vision import torchvision
from tests.parity.vision_cases import PILLOWS, TENSORS, assert_alike, compare, seeded

theirs: Any = torchvision.transforms.v2
their_kinds: Any = torchvision.tv_tensors  # pyright: ignore[reportAttributeAccessIssue]

MOVES = """
T.Resize((8, 23))
T.Resize(None, max_size=9)
T.CenterCrop((20, 9))
T.Pad((1, 2, 3, 0))
T.RandomCrop((9, 4))
T.RandomCrop((20, 18), pad_if_needed=True)
T.RandomHorizontalFlip(1.0)
T.RandomVerticalFlip(1.0)
T.RandomResizedCrop((5, 8), scale=(0.5, 0.9))
T.RandomZoomOut(p=1.0)
T.ScaleJitter((20, 30))
T.RandomShortestSize([8, 9, 10, 20], max_size=22)
T.RandomRotation(30)
T.RandomRotation((10, 80), expand=True)
T.RandomRotation((10, 80), center=(3, 4))
T.RandomAffine(20)
T.RandomAffine((5, 50), translate=(0.1, 0.3), scale=(0.5, 1.5), shear=10)
T.RandomAffine(0, shear=(1, 20, 2, 10), center=(1, 2))
T.RandomPerspective(p=1.0)
T.RandomPerspective(0.9, 1.0)
T.ElasticTransform(alpha=[90, 20], sigma=[0.5, 1.0])
T.ClampBoundingBoxes()
T.ClampBoundingBoxes('soft')
T.ClampBoundingBoxes('hard')
T.ClampBoundingBoxes(None)
T.ClampKeyPoints()
T.SetClampingMode('hard')
T.SetClampingMode(None)
T.ConvertBoundingBoxFormat('CXCYWH')
T.ConvertBoundingBoxFormat('xywh')
T.ConvertBoundingBoxFormat(kinds.BoundingBoxFormat.XYXY)
T.ConvertBoundingBoxFormat('XYWHR')
T.ConvertBoundingBoxFormat('CXCYWHR')
T.ConvertBoundingBoxFormat('XYXYXYXY')
T.SanitizeBoundingBoxes(labels_getter=None)
T.SanitizeBoundingBoxes(min_size=4, min_area=30, labels_getter=None)
T.SanitizeKeyPoints()
T.ToDtype(dtype=t.float64)
T.RandomIoUCrop()
T.RandomIoUCrop(sampler_options=[0.1], min_scale=0.4, trials=3)
"""
UPRIGHT = {"XYXY": [[1, 2, 8, 9], [3, 0, 16, 13], [4, 4, 4, 7], [-2, 5, 20, 11]], "XYWH": [[1, 2, 7, 8], [11, 3, 9, 4]]}
UPRIGHT["CXCYWH"] = [[5, 6, 3, 4], [9, 7, 9, 13], [15, 2, 7, 5]]
TURNED = {
    "XYWHR": [[4.0, 5.0, 6.0, 3.0, 20.0], [9.0, 9.0, 7.0, 5.0, -35.0], [2.0, 3.0, 9.0, 4.0, 100.0]],
    "CXCYWHR": [[7.3, 6.4, 6.0, 3.0, 20.0], [1.2, 9.6, 7.0, 5.0, -35.0], [12.4, 3.3, 9.0, 4.0, 100.0]],
}
TURNED["XYXYXYXY"] = theirs.functional.convert_bounding_box_format(
    torch.tensor(TURNED["CXCYWHR"]), "CXCYWHR", "XYXYXYXY"
).tolist()
POINTS = [[2, 3], [15, 11], [5, 9], [-1, 4], [17, 3]]


def evaluate(library: Any, tensors: Any, kinds: Any, call: str) -> Any:
    return eval(call, {"T": library, "t": tensors, "kinds": kinds})


def beside(call: str, sample: Any) -> None:
    """Hold a sample's transform, or its error, to torchvision's; what is NaN there is so here."""
    both = (theirs, torch, their_kinds, lambda x: x), (ours, ak, our_kinds, to_ours)
    other, one = (
        lambda each=each: seeded(lambda: evaluate(*each[:3], call)(sample(each[1], each[2], each[3])))[0]
        for each in both
    )
    refused = error_of(other)
    if refused is not None:
        said = error_of(one)
        assert said is not None, refused
        assert said[1].split("\n")[0].replace("autogradkit.vision", "torchvision") == refused[1].split("\n")[0]
        return
    expected, next_draw = other(), torch.rand(1).item()
    got = one()
    assert ak.rand(1).item() == next_draw
    assert_alike(got["image"], expected["image"], 2e-5)
    assert_alike(got["places"], expected["places"], 1e-4)
    for name in ("format", "canvas_size", "clamping_mode"):
        said = [getattr(each["places"], name, None) for each in (got, expected)]
        assert repr(said[0]).replace("[", "(").replace("]", ")") == repr(said[1]).replace("[", "(").replace("]", ")")


@pytest.mark.parametrize("call", MOVES.strip().splitlines())
@every_case(
    "format dtype mode",
    [(name, *how) for name in UPRIGHT for how in (("int64", "soft"), ("float32", "hard"), ("float64", None))]
    + [(name, *how) for name in TURNED for how in (("float32", "soft"), ("float64", "hard"), ("float32", None))],
)
def test_boxes(call: str, format: str, dtype: str, mode: str | None) -> None:
    def sample(tensors: Any, kinds: Any, given: Any) -> Any:
        numbers = tensors.tensor({**UPRIGHT, **TURNED}[format], dtype=getattr(tensors, dtype))
        boxes = kinds.BoundingBoxes(numbers, format=format, canvas_size=(13, 17), clamping_mode=mode)
        return {"image": kinds.Image(given(TENSORS["uint8"])), "places": boxes}

    beside(call, sample)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("call", MOVES.strip().splitlines())
@every_case("shape dtype", itertools.product([(5, 2), (5, 1, 2)], ["int64", "float32"]))
def test_key_points(call: str, shape: tuple[int, ...], dtype: str) -> None:
    def sample(tensors: Any, kinds: Any, given: Any) -> Any:
        points = tensors.tensor(POINTS, dtype=getattr(tensors, dtype)).view(shape)
        points = points + 0.25 if dtype == "float32" else points
        places = kinds.KeyPoints(points, canvas_size=(13, 17))
        return {"image": kinds.Image(given(TENSORS["uint8"])), "places": places}

    beside(call, sample)


@every_case("call", MOVES.strip().splitlines()[:20])
def test_no_boxes_at_all(call: str) -> None:
    def sample(tensors: Any, kinds: Any, given: Any) -> Any:
        boxes = kinds.BoundingBoxes(tensors.zeros(0, 4), format="XYXY", canvas_size=(13, 17))
        return {"image": kinds.Image(given(TENSORS["uint8"])), "places": boxes}

    beside(call, sample)


SANITIZED = """
T.SanitizeBoundingBoxes()({'boxes': boxes, 'labels': labels, 'masks': masks, 'one': mask, 'other': labels + 1})
T.SanitizeBoundingBoxes()((image, {'boxes': boxes, 'MyLabels': labels}))
T.SanitizeBoundingBoxes(labels_getter=lambda s: (s['labels'], s['area']))({'boxes': boxes, 'labels': labels, 'area': area})
T.SanitizeBoundingBoxes(labels_getter=None)({'boxes': boxes, 'labels': labels})
T.SanitizeBoundingBoxes()({'boxes': boxes, 'labels': labels[:2]})
T.SanitizeBoundingBoxes()({'boxes': boxes, 'labels': [1, 2, 3, 4]})
T.SanitizeBoundingBoxes()({'boxes': boxes, 'labels': 'abc'})
T.SanitizeBoundingBoxes()({'boxes': boxes})
T.SanitizeBoundingBoxes()({'labels': labels})
T.SanitizeBoundingBoxes(min_size=0.5)
T.SanitizeBoundingBoxes(min_area=0)
T.SanitizeBoundingBoxes(labels_getter=3)
T.SanitizeKeyPoints()({'points': points, 'labels': labels})
T.SanitizeKeyPoints('default')({'points': points, 'labels': labels})
T.SanitizeKeyPoints('default')({'points': points, 'labels': labels[1:]})
T.SanitizeKeyPoints()({'labels': labels})
T.SetClampingMode('no')
T.RandomIoUCrop()({'boxes': boxes})
T.RandomIoUCrop()({'image': image})
T.functional.sanitize_bounding_boxes(boxes)
T.functional.sanitize_bounding_boxes(boxes, format='XYXY')
T.functional.sanitize_bounding_boxes(plain, format='xyxy', canvas_size=(13, 17), min_size=3)
T.functional.sanitize_bounding_boxes(plain)
T.functional.sanitize_bounding_boxes(points)
T.functional.sanitize_keypoints(points)
T.functional.sanitize_keypoints(points, canvas_size=(3, 4))
T.functional.sanitize_keypoints(plain[:, :2])
T.functional.sanitize_keypoints(plain[:, :2], canvas_size=(5, 5))
T.functional.sanitize_keypoints(boxes)
T.functional.clamp_bounding_boxes(boxes, clamping_mode='none')
T.functional.clamp_bounding_boxes(boxes, canvas_size=(3, 3))
T.functional.clamp_bounding_boxes(plain)
T.functional.clamp_bounding_boxes(plain, kinds.BoundingBoxFormat.XYXY, (5, 9), 'soft')
T.functional.clamp_bounding_boxes(points)
T.functional.clamp_keypoints(points)
T.functional.clamp_keypoints(points, canvas_size=(3, 3))
T.functional.clamp_keypoints(plain[:, :2])
T.functional.clamp_keypoints(plain[:, :2], canvas_size=(5, 9))
T.functional.clamp_keypoints(boxes)
T.functional.convert_bounding_box_format(plain, 'XYXY', 'XYWHR')
T.functional.get_size(points)
T.functional.get_num_frames(video)
T.functional.uniform_temporal_subsample(video, 3)
T.UniformTemporalSubsample(2)(video)
T.UniformTemporalSubsample(7)((video, labels))
T.UniformTemporalSubsample(2)(image.data)
T.get_bounding_boxes([image, boxes])
T.get_bounding_boxes([image])
T.get_keypoints([boxes, points])
T.get_keypoints([boxes])
kinds.KeyPoints([1, 2], canvas_size=(3, 4))
kinds.KeyPoints([[1, 2, 3]], canvas_size=(3, 4))
kinds.is_rotated_bounding_format('xywhr')
repr(kinds.KeyPoints([[1, 2]], canvas_size=(3, 4)))
kinds.wrap(plain[:, :2], like=points)
kinds.wrap(plain[:, :2], like=points, canvas_size=(7, 7)).canvas_size
"""


def leaves_of(outcome: Any) -> list[Any]:
    if isinstance(outcome, dict):
        return [each for key, value in outcome.items() for each in (key, *leaves_of(value))]
    if isinstance(outcome, (list, tuple)):
        return [type(outcome), *(each for value in outcome for each in leaves_of(value))]
    return [outcome if not isinstance(outcome, (ours.Transform, theirs.Transform)) else repr(outcome)]


@every_case("call", SANITIZED.strip().splitlines())
def test_what_is_left_out(call: str) -> None:
    told = []
    for library, tensors, kinds in ((ours, ak, our_kinds), (theirs, torch, their_kinds)):
        plain = tensors.tensor(UPRIGHT["XYXY"]).float()
        names = {
            "T": library,
            "kinds": kinds,
            "plain": plain,
            "image": kinds.Image(tensors.zeros(3, 13, 17)),
            "video": kinds.Video(tensors.arange(40.0).view(1, 5, 2, 2, 2)),
            "boxes": kinds.BoundingBoxes(plain, format="XYXY", canvas_size=(13, 17)),
            "masks": kinds.Mask(tensors.arange(4 * 6).view(4, 2, 3)),
            "mask": kinds.Mask(tensors.arange(6).view(2, 3)),
            "labels": tensors.tensor([3, 4, 5, 6]),
            "area": tensors.tensor([0.5, 0.25, 1.0, 2.0]),
            "points": kinds.KeyPoints([[1, 2], [16, 12], [-1, 4], [17, 3]], canvas_size=(13, 17)),
        }
        try:
            outcome = leaves_of(eval(call, names))
        except Exception as error:  # what it raises is compared, too
            said = str(error).replace("autogradkit.vision.", "torchvision.").replace("autogradkit.", "torch.")
            outcome = [
                type(error),
                said.replace("core.tensor.", "").replace("tv_tensors._bounding_boxes", "tv_tensors"),
            ]
        told.append(outcome)
    one, other = told
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        if isinstance(b, torch.Tensor):
            assert_alike(a, b)
        elif isinstance(b, str):
            for module in ("_bounding_boxes", "_keypoints", "_image"):
                b = b.replace(f"tv_tensors.{module}.", "tv_tensors.")
            assert a == b
        else:
            assert a == b


POLICIES = """
T.AutoAugment()
T.AutoAugment(T.AutoAugmentPolicy.CIFAR10, 'bilinear', fill=3)
T.AutoAugment(T.AutoAugmentPolicy.SVHN)
T.RandAugment()
T.RandAugment(3, 20, 30, fill=(1, 2, 3))
T.TrivialAugmentWide()
T.TrivialAugmentWide(11, 'bilinear')
T.AugMix()
T.AugMix(7, 2, 3, 0.5, all_ops=False)
T.RandAugment(-1)
T.AugMix(0)
T.AutoAugment('imagenet')
"""


def nearly(ours: Any, theirs: Any, tolerance: float) -> None:
    """Alike but for a pixel here and there that is looked up just between two, and is then either."""
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert type(one).__name__ == type(other).__name__
        a, b = (np.asarray(each, dtype=np.float64) for each in (one, other))
        assert a.shape == b.shape
        assert (np.abs(a - b) > (1 if b.max() > 1 else tolerance)).mean() <= 0.02


@pytest.mark.one_in(5)
@pytest.mark.parametrize("call", POLICIES.strip().splitlines())
@pytest.mark.parametrize("kind", ["uint8", "float32", "batch", "RGB"])
def test_policies(call: str, kind: str) -> None:
    picture = {**TENSORS, **PILLOWS}[kind]

    def several(library: Any, tensors: Any, kinds: Any) -> Any:
        return lambda x: [evaluate(library, tensors, kinds, call)(x) for _ in range(12)]

    compare(several(ours, ak, our_kinds), several(theirs, torch, their_kinds), picture, 2e-5, nearly)


BOTH = ((ours, ak, our_kinds, to_ours), (theirs, torch, their_kinds, lambda x: x))


@pytest.mark.parametrize("call", POLICIES.strip().splitlines()[:9])
def test_policies_of_videos(call: str) -> None:
    frames = torch.stack([TENSORS["uint8"], TENSORS["uint8"].flip(1)]).unsqueeze(0)

    def policy_and_frames(library: Any, tensors: Any, kinds: Any, given: Any) -> Any:
        policy = evaluate(library, tensors, kinds, call)
        changed = seeded(lambda: [policy(kinds.Video(given(frames)), "a")[0] for _ in range(6)])[0]
        return repr(policy).replace("autogradkit", "torch"), changed

    (shown, one), (expected, other) = (policy_and_frames(*each) for each in BOTH)
    assert shown == expected
    nearly(one, other, 2e-5)


def test_of_a_picture_there_are_no_frames() -> None:
    for function in (
        ours.functional.get_num_frames,
        lambda image: ours.functional.uniform_temporal_subsample(image, 2),
    ):
        with pytest.raises(
            TypeError, match=r"does not support inputs of type <class 'autogradkit\.vision\.tv_tensors\.Image'>"
        ):
            function(our_kinds.Image(ak.zeros(3, 2, 2)))


@pytest.mark.parametrize(
    "sample", ["'a'", "k.Mask(t.zeros(2, 3))", "(k.Image(t.zeros(1, 3, 3)), k.Image(t.zeros(1, 3, 3)))"]
)
def test_policies_refuse_samples_without_one_image(sample: str) -> None:
    def refused(library: Any, tensors: Any, kinds: Any, _: Any) -> Any:
        return error_of(lambda: library.RandAugment()(eval(sample, {"k": kinds, "t": tensors})))

    one, other = (refused(*each) for each in BOTH)
    assert one == other
    assert one is not None


def test_key_points_are_mirrored_by_pixels_and_boxes_by_edges() -> None:
    points = our_kinds.KeyPoints([[0, 0]], canvas_size=(4, 6))
    boxes = our_kinds.BoundingBoxes([0, 0, 1, 1], format="XYXY", canvas_size=(4, 6))
    flip = ours.RandomHorizontalFlip(1.0)
    np.testing.assert_array_equal(flip(points).as_subclass(ak.Tensor).numpy(), [[5, 0]])
    np.testing.assert_array_equal(flip(boxes).as_subclass(ak.Tensor).numpy(), [[5, 0, 6, 1]])
