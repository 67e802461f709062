"""`DataLoader`: batches of samples from a dataset, in PyTorch's order for the same seed."""

from __future__ import annotations

import multiprocessing
import multiprocessing.context
import os
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.context import BaseContext
from typing import Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.random import Generator
from autogradkit.core.warning import warn
from autogradkit.utils.data.batches import Batches, OwnBatches
from autogradkit.utils.data.collate import default_collate, default_convert
from autogradkit.utils.data.dataset import IterableDataset
from autogradkit.utils.data.fetching import _DatasetKind
from autogradkit.utils.data.multiprocess import WorkerBatches
from autogradkit.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler

# Names that packages import for their own signatures.
_collate_fn_t = Callable[[list[Any]], Any]
_worker_init_fn_t = Callable[[int], None]
# The names that PyTorch has for passes, by which packages tell them.
_BaseDataLoaderIter, _SingleProcessDataLoaderIter, _MultiProcessingDataLoaderIter = Batches, OwnBatches, WorkerBatches

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _InfiniteConstantSampler:
    """The sampler of an iterable dataset, which decides itself what comes next."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


class DataLoader:
    """Goes through a dataset in batches; a new, newly shuffled pass each time it is iterated over.

    `batch_size=None` gives single samples. Batches are made by `collate_fn` (`default_collate`), in this process or, with
    `num_workers`, in that many others, in the same order. Raises ValueError for options that exclude each other.

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
        _refuse_for_workers(num_workers, prefetch_factor, persistent_workers)
        self.dataset = dataset
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.generator = generator
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers = persistent_workers
        self.pin_memory_device = pin_memory_device
        self.in_order = in_order
        self._IterableDataset_len_called: int | None = None  # the length that a stream told of itself
        self._iterator: WorkerBatches | None = None  # where workers are persistent, the one that has them
        iterable = isinstance(dataset, IterableDataset)
        self._dataset_kind = _DatasetKind.Iterable if iterable else _DatasetKind.Map
        if iterable:
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
            if iterable:
                sampler = _InfiniteConstantSampler()
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
        _warn_of_many_workers(num_workers)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and "_complete" in self.__dict__:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        object.__setattr__(self, name, value)

    @property
    def multiprocessing_context(self) -> BaseContext | None:
        """How workers are started, where that was said; else as Python's `multiprocessing` starts processes."""
        return self._context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: BaseContext | str | None) -> None:
        self._context = _checked_context(context, self.num_workers)

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Iterable[Any]:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    @entry
    def __iter__(self) -> Batches:
        if not self.num_workers:
            return OwnBatches(self)
        _warn_of_many_workers(self.num_workers)
        if self._iterator is not None:
            self._iterator.restart()
            return self._iterator
        batches = WorkerBatches(self)
        if self.persistent_workers:
            self._iterator = batches
        return batches

    def __len__(self) -> int:
        if self._dataset_kind == _DatasetKind.Map:
            return len(self._index_sampler)  # type: ignore[arg-type]
        count = self._IterableDataset_len_called = len(self.dataset)
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


def _refuse_for_workers(workers: int, prefetch_factor: int | None, persistent: bool) -> None:
    if workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable "
            "multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent and workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _checked_context(context: Any, workers: int) -> BaseContext | None:
    if context is None:
        return None
    if workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
            f"num_workers={workers}"
        )
    if isinstance(context, str):
        if context not in (methods := multiprocessing.get_all_start_methods()):
            raise ValueError(
                f"multiprocessing_context option should specify a valid start method in {methods!r}, but got "
                f"multiprocessing_context={context!r}"
            )
        return multiprocessing.get_context(context)
    if not isinstance(context, BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string specifying the start method, but "
            f"got multiprocessing_context={context}"
        )
    return context


def _warn_of_many_workers(workers: int) -> None:
    """Warn where there are more workers than processors for them."""
    knows_own = hasattr(os, "sched_getaffinity")  # else those of the machine, of which this process may have few
    processors = len(os.sched_getaffinity(0)) if knows_own else os.cpu_count()
    if not workers or (processors is not None and workers <= processors):
        return
    suggested = (
        "DataLoader is not able to compute a suggested max number of worker in current system."
        if processors is None
        else f"Our suggested max number of worker in current system is {processors}"
        f"{'' if knows_own else ' (`cpuset` is not taken into account)'}, which is smaller than what this DataLoader is going "
        "to create."
    )
    warn(
        f"This DataLoader will create {workers} worker processes in total. {suggested} Please be aware that excessive worker "
        "creation might get DataLoader running slow or even freeze, lower the worker number to avoid potential "
        "slowness/freeze if necessary."
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


__getattr__ = _absent_from("utils.data.dataloader")
