"""`torch.distributed.device_mesh`: processes in rows and columns."""

from autogradkit.distributed.spread import DeviceMesh as DeviceMesh
from autogradkit.distributed.spread import init_device_mesh as init_device_mesh
