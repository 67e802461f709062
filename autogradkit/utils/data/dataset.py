"""Datasets: what a DataLoader draws samples from.

Rests on tensors. A map-style dataset has `__getitem__` and `__len__`, an iterable one only `__iter__`.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry, shorten
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


def samples_at(dataset: Any, indices: list[Any]) -> Any:
    """A map-style dataset's samples at several indices: at once where it can (`__getitems__`), else one by one."""
    several: Any = getattr(dataset, "__getitems__", None)
    return several(indices) if several else [dataset[index] for index in indices]


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
        try:
            return tuple(tensor[index] for tensor in self.tensors)
        except BaseException as error:
            shorten(error)
            raise

    def __len__(self) -> int:
        return cast("int", self.tensors[0].size(0))


class ConcatDataset(Dataset):
    """Map-style datasets one after the other. Raises AssertionError for none, or for an iterable one."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    @staticmethod
    def cumsum(sequence: Iterable[Any]) -> list[int]:
        """Where each dataset of a sequence ends.

        >>> import autogradkit as torch
        >>> torch.utils.data.ConcatDataset.cumsum([range(3), range(2)])
        [3, 5]
        """
        return list(itertools.accumulate(len(dataset) for dataset in sequence))

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
    """Iterable datasets one after the other. Raises AssertionError where it comes to one that is not iterable."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def _checked(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        try:
            for dataset in self._checked():
                yield from dataset
        except BaseException as error:
            shorten(error)
            raise

    @entry
    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self._checked())


class StackDataset(Dataset):
    """Map-style datasets side by side: a sample is the tuple of theirs or, where they were named, the dict of theirs.

    Raises ValueError for none, for datasets of different lengths, and for some with and some without a name.

    >>> import autogradkit as torch
    >>> torch.utils.data.StackDataset(letter="abc", number=[10, 20, 30])[1]
    {'letter': 'b', 'number': 20}
    """

    @entry
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like input/output, but both types "
                "are given."
            )
        self.datasets: Any = args or kwargs
        parts = self._parts()
        if not parts:
            raise ValueError("At least one dataset should be passed")
        self._length = len(parts[0])
        if any(len(dataset) != self._length for dataset in parts):
            raise ValueError("Size mismatch between datasets")

    def _parts(self) -> list[Any]:
        return list(self.datasets.values() if isinstance(self.datasets, dict) else self.datasets)

    def _sample(self, values: Iterable[Any]) -> Any:
        values = tuple(values)
        return dict(zip(self.datasets, values, strict=True)) if isinstance(self.datasets, dict) else values

    def __getitem__(self, index: Any) -> Any:
        try:
            return self._sample(dataset[index] for dataset in self._parts())
        except BaseException as error:
            shorten(error)
            raise

    @entry
    def __getitems__(self, indices: list[Any]) -> list[Any]:
        columns: list[Any] = []
        for dataset in self._parts():
            column = samples_at(dataset, indices)
            if len(column) != len(indices):
                raise ValueError(f"Nested dataset's output size mismatch. Expected {len(indices)}, got {len(column)}")
            columns.append(column)
        return [self._sample(values) for values in zip(*columns, strict=True)]

    def __len__(self) -> int:
        return self._length


class Subset(Dataset):
    """The samples of `dataset` at `indices`.

    >>> import autogradkit as torch
    >>> torch.utils.data.Subset("abcd", [3, 1])[0]
    'd'
    """

    @entry
    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices
        kind = type(self)
        if kind.__getitem__ is not Subset.__getitem__ and kind.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{kind.__name__} overrides __getitem__ but not __getitems__. When subclassing Subset and overriding "
                "__getitem__, you must also override __getitems__ to ensure DataLoader works correctly with your custom "
                "logic. A simple implementation:\n\n"
                "def __getitems__(self, indices):\n"
                "    return [self.__getitem__(idx) for idx in indices]"
            )

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[each] for each in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[Any]:
        return samples_at(self.dataset, [self.indices[index] for index in indices])

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


__getattr__ = _absent_from("utils.data.dataset")
