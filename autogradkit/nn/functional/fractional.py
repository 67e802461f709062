"""Fractional max pooling: poolings by a factor that is no whole number, whose windows are placed at random.

Rests on the declared ops and on `rand`, which draws where the windows stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from autogradkit._ops.making.sampling import rand
from autogradkit._ops.network import fractional_pool
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor

__all__ = [
    "fractional_max_pool2d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d", "fractional_max_pool3d_with_indices",
]  # fmt: skip


def _sizes(dims: int, input: Tensor, output_size: Any, output_ratio: Any) -> Any:
    """The sizes that are asked for, or those that a ratio gives. Raises ValueError where there is neither."""
    if output_size is not None:
        return output_size
    if output_ratio is None:
        raise ValueError(f"fractional_max_pool{dims}d requires specifying either an output_size or an output_ratio")
    if dims == 2 and len(output_ratio) > 2:
        raise ValueError("fractional_max_pool2d requires output_ratio to either be a single Int or tuple of Ints.")
    ratios = tuple(output_ratio) if isinstance(output_ratio, Iterable) else (output_ratio,) * dims
    return [int(input.size(at - dims) * ratios[at]) for at in range(dims)]


def _samples(dims: int, input: Tensor) -> Tensor:
    batch = 1 if input.dim() == dims + 1 else input.size(0)
    return rand.front("function")(batch, input.size(-dims - 1), dims, dtype=input.dtype)


def _with_indices(dims: int, pool: Callable[..., tuple[Tensor, Tensor]]):
    def pooled(
        input: Tensor,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        size = _sizes(dims, input, output_size, output_ratio)
        return pool(input, kernel_size, size, _samples(dims, input) if _random_samples is None else _random_samples)

    name = f"fractional_max_pool{dims}d"
    last, threes, left, right = 3**dims - 1, ", ".join("3" * dims), "[" * (dims + 1), "]" * (dims + 1)
    pooled.__name__ = pooled.__qualname__ = f"{name}_with_indices"
    pooled.__doc__ = f"""The maxima of `{name}`, and their positions, whatever `return_indices` says.

    >>> import autogradkit as torch
    >>> torch.nn.functional.{name}_with_indices(torch.arange({last + 1}.0).reshape(1, {threes}), 2, 1)
    (tensor({left}{last}.{right}), tensor({left}{last}{right}))
    """
    return entry(pooled)


def _alone(dims: int, with_indices: Callable[..., tuple[Tensor, Tensor]], planes: str):
    def pooled(
        input: Tensor,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> Any:
        found = with_indices(input, kernel_size, output_size, output_ratio, return_indices, _random_samples)
        return found if return_indices else found[0]

    fives, threes, ratios = (", ".join([each] * dims) for each in ("5", "3", "0.7"))
    pooled.__name__ = f"fractional_max_pool{dims}d"
    pooled.__qualname__ = f"_{pooled.__name__}"  # which PyTorch's refusals say
    pooled.__doc__ = f"""The maxima of `output_size` windows of {planes}, placed at random.

    `output_ratio` gives the sizes as a part of the input's, `return_indices` also gives the positions. Raises ValueError
    without sizes.

    >>> import autogradkit as torch
    >>> torch.nn.functional.fractional_max_pool{dims}d(torch.ones(1, {fives}), 2, output_ratio=({ratios})).shape
    torch.Size([1, {threes}])
    """
    return entry(pooled)


fractional_max_pool2d_with_indices = _with_indices(2, fractional_pool.fractional_max_pool2d.owner.front("function"))
fractional_max_pool3d_with_indices = _with_indices(3, fractional_pool.fractional_max_pool3d.owner.front("function"))
fractional_max_pool2d = _alone(2, fractional_max_pool2d_with_indices, "images (N, C, H, W) or (C, H, W)")
fractional_max_pool3d = _alone(3, fractional_max_pool3d_with_indices, "volumes (N, C, D, H, W) or (C, D, H, W)")
