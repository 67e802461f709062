"""Policies that choose among all transforms: AutoAugment, RandAugment, TrivialAugment and AugMix, with torchvision's draws.

Each knows the changes of one space, with the magnitudes that it chooses from; half of them go both ways.
"""

from __future__ import annotations

import enum
import math
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms import functional as F
from autogradkit.vision.transforms.checks import fill_for
from autogradkit.vision.transforms.functional.images import InterpolationMode

__all__ = ["AugMix", "AutoAugment", "AutoAugmentPolicy", "RandAugment", "TrivialAugmentWide"]

# Magnitudes of each change, None for one that has none; and whether it goes both ways.
Space = dict[str, tuple[Tensor | None, bool]]
Step = tuple[str, float, int | None]  # a change, its probability, and which magnitude it has


def changes(
    bins: int,
    shear: float,
    shifts: tuple[float, float],
    turn: float,
    factor: float,
    dropped: int,
    brightest: float = 255.0,
) -> Space:
    """The changes with magnitudes up to those that are given, in so many steps; up to `dropped` bits are dropped."""
    up_to = {"ShearX": shear, "ShearY": shear, "TranslateX": shifts[0], "TranslateY": shifts[1], "Rotate": turn}
    up_to |= dict.fromkeys(("Brightness", "Color", "Contrast", "Sharpness"), factor)
    space: Space = {name: (ak.linspace(0.0, most, bins), True) for name, most in up_to.items()}
    space["Posterize"] = 8 - (ak.arange(bins) / ((bins - 1) / dropped)).round().int(), False
    space["Solarize"] = ak.linspace(brightest, 0.0, bins), False
    return space | {"AutoContrast": (None, False), "Equalize": (None, False)}


def part_of(height: int, width: int) -> tuple[float, float]:
    """How far a picture is moved at most, across and down."""
    return 150.0 / 331.0 * width, 150.0 / 331.0 * height


def changed(functions: Any, img: Any, name: str, magnitude: float, interpolation: Any, fill: Any) -> Any:
    """An image after one change, made by a `functional` module."""
    if name in ("ShearX", "ShearY"):
        degrees = math.degrees(math.atan(magnitude))
        shear = [degrees, 0.0] if name == "ShearX" else [0.0, degrees]
        return functions.affine(img, 0.0, [0, 0], 1.0, shear, interpolation, fill, center=[0, 0])
    if name in ("TranslateX", "TranslateY"):
        by = [int(magnitude), 0] if name == "TranslateX" else [0, int(magnitude)]
        return functions.affine(img, 0.0, by, 1.0, [0.0, 0.0], interpolation, fill)
    if name == "Rotate":
        return functions.rotate(img, magnitude, interpolation, fill=fill)
    if name in BY_FACTOR:
        return getattr(functions, BY_FACTOR[name])(img, 1.0 + magnitude)
    if name == "Posterize":
        return functions.posterize(img, int(magnitude))
    if name == "Solarize":
        return functions.solarize(img, magnitude)
    return img if name == "Identity" else getattr(functions, name.lower())(img)


BY_FACTOR = {
    "Brightness": "adjust_brightness",
    "Color": "adjust_saturation",
    "Contrast": "adjust_contrast",
    "Sharpness": "adjust_sharpness",
}


class _Policy(nn.Module):
    def __init__(self, interpolation: InterpolationMode, fill: Any) -> None:
        super().__init__()
        self.interpolation = interpolation
        self.fill = fill

    def _shown(self, *names: str) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)}' for name in names)})"

    def _apply(self, img: Any, name: str, magnitude: float) -> Any:
        return changed(F, img, name, magnitude, self.interpolation, fill_for(img, self.fill))


class RandAugment(_Policy):
    """`num_ops` random changes in turn, all of one magnitude, the number of a step of `num_magnitude_bins`."""

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins

    def forward(self, img: Any) -> Any:
        """The changed image."""
        _, height, width = F.get_dimensions(img)
        space: Space = {"Identity": (None, False)}
        space |= changes(self.num_magnitude_bins, 0.3, part_of(height, width), 30.0, 0.9, 4)
        for _ in range(self.num_ops):
            name = list(space)[int(ak.randint(len(space), (1,)).item())]
            magnitudes, signed = space[name]
            magnitude = 0.0 if magnitudes is None else float(magnitudes[self.magnitude].item())
            if signed and ak.randint(2, (1,)):
                magnitude *= -1.0
            img = self._apply(img, name, magnitude)
        return img

    def __repr__(self) -> str:
        return self._shown("num_ops", "magnitude", "num_magnitude_bins", "interpolation", "fill")


