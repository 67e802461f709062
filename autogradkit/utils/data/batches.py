"""One pass through a loader: what `iter(loader)` gives. Here what all passes share, and the one that this process makes itself.

Rests on the fetchers; `multiprocess.py` has the pass whose batches workers make.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from autogradkit.core.frames import shorten
from autogradkit.core.random import Generator, default_generator
from autogradkit.core.tensor import wrap
from autogradkit.core.warning import warn
from autogradkit.utils.data.fetching import fetcher_for

if TYPE_CHECKING:
    from autogradkit.utils.data.dataloader import DataLoader


class Batches:
    """Batches in the order of the loader's sampler. A stream may end them by StopIteration, too."""

    def __init__(self, loader: DataLoader) -> None:
        if loader.pin_memory and loader.pin_memory_device:
            warn(
                "pin_memory_device is deprecated, the current accelerator will be used as the device,ignore "
                f"pin_memory_device='{loader.pin_memory_device}'."
            )
        if loader.pin_memory:
            warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used."
            )
        self._loader = loader
        self._begin_order()
        # Drawn also where no worker needs it, and at once, not at the first batch: the stream moves on as in PyTorch.
        generator = loader.generator or default_generator
        if not isinstance(generator, Generator):
            wrap(np.empty((), np.int64)).random_(generator=generator)  # refuses it
        self.base_seed = generator.base_seed()

    def _begin_order(self) -> None:
        self._places: Iterator[Any] = iter(self._loader._index_sampler)
        self._told = self._loader._IterableDataset_len_called
        self._fetched = 0

    def _next_batch(self) -> Any:
        raise NotImplementedError

    def __iter__(self) -> Self:
        return self

    def __len__(self) -> int:
        return len(self._loader._index_sampler)  # type: ignore[arg-type]

    def __next__(self) -> Any:
        try:
            batch = self._next_batch()
        except BaseException as error:
            shorten(error)
            raise
        self._fetched += 1
        if self._told is not None and self._fetched > self._told:
            warn(
                f"Length of IterableDataset {self._loader.dataset} was reported to be {self._told}(when accessing "
                f"len(dataloader)), but {self._fetched} samples have been fetched. " + self._cause_of_surplus
            )
        return batch

    _cause_of_surplus = ""

    def __getstate__(self) -> Any:
        raise NotImplementedError("{} cannot be pickled", type(self).__name__)


class OwnBatches(Batches):
    """Batches that this process makes when they are asked for."""

    def __init__(self, loader: DataLoader) -> None:
        super().__init__(loader)
        if loader.timeout:
            raise AssertionError("_SingleProcessDataLoaderIter requires timeout == 0")
        self._fetch = fetcher_for(
            loader._dataset_kind, loader.dataset, loader._auto_collation, loader.collate_fn, loader.drop_last
        )

    def _next_batch(self) -> Any:
        return self._fetch(next(self._places))
