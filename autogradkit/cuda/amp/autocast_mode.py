"""`torch.cuda.amp.autocast` and what decorates custom Functions with it: `torch.amp` for a device. Rests on amp."""

from __future__ import annotations

from typing import Any

from autogradkit import amp as _amp
from autogradkit.core.dtype import dtype as _dtype
from autogradkit.core.dtype import float16 as _float16
from autogradkit.cuda.amp.common import deprecated as _deprecated


class autocast(_amp.autocast):  # noqa: N801 - PyTorch's name
    """`torch.amp.autocast("cuda")`."""

    def __init__(self, enabled: bool = True, dtype: _dtype = _float16, cache_enabled: bool = True) -> None:
        _deprecated("autocast", "autocast('cuda', args...)")
        super().__init__("cuda", enabled=enabled, dtype=dtype, cache_enabled=cache_enabled)


def custom_fwd(fwd: Any = None, *, cast_inputs: _dtype | None = None) -> Any:
    """`torch.amp.custom_fwd(device_type="cuda")`."""
    _deprecated("custom_fwd", "custom_fwd(args..., device_type='cuda')")
    return _amp.custom_fwd(fwd, device_type="cuda", cast_inputs=cast_inputs)


def custom_bwd(bwd: Any) -> Any:
    """`torch.amp.custom_bwd(device_type="cuda")`."""
    _deprecated("custom_bwd", "custom_bwd(args..., device_type='cuda')")
    return _amp.custom_bwd(bwd, device_type="cuda")
