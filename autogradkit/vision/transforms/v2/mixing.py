"""Batches whose samples are mixed with one another, labels alike: MixUp (Zhang et al., 2018) and CutMix (Yun et al., 2019).

Each sample is mixed with the one before it, so batches should be shuffled. Rests on the transforms' base and on the beta
distribution.
"""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.distributions import Beta
from autogradkit.nn.functional import one_hot
from autogradkit.utils._pytree import tree_flatten, tree_unflatten
from autogradkit.vision.transforms.functional.images import is_pil
from autogradkit.vision.transforms.v2.functional.dispatch import is_pure_tensor
from autogradkit.vision.transforms.v2.labels import getter_of
from autogradkit.vision.transforms.v2.transform import Transform, has_any, query_size
from autogradkit.vision.tv_tensors import BoundingBoxes, Image, KeyPoints, Mask, Video, wrap

__all__ = ["CutMix", "MixUp"]


def _mixed(values: Tensor, part: float) -> Tensor:
    """`part` of each sample, and of the one before it what is left."""
    return values.roll(1, 0).mul_(1.0 - part).add_(values.mul(part))


class _Mixing(Transform):
    def __init__(self, *, alpha: float = 1.0, num_classes: int | None = None, labels_getter: Any = "default") -> None:
        super().__init__()
        self.alpha = float(alpha)
        self._dist = Beta(ak.tensor([alpha]), ak.tensor([alpha]))
        self.num_classes = num_classes
        self._labels_getter = getter_of(labels_getter)

    @entry
    def forward(self, *inputs: Any) -> Any:
        """The batch, mixed; labels (N,) become (N, num_classes). Raises ValueError for what is no batch with labels."""
        given = inputs[0] if len(inputs) == 1 else inputs
        leaves, structure = tree_flatten(given)
        if has_any(leaves, is_pil, BoundingBoxes, KeyPoints, Mask):
            raise ValueError(
                f"{type(self).__name__}() does not support PIL images, bounding boxes, keypoints and masks."
            )
        labels = self._labels_getter(given)
        self._refuse(labels)
        wanted = self._needs_transform_list(leaves)
        params = self.make_params([leaf for leaf, needed in zip(leaves, wanted, strict=True) if needed])
        params |= {"labels": labels, "batch_size": labels.shape[0]}
        changed = [
            self.transform(leaf, params) if needed or leaf is labels else leaf
            for leaf, needed in zip(leaves, wanted, strict=True)
        ]
        return tree_unflatten(changed, structure)

    def _refuse(self, labels: Any) -> None:
        if not isinstance(labels, Tensor):
            raise ValueError(f"The labels must be a tensor, but got {type(labels)} instead.")
        if labels.ndim not in (1, 2):
            raise ValueError(
                "labels should be index based with shape (batch_size,) or probability based with shape "
                f"(batch_size, num_classes), but got a tensor of shape {labels.shape} instead."
            )
        if labels.ndim == 2 and self.num_classes is not None and labels.shape[-1] != self.num_classes:
            raise ValueError(
                "When passing 2D labels, the number of elements in last dimension must match num_classes: "
                f"{labels.shape[-1]} != {self.num_classes}. You can Leave num_classes to None."
            )
        if labels.ndim == 1 and self.num_classes is None:
            raise ValueError("num_classes must be passed if the labels are index-based (1D)")

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """A batch of images or videos, or its labels, mixed; anything else as it is."""
        if inpt is params["labels"]:
            labels = one_hot(inpt, num_classes=self.num_classes) if inpt.ndim == 1 else inpt
            return _mixed(labels if labels.is_floating_point() else labels.float(), params["part"])
        if not (isinstance(inpt, Image | Video) or is_pure_tensor(inpt)):
            return inpt
        dims = 5 if isinstance(inpt, Video) else 4
        if inpt.ndim != dims:
            raise ValueError(f"Expected a batched input with {dims} dims, but got {inpt.ndim} dimensions instead.")
        if inpt.shape[0] != params["batch_size"]:
            raise ValueError(
                "The batch size of the image or video does not match the batch size of the labels: "
                f"{inpt.shape[0]} != {params['batch_size']}."
            )
        output = self._images(inpt, params)
        return wrap(output, like=inpt) if isinstance(inpt, Image | Video) else output

    def _images(self, images: Tensor, params: dict[str, Any]) -> Tensor:
        raise NotImplementedError


class MixUp(_Mixing):
    """Each image fades into another, and its label as much; how much is drawn from a beta distribution.

    >>> _ = ak.manual_seed(0)
    >>> MixUp(num_classes=2)(ak.tensor([0.0, 1.0]).view(2, 1, 1, 1), ak.tensor([0, 1]))[1].sum(1)
    tensor([1., 1.])
    """

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """How much of each image stays."""
        return {"part": float(self._dist.sample(()))}

    def _images(self, images: Tensor, params: dict[str, Any]) -> Tensor:
        return _mixed(images, params["part"])


class CutMix(_Mixing):
    """A rectangle of each image is another's, and its label for the rectangle's share of the area."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The rectangle, and how much of each image stays."""
        aside = float(self._dist.sample(()))
        height, width = query_size(flat_inputs)
        x, y = (int(ak.randint(size, (1,))) for size in (width, height))
        half = 0.5 * math.sqrt(1.0 - aside)
        across, down = int(half * width), int(half * height)
        left, top, right, bottom = max(x - across, 0), max(y - down, 0), min(x + across, width), min(y + down, height)
        part = float(1.0 - (right - left) * (bottom - top) / (width * height))
        return {"box": (left, top, right, bottom), "part": part}

    def _images(self, images: Tensor, params: dict[str, Any]) -> Tensor:
        left, top, right, bottom = params["box"]
        output = images.clone()
        output[..., top:bottom, left:right] = images.roll(1, 0)[..., top:bottom, left:right]
        return output
