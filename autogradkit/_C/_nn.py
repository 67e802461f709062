"""`torch._C._nn`: how a call of `Module.to` is read, for modules that have a `to` of their own."""

from __future__ import annotations

from typing import Any

from autogradkit.core.device import device as Device
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.nn.modules.conversion import destination


@entry
def _parse_to(*args: Any, **kwargs: Any) -> tuple[Device | None, Dtype | None, bool, Any]:
    """Device, dtype, whether without blocking, and memory format that the arguments of `Module.to` ask for.

    >>> import autogradkit as torch
    >>> torch._C._nn._parse_to("cpu", torch.float64)
    (device(type='cpu'), torch.float64, False, None)
    """
    device, dtype, memory_format = destination(args, kwargs)
    without_blocking = kwargs.get("non_blocking", False) or True in [each for each in args if isinstance(each, bool)]
    return None if device is None else Device(device), dtype, without_blocking, memory_format
