"""Transforms that resize, pad, crop and mirror pictures, with the masks and boxes that belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.vision.transforms.checks import edges, refuse_lengths
from autogradkit.vision.transforms.functional.geometry import four_borders
from autogradkit.vision.transforms.geometry import drawn_crop, refuse_ranges
from autogradkit.vision.transforms.v2 import functional as F
from autogradkit.vision.transforms.v2.transform import (
    RandomApplyTransform,
    Transform,
    fill_of,
    fills,
    has_any,
    query_size,
)
from autogradkit.vision.tv_tensors import BoundingBoxes, Mask

__all__ = [
    "CenterCrop",
    "FiveCrop",
    "Pad",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomResize",
    "RandomResizedCrop",
    "RandomShortestSize",
    "RandomVerticalFlip",
    "RandomZoomOut",
    "Resize",
    "ScaleJitter",
    "TenCrop",
]


class RandomHorizontalFlip(RandomApplyTransform):
    """With probability `p` left and right exchanged."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The mirrored leaf."""
        return self._call_kernel(F.horizontal_flip, inpt)


class RandomVerticalFlip(RandomApplyTransform):
    """With probability `p` top and bottom exchanged."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The mirrored leaf."""
        return self._call_kernel(F.vertical_flip, inpt)


class Resize(Transform):
    """Another size: (height, width), an int for the smaller edge, or None: the longer one gets `max_size`."""

    def __init__(
        self, size: Any, interpolation: Any = "bilinear", max_size: int | None = None, antialias: bool | None = True
    ) -> None:
        super().__init__()
        if isinstance(size, int):
            size = [size]
        elif isinstance(size, Sequence) and len(size) in (1, 2):
            size = list(size)
        elif size is not None:
            raise ValueError(
                f"size can be an integer, a sequence of one or two integers, or None, but got {size} instead."
            )
        elif not isinstance(max_size, int):
            raise ValueError(f"max_size must be an integer when size is None, but got {max_size} instead.")
        self.size = size
        self.interpolation = interpolation
        self.max_size = max_size
        self.antialias = antialias

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The resized leaf."""
        how = {"interpolation": self.interpolation, "max_size": self.max_size, "antialias": self.antialias}
        return self._call_kernel(F.resize, inpt, self.size, **how)


class CenterCrop(Transform):
    """The middle, (height, width) or a square; what is too small is padded with 0 first."""

    @entry
    def __init__(self, size: Any) -> None:
        super().__init__()
        self.size = edges(size)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The cropped leaf."""
        return self._call_kernel(F.center_crop, inpt, output_size=self.size)


