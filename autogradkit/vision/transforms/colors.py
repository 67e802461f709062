"""Transforms of colours and of sharpness, and rectangles erased, by random numbers that are torchvision's."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms import functional as F
from autogradkit.vision.transforms.checks import edges
from autogradkit.vision.transforms.geometry import (
    WithProbability,
    drawn_edges,
    drawn_integer,
    drawn_number,
    refuse_ranges,
)

__all__ = [
    "ColorJitter",
    "GaussianBlur",
    "Grayscale",
    "RandomAdjustSharpness",
    "RandomAutocontrast",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomInvert",
    "RandomPosterize",
    "RandomSolarize",
]


class ColorJitter(nn.Module):
    """Brightness, contrast, saturation and hue changed at random, in a random order.

    The factor of each is from a range that is given or that reaches so far to both sides of 1, for the hue of 0.
    """

    @entry
    def __init__(self, brightness: Any = 0, contrast: Any = 0, saturation: Any = 0, hue: Any = 0) -> None:
        super().__init__()
        self.brightness = _range_of_factors(brightness, "brightness")
        self.contrast = _range_of_factors(contrast, "contrast")
        self.saturation = _range_of_factors(saturation, "saturation")
        self.hue = _range_of_factors(hue, "hue", center=0, bound=(-0.5, 0.5))

    @staticmethod
    def get_params(brightness: Any, contrast: Any, saturation: Any, hue: Any) -> tuple[Any, ...]:
        """The order of the four, as a tensor, and the factor of each, or None."""
        order = ak.randperm(4)
        ranges = (brightness, contrast, saturation, hue)
        return order, *(None if each is None else drawn_number(each[0], each[1]) for each in ranges)

    def forward(self, img: Any) -> Any:
        """The image in other colours."""
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        changes = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        return adjusted(img, order.tolist(), changes, factors)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(brightness={self.brightness}, contrast={self.contrast}, "
            f"saturation={self.saturation}, hue={self.hue})"
        )


def adjusted(img: Any, order: list[int], changes: Sequence[Callable[..., Any]], factors: list[float | None]) -> Any:
    """An image changed by those functions that have a factor, in an order."""
    for number in order:
        if factors[number] is not None:
            img = changes[number](img, factors[number])
    return img


def _range_of_factors(
    value: Any, name: str, center: float = 1, bound: tuple[float, float] = (0, float("inf"))
) -> tuple[float, float] | None:
    if isinstance(value, numbers.Real):
        reach: Any = value
        if reach < 0:
            raise ValueError(f"If {name} is a single number, it must be non negative.")
        low, high = center - float(reach), center + float(reach)
        if center == 1:
            low = max(low, 0.0)
    elif isinstance(value, tuple | list) and len(value) == 2:
        low, high = float(value[0]), float(value[1])
    else:
        raise TypeError(f"{name} should be a single number or a list/tuple with length 2.")
    if not bound[0] <= low <= high <= bound[1]:
        raise ValueError(f"{name} values should be between {bound}, but got {[low, high]}.")
    return None if low == high == center else (low, high)


class Grayscale(nn.Module):
    """An image in grey, of one channel or of three that are alike."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Any) -> Any:
        """The grey image."""
        return F.rgb_to_grayscale(img, num_output_channels=self.num_output_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"


class RandomGrayscale(WithProbability):
    """With probability `p` an image in grey, of as many channels as it had."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p)

    def forward(self, img: Any) -> Any:
        """The image, in grey or not."""
        channels = F.get_dimensions(img)[0]
        return F.rgb_to_grayscale(img, num_output_channels=channels) if ak.rand(1) < self.p else img


class RandomInvert(WithProbability):
    """With probability `p` an image with dark and bright exchanged."""

    def forward(self, img: Any) -> Any:
        """The image, inverted or not."""
        return F.invert(img) if ak.rand(1).item() < self.p else img


class RandomPosterize(WithProbability):
    """With probability `p` an image with but the first `bits` bits of each value."""

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p)
        self.bits = bits

    def forward(self, img: Any) -> Any:
        """The image, with fewer bits or not."""
        return F.posterize(img, self.bits) if ak.rand(1).item() < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(bits={self.bits},p={self.p})"


class RandomSolarize(WithProbability):
    """With probability `p` an image with all values from `threshold` on inverted."""

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold = threshold

    def forward(self, img: Any) -> Any:
        """The image, solarized or not."""
        return F.solarize(img, self.threshold) if ak.rand(1).item() < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(threshold={self.threshold},p={self.p})"


class RandomAdjustSharpness(WithProbability):
    """With probability `p` an image between blurred (0), what it was (1) and sharpened (above)."""

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.sharpness_factor = sharpness_factor

    def forward(self, img: Any) -> Any:
        """The image, sharpened or not."""
        return F.adjust_sharpness(img, self.sharpness_factor) if ak.rand(1).item() < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(sharpness_factor={self.sharpness_factor},p={self.p})"


class RandomAutocontrast(WithProbability):
    """With probability `p` an image each of whose channels goes from black to white."""

    def forward(self, img: Any) -> Any:
        """The image, with full contrast or not."""
        return F.autocontrast(img) if ak.rand(1).item() < self.p else img


class RandomEqualize(WithProbability):
    """With probability `p` an image in which all values are about as frequent."""

    def forward(self, img: Any) -> Any:
        """The image, equalized or not."""
        return F.equalize(img) if ak.rand(1).item() < self.p else img


class GaussianBlur(nn.Module):
    """An image blurred by a Gaussian of a kernel size and of a random width in `sigma`."""

    @entry
    def __init__(self, kernel_size: Any, sigma: Any = (0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = edges(kernel_size, "Kernel size should be a tuple/list of two integers")
        if any(size <= 0 or size % 2 == 0 for size in self.kernel_size):
            raise ValueError("Kernel size value should be an odd and positive number.")
        if isinstance(sigma, numbers.Real):
            if sigma <= 0:
                raise ValueError("If sigma is a single number, it must be positive.")
            sigma = (sigma, sigma)
        elif not isinstance(sigma, Sequence) or len(sigma) != 2:
            raise ValueError("sigma should be a single number or a list/tuple with length 2.")
        elif not 0.0 < sigma[0] <= sigma[1]:
            raise ValueError("sigma values should be positive and of the form (min, max).")
        self.sigma: Any = sigma

    @staticmethod
    def get_params(sigma_min: float, sigma_max: float) -> float:
        """A width of the Gaussian."""
        return drawn_number(sigma_min, sigma_max)

    def forward(self, img: Any) -> Any:
        """The blurred image."""
        sigma = self.get_params(self.sigma[0], self.sigma[1])
        return F.gaussian_blur(img, self.kernel_size, [sigma, sigma])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(kernel_size={self.kernel_size}, sigma={self.sigma})"


class RandomErasing(WithProbability):
    """With probability `p` a tensor image with a random rectangle erased: by `value`, or by noise if that is "random"."""

    @entry
    def __init__(
        self,
        p: float = 0.5,
        scale: Any = (0.02, 0.33),
        ratio: Any = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__(p)
        refuse_erasing(p, scale, ratio, value)
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(img: Tensor, scale: Any, ratio: Any, value: Any = None) -> tuple[Any, ...]:
        """(top, left, height, width) of the rectangle and what fills it; the image itself after ten vain attempts."""
        channels, height, width = img.shape[-3:]
        drawn = drawn_rectangle(channels, height, width, scale, ratio, value)
        return (0, 0, height, width, img) if drawn is None else drawn

    def forward(self, img: Any) -> Any:
        """The image, with a rectangle erased or not."""
        if ak.rand(1) >= self.p:
            return img
        value = self.value
        if isinstance(value, int | float | list | tuple):
            value = [float(each) for each in (value if isinstance(value, list | tuple) else [value])]
        else:
            value = None
        if value is not None and len(value) not in (1, img.shape[-3]):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{img.shape[-3]} (number of input channels)"
            )
        drawn = self.get_params(img, scale=self.scale, ratio=self.ratio, value=value)
        return F.erase(img, *drawn, inplace=self.inplace)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, "
            f"value={self.value}, inplace={self.inplace})"
        )


def refuse_erasing(p: float, scale: Any, ratio: Any, value: Any) -> None:
    """Refuse what no rectangle can be erased by."""
    if not isinstance(value, numbers.Real | str | tuple | list):
        raise TypeError("Argument value should be either a number or str or a sequence")
    if isinstance(value, str) and value != "random":
        raise ValueError("If value is str, it should be 'random'")
    refuse_ranges(scale, ratio)
    if scale[0] < 0 or scale[1] > 1:
        raise ValueError("Scale should be between 0 and 1")
    if p < 0 or p > 1:
        raise ValueError("Random erasing probability should be between 0 and 1")


def drawn_rectangle(
    channels: int, height: int, width: int, scale: Any, ratio: Any, value: list[float] | None
) -> tuple[int, int, int, int, Tensor] | None:
    """(top, left, height, width) of a random rectangle and what fills it, noise or `value`; None after ten attempts."""
    for _ in range(10):
        tall, wide = drawn_edges(height * width, scale, ratio)
        if tall < height and wide < width:
            if value is None:  # torchvision draws float32 whatever the default is
                filled = ak.empty(channels, tall, wide, dtype=ak.float32).normal_()
            else:
                filled = ak.tensor(value)[:, None, None]
            top = drawn_integer(0, height - tall + 1)
            return top, drawn_integer(0, width - wide + 1), tall, wide, filled
    return None
