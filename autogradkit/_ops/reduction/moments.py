"""The spread around the mean: var, std, var_mean, std_mean.

Rests on declare and sums. float32 variances are computed in float64 and rounded once, as close as PyTorch's own.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k
from autogradkit._ops.declare.call import Call
from autogradkit._ops.declare.kinds import Array, Dims, Scalar
from autogradkit._ops.declare.lanes import write_lane
from autogradkit._ops.declare.plans import reduction_plan, wrapped_dims
from autogradkit._ops.declare.source import Source
from autogradkit._ops.reduction.sums import spread, with_reduced_dims
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype
from autogradkit.core.integers import require_64_bits
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn


def _real_dtype(numpy_dtype: np.dtype[Any], _dtype: Any = None, name: str = "std and var") -> np.dtype[Any]:
    if numpy_dtype.kind not in "fcV":
        raise RuntimeError(f"{name} only support floating point and complex dtypes")
    return from_numpy_dtype(numpy_dtype).to_real().numpy


def _free(sizes: tuple[int, ...], dim: Any, correction: float | None) -> float:
    """The reduction factor less the correction (1), at least 0."""
    taken = 1 if correction is None else correction
    if isinstance(taken, int):
        require_64_bits(taken)
    if isinstance(taken, complex):
        raise RuntimeError("value cannot be converted to type double without overflow")
    free = math.prod([sizes[axis] for axis in wrapped_dims(dim, len(sizes))]) - taken
    return max(free, 0) if dim is None or len(dim) == len(sizes) else max(0, free)  # NaN is kept, or not, as in PyTorch


def _cast_for_out(self: Array, out: Array) -> Array:
    """`self` as PyTorch takes it where `out=` has another dtype: in that one, but as it is for a single result.

    Raises NotImplementedError for complex results, RuntimeError for half precision whose single result has more.
    """
    if self.dtype == out.dtype or self.dtype.kind == "c" or not self.size:
        return self
    if out.size == 1 and not k.is_half(out):
        if k.is_half(self):
            raise RuntimeError(f"std_var_all: Unsupported dtype {SCALAR_TYPE_NAMES[from_numpy_dtype(self.dtype)]}")
        return self
    if out.dtype.kind == "c":
        raise NotImplementedError(f"\"std_cpu\" not implemented for '{SCALAR_TYPE_NAMES[from_numpy_dtype(out.dtype)]}'")
    return self.astype(out.dtype)


def _variance(
    name: str, self: Array, dim: Any, correction: float | None, keepdim: bool, out: Array
) -> tuple[Array, Array]:
    """(variance, mean) in float64, or complex; of `self` as it is taken for `out`, which is not written."""
    free = _free(self.shape, dim, correction)
    if free <= 0 or not self.size:
        warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input "
            "numel divided by output numel)."
        )
    self = _cast_for_out(self, out)
    source = self.astype(np.float64) if self.dtype.kind in "fV" else self
    mean = np.asarray(np.add.reduce(source, axis=dim, keepdims=True))
    mean /= math.prod([self.shape[axis] for axis in dim])
    distance = source - mean
    if distance.dtype.kind in "fV":
        distance *= distance
    else:
        distance = np.real(distance * np.conj(distance))
    total = np.asarray(np.add.reduce(distance, axis=dim, keepdims=keepdim))
    total /= free
    return total, mean


def _lose_infinity(mean: Array, self: Array, axes: tuple[int, ...]) -> None:
    """Make NaN of an infinite mean, as it comes of adding one distance after the other: unless the infinity came last."""
    if mean.dtype.kind == "c":
        _lose_infinity(mean.real, self.real, axes)
        _lose_infinity(mean.imag, self.imag, axes)
        return
    if np.isinf(mean).any():
        infinite = np.isinf(self)
        earlier = np.add.reduce(infinite, axis=axes, keepdims=True, dtype=np.int64) > 1
        last = tuple([slice(-1, None) if axis in axes else slice(None) for axis in range(self.ndim)])
        np.copyto(mean, np.nan, where=np.isinf(mean) & (earlier | ~infinite[last]))


def _var_backward(g: Any, self: Any, dim: Any, correction: float | None, keepdim: bool) -> Any:
    taken = 1 if correction is None else correction
    free = math.prod([self.shape[axis] for axis in wrapped_dims(dim, len(self.shape))]) - taken
    g = with_reduced_dims(g, self.shape, dim, keepdim)
    mean = k.mean_dims(self, dim, True)
    if (dim is None or not self.ndim) and free <= 0:  # 2 / 0, and NaN where that is multiplied by 0
        return g * k.where(self == mean, math.nan, math.inf)
    return k.product(g, 2.0 / free if free else math.inf) * (self - mean)


def _std_backward(g: Any, self: Any, result: Any, dim: Any, correction: float | None, keepdim: bool) -> Any:
    half = k.where(result == 0, 0.0, g / k.product(result, 2))
    return _var_backward(half, self, dim, correction, keepdim)


def _with_mean(part: Any, g_mean: Any, self: Any, dim: Any, keepdim: bool) -> Any:
    if g_mean is None:
        return part
    from_mean = k.quotient(spread(g_mean, self.shape, dim, keepdim), _free(self.shape, dim, 0))
    return from_mean if part is None else part + from_mean


def _var_mean_backward(g: Any, self: Any, dim: Any, correction: float | None, keepdim: bool) -> Any:
    part = None if g[0] is None else _var_backward(g[0], self, dim, correction, keepdim)
    return _with_mean(part, g[1], self, dim, keepdim)


def _std_mean_backward(g: Any, self: Any, result0: Any, dim: Any, correction: float | None, keepdim: bool) -> Any:
    part = None if g[0] is None else _std_backward(g[0], self, result0, dim, correction, keepdim)
    return _with_mean(part, g[1], self, dim, keepdim)


def _samples(t: Any) -> list[tuple[Any, ...]]:
    return [(t(2, 3),), (t(2, 3), (1,)), (t(3, 2), (0, 1))]


def _declare(name: str, root: bool, formula: Any, rule: str, doc: str) -> None:
    """`var` or `std`: three forms, of which two go by the third."""
    made = function(name)

    def write_by_dims(s: Source, call: Call, depth: int) -> None:
        s.emit(depth, f"correction = int({call.values['unbiased']})")
        write_lane(s, Call(node, 70, {**call.values, "correction": "correction"}), depth, "")

    def into(self: Tensor, dim: Any, unbiased: bool, keepdim: bool, out: Any) -> Any:
        return node.run((self, dim, int(unbiased), keepdim), out)

    @made.overload(composition=True, lane=write_by_dims, out=True, into=into)
    def by_dims(self: Tensor, dim: Dims | None, unbiased: bool = True, keepdim: bool = False) -> Any:
        return node(self, dim, correction=int(unbiased), keepdim=keepdim)

    @made.overload(
        reduces=True, into_any=True, result_dtype=_real_dtype, samples=_samples, vjp={"self": formula}, rule=rule
    )
    def node(
        self: Array, dim: Dims | None = None, *, correction: Scalar | None = None, keepdim: bool = False, out: Array
    ) -> None:
        found, _ = _variance(name, self, dim, correction, keepdim, out)
        if root:
            found = np.sqrt(found)
        if out.size == 1 and self.dtype == np.float32 != out.dtype:  # PyTorch rounds a single result to its own dtype
            found = found.astype(np.float32)
        np.copyto(out, found, casting="unsafe")

    @made.overload(composition=True)
    def of_all(self: Tensor, unbiased: bool = True) -> Any:
        return node(self, None, correction=int(unbiased))

    by_dims.kernel.__doc__ = doc


def _declare_with_mean(name: str, root: bool, formula: Any, doc: str) -> None:
    """`var_mean` or `std_mean`."""
    made = function(name, variants="function")

    def described(self: Array, dim: Any, *, correction: Any, keepdim: bool) -> list[Any]:
        _, shape = reduction_plan(self.shape, dim, keepdim)
        return [(shape, _real_dtype(self.dtype, name=name)), (shape, self.dtype)]

    @made.overload(composition=True)
    def by_dims(self: Tensor, dim: Dims | None, unbiased: bool = True, keepdim: bool = False) -> Any:
        return node(self, dim, correction=int(unbiased), keepdim=keepdim)

    def refuse(self: Any, dim: Any, correction: Any, keepdim: Any) -> None:
        if self._array.dtype.kind in "biu":
            raise RuntimeError(f"{name} only support floating point and complex dtypes")

    @made.overload(
        meta=described,
        refuse=refuse,
        outputs="result0 result1",
        out=False,
        samples=_samples,
        vjp={"self": formula},
        rule="∂self = the gradients of the spread and of the mean, added",
    )
    def node(
        self: Array,
        dim: Dims | None = None,
        *,
        correction: Scalar | None = None,
        keepdim: bool = False,
        out: tuple[Array, Array],
    ) -> None:
        axes = wrapped_dims(dim, self.ndim)
        found, mean = _variance(name, self, axes, correction, keepdim, out[0])
        _lose_infinity(mean, self, axes)
        np.copyto(out[0], np.sqrt(found) if root else found, casting="unsafe")
        np.copyto(out[1], mean.reshape(out[1].shape), casting="unsafe")

    @made.overload(composition=True)
    def of_all(self: Tensor, unbiased: bool = True) -> Any:
        return node(self, None, correction=int(unbiased))

    by_dims.kernel.__doc__ = doc


_declare(
    "var",
    False,
    _var_backward,
    "∂self = ∂ · 2 · (self − mean(self)) / (n − correction)",
    """The variance of all elements, or over `dim`: squared distances from the mean, divided by N − correction (1).

    >>> import autogradkit as torch
    >>> torch.var(torch.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """,
)
_declare(
    "std",
    True,
    _std_backward,
    "∂self = ∂ · (self − mean(self)) / (result · (n − correction))",
    """The standard deviation of all elements, or over `dim`: the square root of `var`.

    >>> import autogradkit as torch
    >>> torch.std(torch.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """,
)
_declare_with_mean(
    "var_mean",
    False,
    _var_mean_backward,
    """The variance and the mean, as `var` and `mean` give them.

    >>> import autogradkit as torch
    >>> torch.var_mean(torch.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """,
)
_declare_with_mean(
    "std_mean",
    True,
    _std_mean_backward,
    """The standard deviation and the mean, as `std` and `mean` give them.

    >>> import autogradkit as torch
    >>> torch.std_mean(torch.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """,
)
