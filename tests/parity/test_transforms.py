"""`vision.transforms` beside torchvision: on PIL images and on tensors, by the same seed, with the same repr and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import autogradkit as ak
from autogradkit.vision import transforms as ours
from tests.every_case import every_case
from tests.parity.oracle import error_of, to_ours
from tests.parity.oracle_vision import torchvision
from tests.parity.vision_cases import PILLOWS, RGB, TENSORS, assert_alike, compare

theirs = torchvision.transforms

# T is either library's `transforms`, t its `torch`.
GEOMETRY = """
T.Resize(8)
T.Resize((8, 23))
T.Resize([9], interpolation=T.InterpolationMode.BICUBIC, max_size=10)
T.Resize((30, 5), T.InterpolationMode.NEAREST)
T.Resize((6, 5), T.InterpolationMode.NEAREST_EXACT)
T.Resize((20, 31), interpolation=3)
T.Resize(6, antialias=False)
T.Resize((6, 9), antialias=None)
T.Resize((13, 17))
T.Resize(5, T.InterpolationMode.LANCZOS)
T.Resize(9, max_size=9)
T.CenterCrop(6)
T.CenterCrop((7, 12))
T.CenterCrop((20, 9))
T.CenterCrop([30])
T.Pad(2)
T.Pad((1, 2), fill=7)
T.Pad((1, 2, 3, 0), fill=(9,))
T.Pad([3], padding_mode='edge')
T.Pad((1, 2, 3, 4), padding_mode='reflect')
T.Pad((2, 3), padding_mode='symmetric')
T.Pad((-2, 3, 1, -1), padding_mode='symmetric')
T.Pad((-2, 3, 1, -1))
T.RandomCrop(7)
T.RandomCrop((9, 4), padding=3, fill=1)
T.RandomCrop(15, padding=(1, 2), padding_mode='reflect')
T.RandomCrop(20, pad_if_needed=True)
T.RandomCrop((13, 17))
T.RandomCrop(40)
T.RandomHorizontalFlip(1.0)
T.RandomHorizontalFlip()
T.RandomVerticalFlip(p=1)
T.RandomVerticalFlip(p=0.2)
T.RandomResizedCrop(9)
T.RandomResizedCrop((5, 8), scale=(0.5, 0.9), ratio=(1.0, 2.0), interpolation=T.InterpolationMode.BICUBIC)
T.RandomResizedCrop(6, ratio=(9.0, 10.0))
T.RandomResizedCrop(6, scale=(2.0, 3.0))
T.FiveCrop(5)
T.FiveCrop((20, 5))
T.TenCrop((4, 6))
T.TenCrop(4, vertical_flip=True)
T.RandomRotation(30)
T.RandomRotation((10, 80), expand=True, fill=3)
T.RandomRotation((10, 80), T.InterpolationMode.BILINEAR, center=(3, 4), fill=(5,))
T.RandomRotation(90, interpolation=T.InterpolationMode.BICUBIC)
T.RandomRotation(9, fill=(1, 2, 3))
T.RandomAffine(20)
T.RandomAffine((5, 50), translate=(0.1, 0.3), scale=(0.5, 1.5), shear=10)
T.RandomAffine(0, shear=(1, 20, 2, 10), interpolation=2, fill=4, center=(1, 2))
T.RandomAffine(0, translate=(0.5, 0.5), interpolation=T.InterpolationMode.BILINEAR)
T.RandomPerspective(p=1.0)
T.RandomPerspective(0.9, 1.0, T.InterpolationMode.NEAREST, fill=8)
T.RandomPerspective(p=0.0)
T.ElasticTransform()
T.ElasticTransform(alpha=[90.0, 20.0], sigma=[0.5, 1.0], interpolation=T.InterpolationMode.NEAREST, fill=3)
"""
COLORS = """
T.ColorJitter()
T.ColorJitter(0.4)
T.ColorJitter(contrast=(0.2, 1.8))
T.ColorJitter(saturation=0.9)
T.ColorJitter(hue=0.4)
T.ColorJitter(0.5, 0.4, 0.3, 0.2)
T.ColorJitter(brightness=[1.5, 2.5], hue=(-0.5, -0.25))
T.Grayscale()
T.Grayscale(3)
T.Grayscale(num_output_channels=2)
T.RandomGrayscale(1.0)
T.RandomGrayscale()
T.GaussianBlur(3)
T.GaussianBlur((5, 7), sigma=(1.0, 3.0))
T.GaussianBlur(kernel_size=5, sigma=0.7)
T.RandomInvert(1.0)
T.RandomPosterize(3, p=1.0)
T.RandomPosterize(bits=0, p=1.0)
T.RandomSolarize(100, p=1.0)
T.RandomSolarize(threshold=0.5, p=1.0)
T.RandomAdjustSharpness(2, p=1.0)
T.RandomAdjustSharpness(sharpness_factor=0.25, p=1.0)
T.RandomAutocontrast(1.0)
T.RandomEqualize(1.0)
T.RandomEqualize(0.1)
"""
OTHERS = """
T.ToTensor()
T.PILToTensor()
T.ConvertImageDtype(t.float64)
T.ConvertImageDtype(t.int16)
T.ConvertImageDtype(t.int64)
T.ConvertImageDtype(t.uint8)
T.ConvertImageDtype(t.int8)
T.ToPILImage()
T.ToPILImage('RGB')
T.ToPILImage(mode='F')
T.ToPILImage('HSV')
T.Normalize((0.5,), (0.25,))
T.Normalize([0.1, 0.2, 0.3], std=[1.0, 2.0, 4.0])
T.Normalize(0.5, 0.0)
T.Compose([T.RandomCrop(9), T.RandomHorizontalFlip(), T.RandomRotation(10)])
T.Compose([T.Resize(8), T.PILToTensor()])
T.Compose([])
T.Lambda(lambda x: 3)
T.RandomApply([T.CenterCrop(5), T.Pad(1)])
T.RandomApply([T.CenterCrop(5)], p=0.2)
T.RandomApply(t.nn.ModuleList([T.CenterCrop(5)]), p=1)
T.RandomChoice([T.CenterCrop(5), T.CenterCrop(6), T.CenterCrop(7)])
T.RandomChoice([T.CenterCrop(5), T.CenterCrop(6)], p=[0.0, 1.0])
T.RandomOrder([T.CenterCrop(9), T.Pad(1), T.RandomVerticalFlip()])
T.RandomErasing(1.0)
T.RandomErasing(p=1.0, value='random')
T.RandomErasing(p=1, scale=(0.3, 0.4), ratio=(1.0, 1.5), value=0.25)
T.RandomErasing(p=1, value=(1, 2, 3))
T.RandomErasing(p=1, value=(1, 2))
T.RandomErasing(p=1, scale=(0.99, 1.0), value=1)
T.RandomErasing(p=0.1)
"""
WRONG = """
T.Resize(1.5)
T.Resize((1, 2, 3))
T.CenterCrop((1, 2, 3))
T.Pad('a')
T.Pad((1, 2, 3))
T.Pad(1, fill='a')
T.Pad(1, padding_mode='circular')
T.RandomCrop((1, 2, 3))
T.RandomResizedCrop(3, scale=1)
T.RandomResizedCrop(3, ratio=1)
T.RandomRotation(-3)
T.RandomRotation((1, 2, 3))
T.RandomRotation(3, center=3)
T.RandomRotation(3, fill=T)
T.RandomAffine(3, translate=(2, 0))
T.RandomAffine(3, scale=(0, 1))
T.RandomAffine(3, shear=(1, 2, 3))
T.RandomAffine(3, center=(1, 2, 3))
T.RandomPerspective(fill=T)
T.ElasticTransform(alpha=3)
T.ElasticTransform(sigma=(1.0,))
T.ElasticTransform(alpha=(1, 2))
T.ElasticTransform(fill='a')
T.ColorJitter(-1)
T.ColorJitter(hue=0.7)
T.ColorJitter(contrast=(1, 2, 3))
T.ColorJitter(brightness=(3, 2))
T.GaussianBlur(4)
T.GaussianBlur((3, 5, 7))
T.GaussianBlur(3, sigma=0)
T.GaussianBlur(3, sigma=(2, 1))
T.GaussianBlur(3, sigma=(1, 2, 3))
T.RandomErasing(value=None)
T.RandomErasing(value='blue')
T.RandomErasing(scale=(-1, 1))
T.RandomErasing(p=2)
T.Lambda(3)
T.RandomOrder(3)
T.RandomChoice([3], p=3)
T.LinearTransformation(t.zeros(2, 3), t.zeros(2))
T.LinearTransformation(t.zeros(2, 2), t.zeros(3))
T.LinearTransformation(t.zeros(2, 2), t.zeros(2, dtype=t.float64))
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


