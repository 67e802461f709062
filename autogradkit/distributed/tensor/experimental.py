"""`torch.distributed.tensor.experimental`."""

from autogradkit.distributed.spread import implicit_replication as implicit_replication
