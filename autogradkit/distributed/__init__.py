"""PyTorch's `torch.distributed` for one process: a script that several may run, run by one, goes on as with `gloo`.

`world.py` begins and ends, `collectives.py` has what processes tell one another, `stores.py` what they leave by key. A world
of more than one is refused.
"""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.distributed import device_mesh as device_mesh
from autogradkit.distributed import distributed_c10d as distributed_c10d
from autogradkit.distributed import rpc as rpc
from autogradkit.distributed.collectives import ReduceOp as ReduceOp
from autogradkit.distributed.collectives import Work as Work
from autogradkit.distributed.collectives import all_gather as all_gather
from autogradkit.distributed.collectives import all_gather_into_tensor as all_gather_into_tensor
from autogradkit.distributed.collectives import all_gather_object as all_gather_object
from autogradkit.distributed.collectives import all_gather_single as all_gather_single
from autogradkit.distributed.collectives import all_reduce as all_reduce
from autogradkit.distributed.collectives import all_to_all as all_to_all
from autogradkit.distributed.collectives import all_to_all_single as all_to_all_single
from autogradkit.distributed.collectives import barrier as barrier
from autogradkit.distributed.collectives import broadcast as broadcast
from autogradkit.distributed.collectives import broadcast_object_list as broadcast_object_list
from autogradkit.distributed.collectives import gather as gather
from autogradkit.distributed.collectives import gather_object as gather_object
from autogradkit.distributed.collectives import monitored_barrier as monitored_barrier
from autogradkit.distributed.collectives import reduce as reduce
from autogradkit.distributed.collectives import reduce_scatter as reduce_scatter
from autogradkit.distributed.collectives import reduce_scatter_single as reduce_scatter_single
from autogradkit.distributed.collectives import reduce_scatter_tensor as reduce_scatter_tensor
from autogradkit.distributed.collectives import scatter as scatter
from autogradkit.distributed.collectives import scatter_object_list as scatter_object_list
from autogradkit.distributed.device_mesh import DeviceMesh as DeviceMesh
from autogradkit.distributed.device_mesh import init_device_mesh as init_device_mesh
from autogradkit.distributed.messages import P2POp as P2POp
from autogradkit.distributed.messages import batch_isend_irecv as batch_isend_irecv
from autogradkit.distributed.messages import irecv as irecv
from autogradkit.distributed.messages import isend as isend
from autogradkit.distributed.messages import recv as recv
from autogradkit.distributed.messages import send as send
from autogradkit.distributed.stores import DistError as DistError
from autogradkit.distributed.stores import DistNetworkError as DistNetworkError
from autogradkit.distributed.stores import DistStoreError as DistStoreError
from autogradkit.distributed.stores import FileStore as FileStore
from autogradkit.distributed.stores import HashStore as HashStore
from autogradkit.distributed.stores import PrefixStore as PrefixStore
from autogradkit.distributed.stores import Store as Store
from autogradkit.distributed.stores import TCPStore as TCPStore
from autogradkit.distributed.world import Backend as Backend
from autogradkit.distributed.world import Groups as _Groups
from autogradkit.distributed.world import ProcessGroup as ProcessGroup
from autogradkit.distributed.world import destroy_process_group as destroy_process_group
from autogradkit.distributed.world import get_backend as get_backend
from autogradkit.distributed.world import get_global_rank as get_global_rank
from autogradkit.distributed.world import get_group_rank as get_group_rank
from autogradkit.distributed.world import get_node_local_rank as get_node_local_rank
from autogradkit.distributed.world import get_process_group_ranks as get_process_group_ranks
from autogradkit.distributed.world import get_rank as get_rank
from autogradkit.distributed.world import get_world_size as get_world_size
from autogradkit.distributed.world import init_process_group as init_process_group
from autogradkit.distributed.world import is_available as is_available
from autogradkit.distributed.world import is_backend_available as is_backend_available
from autogradkit.distributed.world import is_gloo_available as is_gloo_available
from autogradkit.distributed.world import is_initialized as is_initialized
from autogradkit.distributed.world import is_mpi_available as is_mpi_available
from autogradkit.distributed.world import is_nccl_available as is_nccl_available
from autogradkit.distributed.world import is_torchelastic_launched as is_torchelastic_launched
from autogradkit.distributed.world import is_ucc_available as is_ucc_available
from autogradkit.distributed.world import is_xccl_available as is_xccl_available
from autogradkit.distributed.world import new_group as new_group

group = _Groups
__getattr__ = _absent_from("distributed")
