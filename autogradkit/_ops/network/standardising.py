"""What the norms have in common: numbers less their mean, over their deviation; its gradient, and the gradient of that.

Rests on NumPy and the formulas' namespace; batch_norm.py, layer_norm.py and group_norm.py use it. x̂ stands for
(x − mean) · rstd, P(v) for v − mean(v) − x̂ · mean(v · x̂), so that the gradient of x is rstd · P(∂ · weight).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import k
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.making.scalars import number_in
from autogradkit.core.dtype import from_numpy_dtype, is_half
from autogradkit.core.halves import widened
from autogradkit.core.parts import in_slabs
from autogradkit.core.storage import Array

Axes = tuple[int, ...]


def wide(x: Array) -> Array:
    """Numbers of half precision as float32, others as they are."""
    return widened(x) if is_half(x.dtype) else x


def moments(x: Array, axes: Axes) -> tuple[Array, Array, Array]:
    """Mean and variance (over n, in double precision) along the axes, which stay as ones, and the numbers less their mean.

    Sums are of double precision, so that nothing is left of equal numbers less their mean.
    """
    total = np.add.reduce(x, axes, np.float64, keepdims=True)
    number = number_in(total, float(math.prod([x.shape[axis] for axis in axes])))
    mean = np.true_divide(total, number, total).astype(x.dtype)
    distance = x - mean
    variance = np.add.reduce(distance * distance, axes, np.float64, total, keepdims=True)
    return mean, np.true_divide(variance, number, variance), distance


def standardised(
    x: Array, axes: Axes, eps: float, weight: Array | None, bias: Array | None, out: Sequence[Array] | None = None
) -> Sequence[Array]:
    """(the numbers less their mean, over their deviation, times `weight`, plus `bias`; the mean; 1 / deviation), into `out`.

    Parameters broadcast against one sample. `out` has x's dtype; without it there is memory for them.
    """
    if out is None:
        stats = tuple([1 if axis in axes else size for axis, size in enumerate(x.shape)])
        out = np.empty(x.shape, x.dtype), np.empty(stats, x.dtype), np.empty(stats, x.dtype)
    count = float(math.prod([x.shape[axis] for axis in axes]))
    for part, found, mean, rstd in in_samples(axes, x, *out):
        total = np.add.reduce(part, axes, np.float64, keepdims=True)
        number = number_in(total, count)
        mean[...] = np.true_divide(total, number, total)
        mean += mean - mean  # PyTorch's running mean comes to none of an infinite number
        np.subtract(part, mean, found)
        np.add.reduce(found * found, axes, np.float64, total, keepdims=True)
        rstd[...] = np.true_divide(total, number, total)
        rstd_of(rstd, eps, rstd)
        found *= rstd
        if weight is not None:
            found *= weight
        if bias is not None:
            found += bias
    return out


def in_samples(axes: Axes, *arrays: Array) -> Iterable[Any]:
    """Parts of all arrays along the first dimension, where that is none of the axes."""
    return (arrays,) if 0 in axes else in_slabs(axes[0], *arrays)


def rstd_of(variance: Array, eps: float, out: Array | None = None) -> Array:
    """1 / √(variance + eps)."""
    found = np.add(variance, np.asarray(eps, variance.dtype), out)
    return np.true_divide(number_in(variance, 1), np.sqrt(found, out), out)


def slopes(total: Array, along: Array, mean: Array, rstd: Array, count: int) -> tuple[Array, Array]:
    """(b, c) of x's gradient ∂ · rstd + x · b + c, from Σ∂ and Σ(∂ · x), in PyTorch's steps: where it is 0 nothing is left."""
    share = np.asarray(1 / max(1, count), rstd.dtype)
    by_x = (total * mean - along) * rstd * rstd * rstd * share
    return by_x, -by_x * mean - total * rstd * share


def require_mixable(x: Array, *parameters: Array | None) -> bool:
    """Whether weights or statistics have another dtype, which those of halves may: all are float32 then.

    Which of them is meant the first one says, as in PyTorch. Raises RuntimeError where they may not.
    """
    given = [each for each in parameters if each is not None]
    if not given or given[0].dtype == x.dtype:
        return False
    if any(each.dtype != np.float32 for each in given):
        raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
    if not is_half(x.dtype):
        raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")
    return True


def require_alike(x: Array, *parameters: Array | None) -> None:
    """Raise RuntimeError where weights or statistics have another dtype, but for float32 ones of halves."""
    kind = x.dtype
    for each in parameters:
        if each is not None and each.dtype is not kind:
            break
    else:
        return
    if require_mixable(x, *parameters):
        return
    for each in parameters:
        if each is not None and each.dtype != x.dtype:
            own, other = (scalar_type(from_numpy_dtype(one.dtype)) for one in (x, each))
            raise RuntimeError(f"expected scalar type {own} but found {other}")


def require_floating(x: Array, kernel: str) -> None:
    """Raise NotImplementedError for integers and complex numbers."""
    if x.dtype.kind not in "fV":
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_type(from_numpy_dtype(x.dtype))}'")


def _mean(x: Any, axes: Axes) -> Any:
    return k.times(k.sum_dims(x, axes, True), 1 / max(1, math.prod(x.shape[axis] for axis in axes)))


def double_backward(
    gradients: Any, g: Any, x: Any, weight: Any, mean: Any, rstd: Any, axes: Axes, fixed: bool = False
) -> tuple[Any, Any, Any]:
    """From the gradients of (x's gradient, weight's, bias's): those of g, x and weight, the last as large as x.

    All broadcast against x. `fixed`: mean and rstd do not depend on x, so that P changes nothing.
    """
    of_x, of_weight, of_bias = gradients
    unit = (x - mean) * rstd

    def project(v: Any) -> Any:
        return v if fixed else v - _mean(v, axes) - unit * _mean(v * unit, axes)

    weighted = g if weight is None else g * weight
    to_g = to_x = to_weight = None
    if of_x is not None:
        turned = project(of_x) * rstd
        to_g = turned if weight is None else turned * weight
        to_weight = turned * g
        if not fixed:
            one, other = _mean(of_x * unit, axes), _mean(weighted * unit, axes)
            both = _mean(of_x * weighted, axes) - _mean(of_x, axes) * _mean(weighted, axes) - one * other
            to_x = -(rstd * rstd) * (unit * both + other * project(of_x) + one * project(weighted))
    if of_weight is not None:
        to_g = _added(to_g, of_weight * unit)
        to_x = _added(to_x, project(of_weight * g) * rstd)
    if of_bias is not None:
        to_g = _added(to_g, of_bias + k.zeros_like(x))
    return to_g, to_x, to_weight


def _added(one: Any, other: Any) -> Any:
    return other if one is None else one + other


def stats_dtype(x: Array, *parameters: Array | None) -> np.dtype[Any]:
    """In what mean and deviation are kept: that of the elements, but float32 where half precision meets other parameters."""
    mixed = is_half(x.dtype) and any(each is not None and each.dtype != x.dtype for each in parameters)
    return np.dtype(np.float32) if mixed else x.dtype
