"""Colours changed: brighter, with more contrast, of another hue, grey, inverted. Rests on `images` and `conversion`."""

from __future__ import annotations

from typing import Any

import numpy as np

import autogradkit as ak
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.vision.transforms.functional.conversion import (
    convert_image_dtype,
    largest_value,
    pil_of,
    pil_to_tensor,
    to_pil_image,
)
from autogradkit.vision.transforms.functional.geometry import in_batch, out_of_batch
from autogradkit.vision.transforms.functional.images import get_dimensions, image_tensor, is_pil, pil_image

__all__ = [
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "autocontrast",
    "equalize",
    "gaussian_blur",
    "invert",
    "posterize",
    "rgb_to_grayscale",
    "solarize",
    "to_grayscale",
]

_GREY_OR_RGB = (1, 3)


# -- brightness, contrast, saturation, hue -----------------------------------------------------------------------------


def _refuse_negative(name: str, factor: float) -> None:
    if factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")


def _blend(img: Tensor, other: Tensor, ratio: float) -> Tensor:
    """`ratio` parts of an image and the rest of another, within the dtype's range."""
    mixed = float(ratio) * img + (1.0 - float(ratio)) * other
    return mixed.clamp(0, largest_value(img.dtype)).to(img.dtype)


def _float_dtype(img: Tensor) -> Dtype:
    return img.dtype if img.is_floating_point() else ak.float32


@entry
def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """An image with its brightness multiplied: 0 is black, 1 as it was, 2 twice as bright."""
    if not isinstance(img, Tensor):
        return _enhanced("Brightness", img, brightness_factor)
    _refuse_negative("brightness_factor", brightness_factor)
    return _blend(image_tensor(img, channels=_GREY_OR_RGB), ak.zeros_like(img), brightness_factor)


@entry
def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """An image between even grey (0), what it was (1) and more contrast (above)."""
    if not isinstance(img, Tensor):
        return _enhanced("Contrast", img, contrast_factor)
    _refuse_negative("contrast_factor", contrast_factor)
    image_tensor(img, channels=(3, 1))
    grey = rgb_to_grayscale(img) if get_dimensions(img)[0] == 3 else img
    return _blend(img, grey.to(_float_dtype(img)).mean(dim=(-3, -2, -1), keepdim=True), contrast_factor)


@entry
def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """An image between grey (0), what it was (1) and more vivid colours (above)."""
    if not isinstance(img, Tensor):
        return _enhanced("Color", img, saturation_factor)
    _refuse_negative("saturation_factor", saturation_factor)
    if get_dimensions(image_tensor(img, channels=_GREY_OR_RGB))[0] == 1:
        return img
    return _blend(img, rgb_to_grayscale(img), saturation_factor)


@entry
def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """An image between blurred (0), what it was (1) and sharpened (above); one of two rows or columns stays as it is."""
    if not isinstance(img, Tensor):
        return _enhanced("Sharpness", img, sharpness_factor)
    _refuse_negative("sharpness_factor", sharpness_factor)
    image_tensor(img, channels=_GREY_OR_RGB)
    if min(img.shape[-2:]) <= 2:
        return img
    kernel = ak.ones(3, 3, dtype=_float_dtype(img))
    kernel[1, 1] = 5.0
    kernel /= kernel.sum()
    blurred = img.clone()
    blurred[..., 1:-1, 1:-1] = _filtered(img, kernel)
    return _blend(img, blurred, sharpness_factor)


def _filtered(img: Tensor, kernel: Tensor, padding: list[int] | None = None) -> Tensor:
    """Each channel of an image convolved with a kernel (rows, columns); mirrored outside where it is padded."""
    channels = img.shape[-3]
    batch, dtype = in_batch(img, (kernel.dtype,))
    if padding is not None:
        batch = functional.pad(batch, padding, mode="reflect")
    made = functional.conv2d(batch, kernel.expand(channels, 1, *kernel.shape), groups=channels)
    return out_of_batch(made, img, dtype)


def _enhanced(how: str, img: Any, factor: float) -> Any:
    from PIL import ImageEnhance

    return getattr(ImageEnhance, how)(pil_image(img)).enhance(factor)


