"""`vision.transforms.v2` beside torchvision: on images of all kinds, and on masks, boxes and labels that belong to them."""

from __future__ import annotations

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
from tests.parity.vision_cases import PILLOWS, RGB, TENSORS, assert_alike, compare, seeded

theirs = torchvision.transforms.v2
their_kinds = torchvision.tv_tensors

GEOMETRY = """
T.Resize(8)
T.Resize((8, 23), interpolation='nearest')
T.Resize([9], interpolation=T.InterpolationMode.BICUBIC, max_size=11)
T.Resize(None, max_size=9)
T.Resize((6, 5), 'nearest-exact')
T.Resize((20, 31), interpolation='bicubic')
T.Resize((6, 9), antialias=False)
T.Resize((6, 9), 'lanczos')
T.Resize((13, 17))
T.CenterCrop(6)
T.CenterCrop((20, 9))
T.Pad(2)
T.Pad((1, 2), fill=7)
T.Pad((1, 2, 3, 0), fill=(9, 20, 30))
T.RandomCrop(7)
T.RandomCrop((9, 4), padding=3, fill=1)
T.RandomCrop(15, padding=(1, 2))
T.RandomCrop((20, 18), pad_if_needed=True)
T.RandomCrop((13, 17))
T.RandomCrop(40)
T.RandomHorizontalFlip(1.0)
T.RandomHorizontalFlip()
T.RandomVerticalFlip(p=1)
T.RandomResizedCrop(9)
T.RandomResizedCrop((5, 8), scale=(0.5, 0.9), ratio=(1.0, 2.0), interpolation='nearest')
T.RandomZoomOut(p=1.0)
T.RandomZoomOut(fill=(1, 2, 3), side_range=(1.5, 2.0), p=1.0)
T.ScaleJitter((20, 30))
T.RandomShortestSize([8, 9, 10, 20], max_size=22)
T.RandomResize(5, 12)
"""
WARPS = """
T.Pad([3], padding_mode='edge')
T.Pad((1, 2, 3, 4), padding_mode='reflect')
T.Pad((2, 3), padding_mode='symmetric')
T.RandomRotation(30)
T.RandomRotation((10, 80), expand=True, fill=3)
T.RandomRotation((10, 80), 'bilinear', center=(3, 4), fill=(5,))
T.RandomAffine(20)
T.RandomAffine((5, 50), translate=(0.1, 0.3), scale=(0.5, 1.5), shear=10)
T.RandomAffine(0, shear=(1, 20, 2, 10), interpolation='bilinear', fill=4, center=(1, 2))
T.RandomPerspective(p=1.0)
T.RandomPerspective(0.9, 1.0, 'nearest', fill=8)
T.ElasticTransform()
T.ElasticTransform(alpha=[90, 20], sigma=[0.5, 1.0], interpolation='nearest', fill=3)
"""
COLORS = """
T.ColorJitter()
T.ColorJitter(0.4)
T.ColorJitter(contrast=(0.2, 1.8))
T.ColorJitter(saturation=0.9)
T.ColorJitter(hue=0.4)
T.ColorJitter(0.5, 0.4, 0.3, 0.2)
T.Grayscale()
T.Grayscale(3)
T.RandomGrayscale(1.0)
T.RGB()
T.RandomChannelPermutation()
T.RandomPhotometricDistort()
T.RandomPhotometricDistort(p=1.0)
T.GaussianBlur(3)
T.GaussianBlur((5, 7), sigma=(1.0, 3.0))
T.RandomInvert(1.0)
T.RandomPosterize(3, p=1.0)
T.RandomSolarize(100, p=1.0)
T.RandomSolarize(threshold=0.5, p=1.0)
T.RandomAdjustSharpness(2, p=1.0)
T.RandomAdjustSharpness(sharpness_factor=0.25, p=1.0)
T.RandomAutocontrast(1.0)
T.RandomEqualize(1.0)
T.RandomErasing(1.0)
T.RandomErasing(p=1.0, value='random')
T.RandomErasing(p=1, value=(1, 2, 3))
T.GaussianNoise(0.1, 0.2)
"""
OTHERS = """
T.ToImage()
T.PILToTensor()
T.ToPILImage()
T.ToPureTensor()
T.ToTensor()
T.ToDtype(t.float32)
T.ToDtype(t.float32, scale=True)
T.ToDtype(t.uint8, scale=True)
T.ToDtype(t.int64, scale=True)
T.ConvertImageDtype()
T.ConvertImageDtype(t.int16)
T.Normalize((0.5,), (0.25,))
T.Normalize([0.1, 0.2, 0.3], std=[1.0, 2.0, 4.0])
T.Normalize([0.5], [0.0])
T.Identity()
T.Lambda(lambda x: 3)
T.Compose([T.ToImage(), T.RandomCrop(9), T.ToDtype(t.float32, scale=True), T.Normalize([0.5], [0.5])])
T.Compose([T.Resize(8)])
T.RandomApply([T.CenterCrop(5), T.Pad(1)], p=0.9)
T.RandomApply([T.CenterCrop(5)], p=0.1)
T.RandomChoice([T.CenterCrop(5), T.CenterCrop(6), T.CenterCrop(7)])
T.RandomChoice([T.CenterCrop(5), T.CenterCrop(6)], p=[0.0, 3.0])
T.RandomOrder([T.CenterCrop(9), T.Pad(1), T.RandomVerticalFlip()])
T.FiveCrop(5)
T.TenCrop((4, 6), vertical_flip=True)
"""
WRONG = """
T.Resize('abc')
T.Resize((1, 2, 3))
T.Resize(None)
T.Pad((1, 2, 3))
T.Pad(1, fill='a')
T.Pad(1, padding_mode='circular')
T.RandomCrop((1, 2, 3))
T.RandomCrop(3, padding='a')
T.RandomHorizontalFlip(2)
T.RandomResizedCrop(3, scale=1)
T.RandomResizedCrop(3, ratio=(1, 2, 3))
T.RandomZoomOut(side_range=(0.5, 1))
T.RandomRotation(-3)
T.RandomAffine(3, translate=(2, 0))
T.RandomPerspective(2)
T.ElasticTransform(alpha=t)
T.ElasticTransform(sigma=(1.0, 2.0, 3.0))
T.ColorJitter(-1)
T.ColorJitter(hue=0.7)
T.ColorJitter(contrast=(1, 2, 3))
T.GaussianBlur(4)
T.GaussianBlur(3, sigma=(2, 1))
T.RandomErasing(value='blue')
T.Compose(3)
T.Compose([])
T.RandomApply([T.Identity()], p=2)
T.RandomChoice([T.Identity()], p=[1, 2])
T.ToDtype(3)
T.JPEG(0)
T.JPEG(True)
"""


