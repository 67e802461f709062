"""`torch.distributed.fsdp`: parameters of which each process has a part."""

from autogradkit.distributed.spread import CPUOffloadPolicy as CPUOffloadPolicy
from autogradkit.distributed.spread import FSDPModule as FSDPModule
from autogradkit.distributed.spread import FullyShardedDataParallel as FullyShardedDataParallel
from autogradkit.distributed.spread import MixedPrecisionPolicy as MixedPrecisionPolicy
from autogradkit.distributed.spread import fully_shard as fully_shard
