"""Transforms of an image's colours and sharpness; masks, boxes and labels pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.vision.transforms.checks import edges, refuse_lengths, two_numbers
from autogradkit.vision.transforms.colors import ColorJitter as _Jitter
from autogradkit.vision.transforms.colors import adjusted, drawn_rectangle, refuse_erasing
from autogradkit.vision.transforms.geometry import drawn_number
from autogradkit.vision.transforms.v2 import functional as F
from autogradkit.vision.transforms.v2.transform import RandomApplyTransform, Transform, query_chw

__all__ = [
    "JPEG",
    "RGB",
    "ColorJitter",
    "GaussianBlur",
    "GaussianNoise",
    "Grayscale",
    "RandomAdjustSharpness",
    "RandomAutocontrast",
    "RandomChannelPermutation",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomInvert",
    "RandomPhotometricDistort",
    "RandomPosterize",
    "RandomSolarize",
]


class Grayscale(Transform):
    """Images in grey, of one channel or of three that are alike."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The grey image."""
        return self._call_kernel(F.rgb_to_grayscale, inpt, num_output_channels=self.num_output_channels)


class RandomGrayscale(RandomApplyTransform):
    """With probability `p` images in grey, of as many channels as they had."""

    @entry
    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p=p)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """How many channels there are."""
        return {"num_output_channels": query_chw(flat_inputs)[0]}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The grey image."""
        return self._call_kernel(F.rgb_to_grayscale, inpt, **params)


class RGB(Transform):
    """Images in grey with three channels; others as they are."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The image of three channels."""
        return self._call_kernel(F.grayscale_to_rgb, inpt)


class ColorJitter(Transform):
    """Brightness, contrast, saturation and hue changed at random, in a random order.

    The factor of each is from a range that is given or that reaches so far to both sides of 1, for the hue of 0.
    """

    @entry
    def __init__(self, brightness: Any = None, contrast: Any = None, saturation: Any = None, hue: Any = None) -> None:
        super().__init__()
        self.brightness = _range_of_factors(brightness, "brightness")
        self.contrast = _range_of_factors(contrast, "contrast")
        self.saturation = _range_of_factors(saturation, "saturation")
        self.hue = _range_of_factors(hue, "hue", center=0, bound=(-0.5, 0.5))

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The order, and the factors."""
        order, *factors = _Jitter.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        return {"order": order.tolist(), "factors": factors}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The image in other colours."""
        if not F.adjust_hue.takes(inpt):
            return inpt
        return adjusted(inpt, params["order"], _CHANGES, params["factors"])


_CHANGES = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)


def _range_of_factors(
    value: Any, name: str, center: float = 1.0, bound: tuple[float, float] = (0, float("inf"))
) -> tuple[float, float] | None:
    if value is None:
        return None
    if isinstance(value, int | float):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be non negative.")
        given = [center - value, center + value]
        if center:
            given[0] = max(given[0], 0.0)
    elif isinstance(value, Sequence) and len(value) == 2:
        given = [float(each) for each in value]
    else:
        raise TypeError(f"{name}={value} should be a single number or a sequence with length 2.")
    low, high = given
    if not bound[0] <= low <= high <= bound[1]:
        raise ValueError(f"{name} values should be between {bound} and increasing, but got {given}.")
    return None if low == high == center else (float(low), float(high))


class RandomChannelPermutation(Transform):
    """An image with its channels in a random order."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The order."""
        return {"permutation": ak.randperm(query_chw(flat_inputs)[0])}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The image with its channels in that order."""
        return self._call_kernel(F.permute_channels, inpt, params["permutation"])


class RandomPhotometricDistort(Transform):
    """Brightness, contrast, saturation, hue and the order of channels changed at random, each with probability `p`."""

    def __init__(
        self,
        brightness: tuple[float, float] = (0.875, 1.125),
        contrast: tuple[float, float] = (0.5, 1.5),
        saturation: tuple[float, float] = (0.5, 1.5),
        hue: tuple[float, float] = (-0.05, 0.05),
        p: float = 0.5,
    ) -> None:
        super().__init__()
        self.brightness = brightness
        self.contrast = contrast
        self.hue = hue
        self.saturation = saturation
        self.p = p

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The factors, the order of the changes, and that of the channels."""
        channels = query_chw(flat_inputs)[0]
        ranges = (self.brightness, self.contrast, self.saturation, self.hue)
        factors = [drawn_number(low, high) if ak.rand(1) < self.p else None for low, high in ranges]
        order = [0, 1, 2, 3] if ak.rand(()) < 0.5 else [0, 2, 3, 1]
        permutation = ak.randperm(channels) if ak.rand(1) < self.p else None
        return {"factors": factors, "order": order, "permutation": permutation}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The image in other colours."""
        if not F.adjust_hue.takes(inpt):
            return inpt
        made = adjusted(inpt, params["order"], _CHANGES, params["factors"])
        return made if params["permutation"] is None else F.permute_channels(made, params["permutation"])


class RandomEqualize(RandomApplyTransform):
    """With probability `p` an image in which all values are about as frequent."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The equalized image."""
        return self._call_kernel(F.equalize, inpt)


