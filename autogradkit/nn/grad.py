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
from autogradkit.nn.geometry import per_dimension

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
    stride, padding, dilation = (per_dimension(number, dims) for number in (stride, padding, dilation))
    require_gradient(grad_output._array, input._array, weight._array, stride, padding, dilation, groups)
    wanted = [place == of for place in range(3)]
    how: Any = stride, padding, dilation, False, [0], groups, wanted
    return convolution_backward.owner(grad_output, input, weight, None, *how)[of]


def _sized(sizes: Sequence[int], like: Tensor) -> Tensor:
    return like.new_empty(1).expand(sizes)


def _input_gradient(dims: int):
    def gradient(
        input_size: Sequence[int],
        weight: Tensor,
        grad_output: Tensor,
        stride: Places = 1,
        padding: Places = 0,
        dilation: Places = 1,
        groups: int = 1,
    ) -> Tensor:
        input = _sized(input_size, grad_output)
        return _gradient(0, dims, grad_output, input, weight, stride, padding, dilation, groups)

    twos, threes = ", ".join("2" * dims), ", ".join("3" * dims)
    gradient.__name__ = gradient.__qualname__ = f"conv{dims}d_input"
    gradient.__doc__ = f"""The gradient of an input of `input_size`, from that of what `conv{dims}d` gave.

    >>> import autogradkit as torch
    >>> torch.nn.grad.conv{dims}d_input((1, 1, {threes}), torch.ones(1, 1, {twos}), torch.ones(1, 1, {twos})).shape
    torch.Size([1, 1, {threes}])
    """
    return entry(gradient)


def _weight_gradient(dims: int):
    def gradient(
        input: Tensor,
        weight_size: Sequence[int],
        grad_output: Tensor,
        stride: Places = 1,
        padding: Places = 0,
        dilation: Places = 1,
        groups: int = 1,
    ) -> Tensor:
        weight = _sized(weight_size, grad_output)
        return _gradient(1, dims, grad_output, input, weight, stride, padding, dilation, groups)

    twos, threes = ", ".join("2" * dims), ", ".join("3" * dims)
    gradient.__name__ = gradient.__qualname__ = f"conv{dims}d_weight"
    gradient.__doc__ = f"""The gradient of a weight of `weight_size`, from that of what `conv{dims}d` gave.

    >>> import autogradkit as torch
    >>> torch.nn.grad.conv{dims}d_weight(torch.ones(1, 1, {threes}), (1, 1, {twos}), torch.ones(1, 1, {twos})).shape
    torch.Size([1, 1, {twos}])
    """
    return entry(gradient)


conv1d_input, conv2d_input, conv3d_input = map(_input_gradient, (1, 2, 3))
conv1d_weight, conv2d_weight, conv3d_weight = map(_weight_gradient, (1, 2, 3))

__getattr__ = _absent_from("nn.grad")
