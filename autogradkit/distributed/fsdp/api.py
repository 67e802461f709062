"""`torch.distributed.fsdp.api`: what a model that is spread over several processes is told, as PyTorch writes it down.

Packages name these in their own options. They say nothing to anything here: `FullyShardedDataParallel` refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class ShardingStrategy(Enum):
    """What each process has a part of."""

    FULL_SHARD = auto()
    SHARD_GRAD_OP = auto()
    NO_SHARD = auto()
    HYBRID_SHARD = auto()
    _HYBRID_SHARD_ZERO2 = auto()


class BackwardPrefetch(Enum):
    """When the next parameters are asked for in backward."""

    BACKWARD_PRE = auto()
    BACKWARD_POST = auto()


class StateDictType(Enum):
    """What `state_dict` gives: everything, the own part, or parts that know of one another."""

    FULL_STATE_DICT = auto()
    LOCAL_STATE_DICT = auto()
    SHARDED_STATE_DICT = auto()


class OptimStateKeyType(Enum):
    """What an optimizer's state is found by."""

    PARAM_NAME = auto()
    PARAM_ID = auto()


@dataclass
class CPUOffload:
    """Whether parameters wait in the processor's memory."""

    offload_params: bool = False


@dataclass
class StateDictConfig:
    """How a `state_dict` is made."""

    offload_to_cpu: bool = False


@dataclass
class FullStateDictConfig(StateDictConfig):
    """How one of everything is made."""

    rank0_only: bool = False


@dataclass
class LocalStateDictConfig(StateDictConfig):
    """How one of the own part is made."""


@dataclass
class ShardedStateDictConfig(StateDictConfig):
    """How one of parts that know of one another is made."""

    _use_dtensor: bool = False


@dataclass
class OptimStateDictConfig:
    """How that of an optimizer is made."""

    offload_to_cpu: bool = True


@dataclass
class FullOptimStateDictConfig(OptimStateDictConfig):
    """How one of everything is made."""

    rank0_only: bool = False


@dataclass
class LocalOptimStateDictConfig(OptimStateDictConfig):
    """How one of the own part is made."""

    offload_to_cpu: bool = False


@dataclass
class ShardedOptimStateDictConfig(OptimStateDictConfig):
    """How one of parts that know of one another is made."""

    _use_dtensor: bool = False


@dataclass
class StateDictSettings:
    """All three together."""

    state_dict_type: StateDictType
    state_dict_config: StateDictConfig
    optim_state_dict_config: OptimStateDictConfig
