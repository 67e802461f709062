"""Fully convolutional networks (Long et al., 2015) on dilated ResNets."""

from __future__ import annotations

from typing import Any

from autogradkit.vision.models._api import Path, register_model
from autogradkit.vision.models.published import published
from autogradkit.vision.models.resnet import ResNet50_Weights, ResNet101_Weights, resnet50, resnet101
from autogradkit.vision.models.segmentation._utils import (
    FCNHead,
    SimpleSegmentationModel,
    on_resnet,
    read_into,
    settled,
)

__all__ = ["FCN", "FCN_ResNet50_Weights", "FCN_ResNet101_Weights", "fcn_resnet50", "fcn_resnet101"]

FCN_ResNet50_Weights = published("FCN_ResNet50_Weights", __name__)
FCN_ResNet101_Weights = published("FCN_ResNet101_Weights", __name__)


class FCN(SimpleSegmentationModel):
    """A backbone and an `FCNHead`."""


def _fcn(build: Any, weights: Path | None, num_classes: int | None, aux_loss: bool | None, backbone: Any) -> FCN:
    num_classes, aux = settled(weights, num_classes, aux_loss)
    body = build(weights=backbone, replace_stride_with_dilation=[False, True, True])
    return read_into(on_resnet(FCN, FCNHead, body, num_classes, aux), weights)


@register_model(FCN_ResNet50_Weights, ResNet50_Weights)
def fcn_resnet50(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    aux_loss: bool | None = None,
    weights_backbone: Any = ResNet50_Weights.IMAGENET1K_V1,
) -> FCN:
    """An FCN on ResNet-50; `weights` is a published name, or a file with a state dict."""
    return _fcn(resnet50, weights, num_classes, aux_loss, weights_backbone)


@register_model(FCN_ResNet101_Weights, ResNet101_Weights)
def fcn_resnet101(
    *,
    weights: Path | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    aux_loss: bool | None = None,
    weights_backbone: Any = ResNet101_Weights.IMAGENET1K_V1,
) -> FCN:
    """An FCN on ResNet-101; `weights` is a published name, or a file with a state dict."""
    return _fcn(resnet101, weights, num_classes, aux_loss, weights_backbone)