def lines(*texts: str) -> list[str]:
    return [line for text in texts for line in text.strip().splitlines()]


def evaluate(library: Any, tensors: Any, call: str) -> Any:
    return eval(call, {"T": library, "t": tensors})


@pytest.mark.one_in(2)
@pytest.mark.parametrize("call", lines(GEOMETRY, WARPS, COLORS, OTHERS))
@every_case("kind", ["uint8", "float32", "grey", "float64", "batch", "RGB", "L"])
def test_a_picture(call: str, kind: str) -> None:
    picture = {**TENSORS, **PILLOWS}[kind]
    compare(lambda x: evaluate(ours, ak, call)(x), lambda x: evaluate(theirs, torch, call)(x), picture, 2e-5)


@pytest.mark.parametrize("kind", ["float32", "float64", "uint8", "int16", "int32", "int64", "uint16", "bool"])
def test_sixteen_bits_are_scaled(kind: str) -> None:
    picture = (torch.arange(75) ** 2 * 11 + 7).to(torch.uint16).view(3, 5, 5)
    for call in (
        "to_dtype(x, t.{}, scale=True)",
        "to_dtype(x, t.{})",
        "invert(x)",
        "posterize(x, 3)",
        "vertical_flip(x)",
    ):
        compare(
            lambda x, call=call: eval("F." + call.format(kind), {"F": ours.functional, "t": ak, "x": x}),
            lambda x, call=call: eval("F." + call.format(kind), {"F": theirs.functional, "t": torch, "x": x}),
            picture,
        )
    other = (torch.arange(75) * 3).to(torch.bool if kind == "bool" else torch.uint8).view(3, 5, 5)
    other = (
        other.to(getattr(torch, kind)) if kind not in ("float32", "float64") else other.to(getattr(torch, kind)) / 255
    )
    compare(
        lambda x: ours.functional.to_dtype(x, ak.uint16, scale=True),
        lambda x: theirs.functional.to_dtype(x, torch.uint16, scale=True),
        other,
    )


