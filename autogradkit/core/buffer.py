"""`Buffer`: a tensor marked to become a module's buffer where it is assigned to an attribute.

Rests on tensor; `nn.Module` asks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit.core.strides import empty_array
from autogradkit.core.tensor import Tensor, wrap


class _Marked(type(Tensor)):
    """Knows a buffer by its mark: it is a plain tensor, as in PyTorch."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and getattr(instance, "_is_buffer", False)


class Buffer(Tensor, metaclass=_Marked):
    """A tensor that a module registers as a buffer when it is assigned to an attribute; saved with it if `persistent`.

    >>> import autogradkit as torch
    >>> layer = torch.nn.Module()
    >>> layer.count = torch.nn.Buffer(torch.zeros(1), persistent=False)
    >>> [name for name, _ in layer.named_buffers()], list(layer.state_dict())
    (['count'], [])
    """

    __slots__ = ()
    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Any:
        if data is None:
            data = wrap(empty_array((0,), np.dtype(np.float32)))
        marked: Any = data.detach().requires_grad_(data.requires_grad)
        marked.persistent = persistent
        marked._is_buffer = True
        return marked
