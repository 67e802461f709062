"""VGG, from "Very deep convolutional networks for large-scale image recognition" (Simonyan and Zisserman, 2014). Rests on nn."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.published import published

VGG11_Weights = published("VGG11_Weights", __name__)
VGG11_BN_Weights = published("VGG11_BN_Weights", __name__)
VGG13_Weights = published("VGG13_Weights", __name__)
VGG13_BN_Weights = published("VGG13_BN_Weights", __name__)
VGG16_Weights = published("VGG16_Weights", __name__)
VGG16_BN_Weights = published("VGG16_BN_Weights", __name__)
VGG19_Weights = published("VGG19_Weights", __name__)
VGG19_BN_Weights = published("VGG19_BN_Weights", __name__)

# The channels of each convolution, in order; M is a pooling that halves the picture. The letters are the paper's.
cfgs: dict[str, list[int | str]] = {
    "A": [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "B": [64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "D": [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"],
    "E": [64, 64, "M", 128, 128, "M", *(256,) * 4, "M", *(512,) * 4, "M", *(512,) * 4, "M"],
}


class VGG(nn.Module):
    """Convolutions (`features`) and three linear layers: (N, 3, 224, 224) → (N, num_classes). 32 pixels are the least."""

    def __init__(
        self, features: nn.Module, num_classes: int = 1000, init_weights: bool = True, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, num_classes),
        )
        if init_weights:
            self._initialize()

    def _initialize(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.constant_(module.bias, 0)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.constant_(module.bias, 0)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        return self.classifier(ak.flatten(self.avgpool(self.features(x)), 1))


def make_layers(cfg: list[int | str], batch_norm: bool = False) -> nn.Sequential:
    """The convolutions that a list of `cfgs` tells.

    >>> make_layers([8, "M"])
    Sequential(
      (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
      (1): ReLU(inplace=True)
      (2): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
    )
    """
    layers: list[nn.Module] = []
    channels = 3
    for width in cfg:
        if isinstance(width, str):
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
        else:
            layers.append(nn.Conv2d(channels, width, kernel_size=3, padding=1))
            if batch_norm:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.ReLU(inplace=True))
            channels = width
    return nn.Sequential(*layers)


def _vgg(cfg: str, batch_norm: bool, weights: Path | None, kwargs: dict[str, Any]) -> VGG:
    if weights is not None:
        kwargs["init_weights"] = False
    return filled(lambda: VGG(make_layers(cfgs[cfg], batch_norm), **kwargs), weights)


@register_model(VGG11_Weights)
def vgg11(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-11; `weights` is a published name, or a file with a state dict."""
    return _vgg("A", False, weights, kwargs)


@register_model(VGG11_BN_Weights)
def vgg11_bn(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-11 with batch normalisation; `weights` is a published name, or a file with a state dict."""
    return _vgg("A", True, weights, kwargs)


@register_model(VGG13_Weights)
def vgg13(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-13; `weights` is a published name, or a file with a state dict."""
    return _vgg("B", False, weights, kwargs)


@register_model(VGG13_BN_Weights)
def vgg13_bn(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-13 with batch normalisation; `weights` is a published name, or a file with a state dict."""
    return _vgg("B", True, weights, kwargs)


@register_model(VGG16_Weights)
def vgg16(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-16; `weights` is a published name, or a file with a state dict."""
    return _vgg("D", False, weights, kwargs)


@register_model(VGG16_BN_Weights)
def vgg16_bn(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-16 with batch normalisation; `weights` is a published name, or a file with a state dict."""
    return _vgg("D", True, weights, kwargs)


@register_model(VGG19_Weights)
def vgg19(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-19; `weights` is a published name, or a file with a state dict."""
    return _vgg("E", False, weights, kwargs)


@register_model(VGG19_BN_Weights)
def vgg19_bn(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG-19 with batch normalisation; `weights` is a published name, or a file with a state dict."""
    return _vgg("E", True, weights, kwargs)
