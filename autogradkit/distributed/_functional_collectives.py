"""`torch.distributed._functional_collectives`."""

from autogradkit.distributed.spread import wait_tensor as wait_tensor