class RandomResizedCrop(Transform):
    """A random part, of a share of the area in `scale` and of an aspect ratio in `ratio`, resized."""

    @entry
    def __init__(
        self,
        size: Any,
        scale: Any = (0.08, 1.0),
        ratio: Any = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Any = "bilinear",
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = edges(size)
        for name, both in (("Scale", scale), ("Ratio", ratio)):
            if not isinstance(both, Sequence) or len(both) != 2:
                raise TypeError(f"{name} should be a sequence of two floats.")
        refuse_ranges(scale, ratio)
        self.scale = scale
        self.ratio = ratio
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Where the part is, and how large."""
        height, width = query_size(flat_inputs)
        part = drawn_crop(height, width, self.scale, self.ratio)
        return dict(zip(("top", "left", "height", "width"), part, strict=True))

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The cropped and resized leaf."""
        how = {"size": self.size, "interpolation": self.interpolation, "antialias": self.antialias}
        return self._call_kernel(F.resized_crop, inpt, **params, **how)


class FiveCrop(Transform):
    """The four corners and the middle, as a tuple; of images alone."""

    @entry
    def __init__(self, size: Any) -> None:
        super().__init__()
        self.size = edges(size)

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Refuse masks and boxes."""
        if has_any(flat_inputs, BoundingBoxes, Mask):
            raise TypeError(f"BoundingBoxes'es and Mask's are not supported by {type(self).__name__}()")

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The parts."""
        return self._call_kernel(F.five_crop, inpt, self.size)


class TenCrop(FiveCrop):
    """The four corners and the middle, and those of the mirror image, as a tuple; of images alone."""

    @entry
    def __init__(self, size: Any, vertical_flip: bool = False) -> None:
        super().__init__(size)
        self.vertical_flip = vertical_flip

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The parts."""
        return self._call_kernel(F.ten_crop, inpt, self.size, vertical_flip=self.vertical_flip)


def _refuse_padding(padding: Any, mode: Any) -> None:
    message = f"Padding must be an int or a 1, 2, or 4 element of tuple or list, got {padding}."
    if isinstance(padding, tuple | list):
        if len(padding) not in (1, 2, 4) or not all(isinstance(each, int) for each in padding):
            raise ValueError(message)
    elif not isinstance(padding, int):
        raise ValueError(message)
    if mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")


class Pad(Transform):
    """Borders: of one width, of (left and right, top and bottom), or of (left, top, right, bottom)."""

    @entry
    def __init__(self, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        _refuse_padding(padding, padding_mode)
        self.padding = padding if isinstance(padding, int) else list(padding)
        self.fill = fill
        self._fill = fills(fill)
        self.padding_mode = padding_mode

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The padded leaf."""
        fill = fill_of(self._fill, inpt)
        return self._call_kernel(F.pad, inpt, padding=self.padding, fill=fill, padding_mode=self.padding_mode)


class RandomZoomOut(RandomApplyTransform):
    """With probability `p` a canvas that is larger by a random factor, with the picture at a random place in it."""

    @entry
    def __init__(self, fill: Any = 0, side_range: Any = (1.0, 4.0), p: float = 0.5) -> None:
        super().__init__(p=p)
        self.fill = fill
        self._fill = fills(fill)
        refuse_lengths(side_range, "side_range")
        self.side_range = side_range
        if side_range[0] < 1.0 or side_range[0] > side_range[1]:
            raise ValueError(f"Invalid side range provided {side_range}.")

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """How wide the borders are."""
        height, width = query_size(flat_inputs)
        low, high = self.side_range
        factor = low + ak.rand(1) * (high - low)
        across, down = int(width * factor) - width, int(height * factor) - height
        place = ak.rand(2)
        left, top = int(across * place[0]), int(down * place[1])
        return {"padding": [left, top, across - left, down - top]}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The leaf in its larger canvas."""
        return self._call_kernel(F.pad, inpt, **params, fill=fill_of(self._fill, inpt))


class RandomCrop(Transform):
    """A part, (height, width) or a square, at a random place; what is cropped may be padded first."""

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
        self.size = edges(size)
        if pad_if_needed or padding is not None:
            _refuse_padding(0 if padding is None else padding, padding_mode)
        self.padding = None
        if padding:
            left, top, right, bottom = four_borders(padding)
            self.padding = [left, right, top, bottom]
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self._fill = fills(fill)
        self.padding_mode = padding_mode

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """How wide the borders are, and where the part is."""
        tall, wide = self.size
        borders = self.padding or [0, 0, 0, 0]
        (top, bottom, height), (left, right, width) = (
            _padded(edge, before, after, wanted if self.pad_if_needed else 0)
            for edge, before, after, wanted in zip(
                query_size(flat_inputs), borders[2::-2], borders[3::-2], (tall, wide), strict=True
            )
        )
        if height < tall or width < wide:
            padded = "padded " if self.padding is not None else ""
            raise ValueError(
                f"Required crop size {(tall, wide)} is larger than {padded}input image size {(height, width)}."
            )
        down = int(ak.randint(0, height - tall + 1, size=())) if height > tall else 0
        across = int(ak.randint(0, width - wide + 1, size=())) if width > wide else 0
        return {
            "padding": [left, top, right, bottom],
            "crop": (down, across, tall, wide) if (height, width) != (tall, wide) else None,
        }

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The cropped leaf."""
        if any(params["padding"]):
            fill = fill_of(self._fill, inpt)
            inpt = self._call_kernel(F.pad, inpt, padding=params["padding"], fill=fill, padding_mode=self.padding_mode)
        return inpt if params["crop"] is None else self._call_kernel(F.crop, inpt, *params["crop"])


def _padded(edge: int, before: int, after: int, least: int) -> tuple[int, int, int]:
    """The borders of an edge and its length with them, as much wider on both sides as it is too short."""
    missing = max(least - (edge + before + after), 0)
    return before + missing, after + missing, edge + before + after + 2 * missing


class _RandomlyResized(Transform):
    interpolation: Any
    antialias: bool | None

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The resized leaf."""
        how = {"interpolation": self.interpolation, "antialias": self.antialias}
        return self._call_kernel(F.resize, inpt, params["size"], **how)


class ScaleJitter(_RandomlyResized):
    """Resized by a random factor of what fits into `target_size`."""

    def __init__(
        self,
        target_size: tuple[int, int],
        scale_range: tuple[float, float] = (0.1, 2.0),
        interpolation: Any = "bilinear",
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.target_size = target_size
        self.scale_range = scale_range
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The new size."""
        height, width = query_size(flat_inputs)
        low, high = self.scale_range
        scale = low + ak.rand(1) * (high - low)
        ratio = min(self.target_size[1] / height, self.target_size[0] / width) * scale
        return {"size": (int(height * ratio), int(width * ratio))}


class RandomShortestSize(_RandomlyResized):
    """Resized so that the shorter edge gets one of several lengths, the longer one at most `max_size`."""

    def __init__(
        self,
        min_size: Any,
        max_size: int | None = None,
        interpolation: Any = "bilinear",
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.min_size = [min_size] if isinstance(min_size, int) else list(min_size)
        self.max_size = max_size
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The new size."""
        height, width = query_size(flat_inputs)
        ratio = self.min_size[int(ak.randint(len(self.min_size), ()))] / min(height, width)
        if self.max_size is not None:
            ratio = min(ratio, self.max_size / max(height, width))
        return {"size": (int(height * ratio), int(width * ratio))}


class RandomResize(_RandomlyResized):
    """Resized so that the shorter edge gets a random length, from `min_size` to below `max_size`."""

    def __init__(
        self, min_size: int, max_size: int, interpolation: Any = "bilinear", antialias: bool | None = True
    ) -> None:
        super().__init__()
        self.min_size = min_size
        self.max_size = max_size
        self.interpolation = interpolation
        self.antialias = antialias

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The new size."""
        return {"size": [int(ak.randint(self.min_size, self.max_size, ()))]}
