"""`torch.distributed._composable.fsdp`: parameters of which each process has a part."""

from autogradkit.distributed.spread import CPUOffloadPolicy as CPUOffloadPolicy
from autogradkit.distributed.spread import MixedPrecisionPolicy as MixedPrecisionPolicy
from autogradkit.distributed.spread import fully_shard as fully_shard
