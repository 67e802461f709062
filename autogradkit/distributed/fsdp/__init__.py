"""`torch.distributed.fsdp`: parameters of which each process has a part."""

from autogradkit.distributed.fsdp.api import BackwardPrefetch as BackwardPrefetch
from autogradkit.distributed.fsdp.api import CPUOffload as CPUOffload
from autogradkit.distributed.fsdp.api import FullOptimStateDictConfig as FullOptimStateDictConfig
from autogradkit.distributed.fsdp.api import FullStateDictConfig as FullStateDictConfig
from autogradkit.distributed.fsdp.api import LocalOptimStateDictConfig as LocalOptimStateDictConfig
from autogradkit.distributed.fsdp.api import LocalStateDictConfig as LocalStateDictConfig
from autogradkit.distributed.fsdp.api import OptimStateDictConfig as OptimStateDictConfig
from autogradkit.distributed.fsdp.api import OptimStateKeyType as OptimStateKeyType
from autogradkit.distributed.fsdp.api import ShardedOptimStateDictConfig as ShardedOptimStateDictConfig
from autogradkit.distributed.fsdp.api import ShardedStateDictConfig as ShardedStateDictConfig
from autogradkit.distributed.fsdp.api import ShardingStrategy as ShardingStrategy
from autogradkit.distributed.fsdp.api import StateDictConfig as StateDictConfig
from autogradkit.distributed.fsdp.api import StateDictSettings as StateDictSettings
from autogradkit.distributed.fsdp.api import StateDictType as StateDictType
from autogradkit.distributed.spread import CPUOffloadPolicy as CPUOffloadPolicy
from autogradkit.distributed.spread import FSDPModule as FSDPModule
from autogradkit.distributed.spread import FullyShardedDataParallel as FullyShardedDataParallel
from autogradkit.distributed.spread import MixedPrecisionPolicy as MixedPrecisionPolicy
from autogradkit.distributed.spread import fully_shard as fully_shard