def evaluate(library: Any, tensors: Any, call: str) -> Any:
    return eval(call, {"T": library, "t": tensors})


@pytest.mark.one_in(2)
@pytest.mark.parametrize("call", lines(GEOMETRY.strip() + COLORS + OTHERS.strip()))
@every_case("kind", [*TENSORS, *PILLOWS])
def test_a_picture(call: str, kind: str) -> None:
    picture = TENSORS[kind] if kind in TENSORS else PILLOWS[kind]
    compare(lambda img: evaluate(ours, ak, call)(img), lambda img: evaluate(theirs, torch, call)(img), picture, 2e-5)


@every_case("call", lines(GEOMETRY.strip() + COLORS + OTHERS.strip()))
def test_repr(call: str) -> None:
    assert repr(evaluate(ours, ak, call)) == repr(evaluate(theirs, torch, call))


@every_case("call", lines(WRONG))
def test_refusals(call: str) -> None:
    refused = error_of(lambda: evaluate(theirs, torch, call))
    assert refused is not None
    assert error_of(lambda: evaluate(ours, ak, call)) == refused


@every_case(
    "array",
    [
        RGB,
        RGB[:, :, 0],
        RGB[::2, ::-1],
        RGB.astype(np.int16)[:, :, :2],
        RGB.astype(np.float32)[:, :, 1],
        RGB / 255.0,
        RGB > 100,
        RGB[0, 0],
        np.dstack([RGB, RGB]),
        np.zeros((0, 3, 3), np.uint8),
    ],
)
@every_case("call", ["T.ToTensor()", "T.ToPILImage()", "T.ToPILImage('L')", "T.ToPILImage('YCbCr')"])
def test_an_array(call: str, array: np.ndarray) -> None:
    compare(lambda img: evaluate(ours, ak, call)(img), lambda img: evaluate(theirs, torch, call)(img), array)


