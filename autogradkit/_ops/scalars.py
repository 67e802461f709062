"""Python numbers on their way into a tensor: the conversion that refuses what the dtype cannot hold.

Rests on core.dtype; whatever writes a number into memory uses it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.storage import Array

_C_NAMES = {
    "float32": "float", "float64": "double", "float16": "at::Half", "bfloat16": "at::BFloat16", "int8": "int8_t",
    "int16": "int16_t", "int32": "int", "int64": "int64_t", "uint8": "uint8_t",
}  # fmt: skip


def scalar_array(value: Any, wanted: Dtype) -> Array:
    """A Python number as an array without dimensions. Raises RuntimeError where the dtype cannot hold it."""
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise ValueError("Overflow when unpacking long long")
    if wanted.is_complex or wanted.name == "bool":
        return np.asarray(value, wanted.numpy) if wanted.is_complex else np.asarray(bool(value))
    fits = not isinstance(value, complex) or value.imag == 0
    if isinstance(value, complex):
        value = value.real
    if fits and not wanted.is_floating_point:
        limits = np.iinfo(wanted.numpy)
        fits = -np.inf < value < np.inf and limits.min <= int(value) <= limits.max
        value = int(value) if fits else value
    elif fits and np.isfinite(value) and abs(value) > float(np.finfo(np.float64).max):
        fits = False
    elif fits and wanted.name in ("float16", "float32") and np.isfinite(value):
        fits = abs(value) <= float(np.finfo(wanted.numpy).max)
    if not fits:
        raise RuntimeError(f"value cannot be converted to type {_C_NAMES[wanted.name]} without overflow")
    return np.asarray(value, wanted.numpy)
