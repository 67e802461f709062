"""The gradients of convolutions by hand, without a graph of them: PyTorch's `nn.grad`.

Rests on `convolution_backward`, the op that backward calls; what is not asked for has only a size, and no memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.network.conv import convolution_backward, require_gradient
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.geometry import each

__all__ = ["conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input", "conv3d_weight"]

Places = int | Sequence[int]


def _gradient(
    of: int,
    dims: int,
    grad_output: Tensor,
    input: Tensor,
    weight: Tensor,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Tensor:
    stride, padding, dilation = (each(number, dims) for number in (stride, padding, dilation))
    require_gradient(grad_output._array, input._array, weight._array, stride, padding, dilation, groups)
    wanted = [place == of for place in range(3)]
    how: Any = stride, padding, dilation, False, [0], groups, wanted
    return convolution_backward.owner(grad_output, input, weight, None, *how)[of]


def _sized(sizes: Sequence[int], like: Tensor) -> Tensor:
    return like.new_empty(1).expand(sizes)


@entry
def conv1d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Places = 1,
    padding: Places = 0,
    dilation: Places = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of an input of `input_size`, from that of what `conv1d` gave.

    >>> import autogradkit as torch
    >>> torch.nn.grad.conv1d_input((1, 1, 3), torch.ones(1, 1, 2), torch.ones(1, 1, 2)).shape
    torch.Size([1, 1, 3])
    """
    input = _sized(input_size, grad_output)
    return _gradient(0, 1, grad_output, input, weight, stride, padding, dilation, groups)


@entry
def conv1d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Places = 1,
    padding: Places = 0,
    dilation: Places = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of a weight of `weight_size`, from that of what `conv1d` gave.

    >>> import autogradkit as torch
    >>> torch.nn.grad.conv1d_weight(torch.ones(1, 1, 3), (1, 1, 2), torch.ones(1, 1, 2)).shape
    torch.Size([1, 1, 2])
    """
    weight = _sized(weight_size, grad_output)
    return _gradient(1, 1, grad_output, input, weight, stride, padding, dilation, groups)


@entry
def conv2d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Places = 1,
    padding: Places = 0,
    dilation: Places = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of an input of `input_size`, from that of what `conv2d` gave.

    >>> import autogradkit as torch
    >>> torch.nn.grad.conv2d_input((1, 1, 3, 3), torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2)).shape
    torch.Size([1, 1, 3, 3])
    """
    input = _sized(input_size, grad_output)
    return _gradient(0, 2, grad_output, input, weight, stride, padding, dilation, groups)


@entry
def conv2d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Places = 1,
    padding: Places = 0,
    dilation: Places = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of a weight of `weight_size`, from that of what `conv2d` gave.

    >>> import autogradkit as torch
    >>> torch.nn.grad.conv2d_weight(torch.ones(1, 1, 3, 3), (1, 1, 2, 2), torch.ones(1, 1, 2, 2)).shape
    torch.Size([1, 1, 2, 2])
    """
    weight = _sized(weight_size, grad_output)
    return _gradient(1, 2, grad_output, input, weight, stride, padding, dilation, groups)


@entry
def conv3d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Places = 1,
    padding: Places = 0,
    dilation: Places = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of an input of `input_size`, from that of what `conv3d` gave.

    >>> import autogradkit as torch
    >>> torch.nn.grad.conv3d_input((1, 1, 3, 3, 3), torch.ones(1, 1, 2, 2, 2), torch.ones(1, 1, 2, 2, 2)).shape
    torch.Size([1, 1, 3, 3, 3])
    """
    input = _sized(input_size, grad_output)
    return _gradient(0, 3, grad_output, input, weight, stride, padding, dilation, groups)


@entry
def conv3d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Places = 1,
    padding: Places = 0,
    dilation: Places = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of a weight of `weight_size`, from that of what `conv3d` gave.

    >>> import autogradkit as torch
    >>> torch.nn.grad.conv3d_weight(torch.ones(1, 1, 3, 3, 3), (1, 1, 2, 2, 2), torch.ones(1, 1, 2, 2, 2)).shape
    torch.Size([1, 1, 2, 2, 2])
    """
    weight = _sized(weight_size, grad_output)
    return _gradient(1, 3, grad_output, input, weight, stride, padding, dilation, groups)


__getattr__ = _absent_from("nn.grad")
