"""Where index tensors point: what a kernel needs of them, which is NumPy's index and the result's shape and strides.

Rests on strides; the indexing ops ask, with the index tensors that `indexing.parse` found.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from autogradkit.core.shapes import wrap_dim
from autogradkit.core.storage import Array
from autogradkit.core.strides import contiguous_strides, element_strides, expand_strides, output_strides, view_strides

Ints = tuple[int, ...]


class Location(NamedTuple):
    """Where index tensors point: NumPy's index for it, and the geometry of what is found there."""

    numpy_index: tuple[Array | slice, ...]
    shape: Ints
    strides: Ints


def locate(indices: Sequence[Array | None], shape: Ints, strides: Ints, *, bounded: bool = True) -> Location:
    """Where `indices` point in a tensor of `shape` and `strides`, and the geometry of a copy of what is there.

    Where the index tensors stand side by side their broadcast shape takes the place of the dimensions that they index;
    else it comes first. Raises IndexError with PyTorch's texts; unless `bounded` indices may reach outside.
    """
    expanded = _expand_masks(indices, shape)
    if len(expanded) > len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)} (got {len(expanded)})")
    expanded += [None] * (len(shape) - len(expanded))
    arrays = [index for index in expanded if index is not None]
    if not arrays:
        raise IndexError("at least one index must be provided")
    kept = tuple([index if index is None else (index.shape, element_strides(index)) for index in expanded])
    sizes, places, out_shape, out_strides = _geometry(kept, shape, strides)
    if bounded and math.prod(out_shape):
        _check_bounds(arrays, sizes, places)
    numpy_index = tuple([slice(None) if index is None else index for index in expanded])
    return Location(numpy_index, out_shape, out_strides)


@functools.lru_cache(1024)
def _geometry(
    indices: tuple[tuple[Ints, Ints] | None, ...], shape: Ints, strides: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """What follows from sizes and strides alone, of the tensor and its index tensors: (the sizes that are indexed, the index
    tensors' broadcast shape, the result's shape and strides)."""
    dims = [dim for dim, index in enumerate(indices) if index is not None]
    arrays = [index for index in indices if index is not None]
    places = _broadcast_indices([sizes for sizes, _ in arrays])
    sizes = tuple([shape[dim] for dim in dims])
    if 0 in sizes and 0 not in places:
        raise IndexError("index is out of bounds for dimension with size 0")

    adjacent = dims[-1] - dims[0] == len(dims) - 1
    rest = [dim for dim in range(len(shape)) if dim not in dims]
    before = [dim for dim in rest if adjacent and dim < dims[0]]
    after = [dim for dim in rest if dim not in before]
    out_shape = (*(shape[d] for d in before), *places, *(shape[d] for d in after))
    source = (*(strides[d] for d in before), *(0 for _ in places), *(strides[d] for d in after))
    operands = [(out_shape, source)]
    around = (1,) * len(before) + places + (1,) * len(after)
    for each in arrays:
        spread = expand_strides(*each, places)
        operands.append((around, view_strides(places, spread, around) or contiguous_strides(around)))
    return sizes, places, out_shape, output_strides(operands, out_shape)


_INDEX_DTYPES = frozenset(map(np.dtype, (np.int64, np.int32, np.uint8, np.bool_)))


def _expand_masks(indices: Sequence[Array | None], shape: Ints) -> list[Array | None]:
    """Every boolean index replaced by the positions where it is true, one index for each of its dimensions."""
    expanded: list[Array | None] = []
    if any(index is not None and index.dtype not in _INDEX_DTYPES for index in indices):
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    for index in indices:
        if index is None:
            expanded.append(None)
        elif index.dtype == np.bool_ or index.dtype == np.uint8:
            if index.dtype == np.uint8:
                warnings.warn(
                    "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.",
                    UserWarning,
                    stacklevel=7,
                )
            for dim, size in enumerate(index.shape):
                target = wrap_dim(len(expanded) + dim, len(shape))
                if size != shape[target]:
                    raise IndexError(
                        f"The shape of the mask {list(index.shape)} at index {dim} does not match the shape of the "
                        f"indexed tensor {list(shape)} at index {target}"
                    )
            expanded += np.nonzero(index)
        else:
            expanded.append(index)
    return expanded


def _broadcast_indices(shapes: Sequence[Ints]) -> Ints:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        told = ", ".join(str(list(shape)) for shape in shapes)
        raise IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {told}"
        ) from None


def _check_bounds(arrays: Sequence[Array], sizes: Sequence[int], places: Ints) -> None:
    """Raise IndexError for the first place, in row-major order, where some index reaches outside."""
    wrong: list[tuple[int, int, int, int]] = []
    for number, (array, size) in enumerate(zip(arrays, sizes, strict=True)):
        if array.size and (array.min() < -size or array.max() >= size):
            spread = np.broadcast_to(array, places)
            position = int(np.flatnonzero((spread < -size) | (spread >= size))[0])
            wrong.append((position, number, int(spread.flat[position]), size))
    if wrong:
        _, number, value, size = min(wrong)
        raise IndexError(f"index {value} is out of bounds for dimension {number} with size {size}")
