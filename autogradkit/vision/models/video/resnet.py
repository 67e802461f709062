"""ResNets for videos (Tran et al., 2018), whose convolutions look at frames together, apart, or at both in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.published import published

__all__ = ["MC3_18_Weights", "R2Plus1D_18_Weights", "R3D_18_Weights", "VideoResNet", "mc3_18", "r2plus1d_18", "r3d_18"]

R3D_18_Weights = published("R3D_18_Weights", __name__)
MC3_18_Weights = published("MC3_18_Weights", __name__)
R2Plus1D_18_Weights = published("R2Plus1D_18_Weights", __name__)


class Conv3DSimple(nn.Conv3d):
    """A 3×3×3 convolution."""

    def __init__(
        self, in_planes: int, out_planes: int, midplanes: int | None = None, stride: int = 1, padding: int = 1
    ) -> None:
        super().__init__(in_planes, out_planes, (3, 3, 3), stride=stride, padding=padding, bias=False)

    @staticmethod
    def get_downsample_stride(stride: int) -> tuple[int, int, int]:
        """The stride of what leads past the convolution."""
        return stride, stride, stride


class Conv2Plus1D(nn.Sequential):
    """A 1×3×3 convolution of each frame, then a 3×1×1 from frame to frame."""

    def __init__(self, in_planes: int, out_planes: int, midplanes: int, stride: int = 1, padding: int = 1) -> None:
        super().__init__(
            nn.Conv3d(
                in_planes, midplanes, (1, 3, 3), stride=(1, stride, stride), padding=(0, padding, padding), bias=False
            ),
            nn.BatchNorm3d(midplanes),
            nn.ReLU(inplace=True),
            nn.Conv3d(midplanes, out_planes, (3, 1, 1), stride=(stride, 1, 1), padding=(padding, 0, 0), bias=False),
        )

    get_downsample_stride = Conv3DSimple.get_downsample_stride


class Conv3DNoTemporal(nn.Conv3d):
    """A 1×3×3 convolution of each frame."""

    def __init__(
        self, in_planes: int, out_planes: int, midplanes: int | None = None, stride: int = 1, padding: int = 1
    ) -> None:
        around = (0, padding, padding)
        super().__init__(in_planes, out_planes, (1, 3, 3), stride=(1, stride, stride), padding=around, bias=False)

    @staticmethod
    def get_downsample_stride(stride: int) -> tuple[int, int, int]:
        """The stride of what leads past the convolution."""
        return 1, stride, stride


class _Block(nn.Module):
    """What the convolutions add to the input, or to what `downsample` makes of it."""

    def __init__(self, stride: int, downsample: nn.Module | None, *convolutions: nn.Sequential) -> None:
        super().__init__()
        for number, convolution in enumerate(convolutions, 1):
            setattr(self, f"conv{number}", convolution)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """The sum of both ways."""
        out = x
        for name, convolution in self.named_children():
            if name.startswith("conv"):
                out = convolution(out)
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


def _midplanes(inplanes: int, planes: int) -> int:
    """As many channels between two convolutions as give the parameters of one of 3×3×3."""
    return inplanes * planes * 27 // (inplanes * 9 + 3 * planes)


class BasicBlock(_Block):
    """Two convolutions beside a connection that leads past them."""

    expansion = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        conv_builder: Callable[..., nn.Module],
        stride: int = 1,
        downsample: nn.Module | None = None,
    ) -> None:
        width = _midplanes(inplanes, planes)
        first = conv_builder(inplanes, planes, width, stride), nn.BatchNorm3d(planes), nn.ReLU(inplace=True)
        second = conv_builder(planes, planes, width), nn.BatchNorm3d(planes)
        super().__init__(stride, downsample, nn.Sequential(*first), nn.Sequential(*second))


class Bottleneck(_Block):
    """A convolution with fewer channels, between two 1×1×1, beside a connection that leads past them."""

    expansion = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        conv_builder: Callable[..., nn.Module],
        stride: int = 1,
        downsample: nn.Module | None = None,
    ) -> None:
        width, wide = _midplanes(inplanes, planes), planes * self.expansion
        first = nn.Conv3d(inplanes, planes, 1, bias=False), nn.BatchNorm3d(planes), nn.ReLU(inplace=True)
        second = conv_builder(planes, planes, width, stride), nn.BatchNorm3d(planes), nn.ReLU(inplace=True)
        third = nn.Conv3d(planes, wide, 1, bias=False), nn.BatchNorm3d(wide)
        super().__init__(stride, downsample, *(nn.Sequential(*each) for each in (first, second, third)))


class BasicStem(nn.Sequential):
    """A 3×7×7 convolution."""

    def __init__(self) -> None:
        conv = nn.Conv3d(3, 64, (3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), bias=False)
        super().__init__(conv, nn.BatchNorm3d(64), nn.ReLU(inplace=True))


class R2Plus1dStem(nn.Sequential):
    """A 1×7×7 convolution of each frame, then a 3×1×1 from frame to frame."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv3d(3, 45, (1, 7, 7), stride=(1, 2, 2), padding=(0, 3, 3), bias=False),
            nn.BatchNorm3d(45),
            nn.ReLU(inplace=True),
            nn.Conv3d(45, 64, (3, 1, 1), stride=(1, 1, 1), padding=(1, 0, 0), bias=False),
            nn.BatchNorm3d(64),
            nn.ReLU(inplace=True),
        )


