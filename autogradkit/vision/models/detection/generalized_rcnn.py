"""What detectors are: pictures and, to learn, their targets → losses or detections. Rests on the parts in this folder."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models.detection._utils import by_name, require
from autogradkit.vision.models.detection.image_list import ImageList
from autogradkit.vision.models.detection.transform import GeneralizedRCNNTransform

Target = dict[str, Tensor]


class Detector(nn.Module):
    """The base: `_detect` makes losses, or detections in the resized pictures, of their maps."""

    transform: GeneralizedRCNNTransform
    backbone: nn.Module

    @entry
    def forward(self, images: list[Tensor], targets: list[Target] | None = None) -> Any:
        """Losses by name, in training; else for each picture (C, H, W) its boxes, labels and scores."""
        if self.training:
            _refuse_targets(targets)
        sizes = []
        for image in images:
            size = tuple(image.shape[-2:])
            require(
                len(size) == 2,
                f"expecting the last two dimensions of the Tensor to be H and W instead got {image.shape[-2:]}",
            )
            sizes.append(size)
        batch, targets = self.transform(images, targets)
        for number, target in enumerate(targets or []):
            empty = (target["boxes"][:, 2:] <= target["boxes"][:, :2]).any(dim=1)
            if empty.any():
                box = target["boxes"][ak.where(empty)[0][0]].tolist()
                require(
                    False,
                    "All bounding boxes should have positive height and width. "
                    f"Found invalid box {box} for target at index {number}.",
                )
        detections, losses = self._detect(batch, by_name(self.backbone(batch.tensors)), targets)
        return losses if self.training else self.transform.postprocess(detections, batch.image_sizes, sizes)

    def _detect(
        self, images: ImageList, features: dict[str, Tensor], targets: list[Target] | None
    ) -> tuple[list[Target], dict[str, Tensor]]:
        raise NotImplementedError


def _refuse_targets(targets: list[Target] | None) -> None:
    require(targets is not None, "targets should not be none when in training mode")
    for target in targets or []:
        boxes = target["boxes"]
        require(isinstance(boxes, Tensor), f"Expected target boxes to be of type Tensor, got {type(boxes)}.")
        require(
            boxes.ndim == 2 and boxes.shape[-1] == 4,
            f"Expected target boxes to be a tensor of shape [N, 4], got {boxes.shape}.",
        )


class GeneralizedRCNN(Detector):
    """A backbone, a network that proposes boxes, and heads that look at each of them."""

    def __init__(
        self, backbone: nn.Module, rpn: nn.Module, roi_heads: Any, transform: GeneralizedRCNNTransform
    ) -> None:
        super().__init__()
        self.transform = transform
        self.backbone = backbone
        self.rpn = rpn
        self.roi_heads = roi_heads

    def _detect(
        self, images: ImageList, features: dict[str, Tensor], targets: list[Target] | None
    ) -> tuple[list[Target], dict[str, Tensor]]:
        proposals, proposal_losses = self.rpn(images, features, targets)
        detections, losses = self.roi_heads(features, proposals, images.image_sizes, targets)
        return detections, losses | proposal_losses
