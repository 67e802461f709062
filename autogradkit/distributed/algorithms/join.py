"""`torch.distributed.algorithms.join`: a block that processes may leave at different times."""

from autogradkit.distributed.spread import Join as Join
