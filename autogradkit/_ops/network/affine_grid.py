"""The grids of affine maps: for each place of an image or volume the place that a map leads to.

Rests on declare and on products; `nn.functional.affine_grid` calls it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Ints
from autogradkit._ops.declare.refusals import real_gradients, scalar_type
from autogradkit._ops.linalg.products import bmm, bmm_meta
from autogradkit._ops.making.ranges import fill_evenly
from autogradkit._ops.making.scalars import scalar_array
from autogradkit.core.dtype import from_numpy_dtype, is_half
from autogradkit.core.shapes import wrap_dim

Shape = tuple[int, ...]


def _steps(n: int, aligned: bool, numpy_dtype: np.dtype[Any]) -> Array:
    """n places from −1 to 1, rounded at each step to the dtype, which may be one of whole numbers."""
    steps = np.zeros(n, numpy_dtype)
    if n > 1:
        kind = from_numpy_dtype(numpy_dtype)
        fill_evenly(steps, scalar_array(-1, kind).item(), scalar_array(1, kind).item())
    if aligned or n <= 1:
        return steps
    return ((steps * numpy_dtype.type(n - 1)).astype(numpy_dtype) / numpy_dtype.type(n)).astype(numpy_dtype)


def _places_of(size: Shape, aligned: bool, numpy_dtype: np.dtype[Any]) -> Array:
    """The places themselves as rows (x, y, …, 1), for each sample of a batch."""
    spatial = size[2:]
    axes = [_steps(n, aligned, numpy_dtype) for n in spatial]
    places = np.stack([*reversed(np.meshgrid(*axes, indexing="ij")), np.ones(spatial, numpy_dtype)], -1)
    rows = math.prod(spatial), len(spatial) + 1
    return np.broadcast_to(places.reshape(rows), (size[0], *rows))


def _meta(theta: Array, size: Shape, align_corners: bool) -> Any:
    if len(size) not in (4, 5):
        raise RuntimeError("AffineGridGenerator needs 4d (spatial) or 5d (volumetric) inputs.")
    spatial = size[2:]
    whole = [size[0], *spatial, len(spatial) + 1]
    for each in whole:
        if each < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {each}: {whole}")
    if theta.dtype.kind == "b" or is_half(theta.dtype):
        for n in reversed(spatial):
            kernel = "tensor_cpu" if n <= 1 else "linspace_cpu" if theta.dtype.kind == "b" else ""
            if kernel:
                raise NotImplementedError(
                    f"\"{kernel}\" not implemented for '{scalar_type(from_numpy_dtype(theta.dtype))}'"
                )
    for dim in (1, 2):
        wrap_dim(dim, theta.ndim)
    bmm_meta(_places_of(size, align_corners, theta.dtype), theta.swapaxes(1, 2))
    shape = (size[0], *spatial, len(spatial))
    if math.prod(shape) != size[0] * math.prod(spatial) * theta.shape[1]:
        raise RuntimeError(
            f"shape '{list(shape)}' is invalid for input of size {math.prod(shape[:-1]) * theta.shape[1]}"
        )
    return shape, theta.dtype


def _to_theta(g: Any, size: Shape, align_corners: bool) -> Any:
    base = k.constant(_places_of(size, align_corners, k.numpy_dtype(g)), g)
    flat = k.reshape(g, (size[0], math.prod(size[2:]), len(size) - 2))
    return k.transpose(k.bmm(k.transpose(base, 1, 2), flat), 1, 2)


@op(
    variants="function",
    meta=_meta,
    dtypes=real_gradients("affine_grid_generator"),
    out=False,
    samples=lambda t: [(t(1, 2, 3), (1, 1, 2, 2), False), (t(2, 3, 4), (2, 1, 1, 2, 3), True)],
    vjp={"theta": _to_theta},
    rule="∂theta = Σ(∂ · place), over the places (x, y, …, 1) of the image",
)
def affine_grid_generator(theta: Array, size: Ints, align_corners: bool, *, out: Array) -> None:
    """For each place of images or volumes of `size` the place that the affine maps `theta` lead to, between −1 and 1.

    Prefer `nn.functional.affine_grid`. Raises RuntimeError where the maps do not fit the size.

    >>> import autogradkit as torch
    >>> torch.affine_grid_generator(torch.eye(2, 3)[None], (1, 1, 1, 2), True)
    tensor([[[[-1.,  0.],
              [ 1.,  0.]]]])
    """
    base = np.ascontiguousarray(_places_of(size, align_corners, theta.dtype))
    np.copyto(out, bmm.on_arrays(base, theta.swapaxes(1, 2)).reshape(out.shape))
