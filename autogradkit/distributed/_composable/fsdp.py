"""`torch.distributed._composable.fsdp`: parameters of which each process has a part."""

from autogradkit.distributed.fsdp import CPUOffloadPolicy as CPUOffloadPolicy
from autogradkit.distributed.fsdp import FSDPModule as FSDPModule
from autogradkit.distributed.fsdp import MixedPrecisionPolicy as MixedPrecisionPolicy
from autogradkit.distributed.fsdp import fully_shard as fully_shard
