"""PyTorch's `torch.distributed.elastic`, of which there is the decorator of a script's main function."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.distributed.elastic import multiprocessing as multiprocessing

__getattr__ = _absent_from("distributed.elastic")
