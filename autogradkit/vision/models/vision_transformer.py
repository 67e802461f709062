"""Vision transformers (Dosovitskiy et al., 2021): a picture's patches as a sequence, with one more place for what it shows."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import autogradkit as ak
from autogradkit import nn
from autogradkit._ops.asserting import _assert
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.serialization import load
from autogradkit.vision.models._api import Path, overwrite, register_model
from autogradkit.vision.models.published import published
from autogradkit.vision.ops.misc import MLP, Conv2dNormActivation

ViT_B_16_Weights = published("ViT_B_16_Weights", __name__)
ViT_B_32_Weights = published("ViT_B_32_Weights", __name__)
ViT_L_16_Weights = published("ViT_L_16_Weights", __name__)
ViT_L_32_Weights = published("ViT_L_32_Weights", __name__)
ViT_H_14_Weights = published("ViT_H_14_Weights", __name__)

Norm = Callable[..., nn.Module]
_NORM = partial(nn.LayerNorm, eps=1e-6)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


class ConvStemConfig(NamedTuple):
    """A convolution before the patches."""

    out_channels: int
    kernel_size: int
    stride: int
    norm_layer: Norm = nn.BatchNorm2d
    activation_layer: Norm = nn.ReLU


class MLPBlock(MLP):
    """Two linear layers with a GELU between them."""

    _version = 2

    def __init__(self, in_dim: int, mlp_dim: int, dropout: float) -> None:
        super().__init__(in_dim, [mlp_dim, in_dim], activation_layer=nn.GELU, inplace=None, dropout=dropout)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.normal_(module.bias, std=1e-6)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: Any, *rest: Any) -> None:
        if local_metadata.get("version", 0) < 2:  # when the layers had names
            for number in (0, 1):
                for part in ("weight", "bias"):
                    older = f"{prefix}linear_{number + 1}.{part}"
                    if older in state_dict:
                        state_dict[f"{prefix}{3 * number}.{part}"] = state_dict.pop(older)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class EncoderBlock(nn.Module):
    """Attention and an MLP, each after a norm and beside a connection that leads past it."""

    def __init__(
        self,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float,
        attention_dropout: float,
        norm_layer: Norm = _NORM,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.ln_1 = norm_layer(hidden_dim)
        self.self_attention = nn.MultiheadAttention(hidden_dim, num_heads, dropout=attention_dropout, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.ln_2 = norm_layer(hidden_dim)
        self.mlp = MLPBlock(hidden_dim, mlp_dim, dropout)

    @entry
    def forward(self, input: Tensor) -> Tensor:
        """(N, places, hidden_dim) → the same."""
        _assert(input.dim() == 3, f"Expected (batch_size, seq_length, hidden_dim) got {input.shape}")
        x = self.ln_1(input)
        x, _ = self.self_attention(x, x, x, need_weights=False)
        x = self.dropout(x) + input
        return x + self.mlp(self.ln_2(x))


class Encoder(nn.Module):
    """Places, with what is learnt of each, through so many blocks."""

    def __init__(
        self,
        seq_length: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float,
        attention_dropout: float,
        norm_layer: Norm = _NORM,
    ) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(ak.empty(1, seq_length, hidden_dim).normal_(std=0.02))
        self.dropout = nn.Dropout(dropout)
        how = num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer
        blocks = OrderedDict((f"encoder_layer_{number}", EncoderBlock(*how)) for number in range(num_layers))
        self.layers = nn.Sequential(blocks)
        self.ln = norm_layer(hidden_dim)

    @entry
    def forward(self, input: Tensor) -> Tensor:
        """(N, places, hidden_dim) → the same."""
        _assert(input.dim() == 3, f"Expected (batch_size, seq_length, hidden_dim) got {input.shape}")
        return self.ln(self.layers(self.dropout(input + self.pos_embedding)))


class VisionTransformer(nn.Module):
    """Pictures (N, 3, image_size, image_size) → (N, num_classes).

    >>> net = VisionTransformer(image_size=8, patch_size=4, num_layers=1, num_heads=2, hidden_dim=6, mlp_dim=8, num_classes=3)
    >>> net(ak.zeros(2, 3, 8, 8)).shape
    torch.Size([2, 3])
    """

    @entry
    def __init__(
        self,
        image_size: int,
        patch_size: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        num_classes: int = 1000,
        representation_size: int | None = None,
        norm_layer: Norm = _NORM,
        conv_stem_configs: list[ConvStemConfig] | None = None,
    ) -> None:
        super().__init__()
        _require(image_size % patch_size == 0, "Input shape indivisible by patch size!")
        self.image_size = image_size
        self.patch_size = patch_size
        self.hidden_dim = hidden_dim
        self.mlp_dim = mlp_dim
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.num_classes = num_classes
        self.representation_size = representation_size
        self.norm_layer = norm_layer
        self.conv_proj = self._projection(conv_stem_configs)
        self.class_token = nn.Parameter(ak.zeros(1, 1, hidden_dim))
        self.seq_length = (image_size // patch_size) ** 2 + 1
        self.encoder = Encoder(
            self.seq_length, num_layers, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer
        )
        heads: OrderedDict[str, nn.Module] = OrderedDict()
        if representation_size is not None:
            heads["pre_logits"] = nn.Linear(hidden_dim, representation_size)
            heads["act"] = nn.Tanh()
        heads["head"] = nn.Linear(representation_size or hidden_dim, num_classes)
        self.heads = nn.Sequential(heads)
        self._draw(heads)

    def _projection(self, stem: list[ConvStemConfig] | None) -> Any:
        if stem is None:
            return nn.Conv2d(3, self.hidden_dim, kernel_size=self.patch_size, stride=self.patch_size)
        projection: Any = nn.Sequential()
        channels = 3
        for number, layer in enumerate(stem):
            norm, activation = layer.norm_layer, layer.activation_layer
            conv = Conv2dNormActivation(
                channels,
                layer.out_channels,
                layer.kernel_size,
                layer.stride,
                norm_layer=norm,
                activation_layer=activation,
            )
            projection.add_module(f"conv_bn_relu_{number}", conv)
            channels = layer.out_channels
        projection.add_module("conv_last", nn.Conv2d(channels, self.hidden_dim, kernel_size=1))
        return projection

    def _draw(self, heads: OrderedDict[str, Any]) -> None:
        projection = self.conv_proj
        if isinstance(projection, nn.Conv2d):
            nn.init.trunc_normal_(projection.weight, std=math.sqrt(1 / (3 * self.patch_size**2)))
            nn.init.zeros_(projection.bias)
        else:
            last = projection.conv_last
            nn.init.normal_(last.weight, mean=0.0, std=math.sqrt(2.0 / last.out_channels))
            nn.init.zeros_(last.bias)
        if "pre_logits" in heads:
            nn.init.trunc_normal_(heads["pre_logits"].weight, std=math.sqrt(1 / self.hidden_dim))
            nn.init.zeros_(heads["pre_logits"].bias)
        nn.init.zeros_(heads["head"].weight)
        nn.init.zeros_(heads["head"].bias)

    @entry
    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of pictures."""
        batch, _, height, width = x.shape
        _assert(height == self.image_size, f"Wrong image height! Expected {self.image_size} but got {height}!")
        _assert(width == self.image_size, f"Wrong image width! Expected {self.image_size} but got {width}!")
        rows, columns = height // self.patch_size, width // self.patch_size
        patches = self.conv_proj(x).reshape(batch, self.hidden_dim, rows * columns).permute(0, 2, 1)
        batch = patches.shape[0]
        tokens = self.class_token.expand(batch, -1, -1)
        return self.heads(self.encoder(ak.cat([tokens, patches], dim=1))[:, 0])


