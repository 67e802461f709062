"""PyTorch's `torch.cuda.amp`: the old names of `torch.amp` for a device, which warn that they are old, and do nothing here."""

from __future__ import annotations

from typing import Any

from autogradkit import amp as _amp
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.dtype import dtype as _dtype
from autogradkit.core.dtype import float16 as _float16
from autogradkit.core.warning import warn as _warn


def _deprecated(name: str, instead: str) -> None:
    _warn(f"`torch.cuda.amp.{name}(args...)` is deprecated. Please use `torch.amp.{instead}` instead.", FutureWarning)


def amp_definitely_not_available() -> bool:
    """True."""
    return True


class autocast(_amp.autocast):  # noqa: N801 - PyTorch's name
    """`torch.amp.autocast("cuda")`."""

    def __init__(self, enabled: bool = True, dtype: _dtype = _float16, cache_enabled: bool = True) -> None:
        _deprecated("autocast", "autocast('cuda', args...)")
        super().__init__("cuda", enabled=enabled, dtype=dtype, cache_enabled=cache_enabled)


class GradScaler(_amp.GradScaler):
    """`torch.amp.GradScaler("cuda")`."""

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        _deprecated("GradScaler", "GradScaler('cuda', args...)")
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)


def custom_fwd(fwd: Any = None, *, cast_inputs: _dtype | None = None) -> Any:
    """`torch.amp.custom_fwd(device_type="cuda")`."""
    _deprecated("custom_fwd", "custom_fwd(args..., device_type='cuda')")
    return _amp.custom_fwd(fwd, device_type="cuda", cast_inputs=cast_inputs)


def custom_bwd(bwd: Any) -> Any:
    """`torch.amp.custom_bwd(device_type="cuda")`."""
    _deprecated("custom_bwd", "custom_bwd(args..., device_type='cuda')")
    return _amp.custom_bwd(bwd, device_type="cuda")


__getattr__ = _absent_from("cuda.amp")
