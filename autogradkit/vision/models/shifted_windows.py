"""Attention within windows that are shifted: of a picture's places, those that lie in one window look at each other.

Rests on nn. Swin transformers are made of it, and MaxViT numbers its distances by it. A traced network calls each of the
functions as one (`fx.wrap`).
"""

from __future__ import annotations

import math

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.fx import wrap
from autogradkit.nn import functional as F


@wrap
def _get_relative_position_bias(
    relative_position_bias_table: Tensor, relative_position_index: Tensor, window_size: list[int]
) -> Tensor:
    """What is added to the score of each pair of places: (1, heads, places, places)."""
    places = window_size[0] * window_size[1]
    bias = relative_position_bias_table[relative_position_index].view(places, places, -1)
    return bias.permute(2, 0, 1).contiguous().unsqueeze(0)


def relative_position_index(height: int, width: int) -> Tensor:
    """A number for how far apart two places of a window are, (height·width)², from 0 on: where the table has their bias.

    >>> relative_position_index(1, 3)
    tensor([[2, 1, 0],
            [3, 2, 1],
            [4, 3, 2]])
    """
    rows, columns = ak.arange(height).repeat_interleave(width), ak.arange(width).repeat(height)
    down, right = rows[:, None] - rows + (height - 1), columns[:, None] - columns + (width - 1)
    return down * (2 * width - 1) + right


