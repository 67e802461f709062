"""Fractional max pooling: poolings by a factor that is no whole number, whose windows are placed at random.

Rests on the declared ops and on `rand`, which draws where the windows stand.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autogradkit._ops.making.sampling import rand
from autogradkit._ops.network import fractional_pool
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor

__all__ = [
    "fractional_max_pool2d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d", "fractional_max_pool3d_with_indices",
]  # fmt: skip

_pool2d = fractional_pool.fractional_max_pool2d.owner.made("function")
_pool3d = fractional_pool.fractional_max_pool3d.owner.made("function")


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
    return rand.made("function")(batch, input.size(-dims - 1), dims, dtype=input.dtype)


@entry
def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The maxima of `fractional_max_pool2d`, and their positions, whatever `return_indices` says.

    >>> import autogradkit as torch
    >>> torch.nn.functional.fractional_max_pool2d_with_indices(torch.arange(4.0).reshape(1, 2, 2), 2, 1)
    (tensor([[[3.]]]), tensor([[[3]]]))
    """
    size = _sizes(2, input, output_size, output_ratio)
    return _pool2d(input, kernel_size, size, _samples(2, input) if _random_samples is None else _random_samples)


@entry
def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The maxima of `fractional_max_pool3d`, and their positions, whatever `return_indices` says.

    >>> import autogradkit as torch
    >>> torch.nn.functional.fractional_max_pool3d_with_indices(torch.arange(27.0).reshape(1, 3, 3, 3), 2, 1)
    (tensor([[[[26.]]]]), tensor([[[[26]]]]))
    """
    size = _sizes(3, input, output_size, output_ratio)
    return _pool3d(input, kernel_size, size, _samples(3, input) if _random_samples is None else _random_samples)


@entry
def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The maxima of `output_size` windows of images (N, C, H, W) or (C, H, W), placed at random.

    `output_ratio` gives the sizes as a part of the input's, `return_indices` also gives the positions. Raises ValueError
    without sizes.

    >>> import autogradkit as torch
    >>> torch.nn.functional.fractional_max_pool2d(torch.ones(1, 5, 5), 2, output_ratio=(0.7, 0.7)).shape
    torch.Size([1, 3, 3])
    """
    found = fractional_max_pool2d_with_indices(
        input, kernel_size, output_size, output_ratio, return_indices, _random_samples
    )
    return found if return_indices else found[0]


@entry
def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The maxima of `output_size` windows of volumes (N, C, D, H, W) or (C, D, H, W), placed at random.

    `output_ratio` gives the sizes as a part of the input's, `return_indices` also gives the positions. Raises ValueError
    without sizes.

    >>> import autogradkit as torch
    >>> torch.nn.functional.fractional_max_pool3d(torch.ones(1, 5, 5, 5), 2, output_ratio=0.7).shape
    torch.Size([1, 3, 3, 3])
    """
    found = fractional_max_pool3d_with_indices(
        input, kernel_size, output_size, output_ratio, return_indices, _random_samples
    )
    return found if return_indices else found[0]
