"""`torch.distributed.tensor._utils`: which part a process has."""

from autogradkit.distributed.spread import (
    compute_local_shape_and_global_offset as compute_local_shape_and_global_offset,
)
