"""What detectors do to pictures first, standardize, resize and batch them, and to their results at the end."""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.vision.models.detection.image_list import ImageList
from autogradkit.vision.models.detection.masks import paste_masks_in_image

Target = dict[str, Tensor]
Size = tuple[int, int]


class GeneralizedRCNNTransform(nn.Module):
    """Pictures (C, H, W) of any sizes, standardized, their shorter edge `min_size` (in training one of several), in a batch.

    The longer edge is at most `max_size`; the batch's edges are multiples of `size_divisible`. Boxes, masks and key points
    of the targets go along.
    """

    def __init__(
        self,
        min_size: Any,
        max_size: int,
        image_mean: list[float],
        image_std: list[float],
        size_divisible: int = 32,
        fixed_size: Size | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.min_size = min_size if isinstance(min_size, list | tuple) else (min_size,)
        self.max_size = max_size
        self.image_mean = image_mean
        self.image_std = image_std
        self.size_divisible = size_divisible
        self.fixed_size = fixed_size
        self._skip_resize = kwargs.pop("_skip_resize", False)

    @entry
    def forward(
        self, images: list[Tensor], targets: list[Target] | None = None
    ) -> tuple[ImageList, list[Target] | None]:
        """The batch, and the targets as they are in it; what was given stays as it was."""
        made, told = [], []
        for image, target in zip(images, targets or [None] * len(images), strict=True):
            if image.dim() != 3:
                raise ValueError(f"images is expected to be a list of 3d tensors of shape [C, H, W], got {image.shape}")
            image, target = self.resize(self.normalize(image), None if target is None else dict(target))
            made.append(image)
            told.append(target)
        sizes = [(image.shape[-2], image.shape[-1]) for image in made]
        return ImageList(self.batch_images(made, self.size_divisible), sizes), None if targets is None else told

    def normalize(self, image: Tensor) -> Tensor:
        """A picture of floats less the mean of each channel, divided by its deviation."""
        if not image.is_floating_point():
            raise TypeError(
                f"Expected input images to be of floating type (in range [0, 1]), but found type {image.dtype} instead"
            )
        mean, std = (ak.as_tensor(each, dtype=image.dtype) for each in (self.image_mean, self.image_std))
        return (image - mean[:, None, None]) / std[:, None, None]

    def resize(self, image: Tensor, target: Target | None = None) -> tuple[Tensor, Target | None]:
        """A picture of the size that is wanted, with its target."""
        before = image.shape[-2:]
        size = self.min_size[-1]
        if self.training:
            if self._skip_resize:
                return image, target
            size = self.min_size[int(ak.empty(1).uniform_(0.0, float(len(self.min_size))).item())]
        how: dict[str, Any] = {"size": self.fixed_size and [self.fixed_size[1], self.fixed_size[0]]}
        if self.fixed_size is None:
            scale = min(size / min(before), self.max_size / max(before))
            how = {"scale_factor": scale, "recompute_scale_factor": True}
        image = F.interpolate(image[None], mode="bilinear", align_corners=False, **how)[0]
        if target is None:
            return image, target
        if "masks" in target:
            target["masks"] = F.interpolate(target["masks"][:, None].float(), **how)[:, 0].byte()
        after = image.shape[-2:]
        target["boxes"] = resize_boxes(target["boxes"], before, after)
        if "keypoints" in target:
            target["keypoints"] = resize_keypoints(target["keypoints"], before, after)
        return image, target

    def batch_images(self, images: list[Tensor], size_divisible: int = 32) -> Tensor:
        """The pictures in one tensor, with 0 to their right and below them."""
        channels, *edges = (max(sizes) for sizes in zip(*(image.shape for image in images), strict=True))
        height, width = (int(math.ceil(edge / size_divisible) * size_divisible) for edge in edges)
        batch = images[0].new_full((len(images), channels, height, width), 0)
        for place, image in zip(batch, images, strict=True):
            place[: image.shape[0], : image.shape[1], : image.shape[2]].copy_(image)
        return batch

    def postprocess(
        self, result: list[Target], image_shapes: list[Size], original_image_sizes: list[Size]
    ) -> list[Target]:
        """Detections as they are in the pictures that were given; in training as they are."""
        if self.training:
            return result
        for found, before, after in zip(result, image_shapes, original_image_sizes, strict=True):
            found["boxes"] = boxes = resize_boxes(found["boxes"], before, after)
            if "masks" in found:
                found["masks"] = paste_masks_in_image(found["masks"], boxes, after)
            if "keypoints" in found:
                found["keypoints"] = resize_keypoints(found["keypoints"], before, after)
        return result

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(\n    Normalize(mean={self.image_mean}, std={self.image_std})\n    "
            f"Resize(min_size={self.min_size}, max_size={self.max_size}, mode='bilinear')\n)"
        )


def _ratios(before: Any, after: Any) -> tuple[Tensor, Tensor]:
    """How much higher and wider."""
    height, width = (
        ak.tensor(new, dtype=ak.float32) / ak.tensor(old, dtype=ak.float32)
        for new, old in zip(after, before, strict=True)
    )
    return height, width


def resize_keypoints(keypoints: Tensor, original_size: Any, new_size: Any) -> Tensor:
    """Points (..., 3), x, y and whether they are seen, in a picture of another size."""
    tall, wide = _ratios(original_size, new_size)
    made = keypoints.clone()
    made[..., 0] *= wide
    made[..., 1] *= tall
    return made


def resize_boxes(boxes: Tensor, original_size: Any, new_size: Any) -> Tensor:
    """Boxes (N, 4) in a picture of another size."""
    tall, wide = _ratios(original_size, new_size)
    left, top, right, bottom = boxes.unbind(1)
    return ak.stack((left * wide, top * tall, right * wide, bottom * tall), dim=1)
