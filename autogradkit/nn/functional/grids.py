"""Images read at the places of a grid, and the grids of affine maps.

Rests on the declared ops of `_ops/network`, grid_sampling.py and affine_grid.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.network import affine_grid as affine
from autogradkit._ops.network import grid_kernels, grid_sampling
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn

__all__ = ["affine_grid", "grid_sample"]

_grid_sampler = grid_sampling.grid_sampler.owner.front("function")
_affine_grid = affine.affine_grid_generator.owner.front("function")

_MODES = {"bilinear": grid_kernels.BILINEAR, "nearest": grid_kernels.NEAREST, "bicubic": grid_kernels.BICUBIC}
_PADDINGS = {"zeros": grid_kernels.ZEROS, "border": grid_kernels.BORDER, "reflection": grid_kernels.REFLECTION}


def _is_aligned(align_corners: bool | None) -> bool:
    if align_corners is None:
        warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
            "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
        )
    return bool(align_corners)


@entry
def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The input (N, C, H, W) or (N, C, D, H, W) at the places of `grid` (N, …, 2 or 3), x first, between −1 and 1.

    `mode` is "bilinear", "nearest" or, of images, "bicubic"; `padding_mode` says what is beyond: "zeros", "border" or
    "reflection". Raises ValueError for other modes.

    >>> import autogradkit as torch
    >>> image = torch.arange(4.0).reshape(1, 1, 2, 2)
    >>> torch.nn.functional.grid_sample(image, torch.zeros(1, 1, 1, 2), align_corners=False)
    tensor([[[[1.5000]]]])
    """
    if mode not in _MODES:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in _PADDINGS:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    aligned = _is_aligned(align_corners)
    return _grid_sampler(input, grid, _MODES[mode], _PADDINGS[padding_mode], aligned)


@entry
def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The grid for `grid_sample` of affine maps: (N, 2, 3) for images of `size` (N, C, H, W), (N, 3, 4) for volumes.

    Raises ValueError for maps that do not fit the size.

    >>> import autogradkit as torch
    >>> torch.nn.functional.affine_grid(torch.eye(2, 3)[None], (1, 1, 1, 2), align_corners=False)
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]])
    """
    aligned = _is_aligned(align_corners)
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(size) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size "
            f"{size}."
        )
    dims = len(size) - 2
    shape: Any = theta.shape
    if theta.dim() != 3 or tuple(shape[-2:]) != (dims, dims + 1):
        raise ValueError(
            f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size {size}. Got {theta.shape}."
        )
    if aligned and min(size[-dims:]) == 1:
        warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is not "
            "an intended use case of affine_grid. See the documentation of affine_grid for details."
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return _affine_grid(theta, size, aligned)
