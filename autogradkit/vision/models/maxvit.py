"""MaxViT (Tu et al., 2022): convolutions, then attention within windows, then attention among places far apart.

Rests on nn and `vision.ops`; the numbers of distances are Swin's.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import autogradkit as ak
from autogradkit import nn
from autogradkit._ops.asserting import _assert
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.vision.models._api import Path, filled, register_model
from autogradkit.vision.models.published import published
from autogradkit.vision.models.shifted_windows import relative_position_index
from autogradkit.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation
from autogradkit.vision.ops.stochastic_depth import StochasticDepth

MaxVit_T_Weights = published("MaxVit_T_Weights", __name__)

Layer = Callable[..., nn.Module]
Size = tuple[int, int]


def _halved(size: Size) -> Size:
    """The size after a 3×3 convolution of stride two, with one row of padding."""
    return (size[0] - 1) // 2 + 1, (size[1] - 1) // 2 + 1


class MBConv(nn.Module):
    """A 1×1 convolution to many channels, a depthwise one, squeeze and excitation, a 1×1 to few; the input past them."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        expansion_ratio: float,
        squeeze_ratio: float,
        stride: int,
        activation_layer: Layer,
        norm_layer: Layer,
        p_stochastic_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if stride == 1 and in_channels == out_channels:
            self.proj = nn.Identity()
        else:
            smaller = [nn.AvgPool2d(kernel_size=3, stride=stride, padding=1)] if stride == 2 else []
            self.proj = nn.Sequential(*smaller, nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=True))
        wide, narrow = int(out_channels * expansion_ratio), int(out_channels * squeeze_ratio)
        self.stochastic_depth = (
            StochasticDepth(p_stochastic_dropout, mode="row") if p_stochastic_dropout else nn.Identity()
        )
        conv = partial(Conv2dNormActivation, activation_layer=activation_layer, norm_layer=norm_layer, inplace=None)
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["pre_norm"] = norm_layer(in_channels)
        layers["conv_a"] = conv(in_channels, wide, kernel_size=1)
        layers["conv_b"] = conv(wide, wide, kernel_size=3, stride=stride, groups=wide)
        layers["squeeze_excitation"] = SqueezeExcitation(wide, narrow, activation=nn.SiLU)
        layers["conv_c"] = nn.Conv2d(wide, out_channels, kernel_size=1, bias=True)
        self.layers = nn.Sequential(layers)

    def forward(self, x: Tensor) -> Tensor:
        """The sum of both ways."""
        return self.proj(x) + self.stochastic_depth(self.layers(x))


class RelativePositionalMultiHeadAttention(nn.Module):
    """Attention among the places of each part, (N, parts, places, C), with a bias that is learnt for each distance."""

    relative_position_index: Tensor

    @entry
    def __init__(self, feat_dim: int, head_dim: int, max_seq_len: int) -> None:
        super().__init__()
        if feat_dim % head_dim != 0:
            raise ValueError(f"feat_dim: {feat_dim} must be divisible by head_dim: {head_dim}")
        self.n_heads = feat_dim // head_dim
        self.head_dim = head_dim
        self.size = int(math.sqrt(max_seq_len))
        self.max_seq_len = max_seq_len
        self.to_qkv = nn.Linear(feat_dim, self.n_heads * self.head_dim * 3)
        self.scale_factor = feat_dim**-0.5
        self.merge = nn.Linear(self.head_dim * self.n_heads, feat_dim)
        self.relative_position_bias_table = nn.Parameter(
            ak.empty(((2 * self.size - 1) ** 2, self.n_heads), dtype=ak.float32)
        )
        self.register_buffer("relative_position_index", relative_position_index(self.size, self.size))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def get_relative_positional_bias(self) -> Tensor:
        """What is added to the scores: (1, heads, places, places)."""
        bias = self.relative_position_bias_table[self.relative_position_index.view(-1)]
        return bias.view(self.max_seq_len, self.max_seq_len, -1).permute(2, 0, 1).contiguous().unsqueeze(0)

    def forward(self, x: Tensor) -> Tensor:
        """The same size, each place a mixture of those in its part."""
        batch, parts, places, channels = x.shape
        heads = batch, parts, places, self.n_heads, self.head_dim
        query, key, value = ak.chunk(self.to_qkv(x), 3, dim=-1)
        query = query.reshape(*heads).permute(0, 1, 3, 2, 4)
        key = key.reshape(*heads).permute(0, 1, 3, 2, 4)
        value = value.reshape(*heads).permute(0, 1, 3, 2, 4)
        key = key * self.scale_factor
        scores = ak.einsum("B G H I D, B G H J D -> B G H I J", query, key)
        attention = F.softmax(scores + self.get_relative_positional_bias(), dim=-1)
        mixed = ak.einsum("B G H I J, B G H J D -> B G H I D", attention, value)
        return self.merge(mixed.permute(0, 1, 3, 2, 4).reshape(batch, parts, places, channels))


