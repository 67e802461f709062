"""Around a tensor what is inside: reflected at the edge, the edge itself, or from the other side; 1, 2 or 3 dimensions.

`reflection_pad1d` … `replication_pad3d` with their backwards, and `_pad_circular`, which PyTorch composes of copies into a
new tensor. Rests on declare; padding.py chooses among them. A negative number cuts away.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Ints
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.refusals import not_implemented
from autogradkit._ops.network.channels_last import image_spec, prefers_channels_last
from autogradkit._ops.views.parts import slice_
from autogradkit.core.strides import move_dim

Shape = tuple[int, ...]


@functools.lru_cache(1024)
def _sources(mode: str, n: int, before: int, after: int) -> Array:
    """For each place along a padded dimension the place that its value comes from, along one of `n`."""
    places = np.arange(-before, n + after)
    if mode == "replication":
        return places.clip(0, n - 1)
    return (n - 1) - np.abs((n - 1) - np.abs(places))


def _pairs(pad: Shape) -> list[tuple[int, int]]:
    """(before, after) for each padded dimension, the first one first."""
    return list(zip(pad[-2::-2], pad[::-2], strict=True))


_FEW = 4096  # elements up to which picking each is as quick as copying edge by edge


def _fill(mode: str, x: Array, pad: Shape, out: Array) -> None:
    pairs = _pairs(pad)
    inner = x.shape[x.ndim - len(pairs) :]
    sources = [_sources(mode, n, *pair) for n, pair in zip(inner, pairs, strict=True)]
    if min(pad) < 0 or out.size <= _FEW:  # what was cut away may come back at the other edge
        np.copyto(out, x[(..., *np.ix_(*sources))])
        return
    within = [slice(before, before + n) for n, (before, _) in zip(inner, pairs, strict=True)]
    np.copyto(out[(..., *within)], x)
    for at, (n, (before, _), places) in enumerate(zip(inner, pairs, sources, strict=True)):
        lines = move_dim(out[(..., *[slice(None)] * (at + 1), *within[at + 1 :])], at - len(pairs), 0)
        for border in (slice(0, before), slice(before + n, None)):
            lines[border] = lines[places[border] + before]


def _fold(mode: str, g: Array, pad: Shape, out: Array) -> None:
    """Add up in `out` what each element was copied to, one dimension after the other."""
    pairs = _pairs(pad)
    for axis, (before, after) in zip(range(-len(pairs), 0), pairs, strict=True):
        n = out.shape[axis]
        along = move_dim(g, axis, 0)
        sources = _sources(mode, n, before, after)
        folded = np.zeros((n, *along.shape[1:]), g.dtype)
        first = max(before, 0)
        last = first + max(n + min(before, 0) + min(after, 0), 0)
        folded[max(-before, 0) : n - max(-after, 0)] = along[first:last]
        for border in (slice(0, first), slice(last, None)):
            np.add.at(folded, sources[border], along[border])
        g = move_dim(folded, 0, axis)
    np.copyto(out, g)


# How PyTorch's refusals write the sizes.
_SIZES = {
    ("reflection", 1): "W: {}", ("reflection", 2): "H: {}, W: {}", ("reflection", 3): "D: {} H: {}, W: {}",
    ("replication", 1): "W: {}", ("replication", 2): "H: {}, W: {} ", ("replication", 3): "D: {} H: {}, W: {}",
}  # fmt: skip


def _refuse(mode: str, count: int, shape: Shape, pad: Shape) -> None:
    """Raise where the tensor has not `count` padded dimensions and one or two more, or too few elements along them."""
    if len(shape) not in (count + 1, count + 2) or 0 in shape[len(shape) - count - 1 :]:
        raise RuntimeError(
            f"Expected {count + 1}D or {count + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(shape)}"
        )
    inner, pairs = shape[-count:], _pairs(pad)
    if mode == "reflection":
        for argument, at in enumerate(range(count - 1, -1, -1)):
            if max(pairs[at]) >= inner[at]:
                raise RuntimeError(
                    f"Argument #{4 + 2 * argument}: Padding size should be less than the corresponding input dimension, "
                    f"but got: padding {pairs[at]} at dimension {len(shape) - count + at} of input {list(shape)}"
                )
    result = [n + sum(pair) for n, pair in zip(inner, pairs, strict=True)]
    if max(result) < 1:
        sizes = _SIZES[mode, count].format(*inner)
        after = " ".join(f"{letter}: {n}" for letter, n in zip("DHW"[-count:], result, strict=True))
        raise RuntimeError(f"input ({sizes}) is too small. Calculated output {after}")


def _declare(mode: str, count: int) -> Overload:
    name = f"{mode}_pad{count}d"
    node = f"{mode.capitalize()}Pad{count}DBackward"

    def meta(self: Array, padding: Shape) -> Any:
        _refuse(mode, count, self.shape, padding)
        inner = [n + sum(pair) for n, pair in zip(self.shape[-count:], _pairs(padding), strict=True)]
        return like_self(self, (*self.shape[:-count], *inner))

    def like_self(self: Array, shape: Shape) -> Any:
        return image_spec(shape, self.dtype, self.ndim == count + 2 and prefers_channels_last(self))

    def samples(t: Callable[..., Any]) -> list[tuple[Any, ...]]:
        pads = [(2, 1, 0, 2, 1, 1), (-1, 2, 1, -1, 0, -1)]
        return [(t(2, *(3, 4, 3)[-count:]), pad[: 2 * count]) for pad in pads]

    @op(
        name=name,
        node=f"{node}0",
        variants="",
        meta=meta,
        dtypes=not_implemented(name, "b"),
        samples=samples,
        vjp={"self": lambda g, self, padding: getattr(k, f"{name}_backward")(g, self, padding)},
        rule="∂self = each ∂ added where its value came from",
    )
    def _(self: Array, padding: Ints, *, out: Array) -> None:
        _fill(mode, self, padding, out)

    padded = _

    @op(
        name=f"{name}_backward",
        node=f"{node}Backward0",
        variants="",
        meta=lambda grad_output, self, padding: like_self(self, self.shape),
        samples=lambda t: [
            (getattr(k, name)(x, pad).detach().requires_grad_(), x.detach(), pad) for x, pad in samples(t)
        ],
        vjp={"grad_output": lambda g, padding: getattr(k, name)(g, padding)},
        rule="∂grad_output = ∂, padded alike",
    )
    def _(grad_output: Array, self: Array, padding: Ints, *, out: Array) -> None:
        _fold(mode, grad_output, padding, out)

    return padded


# By the mode of `pad` and the number of dimensions that are padded.
PADDINGS = {
    (mode, count): _declare(name, count)
    for mode, name in (("reflect", "reflection"), ("replicate", "replication"))
    for count in (1, 2, 3)
}


@op(name="_pad_circular", variants="", composition=True)
def pad_circular(self: Array, pad: Ints) -> Any:
    """`self` with what is at its other end before and after it, along the last dimensions."""
    x: Any = self
    pairs = _pairs(pad)
    first = x.ndim - len(pairs)
    shape = list(x.shape)
    for at, (before, after) in enumerate(pairs, first):
        if max(before, after) > x.shape[at]:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        shape[at] += before + after
        if shape[at] < 0:
            raise RuntimeError("Negative padding value is resulting in an empty dimension")
    out = x.new_empty(shape)
    inside, kept = out, x
    for at, (before, after) in reversed(list(enumerate(pairs, first))):
        inside = slice_(inside, at, max(before, 0), shape[at] - max(after, 0), 1)
        kept = slice_(kept, at, max(-before, 0), x.shape[at] - max(-after, 0), 1)
    inside.copy_(kept)
    for at, (before, after) in enumerate(pairs, first):
        begin, end = max(before, 0), shape[at] - max(after, 0)
        if before > 0:
            slice_(out, at, 0, before, 1).copy_(slice_(out, at, end - before, end, 1))
        if after > 0:
            slice_(out, at, end, shape[at], 1).copy_(slice_(out, at, begin, begin + after, 1))
    return out
