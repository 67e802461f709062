"""PyTorch's `torch.distributed.elastic.multiprocessing`: see `errors`."""

from autogradkit.distributed.elastic.multiprocessing import errors as errors
