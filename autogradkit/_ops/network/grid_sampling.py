"""Images and volumes read at the places of a grid: grid_sampler in two and three dimensions.

Rests on declare and grid_kernels; `nn.functional.grid_sample` calls it.
"""

from __future__ import annotations

import math
from typing import Any

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.declaration import UNIMPLEMENTED
from autogradkit._ops.declare.kinds import Array, Bools
from autogradkit._ops.declare.refusals import scalar_type, undifferentiated
from autogradkit._ops.network.grid_kernels import (
    BICUBIC,
    BILINEAR,
    NEAREST,
    REFLECTION,
    sample_at,
    spread_from,
    spread_twice,
)
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.shapes import dim_of_size


def _vjp(name: str) -> Any:
    def formula(
        g: Any, input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool, needs: Any
    ) -> Any:
        backward = getattr(k, name)
        found = backward(g, input, grid, interpolation_mode, padding_mode, align_corners, needs)
        return tuple([each if need else None for each, need in zip(found, needs, strict=True)])

    return formula


_RULE = (
    "∂input = ∂ at the corners that each number was made of, by their weights\n"
    "∂grid = Σ(∂ · input at the corners, by the slopes of their weights), over channels"
)


def _require_fit(dims: int, input: Array, grid: Array, mode: int) -> None:
    sizes = f"but got input with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
    for each in (input, grid):
        dim_of_size(0, each.ndim)
    if input.shape[0] != grid.shape[0]:
        raise RuntimeError(f"grid_sampler(): expected grid and input to have same batch size, {sizes}")
    if grid.shape[-1] != input.ndim - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {input.ndim - 2} in last dimension, but got grid with sizes "
            f"{list(grid.shape)}"
        )
    if 0 in input.shape[2:]:
        at = 2 + list(input.shape[2:]).index(0)
        raise RuntimeError(
            "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes "
            f"{list(input.shape)} with dimension {at} being empty"
        )
    if input.ndim != dims + 2 or input.ndim != grid.ndim:
        raise RuntimeError(
            f"grid_sampler(): expected {dims + 2}D input and grid with same number of dimensions, {sizes}"
        )
    if dims == 3 and mode == BICUBIC:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")


def _meta(dims: int, input: Array, grid: Array, mode: int, padding: int, align_corners: bool) -> Any:
    _require_fit(dims, input, grid, mode)
    shape = (*input.shape[:2], *grid.shape[1:-1])
    kernel = "grid_sampler_2d_cpu_kernel_impl" if dims == 2 else "grid_sampler3d_cpu"
    if dims == 3 or math.prod(shape):  # images without elements PyTorch gives back at once
        given, other = (from_numpy_dtype(each.dtype) for each in (input, grid))
        if input.dtype.kind not in "fV":
            raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_type(given)}'")
        if given is not other:
            raise RuntimeError(f"expected scalar type {scalar_type(given)} but found {scalar_type(other)}")
        if not (0 <= mode <= BICUBIC and 0 <= padding <= REFLECTION):  # PyTorch leaves memory unwritten
            raise RuntimeError(f"grid_sampler(): there is no interpolation mode {mode}, or no padding mode {padding}")
    return shape, input.dtype


def _backward_meta(grad_output: Array, input: Array, grid: Array, *how: Any) -> Any:
    to_input, to_grid = how[-1]
    return (
        (input.shape, input.dtype) if to_input else ((0,), input.dtype),
        (grid.shape, grid.dtype) if to_grid else ((0,), grid.dtype),
    )


def _grid(t: Any, *shape: int) -> Any:
    """Places between those of an input, where its slope is smooth."""
    return t(*shape, low=0.1, high=0.3)


@op(
    variants="function",
    node="GridSampler2DBackward0",
    label="grid_sample",
    meta=lambda *given: _meta(2, *given),
    samples=lambda t: [(t(1, 2, 4, 4), _grid(t, 1, 2, 1, 2), mode, 0, True) for mode in (BILINEAR, BICUBIC)],
    group=("input grid", _vjp("grid_sampler_2d_backward")),
    rule=_RULE,
)
def grid_sampler_2d(
    input: Array, grid: Array, interpolation_mode: int, padding_mode: int, align_corners: bool, *, out: Array
) -> None:
    """`grid_sampler` of images; modes and paddings by their numbers.

    >>> import autogradkit as torch
    >>> torch.grid_sampler_2d(torch.arange(4.0).view(1, 1, 2, 2), torch.zeros(1, 1, 1, 2), 0, 0, False)
    tensor([[[[1.5000]]]])
    """
    sample_at(input, grid, interpolation_mode, padding_mode, align_corners, out)


@op(
    variants="function",
    node="GridSampler3DBackward0",
    label="grid_sample",
    meta=lambda *given: _meta(3, *given),
    samples=lambda t: [(t(1, 2, 3, 4, 4), _grid(t, 1, 1, 2, 1, 3), BILINEAR, 0, True)],
    group=("input grid", _vjp("grid_sampler_3d_backward")),
    rule=_RULE,
)
def grid_sampler_3d(
    input: Array, grid: Array, interpolation_mode: int, padding_mode: int, align_corners: bool, *, out: Array
) -> None:
    """`grid_sampler` of volumes; modes and paddings by their numbers.

    >>> import autogradkit as torch
    >>> torch.grid_sampler_3d(torch.arange(8.0).view(1, 1, 2, 2, 2), torch.zeros(1, 1, 1, 1, 3), 0, 0, False).item()
    3.5
    """
    sample_at(input, grid, interpolation_mode, padding_mode, align_corners, out)


