"""A module that would be copied to each GPU: `DataParallel`, which without one calls it as it is."""

from __future__ import annotations

from typing import Any, NoReturn

from autogradkit.core.frames import entry
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["DataParallel", "data_parallel"]


class DataParallel(Module):
    """A module that would be copied to each GPU; without one it calls `module`, as in PyTorch.

    >>> import autogradkit as torch
    >>> torch.nn.DataParallel(torch.nn.Flatten())(torch.ones(2, 3, 4)).shape
    torch.Size([2, 12])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.DataParallel(m.nn.Linear(3, 2)), m.randn(4, 3))]

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module gives."""
        return self.module(*inputs, **kwargs)


@entry
def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Any = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> NoReturn:
    """Raises RuntimeError, as PyTorch without GPUs does."""
    raise RuntimeError("device type could not be determined")
