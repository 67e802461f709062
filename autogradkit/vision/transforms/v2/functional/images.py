"""What `transforms.v2` does to images where it is not what `transforms.functional` does: dtypes, resizing, colours.

Numbers are rounded in other places there, bytes are resized as bytes, and floats are taken where only bytes were.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autogradkit as ak
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.vision.io import decode_jpeg, encode_jpeg
from autogradkit.vision.transforms import functional as F
from autogradkit.vision.transforms.functional.conversion import largest_value
from autogradkit.vision.transforms.functional.geometry import four_borders, in_batch, out_of_batch
from autogradkit.vision.transforms.functional.images import InterpolationMode, image_tensor
from autogradkit.vision.transforms.v2.functional.dispatch import mode_of
from autogradkit.vision.transforms.v2.functional.sizes import new_size
from autogradkit.vision.tv_tensors import Image

_BITS = {ak.uint8: 8, ak.int8: 7, ak.int16: 15, ak.uint16: 16, ak.int32: 31, ak.int64: 63}


# -- conversion --------------------------------------------------------------------------------------------------------


def to_image(inpt: Any) -> Image:
    """A tensor, a PIL image or an ndarray (H, W) or (H, W, C) as an `Image` of the same values."""
    if isinstance(inpt, np.ndarray):
        return Image(ak.from_numpy(np.atleast_3d(inpt)).permute(2, 0, 1).contiguous())
    if not isinstance(inpt, Tensor) and not hasattr(inpt, "getbands"):
        raise TypeError(
            f"Input can either be a pure Tensor, a numpy array, or a PIL image, but got {type(inpt)} instead."
        )
    return Image(inpt)


def to_dtype(inpt: Tensor, dtype: Dtype = ak.float32, scale: bool = False) -> Tensor:
    """An image in another dtype; with `scale` what was white is white again."""
    if inpt.dtype == dtype or not scale:
        return inpt.to(dtype)
    if inpt.is_floating_point():
        if not dtype.is_floating_point and (inpt.dtype, dtype) in _UNSAFE:
            raise RuntimeError(f"The conversion from {inpt.dtype} to {dtype} cannot be performed safely.")
        return F.convert_image_dtype(inpt, dtype)
    if dtype.is_floating_point:
        return inpt.to(dtype).mul_(1.0 / largest_value(inpt.dtype))
    old, new = (_bits(each) for each in (inpt.dtype, dtype))
    if old > new:  # uint16 has no shifts
        return (inpt / 2 ** (old - new) if inpt.dtype == ak.uint16 else inpt >> (old - new)).to(dtype)
    return inpt.to(dtype) * 2 ** (new - old) if dtype == ak.uint16 else inpt.to(dtype) << (new - old)


def convert_image_dtype(image: Tensor, dtype: Dtype = ak.float32) -> Tensor:
    """A tensor image in another dtype, its values scaled."""
    return to_dtype(image, dtype, scale=True)


_UNSAFE = {(ak.float32, ak.int32), (ak.float32, ak.int64), (ak.float64, ak.int64)}


def _bits(dtype: Dtype) -> int:
    if dtype not in _BITS:
        raise TypeError(f"Number of value bits is only defined for integer dtypes, but got {dtype}.")
    return _BITS[dtype]


def normalize(inpt: Any, mean: Any, std: Any, inplace: bool = False) -> Tensor:
    """A float image (..., C, H, W) less the `mean` of each channel, divided by its `std`."""
    if not inpt.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {inpt.dtype}.")
    if inpt.ndim < 3:
        raise ValueError(f"Expected tensor to be a tensor image of size (..., C, H, W). Got {inpt.shape}.")
    if not all(std) if isinstance(std, list | tuple) else isinstance(std, int | float) and std == 0:
        raise ValueError("std evaluated to zero, leading to division by zero.")
    means, stds = (ak.as_tensor(each, dtype=inpt.dtype) for each in (mean, std))
    means, stds = (each.view(-1, 1, 1) if each.ndim == 1 else each for each in (means, stds))
    return (inpt.sub_(means) if inplace else inpt.sub(means)).div_(stds)


# -- geometry ----------------------------------------------------------------------------------------------------------


def resize(
    inpt: Any, size: Any, interpolation: Any = "bilinear", max_size: int | None = None, antialias: bool | None = True
) -> Any:
    """An image of another size: (height, width), an int for its smaller edge, or None: the longer one gets `max_size`."""
    mode = mode_of(interpolation)
    _, height, width = F.get_dimensions(inpt)
    new = new_size(height, width, size, max_size)
    if [height, width] == new:
        return inpt
    if not isinstance(inpt, Tensor):
        return F.resize(inpt, new, mode, antialias=antialias)
    smooth = mode in (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC, InterpolationMode.LANCZOS)
    if mode is InterpolationMode.LANCZOS and not antialias:
        raise ValueError("InterpolationMode.LANCZOS requires antialias=True")
    batch, dtype = in_batch(inpt, (ak.float32, ak.float64, ak.uint8))
    made = functional.interpolate(
        batch,
        size=new,
        mode=mode.value,
        align_corners=False if smooth else None,
        antialias=bool(antialias) and smooth,
    )
    return out_of_batch(made, inpt, dtype)


def pad(inpt: Any, padding: Any, fill: Any = None, padding_mode: str = "constant") -> Any:
    """An image with borders, of which `fill` may give each channel its own colour."""
    if not isinstance(inpt, Tensor) or not isinstance(fill, list | tuple):
        return F.pad(inpt, padding, fill, padding_mode)
    if len(fill) == 1:
        return F.pad(inpt, padding, fill[0], padding_mode)
    if padding_mode != "constant":
        raise ValueError(f"Padding mode '{padding_mode}' is not supported if fill is not scalar")
    made, colours = F.pad(inpt, padding), ak.tensor(fill).to(inpt.dtype).reshape(-1, 1, 1)
    left, top, right, bottom = four_borders(padding)
    if top > 0:
        made[..., :top, :] = colours
    if left > 0:
        made[..., :left] = colours
    if bottom > 0:
        made[..., -bottom:, :] = colours
    if right > 0:
        made[..., -right:] = colours
    return made


def erase(inpt: Any, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Any:
    """An image with the rectangle (h, w) whose corner is at (i, j) filled by `v`."""
    if isinstance(inpt, Tensor):
        return F.erase(inpt, i, j, h, w, v, inplace)
    return F.to_pil_image(F.erase(F.pil_to_tensor(inpt), i, j, h, w, v), mode=inpt.mode)


# -- colours -----------------------------------------------------------------------------------------------------------


def rgb_to_grayscale(inpt: Any, num_output_channels: int = 1) -> Any:
    """An image in grey, of one channel or of three that are alike."""
    if num_output_channels not in (1, 3):
        raise ValueError(f"num_output_channels must be 1 or 3, got {num_output_channels}.")
    if isinstance(inpt, Tensor) and inpt.shape[-3] == 1 and num_output_channels == 3:
        return ak.cat([inpt] * 3, dim=-3)
    return F.rgb_to_grayscale(inpt, num_output_channels)


def grayscale_to_rgb(inpt: Any) -> Any:
    """An image of three channels, of one in grey; another as it is."""
    if not isinstance(inpt, Tensor):
        return inpt.convert(mode="RGB")
    return inpt if inpt.shape[-3] >= 3 else rgb_to_grayscale(inpt, 3)


def invert(inpt: Any) -> Any:
    """An image with dark and bright exchanged."""
    if not isinstance(inpt, Tensor) or inpt.is_floating_point():
        return F.invert(inpt)
    return inpt ^ ((1 << _bits(inpt.dtype)) - 1)


def posterize(inpt: Any, bits: int) -> Any:
    """An image with but the first `bits` bits of each value, of a float from 0 to 1 with as many levels."""
    if not isinstance(inpt, Tensor):
        return F.posterize(inpt, bits)
    if not isinstance(bits, int) or not 0 <= bits <= 8:
        raise TypeError(f"bits must be a positive integer in the range [0, 8], got {bits} instead.")
    if inpt.is_floating_point():
        levels = 1 << bits
        return inpt.mul(levels).floor_().clamp_(0, levels - 1).mul_(1.0 / levels)
    all_bits = _bits(inpt.dtype)
    return inpt if bits >= all_bits else inpt & (((1 << bits) - 1) << (all_bits - bits))


def solarize(inpt: Any, threshold: float) -> Any:
    """An image with all values from `threshold` on inverted."""
    if isinstance(inpt, Tensor) and threshold > largest_value(inpt.dtype):
        raise TypeError(f"Threshold should be less or equal the maximum value of the dtype, but got {threshold}")
    return F.solarize(inpt, threshold)


def autocontrast(inpt: Any) -> Any:
    """An image each of whose channels goes from black to white; one of a single value stays as it is."""
    if not isinstance(inpt, Tensor):
        return F.autocontrast(inpt)
    image_tensor(inpt, 3, (1, 3))
    values = inpt if inpt.is_floating_point() else inpt.to(ak.float32)
    bound = largest_value(inpt.dtype)
    least, most = values.amin(dim=(-2, -1), keepdim=True), values.amax(dim=(-2, -1), keepdim=True)
    even = most == least
    step = ak.where(even, 1.0, (most - least) * (1.0 / bound))
    return ((values - ak.where(even, 0.0, least)) / step).clamp_(0, bound).to(inpt.dtype)


def equalize(inpt: Any) -> Any:
    """An image in which all values are about as frequent; of floats, 256 of them."""
    if not isinstance(inpt, Tensor) or inpt.dtype == ak.uint8:
        return F.equalize(inpt)
    return to_dtype(F.equalize(to_dtype(inpt, ak.uint8, scale=True)), inpt.dtype, scale=True)


def permute_channels(inpt: Any, permutation: Any) -> Any:
    """An image with its channels in another order."""
    if not isinstance(inpt, Tensor):
        return F.to_pil_image(permute_channels(F.pil_to_tensor(inpt), permutation))
    if len(permutation) != inpt.shape[-3]:
        raise ValueError(
            f"Length of permutation does not match number of channels: {len(permutation)} != {inpt.shape[-3]}"
        )
    order = permutation if isinstance(permutation, Tensor) else ak.tensor(permutation)
    return inpt.index_select(-3, order)


def gaussian_noise(inpt: Any, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> Tensor:
    """An image with noise added, within the dtype's range unless `clip` is off."""
    if not isinstance(inpt, Tensor):
        raise ValueError("Gaussian Noise is not implemented for PIL images.")
    if sigma < 0:
        raise ValueError(f"sigma shouldn't be negative. Got {sigma}")
    if inpt.is_floating_point():
        noisy = inpt + (mean + ak.randn_like(inpt) * sigma)
        return noisy.clamp(0, 1) if clip else noisy
    if inpt.dtype != ak.uint8:
        raise ValueError(f"Input tensor is expected to be in uint8 or float dtype, got dtype={inpt.dtype}")
    noise = mean * 255 + ak.randn_like(inpt, dtype=ak.float32) * (sigma * 255)
    noisy = inpt + noise.to(ak.int16)
    return (noisy.clamp(0, 255) if clip else noisy).to(ak.uint8)


def jpeg(inpt: Any, quality: int) -> Any:
    """An image as it is read from a JPEG file of a quality, from 1 to 100."""
    if not isinstance(inpt, Tensor):
        return F.to_pil_image(jpeg(F.pil_to_tensor(inpt), quality))
    batch = inpt.unsqueeze(0) if inpt.ndim < 4 else inpt
    return ak.stack([decode_jpeg(encode_jpeg(each, quality)) for each in batch]).view(inpt.shape)