def _refused(name: str) -> dict[str, Any]:
    return dict.fromkeys(("of_input", "of_grid", "grad_output", "input", "grid"), undifferentiated(name))


def _double(name: str, of_images: bool) -> Any:
    def formula(
        g: Any, grad_output: Any, input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool,
        output_mask: Any, needs: Any,
    ) -> Any:  # fmt: skip
        of_input, of_grid = (
            each if each is not None and asked else k.zeros_like(like)
            for each, asked, like in zip(g, output_mask, (input, grid), strict=True)
        )
        how = interpolation_mode, padding_mode, align_corners
        found = getattr(k, name)(of_input, of_grid, grad_output, input, grid, *how)
        if interpolation_mode == NEAREST and of_images:  # which PyTorch does not call zeros
            found = found[0], None, None if g[0] is None else found[2]
        return tuple([each if need else None for each, need in zip(found, needs, strict=True)])

    return formula


_DOUBLE_RULE = (
    "∂grad_output = what the gradients of input and grid give at the corners\n"
    "∂input = grad_output at the corners, by the slopes of their weights and the gradient of grid\n"
    "∂grid = as the weights and their slopes change"
)


@op(
    variants="",
    node="GridSampler2DBackwardBackward0",
    meta=_backward_meta,
    samples=lambda t: [
        (t(1, 2, 2, 1), t(1, 2, 4, 4), _grid(t, 1, 2, 1, 2), mode, 0, True, (True, True))
        for mode in (BILINEAR, BICUBIC)
    ],
    outputs="result0 result1",
    group=("grad_output input grid", _double("grid_sampler_2d_double_backward", True)),
    rule=_DOUBLE_RULE,
)
def grid_sampler_2d_backward(
    grad_output: Array,
    input: Array,
    grid: Array,
    interpolation_mode: int,
    padding_mode: int,
    align_corners: bool,
    output_mask: Bools,
    *,
    out: tuple[Array, Array],
) -> None:
    """The gradients of input and grid."""
    given = [each if wanted else None for each, wanted in zip(out, output_mask, strict=True)]
    spread_from(grad_output, input, grid, interpolation_mode, padding_mode, align_corners, *given)


@op(
    variants="",
    node=UNIMPLEMENTED,
    meta=lambda of_input, of_grid, grad_output, input, grid, *_: (
        (grad_output.shape, grad_output.dtype),
        (input.shape, input.dtype),
        (grid.shape, grid.dtype),
    ),
    outputs="result0 result1 result2",
    vjp=_refused("grid_sampler_2d_double_backward"),
)
def grid_sampler_2d_double_backward(
    of_input: Array,
    of_grid: Array,
    grad_output: Array,
    input: Array,
    grid: Array,
    interpolation_mode: int,
    padding_mode: int,
    align_corners: bool,
    *,
    out: tuple[Array, Array, Array],
) -> None:
    """From the gradients of both gradients those of grad_output, input and grid. It is not differentiated again."""
    spread_twice(of_input, of_grid, grad_output, input, grid, (interpolation_mode, padding_mode, align_corners), out)


@op(
    variants="",
    node="GridSampler3DBackwardBackward0",
    meta=_backward_meta,
    samples=lambda t: [
        (t(1, 2, 1, 2, 1), t(1, 2, 3, 4, 4), _grid(t, 1, 1, 2, 1, 3), mode, 0, True, (True, True))
        for mode in (BILINEAR,)
    ],
    outputs="result0 result1",
    group=("grad_output input grid", _double("grid_sampler_3d_double_backward", False)),
    rule=_DOUBLE_RULE,
)
def grid_sampler_3d_backward(
    grad_output: Array,
    input: Array,
    grid: Array,
    interpolation_mode: int,
    padding_mode: int,
    align_corners: bool,
    output_mask: Bools,
    *,
    out: tuple[Array, Array],
) -> None:
    """The gradients of input and grid."""
    given = [each if wanted else None for each, wanted in zip(out, output_mask, strict=True)]
    spread_from(grad_output, input, grid, interpolation_mode, padding_mode, align_corners, *given)


@op(
    variants="",
    node=UNIMPLEMENTED,
    meta=lambda of_input, of_grid, grad_output, input, grid, *_: (
        (grad_output.shape, grad_output.dtype),
        (input.shape, input.dtype),
        (grid.shape, grid.dtype),
    ),
    outputs="result0 result1 result2",
    vjp=_refused("grid_sampler_3d_double_backward"),
)
def grid_sampler_3d_double_backward(
    of_input: Array,
    of_grid: Array,
    grad_output: Array,
    input: Array,
    grid: Array,
    interpolation_mode: int,
    padding_mode: int,
    align_corners: bool,
    *,
    out: tuple[Array, Array, Array],
) -> None:
    """From the gradients of both gradients those of grad_output, input and grid. It is not differentiated again."""
    spread_twice(of_input, of_grid, grad_output, input, grid, (interpolation_mode, padding_mode, align_corners), out)


@op(variants="function", composition=True)
def grid_sampler(input: Array, grid: Array, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Any:
    """The input (N, C, …) at the places of `grid` (N, …, 2 or 3), between −1 and 1; the modes are numbers.

    Prefer `nn.functional.grid_sample`. Raises RuntimeError where the sizes do not fit.

    >>> import autogradkit as torch
    >>> torch.grid_sampler(torch.arange(4.0).reshape(1, 1, 2, 2), torch.zeros(1, 1, 1, 2), 0, 0, False)
    tensor([[[[1.5000]]]])
    """
    sample = grid_sampler_2d if input.ndim == 4 else grid_sampler_3d
    return sample(input, grid, interpolation_mode, padding_mode, align_corners)
