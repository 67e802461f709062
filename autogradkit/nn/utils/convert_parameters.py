"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autogradkit._ops.selection.joining import cat
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.members import type_text


@entry
def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All numbers of the parameters, one after the other; part of their graph.

    >>> import autogradkit as torch
    >>> torch.nn.utils.parameters_to_vector([torch.ones(2), torch.zeros(1, 1)])
    tensor([1., 1., 0.])
    """
    return cat([each.view(-1) for each in parameters])


@entry
def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Have the parameters share the memory of a vector, part by part. Raises TypeError for what is no tensor.

    >>> import autogradkit as torch
    >>> layer = torch.nn.Linear(2, 1)
    >>> torch.nn.utils.vector_to_parameters(torch.tensor([1.0, 2.0, 3.0]), layer.parameters())
    >>> layer.bias
    Parameter containing:
    tensor([3.], requires_grad=True)
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type_text(vec)}")
    at = 0
    for each in parameters:
        count: Any = each.numel()
        each.data = vec[at : at + count].view_as(each).data
        at += count


@entry
def _check_param_device(param: Tensor, old_param_device: int | None) -> int:
    """The number of a parameter's device, which is the processor's. Raises TypeError where the others have another."""
    if old_param_device not in (None, -1):
        raise TypeError("Found two parameters on different devices, this is currently not supported.")
    return -1
