"""What `transforms.v2` does, as functions: of an image as in `transforms.functional`, and some of what belongs to it too."""

from __future__ import annotations

from typing import Any

from autogradkit.core.dtype import dtype as _Dtype
from autogradkit.core.tensor import Tensor as _Tensor
from autogradkit.vision.transforms import functional as _F
from autogradkit.vision.transforms.functional import InterpolationMode as InterpolationMode
from autogradkit.vision.transforms.functional import pil_to_tensor as pil_to_tensor
from autogradkit.vision.transforms.functional import to_pil_image as to_pil_image
from autogradkit.vision.transforms.functional import to_tensor as to_tensor
from autogradkit.vision.transforms.v2.functional import boxes as _boxes
from autogradkit.vision.transforms.v2.functional import images as _images
from autogradkit.vision.transforms.v2.functional.dispatch import Functional as _Functional
from autogradkit.vision.transforms.v2.functional.dispatch import is_pure_tensor as is_pure_tensor
from autogradkit.vision.transforms.v2.functional.dispatch import mode_of as _mode_of
from autogradkit.vision.transforms.v2.functional.dispatch import register_kernel as register_kernel
from autogradkit.vision.transforms.v2.functional.formats import clamp_bounding_boxes as clamp_bounding_boxes
from autogradkit.vision.transforms.v2.functional.formats import clamp_keypoints as clamp_keypoints
from autogradkit.vision.transforms.v2.functional.formats import (
    convert_bounding_box_format as convert_bounding_box_format,
)
from autogradkit.vision.transforms.v2.functional.formats import sanitize_bounding_boxes as sanitize_bounding_boxes
from autogradkit.vision.transforms.v2.functional.formats import sanitize_keypoints as sanitize_keypoints
from autogradkit.vision.transforms.v2.functional.frames import get_num_frames as get_num_frames
from autogradkit.vision.transforms.v2.functional.frames import uniform_temporal_subsample as uniform_temporal_subsample
from autogradkit.vision.transforms.v2.functional.images import convert_image_dtype as convert_image_dtype
from autogradkit.vision.transforms.v2.functional.images import to_image as to_image
from autogradkit.vision.transforms.v2.functional.sizes import get_dimensions as get_dimensions
from autogradkit.vision.transforms.v2.functional.sizes import get_image_num_channels as get_image_num_channels
from autogradkit.vision.transforms.v2.functional.sizes import get_image_size as get_image_size
from autogradkit.vision.transforms.v2.functional.sizes import get_num_channels as get_num_channels
from autogradkit.vision.transforms.v2.functional.sizes import get_size as get_size

_NEAREST = InterpolationMode.NEAREST
_BILINEAR = InterpolationMode.BILINEAR


def _rotate(
    inpt: Any, angle: float, interpolation: Any = _NEAREST, expand: bool = False, center: Any = None, fill: Any = None
) -> Any:
    return _F.rotate(inpt, angle, _mode_of(interpolation), expand, center, fill)


def _affine(
    inpt: Any,
    angle: float,
    translate: Any,
    scale: float,
    shear: Any,
    interpolation: Any = _NEAREST,
    fill: Any = None,
    center: Any = None,
) -> Any:
    return _F.affine(inpt, angle, translate, scale, shear, _mode_of(interpolation), fill, center)


def _perspective(inpt: Any, startpoints: Any, endpoints: Any, interpolation: Any = _BILINEAR, fill: Any = None) -> Any:
    return _F.perspective(inpt, startpoints, endpoints, _mode_of(interpolation), fill)


def _elastic(inpt: Any, displacement: Any, interpolation: Any = _BILINEAR, fill: Any = None) -> Any:
    return _F.elastic_transform(inpt, displacement, _mode_of(interpolation), fill)


def _resized_crop(
    inpt: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Any,
    interpolation: Any = _BILINEAR,
    antialias: bool | None = True,
) -> Any:
    return _images.resize(_F.crop(inpt, top, left, height, width), size, interpolation, antialias=antialias)


def _of_classes(kernel: Any) -> Any:
    """The kernel for masks: the image's, but no class becomes another between two."""

    def of_mask(mask: _Tensor, *args: Any, **options: Any) -> Any:
        return kernel(mask, *args, **{**options, "interpolation": _NEAREST})

    return of_mask


def _mask_resized(
    mask: _Tensor,
    size: Any,
    interpolation: Any = _NEAREST,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> _Tensor:
    exact = _mode_of(interpolation) is InterpolationMode.NEAREST_EXACT
    return _images.resize(mask, size, InterpolationMode.NEAREST_EXACT if exact else _NEAREST, max_size)


def _mask_cropped_and_resized(
    mask: _Tensor, top: int, left: int, height: int, width: int, size: Any, *how: Any, **options: Any
) -> _Tensor:
    return _mask_resized(_F.crop(mask, top, left, height, width), size, *how, **options)


def _cast(mask: _Tensor, dtype: _Dtype, scale: bool = False) -> _Tensor:
    return mask.to(dtype)


horizontal_flip = hflip = _Functional(_F.hflip, _F.hflip, _boxes.flipped_across)
vertical_flip = vflip = _Functional(_F.vflip, _F.vflip, _boxes.flipped_down)
resize = _Functional(_images.resize, _mask_resized, _boxes.resized)
crop = _Functional(_F.crop, _F.crop, _boxes.cropped)
center_crop = _Functional(_F.center_crop, _F.center_crop, _boxes.cropped_to_middle)
resized_crop = _Functional(_resized_crop, _mask_cropped_and_resized, _boxes.cropped_and_resized)
pad = _Functional(_images.pad, _F.pad, _boxes.padded)
five_crop = _Functional(_F.five_crop)
ten_crop = _Functional(_F.ten_crop)
rotate = _Functional(_rotate, _of_classes(_rotate), _boxes.rotated)
affine = _Functional(_affine, _of_classes(_affine), _boxes.affine)
perspective = _Functional(_perspective, _of_classes(_perspective), _boxes.perspective)
elastic = elastic_transform = _Functional(_elastic, _of_classes(_elastic), _boxes.elastic)
erase = _Functional(_images.erase)
to_dtype = _Functional(_images.to_dtype, _cast, _boxes.cast, pil=False)
normalize = _Functional(_images.normalize, pil=False)
gaussian_blur = _Functional(_F.gaussian_blur)
gaussian_noise = _Functional(_images.gaussian_noise)
jpeg = _Functional(_images.jpeg)
rgb_to_grayscale = to_grayscale = _Functional(_images.rgb_to_grayscale)
grayscale_to_rgb = _Functional(_images.grayscale_to_rgb)
permute_channels = _Functional(_images.permute_channels)
adjust_brightness = _Functional(_F.adjust_brightness)
adjust_contrast = _Functional(_F.adjust_contrast)
adjust_saturation = _Functional(_F.adjust_saturation)
adjust_hue = _Functional(_F.adjust_hue)
adjust_gamma = _Functional(_F.adjust_gamma)
adjust_sharpness = _Functional(_F.adjust_sharpness)
autocontrast = _Functional(_images.autocontrast)
equalize = _Functional(_images.equalize)
invert = _Functional(_images.invert)
posterize = _Functional(_images.posterize)
solarize = _Functional(_images.solarize)
