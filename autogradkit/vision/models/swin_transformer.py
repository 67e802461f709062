"""Swin transformers (Liu et al., 2021 and 2022): attention within windows, which every second block shifts by half a window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.fx import wrap
from autogradkit.nn import functional as F
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.published import published
from autogradkit.vision.models.shifted_windows import ShiftedWindowAttention, ShiftedWindowAttentionV2
from autogradkit.vision.models.shifted_windows import shifted_window_attention as shifted_window_attention
from autogradkit.vision.ops.misc import MLP, Permute
from autogradkit.vision.ops.stochastic_depth import StochasticDepth

Swin_T_Weights = published("Swin_T_Weights", __name__)
Swin_S_Weights = published("Swin_S_Weights", __name__)
Swin_B_Weights = published("Swin_B_Weights", __name__)
Swin_V2_T_Weights = published("Swin_V2_T_Weights", __name__)
Swin_V2_S_Weights = published("Swin_V2_S_Weights", __name__)
Swin_V2_B_Weights = published("Swin_V2_B_Weights", __name__)

Layer = Callable[..., nn.Module]


@wrap
def _patch_merging_pad(x: Tensor) -> Tensor:
    """The four pixels of each square of two by two side by side: (…, H, W, C) → (…, H/2, W/2, 4·C), rounded up."""
    height, width, _ = x.shape[-3:]
    x = F.pad(x, (0, 0, 0, width % 2, 0, height % 2))
    return ak.cat([x[..., row::2, column::2, :] for column in (0, 1) for row in (0, 1)], -1)


class PatchMerging(nn.Module):
    """Half the size, twice the channels: (…, H, W, C) → (…, H/2, W/2, 2·C), the norm first."""

    def __init__(self, dim: int, norm_layer: Layer = nn.LayerNorm) -> None:
        super().__init__()
        self.dim = dim
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = norm_layer(self._normed(dim))

    def _normed(self, dim: int) -> int:
        return 4 * dim

    def forward(self, x: Tensor) -> Tensor:
        """The smaller picture."""
        return self.reduction(self.norm(_patch_merging_pad(x)))


class PatchMergingV2(PatchMerging):
    """Half the size, twice the channels, the norm last."""

    def _normed(self, dim: int) -> int:
        return 2 * dim

    def forward(self, x: Tensor) -> Tensor:
        """The smaller picture."""
        return self.norm(self.reduction(_patch_merging_pad(x)))


class SwinTransformerBlock(nn.Module):
    """Attention and an MLP of each place, each after a norm and beside a connection that leads past it."""

    def __init__(
        self,
        dim: int,
        num_heads: int,
        window_size: list[int],
        shift_size: list[int],
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.0,
        norm_layer: Layer = nn.LayerNorm,
        attn_layer: Layer = ShiftedWindowAttention,
    ) -> None:
        super().__init__()
        self.norm1 = norm_layer(dim)
        self.attn = attn_layer(
            dim, window_size, shift_size, num_heads, attention_dropout=attention_dropout, dropout=dropout
        )
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.norm2 = norm_layer(dim)
        self.mlp = MLP(dim, [int(dim * mlp_ratio), dim], activation_layer=nn.GELU, inplace=None, dropout=dropout)
        for module in self.mlp.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.normal_(module.bias, std=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """The sum of both ways, twice."""
        x = x + self.stochastic_depth(self.attn(self.norm1(x)))
        return x + self.stochastic_depth(self.mlp(self.norm2(x)))


class SwinTransformerBlockV2(SwinTransformerBlock):
    """The block of version 2, whose norms stand after attention and MLP."""

    def __init__(
        self,
        dim: int,
        num_heads: int,
        window_size: list[int],
        shift_size: list[int],
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.0,
        norm_layer: Layer = nn.LayerNorm,
        attn_layer: Layer = ShiftedWindowAttentionV2,
    ) -> None:
        super().__init__(
            dim, num_heads, window_size, shift_size, mlp_ratio, dropout, attention_dropout, stochastic_depth_prob, norm_layer,
            attn_layer,
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """The sum of both ways, twice."""
        x = x + self.stochastic_depth(self.norm1(self.attn(x)))
        return x + self.stochastic_depth(self.norm2(self.mlp(x)))


class SwinTransformer(nn.Module):
    """Patches, then stages of blocks, each at half the size of the one before: (N, 3, H, W) → (N, num_classes)."""

    def __init__(
        self,
        patch_size: list[int],
        embed_dim: int,
        depths: list[int],
        num_heads: list[int],
        window_size: list[int],
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.1,
        num_classes: int = 1000,
        norm_layer: Layer | None = None,
        block: Layer | None = None,
        downsample_layer: Layer = PatchMerging,
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        norm = norm_layer or partial(nn.LayerNorm, eps=1e-5)
        patch = (patch_size[0], patch_size[1])
        layers: list[nn.Module] = [
            nn.Sequential(
                nn.Conv2d(3, embed_dim, kernel_size=patch, stride=patch), Permute([0, 2, 3, 1]), norm(embed_dim)
            )
        ]
        number, dim = 0, embed_dim
        for stage, depth in enumerate(depths):
            if stage:
                layers.append(downsample_layer(dim, norm))
                dim *= 2
            blocks = []
            for at in range(depth):
                blocks.append(
                    (block or SwinTransformerBlock)(
                        dim,
                        num_heads[stage],
                        window_size=window_size,
                        shift_size=[size // 2 if at % 2 else 0 for size in window_size],
                        mlp_ratio=mlp_ratio,
                        dropout=dropout,
                        attention_dropout=attention_dropout,
                        stochastic_depth_prob=stochastic_depth_prob * float(number) / (sum(depths) - 1),
                        norm_layer=norm,
                    )
                )
                number += 1
            layers.append(nn.Sequential(*blocks))
        self.features = nn.Sequential(*layers)
        self.norm = norm(dim)
        self.permute = Permute([0, 3, 1, 2])
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten(1)
        self.head = nn.Linear(dim, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        return self.head(self.flatten(self.avgpool(self.permute(self.norm(self.features(x))))))


def _swin(
    width: int, third: int, window: int, drop: float, weights: Path | None, kwargs: dict[str, Any]
) -> SwinTransformer:
    """Stages of 2, 2, `third` and 2 blocks, with a head for each 32 channels."""
    heads = [width * stage // 32 for stage in (1, 2, 4, 8)]
    return filled(
        SwinTransformer, weights, patch_size=[4, 4], embed_dim=width, depths=[2, 2, third, 2], num_heads=heads,
        window_size=[window, window], stochastic_depth_prob=drop, **kwargs,
    )  # fmt: skip


def _second(width: int, third: int, drop: float, weights: Path | None, kwargs: dict[str, Any]) -> SwinTransformer:
    second = {"block": SwinTransformerBlockV2, "downsample_layer": PatchMergingV2}
    return _swin(width, third, 8, drop, weights, {**kwargs, **second})


@register_model(Swin_T_Weights)
def swin_t(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> SwinTransformer:
    """Swin, tiny; `weights` is a published name, or a file with a state dict. 28,288,354 parameters."""
    return _swin(96, 6, 7, 0.2, weights, kwargs)


@register_model(Swin_S_Weights)
def swin_s(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> SwinTransformer:
    """Swin, small; `weights` is a published name, or a file with a state dict. 49,606,258 parameters."""
    return _swin(96, 18, 7, 0.3, weights, kwargs)


@register_model(Swin_B_Weights)
def swin_b(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> SwinTransformer:
    """Swin, base; `weights` is a published name, or a file with a state dict. 87,768,224 parameters."""
    return _swin(128, 18, 7, 0.5, weights, kwargs)


@register_model(Swin_V2_T_Weights)
def swin_v2_t(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> SwinTransformer:
    """Swin V2, tiny; `weights` is a published name, or a file with a state dict. 28,351,570 parameters."""
    return _second(96, 6, 0.2, weights, kwargs)


@register_model(Swin_V2_S_Weights)
def swin_v2_s(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> SwinTransformer:
    """Swin V2, small; `weights` is a published name, or a file with a state dict. 49,737,442 parameters."""
    return _second(96, 18, 0.3, weights, kwargs)


@register_model(Swin_V2_B_Weights)
def swin_v2_b(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> SwinTransformer:
    """Swin V2, base; `weights` is a published name, or a file with a state dict. 87,930,848 parameters."""
    return _second(128, 18, 0.5, weights, kwargs)
