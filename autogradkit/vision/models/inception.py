"""Inception v3 (Szegedy et al., 2015). Rests on nn, and on the first Inception network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.googlenet import BasicConv2d, centred_at_half, warn_of_initial_weights
from autogradkit.vision.models.published import published

Inception_V3_Weights = published("Inception_V3_Weights", __name__)

Layer = Callable[..., nn.Module]


class InceptionOutputs(NamedTuple):
    """The logits of a network in training, and those of its auxiliary classifier."""

    logits: Tensor
    aux_logits: Tensor | None


_InceptionOutputs = InceptionOutputs  # torchvision's older name


class Inception3(nn.Module):
    """Eleven Inception modules of five kinds: (N, 3, H, W) → (N, num_classes), of pictures of at least 75 pixels.

    With `aux_logits` one more classifier looks at what is halfway; in training the result is then `InceptionOutputs`.
    `transform_input` takes pictures normalised as for other networks.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        transform_input: bool = False,
        inception_blocks: list[Layer] | None = None,
        init_weights: bool | None = None,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if inception_blocks is None:
            inception_blocks = [BasicConv2d, InceptionA, InceptionB, InceptionC, InceptionD, InceptionE, InceptionAux]
        if init_weights is None:
            warn_of_initial_weights("inception_v3")
            init_weights = True
        if len(inception_blocks) != 7:
            raise ValueError(f"length of inception_blocks should be 7 instead of {len(inception_blocks)}")
        conv, fine, halving, wide, halving_again, coarse, auxiliary = inception_blocks
        self.aux_logits = aux_logits
        self.transform_input = transform_input

        self.Conv2d_1a_3x3 = conv(3, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = conv(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = conv(32, 64, kernel_size=3, padding=1)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_1x1 = conv(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = conv(80, 192, kernel_size=3)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Mixed_5b = fine(192, pool_features=32)
        self.Mixed_5c = fine(256, pool_features=64)
        self.Mixed_5d = fine(288, pool_features=64)
        self.Mixed_6a = halving(288)
        self.Mixed_6b = wide(768, channels_7x7=128)
        self.Mixed_6c = wide(768, channels_7x7=160)
        self.Mixed_6d = wide(768, channels_7x7=160)
        self.Mixed_6e = wide(768, channels_7x7=192)
        self.AuxLogits = auxiliary(768, num_classes) if aux_logits else None
        self.Mixed_7a = halving_again(768)
        self.Mixed_7b = coarse(1280)
        self.Mixed_7c = coarse(2048)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Linear(2048, num_classes)

        if init_weights:
            for module in self.modules():
                if isinstance(module, nn.Conv2d | nn.Linear):
                    deviation = getattr(module, "stddev", 0.1)
                    nn.init.trunc_normal_(module.weight, mean=0.0, std=deviation, a=-2, b=2)
                elif isinstance(module, nn.BatchNorm2d):
                    nn.init.constant_(module.weight, 1)
                    nn.init.constant_(module.bias, 0)

    def forward(self, x: Tensor) -> Tensor | InceptionOutputs:
        """The logits of a batch of pictures, in training those of the auxiliary classifier too."""
        x = self.Conv2d_1a_3x3(centred_at_half(x) if self.transform_input else x)
        x = self.maxpool1(self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(x)))
        x = self.maxpool2(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        aux = self.AuxLogits(x) if self.AuxLogits is not None and self.training else None
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        x = self.fc(ak.flatten(self.dropout(self.avgpool(x)), 1))
        return InceptionOutputs(x, aux) if self.training and self.aux_logits else x


def _averaged(x: Tensor) -> Tensor:
    return functional.avg_pool2d(x, kernel_size=3, stride=1, padding=1)


class InceptionA(nn.Module):
    """Convolutions that see 1, 5 and 5 pixels, the last by two of 3, and a pooling side by side."""

    def __init__(self, in_channels: int, pool_features: int, conv_block: Layer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1x1 = conv(in_channels, 64, kernel_size=1)
        self.branch5x5_1 = conv(in_channels, 48, kernel_size=1)
        self.branch5x5_2 = conv(48, 64, kernel_size=5, padding=2)
        self.branch3x3dbl_1 = conv(in_channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = conv(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = conv(96, 96, kernel_size=3, padding=1)
        self.branch_pool = conv(in_channels, pool_features, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """The joined channels."""
        five = self.branch5x5_2(self.branch5x5_1(x))
        twice = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return ak.cat([self.branch1x1(x), five, twice, self.branch_pool(_averaged(x))], 1)


class InceptionB(nn.Module):
    """Halves height and width: by a convolution, by two, and by a pooling side by side."""

    def __init__(self, in_channels: int, conv_block: Layer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch3x3 = conv(in_channels, 384, kernel_size=3, stride=2)
        self.branch3x3dbl_1 = conv(in_channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = conv(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = conv(96, 96, kernel_size=3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """The joined channels."""
        twice = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return ak.cat([self.branch3x3(x), twice, functional.max_pool2d(x, kernel_size=3, stride=2)], 1)


class InceptionC(nn.Module):
    """Convolutions that see 7 pixels, and 13, by a row and a column each, and a pooling side by side."""

    def __init__(self, in_channels: int, channels_7x7: int, conv_block: Layer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        inner = channels_7x7
        row: dict[str, Any] = {"kernel_size": (1, 7), "padding": (0, 3)}
        column: dict[str, Any] = {"kernel_size": (7, 1), "padding": (3, 0)}
        self.branch1x1 = conv(in_channels, 192, kernel_size=1)
        self.branch7x7_1 = conv(in_channels, inner, kernel_size=1)
        self.branch7x7_2 = conv(inner, inner, **row)
        self.branch7x7_3 = conv(inner, 192, **column)
        self.branch7x7dbl_1 = conv(in_channels, inner, kernel_size=1)
        self.branch7x7dbl_2 = conv(inner, inner, **column)
        self.branch7x7dbl_3 = conv(inner, inner, **row)
        self.branch7x7dbl_4 = conv(inner, inner, **column)
        self.branch7x7dbl_5 = conv(inner, 192, **row)
        self.branch_pool = conv(in_channels, 192, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """The joined channels."""
        once = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        twice = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        twice = self.branch7x7dbl_5(self.branch7x7dbl_4(twice))
        return ak.cat([self.branch1x1(x), once, twice, self.branch_pool(_averaged(x))], 1)


class InceptionD(nn.Module):
    """Halves height and width, after a look at 3 pixels, after one at 7, and by a pooling side by side."""

    def __init__(self, in_channels: int, conv_block: Layer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch3x3_1 = conv(in_channels, 192, kernel_size=1)
        self.branch3x3_2 = conv(192, 320, kernel_size=3, stride=2)
        self.branch7x7x3_1 = conv(in_channels, 192, kernel_size=1)
        self.branch7x7x3_2 = conv(192, 192, kernel_size=(1, 7), padding=(0, 3))
        self.branch7x7x3_3 = conv(192, 192, kernel_size=(7, 1), padding=(3, 0))
        self.branch7x7x3_4 = conv(192, 192, kernel_size=3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """The joined channels."""
        three = self.branch3x3_2(self.branch3x3_1(x))
        seven = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x)))
        return ak.cat([three, self.branch7x7x3_4(seven), functional.max_pool2d(x, kernel_size=3, stride=2)], 1)


class InceptionE(nn.Module):
    """Rows and columns of 3 pixels beside one another, also after a look at 3 × 3, and a pooling side by side."""

    def __init__(self, in_channels: int, conv_block: Layer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        row: dict[str, Any] = {"kernel_size": (1, 3), "padding": (0, 1)}
        column: dict[str, Any] = {"kernel_size": (3, 1), "padding": (1, 0)}
        self.branch1x1 = conv(in_channels, 320, kernel_size=1)
        self.branch3x3_1 = conv(in_channels, 384, kernel_size=1)
        self.branch3x3_2a = conv(384, 384, **row)
        self.branch3x3_2b = conv(384, 384, **column)
        self.branch3x3dbl_1 = conv(in_channels, 448, kernel_size=1)
        self.branch3x3dbl_2 = conv(448, 384, kernel_size=3, padding=1)
        self.branch3x3dbl_3a = conv(384, 384, **row)
        self.branch3x3dbl_3b = conv(384, 384, **column)
        self.branch_pool = conv(in_channels, 192, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """The joined channels."""
        three = self.branch3x3_1(x)
        twice = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        threes = ak.cat([self.branch3x3_2a(three), self.branch3x3_2b(three)], 1)
        twices = ak.cat([self.branch3x3dbl_3a(twice), self.branch3x3dbl_3b(twice)], 1)
        return ak.cat([self.branch1x1(x), threes, twices, self.branch_pool(_averaged(x))], 1)


class InceptionAux(nn.Module):
    """A classifier on what is halfway through the network."""

    def __init__(self, in_channels: int, num_classes: int, conv_block: Layer | None = None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.conv0 = conv(in_channels, 128, kernel_size=1)
        self.conv1 = conv(128, 768, kernel_size=5)
        self.conv1.stddev = 0.01
        self.fc = nn.Linear(768, num_classes)
        self.fc.stddev = 0.001

    def forward(self, x: Tensor) -> Tensor:
        """Its logits."""
        x = self.conv1(self.conv0(functional.avg_pool2d(x, kernel_size=5, stride=3)))
        return self.fc(ak.flatten(functional.adaptive_avg_pool2d(x, (1, 1)), 1))


@register_model(Inception_V3_Weights)
def inception_v3(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> Inception3:
    """Inception v3. `weights` is a file with the state dict of one with an auxiliary classifier, which goes unless wanted."""
    if weights is None:
        return Inception3(**kwargs)
    auxiliary = kwargs.pop("aux_logits", True)
    kwargs = {"transform_input": True, "init_weights": False, **kwargs}
    model = filled(Inception3, weights, aux_logits=True, **kwargs)
    if not auxiliary:
        model.aux_logits = False
        model.AuxLogits = None
    return model