class SwapAxes(nn.Module):
    """A view with two dimensions exchanged."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.a = a
        self.b = b

    def forward(self, x: Tensor) -> Tensor:
        """The view."""
        return ak.swapaxes(x, self.a, self.b)


class WindowPartition(nn.Module):
    """A picture in windows of `p` by `p` places: (N, C, H, W) → (N, windows, p², C)."""

    def forward(self, x: Tensor, p: int) -> Tensor:
        """The windows."""
        batch, channels, height, width = x.shape
        x = x.reshape(batch, channels, height // p, p, width // p, p).permute(0, 2, 4, 3, 5, 1)
        return x.reshape(batch, (height // p) * (width // p), p * p, channels)


class WindowDepartition(nn.Module):
    """The picture of its windows: (N, windows, p², C) → (N, C, H, W)."""

    def forward(self, x: Tensor, p: int, h_partitions: int, w_partitions: int) -> Tensor:
        """The picture."""
        batch, _, _, channels = x.shape
        x = x.reshape(batch, h_partitions, w_partitions, p, p, channels).permute(0, 5, 1, 3, 2, 4)
        return x.reshape(batch, channels, h_partitions * p, w_partitions * p)


class PartitionAttentionLayer(nn.Module):
    """Attention within windows ("window"), or among the places that windows have in common ("grid"), and an MLP."""

    @entry
    def __init__(
        self,
        in_channels: int,
        head_dim: int,
        partition_size: int,
        partition_type: str,
        grid_size: Size,
        mlp_ratio: int,
        activation_layer: Layer,
        norm_layer: Layer,
        attention_dropout: float,
        mlp_dropout: float,
        p_stochastic_dropout: float,
    ) -> None:
        super().__init__()
        self.n_heads = in_channels // head_dim
        self.head_dim = head_dim
        self.n_partitions = grid_size[0] // partition_size
        self.partition_type = partition_type
        self.grid_size = grid_size
        if partition_type not in ("grid", "window"):
            raise ValueError("partition_type must be either 'grid' or 'window'")
        sizes = partition_size, self.n_partitions
        self.p, self.g = sizes if partition_type == "window" else reversed(sizes)
        self.partition_op = WindowPartition()
        self.departition_op = WindowDepartition()
        self.partition_swap, self.departition_swap = (
            SwapAxes(-2, -3) if partition_type == "grid" else nn.Identity() for _ in range(2)
        )
        self.attn_layer = nn.Sequential(
            norm_layer(in_channels),
            RelativePositionalMultiHeadAttention(in_channels, head_dim, partition_size**2),
            nn.Dropout(attention_dropout),
        )
        self.mlp_layer = nn.Sequential(
            nn.LayerNorm(in_channels),
            nn.Linear(in_channels, in_channels * mlp_ratio),
            activation_layer(),
            nn.Linear(in_channels * mlp_ratio, in_channels),
            nn.Dropout(mlp_dropout),
        )
        self.stochastic_dropout = StochasticDepth(p_stochastic_dropout, mode="row")

    @entry
    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C, H, W)."""
        rows, columns = self.grid_size[0] // self.p, self.grid_size[1] // self.p
        _assert(
            self.grid_size[0] % self.p == 0 and self.grid_size[1] % self.p == 0,
            "Grid size must be divisible by partition size. "
            f"Got grid size of {self.grid_size} and partition size of {self.p}",
        )
        x = self.partition_swap(self.partition_op(x, self.p))
        x = x + self.stochastic_dropout(self.attn_layer(x))
        x = x + self.stochastic_dropout(self.mlp_layer(x))
        return self.departition_op(self.departition_swap(x), self.p, rows, columns)


class MaxVitLayer(nn.Module):
    """Convolutions, attention within windows and along the grid: (N, C, H, W) → (N, out_channels, H/stride, W/stride)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        expansion_ratio: float,
        squeeze_ratio: float,
        stride: int,
        norm_layer: Layer,
        activation_layer: Layer,
        head_dim: int,
        mlp_ratio: int,
        mlp_dropout: float,
        attention_dropout: float,
        p_stochastic_dropout: float,
        partition_size: int,
        grid_size: Size,
    ) -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["MBconv"] = MBConv(
            in_channels, out_channels, expansion_ratio, squeeze_ratio, stride, activation_layer, norm_layer,
            p_stochastic_dropout,
        )  # fmt: skip
        for kind in ("window", "grid"):
            layers[f"{kind}_attention"] = PartitionAttentionLayer(
                out_channels, head_dim, partition_size, kind, grid_size, mlp_ratio, activation_layer, nn.LayerNorm,
                attention_dropout, mlp_dropout, p_stochastic_dropout,
            )  # fmt: skip
        self.layers = nn.Sequential(layers)

    def forward(self, x: Tensor) -> Tensor:
        """The layers' result."""
        return self.layers(x)


