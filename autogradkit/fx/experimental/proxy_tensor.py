"""`torch.fx.experimental.proxy_tensor`: the mode in which PyTorch's compiler traces, which there is none of here."""

from __future__ import annotations


def get_proxy_mode() -> None:
    """None."""
