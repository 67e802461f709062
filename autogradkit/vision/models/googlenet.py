"""GoogLeNet, the first Inception network (Szegedy et al., 2014). Rests on nn."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.published import published

GoogLeNet_Weights = published("GoogLeNet_Weights", __name__)

Layer = Callable[..., nn.Module]


class GoogLeNetOutputs(NamedTuple):
    """The logits of a network in training, and those of its two auxiliary classifiers."""

    logits: Tensor
    aux_logits2: Tensor | None
    aux_logits1: Tensor | None


_GoogLeNetOutputs = GoogLeNetOutputs  # torchvision's older name


def warn_of_initial_weights(name: str) -> None:
    """What torchvision says where nobody chose how a network's weights begin."""
    warnings.warn(
        f"The default weight initialization of {name} will be changed in future releases of "
        "torchvision. If you wish to keep the old behavior (which leads to long initialization times"
        " due to scipy/scipy#11299), please set init_weights=True.",
        FutureWarning,
        stacklevel=3,
    )


class GoogLeNet(nn.Module):
    """Nine Inception modules: (N, 3, H, W) → (N, num_classes), of pictures of at least 15 pixels.

    With `aux_logits` two more classifiers look at what is halfway; in training the result is then `GoogLeNetOutputs`.
    `transform_input` takes pictures normalised as for other networks.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        transform_input: bool = False,
        init_weights: bool | None = None,
        blocks: list[Layer] | None = None,
        dropout: float = 0.2,
        dropout_aux: float = 0.7,
    ) -> None:
        super().__init__()
        if blocks is None:
            blocks = [BasicConv2d, Inception, InceptionAux]
        if init_weights is None:
            warn_of_initial_weights("GoogleNet")
            init_weights = True
        if len(blocks) != 3:
            raise ValueError(f"blocks length should be 3 instead of {len(blocks)}")
        conv, inception, auxiliary = blocks
        self.aux_logits = aux_logits
        self.transform_input = transform_input

        self.conv1 = conv(3, 64, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = conv(64, 64, kernel_size=1)
        self.conv3 = conv(64, 192, kernel_size=3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception3a = inception(192, 64, 96, 128, 16, 32, 32)
        self.inception3b = inception(256, 128, 128, 192, 32, 96, 64)
        self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception4a = inception(480, 192, 96, 208, 16, 48, 64)
        self.inception4b = inception(512, 160, 112, 224, 24, 64, 64)
        self.inception4c = inception(512, 128, 128, 256, 24, 64, 64)
        self.inception4d = inception(512, 112, 144, 288, 32, 64, 64)
        self.inception4e = inception(528, 256, 160, 320, 32, 128, 128)
        self.maxpool4 = nn.MaxPool2d(2, stride=2, ceil_mode=True)
        self.inception5a = inception(832, 256, 160, 320, 32, 128, 128)
        self.inception5b = inception(832, 384, 192, 384, 48, 128, 128)
        self.aux1 = auxiliary(512, num_classes, dropout=dropout_aux) if aux_logits else None
        self.aux2 = auxiliary(528, num_classes, dropout=dropout_aux) if aux_logits else None
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Linear(1024, num_classes)

        if init_weights:
            for module in self.modules():
                if isinstance(module, nn.Conv2d | nn.Linear):
                    nn.init.trunc_normal_(module.weight, mean=0.0, std=0.01, a=-2, b=2)
                elif isinstance(module, nn.BatchNorm2d):
                    nn.init.constant_(module.weight, 1)
                    nn.init.constant_(module.bias, 0)

    def forward(self, x: Tensor) -> Tensor | GoogLeNetOutputs:
        """The logits of a batch of pictures, in training those of the auxiliary classifiers too."""
        x = self.maxpool1(self.conv1(centred_at_half(x) if self.transform_input else x))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        x = self.inception4a(x)
        aux1 = self.aux1(x) if self.aux1 is not None and self.training else None
        x = self.inception4d(self.inception4c(self.inception4b(x)))
        aux2 = self.aux2(x) if self.aux2 is not None and self.training else None
        x = self.maxpool4(self.inception4e(x))
        x = self.inception5b(self.inception5a(x))
        x = self.fc(self.dropout(ak.flatten(self.avgpool(x), 1)))
        return GoogLeNetOutputs(x, aux2, aux1) if self.training and self.aux_logits else x


def centred_at_half(x: Tensor) -> Tensor:
    """Pictures with ImageNet's mean and deviation taken out, as those with 0.5 taken out that the weights expect."""
    red = x[:, 0].unsqueeze(1) * (0.229 / 0.5) + (0.485 - 0.5) / 0.5
    green = x[:, 1].unsqueeze(1) * (0.224 / 0.5) + (0.456 - 0.5) / 0.5
    blue = x[:, 2].unsqueeze(1) * (0.225 / 0.5) + (0.406 - 0.5) / 0.5
    return ak.cat((red, green, blue), 1)


class Inception(nn.Module):
    """Convolutions of three sizes and a pooling side by side, whose channels are joined.

    The third is 3×3, where the paper has 5×5: so are the weights that torchvision publishes.
    """

    def __init__(
        self,
        in_channels: int,
        ch1x1: int,
        ch3x3red: int,
        ch3x3: int,
        ch5x5red: int,
        ch5x5: int,
        pool_proj: int,
        conv_block: Layer | None = None,
    ) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1 = conv(in_channels, ch1x1, kernel_size=1)
        self.branch2 = nn.Sequential(
            conv(in_channels, ch3x3red, kernel_size=1), conv(ch3x3red, ch3x3, kernel_size=3, padding=1)
        )
        self.branch3 = nn.Sequential(
            conv(in_channels, ch5x5red, kernel_size=1), conv(ch5x5red, ch5x5, kernel_size=3, padding=1)
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=True),
            conv(in_channels, pool_proj, kernel_size=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The joined channels."""
        return ak.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class InceptionAux(nn.Module):
    """A classifier on what is halfway through the network."""

    def __init__(
        self, in_channels: int, num_classes: int, conv_block: Layer | None = None, dropout: float = 0.7
    ) -> None:
        super().__init__()
        self.conv = (conv_block or BasicConv2d)(in_channels, 128, kernel_size=1)
        self.fc1 = nn.Linear(2048, 1024)
        self.fc2 = nn.Linear(1024, num_classes)
        self.dropout = nn.Dropout(p=dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Its logits."""
        x = ak.flatten(self.conv(functional.adaptive_avg_pool2d(x, (4, 4))), 1)
        return self.fc2(self.dropout(functional.relu(self.fc1(x), inplace=True)))


class BasicConv2d(nn.Module):
    """A convolution, its norm and ReLU."""

    def __init__(self, in_channels: int, out_channels: int, **kwargs: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """What is above zero."""
        return functional.relu(self.bn(self.conv(x)), inplace=True)


@register_model(GoogLeNet_Weights)
def googlenet(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> GoogLeNet:
    """GoogLeNet. `weights` is a file with the state dict of one with auxiliary classifiers, which go unless asked for."""
    if weights is None:
        return GoogLeNet(**kwargs)
    auxiliary = kwargs.pop("aux_logits", False)
    kwargs = {"transform_input": True, "init_weights": False, **kwargs}
    model = filled(GoogLeNet, weights, aux_logits=True, **kwargs)
    if not auxiliary:
        model.aux_logits = False
        model.aux1 = model.aux2 = None
    return model
