"""`torch.distributed.fsdp.fully_sharded_data_parallel`."""

from autogradkit.distributed.fsdp.api import CPUOffload as CPUOffload
from autogradkit.distributed.fsdp.api import FullOptimStateDictConfig as FullOptimStateDictConfig
from autogradkit.distributed.fsdp.api import FullStateDictConfig as FullStateDictConfig
from autogradkit.distributed.fsdp.api import ShardedOptimStateDictConfig as ShardedOptimStateDictConfig
from autogradkit.distributed.fsdp.api import ShardedStateDictConfig as ShardedStateDictConfig
from autogradkit.distributed.fsdp.api import ShardingStrategy as ShardingStrategy
from autogradkit.distributed.fsdp.api import StateDictType as StateDictType
from autogradkit.distributed.spread import FullyShardedDataParallel as FullyShardedDataParallel
