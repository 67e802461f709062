"""Statistics and norms: prod, var, std, norm, logsumexp, trace, count_nonzero, unique, bincount, diff.

Rests on op and reduce. float32 variances are computed in float64 and rounded once, as close as PyTorch's own.
"""

from __future__ import annotations

import builtins
import math
import warnings
from typing import Any

import numpy as np

from autogradkit._ops.declare import k
from autogradkit._ops.in_place import accepts_out
from autogradkit._ops.joining import cat
from autogradkit._ops.making.copies import clone
from autogradkit._ops.op import Array, composite, op
from autogradkit._ops.reduce import Dims, spread, wrapped_dims
from autogradkit._ops.slicing import narrow
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype, get_default_dtype
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.strides import row_major, wrap_dim
from autogradkit.core.tensor import Tensor, wrap

# -- products ----------------------------------------------------------------------------------------------------------


def _product(self: Array, axis: tuple[int, ...], keepdim: bool, dtype: Dtype | None) -> Array:
    kind = dtype.numpy if dtype is not None else np.dtype(np.int64) if self.dtype.kind in "biu" else self.dtype
    return row_major(np.asarray(np.multiply.reduce(self, axis=axis, keepdims=keepdim, dtype=kind)))


@op(
    name="prod_all", public="prod", node="ProdBackward0", method=False, function=False,
    samples=lambda t: [(t(2, 3, low=0.5),), (t(),)],
)  # fmt: skip
def prod_all(self: Array, dtype: Dtype | None = None) -> Array:
    """The product of all elements."""
    return _product(self, tuple(range(self.ndim)), False, dtype)


@op(
    name="prod_dim", public="prod", node="ProdBackward1", method=False, function=False,
    samples=lambda t: [(t(2, 3, low=0.5), 1), (t(2, 3, low=0.5), 0, True)],
)  # fmt: skip
def prod_dim(self: Array, dim: int, keepdim: bool = False, dtype: Dtype | None = None) -> Array:
    """The product of the elements along `dim`."""
    return _product(self, wrapped_dims(dim, self.ndim), keepdim, dtype)


def _without_each(self: Any, dim: int) -> Any:
    """For each place of dimension `dim` the product of all others, found without dividing: zeros may be among them."""
    size = self.shape[dim]
    if size == 0:
        return self
    ones = k.slice(self, dim, 0, 1, 1) * 0 + 1
    before = k.cumprod(k.cat([ones, k.slice(self, dim, 0, size - 1, 1)], dim), dim)
    after = k.cumprod(k.cat([ones, k.flip(k.slice(self, dim, 1, size, 1), (dim,))], dim), dim)
    return before * k.flip(after, (dim,))


def _prod_backward(g: Any, self: Any, result: Any) -> Any:
    if not self.ndim:
        return g
    if not k.any_dims(self == 0):
        return g * k.conj(result) / k.conj(self)
    return g * k.conj(k.reshape(_without_each(k.reshape(self, (-1,)), 0), self.shape))


def _prod_dim_backward(g: Any, self: Any, result: Any, dim: int, keepdim: bool) -> Any:
    if not self.ndim:
        return g
    dim = wrap_dim(dim, self.ndim)
    if not keepdim:
        g, result = k.unsqueeze(g, dim), k.unsqueeze(result, dim)
    if not k.any_dims(self == 0):
        return g * k.conj(result) / k.conj(self)
    return g * k.conj(_without_each(self, dim))


prod_all.vjp(self=_prod_backward)
prod_dim.vjp(self=_prod_dim_backward)


@composite()
@accepts_out
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Dtype | None = None) -> Tensor:
    """The product of all elements, or of those along `dim`.

    >>> import autogradkit as torch
    >>> torch.prod(torch.tensor([2.0, 3.0, 4.0]))
    tensor(24.)
    """
    return prod_all(input, dtype) if dim is None else prod_dim(input, dim, keepdim, dtype)


# -- spread around the mean --------------------------------------------------------------------------------------------


def _variance(name: str, self: Array, dim: Dims, correction: float | None, keepdim: bool) -> Array:
    if self.dtype.kind not in "fc":
        raise RuntimeError("std and var only support floating point and complex dtypes")
    axes = wrapped_dims(dim, self.ndim)
    taken = 1 if correction is None else correction
    count = math.prod(self.shape[axis] for axis in axes)
    if count - taken <= 0:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input "
            "numel divided by output numel).",
            UserWarning,
            stacklevel=6,
        )
    source = self.astype(np.float64) if self.dtype.kind == "f" else self
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        mean = source.mean(axis=axes, keepdims=True)
        distance = source - mean
        squares = (distance * np.conj(distance)).real.sum(axis=axes, keepdims=keepdim)
        return np.asarray(squares / builtins.max(count - taken, 0))


