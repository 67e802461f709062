"""How a picture or a video is prepared for published parameters, under torchvision's names. Rests on transforms."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms import functional
from autogradkit.vision.transforms.functional import InterpolationMode


class ObjectDetection(nn.Module):
    """Between 0 and 1: a PIL image or a tensor (..., C, H, W) → float32."""

    def forward(self, img: Any) -> Tensor:
        """The prepared picture."""
        return functional.convert_image_dtype(_tensor(img), ak.float32)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def describe(self) -> str:
        """What it does, in words."""
        return "A PIL image, or a tensor (..., C, H, W), is brought between 0 and 1."


def _tensor(img: Any) -> Tensor:
    return img if isinstance(img, Tensor) else functional.pil_to_tensor(img)


class _Standardizing(nn.Module):
    _shown: tuple[str, ...]
    interpolation: InterpolationMode
    mean: list[float]
    std: list[float]

    def _standardized(self, img: Any) -> Tensor:
        img = functional.convert_image_dtype(_tensor(img), ak.float32)
        return functional.normalize(img, mean=self.mean, std=self.std)

    def __repr__(self) -> str:
        shown = (*self._shown, "mean", "std", "interpolation")
        lines = "".join(f"\n    {name}={getattr(self, name)}" for name in shown)
        return f"{type(self).__name__}({lines}\n)"


class ImageClassification(_Standardizing):
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

    _shown = ("crop_size", "resize_size")

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
        return self._standardized(functional.center_crop(img, self.crop_size))

    def describe(self) -> str:
        """What it does, in words."""
        return (
            f"A PIL image, or a tensor (..., C, H, W), is resized to {self.resize_size} by {self.interpolation}, cropped to "
            f"{self.crop_size} in the middle, brought between 0 and 1, and standardized by mean {self.mean} and std {self.std}."
        )


class SemanticSegmentation(_Standardizing):
    """Resized if a size is given, between 0 and 1, standardized: a PIL image or a tensor (..., C, H, W) → float32."""

    _shown = ("resize_size",)

    def __init__(
        self,
        *,
        resize_size: int | None,
        mean: tuple[float, ...] = (0.485, 0.456, 0.406),
        std: tuple[float, ...] = (0.229, 0.224, 0.225),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.resize_size = None if resize_size is None else [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img: Any) -> Tensor:
        """The prepared picture."""
        if self.resize_size is not None:
            img = functional.resize(img, self.resize_size, interpolation=self.interpolation, antialias=self.antialias)
        return self._standardized(img)

    def describe(self) -> str:
        """What it does, in words."""
        return (
            f"A PIL image, or a tensor (..., C, H, W), is resized to {self.resize_size} by {self.interpolation}, brought "
            f"between 0 and 1, and standardized by mean {self.mean} and std {self.std}."
        )


class VideoClassification(_Standardizing):
    """Resized, cropped in the middle, between 0 and 1, standardized: frames (..., T, C, H, W) → (..., C, T, H, W) of float32."""

    _shown = ("crop_size", "resize_size")

    def __init__(
        self,
        *,
        crop_size: tuple[int, int],
        resize_size: tuple[int, ...],
        mean: tuple[float, ...] = (0.43216, 0.394666, 0.37645),
        std: tuple[float, ...] = (0.22803, 0.22145, 0.216989),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    ) -> None:
        super().__init__()
        self.crop_size = list(crop_size)
        self.resize_size = list(resize_size)
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation

    def forward(self, vid: Tensor) -> Tensor:
        """The prepared frames."""
        frames = functional.resize(
            vid.flatten(0, -4), self.resize_size, interpolation=self.interpolation, antialias=False
        )
        frames = self._standardized(functional.center_crop(frames, self.crop_size))
        return frames.view(*vid.shape[:-2], *frames.shape[-2:]).transpose(-4, -3)

    def describe(self) -> str:
        """What it does, in words."""
        return (
            f"Frames (..., T, C, H, W) are resized to {self.resize_size} by {self.interpolation}, cropped to "
            f"{self.crop_size} in the middle, brought between 0 and 1, standardized by mean {self.mean} and std {self.std}, "
            "and given as (..., C, T, H, W)."
        )
