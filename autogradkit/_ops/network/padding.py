"""A constant around a tensor: `constant_pad_nd`, and `pad`, which `nn.functional` publishes, in all its modes.

Rests on declare and edge_padding. A negative number cuts away.
"""

from __future__ import annotations

import functools
from typing import Any

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Ints, Scalar
from autogradkit._ops.making.scalars import scalar_array
from autogradkit._ops.network.channels_last import prefers_channels_last
from autogradkit._ops.network.edge_padding import PADDINGS, pad_circular
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.strides import channels_last_strides, dense_strides_like, element_strides

Shape = tuple[int, ...]
Part = tuple[slice, ...]


@functools.lru_cache(1024)
def _plan(shape: Shape, pad: Shape) -> tuple[Shape, Part, Part]:
    """(sizes of the result, where in it the tensor goes, the part of the tensor that is kept)."""
    ndim = len(shape)
    if len(pad) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(pad)}")
    if len(pad) > 2 * ndim:
        raise RuntimeError(
            f"Length of pad should be no more than twice the number of dimensions of the input. Pad length is {len(pad)}"
            f"while the input has {ndim}dimensions."
        )
    around = [(0, 0)] * (ndim - len(pad) // 2) + list(zip(pad[-2::-2], pad[::-2], strict=True))
    if any(n + min(before, 0) + min(after, 0) < 0 for n, (before, after) in zip(shape, around, strict=True)):
        raise RuntimeError("narrow(): length must be non-negative.")
    result = tuple([n + before + after for n, (before, after) in zip(shape, around, strict=True)])
    inside = tuple([slice(max(b, 0), n - max(a, 0)) for n, (b, a) in zip(result, around, strict=True)])
    kept = tuple([slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(shape, around, strict=True)])
    return result, inside, kept


def _pad_meta(self: Array, pad: Shape, value: float) -> Any:
    shape, _, _ = _plan(self.shape, pad)
    if max(pad, default=0) <= 0:
        return shape, self.dtype, dense_strides_like(shape, element_strides(self))
    if prefers_channels_last(self):
        return shape, self.dtype, channels_last_strides(shape)
    return shape, self.dtype


@op(
    variants="function",
    meta=_pad_meta,
    out=False,
    samples=lambda t: [(t(2, 3), (1, 2, 0, -1)), (t(2, 3), (2, 0), 1.5)],
    vjp={"self": lambda g, pad: k.constant_pad_nd(g, tuple([-n for n in pad]), 0)},
    rule="∂self = ∂ without what was added around",
)
def constant_pad_nd(self: Array, pad: Ints, value: Scalar = 0, *, out: Array) -> None:
    """The tensor with `value` around it; `pad` holds (before, after) for the last dimension, then the one before it.

    A negative number cuts away. Raises RuntimeError where `pad` does not fit the dimensions.

    >>> import autogradkit as torch
    >>> torch.constant_pad_nd(torch.ones(2), (1, 2))
    tensor([0., 1., 1., 0., 0.])
    """
    _, inside, kept = _plan(self.shape, pad)
    out.fill(scalar_array(value, from_numpy_dtype(out.dtype)))
    out[inside] = self[kept]


@op(variants="", composition=True)
def pad(self: Array, pad: Ints, mode: str = "constant", value: float | None = None) -> Any:
    """`self` with something around it, by the `mode`s of `nn.functional.pad`."""
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * self.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimension {self.ndim}"
        )
    if mode == "constant":
        return constant_pad_nd.straight(self, pad, 0.0 if value is None else float(value))
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    count = len(pad) // 2
    if count not in (1, 2, 3) or self.ndim not in (count + 1, count + 2):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {self.ndim}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    return pad_circular(self, pad) if mode == "circular" else PADDINGS[mode, count](self, pad)
