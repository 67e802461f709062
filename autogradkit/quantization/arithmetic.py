"""Arithmetic of quantised tensors: products, sums and joins of whole numbers, whose results have a scale that is given.

A product adds up (whole - zero) · (whole - zero) without rounding, and is rounded once, to whole steps of the result's scale,
with the bias added before. Sums, and functions without such a rule, are computed with the real numbers. Where halves go is what
PyTorch's kernels do, each in its own way. Rests on `tensor.py` and `functions.py`; the layers of `ao/nn/quantized` call it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.making.data import from_numpy
from autogradkit.backends.quantized import rounds_bias
from autogradkit.core import dtype as dtypes
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.quantization.functions import real_by_steps, stepped
from autogradkit.quantization.tensor import ENDS, KEPT, QuantizedTensor, quantized, real_numbers, spread, whole_numbers

_CONVOLUTIONS: dict[int, Callable[..., Tensor]] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TURNED: dict[int, Callable[..., Tensor]] = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
_AT_ONCE = 64  # so many whole numbers are added in one step of PyTorch's, and those that are left one by one


def require_quantized(name: str, *given: Any) -> None:
    """Raise NotImplementedError where one of these is no quantised tensor."""
    if not all(isinstance(each, QuantizedTensor) for each in given):
        raise NotImplementedError(
            f"Could not run 'quantized::{name}' with arguments from the 'CPU' backend. It is for quantized tensors, which this "
            "is not: a QuantStub, or torch.quantize_per_tensor, makes them"
        )


def _made(whole: Any, kind: dtypes.dtype, scale: float, zero_point: int) -> Any:
    return quantized(from_numpy(whole), kind, float(scale), int(zero_point), None)


def _steps(given: Any) -> Any:
    """The whole numbers less their zero points, which add up without rounding."""
    zero = spread(given._zero_point, given._axis, given._array.ndim, np.float64)
    return from_numpy(given._array.astype(np.float64) - zero)


def _product(
    found: Any, x: Any, weight: Any, bias: Tensor | None, axis: int, scale: float, zero_point: int, relu: bool
) -> Any:
    """What sums of products of steps stand for, as whole steps of `scale`; `axis` is that of the outputs in `found`."""
    shape = [-1 if at == axis else 1 for at in range(found.ndim)]
    scales = weight._scale if weight._axis is None else weight._scale.numpy()
    step = (np.float32(x._scale) * np.asarray(scales, np.float32)).reshape(shape if weight._axis is not None else ())
    steps = found.astype(np.float32)
    if bias is not None:
        given = bias.detach().numpy().reshape(shape) / step
        steps = steps + (np.rint(given) if rounds_bias() else given)
    least, largest = ENDS[x._kind.name]
    whole = np.rint(steps * (step / np.float32(scale))) + zero_point
    return _made(
        np.clip(whole, zero_point if relu else least, largest).astype(KEPT[x._kind.name]), x._kind, scale, zero_point
    )


def linear(x: Any, weight: Any, bias: Tensor | None, scale: float, zero_point: int, relu: bool = False) -> Any:
    """The linear map of `x`, (…, in), by `weight`, (out, in): (…, out)."""
    require_quantized("linear_relu" if relu else "linear", x)
    found = F.linear(_steps(x), _steps(weight)).numpy()
    return _product(found, x, weight, bias, found.ndim - 1, scale, zero_point, relu)


def convolved(
    x: Any,
    weight: Any,
    bias: Tensor | None,
    options: dict[str, Any],
    scale: float,
    zero_point: int,
    relu: bool = False,
    turned: bool = False,
) -> Any:
    """The convolution of `x`, (N, C, …), or the transposed one, with its channels innermost in memory."""
    dims = x.ndim - 2
    require_quantized(f"conv{dims}d{'_relu' if relu else ''}.new", x)
    found = (_TURNED if turned else _CONVOLUTIONS)[dims](_steps(x), _steps(weight), **options).numpy()
    if dims > 1:
        found = _channels_innermost(found)
    return _product(found, x, weight, bias, 1, scale, zero_point, relu)


def _channels_innermost(array: Any) -> Any:
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)


def _both(name: str, a: Any, b: Any) -> None:
    require_quantized(name, a, b)
    if a._kind is not b._kind:
        raise RuntimeError("Add operands should have same data type.")


def _of_memory(whole: Any, like: Any) -> Any:
    """A new array of these whole numbers, which lies in memory as `like` does."""
    out = np.empty_like(like, dtype=whole.dtype, shape=whole.shape)
    out[...] = whole
    return out


def added(a: Any, b: Any, scale: float, zero_point: int, relu: bool = False) -> Any:
    """The sum of two quantised tensors, or what is positive of it."""
    _both("add_relu" if relu else "add", a, b)
    by_steps, one_by_one = real_by_steps(a) + real_by_steps(b), real_numbers(a) + real_numbers(b)
    if relu:
        by_steps, one_by_one = np.maximum(by_steps, 0), np.maximum(one_by_one, 0)
    whole = stepped(by_steps, scale, zero_point, a._kind)
    rest = whole.size % _AT_ONCE
    if rest and whole.ndim:
        last = whole_numbers(one_by_one, np.float32(scale), zero_point, a._kind.name)
        flat, flat_last = whole.ravel("K"), last.ravel("K")
        flat[-rest:] = flat_last[-rest:]
        whole = np.lib.stride_tricks.as_strided(flat, whole.shape, whole.strides)
    return _made(_of_memory(whole, a._array if a._array.shape == whole.shape else whole), a._kind, scale, zero_point)


def multiplied(a: Any, b: Any, scale: float, zero_point: int, relu: bool = False) -> Any:
    """The product of two quantised tensors, element by element, or what is positive of it."""
    _both("mul_relu" if relu else "mul", a, b)
    steps = (a._array.astype(np.int32) - a._zero_point) * (b._array.astype(np.int32) - b._zero_point)
    step = np.float32(a._scale) * np.float32(b._scale) * (np.float32(1) / np.float32(scale))
    least, largest = ENDS[a._kind.name]
    whole = np.rint(steps.astype(np.float32) * step) + zero_point
    kept = np.clip(whole, zero_point if relu else least, largest).astype(KEPT[a._kind.name])
    return _made(kept, a._kind, scale, zero_point)


def joined(tensors: Sequence[Any], dim: int, scale: float, zero_point: int) -> Any:
    """Quantised tensors side by side along `dim`."""
    require_quantized("cat", *tensors)
    real = np.concatenate([real_numbers(each) for each in tensors], dim)
    kind = tensors[0]._kind
    return _made(whole_numbers(real, np.float32(scale), zero_point, kind.name), kind, scale, zero_point)


def matrix_product(a: Any, b: Any, scale: float, zero_point: int) -> Any:
    """The product of quantised matrices, or of stacks of them."""
    _both("matmul", a, b)
    real = (_steps(a) @ _steps(b)).numpy().astype(np.float32) * (np.float32(a._scale) * np.float32(b._scale))
    return _made(whole_numbers(real, np.float32(scale), zero_point, a._kind.name), a._kind, scale, zero_point)


def shifted(a: Any, number: float) -> Any:
    """A quantised tensor and a number: the zero point moves, or where it would leave its ends, the scale grows."""
    require_quantized("add_scalar", a)
    least, largest = ENDS[a._kind.name]
    moved = a._zero_point - int(np.rint(number / a._scale))
    if least <= moved <= largest:
        return _made(a._array.copy(), a._kind, a._scale, moved)
    end = least if moved < least else largest
    scale = (largest - moved if moved < least else moved - least) / (largest - least) * a._scale
    step = np.float32(a._scale) / np.float32(scale)
    whole = np.rint((a._array.astype(np.int64) - moved).astype(np.float32) * step) + end
    return _made(np.clip(whole, least, largest).astype(KEPT[a._kind.name]), a._kind, scale, end)


def scaled(a: Any, number: float) -> Any:
    """A quantised tensor times a number: the scale changes, and of a negative one the whole numbers are turned around."""
    require_quantized("mul_scalar", a)
    least, largest = ENDS[a._kind.name]
    if number > 0:
        return _made(a._array.copy(), a._kind, a._scale * number, a._zero_point)
    if number == 0:
        return _made(np.zeros_like(a._array), a._kind, 1.0, 0)
    turned = (least + largest - a._array.astype(np.int64)).astype(KEPT[a._kind.name])
    return _made(turned, a._kind, a._scale * -number, least + largest - a._zero_point)


def applied(function: Callable[[Tensor], Tensor], x: Any, scale: float, zero_point: int, name: str) -> Any:
    """A function of the real numbers, whose results have another scale."""
    require_quantized(name, x)
    found = function(from_numpy(real_by_steps(x))).numpy()
    return _made(stepped(found, scale, zero_point, x._kind), x._kind, scale, zero_point)


def requantized(function: Callable[[Tensor], Tensor], x: Any, scale: float, zero_point: int, name: str) -> Any:
    """A function of the real numbers, quantised as a whole is."""
    require_quantized(name, x)
    found = function(x.dequantize()).detach().numpy()
    return _made(whole_numbers(found, np.float32(scale), zero_point, x._kind.name), x._kind, scale, zero_point)


def normed(norm: Any, x: Any, relu: bool) -> Any:
    """A batch norm by its running statistics, or what is positive of it."""

    def function(real: Tensor) -> Tensor:
        real = from_numpy(_channels_innermost(real.numpy()))
        found = F.batch_norm(real, norm.running_mean, norm.running_var, norm.weight, norm.bias, False, 0.0, norm.eps)
        return found.relu() if relu else found

    return requantized(function, x, float(norm.scale), int(norm.zero_point), f"batch_norm{x.ndim - 2}d")
