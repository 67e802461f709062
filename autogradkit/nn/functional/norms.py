"""Norms: numbers less their mean, over their deviation, by channel, by sample, by layer or by group.

Rests on the declared ops of `_ops/network`; the layers of norms call these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autogradkit._ops.network import batch_norm as batch
from autogradkit._ops.network import group_norm as group
from autogradkit._ops.network import layer_norm as layer
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn.functional.paddings import pad
from autogradkit.nn.functional.poolings import avg_pool2d, avg_pool3d

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]

_batch_norm = batch.batch_norm.owner.front("function")
_instance_norm = batch.instance_norm.owner.front("function")
_layer_norm = layer.layer_norm.owner.front("function")
_group_norm = group.group_norm.owner.front("function")
_rms_norm = layer.rms_norm.owner.front("function")


def require_several(size: Any) -> None:
    """Raise ValueError where a batch of this size has one value a channel, of which nobody can tell a deviation."""
    if size[0] * math.prod(size[2:]) == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {size}")


@entry
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel (dimension 1) less its mean, over its deviation, times `weight`, plus `bias`.

    In training mean and deviation are those of the batch, and the running ones move towards them by `momentum`, in place;
    else the running ones count. Raises ValueError for one value a channel in training.

    >>> import autogradkit as torch
    >>> torch.nn.functional.batch_norm(torch.tensor([[1.0], [3.0]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    if training:
        require_several(input.size())
        if eps <= 0.0:
            raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    elif eps < 0.0:
        raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")
    return _batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, False)


@entry
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """As `batch_norm`, each channel of each sample by itself. Raises ValueError for one value a channel.

    >>> import autogradkit as torch
    >>> torch.nn.functional.instance_norm(torch.tensor([[[1.0, 3.0]]]))
    tensor([[[-1.0000,  1.0000]]])
    """
    sizes: Any = input.size() if use_input_stats else ()
    if use_input_stats and math.prod(sizes[2:]) == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.size()}")
    return _instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, False)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """The last dimensions, of sizes `normalized_shape`, less their mean, over their deviation, times `weight`, plus `bias`.

    >>> import autogradkit as torch
    >>> torch.nn.functional.layer_norm(torch.tensor([[1.0, 3.0]]), (2,))
    tensor([[-1.0000,  1.0000]])
    """
    return _layer_norm(input, normalized_shape, weight, bias, eps, False)


@entry
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Each of `num_groups` groups of channels less its mean, over its deviation, times `weight`, plus `bias`.

    Raises ValueError for one value a group.

    >>> import autogradkit as torch
    >>> torch.nn.functional.group_norm(torch.tensor([[1.0, 3.0]]), 1)
    tensor([[-1.0000,  1.0000]])
    """
    if input.dim() < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.dim()}")
    size: Any = input.size()
    require_several([size[0] * size[1] // num_groups, num_groups, *size[2:]])
    return _group_norm(input, num_groups, weight, bias, eps, False)


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """The last dimensions, of sizes `normalized_shape`, over the root of their mean square, times `weight`.

    >>> import autogradkit as torch
    >>> torch.nn.functional.rms_norm(torch.tensor([3.0, 4.0, 5.0]), (3,))
    tensor([0.7348, 0.9798, 1.2247])
    """
    return _rms_norm(input, normalized_shape, weight, eps)


@entry
def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """x / (k + alpha · mean of x² over `size` neighbouring channels)^beta. Raises ValueError for fewer than 3 dimensions.

    >>> import autogradkit as torch
    >>> torch.nn.functional.local_response_norm(torch.ones(1, 2, 3), 2).shape
    torch.Size([1, 2, 3])
    """
    dims = input.dim()
    if dims < 3:
        raise ValueError(f"Expected 3D or higher dimensionality                          input (got {dims} dimensions)")
    if input.numel() == 0:
        return input
    before, after = size // 2, (size - 1) // 2
    square: Any = input.mul(input)
    if dims == 3:
        mean = avg_pool2d(pad(square.unsqueeze(1), (0, 0, before, after)), (size, 1), stride=1).squeeze(1)
    else:
        sizes: Any = input.size()
        volume = square.view(sizes[0], 1, sizes[1], sizes[2], -1)
        mean = avg_pool3d(pad(volume, (0, 0, 0, 0, before, after)), (size, 1, 1), stride=1).squeeze(1).view(sizes)
    return input / mean.mul(alpha).add(k).pow(beta)
