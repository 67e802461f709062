"""AlexNet, as in "One weird trick for parallelizing convolutional neural networks" (Krizhevsky, 2014). Rests on nn."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.published import published

AlexNet_Weights = published("AlexNet_Weights", __name__)


class AlexNet(nn.Module):
    """Five convolutions and three linear layers: (N, 3, 224, 224) → (N, num_classes). Pictures have 63 pixels at least."""

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, kernel_size=11, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(64, 192, kernel_size=5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(192, 384, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        return self.classifier(ak.flatten(self.avgpool(self.features(x)), 1))


@register_model(AlexNet_Weights)
def alexnet(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> AlexNet:
    """AlexNet; `weights` is a published name, or a file with a state dict. 61,100,840 parameters."""
    return filled(AlexNet, weights, **kwargs)