def _as_result(self: Array, values: Array) -> Array:
    return row_major(values.astype(np.finfo(self.dtype).dtype))


def _count(sizes: tuple[int, ...], dim: Dims, correction: float | None) -> float:
    taken = 1 if correction is None else correction
    return builtins.max(math.prod(sizes[axis] for axis in wrapped_dims(dim, len(sizes))) - taken, 0)


def _var_backward(g: Any, self: Any, dim: Dims, correction: float | None, keepdim: bool) -> Any:
    free = _count(self.shape, dim, correction)
    g = spread(g, self.shape, dim, keepdim)
    distance = self - k.mean_dims(self, dim, True)
    return g * distance * (2.0 / free if free else math.inf)


def _std_backward(g: Any, self: Any, result: Any, dim: Dims, correction: float | None, keepdim: bool) -> Any:
    half = k.where(result == 0, g * 0, g / (result * 2))
    return _var_backward(half, self, dim, correction, keepdim)


def _spread_samples(t: Any) -> list[tuple[Any, ...]]:
    return [(t(2, 3),), (t(2, 3), (1,)), (t(2, 3), (0,), 0, True)]


@op(name="var_dims", public="var", node="VarBackward0", method=False, function=False, samples=_spread_samples)
def var_dims(self: Array, dim: Dims = None, correction: float | None = None, keepdim: bool = False) -> Array:
    """The variance over dimensions."""
    return _as_result(self, _variance("var", self, dim, correction, keepdim))


@op(name="std_dims", public="std", node="StdBackward0", method=False, function=False, samples=_spread_samples)
def std_dims(self: Array, dim: Dims = None, correction: float | None = None, keepdim: bool = False) -> Array:
    """The standard deviation over dimensions."""
    return _as_result(self, np.sqrt(_variance("std", self, dim, correction, keepdim)))


var_dims.vjp(self=_var_backward)
std_dims.vjp(self=_std_backward)


@op(
    name="var_mean_dims", public="var_mean", node="VarMeanBackward0", outputs=("result0", "result1"), method=False,
    function=False,
)  # fmt: skip
def var_mean_dims(
    self: Array, dim: Dims = None, correction: float | None = None, keepdim: bool = False
) -> tuple[Array, Array]:
    """The variance and the mean over dimensions."""
    variance = _as_result(self, _variance("var_mean", self, dim, correction, keepdim))
    return variance, k.mean_dims(self, dim, keepdim)


@op(
    name="std_mean_dims", public="std_mean", node="StdMeanBackward0", outputs=("result0", "result1"), method=False,
    function=False,
)  # fmt: skip
def std_mean_dims(
    self: Array, dim: Dims = None, correction: float | None = None, keepdim: bool = False
) -> tuple[Array, Array]:
    """The standard deviation and the mean over dimensions."""
    deviation = _as_result(self, np.sqrt(_variance("std_mean", self, dim, correction, keepdim)))
    return deviation, k.mean_dims(self, dim, keepdim)


def _with_mean(part: Any, g_mean: Any, self: Any, dim: Dims, keepdim: bool) -> Any:
    if g_mean is None:
        return part
    from_mean = spread(g_mean, self.shape, dim, keepdim) / _count(self.shape, dim, 0)
    return from_mean if part is None else part + from_mean


def _var_mean_backward(g: Any, self: Any, dim: Dims, correction: float | None, keepdim: bool) -> Any:
    part = None if g[0] is None else _var_backward(g[0], self, dim, correction, keepdim)
    return _with_mean(part, g[1], self, dim, keepdim)


def _std_mean_backward(g: Any, self: Any, result0: Any, dim: Dims, correction: float | None, keepdim: bool) -> Any:
    part = None if g[0] is None else _std_backward(g[0], self, result0, dim, correction, keepdim)
    return _with_mean(part, g[1], self, dim, keepdim)


var_mean_dims.vjp(self=_var_mean_backward)
std_mean_dims.vjp(self=_std_mean_backward)


def _spread_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, float | None, bool]:
    """(dim, correction, keepdim) from the several ways of giving them."""
    named = {{"axis": "dim", "keepdims": "keepdim"}.get(key, key): value for key, value in kwargs.items()}
    if args and isinstance(args[0], bool):
        named["unbiased"], args = args[0], args[1:]
    for name, value in zip(("dim", "unbiased", "keepdim"), args, strict=False):
        named[name] = value
    dim, keepdim = named.pop("dim", None), named.pop("keepdim", False)
    dim = (dim,) if isinstance(dim, int) else None if dim is None else tuple(dim)
    if "unbiased" in named:
        return dim, int(named["unbiased"]), keepdim
    # PyTorch's own default stays visible on the node where no dimension is given.
    return dim, named.get("correction", None if dim is None else 1), keepdim


