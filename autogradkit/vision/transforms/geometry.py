"""Transforms that resize, pad, crop and mirror. What they draw is torchvision's: the same seed, the same crops."""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Sequence
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.vision.transforms import functional as F
from autogradkit.vision.transforms.checks import edges
from autogradkit.vision.transforms.functional.images import InterpolationMode, named_interpolation

__all__ = [
    "CenterCrop",
    "FiveCrop",
    "Pad",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomVerticalFlip",
    "Resize",
    "TenCrop",
]


def drawn_number(low: Any, high: Any) -> float:
    """A random number between two."""
    return ak.empty(1).uniform_(low, high).item()


def drawn_integer(low: int, high: int) -> int:
    """A random integer from `low` to below `high`."""
    return int(ak.randint(low, high, size=(1,)).item())


class Resize(nn.Module):
    """An image of another size: (height, width), or an int for its smaller edge, the other in proportion up to `max_size`.

    >>> import autogradkit as torch
    >>> Resize(4)(torch.zeros(3, 8, 16)).shape
    torch.Size([3, 4, 8])
    """

    @entry
    def __init__(
        self,
        size: Any,
        interpolation: Any = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if not isinstance(size, int | Sequence):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError("If size is a sequence, it should have 1 or 2 values")
        self.size = size
        self.max_size = max_size
        self.interpolation = named_interpolation(interpolation)
        self.antialias = antialias

    def forward(self, img: Any) -> Any:
        """The resized image."""
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, interpolation={self.interpolation.value}, "
            f"max_size={self.max_size}, antialias={self.antialias})"
        )


class CenterCrop(nn.Module):
    """The middle of an image, (height, width) or a square; one that is too small is padded with 0 first."""

    @entry
    def __init__(self, size: Any) -> None:
        super().__init__()
        self.size = edges(size)

    def forward(self, img: Any) -> Any:
        """The cropped image."""
        return F.center_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class Pad(nn.Module):
    """An image with borders: of one width, of (left and right, top and bottom), or of (left, top, right, bottom)."""

    def __init__(self, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        if not isinstance(padding, numbers.Real | tuple | list):
            raise TypeError("Got inappropriate padding arg")
        if not isinstance(fill, numbers.Real | tuple | list):
            raise TypeError("Got inappropriate fill arg")
        if padding_mode not in ["constant", "edge", "reflect", "symmetric"]:
            raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
        if isinstance(padding, Sequence) and len(padding) not in [1, 2, 4]:
            raise ValueError(
                f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(padding)} element tuple"
            )
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: Any) -> Any:
        """The padded image."""
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(padding={self.padding}, fill={self.fill}, padding_mode={self.padding_mode})"


class RandomCrop(nn.Module):
    """A part of an image, (height, width) or a square, at a random place; the image may be padded first."""

    @entry
    def __init__(
        self,
        size: Any,
        padding: Any = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = tuple(edges(size))
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """(top, left, height, width) of a crop."""
        _, height, width = F.get_dimensions(img)
        tall, wide = output_size
        if height < tall or width < wide:
            raise ValueError(f"Required crop size {(tall, wide)} is larger than input image size {(height, width)}")
        if (height, width) == (tall, wide):
            return 0, 0, height, width
        top = drawn_integer(0, height - tall + 1)
        return top, drawn_integer(0, width - wide + 1), tall, wide

    def forward(self, img: Any) -> Any:
        """The cropped image."""
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        _, height, width = F.get_dimensions(img)
        if self.pad_if_needed and width < self.size[1]:
            img = F.pad(img, [self.size[1] - width, 0], self.fill, self.padding_mode)
        if self.pad_if_needed and height < self.size[0]:
            img = F.pad(img, [0, self.size[0] - height], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class WithProbability(nn.Module):
    """What is done to an image with probability `p`."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomHorizontalFlip(WithProbability):
    """With probability `p` an image with left and right exchanged."""

    def forward(self, img: Any) -> Any:
        """The image, mirrored or not."""
        return F.hflip(img) if ak.rand(1) < self.p else img


class RandomVerticalFlip(WithProbability):
    """With probability `p` an image with top and bottom exchanged."""

    def forward(self, img: Any) -> Any:
        """The image, mirrored or not."""
        return F.vflip(img) if ak.rand(1) < self.p else img


class RandomResizedCrop(nn.Module):
    """A random part of an image, of a share of its area in `scale` and of an aspect ratio in `ratio`, resized."""

    @entry
    def __init__(
        self,
        size: Any,
        scale: Any = (0.08, 1.0),
        ratio: Any = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Any = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = edges(size)
        refuse_ranges(scale, ratio)
        self.interpolation = named_interpolation(interpolation)
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(img: Any, scale: Any, ratio: Any) -> tuple[int, int, int, int]:
        """(top, left, height, width) of a crop; the middle of the image after ten vain attempts."""
        _, height, width = F.get_dimensions(img)
        return drawn_crop(height, width, scale, ratio)

    def forward(self, img: Any) -> Any:
        """The cropped and resized image."""
        part = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(img, *part, self.size, self.interpolation, antialias=self.antialias)

    def __repr__(self) -> str:
        scale, ratio = (tuple(round(each, 4) for each in both) for both in (self.scale, self.ratio))
        return (
            f"{type(self).__name__}(size={self.size}, scale={scale}, ratio={ratio}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias})"
        )


def refuse_ranges(scale: Any, ratio: Any) -> None:
    """Refuse a scale and a ratio that are no sequences; warn where one is no range."""
    if not isinstance(scale, Sequence):
        raise TypeError("Scale should be a sequence")
    if not isinstance(ratio, Sequence):
        raise TypeError("Ratio should be a sequence")
    if scale[0] > scale[1] or ratio[0] > ratio[1]:
        warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=3)


def drawn_edges(area: float, scale: Any, ratio: Any) -> tuple[int, int]:
    """Two edges of a random share of an area, and of a random ratio, which is the first to the second."""
    low, high = ak.log(ak.tensor(ratio))
    share = area * drawn_number(scale[0], scale[1])
    aspect = ak.empty(1).uniform_(low.item(), high.item()).exp().item()
    return round(math.sqrt(share * aspect)), round(math.sqrt(share / aspect))


def drawn_crop(height: int, width: int, scale: Any, ratio: Any) -> tuple[int, int, int, int]:
    """(top, left, height, width) of a random share of a picture; its middle after ten vain attempts."""
    for _ in range(10):
        wide, tall = drawn_edges(height * width, scale, ratio)
        if 0 < wide <= width and 0 < tall <= height:
            top = drawn_integer(0, height - tall + 1)
            return top, drawn_integer(0, width - wide + 1), tall, wide
    tall, wide = height, width
    if width / height < min(ratio):
        tall = round(width / min(ratio))
    elif width / height > max(ratio):
        wide = round(height * max(ratio))
    return (height - tall) // 2, (width - wide) // 2, tall, wide


class FiveCrop(nn.Module):
    """The four corners of an image and its middle, as a tuple."""

    @entry
    def __init__(self, size: Any) -> None:
        super().__init__()
        self.size = edges(size)

    def forward(self, img: Any) -> tuple[Any, ...]:
        """The five parts."""
        return F.five_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class TenCrop(nn.Module):
    """The four corners of an image and its middle, and those of its mirror image, as a tuple."""

    @entry
    def __init__(self, size: Any, vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = edges(size)
        self.vertical_flip = vertical_flip

    def forward(self, img: Any) -> tuple[Any, ...]:
        """The ten parts."""
        return F.ten_crop(img, self.size, self.vertical_flip)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, vertical_flip={self.vertical_flip})"
