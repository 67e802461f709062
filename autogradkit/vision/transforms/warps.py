"""Transforms that rotate, shear, see in perspective and distort, by random numbers that are torchvision's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms import functional as F
from autogradkit.vision.transforms.checks import angles, fill_for, filling, refuse_lengths
from autogradkit.vision.transforms.functional.images import InterpolationMode, named_interpolation
from autogradkit.vision.transforms.geometry import WithProbability, drawn_integer, drawn_number

__all__ = ["ElasticTransform", "RandomAffine", "RandomPerspective", "RandomRotation"]


class RandomRotation(nn.Module):
    """An image turned by a random angle in degrees, from −degrees to degrees or of a range."""

    @entry
    def __init__(
        self,
        degrees: Any,
        interpolation: Any = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Any = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.degrees = angles(degrees, "degrees")
        if center is not None:
            refuse_lengths(center, "center")
        self.center = center
        self.interpolation = named_interpolation(interpolation)
        self.expand = expand
        self.fill = filling(fill)

    @staticmethod
    def get_params(degrees: Any) -> float:
        """An angle."""
        return drawn_number(float(degrees[0]), float(degrees[1]))

    def forward(self, img: Any) -> Any:
        """The turned image."""
        fill = fill_for(img, self.fill)
        return F.rotate(img, self.get_params(self.degrees), self.interpolation, self.expand, self.center, fill)

    def __repr__(self) -> str:
        parts = [f"degrees={self.degrees}", f"interpolation={self.interpolation.value}", f"expand={self.expand}"]
        parts += [f"center={self.center}"] if self.center is not None else []
        return f"{type(self).__name__}({', '.join(parts)}, fill={self.fill})"


def refuse_affine(translate: Any, scale: Any, center: Any) -> None:
    """Refuse ranges that a random affine transformation cannot have."""
    if translate is not None:
        refuse_lengths(translate, "translate")
        if not all(0.0 <= each <= 1.0 for each in translate):
            raise ValueError("translation values should be between 0 and 1")
    if scale is not None:
        refuse_lengths(scale, "scale")
        if not all(each > 0 for each in scale):
            raise ValueError("scale values should be positive")
    if center is not None:
        refuse_lengths(center, "center")


class RandomAffine(nn.Module):
    """An image turned, moved, scaled and sheared at random.

    `translate` is in parts of width and height; `shear` is a number or a range, in degrees along x, or two ranges.
    """

    @entry
    def __init__(
        self,
        degrees: Any,
        translate: Any = None,
        scale: Any = None,
        shear: Any = None,
        interpolation: Any = InterpolationMode.NEAREST,
        fill: Any = 0,
        center: Any = None,
    ) -> None:
        super().__init__()
        self.degrees = angles(degrees, "degrees")
        refuse_affine(translate, scale, None)
        self.translate = translate
        self.scale = scale
        self.shear = None if shear is None else angles(shear, "shear", (2, 4))
        self.interpolation = named_interpolation(interpolation)
        self.fill = filling(fill)
        refuse_affine(None, None, center)
        self.center = center

    @staticmethod
    def get_params(
        degrees: Any, translate: Any, scale_ranges: Any, shears: Any, img_size: Any
    ) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
        """Angle, translation in pixels, scale and shears."""
        angle = drawn_number(float(degrees[0]), float(degrees[1]))
        translation = 0, 0
        if translate is not None:
            across, down = (float(part * edge) for part, edge in zip(translate, img_size, strict=False))
            translation = round(drawn_number(-across, across)), round(drawn_number(-down, down))
        scale = 1.0 if scale_ranges is None else drawn_number(scale_ranges[0], scale_ranges[1])
        shear = 0.0, 0.0
        if shears is not None:
            along_x = drawn_number(shears[0], shears[1])
            shear = along_x, drawn_number(shears[2], shears[3]) if len(shears) == 4 else 0.0
        return angle, translation, scale, shear

    def forward(self, img: Any) -> Any:
        """The transformed image."""
        fill = fill_for(img, self.fill)
        size = F.get_image_size(img)
        drawn = self.get_params(self.degrees, self.translate, self.scale, self.shear, size)
        return F.affine(img, *drawn, interpolation=self.interpolation, fill=fill, center=self.center)

    def __repr__(self) -> str:
        parts = [f"degrees={self.degrees}"]
        given = (("translate", self.translate), ("scale", self.scale), ("shear", self.shear))
        parts += [f"{name}={value}" for name, value in given if value is not None]
        if self.interpolation is not InterpolationMode.NEAREST:
            parts.append(f"interpolation={self.interpolation.value}")
        parts += [f"fill={self.fill}"] if self.fill != 0 else []
        parts += [f"center={self.center}"] if self.center is not None else []
        return f"{type(self).__name__}({', '.join(parts)})"


class RandomPerspective(WithProbability):
    """With probability `p` an image in perspective: each corner moves inwards, by up to a part of half the edges."""

    @entry
    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: Any = InterpolationMode.BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__(p)
        self.interpolation = named_interpolation(interpolation)
        self.distortion_scale = distortion_scale
        self.fill = filling(fill)

    @staticmethod
    def get_params(width: int, height: int, distortion_scale: float) -> tuple[list[list[int]], list[list[int]]]:
        """The corners of the image, and where they are to lie, clockwise from the upper left one."""
        across, down = (int(distortion_scale * (edge // 2)) + 1 for edge in (width, height))
        left, right, top, bottom = (0, across), (width - across, width), (0, down), (height - down, height)
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        startpoints = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
        return startpoints, [[drawn_integer(*x), drawn_integer(*y)] for x, y in corners]

    def forward(self, img: Any) -> Any:
        """The image, in perspective or not."""
        fill = fill_for(img, self.fill)
        width, height = F.get_image_size(img)
        if ak.rand(1) < self.p:
            return F.perspective(img, *self.get_params(width, height, self.distortion_scale), self.interpolation, fill)
        return img


class ElasticTransform(nn.Module):
    """An image as if seen through water: pixels are displaced by noise of strength `alpha`, smoothed by `sigma`."""

    @entry
    def __init__(
        self,
        alpha: Any = 50.0,
        sigma: Any = 5.0,
        interpolation: Any = InterpolationMode.BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.alpha = _two_floats(alpha, "alpha")
        self.sigma = _two_floats(sigma, "sigma")
        self.interpolation = named_interpolation(interpolation)
        if not isinstance(fill, int | float | list | tuple):
            raise TypeError(f"fill should be int or float or a list or tuple of them. Got {type(fill)}")
        self.fill = [float(each) for each in (fill if isinstance(fill, list | tuple) else [fill])]

    @staticmethod
    def get_params(alpha: Any, sigma: Any, size: Any) -> Tensor:
        """How far each pixel is displaced, (1, H, W, 2)."""
        x, y = (
            smoothed_noise(size, width, list(sigma)) * strength / edge
            for strength, width, edge in zip(alpha, sigma, reversed(size), strict=True)
        )
        return ak.cat([x, y], 1).permute(0, 2, 3, 1)

    def forward(self, tensor: Any) -> Any:
        """The distorted image."""
        displacement = self.get_params(self.alpha, self.sigma, F.get_dimensions(tensor)[1:])
        return F.elastic_transform(tensor, displacement, self.interpolation, self.fill)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(alpha={self.alpha}, sigma={self.sigma}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )


def smoothed_noise(size: Any, width: float, sigma: list[float], blur: Any = F.gaussian_blur) -> Tensor:
    """Numbers between −1 and 1 for each pixel, (1, 1, H, W), blurred by a kernel that is large enough for `width`."""
    noise = ak.rand([1, 1, *size]) * 2 - 1
    if width <= 0.0:
        return noise
    kernel = int(8 * width + 1) | 1
    return blur(noise, [kernel, kernel], sigma)


def _two_floats(value: Any, name: str) -> Any:
    if not isinstance(value, float | Sequence):
        raise TypeError(f"{name} should be float or a sequence of floats. Got {type(value)}")
    if isinstance(value, float):
        return [value, value]
    if len(value) != 2:
        raise ValueError(f"If {name} is a sequence its length should be 2. Got {len(value)}")
    for each in value:
        if not isinstance(each, float):
            raise TypeError(f"{name} should be a sequence of floats. Got {type(each)}")
    return value
