"""PyTorch's `torch.utils.data._utils`, of which scripts import `collate` and `worker`."""

from autogradkit.utils.data._utils import collate as collate
from autogradkit.utils.data._utils import worker as worker
