"""What networks for segmentation have in common: a backbone, a classifier of its maps, and one beside it for training."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.serialization import load
from autogradkit.vision.models._api import Path, overwrite
from autogradkit.vision.models._utils import IntermediateLayerGetter


class SimpleSegmentationModel(nn.Module):
    """Pictures (N, 3, H, W) → {"out": (N, num_classes, H, W)}, and "aux" from the classifier beside."""

    def __init__(self, backbone: nn.Module, classifier: nn.Module, aux_classifier: nn.Module | None = None) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = classifier
        self.aux_classifier = aux_classifier

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """For each pixel the logits of its classes."""
        features = self.backbone(x)
        heads = {"out": self.classifier}
        if self.aux_classifier is not None:
            heads["aux"] = self.aux_classifier
        return OrderedDict(
            (name, F.interpolate(head(features[name]), size=x.shape[-2:], mode="bilinear", align_corners=False))
            for name, head in heads.items()
        )


class FCNHead(nn.Sequential):
    """A 3×3 convolution to a quarter of the channels, and a 1×1 to the classes."""

    def __init__(self, in_channels: int, channels: int) -> None:
        width = in_channels // 4
        super().__init__(
            nn.Conv2d(in_channels, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Conv2d(width, channels, 1),
        )


def on_resnet(model: Any, head: Any, backbone: nn.Module, num_classes: int, aux: bool | None) -> Any:
    """A model of a dilated ResNet-50 or -101, with `head` as its classifier."""
    layers = {"layer4": "out"} | ({"layer3": "aux"} if aux else {})
    body = IntermediateLayerGetter(backbone, return_layers=layers)
    beside = FCNHead(1024, num_classes) if aux else None
    return model(body, head(2048, num_classes), beside)


def settled(weights: Path | None, num_classes: int | None, aux_loss: bool | None) -> tuple[int, bool | None]:
    """How many classes there are, and whether there is a classifier beside: files of published parameters have one."""
    told: dict[str, Any] = {"aux_loss": aux_loss}
    if weights is not None:
        overwrite(told, "aux_loss", True)
    return 21 if num_classes is None else num_classes, told["aux_loss"]


def read_into(model: Any, weights: Path | None) -> Any:
    """The model, with the parameters in a file if there is one."""
    if weights is not None:
        model.load_state_dict(load(weights))
    return model
