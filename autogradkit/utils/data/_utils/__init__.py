"""PyTorch's `torch.utils.data._utils`, of which scripts import `collate`."""

from autogradkit.utils.data._utils import collate as collate
