"""`torch.fx.experimental.proxy_tensor`: the mode in which PyTorch's compiler traces, which there is none of here."""

from __future__ import annotations

from autogradkit.core.absent import absent_from as _absent_from


def get_proxy_mode() -> None:
    """None."""


__getattr__ = _absent_from("fx.experimental.proxy_tensor")
