"""`DistributedSampler`: the part of a data set that one of several training processes gets. Rests on the samplers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from autogradkit import distributed
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.random import Generator
from autogradkit.utils.data.sampler import Sampler, permuted

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler):
    """Every `num_replicas`-th index, from the `rank`-th on, of an order that all processes shuffle alike.

    The last indices are dropped with `drop_last`, else the first ones come again, so that all processes get as many. Numbers
    that are not given the process group knows. Raises ValueError for a rank that is none, and where there is no such group.

    >>> import autogradkit as torch
    >>> list(torch.utils.data.DistributedSampler("abcde", num_replicas=2, rank=1, shuffle=False))
    [1, 3, 0]
    """

    @entry
    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        num_replicas = distributed.get_world_size() if num_replicas is None else num_replicas
        rank = distributed.get_rank() if rank is None else rank
        if rank >= num_replicas or rank < 0:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        count = len(dataset)
        self.num_samples = count // num_replicas if drop_last else math.ceil(count / num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self) -> Iterator[int]:
        count = len(self.dataset)
        indices = list(range(count))
        if self.shuffle:
            indices = permuted(count, Generator().manual_seed(self.seed + self.epoch))
        if not self.drop_last and indices:
            indices *= math.ceil(self.total_size / count)
        return iter(indices[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Shuffle in another way from the next pass on; without it every pass has the same order."""
        self.epoch = epoch


__getattr__ = _absent_from("utils.data.distributed")