@entry
def adjust_hue(img: Any, hue_factor: float) -> Any:
    """An image with its hues moved round the circle of colours by up to half of it, ±0.5."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    if not isinstance(img, Tensor):
        return _turned_hue(pil_image(img), hue_factor)
    if get_dimensions(image_tensor(img, channels=_GREY_OR_RGB))[0] == 1:
        return img
    hue, saturation, value = _hsv_of(convert_image_dtype(img, ak.float32))
    return convert_image_dtype(_rgb_of((hue + hue_factor) % 1.0, saturation, value), img.dtype)


def _turned_hue(img: Any, hue_factor: float) -> Any:
    from PIL import Image

    if img.mode in {"L", "1", "I", "F"}:
        return img
    hue, saturation, value = img.convert("HSV").split()
    turned = np.array(hue, dtype=np.uint8) + np.int32(hue_factor * 255).astype(np.uint8)  # counts on from 0 after 255
    return Image.merge("HSV", (pil_of(turned, "L"), saturation, value)).convert(img.mode)


def _hsv_of(img: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Hue, saturation and value, each from 0 to 1, as Pillow computes them."""
    r, g, b = img.unbind(dim=-3)
    most, least = img.max(dim=-3).values, img.min(dim=-3).values
    grey, span = most == least, most - least
    one = ak.ones_like(most)  # divides where 0 would
    divisor = ak.where(grey, one, span)
    from_r, from_g, from_b = ((most - each) / divisor for each in (r, g, b))
    is_r, is_g = most == r, most == g
    hue = (
        is_r * (from_b - from_g) + (is_g & ~is_r) * (2.0 + from_r - from_b) + (~is_g & ~is_r) * (4.0 + from_g - from_r)
    )
    return (hue / 6.0 + 1.0).fmod(1.0), span / ak.where(grey, one, most), most


