"""`DataLoader`: batches of samples from a dataset, in PyTorch's order for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from autogradkit.core.facts import named
from autogradkit.core.frames import entry, shorten
from autogradkit.core.random import Generator, default_generator
from autogradkit.core.recording import RECORDERS, observed
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.utils.data.collate import default_collate, default_convert
from autogradkit.utils.data.dataset import IterableDataset, TensorDataset
from autogradkit.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset")


class _Endless:
    """The sampler of an iterable dataset: it decides itself what comes next."""

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
        self.dataset = dataset
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.generator = generator
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
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self._complete = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and "_complete" in self.__dict__:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        object.__setattr__(self, name, value)

    def __iter__(self) -> Iterator[Any]:
        # Drawn for worker processes in PyTorch, and with it the stream moves on: at once, not at the first batch.
        (self.generator or default_generator).base_seed()
        order = self.sampler if self.batch_sampler is None else self.batch_sampler
        return self._from_stream() if self._iterable else self._from_indices(iter(order))

    def _from_indices(self, order: Iterator[Any]) -> Iterator[Any]:
        try:
            dataset, collate = self.dataset, self.collate_fn
            if self.batch_sampler is None:
                for index in order:
                    yield collate(dataset[index])
            elif type(dataset) is TensorDataset and collate is default_collate and not _any_requires_grad(dataset):
                # The same batches as from single samples, gathered at once; a trace shows that too as the one step it is.
                for indices in order:
                    if RECORDERS:
                        yield [observed(named("batch"), "op", _rows, (each, indices), {}) for each in dataset.tensors]
                    else:
                        yield [_rows(each, indices) for each in dataset.tensors]
            else:
                for indices in order:
                    yield collate([dataset[index] for index in indices])
        except BaseException as error:
            shorten(error)
            raise

    def _from_stream(self) -> Iterator[Any]:
        try:
            samples = iter(self.dataset)
            if self.batch_size is None:
                for sample in samples:
                    yield self.collate_fn(sample)
                return
            batch: list[Any] = []
            for sample in samples:
                batch.append(sample)
                if len(batch) == self.batch_size:
                    yield self.collate_fn(batch)
                    batch = []
            if batch and not self.drop_last:
                yield self.collate_fn(batch)
        except BaseException as error:
            shorten(error)
            raise

    def __len__(self) -> int:
        if not self._iterable:
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]
        count = len(self.dataset)
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


def _any_requires_grad(dataset: TensorDataset) -> bool:
    return any(tensor.requires_grad for tensor in dataset.tensors)


def _rows(tensor: Tensor, indices: list[int]) -> Tensor:
    return wrap(tensor._array[indices])


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
