"""PyTorch's `torch.nn.attention`: which kernels `scaled_dot_product_attention` may choose. Here there is one, whatever is set.

Sets the switches of `backends.cuda`.
"""

from __future__ import annotations

from collections.abc import Iterator as _Iterator
from contextlib import contextmanager as _contextmanager
from enum import Enum as _Enum

from autogradkit.backends import cuda as _switches
from autogradkit.core.absent import absent_from as _absent_from

__all__ = ["SDPBackend", "sdpa_kernel"]


class SDPBackend(_Enum):
    """A kernel of attention."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


_SWITCHED = {
    SDPBackend.MATH: (_switches.math_sdp_enabled, _switches.enable_math_sdp),
    SDPBackend.FLASH_ATTENTION: (_switches.flash_sdp_enabled, _switches.enable_flash_sdp),
    SDPBackend.EFFICIENT_ATTENTION: (_switches.mem_efficient_sdp_enabled, _switches.enable_mem_efficient_sdp),
    SDPBackend.CUDNN_ATTENTION: (_switches.cudnn_sdp_enabled, _switches.enable_cudnn_sdp),
}


@_contextmanager
def sdpa_kernel(backends: list[SDPBackend] | SDPBackend, set_priority: bool = False) -> _Iterator[dict[str, object]]:
    """Let only `backends` be chosen, until the end of a `with`.

    >>> import autogradkit as torch
    >>> from autogradkit.nn.attention import SDPBackend, sdpa_kernel
    >>> with sdpa_kernel(SDPBackend.MATH):
    ...     print(torch.backends.cuda.flash_sdp_enabled())
    False
    """
    if not isinstance(backends, list | SDPBackend):
        wrong = type(backends).__name__
        raise AssertionError(
            f"Backend must be an instance of SDPBackend or a list of SDPBackend instances, got {wrong}"
        )
    chosen = backends if isinstance(backends, list) else [backends]
    before = {backend: enabled() for backend, (enabled, _) in _SWITCHED.items()}
    try:
        for backend, (_, enable) in _SWITCHED.items():
            enable(backend in chosen)
        yield {}
    finally:
        for backend, (_, enable) in _SWITCHED.items():
            enable(before[backend])


__getattr__ = _absent_from("nn.attention")
