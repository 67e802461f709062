"""`torch.distributed._functional_collectives`."""

from autogradkit.distributed.spread import all_to_all_single_autograd as all_to_all_single_autograd
from autogradkit.distributed.spread import wait_tensor as wait_tensor
