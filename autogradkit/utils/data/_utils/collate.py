"""PyTorch's `torch.utils.data._utils.collate`, from which older scripts import what `utils.data` has."""

from autogradkit.utils.data.collate import default_collate as default_collate
from autogradkit.utils.data.collate import default_convert as default_convert
