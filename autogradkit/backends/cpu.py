"""PyTorch's `torch.backends.cpu`: which vector instructions kernels are compiled for. Here they are NumPy's kernels."""

from __future__ import annotations

import numpy as np

from autogradkit.core.absent import absent_from as _absent_from


def get_cpu_capability() -> str:
    """The widest that the processor has, "AVX512" or "AVX2", else "DEFAULT".

    >>> import autogradkit as torch
    >>> torch.backends.cpu.get_cpu_capability() in ("AVX512", "AVX2", "DEFAULT")
    True
    """
    has = np._core._multiarray_umath.__cpu_features__  # pyright: ignore[reportAttributeAccessIssue]
    if has.get("AVX512_SKX"):
        return "AVX512"
    return "AVX2" if has.get("AVX2") and has.get("FMA3") else "DEFAULT"


__getattr__ = _absent_from("backends.cpu")