def _in_windows(x: Tensor, window: list[int]) -> Tensor:
    """(N, H, W, C) → (N · windows, places in a window, C)."""
    batch, height, width, channels = x.shape
    x = x.view(batch, height // window[0], window[0], width // window[1], window[1], channels)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, window[0] * window[1], channels)


def _over_the_seam(x: Tensor, window: list[int], shift: list[int]) -> Tensor:
    """-100 for each pair of places in a window that only the shift made neighbours, else 0: (windows, places, places)."""
    height, width = x.shape[1:3]
    row = (ak.arange(height) >= height - shift[0]).int()
    column = (ak.arange(width) >= width - shift[1]).int()
    side = _in_windows((2 * row[:, None] + column)[None, :, :, None], window)
    return (side != side.transpose(1, 2)).to(x.dtype) * -100.0


@wrap
@entry
def shifted_window_attention(
    input: Tensor,
    qkv_weight: Tensor,
    proj_weight: Tensor,
    relative_position_bias: Tensor,
    window_size: list[int],
    num_heads: int,
    shift_size: list[int],
    attention_dropout: float = 0.0,
    dropout: float = 0.0,
    qkv_bias: Tensor | None = None,
    proj_bias: Tensor | None = None,
    logit_scale: Tensor | None = None,
    training: bool = True,
) -> Tensor:
    """Attention within the windows of (N, H, W, C), after the picture was rolled by `shift_size`; the same size comes out.

    With `logit_scale` the scores are cosines times its exponential, which stays under 100, and keys have no bias (version 2).
    """
    batch, height, width, channels = input.shape
    x = F.pad(input, (0, 0, 0, -width % window_size[1], 0, -height % window_size[0]))
    _, tall, wide, _ = x.shape
    shift = [by if window < size else 0 for by, window, size in zip(shift_size, window_size, (tall, wide), strict=True)]
    if any(shift):
        x = ak.roll(x, shifts=(-shift[0], -shift[1]), dims=(1, 2))
    windows = _in_windows(x, window_size)
    count, places, _ = windows.shape

    if logit_scale is not None and qkv_bias is not None:
        third = qkv_bias.numel() // 3
        qkv_bias = qkv_bias.clone()
        qkv_bias[third : 2 * third].zero_()
    qkv = F.linear(windows, qkv_weight, qkv_bias).reshape(count, places, 3, num_heads, channels // num_heads)
    query, key, value = qkv.permute(2, 0, 3, 1, 4)
    if logit_scale is not None:
        scores = F.normalize(query, dim=-1) @ F.normalize(key, dim=-1).transpose(-2, -1)
        scores = scores * ak.clamp(logit_scale, max=math.log(100.0)).exp()
    else:
        scores = (query * (channels // num_heads) ** -0.5).matmul(key.transpose(-2, -1))
    scores = scores + relative_position_bias
    if any(shift):
        mask = _over_the_seam(x, window_size, shift)
        scores = scores.view(batch, -1, num_heads, places, places) + mask.unsqueeze(1).unsqueeze(0)
        scores = scores.view(-1, num_heads, places, places)
    attention = F.dropout(F.softmax(scores, dim=-1), p=attention_dropout, training=training)

    windows = attention.matmul(value).transpose(1, 2).reshape(count, places, channels)
    windows = F.dropout(F.linear(windows, proj_weight, proj_bias), p=dropout, training=training)
    x = windows.view(batch, tall // window_size[0], wide // window_size[1], *window_size, channels)
    x = x.permute(0, 1, 3, 2, 4, 5).reshape(batch, tall, wide, channels)
    if any(shift):
        x = ak.roll(x, shifts=(shift[0], shift[1]), dims=(1, 2))
    return x[:, :height, :width, :].contiguous()


class ShiftedWindowAttention(nn.Module):
    """`shifted_window_attention` with its parameters: a bias is learnt for each distance of two places."""

    relative_position_index: Tensor

    @entry
    def __init__(
        self,
        dim: int,
        window_size: list[int],
        shift_size: list[int],
        num_heads: int,
        qkv_bias: bool = True,
        proj_bias: bool = True,
        attention_dropout: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if len(window_size) != 2 or len(shift_size) != 2:
            raise ValueError("window_size and shift_size must be of length 2")
        self.window_size = window_size
        self.shift_size = shift_size
        self.num_heads = num_heads
        self.attention_dropout = attention_dropout
        self.dropout = dropout
        self.logit_scale = None
        self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim, bias=proj_bias)
        self.define_relative_position_bias_table()
        self.define_relative_position_index()

    def define_relative_position_bias_table(self) -> None:
        """Make the table, (distances, heads)."""
        rows, columns = self.window_size
        self.relative_position_bias_table = nn.Parameter(ak.zeros((2 * rows - 1) * (2 * columns - 1), self.num_heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def define_relative_position_index(self) -> None:
        """Make the buffer that says where in the table the bias of two places is."""
        self.register_buffer("relative_position_index", relative_position_index(*self.window_size).flatten())

    def get_relative_position_bias(self) -> Tensor:
        """What is added to the scores: (1, heads, places, places)."""
        return _get_relative_position_bias(
            self.relative_position_bias_table, self.relative_position_index, self.window_size
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, C), each place a mixture of those in its window."""
        bias = self.get_relative_position_bias()
        return shifted_window_attention(
            x,
            self.qkv.weight,
            self.proj.weight,
            bias,
            self.window_size,
            self.num_heads,
            shift_size=self.shift_size,
            attention_dropout=self.attention_dropout,
            dropout=self.dropout,
            qkv_bias=self.qkv.bias,
            proj_bias=self.proj.bias,
            logit_scale=self.logit_scale,
            training=self.training,
        )


class ShiftedWindowAttentionV2(ShiftedWindowAttention):
    """The attention of version 2: cosines, and biases that a small network computes from the distance."""

    relative_coords_table: Tensor

    def __init__(
        self,
        dim: int,
        window_size: list[int],
        shift_size: list[int],
        num_heads: int,
        qkv_bias: bool = True,
        proj_bias: bool = True,
        attention_dropout: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(dim, window_size, shift_size, num_heads, qkv_bias, proj_bias, attention_dropout, dropout)
        self.logit_scale = nn.Parameter(ak.log(10 * ak.ones((num_heads, 1, 1))))
        self.cpb_mlp = nn.Sequential(
            nn.Linear(2, 512, bias=True), nn.ReLU(inplace=True), nn.Linear(512, num_heads, bias=False)
        )
        if qkv_bias:
            self.qkv.bias[dim : 2 * dim].data.zero_()

    def define_relative_position_bias_table(self) -> None:
        """Make the buffer of distances, on a logarithmic scale from -1 to 1 (section 3.3 of the second paper)."""
        axes = [ak.arange(1 - size, size, dtype=ak.float32) / (size - 1) * 8 for size in self.window_size]
        axes = [ak.sign(axis) * ak.log2(ak.abs(axis) + 1.0) / 3.0 for axis in axes]
        self.register_buffer("relative_coords_table", ak.stack(ak.meshgrid(*axes, indexing="ij"), -1).unsqueeze(0))

    def get_relative_position_bias(self) -> Tensor:
        """What is added to the scores, between 0 and 16: (1, heads, places, places)."""
        table = self.cpb_mlp(self.relative_coords_table).view(-1, self.num_heads)
        return 16 * ak.sigmoid(_get_relative_position_bias(table, self.relative_position_index, self.window_size))
