"""Classifiers as backbones of detectors: their layers under a feature pyramid, the first of them frozen."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.models._api import get_model_builder
from autogradkit.vision.models._utils import IntermediateLayerGetter, strided_stages
from autogradkit.vision.models.resnet import ResNet
from autogradkit.vision.ops.feature_pyramid_network import ExtraFPNBlock, FeaturePyramidNetwork, LastLevelMaxPool
from autogradkit.vision.ops.misc import FrozenBatchNorm2d

Norm = Callable[..., nn.Module]


class BackboneWithFPN(nn.Module):
    """Layers of a backbone, {its name: the map's name}, and a pyramid on them."""

    def __init__(
        self,
        backbone: nn.Module,
        return_layers: dict[str, str],
        in_channels_list: list[int],
        out_channels: int,
        extra_blocks: ExtraFPNBlock | None = None,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        self.body = IntermediateLayerGetter(backbone, return_layers=return_layers)
        self.fpn = FeaturePyramidNetwork(in_channels_list, out_channels, extra_blocks or LastLevelMaxPool(), norm_layer)
        self.out_channels = out_channels

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The maps of the pyramid."""
        return self.fpn(self.body(x))


@entry
def resnet_fpn_backbone(
    *,
    backbone_name: str,
    weights: Any,
    norm_layer: Norm = FrozenBatchNorm2d,
    trainable_layers: int = 3,
    returned_layers: list[int] | None = None,
    extra_blocks: ExtraFPNBlock | None = None,
) -> BackboneWithFPN:
    """A ResNet by its name under a pyramid, of which so many layers, counted from the last, are learnt."""
    backbone: Any = get_model_builder(backbone_name)(weights=weights, norm_layer=norm_layer)
    return resnet_fpn_extractor(backbone, trainable_layers, returned_layers, extra_blocks)


def resnet_fpn_extractor(
    backbone: ResNet,
    trainable_layers: int,
    returned_layers: list[int] | None = None,
    extra_blocks: ExtraFPNBlock | None = None,
    norm_layer: Norm | None = None,
) -> BackboneWithFPN:
    """A ResNet under a pyramid, of which so many layers, counted from the last, are learnt."""
    if not 0 <= trainable_layers <= 5:
        raise ValueError(f"Trainable layers should be in the range [0,5], got {trainable_layers}")
    learnt = ("layer4", "layer3", "layer2", "layer1", "conv1")[:trainable_layers]
    for name, parameter in backbone.named_parameters():
        if not name.startswith((*learnt, "bn1") if trainable_layers == 5 else learnt):
            parameter.requires_grad_(False)
    returned = [1, 2, 3, 4] if returned_layers is None else returned_layers
    if min(returned) <= 0 or max(returned) >= 5:
        raise ValueError(f"Each returned layer should be in the range [1,4]. Got {returned}")
    layers = {f"layer{layer}": str(number) for number, layer in enumerate(returned)}
    channels = [backbone.inplanes // 8 * 2 ** (layer - 1) for layer in returned]
    return BackboneWithFPN(backbone, layers, channels, 256, extra_blocks=extra_blocks, norm_layer=norm_layer)


@entry
def mobilenet_backbone(
    *,
    backbone_name: str,
    weights: Any,
    fpn: bool,
    norm_layer: Norm = FrozenBatchNorm2d,
    trainable_layers: int = 2,
    returned_layers: list[int] | None = None,
    extra_blocks: ExtraFPNBlock | None = None,
) -> nn.Module:
    """A MobileNet by its name, with a pyramid or with one map."""
    backbone = get_model_builder(backbone_name)(weights=weights, norm_layer=norm_layer)
    return mobilenet_extractor(backbone, fpn, trainable_layers, returned_layers, extra_blocks)


def mobilenet_extractor(
    backbone: Any,
    fpn: bool,
    trainable_layers: int,
    returned_layers: list[int] | None = None,
    extra_blocks: ExtraFPNBlock | None = None,
    norm_layer: Norm | None = None,
) -> nn.Module:
    """A MobileNet, with a pyramid or with one map, of which so many stages, counted from the last, are learnt."""
    features = backbone.features
    stages = strided_stages(features)
    count = len(stages)
    if not 0 <= trainable_layers <= count:
        raise ValueError(f"Trainable layers should be in the range [0,{count}], got {trainable_layers} ")
    frozen = len(features) if trainable_layers == 0 else stages[count - trainable_layers]
    for block in features[:frozen]:
        for parameter in block.parameters():
            parameter.requires_grad_(False)
    if not fpn:
        single: Any = nn.Sequential(features, nn.Conv2d(features[-1].out_channels, 256, 1))
        single.out_channels = 256
        return single
    returned = [count - 2, count - 1] if returned_layers is None else returned_layers
    if min(returned) < 0 or max(returned) >= count:
        raise ValueError(f"Each returned layer should be in the range [0,{count - 1}], got {returned} ")
    layers = {f"{stages[layer]}": str(number) for number, layer in enumerate(returned)}
    channels = [features[stages[layer]].out_channels for layer in returned]
    return BackboneWithFPN(features, layers, channels, 256, extra_blocks=extra_blocks, norm_layer=norm_layer)


def trainable_layers(is_trained: bool, asked: int | None, most: int, usual: int) -> int:
    """How many layers of a backbone are learnt: all, where nothing is in its parameters yet."""
    if not is_trained:
        if asked is not None:
            warnings.warn(
                "Changing trainable_backbone_layers has no effect if neither pretrained nor pretrained_backbone have been "
                f"set to True, falling back to trainable_backbone_layers={most} so that all layers are trainable",
                stacklevel=4,
            )
        return most
    layers = usual if asked is None else asked
    if not 0 <= layers <= most:
        raise ValueError(f"Trainable backbone layers should be in the range [0,{most}], got {layers} ")
    return layers
