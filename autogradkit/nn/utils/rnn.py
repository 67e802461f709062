"""Sequences of different lengths as one batch: padded to the longest, or packed step by step without padding.

Rests on the ops of `_ops/network/packed_sequences.py`; the recurrent layers take what is packed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from autogradkit._ops.making.data import as_tensor
from autogradkit._ops.making.filled import empty_like
from autogradkit._ops.making.ranges import arange
from autogradkit._ops.network import packed_sequences
from autogradkit._ops.reduction.order import sort
from autogradkit.core import dtype as dtypes
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]

_INT64 = dtypes.int64


class PackedSequence_(NamedTuple):  # noqa: N801 - PyTorch's name
    """The fields of a `PackedSequence`."""

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(PackedSequence_):
    """Sequences without padding: the rows of all steps one after the other, and how many sequences have each step.

    `sorted_indices` is the order that made the longest the first, `unsorted_indices` the way back; None where they came so.
    Made by `pack_sequence` and `pack_padded_sequence`.

    >>> import autogradkit as torch
    >>> packed = torch.nn.utils.rnn.pack_sequence([torch.tensor([1, 2]), torch.tensor([3])])
    >>> packed.data, packed.batch_sizes
    (tensor([1, 3, 2]), tensor([2, 1]))
    """

    __slots__ = ()

    @entry
    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        sizes: Any = batch_sizes
        return super().__new__(cls, data, sizes, sorted_indices, unsorted_indices)

    @entry
    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """With its numbers converted as `Tensor.to` does; itself where nothing changes."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        return type(self)(data, self.batch_sizes, self.sorted_indices, self.unsorted_indices)

    def cpu(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Itself: everything is on the CPU. Other arguments are those of `to`."""
        return self.to(*args, **kwargs) if args or kwargs else self

    @entry
    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Raises AssertionError, as PyTorch without CUDA does."""
        return self.to(*args, **{"device": "cuda", **kwargs})

    @entry
    def pin_memory(self) -> PackedSequence:
        """Raises RuntimeError, as PyTorch does where there is no accelerator."""
        return self._replace(data=self.data.pin_memory())

    def is_pinned(self) -> bool:
        """Whether its numbers are in pinned memory: no."""
        return self.data.is_pinned()

    def double(self) -> PackedSequence:
        """With float64 numbers."""
        return self.to(dtype=dtypes.float64)

    def float(self) -> PackedSequence:
        """With float32 numbers."""
        return self.to(dtype=dtypes.float32)

    def half(self) -> PackedSequence:
        """With float16 numbers."""
        return self.to(dtype=dtypes.float16)

    def long(self) -> PackedSequence:
        """With int64 numbers."""
        return self.to(dtype=dtypes.int64)

    def int(self) -> PackedSequence:
        """With int32 numbers."""
        return self.to(dtype=dtypes.int32)

    def short(self) -> PackedSequence:
        """With int16 numbers."""
        return self.to(dtype=dtypes.int16)

    def char(self) -> PackedSequence:
        """With int8 numbers."""
        return self.to(dtype=dtypes.int8)

    def byte(self) -> PackedSequence:
        """With uint8 numbers."""
        return self.to(dtype=dtypes.uint8)

    @property
    def is_cuda(self) -> bool:
        """False: everything is on the CPU."""
        return self.data.is_cuda


@entry
def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The order that undoes an order; None for None.

    >>> import autogradkit as torch
    >>> torch.nn.utils.rnn.invert_permutation(torch.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    if permutation is None:
        return None
    order = arange(0, permutation.numel())
    return empty_like.owner(permutation).scatter_(0, permutation, order)


@entry
def pack_padded_sequence(
    input: Tensor, lengths: Tensor | list[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack a padded batch, (T, B, *) or with `batch_first` (B, T, *), by the lengths of its sequences.

    They are sorted, the longest first, or without `enforce_sorted` are brought into that order. Raises RuntimeError where they
    are not, or do not fit.

    >>> import autogradkit as torch
    >>> torch.nn.utils.rnn.pack_padded_sequence(torch.tensor([[1, 2], [3, 0]]), [2, 1], batch_first=True).data
    tensor([1, 3, 2])
    """
    sizes: Any = lengths.to(_INT64) if isinstance(lengths, Tensor) else as_tensor.owner(lengths, dtype=_INT64)
    order = None
    if not enforce_sorted:
        sizes, order = sort(sizes, descending=True)
        input = input.index_select(0 if batch_first else 1, order)
    data, batch_sizes = packed_sequences.pack_padded_sequence.owner(input, sizes, batch_first)
    return PackedSequence(data, batch_sizes, order, None)


@entry
def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """(the padded batch, the lengths of its sequences), in the order that they were packed in.

    `total_length` pads further. Raises ValueError where that is less than the longest.

    >>> import autogradkit as torch
    >>> packed = torch.nn.utils.rnn.pack_sequence([torch.tensor([1, 2]), torch.tensor([3])])
    >>> torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    (tensor([[1, 2],
            [3, 0]]), tensor([2, 1]))
    """
    longest: Any = sequence.batch_sizes.size(0)
    if total_length is not None:
        if total_length < longest:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {longest}"
            )
        longest = total_length
    given = sequence.data, sequence.batch_sizes, batch_first, padding_value, longest
    padded, lengths = packed_sequences.pad_packed_sequence.owner(*given)
    order = sequence.unsorted_indices
    if order is not None:
        return padded.index_select(0 if batch_first else 1, order), lengths[order]
    return padded, lengths


@entry
def pad_sequence(
    sequences: Tensor | Sequence[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """One batch, (T, B, *) or with `batch_first` (B, T, *), of sequences (Tᵢ, *), padded on one side to the longest.

    >>> import autogradkit as torch
    >>> torch.nn.utils.rnn.pad_sequence([torch.tensor([1, 2]), torch.tensor([3])], batch_first=True)
    tensor([[1, 2],
            [3, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    return packed_sequences.pad_sequence.owner(tuple(sequences), batch_first, padding_value, padding_side)


@entry
def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch. Without `batch_first` the batch itself is transposed, in place, as in PyTorch.

    >>> import autogradkit as torch
    >>> torch.nn.utils.rnn.unpad_sequence(torch.tensor([[1, 2], [3, 0]]), torch.tensor([2, 1]), batch_first=True)
    [tensor([1, 2]), tensor([3])]
    """
    if not batch_first:
        padded_sequences.transpose_(0, 1)
    steps: Any = arange(padded_sequences.shape[1])
    return [row[steps < length] for row, length in zip(padded_sequences, lengths, strict=True)]


@entry
def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (Tᵢ, *); without `enforce_sorted` they may come in any order.

    >>> import autogradkit as torch
    >>> torch.nn.utils.rnn.pack_sequence([torch.tensor([1]), torch.tensor([2, 3])], enforce_sorted=False).batch_sizes
    tensor([2, 1])
    """
    lengths = as_tensor.owner([each.size(0) for each in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


@entry
def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences that were packed, in the order that they came in.

    >>> import autogradkit as torch
    >>> torch.nn.utils.rnn.unpack_sequence(torch.nn.utils.rnn.pack_sequence([torch.tensor([1, 2]), torch.tensor([3])]))
    [tensor([1, 2]), tensor([3])]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


__getattr__ = _absent_from("nn.utils.rnn")