class TrivialAugmentWide(_Policy):
    """One random change of a random magnitude."""

    def __init__(
        self,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_magnitude_bins = num_magnitude_bins

    def forward(self, img: Any) -> Any:
        """The changed image."""
        F.get_dimensions(img)  # refuses what is no image before anything is drawn
        space: Space = {"Identity": (None, False)}
        space |= changes(self.num_magnitude_bins, 0.99, (32.0, 32.0), 135.0, 0.99, 6)
        name = list(space)[int(ak.randint(len(space), (1,)).item())]
        magnitudes, signed = space[name]
        magnitude = 0.0 if magnitudes is None else float(magnitudes[ak.randint(len(magnitudes), (1,))].item())
        if signed and ak.randint(2, (1,)):
            magnitude *= -1.0
        return self._apply(img, name, magnitude)

    def __repr__(self) -> str:
        return self._shown("num_magnitude_bins", "interpolation", "fill")


def mixed_changes(height: int, width: int, all_ops: bool, brightest: float = 255.0) -> Space:
    """The changes of AugMix in torchvision's order: those of colours last, if at all."""
    space = changes(10, 0.3, (width / 3.0, height / 3.0), 30.0, 0.9, 4, brightest)
    space["Posterize"] = 4 - (ak.arange(10) / (9 / 4)).round().int(), False
    colours = [name for name in space if name in BY_FACTOR]
    return {name: space[name] for name in [*(each for each in space if each not in colours), *colours * all_ops]}


def dirichlet(alpha: float, count: int, several: int) -> Tensor:
    """Random weights (count, several), each row of which adds to 1."""
    concentration = ak.tensor([alpha] * several).expand(count, -1)
    return ak._sample_dirichlet(concentration)  # pyright: ignore[reportAttributeAccessIssue]


class AugMix(_Policy):
    """The image, mixed with chains of random changes of it (Hendrycks et al., 2020); a batch has weights for each image.

    A chain has `chain_depth` changes, or one to three where that is negative. `severity`, of ten, bounds their magnitude;
    without `all_ops` none of them changes brightness, colour, contrast or sharpness.
    """

    def __init__(
        self,
        severity: int = 3,
        mixture_width: int = 3,
        chain_depth: int = -1,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        if not 1 <= severity <= 10:
            raise ValueError(f"The severity must be between [1, 10]. Got {severity} instead.")
        self.severity = severity
        self.mixture_width = mixture_width
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops

    def forward(self, orig_img: Any) -> Any:
        """The mixed image."""
        _, height, width = F.get_dimensions(orig_img)
        img = orig_img if isinstance(orig_img, Tensor) else F.pil_to_tensor(orig_img)
        batch = img.view([1] * (4 - img.ndim) + list(img.shape))
        each = [batch.shape[0]] + [1] * (batch.ndim - 1)
        space = mixed_changes(height, width, self.all_ops)
        kept = dirichlet(self.alpha, each[0], 2)
        weights = dirichlet(self.alpha, each[0], self.mixture_width) * kept[:, 1].view([each[0], -1])
        mixed = kept[:, 0].view(each) * batch
        for i in range(self.mixture_width):
            mixed.add_(weights[:, i].view(each) * self._chain(batch, space))
        mixed = mixed.view(img.shape).to(dtype=img.dtype)
        return mixed if isinstance(orig_img, Tensor) else F.to_pil_image(mixed)

    def _chain(self, img: Tensor, space: Space) -> Tensor:
        names = list(space)
        depth = self.chain_depth if self.chain_depth > 0 else int(ak.randint(1, 4, (1,)).item())
        for _ in range(depth):
            name = names[int(ak.randint(len(names), (1,)).item())]
            magnitudes, signed = space[name]
            magnitude = 0.0 if magnitudes is None else float(magnitudes[ak.randint(self.severity, (1,))].item())
            if signed and ak.randint(2, (1,)):
                magnitude *= -1.0
            img = self._apply(img, name, magnitude)
        return img

    def __repr__(self) -> str:
        return self._shown("severity", "mixture_width", "chain_depth", "alpha", "all_ops", "interpolation", "fill")


class AutoAugmentPolicy(enum.Enum):
    """The data sets that policies of AutoAugment were learnt on."""

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


# Two steps to a policy: change, tenths of probability, number of its magnitude of ten.
LEARNT = {
    AutoAugmentPolicy.IMAGENET: """
        Posterize 4 8 Rotate 6 9, Solarize 6 5 AutoContrast 6 -, Equalize 8 - Equalize 6 -, Posterize 6 7 Posterize 6 6,
        Equalize 4 - Solarize 2 4, Equalize 4 - Rotate 8 8, Solarize 6 3 Equalize 6 -, Posterize 8 5 Equalize 10 -,
        Rotate 2 3 Solarize 6 8, Equalize 6 - Posterize 4 6, Rotate 8 8 Color 4 0, Rotate 4 9 Equalize 6 -,
        Equalize 0 - Equalize 8 -, Invert 6 - Equalize 10 -, Color 6 4 Contrast 10 8, Rotate 8 8 Color 10 2,
        Color 8 8 Solarize 8 7, Sharpness 4 7 Invert 6 -, ShearX 6 5 Equalize 10 -, Color 4 0 Equalize 6 -,
        Equalize 4 - Solarize 2 4, Solarize 6 5 AutoContrast 6 -, Invert 6 - Equalize 10 -, Color 6 4 Contrast 10 8,
        Equalize 8 - Equalize 6 -""",
    AutoAugmentPolicy.CIFAR10: """
        Invert 1 - Contrast 2 6, Rotate 7 2 TranslateX 3 9, Sharpness 8 1 Sharpness 9 3, ShearY 5 8 TranslateY 7 9,
        AutoContrast 5 - Equalize 9 -, ShearY 2 7 Posterize 3 7, Color 4 3 Brightness 6 7, Sharpness 3 9 Brightness 7 9,
        Equalize 6 - Equalize 5 -, Contrast 6 7 Sharpness 6 5, Color 7 7 TranslateX 5 8, Equalize 3 - AutoContrast 4 -,
        TranslateY 4 3 Sharpness 2 6, Brightness 9 6 Color 2 8, Solarize 5 2 Invert 0 -, Equalize 2 - AutoContrast 6 -,
        Equalize 2 - Equalize 6 -, Color 9 9 Equalize 6 -, AutoContrast 8 - Solarize 2 8, Brightness 1 3 Color 7 0,
        Solarize 4 5 AutoContrast 9 -, TranslateY 9 9 TranslateY 7 9, AutoContrast 9 - Solarize 8 3,
        Equalize 8 - Invert 1 -, TranslateY 7 9 AutoContrast 9 -""",
    AutoAugmentPolicy.SVHN: """
        ShearX 9 4 Invert 2 -, ShearY 9 8 Invert 7 -, Equalize 6 - Solarize 6 6, Invert 9 - Equalize 6 -,
        Equalize 6 - Rotate 9 3, ShearX 9 4 AutoContrast 8 -, ShearY 9 8 Invert 4 -, ShearY 9 5 Solarize 2 6,
        Invert 9 - AutoContrast 8 -, Equalize 6 - Rotate 9 3, ShearX 9 4 Solarize 3 3, ShearY 8 8 Invert 7 -,
        Equalize 9 - TranslateY 6 6, Invert 9 - Equalize 6 -, Contrast 3 3 Rotate 8 4, Invert 8 - TranslateY 0 2,
        ShearY 7 6 Solarize 4 8, Invert 6 - Rotate 8 4, ShearY 3 7 TranslateX 9 3, ShearX 1 6 Invert 6 -,
        Solarize 7 2 TranslateY 6 7, ShearY 8 4 Invert 8 -, ShearX 7 9 TranslateY 8 3, ShearY 8 5 AutoContrast 7 -,
        ShearX 7 2 Invert 1 -""",
}


def policies_of(text: str) -> list[tuple[Step, ...]]:
    def steps(words: list[str]) -> tuple[Step, ...]:
        names, chances, numbers = words[::3], words[1::3], words[2::3]
        return tuple(
            (name, int(chance) / 10, None if number == "-" else int(number))
            for name, chance, number in zip(names, chances, numbers, strict=True)
        )

    return [steps(policy.split()) for policy in text.split(",")]


class AutoAugment(_Policy):
    """One of 25 policies that were learnt on a data set, of two changes, each with its own probability and magnitude."""

    def __init__(
        self,
        policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation: InterpolationMode = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        if policy not in LEARNT:
            raise ValueError(f"The provided policy {policy} is not recognized.")
        self.policy = policy
        self.policies = policies_of(LEARNT[policy])

    @staticmethod
    def get_params(transform_num: int) -> tuple[int, Tensor, Tensor]:
        """Which policy, and for each of its changes a number that decides whether it is made, and its direction."""
        return int(ak.randint(transform_num, (1,)).item()), ak.rand((2,)), ak.randint(2, (2,))

    def forward(self, img: Any) -> Any:
        """The changed image."""
        _, height, width = F.get_dimensions(img)
        number, chances, signs = self.get_params(len(self.policies))
        space = changes(10, 0.3, part_of(height, width), 30.0, 0.9, 4) | {"Invert": (None, False)}
        for (name, p, at), chance, sign in zip(self.policies[number], chances, signs, strict=True):
            if chance <= p:
                magnitudes, signed = space[name]
                magnitude = 0.0 if at is None or magnitudes is None else float(magnitudes[at].item())
                img = self._apply(img, name, -magnitude if signed and sign == 0 else magnitude)
        return img

    def __repr__(self) -> str:
        return self._shown("policy", "fill")
