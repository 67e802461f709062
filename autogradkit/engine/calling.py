"""A node called as a function: `y.grad_fn(gradient)` gives what this one step of backward gives.

Rests on history, saved, ownership and modes; attaches `__call__` to CopySlices and the nodes of declared ops at import.
PyTorch's nodes that are written in C++ have it: no hook runs, nothing is freed, no gradient is summed to its input's shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit.core.frames import shorten
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.history import CopySlices
from autogradkit.engine.modes import MODE
from autogradkit.engine.node import Node, applied
from autogradkit.engine.ownership import set_version
from autogradkit.engine.saved import OpNode


def call(self: Node, *gradients: Tensor | None, **keywords: Any) -> Tensor | tuple[Tensor | None, ...] | None:
    """The gradients of the op's inputs from those of its outputs: a tuple, or the only one; None for what needs none.

    They have a graph of their own unless gradients are off. Raises TypeError for another number of gradients or what is no
    tensor, RuntimeError where the saved values were freed or edited.

    >>> import autogradkit as torch
    >>> y = torch.tensor([2.0, 3.0], requires_grad=True) ** 2
    >>> with torch.no_grad():
    ...     y.grad_fn(torch.ones(2))
    tensor([4., 6.])
    """
    try:
        expected = len(self.outputs) // 2
        if keywords:
            raise TypeError("keyword arguments are not supported")
        if len(gradients) != expected:
            raise TypeError(f"expected {expected} arguments, got {len(gradients)} instead")
        for number, each in enumerate(gradients):
            if each is not None and not isinstance(each, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"argument {number} is not a Variable")
        with_graph = bool(MODE.grad)
        received = [each if each is None or with_graph else each._array for each in gradients]
        given = applied(self, received, with_graph)
        sent = tuple(each if each is None or isinstance(each, Tensor) else wrap(np.asarray(each)) for each in given)
        for each, version in zip(sent, self.gradient_versions, strict=False):
            if each is not None:
                set_version(each, version)
        return sent[0] if len(sent) == 1 else sent
    except BaseException as error:
        shorten(error)
        raise


OpNode.__call__ = call
CopySlices.__call__ = call
