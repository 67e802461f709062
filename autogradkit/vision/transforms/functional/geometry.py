"""Images resized, padded, cropped and mirrored. Rests on `images`, and on interpolation and padding of `nn.functional`."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

import autogradkit as ak
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.vision.transforms.functional.images import (
    PIL_CODES,
    InterpolationMode,
    get_dimensions,
    image_tensor,
    interpolation_mode,
    pil_image,
)

__all__ = ["center_crop", "crop", "erase", "five_crop", "hflip", "pad", "resize", "resized_crop", "ten_crop", "vflip"]

SIZE_OF_TWO = "Please provide only two dimensions (h, w) for size."
_PADDING_MODES = ("constant", "edge", "reflect", "symmetric")


# -- resizing ----------------------------------------------------------------------------------------------------------


@entry
def resize(
    img: Any,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """An image of another size: (height, width), or an int for its smaller edge, the other in proportion up to `max_size`.

    A tensor keeps its dtype. With `antialias` it is smoothed as PIL images always are, in "bilinear" and "bicubic" mode.
    """
    mode = interpolation_mode(interpolation)
    if isinstance(size, list | tuple):
        if len(size) not in (1, 2):
            raise ValueError(
                f"Size must be an int or a 1 or 2 element tuple/list, not a {len(size)} element tuple/list"
            )
        if max_size is not None and len(size) != 1:
            raise ValueError(
                "max_size should only be passed if size specifies the length of the smaller edge, "
                "i.e. size should be an int or a sequence of length 1 in torchscript mode."
            )
    wanted = [size] if isinstance(size, int) else size
    _, height, width = get_dimensions(img)
    new = resized(height, width, wanted, max_size)
    if [height, width] == new:
        return img
    if not isinstance(img, Tensor):
        if antialias is False:
            warnings.warn(
                "Anti-alias option is always applied for PIL Image input. Argument antialias is ignored.", stacklevel=3
            )
        return pil_image(img).resize((new[1], new[0]), PIL_CODES[mode])
    smooth = mode in (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC)
    batch, dtype = in_batch(img, (ak.float32, ak.float64))
    large = functional.interpolate(
        batch,
        size=new,
        mode=mode.value,
        align_corners=False if smooth else None,
        antialias=bool(antialias) and smooth,
    )
    if mode is InterpolationMode.BICUBIC and dtype == ak.uint8:
        large = large.clamp(min=0, max=255)
    return out_of_batch(large, img, dtype)


def resized(height: int, width: int, size: Any, max_size: int | None) -> list[int]:
    """[height, width] of a picture whose smaller edge becomes `size[0]`, or which gets just that size."""
    if len(size) != 1:
        return [size[0], size[1]]
    short, long = min(height, width), max(height, width)
    new_short, new_long = size[0], int(size[0] * long / short)
    if max_size is not None:
        if max_size <= new_short:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested "
                f"size for the smaller edge size = {size}"
            )
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return [new_long, new_short] if width <= height else [new_short, new_long]


def in_batch(img: Tensor, dtypes: tuple[Dtype, ...]) -> tuple[Tensor, Dtype]:
    """An image as a batch of one of the dtypes, which kernels take; and the dtype that it had."""
    batch = img.unsqueeze(0) if img.ndim < 4 else img
    return batch if img.dtype in dtypes else batch.to(dtypes[0]), img.dtype


def out_of_batch(batch: Tensor, img: Tensor, dtype: Dtype) -> Tensor:
    """What kernels made of a batch, with the dimensions of the image and its dtype: integers are rounded, but for uint16."""
    made = batch.squeeze(0) if img.ndim < 4 else batch
    if made.dtype == dtype:
        return made
    is_cut = dtype.is_floating_point or dtype in (ak.bool, ak.uint16)
    return made.to(dtype) if is_cut else made.round().to(dtype)


# -- padding -----------------------------------------------------------------------------------------------------------


@entry
def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """An image with borders: `padding` for all, for (left and right, top and bottom), or (left, top, right, bottom).

    They are filled with `fill` ("constant"), with the last pixel ("edge"), or with the picture's mirror image, without
    ("reflect") or with ("symmetric") that pixel. A negative padding crops.
    """
    if not isinstance(img, Tensor):
        pil_image(img)
        _refuse_padding(padding, fill, padding_mode, (numbers.Real,), (numbers.Real, list, tuple))
        return _pad_pil(img, four_borders(padding), fill, padding_mode)
    image_tensor(img)
    _refuse_padding(padding, fill, padding_mode, (int,), (int, float))
    left, top, right, bottom = borders = four_borders(padding)
    if padding_mode == "symmetric":
        return _mirrored(img, borders)
    if padding_mode == "constant":
        batch, dtype = in_batch(img, (img.dtype,))
        made = functional.pad(batch, [left, right, top, bottom], value=0.0 if fill is None else float(fill))
    else:
        batch, dtype = in_batch(img, (ak.float32, ak.float64))
        how = "replicate" if padding_mode == "edge" else "reflect"
        made = functional.pad(batch, [left, right, top, bottom], mode=how)
    return (made.squeeze(0) if img.ndim < 4 else made).to(dtype)


def _refuse_padding(padding: Any, fill: Any, mode: Any, widths: tuple[type, ...], fills: tuple[type, ...]) -> None:
    if not isinstance(padding, (*widths, list, tuple)):
        raise TypeError("Got inappropriate padding arg")
    if fill is not None and not isinstance(fill, fills):
        raise TypeError("Got inappropriate fill arg")
    if not isinstance(mode, str):
        raise TypeError("Got inappropriate padding_mode arg")
    if isinstance(padding, list | tuple) and len(padding) not in (1, 2, 4):
        raise ValueError(f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(padding)} element tuple")
    if mode not in _PADDING_MODES:
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")


def four_borders(padding: Any) -> list[int]:
    """[left, top, right, bottom] of a padding in any of its forms."""
    if not isinstance(padding, list | tuple):
        return [padding] * 4
    return [*padding] * (4 // len(padding))


def _mirrored(img: Tensor, borders: list[int]) -> Tensor:
    """Padding in mode "symmetric"."""
    if img.ndim not in (3, 4):
        raise RuntimeError("Symmetric padding of N-D tensors are not supported yet")
    kept = img[..., _kept(borders[1], borders[3], img.shape[-2]), _kept(borders[0], borders[2], img.shape[-1])]
    left, top, right, bottom = (max(each, 0) for each in borders)
    height, width = kept.shape[-2:]
    rows = np.pad(np.arange(height), (top, bottom), mode="symmetric")
    columns = np.pad(np.arange(width), (left, right), mode="symmetric")
    return kept[..., ak.from_numpy(rows)[:, None], ak.from_numpy(columns)]


def _kept(before: int, after: int, length: int) -> slice:
    """What a negative padding leaves of an edge."""
    return slice(max(-before, 0), length - max(-after, 0))


def _pad_pil(img: Any, borders: list[int], fill: Any, mode: str) -> Any:
    from PIL import Image, ImageOps

    palette = img.getpalette() if img.mode == "P" else None
    if mode == "constant":
        made = ImageOps.expand(img, border=tuple(borders), fill=pil_fill(fill, img))
    else:
        left, top, right, bottom = borders
        array = np.asarray(img)[_kept(top, bottom, img.height), _kept(left, right, img.width)]
        left, top, right, bottom = (max(each, 0) for each in borders)
        widths = [(top, bottom), (left, right), (0, 0)][: array.ndim]
        made = Image.fromarray(np.pad(array, widths, cast(Any, mode)))
    if palette is not None:
        made.putpalette(palette)
    return made


def pil_fill(fill: Any, img: Any) -> Any:
    """The colour that fills a PIL image's new pixels, as Pillow wants it for the image's mode."""
    channels = len(img.getbands())
    if fill is None:
        fill = 0
    if isinstance(fill, int | float) and channels > 1:
        fill = [fill] * channels
    if isinstance(fill, list | tuple):
        if len(fill) == 1:
            fill = [*fill] * channels
        elif len(fill) != channels:
            raise ValueError(
                "The number of elements in 'fill' does not match the number of channels of the image "
                f"({len(fill)} != {channels})"
            )
        return tuple(fill if img.mode == "F" else map(int, fill))
    return fill if img.mode == "F" else int(fill)


# -- cropping and mirroring --------------------------------------------------------------------------------------------


@entry
def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """A part of an image; what lies outside of the image is 0."""
    if not isinstance(img, Tensor):
        return pil_image(img).crop((left, top, left + width, top + height))
    _, h, w = get_dimensions(img)
    right, bottom = left + width, top + height
    if left >= 0 and top >= 0 and right <= w and bottom <= h:
        return img[..., top:bottom, left:right]
    borders = [
        max(-left + min(0, right), 0),
        max(-top + min(0, bottom), 0),
        max(right - max(w, left), 0),
        max(bottom - max(h, top), 0),
    ]
    return pad(img[..., max(top, 0) : bottom, max(left, 0) : right], borders)


def both_edges(size: Any) -> Any:
    """(height, width) where one number or a sequence of one stands for both."""
    if isinstance(size, numbers.Real):
        return (int(float(size)),) * 2
    return (size[0], size[0]) if isinstance(size, Sequence) and len(size) == 1 else size


@entry
def center_crop(img: Any, output_size: Any) -> Any:
    """The middle of an image; one that is too small is padded with 0 first."""
    tall, wide = both_edges(output_size)
    _, height, width = get_dimensions(img)
    if wide > width or tall > height:
        across, down = max(wide - width, 0), max(tall - height, 0)
        img = pad(img, [across // 2, down // 2, (across + 1) // 2, (down + 1) // 2])
        _, height, width = get_dimensions(img)
        if (tall, wide) == (height, width):
            return img
    return crop(img, round((height - tall) / 2.0), round((width - wide) / 2.0), tall, wide)


@entry
def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """A part of an image, resized."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


