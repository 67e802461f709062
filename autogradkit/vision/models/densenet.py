"""DenseNet (Huang et al., 2016): every layer of a block sees what all layers before it gave. Rests on nn."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.utils.checkpoint import checkpoint
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.published import published

DenseNet121_Weights = published("DenseNet121_Weights", __name__)
DenseNet161_Weights = published("DenseNet161_Weights", __name__)
DenseNet169_Weights = published("DenseNet169_Weights", __name__)
DenseNet201_Weights = published("DenseNet201_Weights", __name__)

# Files of torchvision's first versions say `denselayer1.norm.1.weight`.
_OLDER = re.compile(r"(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\.(?:weight|bias|running_mean|running_var))")


class _DenseLayer(nn.Module):
    """A 1×1 and a 3×3 convolution, each after a norm and an activation, which add `growth_rate` channels."""

    def __init__(
        self, num_input_features: int, growth_rate: int, bn_size: int, drop_rate: float, memory_efficient: bool = False
    ) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(num_input_features)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(num_input_features, bn_size * growth_rate, kernel_size=1, stride=1, bias=False)
        self.norm2 = nn.BatchNorm2d(bn_size * growth_rate)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(bn_size * growth_rate, growth_rate, kernel_size=3, stride=1, padding=1, bias=False)
        self.drop_rate = float(drop_rate)
        self.memory_efficient = memory_efficient

    def bn_function(self, *inputs: Tensor) -> Tensor:
        """The bottleneck: fewer channels, made of all before."""
        return self.conv1(self.relu1(self.norm1(ak.cat(inputs, 1))))

    def forward(self, input: Tensor | list[Tensor]) -> Tensor:
        """The new channels."""
        inputs = [input] if isinstance(input, Tensor) else input
        if self.memory_efficient and any(each.requires_grad for each in inputs):
            narrow = checkpoint(self.bn_function, *inputs, use_reentrant=False)
        else:
            narrow = self.bn_function(*inputs)
        added = self.conv2(self.relu2(self.norm2(narrow)))
        if self.drop_rate > 0:
            added = functional.dropout(added, p=self.drop_rate, training=self.training)
        return added


class _DenseBlock(nn.ModuleDict):
    def __init__(
        self,
        num_layers: int,
        num_input_features: int,
        bn_size: int,
        growth_rate: int,
        drop_rate: float,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        for number in range(num_layers):
            channels = num_input_features + number * growth_rate
            layer = _DenseLayer(channels, growth_rate, bn_size, drop_rate, memory_efficient)
            self.add_module(f"denselayer{number + 1}", layer)

    def forward(self, init_features: Tensor) -> Tensor:
        """All channels, those that came in and those that each layer added."""
        features = [init_features]
        for layer in self.values():
            features.append(layer(features))
        return ak.cat(features, 1)


class _Transition(nn.Sequential):
    def __init__(self, num_input_features: int, num_output_features: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(num_input_features)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(num_input_features, num_output_features, kernel_size=1, stride=1, bias=False)
        self.pool = nn.AvgPool2d(kernel_size=2, stride=2)


class DenseNet(nn.Module):
    """DenseNet-BC: (N, 3, H, W) → (N, num_classes), of pictures of at least 29 pixels.

    `growth_rate` is how many channels a layer adds, `block_config` how many layers a block has, `bn_size` how many times
    wider than that a bottleneck is. `memory_efficient` computes bottlenecks anew in backward.
    """

    def __init__(
        self,
        growth_rate: int = 32,
        block_config: tuple[int, ...] = (6, 12, 24, 16),
        num_init_features: int = 64,
        bn_size: int = 4,
        drop_rate: float = 0,
        num_classes: int = 1000,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        self.features = nn.Sequential(
            OrderedDict(
                conv0=nn.Conv2d(3, num_init_features, kernel_size=7, stride=2, padding=3, bias=False),
                norm0=nn.BatchNorm2d(num_init_features),
                relu0=nn.ReLU(inplace=True),
                pool0=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
            )
        )
        channels = num_init_features
        for number, layers in enumerate(block_config, 1):
            block = _DenseBlock(layers, channels, bn_size, growth_rate, drop_rate, memory_efficient)
            self.features.add_module(f"denseblock{number}", block)
            channels += layers * growth_rate
            if number != len(block_config):
                self.features.add_module(f"transition{number}", _Transition(channels, channels // 2))
                channels //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)
            elif isinstance(module, nn.Linear):
                nn.init.constant_(module.bias, 0)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        x = functional.relu(self.features(x), inplace=True)
        return self.classifier(ak.flatten(functional.adaptive_avg_pool2d(x, (1, 1)), 1))


def _densenet(
    growth_rate: int,
    block_config: tuple[int, ...],
    num_init_features: int,
    weights: Path | None,
    kwargs: dict[str, Any],
) -> DenseNet:
    return filled(
        DenseNet,
        weights,
        renamed=lambda key: _OLDER.sub(r"\1\2", key),
        growth_rate=growth_rate,
        block_config=block_config,
        num_init_features=num_init_features,
        **kwargs,
    )


@register_model(DenseNet121_Weights)
def densenet121(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet-121; `weights` is a published name, or a file with a state dict."""
    return _densenet(32, (6, 12, 24, 16), 64, weights, kwargs)


@register_model(DenseNet161_Weights)
def densenet161(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet-161; `weights` is a published name, or a file with a state dict."""
    return _densenet(48, (6, 12, 36, 24), 96, weights, kwargs)


@register_model(DenseNet169_Weights)
def densenet169(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet-169; `weights` is a published name, or a file with a state dict."""
    return _densenet(32, (6, 12, 32, 32), 64, weights, kwargs)


@register_model(DenseNet201_Weights)
def densenet201(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> DenseNet:
    """DenseNet-201; `weights` is a published name, or a file with a state dict."""
    return _densenet(32, (6, 12, 48, 32), 64, weights, kwargs)