def _rgb_of(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """The colours (..., 3, H, W) of hue, saturation and value."""
    sixth = (hue * 6.0).floor()
    rest = hue * 6.0 - sixth
    sixth = sixth.to(ak.int32) % 6
    p, q, t = (
        (value * (1.0 - each)).clamp(0.0, 1.0) for each in (saturation, saturation * rest, saturation * (1.0 - rest))
    )
    v = value
    orders = ((v, q, p, p, t, v), (t, v, v, q, p, p), (p, p, t, v, v, q))  # of r, g and b, for each sixth of the circle
    at = sixth.unsqueeze(-3).to(ak.int64)
    return ak.cat([ak.stack(each, dim=-3).gather(-3, at) for each in orders], dim=-3)


@entry
def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    """An image with each value v, from 0 to 1, become gain · v ** gamma."""
    tensor = isinstance(img, Tensor)
    image_tensor(img, channels=_GREY_OR_RGB) if tensor else pil_image(img)
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    if not tensor:
        table = [int((255 + 1 - 1e-3) * gain * pow(value / 255.0, gamma)) for value in range(256)] * 3
        return img.convert("RGB").point(table).convert(img.mode)
    values = img if img.is_floating_point() else convert_image_dtype(img, ak.float32)
    return convert_image_dtype((gain * values.pow(gamma)).clamp(0, 1), img.dtype)


# -- grey --------------------------------------------------------------------------------------------------------------


@entry
def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """An image in grey, of one channel or of three that are alike."""
    if not isinstance(img, Tensor):
        return _grey_pil(pil_image(img), num_output_channels)
    if img.ndim < 3:
        raise TypeError(f"Input image tensor should have at least 3 dimensions, but found {img.ndim}")
    image_tensor(img, channels=_GREY_OR_RGB)
    if num_output_channels not in _GREY_OR_RGB:
        raise ValueError("num_output_channels should be either 1 or 3")
    if img.shape[-3] == 3:
        r, g, b = img.unbind(dim=-3)
        grey = (0.2989 * r + 0.587 * g + 0.114 * b).to(img.dtype).unsqueeze(-3)
    else:
        grey = img.clone()
    return grey.expand(img.shape) if num_output_channels == 3 else grey


@entry
def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """A PIL image in grey."""
    if not is_pil(img):
        raise TypeError("Input should be PIL Image")
    return _grey_pil(img, num_output_channels)


def _grey_pil(img: Any, channels: int) -> Any:
    if channels not in _GREY_OR_RGB:
        raise ValueError("num_output_channels should be either 1 or 3")
    grey = img.convert("L")
    return grey if channels == 1 else pil_of(np.dstack([np.array(grey)] * 3), "RGB")


# -- values exchanged --------------------------------------------------------------------------------------------------


@entry
def invert(img: Any) -> Any:
    """An image with dark and bright exchanged."""
    if not isinstance(img, Tensor):
        return _by_image_ops("invert", img)
    return largest_value(img.dtype) - image_tensor(img, 3, _GREY_OR_RGB)


@entry
def posterize(img: Any, bits: int) -> Any:
    """An image of bytes with but the first `bits` bits of each value."""
    if not 0 <= bits <= 8:
        raise ValueError(f"The number if bits should be between 0 and 8. Got {bits}")
    if not isinstance(img, Tensor):
        return _by_image_ops("posterize", img, bits)
    _refuse_other_than_bytes(image_tensor(img, 3))
    return image_tensor(img, channels=_GREY_OR_RGB) & -int(2 ** (8 - bits))


def _refuse_other_than_bytes(img: Tensor) -> None:
    if img.dtype != ak.uint8:
        raise TypeError(f"Only torch.uint8 image tensors are supported, but found {img.dtype}")


@entry
def solarize(img: Any, threshold: float) -> Any:
    """An image with all values from `threshold` on inverted."""
    if not isinstance(img, Tensor):
        return _by_image_ops("solarize", img, threshold)
    if threshold > largest_value(image_tensor(img, 3, _GREY_OR_RGB).dtype):
        raise TypeError("Threshold should be less than bound of img.")
    inverted = invert(img)
    return ak.where(img >= threshold, inverted, img)


@entry
def autocontrast(img: Any) -> Any:
    """An image each of whose channels goes from black to white; one of a single value stays as it is."""
    if not isinstance(img, Tensor):
        return _by_image_ops("autocontrast", img)
    dtype, bound = _float_dtype(image_tensor(img, 3, _GREY_OR_RGB)), largest_value(img.dtype)
    least, most = (each(dim=(-2, -1), keepdim=True).to(dtype) for each in (img.amin, img.amax))
    scale = bound / (most - least)
    even = ~scale.isfinite()
    least[even], scale[even] = 0, 1
    return ((img - least) * scale).clamp(0, bound).to(img.dtype)


@entry
def equalize(img: Any) -> Any:
    """An image of bytes in which all values are about as frequent."""
    if not isinstance(img, Tensor):
        return _by_image_ops("equalize", img)
    if not 3 <= image_tensor(img).ndim <= 4:
        raise TypeError(f"Input image tensor should have 3 or 4 dimensions, but found {img.ndim}")
    _refuse_other_than_bytes(img)
    image_tensor(img, channels=_GREY_OR_RGB)
    channels = [_equalized(channel) for channel in img.reshape(-1, *img.shape[-2:])]
    return ak.stack(channels).reshape(img.shape) if channels else img.clone()


def _equalized(channel: Tensor) -> Tensor:
    counts = ak.bincount(channel.reshape(-1), minlength=256)
    step = int(counts[counts != 0][:-1].sum()) // 255  # the last value is white wherever it begins
    if step == 0:
        return channel
    below = functional.pad((counts.cumsum(0) + step // 2) // step, [1, 0])[:-1]
    return below.clamp(0, 255)[channel.to(ak.int64)].to(ak.uint8)


def _by_image_ops(how: str, img: Any, *options: Any) -> Any:
    from PIL import ImageOps

    return getattr(ImageOps, how)(pil_image(img), *options)


# -- blurring ----------------------------------------------------------------------------------------------------------


@entry
def gaussian_blur(img: Any, kernel_size: Any, sigma: Any = None) -> Any:
    """An image blurred by a Gaussian of odd `kernel_size`, [width, height] or a number; `sigma` fits it if not given."""
    kernel_size, sigma = checked_blur(kernel_size, sigma)
    if not isinstance(img, Tensor):
        if not is_pil(img):
            raise TypeError(f"img should be PIL Image or Tensor. Got {type(img)}")
        return to_pil_image(gaussian_blur(pil_to_tensor(img), kernel_size, sigma), mode=img.mode)
    dtype = _float_dtype(image_tensor(img))
    across, down = (_gaussian(size, s, dtype) for size, s in zip(kernel_size, sigma, strict=True))
    edges = [kernel_size[0] // 2] * 2 + [kernel_size[1] // 2] * 2
    return _filtered(img, ak.mm(down[:, None], across[None, :]), edges)


def checked_blur(kernel_size: Any, sigma: Any) -> tuple[Any, Any]:
    """Kernel size and sigma for both directions; refuses what is no blur."""
    if not isinstance(kernel_size, int | list | tuple):
        raise TypeError(f"kernel_size should be int or a sequence of integers. Got {type(kernel_size)}")
    if isinstance(kernel_size, int):
        kernel_size = [kernel_size, kernel_size]
    if len(kernel_size) != 2:
        raise ValueError(f"If kernel_size is a sequence its length should be 2. Got {len(kernel_size)}")
    if any(size % 2 == 0 or size < 0 for size in kernel_size):
        raise ValueError(f"kernel_size should have odd and positive integers. Got {kernel_size}")
    if sigma is None:
        sigma = [size * 0.15 + 0.35 for size in kernel_size]
    if not isinstance(sigma, int | float | list | tuple):
        raise TypeError(f"sigma should be either float or sequence of floats. Got {type(sigma)}")
    if isinstance(sigma, int | float):
        sigma = [float(sigma)] * 2
    elif len(sigma) == 1:
        sigma = [sigma[0]] * 2
    if len(sigma) != 2:
        raise ValueError(f"If sigma is a sequence, its length should be 2. Got {len(sigma)}")
    if any(s <= 0.0 for s in sigma):
        raise ValueError(f"sigma should have positive values. Got {sigma}")
    return kernel_size, sigma


def _gaussian(size: int, sigma: float, dtype: Dtype) -> Tensor:
    half = (size - 1) * 0.5
    weights = ak.exp(-0.5 * (ak.linspace(-half, half, size, dtype=dtype) / sigma).pow(2))
    return weights / weights.sum()