class RandomInvert(RandomApplyTransform):
    """With probability `p` an image with dark and bright exchanged."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The inverted image."""
        return self._call_kernel(F.invert, inpt)


class RandomPosterize(RandomApplyTransform):
    """With probability `p` an image with but the first `bits` bits of each value."""

    @entry
    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p=p)
        self.bits = bits

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The image with fewer bits."""
        return self._call_kernel(F.posterize, inpt, bits=self.bits)


class RandomSolarize(RandomApplyTransform):
    """With probability `p` an image with all values from `threshold` on inverted."""

    @entry
    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p=p)
        self.threshold = threshold

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The solarized image."""
        return self._call_kernel(F.solarize, inpt, threshold=self.threshold)


class RandomAutocontrast(RandomApplyTransform):
    """With probability `p` an image each of whose channels goes from black to white."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The image with full contrast."""
        return self._call_kernel(F.autocontrast, inpt)


class RandomAdjustSharpness(RandomApplyTransform):
    """With probability `p` an image between blurred (0), what it was (1) and sharpened (above)."""

    @entry
    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p=p)
        self.sharpness_factor = sharpness_factor

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The sharpened image."""
        return self._call_kernel(F.adjust_sharpness, inpt, sharpness_factor=self.sharpness_factor)


class GaussianBlur(Transform):
    """An image blurred by a Gaussian of a kernel size and of a random width in `sigma`."""

    @entry
    def __init__(self, kernel_size: Any, sigma: Any = (0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = edges(kernel_size, "Kernel size should be a tuple/list of two integers")
        if any(size <= 0 or size % 2 == 0 for size in self.kernel_size):
            raise ValueError("Kernel size value should be an odd and positive number.")
        self.sigma = two_numbers(sigma, "sigma")
        if not 0.0 < self.sigma[0] <= self.sigma[1]:
            raise ValueError(f"sigma values should be positive and of the form (min, max). Got {self.sigma}")

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """A width of the Gaussian."""
        return {"sigma": [drawn_number(self.sigma[0], self.sigma[1])] * 2}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The blurred image."""
        return self._call_kernel(F.gaussian_blur, inpt, self.kernel_size, **params)


class GaussianNoise(Transform):
    """An image with noise added, within its dtype's range unless `clip` is off."""

    def __init__(self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> None:
        super().__init__()
        self.mean = mean
        self.sigma = sigma
        self.clip = clip

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The noisy image."""
        return self._call_kernel(F.gaussian_noise, inpt, mean=self.mean, sigma=self.sigma, clip=self.clip)


class RandomErasing(RandomApplyTransform):
    """With probability `p` an image with a random rectangle erased: by `value`, or by noise if that is "random"."""

    @entry
    def __init__(
        self,
        p: float = 0.5,
        scale: Any = (0.02, 0.33),
        ratio: Any = (0.3, 3.3),
        value: Any = 0.0,
        inplace: bool = False,
    ) -> None:
        super().__init__(p=p)
        refuse_erasing(p, scale, ratio, value)
        self.scale = scale
        self.ratio = ratio
        values = value if isinstance(value, tuple | list) else [value]
        self.value = None if isinstance(value, str) else [float(each) for each in values]
        self.inplace = inplace

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The rectangle and what fills it, or nothing."""
        channels, height, width = query_chw(flat_inputs)
        if self.value is not None and len(self.value) not in (1, channels):
            raise ValueError(
                f"If value is a sequence, it should have either a single value or {channels} (number of inpt channels)"
            )
        return {"drawn": drawn_rectangle(channels, height, width, self.scale, self.ratio, self.value)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The image with the rectangle erased."""
        drawn = params["drawn"]
        return inpt if drawn is None else self._call_kernel(F.erase, inpt, *drawn, inplace=self.inplace)


class JPEG(Transform):
    """An image as it is read from a JPEG file of a random quality, from 1 to 100."""

    @entry
    def __init__(self, quality: Any) -> None:
        super().__init__()
        if isinstance(quality, bool):
            raise TypeError("quality can't be bool")
        if isinstance(quality, int):
            quality = [quality, quality]
        refuse_lengths(quality, "quality")
        low, high = quality
        if not (1 <= low <= high <= 100 and isinstance(low, int) and isinstance(high, int)):
            raise ValueError(f"quality must be an integer from 1 to 100, got quality ={quality!r}")
        self.quality = quality

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """A quality."""
        return {"quality": int(ak.randint(self.quality[0], self.quality[1] + 1, ()))}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The image as it was written and read."""
        return self._call_kernel(F.jpeg, inpt, **params)
