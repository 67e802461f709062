"""Arrays filled with random numbers: what is refused, and what is drawn, in the order of their memory.

Rests on the draws in core, which give PyTorch's numbers for PyTorch's seeds. random.py has the methods that fill a tensor,
sampling.py and distributions.py make new ones.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare.kinds import Array, Generator
from autogradkit.core import draws
from autogradkit.core import dtype as dtypes
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype
from autogradkit.core.integers import require_int64
from autogradkit.core.random import default_generator
from autogradkit.core.warning import warn
from autogradkit.engine.naming import tensor_type

# What PyTorch calls element types in messages of this family.
_C_NAMES = {
    "uint8": "unsigned char", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long", "float16": "c10::Half",
    "bfloat16": "c10::BFloat16", "float32": "float", "float64": "double",
}  # fmt: skip
CPP_NAMES = {
    **_C_NAMES, "int16": "short int", "int64": "long int", "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
}  # fmt: skip


def fill_reals(array: Array, draw: Callable[[int, np.dtype[Any]], Array]) -> None:
    """Fill `array`, a complex one part by part."""
    if array.dtype.kind == "c":
        parts = draw(2 * array.size, array.real.dtype)
        draws.fill(array, parts.view(array.dtype))
    else:
        draws.fill(array, draw(array.size, array.dtype))


def unimplemented(kernel: str, array: Array) -> NotImplementedError:
    return NotImplementedError(f"\"{kernel}\" not implemented for '{SCALAR_TYPE_NAMES[from_numpy_dtype(array.dtype)]}'")


_HELD = 32752.0  # such bounds every floating dtype holds, and their difference


def fill_uniform(array: Array, low: float, high: float, generator: Generator | None) -> None:
    """Fill with numbers drawn evenly from [low, high)."""
    if array.dtype.kind in "biu" or not -_HELD <= low <= high <= _HELD:
        _require_uniform_bounds(array, low, high)
    stream = generator or default_generator
    fill_reals(array, lambda count, kind: draws.uniform(stream, count, kind, low, high))


def _require_uniform_bounds(array: Array, low: float, high: float) -> None:
    if array.dtype.kind in "biu":
        raise unimplemented("check_uniform_bounds", array)
    name = from_numpy_dtype(array.dtype).to_real().name
    most = dtypes.largest(from_numpy_dtype(array.dtype).to_real())
    for bound, value in (("from", low), ("to", high)):
        if not -most <= value <= most:
            raise RuntimeError(f"{bound} is out of bounds for {_C_NAMES[name]}")
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}",
        )
    if high - low > most:
        kind = SCALAR_TYPE_NAMES[from_numpy_dtype(array.dtype).to_real()]
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{kind}>::max(), but found to={high:g} and from={low:g} which "
            "result in to-from to exceed the limit"
        )


def fill_normal(array: Array, mean: float, std: float, generator: Generator | None) -> None:
    """Fill with normal numbers."""
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    if not array.size:
        return
    if array.dtype.kind in "biu":
        raise unimplemented("normal_kernel_cpu", array)
    stream = generator or default_generator
    dense = array.flags.c_contiguous
    if array.dtype.kind == "c":
        std /= math.sqrt(2)  # of both parts, which have the mean alike
    fill_reals(array, lambda count, kind: draws.normal(stream, count, kind, mean, std, dense=dense))


@functools.cache
def _bounds(numpy_dtype: np.dtype[Any]) -> tuple[float, float]:
    """The least and the largest number that may be drawn; infinities where PyTorch does not ask."""
    kind = from_numpy_dtype(numpy_dtype)
    if kind is dtypes.bool_:
        return 0, 1
    if kind.category == dtypes.INTEGRAL:
        return np.iinfo(numpy_dtype).min, np.iinfo(numpy_dtype).max
    return (-65504, 65504) if kind is dtypes.float16 else (-math.inf, math.inf)


def fill_between(array: Array, low: int, high: int | None, generator: Generator | None) -> None:
    """Fill with whole numbers from `low` up to, without, `high`, or up to the last that the dtype tells from its neighbours."""
    if high is None or array.dtype.char != "l" or not -(2**63) <= low < high < 2**63:
        low, high = _require_bounds(array, low, high)
    drawn = draws.integers(generator or default_generator, array.size, low, high)
    draws.fill(array, drawn.astype(array.dtype, copy=False))


def _inside(bound: int, step: int, numpy_dtype: np.dtype[Any]) -> int:
    """A bound of what floats hold; one whose neighbour, a `step` into the range, is rounded past it lies further inside."""
    neighbour = bound + step
    rounded = np.asarray(neighbour, np.int64).astype(numpy_dtype).astype(np.float64).item()
    if not -(2.0**63) <= rounded < 2.0**63 or (rounded < bound if step < 0 else rounded >= bound):
        return bound
    digits = draws.largest_exact(numpy_dtype).bit_length() - 1
    return int(rounded) + step * 2 ** (abs(neighbour).bit_length() - digits)


def _require_bounds(array: Array, low: int, high: int | None) -> tuple[int, int]:
    """The bounds, the upper one `high` or, behind the last number that the dtype tells from its neighbours, the dtype's own."""
    require_int64(low)
    if high is not None:
        require_int64(high)
        if low >= high:
            raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    kind = from_numpy_dtype(array.dtype)
    if kind.is_complex:
        raise RuntimeError("check_random_bounds handles only integral, floating-point and boolean types")
    if high is None and low == -(2**63):
        return low, _end_of_words(array)
    if kind.is_floating_point:
        low = _inside(low, 1, array.dtype)
    if high is None:
        last = draws.largest_exact(array.dtype)
        if kind.is_floating_point and low >= last:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' casted to dtype, but got "
                f"from={low} > to_inc={last}"
            )
        high = last + 1
    elif kind.is_floating_point:
        high = _inside(high, -1, array.dtype)
        if low >= high:
            raise RuntimeError(
                f"random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got from={low} >= to={high}"
            )
    _require_held(array, low, high)
    return low, high