class MaxVitBlock(nn.Module):
    """Layers of one size, the first of which halves it; `p_stochastic` says for each how often training leaves it out."""

    @entry
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        squeeze_ratio: float,
        expansion_ratio: float,
        norm_layer: Layer,
        activation_layer: Layer,
        head_dim: int,
        mlp_ratio: int,
        mlp_dropout: float,
        attention_dropout: float,
        partition_size: int,
        input_grid_size: Size,
        n_layers: int,
        p_stochastic: list[float],
    ) -> None:
        super().__init__()
        if len(p_stochastic) != n_layers:
            raise ValueError(f"p_stochastic must have length n_layers={n_layers}, got p_stochastic={p_stochastic}.")
        self.layers = nn.ModuleList()
        self.grid_size = _halved(input_grid_size)
        for number, drop in enumerate(p_stochastic):
            self.layers.append(
                MaxVitLayer(
                    out_channels if number else in_channels, out_channels, expansion_ratio, squeeze_ratio, 1 if number else 2,
                    norm_layer, activation_layer, head_dim, mlp_ratio, mlp_dropout, attention_dropout, drop, partition_size,
                    self.grid_size,
                )
            )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, out_channels, H/2, W/2)."""
        for layer in self.layers:
            x = layer(x)
        return x


class MaxVit(nn.Module):
    """A stem and blocks, each of which halves the size: (N, 3, *input_size) → (N, num_classes)."""

    @entry
    def __init__(
        self,
        input_size: Size,
        stem_channels: int,
        partition_size: int,
        block_channels: list[int],
        block_layers: list[int],
        head_dim: int,
        stochastic_depth_prob: float,
        norm_layer: Layer | None = None,
        activation_layer: Layer = nn.GELU,
        squeeze_ratio: float = 0.25,
        expansion_ratio: float = 4,
        mlp_ratio: int = 4,
        mlp_dropout: float = 0.0,
        attention_dropout: float = 0.0,
        num_classes: int = 1000,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01)
        size = _halved(input_size)
        _require_whole_windows(size, len(block_channels), partition_size)
        self.stem = nn.Sequential(
            Conv2dNormActivation(
                3, stem_channels, stride=2, norm_layer=norm_layer, activation_layer=activation_layer, bias=False, inplace=None
            ),
            Conv2dNormActivation(stem_channels, stem_channels, norm_layer=None, activation_layer=None, bias=True),
        )  # fmt: skip
        self.partition_size = partition_size
        self.blocks = nn.ModuleList()
        drops = np.linspace(0, stochastic_depth_prob, sum(block_layers)).tolist()
        inputs = [stem_channels, *block_channels[:-1]]
        for in_channels, out_channels, count in zip(inputs, block_channels, block_layers, strict=False):
            self.blocks.append(
                MaxVitBlock(
                    in_channels, out_channels, squeeze_ratio, expansion_ratio, norm_layer, activation_layer, head_dim, mlp_ratio,
                    mlp_dropout, attention_dropout, partition_size, size, count, drops[:count],
                )
            )  # fmt: skip
            drops = drops[count:]
            size = _halved(size)
        last = block_channels[-1]
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.LayerNorm(last),
            nn.Linear(last, last),
            nn.Tanh(),
            nn.Linear(last, num_classes, bias=False),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.classifier(x)


def _require_whole_windows(size: Size, blocks: int, partition_size: int) -> None:
    """Refuse pictures that some block cannot part into windows."""
    sizes = []
    for _ in range(blocks):
        size = _halved(size)
        sizes.append(size)
    for number, each in enumerate(sizes):
        if each[0] % partition_size or each[1] % partition_size:
            raise ValueError(
                f"Input size {each} of block {number} is not divisible by partition size {partition_size}. "
                "Consider changing the partition size or the input size.\n"
                f"Current configuration yields the following block input sizes: {sizes}."
            )


@register_model(MaxVit_T_Weights)
def maxvit_t(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> MaxVit:
    """MaxViT, tiny, of pictures of `input_size`, (224, 224) unless given; `weights` as elsewhere. 30,919,624 parameters."""
    setting: dict[str, Any] = {
        "input_size": (224, 224), "stem_channels": 64, "block_channels": [64, 128, 256, 512], "block_layers": [2, 2, 5, 2],
        "head_dim": 32, "stochastic_depth_prob": 0.2, "partition_size": 7,
    }  # fmt: skip
    return filled(MaxVit, weights, **{**setting, **kwargs})
