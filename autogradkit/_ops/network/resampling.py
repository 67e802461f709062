"""Images, sequences and volumes made larger or smaller: each number of the result is a weighted sum of a few of the input.

The sum goes dimension by dimension, so that a mode is told by its taps along one: which places, with which weights. Its gradient
is the same sum turned round. Rests on declare; `nn.functional.interpolate` calls the ops, one for each mode and number of
dimensions, as PyTorch has them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Ints, Object
from autogradkit._ops.declare.names import OVERLOADS
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.network.channels_last import image_spec, prefers_channels_last
from autogradkit._ops.network.rounding import write_whole
from autogradkit.core.dtype import from_numpy_dtype, is_half
from autogradkit.core.parts import in_slabs
from autogradkit.core.strides import move_dim

Shape = tuple[int, ...]
# Places and weights, taps × result; without weights there is one tap, and a place of −1 is none.
Taps = tuple[Array, Array | None]


# -- taps along one dimension ------------------------------------------------------------------------------------------


def _nearest(n: int, count: int, aligned: bool, scale: float | None, kind: Any, middle: float) -> Taps:
    step = np.float32(1 / scale) if scale else np.float32(n / count)
    places = np.floor((np.arange(count, dtype=np.float32) + np.float32(middle)) * step).astype(np.int64)
    return np.minimum(places, n - 1)[None], None


def _sources(n: int, count: int, aligned: bool, scale: float | None, kind: Any) -> Array:
    """Where in the input each place of the result is, in the precision of what is resampled."""
    places = np.arange(count, dtype=kind)
    if aligned:
        return places * kind((n - 1) / (count - 1) if count > 1 else 0.0)
    return (places + kind(0.5)) * kind(1 / scale if scale else n / count) - kind(0.5)


def _linear(n: int, count: int, aligned: bool, scale: float | None, kind: Any) -> Taps:
    source = np.maximum(_sources(n, count, aligned, scale, kind), 0)
    first = np.minimum(source.astype(np.int64), n - 1)
    part = np.clip(source - first, 0, 1)
    return np.stack([first, np.minimum(first + 1, n - 1)]), np.stack([1 - part, part])


def _cubic_near(x: Array, a: float) -> Array:
    return ((a + 2) * x - (a + 3)) * x * x + 1


def _cubic_far(x: Array, a: float) -> Array:
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a


def _cubic(n: int, count: int, aligned: bool, scale: float | None, kind: Any) -> Taps:
    source = _sources(n, count, aligned, scale, kind)
    first = np.floor(source)
    part, a = source - first, -0.75
    weights = [_cubic_far(part + 1, a), _cubic_near(part, a), _cubic_near(1 - part, a), _cubic_far(2 - part, a)]
    places = first.astype(np.int64) + np.arange(-1, 3)[:, None]
    return np.clip(places, 0, n - 1), np.stack(weights)


def _triangle(x: Array) -> Array:
    return np.maximum(1 - np.abs(x), 0)


def _bump(x: Array) -> Array:
    size, a = np.abs(x), -0.5
    return np.where(size < 1, _cubic_near(size, a), np.where(size < 2, _cubic_far(size, a), 0))


def _windowed_sinc(x: Array) -> Array:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


def _smoothed(
    n: int, count: int, aligned: bool, scale: float | None, kind: Any, shape: Callable[[Array], Array], reach: int
) -> Taps:
    """As wide as the places that one of the result stands for, where it is made smaller."""
    step = ((n - 1) / (count - 1) if count > 1 else 0.0) if aligned else (1 / scale if scale else n / count)
    wide = max(step, 1.0)
    centre = step * (np.arange(count) + 0.5)
    first = np.maximum((centre - reach * wide + 0.5).astype(np.int64), 0)
    last = np.minimum((centre + reach * wide + 0.5).astype(np.int64), n)
    places = first + np.arange(int((last - first).max()))[:, None]
    weights = np.where(places < last, shape((places - centre + 0.5) / wide), 0)
    return np.where(places < last, places, -1), weights / np.add.reduce(weights, 0)


_MODES: dict[str, Callable[..., Taps]] = {
    "nearest": functools.partial(_nearest, middle=0.0),
    "nearest_exact": functools.partial(_nearest, middle=0.5),
    "linear": _linear,
    "cubic": _cubic,
    "linear_aa": functools.partial(_smoothed, shape=_triangle, reach=1),
    "cubic_aa": functools.partial(_smoothed, shape=_bump, reach=2),
    "lanczos_aa": functools.partial(_smoothed, shape=_windowed_sinc, reach=3),
}


@functools.lru_cache(256)
def _taps(mode: str, n: int, count: int, aligned: bool, scale: float | None, kind: Any) -> Taps:
    return _MODES[mode](n, count, aligned, scale, kind)


# -- the sum, and the same turned round --------------------------------------------------------------------------------


def _along(values: Array, axis: int, ndim: int, dtype: Any) -> Array:
    return values.astype(dtype).reshape(-1, *(1,) * (ndim - 1 - axis))


def _resample(x: Array, taps: list[Taps]) -> Array:
    for at, (places, weights) in enumerate(taps):
        axis = x.ndim - len(taps) + at
        if weights is None:
            x = np.take(x, places[0], axis)
            continue
        total: Any = None
        for place, weight in zip(places, weights, strict=True):
            part = np.take(x, place, axis)
            part *= _along(weight, axis, x.ndim, x.dtype)
            if total is None:
                total = part
            elif place.min() >= 0:
                total += part
            else:
                total = np.where(_along(place >= 0, axis, x.ndim, bool), total + part, total)
        x = total
    return x


def _matrix(taps: Taps, n: int, dtype: Any) -> Array:
    """The weights of all places of the input, result × input."""
    places, weights = taps
    matrix = np.zeros((places.shape[1], n), dtype)
    given: Any = 1 if weights is None else weights
    np.add.at(matrix, (np.broadcast_to(np.arange(places.shape[1]), places.shape), places), given)
    return matrix


def _resample_bytes(x: Array, taps: list[Taps]) -> Array:
    """In whole numbers, and rounded after each dimension, of which the last comes first: as PyTorch's kernel for images does."""
    for at in reversed(range(len(taps))):
        axis = x.ndim - len(taps) + at
        if taps[at][1] is None:
            x = np.take(x, taps[at][0][0], axis)
            continue
        weights = _matrix(taps[at], x.shape[axis], np.float64)
        bits = next(each for each in range(1, 23) if each == 22 or int(0.5 + weights.max() * 2 ** (each + 1)) >= 2**15)
        whole = np.trunc(weights * 2**bits + np.copysign(0.5, weights)).astype(np.int64)
        summed = move_dim(move_dim(x.astype(np.int64), axis, -1) @ whole.T, -1, axis)
        x = np.clip((summed + 2 ** (bits - 1)) >> bits, 0, 255).astype(np.uint8)
    return x


