"""Poolings: one number for each window of a tensor.

Rests on the declared ops of `_ops/network`; a name with an underscore before it is the one that PyTorch's refusals say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from autogradkit._ops.network import adaptive_maxima, adaptive_means, avg_pool, max_pools, pool
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn.functional.activations import relu

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d", "adaptive_max_pool3d_with_indices", "avg_pool1d", "avg_pool2d", "avg_pool3d", "lp_pool1d",
    "lp_pool2d", "lp_pool3d", "max_pool1d", "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices",
    "max_pool3d", "max_pool3d_with_indices", "max_unpool1d", "max_unpool2d", "max_unpool3d",
]  # fmt: skip

adaptive_avg_pool1d = adaptive_means.adaptive_avg_pool1d.owner.front("function")
avg_pool1d = avg_pool.avg_pool1d.owner.front("function")
avg_pool2d = avg_pool.avg_pool2d.owner.front("function")
avg_pool3d = avg_pool.avg_pool3d.owner.front("function")
_adaptive_avg_pool2d = adaptive_means.adaptive_avg_pool2d.owner.front("function")
_adaptive_avg_pool3d = adaptive_means.adaptive_avg_pool3d.owner.front("function")
_adaptive_max_pool1d_op = adaptive_maxima.adaptive_max_pool1d.owner.front("function")
_adaptive_max_pool2d_op = adaptive_maxima.adaptive_max_pool2d.owner.front("function")
_adaptive_max_pool3d_op = adaptive_maxima.adaptive_max_pool3d.owner.front("function")
_pool1d = max_pools.max_pool1d.owner.front("function")
_pool1d_with_indices = max_pools.max_pool1d_with_indices.owner.front("function")
_pool2d = pool.max_pool2d.owner.front("function")
_pool2d_with_indices = pool.max_pool2d_with_indices.owner.front("function")
_pool3d = max_pools.max_pool3d.owner.front("function")
_pool3d_with_indices = max_pools.max_pool3d_with_indices.owner.front("function")
_unpool2d, _unpool3d = max_pools.max_unpool2d.owner.front("function"), max_pools.max_unpool3d.owner.front("function")


def _per_dimension(value: Any, dims: int) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, Iterable) else (value,) * dims


def _volume(kernel_size: Any, dims: int) -> int:
    return math.prod(_per_dimension(kernel_size, dims))


def _sizes(output_size: Any, sizes: Any) -> Any:
    """The sizes that are asked for, those of the input in place of None."""
    if isinstance(output_size, int):
        return output_size
    if len(sizes) <= len(output_size):
        raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
    own = sizes[-len(output_size) :]
    return [given if wanted is None else wanted for wanted, given in zip(output_size, own, strict=False)]


def _unpooled_size(input: Tensor, kernel: Any, stride: Any, padding: Any, output_size: Any) -> tuple[int, ...]:
    dims = len(kernel)
    whole: Any = input.size()
    sizes = [whole[at - dims] for at in range(dims)]  # IndexError where there are fewer, as in PyTorch
    default = [(n - 1) * stride[at] + kernel[at] - 2 * padding[at] for at, n in enumerate(sizes)]
    if output_size is None:
        return _natural(default)
    if len(output_size) == dims + 2:
        output_size = output_size[2:]
    if len(output_size) != dims:
        raise ValueError(
            f"output_size should be a sequence containing {dims} or {dims + 2} elements, but it has a length of "
            f"'{len(output_size)}'"
        )
    for at, (size, usual, step) in enumerate(zip(output_size, default, stride, strict=True)):
        if not usual - step < size < usual + step:
            raise ValueError(
                f'invalid output_size "{output_size}" (dim {at} must be between {usual - step} and {usual + step})'
            )
    return _natural(output_size)


def _natural(sizes: Sequence[int]) -> tuple[int, ...]:
    for at, size in enumerate(sizes):
        if size < 0:
            raise ValueError(
                "max_unpooling: output_size must contain non-negative spatial dimensions, but got "
                f"output_size[{at}]={size}"
            )
    return tuple(sizes)


def _max_pool1d(  # the name that PyTorch's refusals say
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest value of each window of sequences (N, C, L) or (C, L); see `autogradkit.max_pool1d`.

    `return_indices` also gives their positions.

    >>> import autogradkit as torch
    >>> torch.nn.functional.max_pool1d(torch.arange(4.0).reshape(1, 4), 2)
    tensor([[1., 3.]])
    """
    pooled = _pool1d_with_indices if return_indices else _pool1d
    return pooled(input, kernel_size, () if stride is None else stride, padding, dilation, ceil_mode)


max_pool1d = _max_pool1d
max_pool1d.__name__ = "max_pool1d"