def _publish_spread(name: str, declared: Any, doc: str) -> None:
    def function(input: Tensor, *args: Any, **kwargs: Any) -> Any:
        return declared(input, *_spread_arguments(args, kwargs))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    composite(method=name in ("var", "std"))(accepts_out(function))


_publish_spread(
    "var",
    var_dims,
    """The variance of all elements, or over `dim`: squared distances from the mean, divided by N − correction (1).

    >>> import autogradkit as torch
    >>> torch.var(torch.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """,
)
_publish_spread(
    "std",
    std_dims,
    """The standard deviation of all elements, or over `dim`: the square root of `var`.

    >>> import autogradkit as torch
    >>> torch.std(torch.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """,
)
_publish_spread(
    "var_mean",
    var_mean_dims,
    """The variance and the mean, as `var` and `mean` give them.

    >>> import autogradkit as torch
    >>> torch.var_mean(torch.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """,
)
_publish_spread(
    "std_mean",
    std_mean_dims,
    """The standard deviation and the mean, as `std` and `mean` give them.

    >>> import autogradkit as torch
    >>> torch.std_mean(torch.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """,
)


# -- norms -------------------------------------------------------------------------------------------------------------


@op(
    name="linalg_vector_norm", public="norm", node="LinalgVectorNormBackward0", method=False, function=False,
    samples=lambda t: [(t(2, 3),), (t(2, 3), 1, (1,)), (t(2, 3), 3.0, (0,), True), (t(2, 3), math.inf, (1,))],
)  # fmt: skip
def vector_norm(
    self: Array, ord: float = 2, dim: Dims = None, keepdim: bool = False, dtype: Dtype | None = None
) -> Array:
    """The `ord`-norm over dimensions."""
    if self.dtype.kind not in "fc":
        name = SCALAR_TYPE_NAMES[from_numpy_dtype(self.dtype)]
        raise RuntimeError(f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {name}")
    axes = wrapped_dims(dim, self.ndim)
    source = self if dtype is None else self.astype(dtype.numpy)
    size = np.abs(source)
    if ord == math.inf:
        found = size.max(axis=axes, keepdims=keepdim)
    elif ord == -math.inf:
        found = size.min(axis=axes, keepdims=keepdim)
    elif ord == 0:
        found = np.count_nonzero(size, axis=axes, keepdims=keepdim)
    elif ord == 1:
        found = size.sum(axis=axes, keepdims=keepdim)
    elif ord == 2:
        found = np.sqrt((size * size).sum(axis=axes, keepdims=keepdim))
    else:
        found = (size**ord).sum(axis=axes, keepdims=keepdim) ** (1 / ord)
    return row_major(np.asarray(found, size.dtype))


def _norm_backward(g: Any, self: Any, result: Any, ord: float, dim: Dims, keepdim: bool) -> Any:
    g, result = (spread(each, self.shape, dim, keepdim) for each in (g, result))
    if ord == 0:
        return None
    if ord == 2:
        return g * k.where(result == 0, self * 0, self / result)
    if ord == 1:
        return g * k.sign(self)
    size = k.abs(self)
    if ord in (math.inf, -math.inf):
        most = size == result
        return g * k.sign(self) * most / k.sum_dims(most, dim, True)
    scaled = k.sign(self) * size ** (ord - 1) / result ** (ord - 1)
    return g * k.where((result == 0) | (self == 0), self * 0, scaled)


vector_norm.vjp(self=_norm_backward)


@composite()
@accepts_out
def norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Dtype | None = None) -> Tensor:
    """The `p`-norm of all elements, or over `dim`; Euclidean if not said otherwise.

    >>> import autogradkit as torch
    >>> torch.norm(torch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"norm(): p='{p}' is not supported; only numbers and 'fro' are")
    order = 2 if p == "fro" or p is None else p
    dim = (dim,) if isinstance(dim, int) else None if dim is None else tuple(dim)
    return vector_norm(input, order, dim, keepdim, dtype)


@op(
    name="logsumexp_dims", public="logsumexp", node="LogsumexpBackward0", method=False, function=False,
    samples=lambda t: [(t(2, 3), (1,)), (t(2, 3), (0, 1), True)],
)  # fmt: skip
def logsumexp_dims(self: Array, dim: Dims, keepdim: bool = False) -> Array:
    """log Σ eˣ over dimensions."""
    source = self if self.dtype.kind in "fc" else self.astype(get_default_dtype().numpy)
    axes = wrapped_dims(dim, self.ndim)
    most = source.max(axis=axes, keepdims=True) if self.size else np.zeros((1,) * self.ndim, source.dtype)
    shift = np.where(np.isfinite(most), most, 0).astype(source.dtype)
    total = np.exp(source - shift).sum(axis=axes, keepdims=True)
    found = np.log(total) + shift
    return row_major(found if keepdim else found.reshape([n for d, n in enumerate(found.shape) if d not in axes]))


logsumexp_dims.vjp(
    self=lambda g, self, result, dim, keepdim: (
        spread(g, self.shape, dim, keepdim) * k.exp(self - spread(result, self.shape, dim, keepdim))
    )
)


@composite()
@accepts_out
def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """The logarithm of the sum of exponentials over `dim`, computed without overflow.

    >>> import autogradkit as torch
    >>> torch.logsumexp(torch.tensor([1000.0, 1000.0]), 0)
    tensor(1000.6932)
    """
    return logsumexp_dims(input, (dim,) if isinstance(dim, int) else tuple(dim or ()), keepdim)


# -- other summaries ---------------------------------------------------------------------------------------------------


@op(samples=lambda t: [(t(3, 3),), (t(2, 4),)])
def trace(self: Array) -> Array:
    """The sum of a matrix's diagonal.

    >>> import autogradkit as torch
    >>> torch.trace(torch.tensor([[1, 2], [3, 4]]))
    tensor(5)
    """
    if self.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {self.ndim}")
    return np.asarray(np.trace(self, dtype=np.int64 if self.dtype.kind in "biu" else self.dtype))


def _trace_backward(g: Any, self_sym_sizes: tuple[int, int]) -> Any:
    return k.diagonal_backward(k.expand(g, (builtins.min(self_sym_sizes),)), self_sym_sizes, 0, 0, 1)


trace.vjp(self=_trace_backward)


@op()
def count_nonzero(self: Array, dim: Dims = None) -> Array:
    """How many elements (along `dim`) are not zero.

    >>> import autogradkit as torch
    >>> torch.count_nonzero(torch.tensor([0, 3, 0, 5]))
    tensor(2)
    """
    return row_major(np.asarray(np.count_nonzero(self, axis=wrapped_dims(dim, self.ndim)), np.int64))


@composite()
@accepts_out
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """The differences of neighbours along `dim`, taken `n` times.

    >>> import autogradkit as torch
    >>> torch.diff(torch.tensor([1, 4, 9]))
    tensor([3, 5])
    """
    if not input._array.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    at = wrap_dim(dim, input._array.ndim)
    if n == 0:
        return clone(input)
    parts = [each for each in (prepend, input, append) if each is not None]
    result: Any = cat(parts, at) if len(parts) > 1 else input
    for _ in range(n):
        size = result.shape[at]
        if size == 0:
            break
        later, earlier = narrow(result, at, 1, size - 1), narrow(result, at, 0, size - 1)
        result = later ^ earlier if result.dtype.name == "bool" else later - earlier
    return result


@composite()
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements (or distinct places of `dim`) in order; on demand where each stood, and how often.

    >>> import autogradkit as torch
    >>> torch.unique(torch.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    values, inverse, counts = np.unique(input._array, return_inverse=True, return_counts=True, axis=dim)
    shape = input._array.shape if dim is None else (input._array.shape[dim],)
    if dim is None:
        values = np.ascontiguousarray(values)
    else:  # laid out with the places of `dim` outermost, as PyTorch gathers them
        values = np.moveaxis(np.ascontiguousarray(np.moveaxis(values, dim, 0)), 0, dim)
    results = [wrap(values)]
    if return_inverse:
        results.append(wrap(inverse.reshape(shape)))
    if return_counts:
        results.append(wrap(counts))
    return results[0] if len(results) == 1 else tuple(results)


@composite()
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number 0, 1, 2 … occurs in a vector, or the sum of its `weights`.

    >>> import autogradkit as torch
    >>> torch.bincount(torch.tensor([0, 2, 2]))
    tensor([1, 0, 2])
    """
    numbers = input._array
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or (numbers.size and numbers.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        return wrap(np.bincount(numbers, minlength=minlength))
    totals = np.bincount(numbers, weights._array, minlength)
    return wrap(totals.astype(np.float32) if weights._array.dtype == np.float32 else totals)
