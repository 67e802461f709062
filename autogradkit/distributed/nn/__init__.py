"""PyTorch's `torch.distributed.nn`: what processes tell one another, with gradients."""

from autogradkit.distributed.nn import functional as functional
from autogradkit.distributed.nn.functional import ReduceOp as ReduceOp
from autogradkit.distributed.nn.functional import all_gather as all_gather
from autogradkit.distributed.nn.functional import all_reduce as all_reduce
from autogradkit.distributed.nn.functional import all_to_all as all_to_all
from autogradkit.distributed.nn.functional import all_to_all_single as all_to_all_single
from autogradkit.distributed.nn.functional import broadcast as broadcast
from autogradkit.distributed.nn.functional import gather as gather
from autogradkit.distributed.nn.functional import reduce as reduce
from autogradkit.distributed.nn.functional import reduce_scatter as reduce_scatter
from autogradkit.distributed.nn.functional import scatter as scatter
