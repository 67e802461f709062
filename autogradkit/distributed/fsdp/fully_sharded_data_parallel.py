"""`torch.distributed.fsdp.fully_sharded_data_parallel`."""

from autogradkit.distributed.spread import FullyShardedDataParallel as FullyShardedDataParallel