def _max_pool2d(  # the name that PyTorch's refusals say
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest value of each window of images (N, C, H, W) or (C, H, W); see `autogradkit.max_pool2d`.

    `return_indices` also gives their positions.

    >>> import autogradkit as torch
    >>> torch.nn.functional.max_pool2d(torch.arange(4.0).reshape(1, 2, 2), 2)
    tensor([[[3.]]])
    """
    pooled = _pool2d_with_indices if return_indices else _pool2d
    return pooled(input, kernel_size, () if stride is None else stride, padding, dilation, ceil_mode)


max_pool2d = _max_pool2d
max_pool2d.__name__ = "max_pool2d"


def _max_pool3d(  # the name that PyTorch's refusals say
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest value of each window of volumes (N, C, D, H, W) or (C, D, H, W); see `autogradkit.max_pool3d`.

    `return_indices` also gives their positions.

    >>> import autogradkit as torch
    >>> torch.nn.functional.max_pool3d(torch.arange(8.0).reshape(1, 2, 2, 2), 2)
    tensor([[[[7.]]]])
    """
    pooled = _pool3d_with_indices if return_indices else _pool3d
    return pooled(input, kernel_size, () if stride is None else stride, padding, dilation, ceil_mode)


max_pool3d = _max_pool3d
max_pool3d.__name__ = "max_pool3d"


@entry
def _adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maxima of `output_size` windows of (N, C, L) or (C, L), which fit themselves.

    `return_indices` also gives their positions.

    >>> import autogradkit as torch
    >>> torch.nn.functional.adaptive_max_pool1d(torch.ones(3, 4), 2).shape
    torch.Size([3, 2])
    """
    found = _adaptive_max_pool1d_op(input, output_size)
    return found if return_indices else found[0]


adaptive_max_pool1d = _adaptive_max_pool1d
adaptive_max_pool1d.__name__ = "adaptive_max_pool1d"


@entry
def _adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maxima of `output_size` windows of (N, C, H, W) or (C, H, W), which fit themselves.

    `return_indices` also gives their positions.

    >>> import autogradkit as torch
    >>> torch.nn.functional.adaptive_max_pool2d(torch.ones(3, 4, 4), 2).shape
    torch.Size([3, 2, 2])
    """
    found = _adaptive_max_pool2d_op(input, _sizes(output_size, input.size()))
    return found if return_indices else found[0]


adaptive_max_pool2d = _adaptive_max_pool2d
adaptive_max_pool2d.__name__ = "adaptive_max_pool2d"


@entry
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The means of `output_size` windows of (N, C, H, W) or (C, H, W), which fit themselves; None keeps a size.

    Raises ValueError for too few dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.functional.adaptive_avg_pool2d(torch.ones(3, 4, 4), 2).shape
    torch.Size([3, 2, 2])
    """
    return _adaptive_avg_pool2d(input, _sizes(output_size, input.size()))


@entry
def _adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maxima of `output_size` windows of (N, C, D, H, W) or (C, D, H, W), which fit themselves.

    `return_indices` also gives their positions.

    >>> import autogradkit as torch
    >>> torch.nn.functional.adaptive_max_pool3d(torch.ones(3, 4, 4, 4), 2).shape
    torch.Size([3, 2, 2, 2])
    """
    found = _adaptive_max_pool3d_op(input, _sizes(output_size, input.size()))
    return found if return_indices else found[0]


adaptive_max_pool3d = _adaptive_max_pool3d
adaptive_max_pool3d.__name__ = "adaptive_max_pool3d"


@entry
def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The means of `output_size` windows of (N, C, D, H, W) or (C, D, H, W), which fit themselves; None keeps a size.

    Raises ValueError for too few dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.functional.adaptive_avg_pool3d(torch.ones(3, 4, 4, 4), 2).shape
    torch.Size([3, 2, 2, 2])
    """
    return _adaptive_avg_pool3d(input, _sizes(output_size, input.size()))


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The `norm_type`-norm of each window.

    >>> import autogradkit as torch
    >>> torch.nn.functional.lp_pool1d(torch.ones(3, 4), 2, 2).shape
    torch.Size([3, 2])
    """
    if isinstance(norm_type, int | float) and math.isinf(norm_type):
        if norm_type > 0:
            return max_pool1d(input.abs(), kernel_size, stride, 0, 1, ceil_mode)
        return -max_pool1d(-input.abs(), kernel_size, stride, 0, 1, ceil_mode)
    mean = avg_pool1d(input.pow(norm_type), kernel_size, () if stride is None else stride, 0, ceil_mode)
    return (mean.sign() * relu(mean.abs())).mul(kernel_size).pow(1.0 / norm_type)


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The `norm_type`-norm of each window.

    >>> import autogradkit as torch
    >>> torch.nn.functional.lp_pool2d(torch.ones(3, 4, 4), 2, 2).shape
    torch.Size([3, 2, 2])
    """
    if isinstance(norm_type, int | float) and math.isinf(norm_type):
        if norm_type > 0:
            return max_pool2d(input.abs(), kernel_size, stride, 0, 1, ceil_mode)
        return -max_pool2d(-input.abs(), kernel_size, stride, 0, 1, ceil_mode)
    mean = avg_pool2d(input.pow(norm_type), kernel_size, () if stride is None else stride, 0, ceil_mode)
    return (mean.sign() * relu(mean.abs())).mul(_volume(kernel_size, 2)).pow(1.0 / norm_type)


def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The `norm_type`-norm of each window.

    >>> import autogradkit as torch
    >>> torch.nn.functional.lp_pool3d(torch.ones(3, 4, 4, 4), 2, 2).shape
    torch.Size([3, 2, 2, 2])
    """
    if isinstance(norm_type, int | float) and math.isinf(norm_type):
        if norm_type > 0:
            return max_pool3d(input.abs(), kernel_size, stride, 0, 1, ceil_mode)
        return -max_pool3d(-input.abs(), kernel_size, stride, 0, 1, ceil_mode)
    mean = avg_pool3d(input.pow(norm_type), kernel_size, () if stride is None else stride, 0, ceil_mode)
    return (mean.sign() * relu(mean.abs())).mul(_volume(kernel_size, 3)).pow(1.0 / norm_type)


@entry
def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Each maximum of a pooling back at its place, zeros elsewhere. Raises ValueError for an `output_size` that no pooling had.

    >>> import autogradkit as torch
    >>> torch.nn.functional.max_unpool1d(torch.ones(1, 2), torch.arange(2).reshape(1, 2), 2).shape
    torch.Size([1, 4])
    """
    kernel, around = _per_dimension(kernel_size, 1), _per_dimension(padding, 1)
    step = kernel if stride is None else _per_dimension(stride, 1)
    size = _unpooled_size(input, kernel, step, around, output_size)
    return _unpool2d(input.unsqueeze(-1), indices.unsqueeze(-1), (*size, 1)).squeeze(-1)


@entry
def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Each maximum of a pooling back at its place, zeros elsewhere. Raises ValueError for an `output_size` that no pooling had.

    >>> import autogradkit as torch
    >>> torch.nn.functional.max_unpool2d(torch.ones(1, 2, 2), torch.arange(4).reshape(1, 2, 2), 2).shape
    torch.Size([1, 4, 4])
    """
    kernel, around = _per_dimension(kernel_size, 2), _per_dimension(padding, 2)
    step = kernel if stride is None else _per_dimension(stride, 2)
    size = _unpooled_size(input, kernel, step, around, output_size)
    return _unpool2d(input, indices, size)


@entry
def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Each maximum of a pooling back at its place, zeros elsewhere. Raises ValueError for an `output_size` that no pooling had.

    >>> import autogradkit as torch
    >>> torch.nn.functional.max_unpool3d(torch.ones(1, 2, 2, 2), torch.arange(8).reshape(1, 2, 2, 2), 2).shape
    torch.Size([1, 4, 4, 4])
    """
    kernel, around = _per_dimension(kernel_size, 3), _per_dimension(padding, 3)
    step = kernel if stride is None else _per_dimension(stride, 3)
    size = _unpooled_size(input, kernel, step, around, output_size)
    return _unpool3d(input, indices, size, step, around)


# -- with their positions always ---------------------------------------------------------------------------------------


def _windows_with_indices(dims: int, pooled: Any) -> Any:
    def with_indices(
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> tuple[Tensor, Tensor]:
        return pooled(input, kernel_size, () if stride is None else stride, padding, dilation, ceil_mode)

    return _documented(with_indices, f"max_pool{dims}d", dims)


def _fitting_with_indices(dims: int, pooled: Any) -> Any:
    def with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> tuple[Tensor, Tensor]:
        return pooled(input, output_size if dims == 1 else _sizes(output_size, input.size()))

    return _documented(with_indices, f"adaptive_max_pool{dims}d", dims)


def _documented(function: Any, name: str, dims: int) -> Any:
    function.__name__ = function.__qualname__ = f"{name}_with_indices"
    function.__doc__ = f"""The maxima of `{name}`, and their positions, whatever `return_indices` says.

    >>> import autogradkit as torch
    >>> x = torch.arange({2**dims}.0).reshape(1{", 2" * dims})
    >>> torch.nn.functional.{name}_with_indices(x, {2 if "adaptive" not in name else 1})[1].item()
    {2**dims - 1}
    """
    return entry(function)


max_pool1d_with_indices = _windows_with_indices(1, _pool1d_with_indices)
max_pool2d_with_indices = _windows_with_indices(2, _pool2d_with_indices)
max_pool3d_with_indices = _windows_with_indices(3, _pool3d_with_indices)
adaptive_max_pool1d_with_indices = _fitting_with_indices(1, _adaptive_max_pool1d_op)
adaptive_max_pool2d_with_indices = _fitting_with_indices(2, _adaptive_max_pool2d_op)
adaptive_max_pool3d_with_indices = _fitting_with_indices(3, _adaptive_max_pool3d_op)