def _end_of_words(array: Array) -> int:
    """The upper bound of what is drawn from the least integer on, which are whole words."""
    kind = from_numpy_dtype(array.dtype)
    if kind is dtypes.float16:
        raise unimplemented("random_full_64_bits_range_kernel_cpu", array)
    if not kind.is_floating_point and kind is not dtypes.int64:
        raise RuntimeError("random_full_64_bits_range_kernel_cpu handles only int64, double, float and bfloat16")
    return 2**63


def _require_held(array: Array, low: int, high: int) -> None:
    """Raise RuntimeError where the dtype has no such bounds, and warn where it does not tell all numbers between them apart."""
    kind = from_numpy_dtype(array.dtype)
    first, last = _bounds(array.dtype)
    for name, value in (("from", low), ("to - 1", high - 1)):
        if not first <= value <= last:
            raise RuntimeError(f"{name} is out of bounds for {_C_NAMES.get(kind.name, kind.name)}")
        digits = draws.largest_exact(array.dtype).bit_length() - 1
        if kind.is_floating_point and value != -(2**63) and not -(2**digits) <= value <= 2**digits:
            warn(
                f"{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations "
                f"{_C_NAMES.get(kind.name, kind.name)} can support discrete uniform distribution only within this range. This "
                "warning will become an error in version 1.7 release, please fix the code in advance"
            )


def require_chance(p: float) -> None:
    """Raise RuntimeError for what is no probability."""
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")


def fill_bernoulli(array: Array, p: float, generator: Generator | None) -> None:
    """Fill with ones, each with probability `p`, and zeros."""
    require_chance(p)
    if not array.size:
        return
    if array.dtype.kind == "c":
        raise unimplemented("bernoulli_scalar_cpu_", array)
    draws.fill(array, draws.chances(generator or default_generator, array.size, p))


def fill_bernoulli_each(array: Array, p: Array, generator: Generator | None) -> None:
    """Fill with ones, with the probabilities in `p`, which is broadcast, and zeros."""
    if not array.size:
        return
    if array.dtype.kind == "c":
        raise unimplemented("bernoulli_tensor_cpu_self_", array)
    _require_expandable(p, array)
    if p.dtype.kind in "biuc":
        raise unimplemented("bernoulli_tensor_cpu_p_", p)
    chance = p if p.shape == array.shape else np.broadcast_to(p, array.shape)
    chance = chance.transpose(draws.memory_order(array)).ravel()
    stream = generator or default_generator
    possible = (chance >= 0) & (chance <= 1)
    if not possible.all():
        draws.chances_each(stream, chance[: possible.argmin()])  # PyTorch has drawn for all before it when it refuses
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, "
            "please report an enhancement request to PyTorch.)"
        )
    draws.fill(array, draws.chances_each(stream, chance))


def _require_expandable(p: Array, array: Array) -> None:
    if p.ndim > array.ndim:
        raise RuntimeError(
            f"expand({tensor_type(p)}{{{list(p.shape)}}}, size={list(array.shape)}): the number of sizes "
            f"provided ({array.ndim}) must be greater or equal to the number of dimensions in the tensor ({p.ndim})"
        )
    for dim in range(-1, -p.ndim - 1, -1):
        if p.shape[dim] not in (1, array.shape[dim]):
            raise RuntimeError(
                f"The expanded size of the tensor ({array.shape[dim]}) must match the existing size ({p.shape[dim]}) at "
                f"non-singleton dimension {array.ndim + dim}.  Target sizes: {list(array.shape)}.  Tensor sizes: {list(p.shape)}"
            )
