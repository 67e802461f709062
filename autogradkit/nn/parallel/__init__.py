"""Layers for several devices and processes, of which there is one here: PyTorch's `nn.parallel`."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.nn.parallel.data_parallel import DataParallel as DataParallel
from autogradkit.nn.parallel.data_parallel import data_parallel as data_parallel
from autogradkit.nn.parallel.distributed import DistributedDataParallel as DistributedDataParallel
from autogradkit.nn.parallel.parallel_apply import parallel_apply as parallel_apply
from autogradkit.nn.parallel.replicate import replicate as replicate
from autogradkit.nn.parallel.scatter_gather import gather as gather
from autogradkit.nn.parallel.scatter_gather import scatter as scatter

__getattr__ = _absent_from("nn.parallel")
