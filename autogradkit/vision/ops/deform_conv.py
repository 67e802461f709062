"""Convolutions whose kernels look elsewhere: each weight at a place that an offset says (Dai et al., 2017; Zhu et al., 2019).

The picture is looked up between pixels, at all places at once; what is found is multiplied by the weights. Rests on ops.
"""

from __future__ import annotations

import math
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


@entry
def deform_conv2d(
    input: Tensor,
    offset: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = (1, 1),
    padding: Any = (0, 0),
    dilation: Any = (1, 1),
    mask: Tensor | None = None,
) -> Tensor:
    """A convolution of (N, C, H, W) with (out, C / groups, kh, kw), each weight moved by an offset (down, across).

    `offset` is (N, 2 · offset groups · kh · kw, out H, out W); `mask`, of half as many channels, says how much each sample
    counts. Outside of the picture is 0.
    """
    kernel = tuple(weight.shape[2:])
    across = 2 * kernel[0] * kernel[1]
    groups = offset.shape[1] // across
    if groups == 0:
        raise RuntimeError(
            "the shape of the offset tensor at dimension 1 is not valid. It should be a multiple of 2 * weight.size[2] * "
            f"weight.size[3].\nGot offset.shape[1]={offset.shape[1]}, while 2 * weight.size[2] * weight.size[3]={across}"
        )
    count, channels = input.shape[:2]
    size = tuple(offset.shape[2:])
    offset = offset.view(count, groups, kernel[0] * kernel[1], 2, *size)
    steps = zip(_pair(stride), _pair(padding), _pair(dilation), kernel, size, strict=True)
    places = [
        (ak.arange(taps) * gap)[:, None] + ak.arange(length) * step - border
        for step, border, gap, taps, length in steps
    ]
    down = places[0][:, None, :, None].expand(*kernel, *size).reshape(-1, *size) + offset[:, :, :, 0]
    right = places[1][None, :, None, :].expand(*kernel, *size).reshape(-1, *size) + offset[:, :, :, 1]
    found = _looked_up(input.view(count, groups, channels // groups, *input.shape[2:]), down, right)
    if mask is not None:
        found = found * mask.view(count, groups, 1, kernel[0] * kernel[1], *size)
    weight_groups = channels // weight.shape[1]
    columns = found.reshape(count, weight_groups, -1, size[0] * size[1])
    made = weight.view(weight_groups, -1, columns.shape[2]) @ columns
    made = made.view(count, weight.shape[0], *size)
    return made if bias is None else made + bias.view(1, -1, 1, 1)


def _looked_up(maps: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """(N, G, C, H, W) between pixels at the places (N, G, taps, h, w): (N, G, C, taps, h, w)."""
    height, width = maps.shape[3:]
    top, left = down.detach().floor(), right.detach().floor()
    flat, made = maps.flatten(3), 0
    for y, share_y in ((top, 1 - (down - top)), (top + 1, down - top)):
        for x, share_x in ((left, 1 - (right - left)), (left + 1, right - left)):
            inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
            at = (y.clamp(0, height - 1) * width + x.clamp(0, width - 1)).long().flatten(2).unsqueeze(2)
            pixels = flat.gather(3, at.expand(-1, -1, maps.shape[2], -1)).view(*maps.shape[:3], *down.shape[2:])
            made = made + pixels * (share_y * share_x * inside).unsqueeze(2)
    return made


class DeformConv2d(nn.Module):
    """`deform_conv2d` as a layer, which is given the offsets, and masks, beside its input.

    >>> DeformConv2d(3, 8, 3, padding=1)
    DeformConv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
    """

    @entry
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _pair(kernel_size)
        self.stride = _pair(stride)
        self.padding = _pair(padding)
        self.dilation = _pair(dilation)
        self.groups = groups
        self.weight = nn.Parameter(ak.empty(out_channels, in_channels // groups, *self.kernel_size))
        self.bias = nn.Parameter(ak.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters, as a `Conv2d` does."""
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
            nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor, offset: Tensor, mask: Tensor | None = None) -> Tensor:
        """The convolution."""
        how = {"stride": self.stride, "padding": self.padding, "dilation": self.dilation}
        return deform_conv2d(input, offset, self.weight, self.bias, **how, mask=mask)

    def __repr__(self) -> str:
        usual = (("padding", (0, 0)), ("dilation", (1, 1)), ("groups", 1))
        shown = [str(self.in_channels), str(self.out_channels)]
        shown += [f"kernel_size={self.kernel_size}", f"stride={self.stride}"]
        shown += [f"{name}={getattr(self, name)}" for name, value in usual if getattr(self, name) != value]
        return f"{type(self).__name__}({', '.join([*shown, *['bias=False'] * (self.bias is None)])})"
