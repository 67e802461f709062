"""The weights of convolutions in another memory format, in a whole network."""

from __future__ import annotations

from typing import Any, TypeVar

from autogradkit.nn.modules.conv import Conv2d, Conv3d
from autogradkit.nn.modules.conv_transpose import ConvTranspose2d, ConvTranspose3d
from autogradkit.nn.modules.module import Module

M = TypeVar("M", bound=Module)


def convert_conv2d_weight_memory_format(module: M, memory_format: Any) -> M:
    """Give the weights of all 2-D convolutions in a module, and of itself, this memory format.

    >>> import autogradkit as torch
    >>> conv = torch.nn.utils.convert_conv2d_weight_memory_format(torch.nn.Conv2d(4, 2, 3), torch.channels_last)
    >>> conv.weight.stride()
    (36, 1, 12, 4)
    """
    return _converted(module, (Conv2d, ConvTranspose2d), memory_format)


def convert_conv3d_weight_memory_format(module: M, memory_format: Any) -> M:
    """Give the weights of all 3-D convolutions in a module, and of itself, this memory format.

    >>> import autogradkit as torch
    >>> conv = torch.nn.utils.convert_conv3d_weight_memory_format(torch.nn.Conv3d(4, 2, 3), torch.contiguous_format)
    >>> conv.weight.is_contiguous()
    True
    """
    return _converted(module, (Conv3d, ConvTranspose3d), memory_format)


def _converted(module: M, kinds: tuple[type[Module], ...], memory_format: Any) -> M:
    for each in module.modules():
        if isinstance(each, kinds):
            data = each.weight.detach().clone(memory_format=memory_format)
            each.weight.data = data.resize_(data.size(), memory_format=memory_format)
    return module
