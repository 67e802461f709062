"""What quantised tensors compute, beside moving elements: clamps, pools, resampling, padding, functions with their own scales.

Clamps and pools stay among the whole numbers. What has no such rule is computed with the real numbers, and quantised again.
Rests on `tensor.py`, whose `__torch_function__` asks `FUNCTIONS`, by the function's name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.making.data import from_numpy
from autogradkit.core import dtype as dtypes
from autogradkit.quantization.tensor import (
    ENDS,
    FUNCTIONS,
    KEPT,
    QuantizedTensor,
    like,
    quantized,
    quantized_as,
    whole_numbers,
)

Plain = Callable[..., Any]  # the function, of tensors that are not quantised


def _whole_of(given: QuantizedTensor, number: float) -> int:
    """The whole number that stands for a real one."""
    return int(whole_numbers(np.float32(number), np.float32(given._scale), given._zero_point, given._kind.name))


def _clipped(given: QuantizedTensor, low: float | None, high: float | None) -> Any:
    least = None if low is None else _whole_of(given, low)
    largest = None if high is None else _whole_of(given, high)
    return like(given, from_numpy(np.asarray(np.clip(given._array, least, largest))))


def _clamp(given: Any, _plain: Plain, min: float | None = None, max: float | None = None) -> Any:
    return _clipped(given, min, max)


def _hardtanh(given: Any, _plain: Plain, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    return _returned(given, _clipped(given, min_val, max_val), inplace)


def _relu6(given: Any, _plain: Plain, inplace: bool = False) -> Any:
    return _returned(given, _clipped(given, 0.0, 6.0), inplace)


def _relu(given: Any, _plain: Plain, inplace: bool = False) -> Any:
    return _returned(given, _clipped(given, 0.0, None), inplace)


def _returned(given: QuantizedTensor, found: QuantizedTensor, inplace: bool) -> QuantizedTensor:
    if not inplace:
        return found
    given._array[...] = found._array
    return given


def _greatest(given: Any, plain: Plain, *args: Any, **options: Any) -> Any:
    """The greatest of the whole numbers are those of the real ones."""
    return _of_whole(given, plain(from_numpy(given._array.astype(np.float64)), *args, **options))


def _averaged(given: Any, plain: Plain, *args: Any, **options: Any) -> Any:
    steps = given._array.astype(np.float32) - np.float32(given._zero_point)
    found = np.rint(plain(from_numpy(steps), *args, **options)._array) + given._zero_point
    return _of_whole(given, from_numpy(found))


def _of_whole(given: QuantizedTensor, found: Any) -> Any:
    return like(given, from_numpy(found._array.astype(given._array.dtype)))


def _resampled(given: Any, plain: Plain, *args: Any, **options: Any) -> Any:
    return like(given, quantized_as(given, plain(given.dequantize(), *args, **options)))


def _padded(given: Any, plain: Plain, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    whole = from_numpy(given._array.astype(np.float64))
    fill = _whole_of(given, value or 0.0) if mode == "constant" else None
    return _of_whole(given, plain(whole, pad, mode, fill))


def _dropout(given: Any, plain: Plain, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    if training:
        raise NotImplementedError(
            "Could not run 'aten::bernoulli_.float' with arguments from the 'QuantizedCPU' backend."
        )
    return given


def _leaky_relu(given: Any, plain: Plain, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    found = plain(from_numpy(real_by_steps(given)), negative_slope)._array
    return _returned(
        given, like(given, from_numpy(stepped(found, given._scale, given._zero_point, given._kind))), inplace
    )


# The least and the greatest value of these are known, so the scale is: 256 steps reach over all of them.
_REACH = {"sigmoid": (1.0, 0), "hardsigmoid": (1.0, 0), "tanh": (2.0, 128)}


def _within_reach(name: str) -> Callable[..., Any]:
    def function(given: Any, plain: Plain, inplace: bool = False) -> Any:
        kind = given._kind
        if kind is dtypes.qint32:
            raise NotImplementedError(f"autogradkit has {name} of torch.quint8 and torch.qint8")
        reach, middle = _REACH[name]
        scale, zero = reach / 256, middle - (128 if kind is dtypes.qint8 else 0)
        found = whole_numbers(plain(given.dequantize())._array, np.float32(scale), zero, kind.name)
        return quantized(from_numpy(found), kind, scale, zero, None)

    return function


FUNCTIONS.update({
    "relu": _relu,
    "relu6": _relu6,
    "hardtanh": _hardtanh,
    "clamp": _clamp,
    "clip": _clamp,
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d", "adaptive_max_pool2d"), _greatest),
    **dict.fromkeys(
        ("avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"),
        _averaged,
    ),
    "interpolate": _resampled,
    "upsample": _resampled,
    "leaky_relu": _leaky_relu,
    "pad": _padded,
    "dropout": _dropout,
    **{name: _within_reach(name) for name in _REACH},
})  # fmt: skip


def real_by_steps(given: QuantizedTensor) -> Any:
    """The real numbers as scale · whole + (-zero · scale), rounded once: where a sum of two such is at a half, that decides."""
    scale = np.float32(given._scale)
    before = np.float32(-given._zero_point) * scale
    return (given._array.astype(np.float64) * np.float64(scale) + np.float64(before)).astype(np.float32)


def stepped(real: Any, scale: float, zero_point: int, kind: dtypes.dtype) -> Any:
    """The nearest whole numbers, as kernels find them that take many numbers at a time: the zero point is added at the end."""
    low, high = ENDS[kind.name]
    steps = np.rint(real * (np.float32(1) / np.float32(scale))) + zero_point
    return np.clip(steps, low, high).astype(KEPT[kind.name])
