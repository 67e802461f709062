"""`torch.distributed.tensor`: tensors of which each process has a part."""

from autogradkit.distributed.spread import DeviceMesh as DeviceMesh
from autogradkit.distributed.spread import DTensor as DTensor
from autogradkit.distributed.spread import Partial as Partial
from autogradkit.distributed.spread import Placement as Placement
from autogradkit.distributed.spread import Replicate as Replicate
from autogradkit.distributed.spread import Shard as Shard
from autogradkit.distributed.spread import distribute_module as distribute_module
from autogradkit.distributed.spread import distribute_tensor as distribute_tensor
from autogradkit.distributed.spread import init_device_mesh as init_device_mesh
from autogradkit.distributed.tensor import experimental as experimental
