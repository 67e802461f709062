"""MNASNet (Tan et al., 2019): what a search for quick networks on telephones found. Rests on nn."""

from __future__ import annotations

import warnings
from typing import Any

from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.mobilenetv2 import _make_divisible
from autogradkit.vision.models.published import published

MNASNet0_5_Weights = published("MNASNet0_5_Weights", __name__)
MNASNet0_75_Weights = published("MNASNet0_75_Weights", __name__)
MNASNet1_0_Weights = published("MNASNet1_0_Weights", __name__)
MNASNet1_3_Weights = published("MNASNet1_3_Weights", __name__)

_MOMENTUM = 1 - 0.9997  # the paper's, which counts what stays

# Kernel, stride, expansion and number of the blocks of each stack, by the paper's figure 7.
_STACKS = [(3, 2, 3, 3), (5, 2, 3, 3), (5, 2, 6, 3), (3, 1, 6, 2), (5, 2, 6, 4), (3, 1, 6, 1)]


def _normed(
    inputs: int, outputs: int, kernel: int, momentum: float, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, stride=stride, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, momentum=momentum),
    ]


class _InvertedResidual(nn.Module):
    """A 1×1 convolution to many channels, a depthwise one, a 1×1 back to few; past it, where the sizes allow, the input."""

    def __init__(
        self, in_ch: int, out_ch: int, kernel_size: int, stride: int, expansion_factor: int, bn_momentum: float = 0.1
    ) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"stride should be 1 or 2 instead of {stride}")
        if kernel_size not in (3, 5):
            raise ValueError(f"kernel_size should be 3 or 5 instead of {kernel_size}")
        wide = in_ch * expansion_factor
        self.apply_residual = in_ch == out_ch and stride == 1
        self.layers = nn.Sequential(
            *_normed(in_ch, wide, 1, bn_momentum),
            nn.ReLU(inplace=True),
            *_normed(wide, wide, kernel_size, bn_momentum, stride, wide),
            nn.ReLU(inplace=True),
            *_normed(wide, out_ch, 1, bn_momentum),
        )

    def forward(self, input: Tensor) -> Tensor:
        """The convolutions' result, with the input added where both are alike in size."""
        return self.layers(input) + input if self.apply_residual else self.layers(input)


def _stack(
    in_ch: int, out_ch: int, kernel_size: int, stride: int, exp_factor: int, repeats: int, bn_momentum: float
) -> nn.Sequential:
    """So many blocks, of which the first changes the size."""
    if repeats < 1:
        raise ValueError(f"repeats should be >= 1, instead got {repeats}")
    return nn.Sequential(
        _InvertedResidual(in_ch, out_ch, kernel_size, stride, exp_factor, bn_momentum),
        *(_InvertedResidual(out_ch, out_ch, kernel_size, 1, exp_factor, bn_momentum) for _ in range(1, repeats)),
    )


def _stem(channels: int, narrow: int, first_stack: int) -> list[nn.Module]:
    """The layers up to the first stack, which is among them."""
    return [
        *_normed(3, channels, 3, _MOMENTUM, 2),
        nn.ReLU(inplace=True),
        *_normed(channels, channels, 3, _MOMENTUM, groups=channels),
        nn.ReLU(inplace=True),
        *_normed(channels, narrow, 1, _MOMENTUM),
        _stack(narrow, first_stack, *_STACKS[0], _MOMENTUM),
    ]


class MNASNet(nn.Module):
    """MNASNet-B1, its channels multiplied by `alpha`: (N, 3, H, W) → (N, num_classes)."""

    _version = 2

    @entry
    def __init__(self, alpha: float, num_classes: int = 1000, dropout: float = 0.2) -> None:
        super().__init__()
        if alpha <= 0.0:
            raise ValueError(f"alpha should be greater than 0.0 instead of {alpha}")
        self.alpha = alpha
        self.num_classes = num_classes
        channels = [_make_divisible(width * alpha, 8) for width in (32, 16, 24, 40, 80, 96, 192, 320)]
        self.layers = nn.Sequential(
            *_stem(*channels[:3]),
            *(
                _stack(inputs, outputs, *facts, _MOMENTUM)
                for inputs, outputs, facts in zip(channels[2:-1], channels[3:], _STACKS[1:], strict=True)
            ),
            *_normed(channels[-1], 1280, 1, _MOMENTUM),
            nn.ReLU(inplace=True),
        )
        self.classifier = nn.Sequential(nn.Dropout(p=dropout, inplace=True), nn.Linear(1280, num_classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.kaiming_uniform_(module.weight, mode="fan_out", nonlinearity="sigmoid")
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        return self.classifier(self.layers(x).mean([2, 3]))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: Any, *rest: Any) -> None:
        version = local_metadata.get("version", None)
        if version not in (1, 2):
            raise ValueError(f"version should be set to 1 or 2 instead of {version}")
        if version == 1 and self.alpha != 1.0:  # the first layers had the same channels for every `alpha`
            for at, layer in enumerate(_stem(32, 16, _make_divisible(24 * self.alpha, 8))):
                self.layers[at] = layer
            self._version = 1
            warnings.warn(
                "A new version of MNASNet model has been implemented. Your checkpoint was saved using the previous version. "
                "This checkpoint will load and work as before, but you may want to upgrade by training a newer model or "
                "transfer learning from an updated ImageNet checkpoint.",
                UserWarning,
                stacklevel=2,
            )
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


@register_model(MNASNet0_5_Weights)
def mnasnet0_5(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> MNASNet:
    """MNASNet of half the channels; `weights` is a published name, or a file with a state dict."""
    return filled(MNASNet, weights, alpha=0.5, **kwargs)


@register_model(MNASNet0_75_Weights)
def mnasnet0_75(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> MNASNet:
    """MNASNet of three quarters of the channels; `weights` is a published name, or a file with a state dict."""
    return filled(MNASNet, weights, alpha=0.75, **kwargs)


@register_model(MNASNet1_0_Weights)
def mnasnet1_0(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> MNASNet:
    """MNASNet; `weights` is a published name, or a file with a state dict. 4,383,312 parameters."""
    return filled(MNASNet, weights, alpha=1.0, **kwargs)


@register_model(MNASNet1_3_Weights)
def mnasnet1_3(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> MNASNet:
    """MNASNet of 1.3 times the channels; `weights` is a published name, or a file with a state dict."""
    return filled(MNASNet, weights, alpha=1.3, **kwargs)
