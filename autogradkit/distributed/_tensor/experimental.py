"""`torch.distributed._tensor.experimental`: the older name of `distributed.tensor.experimental`."""

from autogradkit.distributed.tensor.experimental import implicit_replication as implicit_replication
