"""PyTorch's `torch._utils`, of which scripts that average gradients themselves take two functions. Rests on the ops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autogradkit._ops.selection.joining import cat as _cat
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor as _Tensor


@_entry
def _flatten_dense_tensors(tensors: Iterable[_Tensor]) -> _Tensor:
    """All elements of some tensors in one row. Raises ValueError for none.

    >>> import autogradkit as torch
    >>> _flatten_dense_tensors([torch.tensor([[1, 2], [3, 4]]), torch.tensor(5)])
    tensor([1, 2, 3, 4, 5])
    """
    return _cat([tensor.reshape(-1) for tensor in tensors])


@_entry
def _unflatten_dense_tensors(flat: _Tensor, tensors: Sequence[_Tensor]) -> tuple[_Tensor, ...]:
    """Parts of such a row with the sizes of `tensors`; they are views of it. Raises RuntimeError where it is too short.

    >>> import autogradkit as torch
    >>> _unflatten_dense_tensors(torch.arange(3), [torch.ones(2), torch.ones(1)])
    (tensor([0, 1]), tensor([2]))
    """
    parts: list[_Tensor] = []
    begin = 0
    for tensor in tensors:
        parts.append(flat.narrow(0, begin, tensor.numel()).view(tensor.shape))
        begin += tensor.numel()
    return tuple(parts)
