"""Numbers of images in another order: pixel_shuffle and pixel_unshuffle, channel_shuffle, windows unfolded and folded again.

Rests on declare; `nn.functional` publishes them. PyTorch calls unfold im2col, and fold col2im.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import UNIMPLEMENTED, k, op
from autogradkit._ops.declare.kinds import Array, Pair, SymInt
from autogradkit._ops.declare.refusals import scalar_type, undifferentiated
from autogradkit._ops.network.channels_last import image_spec, prefers_channels_last
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.shapes import dim_of_size

Shape = tuple[int, ...]


def _spec(x: Array, shape: Shape) -> Any:
    return image_spec(shape, x.dtype, x.ndim == 4 and prefers_channels_last(x))


# -- pixels and channels -----------------------------------------------------------------------------------------------


def _require_images(x: Array, name: str, what: str, factor: int) -> None:
    if x.ndim < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {x.ndim} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{name} expects a positive {what}, but got {factor}")


def _shuffle_meta(self: Array, upscale_factor: int) -> Any:
    _require_images(self, "pixel_shuffle", "upscale_factor", upscale_factor)
    *batch, channels, height, width = self.shape
    square = upscale_factor**2
    if channels % square:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
            f"input.size(-3)={channels} is not divisible by {square}"
        )
    return _spec(self, (*batch, channels // square, height * upscale_factor, width * upscale_factor))


@op(
    variants="function",
    meta=_shuffle_meta,
    out=False,
    samples=lambda t: [(t(2, 8, 2, 3), 2), (t(4, 1, 2), 2)],
    vjp={"self": lambda g, upscale_factor: k.pixel_unshuffle(g, upscale_factor)},
    rule="∂self = ∂ in the order of self",
)
def pixel_shuffle(self: Array, upscale_factor: int, *, out: Array) -> None:
    """Channels become pixels: (*, C·r², H, W) → (*, C, H·r, W·r). Raises RuntimeError where the channels do not go up.

    >>> import autogradkit as torch
    >>> torch.pixel_shuffle(torch.arange(4.0).reshape(4, 1, 1), 2)
    tensor([[[0., 1.],
             [2., 3.]]])
    """
    r = upscale_factor
    *batch, channels, height, width = self.shape
    parts = self.reshape(math.prod(batch), channels // r**2, r, r, height, width)
    np.copyto(out, parts.transpose(0, 1, 4, 2, 5, 3).reshape(out.shape))


def _unshuffle_meta(self: Array, downscale_factor: int) -> Any:
    _require_images(self, "pixel_unshuffle", "downscale_factor", downscale_factor)
    *batch, channels, height, width = self.shape
    for name, size, at in (("height", height, -2), ("width", width, -1)):
        if size % downscale_factor:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but input.size({at})={size} is not "
                f"divisible by {downscale_factor}"
            )
    if not self.size:
        return _spec(self, self.shape)  # as PyTorch's CPU copies what has no elements, unlike pixel_shuffle
    shape = (*batch, channels * downscale_factor**2, height // downscale_factor, width // downscale_factor)
    return _spec(self, shape)


@op(
    variants="function",
    meta=_unshuffle_meta,
    out=False,
    samples=lambda t: [(t(2, 2, 2, 4), 2), (t(1, 2, 2), 2)],
    vjp={"self": lambda g, downscale_factor: k.pixel_shuffle(g, downscale_factor)},
    rule="∂self = ∂ in the order of self",
)
def pixel_unshuffle(self: Array, downscale_factor: int, *, out: Array) -> None:
    """Pixels become channels: (*, C, H·r, W·r) → (*, C·r², H, W). Raises RuntimeError where the pixels do not go up.

    >>> import autogradkit as torch
    >>> torch.pixel_unshuffle(torch.arange(4.0).reshape(1, 2, 2), 2).shape
    torch.Size([4, 1, 1])
    """
    r = downscale_factor
    *batch, channels, height, width = self.shape
    parts = self.reshape(math.prod(batch), channels, height // r, r, width // r, r)
    np.copyto(out, parts.transpose(0, 1, 3, 5, 2, 4).reshape(out.shape))


def _channels_meta(self: Array, groups: int) -> Any:
    if self.ndim <= 2:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(self.shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    if self.shape[1] % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {self.shape[1]} channels and {groups} groups."
        )
    return image_spec(self.shape, self.dtype, prefers_channels_last(self))


@op(
    variants="function",
    meta=_channels_meta,
    out=False,
    samples=lambda t: [(t(2, 4, 3), 2), (t(1, 6, 2, 2), 3)],
    vjp={"self": lambda g, self_sym_sizes, groups: k.channel_shuffle(g, self_sym_sizes[1] // groups)},
    rule="∂self = ∂ in the order of self",
)
def channel_shuffle(self: Array, groups: SymInt, *, out: Array) -> None:
    """The channels (dimension 1) of `groups` groups in turn. Raises RuntimeError where they do not go up.

    >>> import autogradkit as torch
    >>> torch.channel_shuffle(torch.arange(4.0).reshape(1, 4, 1), 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    batch, channels, *rest = self.shape
    parts = self.reshape(batch, groups, channels // groups, *rest)
    np.copyto(out, parts.swapaxes(1, 2).reshape(out.shape))


@op(
    variants="function",
    node=UNIMPLEMENTED,
    meta=_channels_meta,
    out=False,
    vjp={"self": undifferentiated("native_channel_shuffle")},
)
def native_channel_shuffle(self: Array, groups: SymInt, *, out: Array) -> None:
    """As `channel_shuffle`, without a gradient, as in PyTorch.

    >>> import autogradkit as torch
    >>> torch.native_channel_shuffle(torch.arange(4.0).reshape(1, 4, 1), 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    channel_shuffle.kernel(self, groups, out=out)


# -- windows -----------------------------------------------------------------------------------------------------------


def _require_window(kernel: Pair, dilation: Pair, padding: Pair, stride: Pair) -> None:
    pairs = {"kernel_size": kernel, "dilation": dilation, "padding": padding, "stride": stride}
    for name, values in pairs.items():
        _require_two(name, values)
    for what, name, values in (
        ("kernel size", "kernel", kernel),
        ("stride", "stride", stride),
        ("dilation", "dilation", dilation),
    ):
        if min(values) <= 0:
            raise RuntimeError(
                f"{what} should be greater than zero, but got {name}_height: {values[0]} {name}_width: {values[1]}"
            )
    if min(padding) < 0:
        raise RuntimeError(f"padding should be non-negative, but got pad_height: {padding[0]} pad_width: {padding[1]}")


def _require_two(name: str, values: Pair) -> None:
    if len(values) != 2:
        raise RuntimeError(f"It is expected {name} equals to 2, but got size {len(values)}")


def _blocks(size: Shape, kernel: Pair, dilation: Pair, padding: Pair, stride: Pair) -> Pair:
    rows, columns = (
        (n + 2 * p - d * (each - 1) - 1) // s + 1
        for n, each, d, p, s in zip(size, kernel, dilation, padding, stride, strict=True)
    )
    return rows, columns


def _places(kernel: Pair, dilation: Pair, stride: Pair, blocks: Pair) -> Any:
    """(place in the kernel, where in the padded image it is for every block)."""
    for i, j in itertools.product(range(kernel[0]), range(kernel[1])):
        rows, columns = (
            slice(d * at, d * at + s * (n - 1) + 1, s)
            for at, d, s, n in zip((i, j), dilation, stride, blocks, strict=True)
        )
        yield (i, j), (..., rows, columns)


def _unfold_meta(self: Array, kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair) -> Any:
    _require_window(kernel_size, dilation, padding, stride)
    if self.shape[dim_of_size(1, self.ndim)]:
        dim_of_size(2, self.ndim)
    if self.ndim not in (3, 4) or 0 in self.shape[-3:]:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but "
            f"got: {list(self.shape)}"
        )
    *batch, channels, height, width = self.shape
    blocks = _blocks((height, width), kernel_size, dilation, padding, stride)
    if min(blocks) < 1:
        raise RuntimeError(
            f"Given input with spatial size ({height}, {width}), kernel_size={kernel_size}, dilation={dilation}, "
            f"padding={padding}, calculated shape of the array of sliding blocks as {blocks}, but its components must be at "
            "least one."
        )
    if self.dtype.kind in "iu":
        raise NotImplementedError(
            f"\"im2col_out_cpu\" not implemented for '{scalar_type(from_numpy_dtype(self.dtype))}'"
        )
    return (*batch, channels * kernel_size[0] * kernel_size[1], blocks[0] * blocks[1]), self.dtype


@op(
    variants="",
    node="Im2ColBackward0",
    label="unfold",
    usual={"dilation": (1, 1), "padding": (0, 0), "stride": (1, 1)},
    meta=_unfold_meta,
    out=False,
    samples=lambda t: [(t(2, 2, 4, 3), (2, 2), (1, 1), (1, 0), (2, 1)), (t(1, 5, 5), (2, 3), (2, 1), (0, 0), (1, 1))],
    vjp={
        "self": lambda g, self_sym_sizes, kernel_size, dilation, padding, stride: k.col2im(
            g, tuple(self_sym_sizes[-2:]), kernel_size, dilation, padding, stride
        )
    },
    rule="∂self = ∂ folded: added up where windows meet",
)
def im2col(self: Array, kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair, *, out: Array) -> None:
    """Each window of the images as a column: (*, C, H, W) → (*, C·kh·kw, windows)."""
    *batch, channels, height, width = self.shape
    blocks = _blocks((height, width), kernel_size, dilation, padding, stride)
    padded = np.pad(self, [(0, 0)] * (self.ndim - 2) + [(each, each) for each in padding])
    columns = np.empty((*batch, channels, *kernel_size, *blocks), self.dtype)
    for (i, j), place in _places(kernel_size, dilation, stride, blocks):
        columns[..., i, j, :, :] = padded[place]
    np.copyto(out, columns.reshape(out.shape))


def _fold_meta(self: Array, output_size: Pair, kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair) -> Any:
    _require_two("output_size", output_size)
    _require_window(kernel_size, dilation, padding, stride)
    if self.ndim not in (2, 3) or 0 in self.shape[-2:]:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, "
            f"but got: {list(self.shape)}"
        )
    at = self.ndim - 2
    *batch, planes, count = self.shape
    if planes % (kernel_size[0] * kernel_size[1]):
        raise RuntimeError(
            f"Expected size of input's dimension {at} to be divisible by the product of kernel_size, but got "
            f"input.size({at})={planes} and kernel_size={kernel_size}."
        )
    blocks = _blocks(output_size, kernel_size, dilation, padding, stride)
    if blocks[0] * blocks[1] != count:
        raise RuntimeError(
            f"Given output_size={output_size}, kernel_size={kernel_size}, dilation={dilation}, padding={padding}, "
            f"stride={stride}, expected size of input's dimension {at + 1} to match the calculated number of sliding blocks "
            f"{blocks[0]} * {blocks[1]} = {blocks[0] * blocks[1]}, but got input.size({at + 1})={count}."
        )
    if min(blocks) < 1:
        raise RuntimeError(
            f"Given output_size={output_size}, kernel_size={kernel_size}, dilation={dilation}, padding={padding}, "
            f"stride={stride}, calculated shape of the array of sliding blocks as {blocks}, which is too small (non-positive)"
        )
    if self.dtype.kind in "iu":
        raise NotImplementedError(
            f"\"col2im_out_cpu\" not implemented for '{scalar_type(from_numpy_dtype(self.dtype))}'"
        )
    return (*batch, planes // (kernel_size[0] * kernel_size[1]), *output_size), self.dtype


@op(
    variants="",
    node="Col2ImBackward0",
    label="fold",
    usual={"dilation": (1, 1), "padding": (0, 0), "stride": (1, 1)},
    meta=_fold_meta,
    out=False,
    samples=lambda t: [
        (t(2, 8, 4), (3, 3), (2, 2), (1, 1), (0, 0), (1, 1)),
        (t(4, 4), (4, 2), (2, 2), (1, 1), (0, 1), (2, 2)),
    ],
    vjp={"self": lambda g, kernel_size, dilation, padding, stride: k.im2col(g, kernel_size, dilation, padding, stride)},
    rule="∂self = ∂ unfolded",
)
def col2im(
    self: Array, output_size: Pair, kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair, *, out: Array
) -> None:
    """Columns back at the places of their windows, added up where these meet."""
    blocks = _blocks(output_size, kernel_size, dilation, padding, stride)
    *batch, channels, height, width = out.shape
    columns = self.reshape(*batch, channels, *kernel_size, *blocks)
    padded = np.zeros((*batch, channels, height + 2 * padding[0], width + 2 * padding[1]), self.dtype)
    for (i, j), place in _places(kernel_size, dilation, stride, blocks):
        padded[place] += columns[..., i, j, :, :]
    np.copyto(out, padded[..., padding[0] : padding[0] + height, padding[1] : padding[1] + width])