@entry
def five_crop(img: Any, size: Any) -> tuple[Any, ...]:
    """The four corners of an image and its middle."""
    size = both_edges(size)
    if len(size) != 2:
        raise ValueError(SIZE_OF_TWO)
    _, height, width = get_dimensions(img)
    tall, wide = size
    if wide > width or tall > height:
        raise ValueError(f"Requested crop size {size} is bigger than input size {(height, width)}")
    corners = [crop(img, top, left, tall, wide) for top in (0, height - tall) for left in (0, width - wide)]
    return (*corners, center_crop(img, [tall, wide]))


@entry
def ten_crop(img: Any, size: Any, vertical_flip: bool = False) -> tuple[Any, ...]:
    """`five_crop` of an image, and of its mirror image."""
    return five_crop(img, size) + five_crop(vflip(img) if vertical_flip else hflip(img), size)


@entry
def hflip(img: Any) -> Any:
    """An image with left and right exchanged."""
    return image_tensor(img).flip(-1) if isinstance(img, Tensor) else pil_image(img).transpose(0)


@entry
def vflip(img: Any) -> Any:
    """An image with top and bottom exchanged."""
    return image_tensor(img).flip(-2) if isinstance(img, Tensor) else pil_image(img).transpose(1)


@entry
def erase(img: Any, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Tensor:
    """A tensor image with the rectangle (h, w) whose corner is at (i, j) filled by `v`."""
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    changed = image_tensor(img) if inplace else image_tensor(img).clone()
    changed[..., i : i + h, j : j + w] = v
    return changed
