"""Feeding a network: datasets, samplers, and the DataLoader that makes batches of them."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.utils.data import _utils as _utils
from autogradkit.utils.data.collate import default_collate, default_convert
from autogradkit.utils.data.dataloader import DataLoader
from autogradkit.utils.data.dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from autogradkit.utils.data.distributed import DistributedSampler
from autogradkit.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from autogradkit.utils.data.worker import get_worker_info

__all__ = [
    "BatchSampler",
    "ChainDataset",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "DistributedSampler",
    "IterableDataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "StackDataset",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "default_collate",
    "default_convert",
    "get_worker_info",
    "random_split",
]

__getattr__ = _absent_from("utils.data")
