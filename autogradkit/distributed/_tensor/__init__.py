"""`torch.distributed._tensor`: the older name of `distributed.tensor`."""

from autogradkit.distributed.tensor import DeviceMesh as DeviceMesh
from autogradkit.distributed.tensor import DTensor as DTensor
from autogradkit.distributed.tensor import Partial as Partial
from autogradkit.distributed.tensor import Placement as Placement
from autogradkit.distributed.tensor import Replicate as Replicate
from autogradkit.distributed.tensor import Shard as Shard
from autogradkit.distributed.tensor import distribute_module as distribute_module
from autogradkit.distributed.tensor import distribute_tensor as distribute_tensor
