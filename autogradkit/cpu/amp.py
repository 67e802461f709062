"""PyTorch's `torch.cpu.amp`: the old names of `torch.amp` for the processor, which warn that they are old."""

from __future__ import annotations

from autogradkit import amp as _amp
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.dtype import bfloat16 as _bfloat16
from autogradkit.core.dtype import dtype as _dtype
from autogradkit.core.warning import warn as _warn


def _deprecated(name: str) -> None:
    _warn(
        f"`torch.cpu.amp.{name}(args...)` is deprecated. Please use `torch.amp.{name}('cpu', args...)` instead.",
        FutureWarning,
    )


class autocast(_amp.autocast):  # noqa: N801 - PyTorch's name
    """`torch.amp.autocast("cpu")`."""

    def __init__(self, enabled: bool = True, dtype: _dtype = _bfloat16, cache_enabled: bool = True) -> None:
        _deprecated("autocast")
        super().__init__("cpu", enabled=enabled, dtype=dtype, cache_enabled=cache_enabled)


class GradScaler(_amp.GradScaler):
    """`torch.amp.GradScaler("cpu")`."""

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        _deprecated("GradScaler")
        super().__init__("cpu", init_scale, growth_factor, backoff_factor, growth_interval, enabled)


__getattr__ = _absent_from("cpu.amp")
