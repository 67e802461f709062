"""What makes jagged tensors: of parts, of values with offsets, of rows of a tensor, of what a mask keeps.

Rests on their class and functions, in `_internal` as in PyTorch; `nested` publishes these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.making.data import tensor
from autogradkit._ops.making.ranges import arange
from autogradkit._ops.selection.joining import cat
from autogradkit._ops.views.sizes import alias
from autogradkit.core.frames import entry
from autogradkit.core.layout import layout as Layout
from autogradkit.core.layout import strided
from autogradkit.core.tensor import Tensor
from autogradkit.nested._internal import dimensions as _dimensions  # noqa: F401 - fills the table of functions
from autogradkit.nested._internal import sdpa as _sdpa  # noqa: F401
from autogradkit.nested._internal.nested_tensor import NestedTensor, Ragged, joined, nested, offsets_of


def ragged_dim_of(parts: Sequence[Tensor]) -> int:
    """The dimension of the parts in which they differ, the first if they do not. Raises RuntimeError for other parts."""
    if not parts:
        raise RuntimeError("Cannot construct a nested tensor from an empty tensor list")
    first = parts[0]
    if len({each.dtype for each in parts}) > 1:
        raise RuntimeError("When constructing a nested tensor, all tensors in list must have the same dtype")
    if len({each.dim() for each in parts}) > 1:
        raise RuntimeError("When constructing a nested tensor, all tensors in list must have the same dim")
    if not first.dim():
        raise RuntimeError("Cannot construct a nested tensor from a list of zero-dim tensors")
    differing = [dim for dim in range(first.dim()) if len({each.shape[dim] for each in parts}) > 1]
    if len(differing) > 1:
        raise RuntimeError(
            "When constructing a nested tensor, all tensors in list must have the same number of dims except for one"
        )
    return differing[0] if differing else 0


def jagged_of(parts: Sequence[Tensor]) -> Any:
    """The jagged tensor of these parts, in the graph."""
    return joined(parts, ragged_idx=ragged_dim_of(parts) + 1)


def jagged_rows(whole: Tensor) -> Any:
    """The jagged tensor whose parts are the rows of a tensor, in the graph."""
    count, length = whole.shape[:2]
    return nested(whole.reshape(count * length, *whole.shape[2:]), Ragged(offsets_of([length] * count)))


@entry
def nested_tensor_from_jagged(
    values: Any,
    offsets: Tensor | None = None,
    lengths: Tensor | None = None,
    jagged_dim: int | None = None,
    min_seqlen: int | None = None,
    max_seqlen: int | None = None,
) -> Any:
    """A jagged tensor that looks at `values` (of shape (sum of lengths, ...)), in their graph.

    Part i begins at `offsets[i]`, of shape (parts + 1,), and ends where the next begins, or after `lengths[i]`. `jagged_dim` is
    the dimension in which parts differ (1). Tensors that are made with the same `offsets` go together. How long the shortest and
    the longest part are may be said, to which `to_padded_tensor` then fills up. Raises RuntimeError without offsets and lengths.

    >>> import autogradkit as torch
    >>> words = torch.nested.nested_tensor_from_jagged(torch.ones(5, 3), torch.tensor([0, 2, 5]))
    >>> [part.shape for part in words.unbind()]
    [torch.Size([2, 3]), torch.Size([3, 3])]
    """
    if offsets is None:
        if lengths is None:
            raise RuntimeError("nested_tensor_from_jagged(): At least one of offsets or lengths is required.")
        offsets, lengths = offsets_of(lengths.tolist()), None
    at = 1 if jagged_dim is None else jagged_dim
    if at < 1:
        raise ValueError(f"Expected jagged_dim >=1, but got {at}.")
    return nested(alias(values), Ragged(offsets, lengths, min_seqlen, max_seqlen), at)


@entry
def narrow(tensor: Tensor, dim: int, start: Any, length: Any, layout: Layout = strided) -> Any:
    """A jagged tensor that looks at a piece of each row of `tensor`, of shape (parts, longest, ...), in its graph.

    `start` and `length` are ints, or tensors with one for each row; `dim` is 1. Raises RuntimeError otherwise.

    >>> import autogradkit as torch
    >>> x = torch.arange(6).view(2, 3)
    >>> torch.nested.narrow(x, 1, 0, torch.tensor([1, 2]), layout=torch.jagged).unbind()
    (tensor([0]), tensor([3, 4]))
    """
    for name, each in (("start", start), ("length", length)):
        if not isinstance(each, int | Tensor):
            raise RuntimeError(f"{name} must be an integer or a tensor")
    if layout is strided:
        if isinstance(start, Tensor) or isinstance(length, Tensor):
            raise RuntimeError("start and length must be integers for the strided layout NT impl")
        raise NotImplementedError("narrow() of a strided nested tensor: unbind() gives the parts")
    if dim != 1:
        raise RuntimeError("jagged layout only supports dim=1")
    count, longest = tensor.shape[:2]
    places = [_for_each(each, count) for each in (start, length)]
    begins = places[0] + arange(0, count * longest, longest)
    offsets = cat([begins, (begins[-1:] + places[1][-1:])], 0)
    lengths = places[1].clone()
    return nested(tensor.reshape(count * longest, *tensor.shape[2:]), Ragged(offsets, lengths))


def _for_each(given: Any, count: int) -> Any:
    numbers = given if isinstance(given, Tensor) else tensor([given])
    if numbers.dim() > 1 or numbers.numel() not in (1, count):
        raise RuntimeError(
            "When constructing a jagged nested tensor using narrow(), your start and length must be Tensors that broadcast to "
            "input.shape[0]"
        )
    return numbers.expand(count)


@entry
def masked_select(tensor: Tensor, mask: Tensor) -> Any:
    """A jagged tensor whose parts are what `mask` keeps of each row of a matrix, in its graph.

    Raises RuntimeError for a tensor that is not strided.

    >>> import autogradkit as torch
    >>> torch.nested.masked_select(torch.tensor([[1, 2], [3, 4]]), torch.tensor([[True, False], [True, True]])).unbind()
    (tensor([1]), tensor([3, 4]))
    """
    if tensor.layout is not strided:
        raise RuntimeError(f"torch.nested.masked_select requires a strided tensor, given {tensor.layout}")
    kept = mask.expand(tensor.shape)
    counts = kept.sum(dim=tensor.dim() - 1)
    return nested(tensor.masked_select(kept), Ragged(offsets_of(counts.flatten().tolist())))


def is_jagged(given: object) -> bool:
    """Whether it is a jagged tensor."""
    return isinstance(given, NestedTensor)
