"""What makes masked tensors: `masked_tensor`, of data and a mask, and `as_masked_tensor`, which keeps the graph of the data."""

from __future__ import annotations

from typing import Any

from autogradkit.masked.maskedtensor.core import MaskedTensor, from_values, require_tensors, warn_of_prototype


def masked_tensor(data: Any, mask: Any, requires_grad: bool = False) -> MaskedTensor:
    """A masked tensor of copies of data and mask: a leaf.

    >>> import autogradkit as torch
    >>> torch.masked.masked_tensor(torch.tensor([1, 2]), torch.tensor([False, True]))
    MaskedTensor(
      [      --, 2]
    )
    """
    return MaskedTensor(data, mask, requires_grad)


def as_masked_tensor(data: Any, mask: Any) -> MaskedTensor:
    """A masked tensor in the graph of its data, whose gradient goes on as it is.

    >>> import autogradkit as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> torch.masked.as_masked_tensor(x * 2, torch.tensor([False, True])).sum().backward()
    >>> x.grad
    MaskedTensor(
      [      --,   2.0000]
    )
    """
    require_tensors(data, mask)
    warn_of_prototype(data)
    return from_values(data, mask)
