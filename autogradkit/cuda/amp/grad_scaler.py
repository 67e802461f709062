"""`torch.cuda.amp.GradScaler`: that of `torch.amp` for a device. Rests on amp."""

from __future__ import annotations

from autogradkit import amp as _amp
from autogradkit.amp.grad_scaler import OptState as OptState
from autogradkit.cuda.amp.common import deprecated as _deprecated


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