def _spread(g: Array, taps: list[Taps], sizes: Shape) -> Array:
    for at, (each, n) in enumerate(zip(taps, sizes, strict=True)):
        axis = g.ndim - len(taps) + at
        g = move_dim(np.matmul(move_dim(g, axis, -1), _matrix(each, n, g.dtype)), -1, axis)
    return g


def _sizes(shape: Shape, output_size: Shape | None, scales: Any, dims: int) -> Shape:
    if output_size is not None:
        return tuple(output_size)
    found = [n * scale for n, scale in zip(shape[-dims:], scales, strict=True)]
    if not all(abs(each) < 2**63 for each in found):
        raise RuntimeError("value cannot be converted to type int64_t without overflow")
    return tuple(map(math.floor, found))


def _all_taps(mode: str, sizes: Shape, result: Shape, aligned: bool, scales: Any, dtype: np.dtype[Any]) -> list[Taps]:
    given = scales if scales is not None else (None,) * len(sizes)
    kind = np.float64 if dtype.itemsize == 1 or dtype == np.float64 else np.float32
    return [
        _taps(mode, n, count, aligned, None if scale is None else float(scale), kind)
        for n, count, scale in zip(sizes, result, given, strict=True)
    ]


def _by_image(dims: int, out: Array, x: Array) -> tuple[Array, Array]:
    """All channels of all samples in a row, if that is how the result lies."""
    if not out.flags.c_contiguous:
        return out, x
    return out.reshape(-1, *out.shape[-dims:]), x.reshape(-1, *x.shape[-dims:])


# -- the ops -----------------------------------------------------------------------------------------------------------

_LABELS = {"linear": "compute_indices_weights_linear", "cubic": "compute_indices_weights_cubic"}


def _require_kind(x: Array, mode: str, dims: int) -> None:
    smoothed = mode.endswith("_aa")
    bytes_too = dims == 2 or mode != "linear"
    if (x.dtype.kind in "fV" and not (smoothed and is_half(x.dtype))) or (x.dtype == np.uint8 and bytes_too):
        return
    label = _LABELS.get(mode, "compute_indices_weights_nearest")
    if dims == 2 and mode in ("nearest", "nearest_exact", "linear"):  # contiguous images of several channels
        label = f"upsample_{'bilinear' if mode == 'linear' else 'nearest'}2d_channels_last"
    if smoothed:
        label = "compute_index_ranges_weights"
    raise NotImplementedError(f"\"{label}\" not implemented for '{scalar_type(from_numpy_dtype(x.dtype))}'")


