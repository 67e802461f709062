"""How a picture is prepared for published parameters, under torchvision's name. Rests on the functions of transforms."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms import functional
from autogradkit.vision.transforms.functional import InterpolationMode


class ImageClassification(nn.Module):
    """Resized, cropped in the middle, between 0 and 1, standardized: a PIL image or a tensor (..., C, H, W) → float32.

    >>> ImageClassification(crop_size=24, resize_size=32)
    ImageClassification(
        crop_size=[24]
        resize_size=[32]
        mean=[0.485, 0.456, 0.406]
        std=[0.229, 0.224, 0.225]
        interpolation=InterpolationMode.BILINEAR
    )
    """

    def __init__(
        self,
        *,
        crop_size: int,
        resize_size: int = 256,
        mean: tuple[float, ...] = (0.485, 0.456, 0.406),
        std: tuple[float, ...] = (0.229, 0.224, 0.225),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.crop_size = [crop_size]
        self.resize_size = [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img: Any) -> Tensor:
        """The prepared picture."""
        img = functional.resize(img, self.resize_size, interpolation=self.interpolation, antialias=self.antialias)
        img = functional.center_crop(img, self.crop_size)
        if not isinstance(img, Tensor):
            img = functional.pil_to_tensor(img)
        return functional.normalize(functional.convert_image_dtype(img, ak.float32), mean=self.mean, std=self.std)

    def __repr__(self) -> str:
        shown = ("crop_size", "resize_size", "mean", "std", "interpolation")
        lines = "".join(f"\n    {name}={getattr(self, name)}" for name in shown)
        return f"{type(self).__name__}({lines}\n)"

    def describe(self) -> str:
        """What it does, in words."""
        return (
            f"A PIL image, or a tensor (..., C, H, W), is resized to {self.resize_size} by {self.interpolation}, cropped to "
            f"{self.crop_size} in the middle, brought between 0 and 1, and standardized by mean {self.mean} and std {self.std}."
        )