@every_case("call", [call for call in lines(GEOMETRY, WARPS, COLORS, OTHERS) if call != "T.ToTensor()"])
def test_repr(call: str) -> None:
    def shown(library: Any, tensors: Any) -> str:
        return repr(evaluate(library, tensors, call)).replace("autogradkit", "torch")

    assert shown(ours, ak) == shown(theirs, torch)


@every_case("call", lines(WRONG))
def test_refusals(call: str) -> None:
    refused = error_of(lambda: evaluate(theirs, torch, call))
    assert refused is not None
    said = error_of(lambda: evaluate(ours, ak, call))
    assert said is not None, refused
    assert said[0] is refused[0]
    assert said[1] == refused[1] or "<module" in refused[1]


def sample(kinds: Any, tensors: Any, given: Any) -> dict[str, Any]:
    """An image with a mask, boxes and labels that belong to it, of one library."""
    return {
        "image": kinds.Image(given(TENSORS["uint8"])),
        "mask": kinds.Mask(given(TENSORS["uint8"][0] // 60)),
        "boxes": kinds.BoundingBoxes([[1, 2, 8, 9], [3, 0, 16, 13]], format="XYXY", canvas_size=(13, 17)),
        "middles": kinds.BoundingBoxes(tensors.tensor([[5.5, 6.0, 3.0, 4.0]]), format="CXCYWH", canvas_size=(13, 17)),
        "corners": kinds.BoundingBoxes(tensors.tensor([[5, 6, 8, 4]]), format="XYWH", canvas_size=(13, 17)),
        "labels": tensors.tensor([3, 4]),
        "name": "one",
        "pair": [1, (2.5, None)],
    }


def assert_samples_alike(one: Any, other: Any) -> None:
    if isinstance(other, dict):
        assert list(one) == list(other)
        for name in other:
            assert_samples_alike(one[name], other[name])
        return
    assert_alike(one, other, 2e-5)
    if isinstance(other, their_kinds.BoundingBoxes):
        assert (one.format.value, tuple(one.canvas_size)) == (other.format.value, tuple(other.canvas_size))


@every_case("call", lines(GEOMETRY, COLORS, OTHERS))
def test_what_belongs_to_an_image_goes_along(call: str) -> None:
    refused = error_of(lambda: seeded(lambda: evaluate(theirs, torch, call)(sample(their_kinds, torch, lambda x: x))))
    one = error_of(lambda: seeded(lambda: evaluate(ours, ak, call)(sample(our_kinds, ak, to_ours))))
    assert (one is None) == (refused is None)
    if refused is None:
        expected = seeded(lambda: evaluate(theirs, torch, call)(sample(their_kinds, torch, lambda x: x)))[0]
        got = seeded(lambda: evaluate(ours, ak, call)(sample(our_kinds, ak, to_ours)))[0]
        assert_samples_alike(got, expected)


@every_case("call", lines(WARPS))
def test_a_mask_is_warped_with_its_image(call: str) -> None:
    def pair(kinds: Any, given: Any) -> Any:
        return kinds.Image(given(TENSORS["float32"])), kinds.Mask(given(TENSORS["uint8"][0] // 60))

    refused = error_of(lambda: seeded(lambda: evaluate(theirs, torch, call)(*pair(their_kinds, lambda x: x))))
    if refused is not None:
        assert error_of(lambda: seeded(lambda: evaluate(ours, ak, call)(*pair(our_kinds, to_ours)))) == refused
        return
    expected = seeded(lambda: evaluate(theirs, torch, call)(*pair(their_kinds, lambda x: x)))[0]
    assert_alike(seeded(lambda: evaluate(ours, ak, call)(*pair(our_kinds, to_ours)))[0], expected, 2e-5)


def test_without_an_image_the_first_tensor_is_taken_for_one() -> None:
    image, labels = ak.zeros(3, 4, 6), ak.tensor([1, 2])
    got, same = ours.Resize((2, 3))(image, labels)
    assert got.shape == (3, 2, 3)
    assert same is labels


def test_a_video_is_transformed_frame_by_frame() -> None:
    frames = torch.stack([TENSORS["float32"], TENSORS["float32"].flip(1)]).unsqueeze(0)
    for call in ("T.RandomRotation(30, fill=0.5)", "T.Resize(6)", "T.RandomAutocontrast(1.0)", "T.FiveCrop(4)"):
        expected = seeded(lambda call=call: evaluate(theirs, torch, call)(their_kinds.Video(frames)))[0]
        assert_alike(seeded(lambda call=call: evaluate(ours, ak, call)(our_kinds.Video(to_ours(frames))))[0], expected)


def test_what_a_tensor_holds() -> None:
    for kinds, tensors in ((their_kinds, torch), (our_kinds, ak)):
        image = kinds.Image(RGB[:, :, 0], dtype=tensors.float32)
        assert (type(image), tuple(image.shape)) == (kinds.Image, (1, 13, 17))
        assert type(image + 1) is tensors.Tensor
        for copy in (image.clone(), image.detach(), image.to(tensors.float64), image.requires_grad_()):
            assert type(copy) is kinds.Image
        assert type(kinds.wrap(image + 1, like=image)) is kinds.Image
        boxes = kinds.BoundingBoxes([1, 2, 3, 4], format="xywh", canvas_size=(9, 9))
        assert repr(boxes) == (
            "BoundingBoxes([[1, 2, 3, 4]], format=BoundingBoxFormat.XYWH, canvas_size=(9, 9), clamping_mode=soft)"
        )
        assert boxes.clone().canvas_size == (9, 9)
        with pytest.raises(ValueError, match=r"^Tensor must be 2D or higher, got 1D tensor\.$"):
            kinds.Image([1, 2])
    assert repr(our_kinds.Image([[[1]]])) == repr(their_kinds.Image([[[1]]]))


@every_case("old", ["XYXY", "XYWH", "CXCYWH"])
@every_case("new", ["XYXY", "XYWH", "CXCYWH"])
@every_case("dtype", ["int64", "float32"])
def test_formats_of_boxes(old: str, new: str, dtype: str) -> None:
    numbers = [[4, 5, 9, 12], [3, 3, 8, 6]]
    one, other = (
        library.functional.convert_bounding_box_format(
            tensors.tensor(numbers, dtype=getattr(tensors, dtype)), old_format=old, new_format=new
        )
        for library, tensors in ((ours, ak), (theirs, torch))
    )
    assert_alike(one, other)


def test_a_jpeg_of_low_quality_is_another_picture() -> None:
    picture = ak.from_numpy(np.ascontiguousarray(RGB.transpose(2, 0, 1)))
    rough, fine = (ours.JPEG(quality)(picture) for quality in (5, 100))
    assert rough.shape == fine.shape == picture.shape
    assert (rough.int() - picture.int()).abs().sum() > (fine.int() - picture.int()).abs().sum()


def test_a_transform_of_the_users() -> None:
    class Brighter(ours.Transform):
        def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
            return {"by": len(flat_inputs)}

        def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
            return inpt + params["by"]

    assert Brighter()(ak.zeros(1, 1, 1), "label")[0].tolist() == [[[1.0]]]


MIXED = """
T.MixUp(num_classes=4)(images, labels)
T.MixUp(alpha=0.3, num_classes=4)((images, labels))
T.MixUp()(images, shares)
T.MixUp(num_classes=4)(images.float(), shares.double())
T.CutMix(num_classes=4)(images, labels)
T.CutMix(alpha=0.2, num_classes=5)([images, labels])
T.CutMix()(kinds.Image(images), shares)
T.MixUp(num_classes=4)(kinds.Video(images[:, None]), {'name': 'ab', 'Labels': labels, 'label': shares})
T.CutMix(num_classes=4, labels_getter=lambda batch: batch['it'])({'images': images, 'it': labels, 'other': 3})
T.MixUp(num_classes=4)({'images': images, 'MyLabel': labels})
T.MixUp(num_classes=4)
T.CutMix(alpha=2)
T.MixUp()(images, labels)
T.MixUp(num_classes=5)(images, shares)
T.MixUp(num_classes=4)(images[0], labels)
T.MixUp(num_classes=4)(images[:2], labels)
T.CutMix(num_classes=4)(kinds.Video(images), labels)
T.MixUp(num_classes=4)(images, labels.view(3, 1, 1))
T.MixUp(num_classes=4)(images, [1, 2])
T.MixUp(num_classes=4)({'images': images})
T.MixUp(num_classes=4, labels_getter=None)(images, labels)
T.MixUp(num_classes=4, labels_getter='none')
T.CutMix(num_classes=4)(kinds.Mask(images), labels)
T.MixUp(num_classes=3)(images, labels)
"""


def leaves_of(outcome: Any) -> list[Any]:
    if isinstance(outcome, dict):
        return [each for key, value in outcome.items() for each in (key, *leaves_of(value))]
    if isinstance(outcome, (list, tuple)):
        return [type(outcome), *(each for value in outcome for each in leaves_of(value))]
    return [outcome if not isinstance(outcome, (ours.Transform, theirs.Transform)) else repr(outcome)]


@every_case("call", MIXED.strip().split("\n"))
def test_mixed_batches(call: str) -> None:
    told = []
    for library, tensors, kinds in ((ours, ak, our_kinds), (theirs, torch, their_kinds)):
        tensors.manual_seed(11)
        images = tensors.arange(3 * 2 * 6 * 8).view(3, 2, 6, 8) / 7
        labels, shares = tensors.tensor([2, 0, 3]), tensors.eye(4)[:3]
        names = {"T": library, "kinds": kinds, "images": images, "labels": labels, "shares": shares}
        try:
            outcome = [*leaves_of(eval(call, names)), tensors.rand(1)]
        except Exception as error:  # what it raises is compared, too
            outcome = [type(error), str(error).replace("autogradkit.", "torch.")]
        told.append(outcome)
    one, other = told
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        if isinstance(b, torch.Tensor):
            assert_alike(a, b, 0)
        else:
            assert a == b


def test_kernels_of_a_class_of_ones_own() -> None:
    seen: list[list[Any]] = []
    for m, kinds, transforms in ((torch, their_kinds, theirs), (ak, our_kinds, ours)):
        row = type("Row", (kinds.TVTensor,), {})
        short = type("Short", (row,), {})
        given = m.arange(3).as_subclass(row)
        found = [transforms.RandomHorizontalFlip(1.0)(given).tolist()]

        def flip(inpt: Any, kinds: Any = kinds) -> Any:
            return kinds.wrap(inpt.flip(-1), like=inpt)

        register = transforms.functional.register_kernel
        assert register("hflip", row)(flip) is flip
        for each in (given, m.arange(2).as_subclass(short)):
            flipped = transforms.RandomHorizontalFlip(1.0)(each)
            found += [type(flipped).__name__, flipped.tolist(), transforms.functional.horizontal_flip(each).tolist()]
        for functional, kind in (("nope", row), (len, row)):
            with pytest.raises(ValueError, match="functional") as refused:
                register(functional, kind)
            found.append(str(refused.value))
        for functional, kind, text in (
            ("hflip", row, "already has"),
            ("vflip", kinds.Image, "builtin"),
            ("vflip", int, "only be registered for subclasses"),
        ):
            with pytest.raises(ValueError, match=text):
                register(functional, kind)
        seen.append(found)
    assert seen[0] == seen[1]
