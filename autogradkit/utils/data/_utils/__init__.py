"""PyTorch's `torch.utils.data._utils`, of which packages import `collate`, `fetch`, `pin_memory` and `worker`."""

from autogradkit.utils.data._utils import collate as collate
from autogradkit.utils.data._utils import fetch as fetch
from autogradkit.utils.data._utils import pin_memory as pin_memory
from autogradkit.utils.data._utils import worker as worker
