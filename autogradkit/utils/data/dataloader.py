"""`DataLoader`: batches of samples from a dataset, in PyTorch's order for the same seed."""

from __future__ import annotations

import itertools
import multiprocessing
import multiprocessing.context
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.context import BaseContext
from typing import Any

import numpy as np

from autogradkit.core.facts import named
from autogradkit.core.frames import entry, shorten
from autogradkit.core.random import Generator, default_generator
from autogradkit.core.recording import RECORDERS, observed
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.warning import warn
from autogradkit.utils.data.collate import default_collate, default_convert
from autogradkit.utils.data.dataset import IterableDataset, TensorDataset
from autogradkit.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset")


class _Endless:
    """The sampler of an iterable dataset, which decides itself what comes next."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


class DataLoader:
    """Goes through a dataset in batches; a new, newly shuffled pass each time it is iterated over.

    `batch_size=None` gives single samples. Batches are made by `collate_fn` (`default_collate`). `num_workers` and the other
    options for worker processes are accepted, and the work is done in this process whatever they say: the samples and their
    order are the same. Raises ValueError for options that exclude each other.

    >>> import autogradkit as torch
    >>> [batch.tolist() for batch in torch.utils.data.DataLoader(range(5), batch_size=2)]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
        if timeout < 0:
            raise ValueError("timeout option should be non-negative")
        _refuse_for_workers(num_workers, prefetch_factor, persistent_workers, multiprocessing_context)
        self.dataset = dataset
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.generator = generator
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers = persistent_workers
        self.pin_memory_device = pin_memory_device
        self.in_order = in_order
        self._reported: int | None = None  # the length that a stream told of itself
        self._iterable = isinstance(dataset, IterableDataset)
        if self._iterable:
            _refuse_for_iterable(shuffle, sampler, batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size = None
            drop_last = False
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if sampler is None:
            if self._iterable:
                sampler = _Endless()
            else:
                sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        usual = default_convert if batch_sampler is None else default_collate
        self.collate_fn = usual if collate_fn is None else collate_fn
        self._complete = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and "_complete" in self.__dict__:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        object.__setattr__(self, name, value)

    @entry
    def __iter__(self) -> Batches:
        return Batches(self)

    def __len__(self) -> int:
        if not self._iterable:
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]
        count = self._reported = len(self.dataset)
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


class Batches:
    """One pass through a loader: what `iter(loader)` gives. A dataset ends it by StopIteration, too."""

    def __init__(self, loader: DataLoader) -> None:
        if loader.pin_memory_device:
            warn(
                "pin_memory_device is deprecated, the current accelerator will be used as the device,ignore "
                f"pin_memory_device='{loader.pin_memory_device}'."
            )
        if loader.pin_memory:
            warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used."
            )
        self._loader = loader
        self._order = loader.sampler if loader.batch_sampler is None else loader.batch_sampler
        self._places: Iterator[Any] = iter(self._order)
        # Drawn for worker processes in PyTorch, and with it the stream moves on: at once, not at the first batch.
        generator = loader.generator or default_generator
        if not isinstance(generator, Generator):
            wrap(np.empty((), np.int64)).random_(generator=generator)  # refuses it
        generator.base_seed()
        if loader.timeout and not loader.num_workers:
            raise AssertionError("_SingleProcessDataLoaderIter requires timeout == 0")
        self._samples = iter(loader.dataset) if loader._iterable else None
        self._ended = False
        self._fetched = 0

    def __iter__(self) -> Batches:
        return self

    def __len__(self) -> int:
        return len(self._order)  # type: ignore[arg-type]

    def __next__(self) -> Any:
        try:
            place = next(self._places)
            batch = self._fetch(place) if self._samples is None else self._next(self._samples, place)
        except BaseException as error:
            shorten(error)
            raise
        self._fetched += 1
        reported = self._loader._reported
        if reported is not None and self._fetched > reported:
            warn(
                f"Length of IterableDataset {self._loader.dataset} was reported to be {reported}(when accessing "
                f"len(dataloader)), but {self._fetched} samples have been fetched. "
            )
        return batch

    def _fetch(self, place: Any) -> Any:
        """The sample at an index, or the batch at several."""
        dataset, collate = self._loader.dataset, self._loader.collate_fn
        if self._loader.batch_sampler is None:
            return collate(dataset[place])
        if type(dataset) is TensorDataset and collate is default_collate and not _any_requires_grad(dataset):
            # The same batch as from single samples, gathered at once; a trace shows that too as the one step it is.
            if RECORDERS:
                return [observed(named("batch"), "op", _rows, (each, place), {}) for each in dataset.tensors]
            return [_rows(each, place) for each in dataset.tensors]
        several = getattr(dataset, "__getitems__", None)
        return collate([dataset[index] for index in place] if several is None else several(place))

    def _next(self, samples: Iterator[Any], places: Any) -> Any:
        """The next sample of a stream, or the next batch."""
        collate = self._loader.collate_fn
        if self._ended:
            raise StopIteration
        if self._loader.batch_sampler is None:
            return collate(next(samples))
        batch = list(itertools.islice(samples, len(places)))
        self._ended = len(batch) < len(places)
        if not batch or (self._loader.drop_last and self._ended):
            raise StopIteration
        return collate(batch)


def _any_requires_grad(dataset: TensorDataset) -> bool:
    return any(tensor.requires_grad for tensor in dataset.tensors)


def _rows(tensor: Tensor, indices: list[int]) -> Tensor:
    return wrap(tensor._array[indices])


def _refuse_for_workers(workers: int, prefetch_factor: int | None, persistent: bool, context: Any) -> None:
    if workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable "
            "multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent and workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")
    if context is None:
        return
    if workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
            f"num_workers={workers}"
        )
    if isinstance(context, str) and context not in (methods := multiprocessing.get_all_start_methods()):
        raise ValueError(
            f"multiprocessing_context option should specify a valid start method in {methods!r}, but got "
            f"multiprocessing_context={context!r}"
        )
    if not isinstance(context, str | BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string specifying the start method, but "
            f"got multiprocessing_context={context}"
        )


@entry
def _refuse_for_iterable(shuffle: bool | None, sampler: Any, batch_sampler: Any) -> None:
    if shuffle not in (False, None):
        raise ValueError(
            f"DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle={shuffle}"
        )
    for name, value in (("sampler", sampler), ("batch_sampler", batch_sampler)):
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
            )
