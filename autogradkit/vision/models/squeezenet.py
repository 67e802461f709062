"""SqueezeNet (Iandola et al., 2016): as accurate as AlexNet, with a fiftieth of its parameters. Rests on nn."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.published import published

SqueezeNet1_0_Weights = published("SqueezeNet1_0_Weights", __name__)
SqueezeNet1_1_Weights = published("SqueezeNet1_1_Weights", __name__)


class Fire(nn.Module):
    """A 1×1 convolution to few channels, then a 1×1 and a 3×3 side by side, whose channels are joined."""

    def __init__(self, inplanes: int, squeeze_planes: int, expand1x1_planes: int, expand3x3_planes: int) -> None:
        super().__init__()
        self.inplanes = inplanes
        self.squeeze = nn.Conv2d(inplanes, squeeze_planes, kernel_size=1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze_planes, expand1x1_planes, kernel_size=1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze_planes, expand3x3_planes, kernel_size=3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """The joined channels."""
        x = self.squeeze_activation(self.squeeze(x))
        narrow = self.expand1x1_activation(self.expand1x1(x))
        return ak.cat([narrow, self.expand3x3_activation(self.expand3x3(x))], 1)


# What follows the first convolution: the four numbers of a Fire, or a pooling.
_LAYERS: dict[str, list[tuple[int, int, int, int] | None]] = {
    "1_0": [
        None, (96, 16, 64, 64), (128, 16, 64, 64), (128, 32, 128, 128),
        None, (256, 32, 128, 128), (256, 48, 192, 192), (384, 48, 192, 192), (384, 64, 256, 256),
        None, (512, 64, 256, 256),
    ],
    "1_1": [
        None, (64, 16, 64, 64), (128, 16, 64, 64),
        None, (128, 32, 128, 128), (256, 32, 128, 128),
        None, (256, 48, 192, 192), (384, 48, 192, 192), (384, 64, 256, 256), (512, 64, 256, 256),
    ],
}  # fmt: skip


class SqueezeNet(nn.Module):
    """`Fire` modules, and a convolution to the classes whose means are the logits: (N, 3, H, W) → (N, num_classes).

    Version 1_0 takes pictures of at least 21 pixels, 1_1 of 17.
    """

    def __init__(self, version: str = "1_0", num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.num_classes = num_classes
        if version not in _LAYERS:
            raise ValueError(f"Unsupported SqueezeNet version {version}: 1_0 or 1_1 expected")
        width, kernel = (96, 7) if version == "1_0" else (64, 3)
        self.features = nn.Sequential(
            nn.Conv2d(3, width, kernel_size=kernel, stride=2),
            nn.ReLU(inplace=True),
            *(
                nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True) if widths is None else Fire(*widths)
                for widths in _LAYERS[version]
            ),
        )
        final = nn.Conv2d(512, num_classes, kernel_size=1)
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout), final, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((1, 1))
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                if module is final:
                    nn.init.normal_(module.weight, mean=0.0, std=0.01)
                else:
                    nn.init.kaiming_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.constant_(module.bias, 0)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        return ak.flatten(self.classifier(self.features(x)), 1)


@register_model(SqueezeNet1_0_Weights)
def squeezenet1_0(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> SqueezeNet:
    """SqueezeNet of the paper; `weights` is a published name, or a file with a state dict."""
    return filled(SqueezeNet, weights, version="1_0", **kwargs)


@register_model(SqueezeNet1_1_Weights)
def squeezenet1_1(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> SqueezeNet:
    """SqueezeNet 1.1, 2.4 times quicker and as accurate; `weights` is a published name, or a file with a state dict."""
    return filled(SqueezeNet, weights, version="1_1", **kwargs)