def test_an_array_that_needs_no_copy_is_shared() -> None:
    picture = np.array([[1.5, -2.0]])
    for library in (theirs, ours):
        library.ToTensor()(picture)[0, 0, 0] += 1
    assert picture[0, 0] == 3.5


FUNCTIONS = """
F.affine(x, 10, (1, 2), 0.9, 3)
F.affine(x, 10.0, [1, 2], 0.9, (3,), fill=[2.0])
F.affine(x, 10, [1, 2, 3], 0.9, 3)
F.affine(x, 10, [1, 2], -1.0, 3)
F.affine(x, '10', [1, 2], 1.0, 3)
F.affine(x, 10, [1, 2], 1.0, [1, 2, 3])
F.affine(x, 10, [1, 2], 1.0, 3, interpolation='bilinear')
F.rotate(x, 45, expand=True)
F.rotate(x, 45, expand=True, fill=0.5, interpolation=F.InterpolationMode.BILINEAR)
F.rotate(x, '45')
F.rotate(x, 45, center=3)
F.perspective(x, [[0, 0], [16, 0], [16, 12], [0, 12]], [[1, 2], [15, 1], [14, 11], [2, 12]])
F.perspective(x, [[0, 0]], [[1, 2]])
F.crop(x, -2, 3, 8, 20)
F.crop(x, 2, 3, 4, 5)
F.crop(x, 20, 20, 4, 5)
F.adjust_brightness(x, 1.7)
F.adjust_brightness(x, -1)
F.adjust_contrast(x, 0.3)
F.adjust_saturation(x, 2.5)
F.adjust_hue(x, 0.3)
F.adjust_hue(x, 0.7)
F.adjust_gamma(x, 2.2, 0.9)
F.adjust_gamma(x, -1)
F.adjust_sharpness(x, 2.0)
F.to_grayscale(x)
F.gaussian_blur(x, [3, 5])
F.gaussian_blur(x, 3, 0.0)
F.gaussian_blur(x, 4)
F.posterize(x, 9)
F.solarize(x, 300)
F.hflip(x)
F.vflip(x)
F.invert(x)
F.equalize(x)
F.autocontrast(x)
F.get_dimensions(x)
F.get_image_size(x)
F.get_image_num_channels(x)
F.erase(x, 2, 3, 4, 5, 0)
F.pad(x, [1, 2, 3])
F.pad(x, 'a')
F.pad(x, 1, None)
F.normalize(x, [0.5], [0.5])
F.resize(x, [4, 5, 6])
F.resize(x, [4, 5], max_size=9)
F.resize(x, 4, interpolation='bilinear')
F.five_crop(x, [3, 4])
F.center_crop(x, 5)
F.resized_crop(x, 1, 2, 5, 6, (7, 8))
F.convert_image_dtype(x)
F.to_pil_image(x)
F.pil_to_tensor(x)
F.to_tensor(x)
"""
MORE = {
    "two dimensions": torch.arange(30, dtype=torch.float32).view(5, 6) / 30,
    "one dimension": torch.arange(5.0),
    "two channels": torch.arange(40, dtype=torch.uint8).view(2, 4, 5),
    "int16": torch.arange(75, dtype=torch.int16).view(3, 5, 5) * 400,
    "uint16": (torch.arange(75) ** 2 * 11 + 7).to(torch.uint16).view(3, 5, 5),
    "int64": torch.arange(75).view(3, 5, 5),
    "even": torch.full((3, 6, 7), 9, dtype=torch.uint8),
    "tiny": torch.tensor([[[3, 250]]], dtype=torch.uint8),
    "no picture": "a name",
}


