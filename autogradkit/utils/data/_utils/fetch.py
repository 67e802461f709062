"""PyTorch's `torch.utils.data._utils.fetch`: what gets samples out of a data set, which programs extend and wrap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit.utils.data.fetching import _DatasetKind, fetcher_for


class _BaseDatasetFetcher:
    _kind: int

    def __init__(self, dataset: Any, auto_collation: bool, collate_fn: Callable[[Any], Any], drop_last: bool) -> None:
        self.dataset, self.auto_collation = dataset, auto_collation
        self.collate_fn, self.drop_last = collate_fn, drop_last
        self._fetch = fetcher_for(self._kind, dataset, auto_collation, collate_fn, drop_last)

    def fetch(self, possibly_batched_index: Any) -> Any:
        """What the loader gives for an index, or for a list of them."""
        return self._fetch(possibly_batched_index)


class _MapDatasetFetcher(_BaseDatasetFetcher):
    _kind = _DatasetKind.Map


class _IterableDatasetFetcher(_BaseDatasetFetcher):
    _kind = _DatasetKind.Iterable
