"""Datasets: what a DataLoader draws samples from.

Rests on tensors. A map-style dataset has `__getitem__` and `__len__`, an iterable one only `__iter__`.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from autogradkit.core.random import Generator, default_generator
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.utils.data.sampler import permuted


class Dataset:
    """A collection of samples, by index. Subclasses define `__getitem__` and, for most uses, `__len__`."""

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset) -> ConcatDataset:
        return ConcatDataset([self, other])

    def __class_getitem__(cls, item: Any) -> Any:
        return cls  # `Dataset[Tensor]` in annotations


class IterableDataset(Dataset, Iterable[Any]):
    """Samples that come one after the other, such as a stream. Subclasses define `__iter__`."""

    # `__iter__` is abstract, by Iterable.

    def __add__(self, other: Dataset) -> Any:
        return ChainDataset([self, other])


class TensorDataset(Dataset):
    """Tensors side by side: sample i is the tuple of their i-th rows. Raises AssertionError if lengths differ.

    >>> import autogradkit as torch
    >>> torch.utils.data.TensorDataset(torch.arange(3), torch.arange(3) * 10)[1]
    (tensor(1), tensor(10))
    """

    def __init__(self, *tensors: Tensor) -> None:
        if any(tensors[0].size(0) != tensor.size(0) for tensor in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class ConcatDataset(Dataset):
    """Map-style datasets one after the other. Raises AssertionError for none, or for an iterable one."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        if index < 0:
            if -index > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            index += len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - before]


class ChainDataset(IterableDataset):
    """Iterable datasets one after the other."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.datasets)


class Subset(Dataset):
    """The samples of `dataset` at `indices`.

    >>> import autogradkit as torch
    >>> torch.utils.data.Subset("abcd", [3, 1])[0]
    'd'
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[each] for each in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[Any]:
        own = [self.indices[index] for index in indices]
        several = getattr(self.dataset, "__getitems__", None)
        return [self.dataset[index] for index in own] if several is None else several(own)

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Any, lengths: Sequence[float], generator: Generator | None = default_generator
) -> list[Subset]:
    """Split a dataset at random into parts of these lengths, or of these fractions of its length (sum 1).

    Raises ValueError where the lengths do not add up to the dataset's.

    >>> import autogradkit as torch
    >>> [len(part) for part in torch.utils.data.random_split(range(10), [0.7, 0.3])]
    [7, 3]
    """
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        parts: list[int] = []
        for index, fraction in enumerate(lengths):
            if fraction < 0 or fraction > 1:
                raise ValueError(f"Fraction at index {index} is not between 0 and 1")
            parts.append(math.floor(len(dataset) * fraction))
        for index in range(len(dataset) - sum(parts)):
            parts[index % len(parts)] += 1
        lengths = parts
        for index, length in enumerate(parts):
            if length == 0:
                warn(f"Length of split at index {index} is 0. This might result in an empty dataset.")
    if sum(lengths) != len(dataset):
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    order = permuted(int(sum(lengths)), generator)
    ends = itertools.accumulate(int(length) for length in lengths)
    return [Subset(dataset, order[end - int(length) : end]) for end, length in zip(ends, lengths, strict=True)]
