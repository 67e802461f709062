"""Python numbers on their way into a tensor: the conversion that refuses what the dtype cannot hold.

Rests on core.dtype; whatever writes a number into memory uses it.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autogradkit._ops.declare.kinds import type_name
from autogradkit.core.dtype import INTEGRAL, bfloat16, bool_, float16, float32, float64, from_numpy_dtype, largest
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.integers import require_64_bits, require_int64
from autogradkit.core.quiet import quietly
from autogradkit.core.storage import Array
from autogradkit.core.tensor import Tensor, wrap

_C_NAMES = {
    "float32": "float", "float64": "double", "float16": "c10::Half", "bfloat16": "c10::BFloat16", "int8": "int8_t",
    "int16": "int16_t", "int32": "int", "int64": "int64_t", "uint8": "uint8_t", "uint16": "uint16_t", "uint32": "uint32_t",
    "uint64": "uint64_t", "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
}  # fmt: skip


_EXACT = 1 << 24  # float32 holds all whole numbers up to it


def scalar_array(value: Any, wanted: Dtype) -> Array:
    """A Python number as an array without dimensions.

    Raises RuntimeError where the dtype cannot hold it, OverflowError where no integer of 64 bits can.
    """
    usual = (
        (not value or 1e-30 < abs(value) < 1e30)
        if value.__class__ is float
        else value.__class__ is int and -_EXACT <= value <= _EXACT
    )
    if usual and (wanted is float32 or wanted is float64):
        return np.asarray(value, wanted.numpy)  # the usual case, of which NumPy has nothing to say
    if isinstance(value, int):
        require_64_bits(value)
    if wanted is bool_:
        return np.asarray(bool(value))
    if not fits(value, wanted):
        raise RuntimeError(f"value cannot be converted to type {_C_NAMES[wanted.name]} without overflow")
    if isinstance(value, complex) and not wanted.is_complex:
        value = value.real
    if wanted is bfloat16 and isinstance(value, int):  # it takes none of more than 63 bits
        value = float(value)
    if wanted.category == INTEGRAL:
        return quietly(np.asarray(value).astype, np.int64).astype(wanted.numpy)
    if wanted is float16:
        return quietly(np.asarray(value, np.float64).astype, np.float32).astype(
            wanted.numpy
        )  # rounded twice, as in PyTorch
    return quietly(np.asarray, value, wanted.numpy)


def number_in(x: Array, value: Any) -> Array:
    """A Python number, in the dtype that an array is computed in, as an array without dimensions: NumPy's functions meet such
    quickest. It is remembered, and cannot be written. Raises RuntimeError where the dtype cannot hold the number.
    """
    usual = -65504 <= value <= 65504 if value.__class__ is float else value.__class__ is int and 0 <= value <= 127
    if usual and (value or value.__class__ is int):  # which every dtype holds; 0.0 and -0.0 would be remembered as one
        return _remembered(value, x.dtype)
    return scalar_array(value, from_numpy_dtype(x.dtype))


@functools.lru_cache(1024)
def _remembered(value: float, kind: np.dtype[Any]) -> Array:
    made = np.asarray(np.float32(value) if kind == np.float16 else value, kind)
    made.flags.writeable = False
    return made


def wide_scalar_array(value: Any, wanted: Dtype) -> Array:
    """`scalar_array`, but for half precision by way of wider numbers: what is too large for it becomes infinite."""
    if wanted is float16:
        return quietly(quietly(scalar_array(value, float64).astype, np.float32).astype, wanted.numpy)
    if wanted is bfloat16:
        return quietly(scalar_array(value, float64).astype, wanted.numpy)
    return scalar_array(value, wanted)


def fits(value: Any, wanted: Dtype) -> bool:
    """Whether a dtype can hold a number: fractions are dropped, negative integers wrap around in unsigned dtypes."""
    if isinstance(value, complex):
        parts = (value.real, value.imag)
        return all(fits(part, wanted.to_real()) for part in parts) and (wanted.is_complex or value.imag == 0)
    if wanted.category == INTEGRAL:
        limits = np.iinfo(wanted.numpy)
        if isinstance(value, float):  # compared as floats, as PyTorch does
            return float(limits.min) <= value <= float(limits.max)
        return (limits.min or -limits.max) <= value <= limits.max
    return abs(value) <= largest(wanted.to_real()) or not np.isfinite(value)


def assigned_value(value: Any, target: Tensor) -> Tensor:
    """What is assigned, as a tensor; Python numbers take the dtype of `target`."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, int | float | complex | np.integer):
        if isinstance(value, int):
            require_int64(value)
        return wrap(wide_scalar_array(value, target.dtype))
    raise TypeError(f"can't assign a {type_name(value)} to a {target.dtype.tensor_type}")
