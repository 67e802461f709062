"""ResNet (He et al., 2015), ResNeXt (Xie et al., 2016) and wide ResNets (Zagoruyko and Komodakis, 2016). Rests on nn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models._api import Path, filled, overwrite, register_model
from autogradkit.vision.models.published import published

ResNet18_Weights = published("ResNet18_Weights", __name__)
ResNet34_Weights = published("ResNet34_Weights", __name__)
ResNet50_Weights = published("ResNet50_Weights", __name__)
ResNet101_Weights = published("ResNet101_Weights", __name__)
ResNet152_Weights = published("ResNet152_Weights", __name__)
ResNeXt50_32X4D_Weights = published("ResNeXt50_32X4D_Weights", __name__)
ResNeXt101_32X8D_Weights = published("ResNeXt101_32X8D_Weights", __name__)
ResNeXt101_64X4D_Weights = published("ResNeXt101_64X4D_Weights", __name__)
Wide_ResNet50_2_Weights = published("Wide_ResNet50_2_Weights", __name__)
Wide_ResNet101_2_Weights = published("Wide_ResNet101_2_Weights", __name__)

Norm = Callable[..., nn.Module]


def conv3x3(in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1) -> nn.Conv2d:
    """A 3×3 convolution that keeps the size, but for the stride."""
    return nn.Conv2d(
        in_planes, out_planes, kernel_size=3, stride=stride, padding=dilation, groups=groups, bias=False, dilation=dilation
    )  # fmt: skip


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> nn.Conv2d:
    """A 1×1 convolution."""
    return nn.Conv2d(in_planes, out_planes, kernel_size=1, stride=stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside a connection that leads past them."""

    expansion = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        if groups != 1 or base_width != 64:
            raise ValueError("BasicBlock only supports groups=1 and base_width=64")
        if dilation > 1:
            raise NotImplementedError("Dilation > 1 not supported in BasicBlock")
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm_layer(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm_layer(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """What the convolutions add to the input, or to what `downsample` makes of it."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    """A 3×3 convolution with fewer channels, between two 1×1, beside a connection that leads past them.

    The 3×3 convolution has the stride, and not the first as in the paper, which is more accurate ("ResNet v1.5").
    """

    expansion = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm_layer(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm_layer(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm_layer(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """What the convolutions add to the input, or to what `downsample` makes of it."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class ResNet(nn.Module):
    """Four layers of so many residual blocks: (N, 3, H, W) → (N, num_classes), of pictures of any size.

    >>> import autogradkit as torch
    >>> ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10)(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        layers: list[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: list[bool] | None = None,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        self._norm_layer = norm_layer = norm_layer or nn.BatchNorm2d
        self.inplanes = 64
        self.dilation = 1
        dilate = [False] * 3 if replace_stride_with_dilation is None else replace_stride_with_dilation
        if len(dilate) != 3:
            raise ValueError(f"replace_stride_with_dilation should be None or a 3-element tuple, got {dilate}")
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = nn.Conv2d(3, self.inplanes, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = norm_layer(self.inplanes)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], 2, dilate[0])
        self.layer3 = self._make_layer(block, 256, layers[2], 2, dilate[1])
        self.layer4 = self._make_layer(block, 512, layers[3], 2, dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        self._initialize(zero_init_residual)

    def _initialize(self, zero_init_residual: bool) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.BatchNorm2d | nn.GroupNorm):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)
        if zero_init_residual:  # every block is then the identity at first (Goyal et al., 2017)
            for module in self.modules():
                last = getattr(module, "bn3" if isinstance(module, Bottleneck) else "bn2", None)
                if isinstance(module, Bottleneck | BasicBlock) and getattr(last, "weight", None) is not None:
                    nn.init.constant_(last.weight, 0)  # pyright: ignore[reportOptionalMemberAccess]

    def _make_layer(
        self, block: type[BasicBlock | Bottleneck], planes: int, blocks: int, stride: int = 1, dilate: bool = False
    ) -> nn.Sequential:
        norm_layer, width, dilation = self._norm_layer, planes * block.expansion, self.dilation
        if dilate:
            self.dilation *= stride
            stride = 1
        downsample = None
        if stride != 1 or self.inplanes != width:
            downsample = nn.Sequential(conv1x1(self.inplanes, width, stride), norm_layer(width))
        first = block(self.inplanes, planes, stride, downsample, self.groups, self.base_width, dilation, norm_layer)
        self.inplanes = width
        further = (
            block(width, planes, 1, None, self.groups, self.base_width, self.dilation, norm_layer) for _ in range(1, blocks)
        )  # fmt: skip
        return nn.Sequential(first, *further)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(ak.flatten(self.avgpool(x), 1))


def _resnet(
    block: type[BasicBlock | Bottleneck], layers: list[int], weights: Path | None, kwargs: dict[str, Any], **fixed: int
) -> ResNet:
    for name, value in fixed.items():
        overwrite(kwargs, name, value)
    return filled(ResNet, weights, block=block, layers=layers, **kwargs)


@register_model(ResNet18_Weights)
def resnet18(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet-18; `weights` is a published name, or a file with a state dict."""
    return _resnet(BasicBlock, [2, 2, 2, 2], weights, kwargs)


@register_model(ResNet34_Weights)
def resnet34(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet-34; `weights` is a published name, or a file with a state dict."""
    return _resnet(BasicBlock, [3, 4, 6, 3], weights, kwargs)


@register_model(ResNet50_Weights)
def resnet50(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet-50; `weights` is a published name, or a file with a state dict."""
    return _resnet(Bottleneck, [3, 4, 6, 3], weights, kwargs)


@register_model(ResNet101_Weights)
def resnet101(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet-101; `weights` is a published name, or a file with a state dict."""
    return _resnet(Bottleneck, [3, 4, 23, 3], weights, kwargs)


@register_model(ResNet152_Weights)
def resnet152(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet-152; `weights` is a published name, or a file with a state dict."""
    return _resnet(Bottleneck, [3, 8, 36, 3], weights, kwargs)


@register_model(ResNeXt50_32X4D_Weights)
def resnext50_32x4d(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNeXt-50 of 32 groups, 4 channels wide; `weights` is a published name, or a file with a state dict."""
    return _resnet(Bottleneck, [3, 4, 6, 3], weights, kwargs, groups=32, width_per_group=4)


@register_model(ResNeXt101_32X8D_Weights)
def resnext101_32x8d(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNeXt-101 of 32 groups, 8 channels wide; `weights` is a published name, or a file with a state dict."""
    return _resnet(Bottleneck, [3, 4, 23, 3], weights, kwargs, groups=32, width_per_group=8)


@register_model(ResNeXt101_64X4D_Weights)
def resnext101_64x4d(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNeXt-101 of 64 groups, 4 channels wide; `weights` is a published name, or a file with a state dict."""
    return _resnet(Bottleneck, [3, 4, 23, 3], weights, kwargs, groups=64, width_per_group=4)


@register_model(Wide_ResNet50_2_Weights)
def wide_resnet50_2(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet-50, its bottlenecks twice as wide; `weights` is a published name, or a file with a state dict."""
    return _resnet(Bottleneck, [3, 4, 6, 3], weights, kwargs, width_per_group=128)


@register_model(Wide_ResNet101_2_Weights)
def wide_resnet101_2(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet-101, its bottlenecks twice as wide; `weights` is a published name, or a file with a state dict."""
    return _resnet(Bottleneck, [3, 4, 23, 3], weights, kwargs, width_per_group=128)