@pytest.mark.parametrize("call", lines(FUNCTIONS))
@every_case("kind", ["uint8", "float32", "batch", "RGB", "L", "F", *MORE])
def test_a_function(call: str, kind: str) -> None:
    picture = {**TENSORS, **PILLOWS, **MORE}[kind]
    compare(
        lambda x: eval(call, {"F": ours.functional, "x": x}),
        lambda x: eval(call, {"F": theirs.functional, "x": x}),
        picture,
        2e-5,
    )


def test_normalize_in_place_writes_into_the_given_tensor() -> None:
    tensor = ak.tensor([[[1.0, 2.0]], [[3.0, 5.0]]])
    assert ours.Normalize((1.0, 3.0), (0.5, 2.0), inplace=True)(tensor) is tensor
    assert tensor.tolist() == [[[0.0, 2.0]], [[0.0, 1.0]]]


def test_whitening() -> None:
    matrix, mean = torch.rand(12, 12), torch.rand(12)
    picture = torch.rand(5, 3, 2, 2)
    step = ours.LinearTransformation(to_ours(matrix), to_ours(mean))
    expected = theirs.LinearTransformation(matrix, mean)
    assert_alike(step(to_ours(picture)), expected(picture))
    assert repr(step) == repr(expected)
    compare(step, expected, torch.rand(3, 3, 3))


def test_gradients_go_through_what_is_done_to_a_tensor() -> None:
    picture = TENSORS["float32"].clone().requires_grad_()
    given = to_ours(picture)
    for call in (
        "T.Resize(6)",
        "T.RandomRotation(40, T.InterpolationMode.BILINEAR)",
        "T.ColorJitter(0.5, 0.5, 0.5, 0.2)",
    ):
        torch.manual_seed(1)
        evaluate(theirs, torch, call)(picture).square().sum().backward()
        ak.manual_seed(1)
        evaluate(ours, ak, call)(given).square().sum().backward()
    assert given.grad is not None
    assert_alike(given.grad, picture.grad, 1e-4)


def test_a_palette_goes_along_with_padding() -> None:
    picture = Image.fromarray(RGB).quantize(16)
    for call in ("T.Pad(2)", "T.Pad(2, padding_mode='edge')"):
        one, other = evaluate(ours, ak, call)(picture), evaluate(theirs, torch, call)(picture)
        assert_alike(one, other)
        assert one.getpalette() == other.getpalette()


POLICIES = """
T.AutoAugment()
T.AutoAugment(T.AutoAugmentPolicy.CIFAR10)
T.AutoAugment(T.AutoAugmentPolicy.SVHN, T.InterpolationMode.BILINEAR, fill=7)
T.RandAugment()
T.RandAugment(4, magnitude=17, fill=3)
T.TrivialAugmentWide()
T.TrivialAugmentWide(num_magnitude_bins=11, interpolation=T.InterpolationMode.BILINEAR)
T.AugMix()
T.AugMix(8, mixture_width=2, chain_depth=2, alpha=0.4, all_ops=False, fill=9)
"""


@pytest.mark.one_in(4)
@pytest.mark.parametrize("call", lines(POLICIES))
@pytest.mark.parametrize("kind", ["uint8", "RGB", "L"])
def test_a_policy(call: str, kind: str) -> None:
    def several(library: Any, tensors: Any, img: Any) -> list[Any]:
        step = evaluate(library, tensors, call)
        return [step(img) for _ in range(15)]

    picture = {**TENSORS, **PILLOWS}[kind]
    compare(lambda img: several(ours, ak, img), lambda img: several(theirs, torch, img), picture)
    assert repr(evaluate(ours, ak, call)) == repr(evaluate(theirs, torch, call))


def test_a_severity_that_is_none_is_refused() -> None:
    said = [error_of(lambda library=library: library.AugMix(severity=11)) for library in (ours, theirs)]
    assert said[0] == said[1]


@pytest.mark.parametrize("name", ["IMAGENET", "CIFAR10", "SVHN"])
def test_learnt_policies(name: str) -> None:
    one, other = (library.AutoAugment(library.AutoAugmentPolicy[name]) for library in (ours, theirs))
    assert one.policies == other.policies


def test_noise_is_drawn_in_single_precision_whatever_the_default_is() -> None:
    found = []
    for m, transforms in ((torch, theirs), (ak, ours)):
        before = m.get_default_dtype()
        m.set_default_dtype(m.float64)
        try:
            m.manual_seed(3)
            erased = transforms.RandomErasing(p=1, value="random")(m.ones(3, 9, 7))
            found.append((str(erased.dtype), erased.tolist(), m.rand(2).tolist()))
        finally:
            m.set_default_dtype(before)
    assert found[0] == found[1]