def _require_sizes(x: Array, result: Shape) -> None:
    dims = len(result)
    sizes = x.shape[-dims:]
    if min(*sizes, *result) <= 0:
        if dims == 1:
            shown = f"input (W: {sizes[0]}) and output (W: {result[0]})"
        else:
            shown = " output ".join(
                f"({', '.join(f'{letter}: {n}' for letter, n in zip('DHW'[-dims:], each, strict=True))})"
                for each in (sizes, result)
            )
            shown = f"input {shown}"
        raise RuntimeError(f"Input and output sizes should be greater than 0, but got {shown}")
    if x.size == 0 and 0 in x.shape[1:]:
        raise RuntimeError(f"Non-empty {dims + 2}D data tensor expected but got a tensor with sizes {list(x.shape)}")


def _declared(name: str, node: str, mode: str, dims: int) -> Overload:
    """The op of one mode and number of dimensions, after its backward."""

    def meta(input: Array, output_size: Shape | None, align_corners: bool, scale_factors: Any) -> Any:
        result = _sizes(input.shape, output_size, scale_factors, dims)
        _require_sizes(input, result)
        _require_kind(input, mode, dims)
        last = prefers_channels_last(input)
        return image_spec((*input.shape[:-dims], *result), input.dtype, last)

    def shapes(t: Any) -> Any:
        return t(1, 2, *(3, 4, 3)[:dims]), tuple([5, 3, 4][:dims])

    backward = f"{name}_backward"

    @op(
        name=name,
        variants="",
        label=name.removeprefix("_"),
        node=f"{node}Backward0",
        meta=meta,
        out=False,
        samples=lambda t: [(*shapes(t), False, None)],
        vjp={
            "input": lambda g, input_sym_sizes, output_size, align_corners, scale_factors: getattr(k, backward)(
                g, output_size, input_sym_sizes, align_corners, scale_factors
            )
        },
        rule="∂input = ∂ at the places that each number was made of, by their weights",
    )
    def _(input: Array, output_size: Ints | None, align_corners: bool, scale_factors: Object, *, out: Array) -> None:
        """Each number of the result a weighted sum of some of the input."""
        taps = _all_taps(mode, input.shape[-dims:], out.shape[-dims:], align_corners, scale_factors, input.dtype)
        if input.dtype == np.uint8:
            np.copyto(out, _resample_bytes(input, taps))
        else:
            for into, images in in_slabs(1, *_by_image(dims, out, input)):
                write_whole(into, lambda x: _resample(x, taps), images)

    @op(
        name=backward,
        variants="",
        node=f"{node}BackwardBackward0",
        meta=lambda grad_output, output_size, input_size, align_corners, scale_factors: image_spec(
            tuple(input_size),
            grad_output.dtype,
            prefers_channels_last(grad_output),
        ),
        samples=lambda t: [(t(1, 2, *(5, 3, 4)[:dims]), (5, 3, 4)[:dims], (1, 2, *(3, 4, 3)[:dims]), False, None)],
        vjp={
            "grad_output": lambda g, output_size, align_corners, scale_factors, grad_output_sym_sizes: getattr(k, name)(
                g, grad_output_sym_sizes[-dims:], align_corners, scale_factors
            )
        },
        rule="∂grad_output = ∂ resampled",
    )
    def _(
        grad_output: Array,
        output_size: Ints | None,
        input_size: Ints,
        align_corners: bool,
        scale_factors: Object,
        *,
        out: Array,
    ) -> None:
        """Each gradient at the places that its number was made of."""
        sizes = tuple(input_size)[-dims:]
        taps = _all_taps(mode, sizes, grad_output.shape[-dims:], align_corners, scale_factors, out.dtype)
        write_whole(out, lambda g: _spread(g, taps, sizes), grad_output)

    return OVERLOADS[name]


UPSAMPLES = {
    (mode, dims): _declared(name, node, kind, dims)
    for mode, dims, name, node, kind in (
        *(("nearest", n, f"upsample_nearest{n}d", f"UpsampleNearest{n}D", "nearest") for n in (1, 2, 3)),
        *(
            ("nearest-exact", n, f"_upsample_nearest_exact{n}d", f"UpsampleNearestExact{n}D", "nearest_exact")
            for n in (1, 2, 3)
        ),
        ("linear", 1, "upsample_linear1d", "UpsampleLinear1D", "linear"),
        ("bilinear", 2, "upsample_bilinear2d", "UpsampleBilinear2D", "linear"),
        ("trilinear", 3, "upsample_trilinear3d", "UpsampleTrilinear3D", "linear"),
        ("bicubic", 2, "upsample_bicubic2d", "UpsampleBicubic2D", "cubic"),
        ("bilinear_aa", 2, "_upsample_bilinear2d_aa", "UpsampleBilinear2DAa", "linear_aa"),
        ("bicubic_aa", 2, "_upsample_bicubic2d_aa", "UpsampleBicubic2DAa", "cubic_aa"),
        ("lanczos_aa", 2, "_upsample_lanczos2d_aa", "UpsampleLanczos2DAa", "lanczos_aa"),
    )
}
