"""Images as tensors and tensors as images; their dtypes; their numbers about a mean.

Rests on the tensor and on Pillow, which is loaded where a PIL image is made.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

import autogradkit as ak
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms.functional.images import get_image_num_channels, image_tensor, is_pil

__all__ = ["convert_image_dtype", "normalize", "pil_to_tensor", "to_pil_image", "to_tensor"]

_SHORTS = "I;16" if sys.byteorder == "little" else "I;16B"
_MODES = {np.dtype(np.uint8): "L", np.dtype(np.int16): _SHORTS, np.dtype(np.int32): "I", np.dtype(np.float32): "F"}
_KINDS = {"I": np.int32, _SHORTS: np.int16, "F": np.float32}
_MODES_BY_CHANNELS = {2: ["LA"], 3: ["RGB", "YCbCr", "HSV"], 4: ["RGBA", "CMYK", "RGBX"]}
_LARGEST = {
    ak.uint8: 255,
    ak.int8: 127,
    ak.int16: 32767,
    ak.uint16: 65535,
    ak.int32: 2147483647,
    ak.int64: 9223372036854775807,
}


def largest_value(dtype: Dtype) -> int:
    """The number that stands for white: the largest of an integer dtype, 1 for all others."""
    return _LARGEST.get(dtype, 1)


@entry
def to_tensor(pic: Any) -> Tensor:
    """A PIL image or an ndarray (H, W) or (H, W, C) as a tensor (C, H, W).

    Bytes become floats between 0 and 1; other dtypes keep their values. Raises TypeError for what is no picture, ValueError
    for an ndarray of other than two or three dimensions.

    >>> to_tensor(np.array([[0, 51], [102, 255]], dtype=np.uint8))
    tensor([[[0.0000, 0.2000],
             [0.4000, 1.0000]]])
    """
    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        array = pic[:, :, None] if pic.ndim == 2 else pic
    elif is_pil(pic):
        array = np.array(pic, _KINDS.get(pic.mode, np.uint8)).reshape(pic.height, pic.width, -1)
        if pic.mode == "1":
            array = array * np.uint8(255)
    else:
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    img = ak.from_numpy(array.transpose(2, 0, 1)).contiguous()
    return img.to(ak.get_default_dtype()).div(255) if img.dtype == ak.uint8 else img


@entry
def pil_to_tensor(pic: Any) -> Tensor:
    """A PIL image as a tensor (C, H, W) of its own dtype and values."""
    if not is_pil(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    img = ak.from_numpy(np.array(pic))
    return img.view(pic.height, pic.width, get_image_num_channels(pic)).permute(2, 0, 1)


@entry
def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (C, H, W) or (H, W), or an ndarray (H, W, C) or (H, W), as a PIL image.

    Floats are taken to lie between 0 and 1, unless `mode` is "F". What mode the image has follows from channels and dtype;
    another may be asked for where there are several of so many channels.
    """
    if isinstance(pic, Tensor):
        array = (pic.permute(1, 2, 0) if pic.ndim == 3 else pic).numpy(force=True)
    elif isinstance(pic, np.ndarray):
        array = pic
    else:
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3:
        raise ValueError(f"pic should be 2/3 dimensional. Got {array.ndim} dimensions.")
    channels = array.shape[-1]
    if channels > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {channels} channels.")
    if np.issubdtype(array.dtype, np.floating) and mode != "F":
        array = (array * 255).astype(np.uint8)
    if channels == 1:
        array = array[:, :, 0]
        expected = _MODES.get(array.dtype)
        if mode is not None and mode != expected:
            raise ValueError(f"Incorrect mode ({mode}) supplied for input type {np.dtype}. Should be {expected}")
        mode = expected
    else:
        permitted = _MODES_BY_CHANNELS.get(channels, _MODES_BY_CHANNELS[3])
        if mode is not None and mode not in permitted:
            raise ValueError(f"Only modes {permitted} are supported for {channels}D inputs")
        if mode is None and array.dtype == np.uint8:
            mode = permitted[0]
    if mode is None:
        raise TypeError(f"Input type {array.dtype} is not supported")
    return pil_of(array, mode)


def pil_of(array: np.ndarray, mode: str) -> Any:
    """The PIL image of a mode that holds a copy of an array's bytes."""
    from PIL import Image

    return Image.frombuffer(mode, (array.shape[1], array.shape[0]), array.tobytes(), "raw", mode, 0, 1)


@entry
def convert_image_dtype(image: Any, dtype: Dtype = ak.float32) -> Tensor:
    """A tensor image in another dtype, its values scaled: what was white is white again.

    Raises RuntimeError where floats cannot tell the integers apart.

    >>> convert_image_dtype(ak.tensor([[0, 51, 255]], dtype=ak.uint8))
    tensor([[0.0000, 0.2000, 1.0000]])
    """
    if not isinstance(image, Tensor):
        raise TypeError("Input img should be Tensor Image")
    if image.dtype == dtype:
        return image
    largest, wanted = largest_value(image.dtype), largest_value(dtype)
    if image.is_floating_point():
        if dtype.is_floating_point:
            return image.to(dtype)
        if (image.dtype, dtype) in _UNSAFE:
            raise RuntimeError(f"The cast from {image.dtype} to {dtype} cannot be performed safely.")
        return image.mul(float(wanted) + 1.0 - 1e-3).to(dtype)  # so that each integer has as large a share of [0, 1]
    if dtype.is_floating_point:
        return image.to(dtype) / float(largest)
    if largest > wanted:
        return ak.div(image, (largest + 1) // (wanted + 1), rounding_mode="floor").to(dtype)
    return image.to(dtype) * ((wanted + 1) // (largest + 1))


_UNSAFE = {(ak.float32, ak.int32), (ak.float32, ak.int64), (ak.float64, ak.int64)}


@entry
def normalize(tensor: Any, mean: Any, std: Any, inplace: bool = False) -> Tensor:
    """A float image (..., C, H, W) less the `mean` of each channel, divided by its `std`.

    `inplace=True` writes into the given tensor. Raises TypeError for a tensor that is not floating point, ValueError for
    one without channels or for a `std` of zero.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    if not image_tensor(tensor).is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            f"Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = {tensor.size()}"
        )
    means, stds = (ak.as_tensor(each, dtype=tensor.dtype) for each in (mean, std))
    if (stds == 0).any():
        raise ValueError(f"std evaluated to zero after conversion to {tensor.dtype}, leading to division by zero.")
    changed = tensor if inplace else tensor.clone()
    means, stds = (each.view(-1, 1, 1) if each.ndim == 1 else each for each in (means, stds))
    return changed.sub_(means).div_(stds)
