"""How a loader gets a sample or a batch out of a data set; the same in this process and in a worker's.

Rests on data sets and tensors. A fetcher is called with what the sampler gave: an index, or a list of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from autogradkit.core.facts import named
from autogradkit.core.recording import RECORDERS, observed
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.utils.data.collate import default_collate
from autogradkit.utils.data.dataset import TensorDataset, samples_at

Fetcher = Callable[[Any], Any]


class _DatasetKind:
    """PyTorch's numbers for how samples are asked for: by index, or one after the other."""

    Map = 0
    Iterable = 1


def fetcher_for(kind: int, dataset: Any, batched: bool, collate: Callable[[Any], Any], drop_last: bool) -> Fetcher:
    """What gets samples out of `dataset`, in batches or one by one. It raises StopIteration where a stream has ended."""
    if kind == _DatasetKind.Iterable:
        return _Stream(dataset, batched, collate, drop_last)
    if not batched:
        return lambda index: collate(dataset[index])
    return lambda indices: _batch(dataset, indices, collate)


def _batch(dataset: Any, indices: list[Any], collate: Callable[[Any], Any]) -> Any:
    if type(dataset) is TensorDataset and collate is default_collate and not _any_requires_grad(dataset):
        # The same batch as from single samples, gathered at once; a trace shows that too as the one step it is.
        if RECORDERS:
            return [observed(named("batch"), "op", _rows, (each, indices), {}) for each in dataset.tensors]
        return [_rows(each, indices) for each in dataset.tensors]
    return collate(samples_at(dataset, indices))


def _any_requires_grad(dataset: TensorDataset) -> bool:
    return any(tensor.requires_grad for tensor in dataset.tensors)


def _rows(tensor: Tensor, indices: list[int]) -> Tensor:
    return wrap(tensor._array[indices])


class _Stream:
    """What an iterable data set gives next; the places that the sampler gave only say how much."""

    def __init__(self, dataset: Any, batched: bool, collate: Callable[[Any], Any], drop_last: bool) -> None:
        self._samples = iter(dataset)
        self._batched = batched
        self._collate = collate
        self._drop_last = drop_last
        self._ended = False

    def __call__(self, places: Any) -> Any:
        if self._ended:
            raise StopIteration
        if not self._batched:
            return self._collate(next(self._samples))
        batch = list(itertools.islice(self._samples, len(places)))
        self._ended = len(batch) < len(places)
        if not batch or (self._drop_last and self._ended):
            raise StopIteration
        return self._collate(batch)
