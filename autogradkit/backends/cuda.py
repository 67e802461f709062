"""PyTorch's `torch.backends.cuda`: switches of kernels for a device that is not here. They keep what is set, without effect."""

from __future__ import annotations

import contextlib as _contextlib
from collections.abc import Iterator as _Iterator
from typing import Any

from autogradkit.core import settings as _settings
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.warning import warn as _warn

_REDUCTIONS = ("allow_fp16_reduced_precision_reduction", "allow_bf16_reduced_precision_reduction")


class _Products:
    """Products of matrices. `allow_tf32` is `get_float32_matmul_precision()` in other words: whether it is not "highest"."""

    def __init__(self) -> None:
        for name in _REDUCTIONS:
            object.__setattr__(self, name, True)

    @property
    def allow_tf32(self) -> bool:
        return _settings.get_float32_matmul_precision() != "highest"

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"Unknown attribute {name}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "allow_tf32":
            _settings.set_float32_matmul_precision("high" if value else "highest")
        elif name in _REDUCTIONS:
            object.__setattr__(self, name, value)
        else:
            raise AttributeError(f"Unknown attribute {name}")


matmul = _Products()
_attention = {"flash": True, "mem_efficient": True, "math": True, "cudnn": True}


def is_built() -> bool:
    """False."""
    return False


def flash_sdp_enabled() -> bool:
    """Whether this kernel of `scaled_dot_product_attention` may be chosen; here there is one alone."""
    return _attention["flash"]


def enable_flash_sdp(enabled: bool) -> None:
    """Set whether it may."""
    _attention["flash"] = enabled


def mem_efficient_sdp_enabled() -> bool:
    """Likewise."""
    return _attention["mem_efficient"]


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Likewise."""
    _attention["mem_efficient"] = enabled


def math_sdp_enabled() -> bool:
    """Likewise."""
    return _attention["math"]


def enable_math_sdp(enabled: bool) -> None:
    """Likewise."""
    _attention["math"] = enabled


def cudnn_sdp_enabled() -> bool:
    """Likewise."""
    return _attention["cudnn"]


def enable_cudnn_sdp(enabled: bool) -> None:
    """Likewise."""
    _attention["cudnn"] = enabled


@_contextlib.contextmanager
def sdp_kernel(
    enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True, enable_cudnn: bool = True
) -> _Iterator[dict[str, object]]:
    """Let only some of them be chosen, until the end of a `with`. Warns that `nn.attention.sdpa_kernel` took its place."""
    _warn(
        "`torch.backends.cuda.sdp_kernel()` is deprecated. In the future, this context manager will be removed. Please see "
        "`torch.nn.attention.sdpa_kernel()` for the new context manager, with updated signature",
        FutureWarning,
    )
    before = dict(_attention)
    try:
        _attention.update(flash=enable_flash, mem_efficient=enable_mem_efficient, math=enable_math, cudnn=enable_cudnn)
        yield {}
    finally:
        _attention.update(before)


__getattr__ = _absent_from("backends.cuda")