class VideoResNet(nn.Module):
    """A stem and four layers of residual blocks: (N, 3, T, H, W) → (N, num_classes)."""

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        conv_makers: Sequence[Any],
        layers: list[int],
        stem: Callable[..., nn.Module],
        num_classes: int = 400,
        zero_init_residual: bool = False,
    ) -> None:
        super().__init__()
        self.inplanes = 64
        self.stem = stem()
        self.layer1 = self._make_layer(block, conv_makers[0], 64, layers[0], 1)
        self.layer2 = self._make_layer(block, conv_makers[1], 128, layers[1], 2)
        self.layer3 = self._make_layer(block, conv_makers[2], 256, layers[2], 2)
        self.layer4 = self._make_layer(block, conv_makers[3], 512, layers[3], 2)
        self.avgpool = nn.AdaptiveAvgPool3d((1, 1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.constant_(module.bias, 0)
            elif isinstance(module, nn.BatchNorm3d):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.constant_(module.bias, 0)
        if zero_init_residual:
            for module in self.modules():
                if isinstance(module, Bottleneck):
                    nn.init.constant_(module.bn3.weight, 0)  # which no block has: torchvision's error

    def _make_layer(self, block: Any, conv_builder: Any, planes: int, blocks: int, stride: int) -> nn.Sequential:
        downsample, wide = None, planes * block.expansion
        if stride != 1 or self.inplanes != wide:
            past = conv_builder.get_downsample_stride(stride)
            conv = nn.Conv3d(self.inplanes, wide, kernel_size=1, stride=past, bias=False)
            downsample = nn.Sequential(conv, nn.BatchNorm3d(wide))
        layers = [block(self.inplanes, planes, conv_builder, stride, downsample)]
        self.inplanes = wide
        return nn.Sequential(*layers, *(block(wide, planes, conv_builder) for _ in range(1, blocks)))

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of videos."""
        for layer in (self.stem, self.layer1, self.layer2, self.layer3, self.layer4, self.avgpool):
            x = layer(x)
        return self.fc(x.flatten(1))


def _resnet18(makers: list[Any], stem: Any, weights: Path | None, kwargs: dict[str, Any]) -> VideoResNet:
    how = {"block": BasicBlock, "conv_makers": makers, "layers": [2, 2, 2, 2], "stem": stem}
    return filled(VideoResNet, weights, **how, **kwargs)


@register_model(R3D_18_Weights)
def r3d_18(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VideoResNet:
    """ResNet-18 of 3×3×3 convolutions; `weights` is a published name, or a file with a state dict."""
    return _resnet18([Conv3DSimple] * 4, BasicStem, weights, kwargs)


@register_model(MC3_18_Weights)
def mc3_18(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VideoResNet:
    """ResNet-18 that looks at frames together in its first layer alone; `weights` as for `r3d_18`."""
    return _resnet18([Conv3DSimple, *[Conv3DNoTemporal] * 3], BasicStem, weights, kwargs)


@register_model(R2Plus1D_18_Weights)
def r2plus1d_18(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VideoResNet:
    """ResNet-18 that looks within frames and between them in turn; `weights` as for `r3d_18`."""
    return _resnet18([Conv2Plus1D] * 4, R2Plus1dStem, weights, kwargs)
