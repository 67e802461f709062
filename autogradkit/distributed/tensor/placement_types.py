"""`torch.distributed.tensor.placement_types`."""

from autogradkit.distributed.spread import Partial as Partial
from autogradkit.distributed.spread import Placement as Placement
from autogradkit.distributed.spread import Replicate as Replicate
from autogradkit.distributed.spread import Shard as Shard
from autogradkit.distributed.spread import _StridedShard as _StridedShard