@entry
def interpolate_embeddings(
    image_size: int,
    patch_size: int,
    model_state: dict[str, Tensor],
    interpolation_mode: str = "bicubic",
    reset_heads: bool = False,
) -> dict[str, Tensor]:
    """A state dict for pictures of another size: what was learnt of each place, between the places."""
    embedding = model_state["encoder.pos_embedding"]
    if embedding.shape[0] != 1:
        raise ValueError(f"Unexpected position embedding shape: {embedding.shape}")
    places, wanted = embedding.shape[1] - 1, image_size // patch_size
    if places == wanted**2:
        return model_state
    edge = int(math.sqrt(places))
    if edge * edge != places:
        raise ValueError(
            "seq_length is not a perfect square! Instead got seq_length_1d * seq_length_1d = "
            f"{edge * edge} and seq_length = {places}"
        )
    grid = embedding[:, 1:].permute(0, 2, 1).reshape(1, -1, edge, edge)
    grid = F.interpolate(grid, size=wanted, mode=interpolation_mode, align_corners=True)
    model_state["encoder.pos_embedding"] = ak.cat([embedding[:, :1], grid.flatten(2).permute(0, 2, 1)], dim=1)
    if not reset_heads:
        return model_state
    return OrderedDict((name, each) for name, each in model_state.items() if not name.startswith("heads"))


def _vision_transformer(
    patch: int, layers: int, heads: int, width: int, inner: int, weights: Path | None, kwargs: dict[str, Any]
) -> VisionTransformer:
    """A model; a file with its parameters says for which size of pictures they are."""
    state = None if weights is None else load(weights)
    if state is not None:
        overwrite(kwargs, "image_size", math.isqrt(state["encoder.pos_embedding"].shape[1]) * patch)
    size = kwargs.pop("image_size", 224)
    model = VisionTransformer(size, patch, layers, heads, width, inner, **kwargs)
    if state is not None:
        model.load_state_dict(state)
    return model


@register_model(ViT_B_16_Weights)
def vit_b_16(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VisionTransformer:
    """ViT-B of patches of 16 pixels; `weights` is a published name, or a file with a state dict."""
    return _vision_transformer(16, 12, 12, 768, 3072, weights, kwargs)


@register_model(ViT_B_32_Weights)
def vit_b_32(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VisionTransformer:
    """ViT-B of patches of 32 pixels; `weights` is a published name, or a file with a state dict."""
    return _vision_transformer(32, 12, 12, 768, 3072, weights, kwargs)


@register_model(ViT_L_16_Weights)
def vit_l_16(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VisionTransformer:
    """ViT-L of patches of 16 pixels; `weights` is a published name, or a file with a state dict."""
    return _vision_transformer(16, 24, 16, 1024, 4096, weights, kwargs)


@register_model(ViT_L_32_Weights)
def vit_l_32(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VisionTransformer:
    """ViT-L of patches of 32 pixels; `weights` is a published name, or a file with a state dict."""
    return _vision_transformer(32, 24, 16, 1024, 4096, weights, kwargs)


@register_model(ViT_H_14_Weights)
def vit_h_14(*, weights: Path | None = None, progress: bool = True, **kwargs: Any) -> VisionTransformer:
    """ViT-H of patches of 14 pixels; `weights` is a published name, or a file with a state dict."""
    return _vision_transformer(14, 32, 16, 1280, 5120, weights, kwargs)
