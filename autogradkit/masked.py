"""Reductions and normalisations of the elements that a mask keeps, as PyTorch's `torch.masked` names them.

Compositions over declared ops, in PyTorch's order of steps and of checks: what a mask leaves out becomes the value that changes
nothing (0 in a sum, −∞ in a maximum), and means and variances count what is left. `mask` is true where an element counts, and is
broadcast to the input; without one all count. `dim` is a dimension, several, or None for all. What no element is left of gives
that neutral value, or NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import PUBLISHED
from autogradkit.core import dtype as dtypes
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.linalg import vector_norm as _vector_norm  # pyright: ignore[reportAttributeAccessIssue]

_Dims = int | Sequence[int] | None

_sum, _amax, _amin, _argmax, _argmin, _cumsum, _cumprod, _nanmedian, _logsumexp, _logaddexp, _maximum, _where = (
    PUBLISHED[name].made("function")
    for name in (
        "sum", "amax", "amin", "argmax", "argmin", "cumsum", "cumprod", "nanmedian", "logsumexp", "logaddexp", "maximum", "where",
    )
)  # fmt: skip


# -- what a mask leaves out --------------------------------------------------------------------------------------------


def _broadcast(input: Any, mask: Any) -> Any:
    """The mask in the input's shape, as bools."""
    if mask.shape != input.shape:
        if mask.ndim > input.ndim:
            raise IndexError(
                "_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)"
            )
        mask = mask.clone().expand(input.shape)
    return mask.to(dtypes.bool_)


def _filled(input: Any, mask: Any, neutral: Callable[[Any], Any]) -> Any:
    """The input with `neutral(input)` where the mask leaves an element out."""
    if mask is None:
        return input
    kept = _broadcast(input, mask)
    return _where(kept, input, wrap(np.array(neutral(input), input._array.dtype)))


def _number(value: float) -> Callable[[Any], float]:
    return lambda input: value


def _least(name: str) -> Callable[[Any], Any]:
    """The neutral value of the maximum called `name`: the least that the dtype has."""
    return lambda input: -math.inf if input.is_floating_point() else _bounds(name, input).min


def _greatest(name: str) -> Callable[[Any], Any]:
    return lambda input: math.inf if input.is_floating_point() else _bounds(name, input).max


def _bounds(name: str, input: Any) -> Any:
    if input.dtype is dtypes.bool_:
        raise NotImplementedError(f"identity of {name} on {input.dtype} input")
    if input.is_complex():
        raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
    return np.iinfo(input._array.dtype)


def _neutral_exponent(input: Any) -> Any:
    return -math.inf if input.is_complex() else _least("logsumexp")(input)


def _neutral_length(ord: Any) -> Callable[[Any], float]:
    def neutral(input: Any) -> float:
        if ord != -math.inf:
            return 0
        if not input.is_floating_point():
            raise AssertionError(f"input must be floating point, got {input.dtype}")
        return math.inf

    return neutral


def _dims(dim: Any, ndim: int) -> tuple[int, ...]:
    """The dimensions, counted from the front and sorted."""
    if dim is None or dim == ():
        return tuple(range(ndim))
    ndim = max(ndim, 1)
    found: list[int] = []
    for each in (dim,) if isinstance(dim, int) else dim:
        if each in found:
            raise RuntimeError(f"dim={each} appears multiple times in the list of dims")
        if not -ndim <= each < ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {each})"
            )
        found.append(each % ndim)
    return tuple(sorted(found))


# -- reductions --------------------------------------------------------------------------------------------------------


def _summed(input: Any, dtype: Dtype | None) -> Dtype:
    small = not (input.is_floating_point() or input.is_complex())
    return dtypes.int64 if dtype is None and small else dtype or input.dtype


@entry
def sum(
    input: Tensor,
    dim: _Dims = None,
    *,
    keepdim: bool | None = False,
    dtype: Dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The sum of the elements that the mask keeps.

    >>> import autogradkit as torch
    >>> torch.masked.sum(torch.tensor([1.0, 2.0, 4.0]), mask=torch.tensor([True, False, True]))
    tensor(5.)
    """
    dtype = _summed(input, dtype)
    dims = _dims(dim, input.ndim)
    return _sum(_filled(input, mask, _number(0)), dims, bool(keepdim), dtype=dtype)


@entry
def prod(
    input: Any,
    dim: _Dims = None,
    *,
    keepdim: bool | None = False,
    dtype: Dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The product of the elements that the mask keeps.

    >>> import autogradkit as torch
    >>> torch.masked.prod(torch.tensor([3.0, 2.0, 4.0]), mask=torch.tensor([True, False, True]))
    tensor(12.)
    """
    dtype = _summed(input, dtype)
    dims = _dims(dim, input.ndim)
    found = _filled(input, mask, _number(1)).to(dtype=dtype)
    for each in reversed(dims):
        found = found.prod(dim=each, keepdim=bool(keepdim))
    return found


@entry
def amax(
    input: Any,
    dim: _Dims = None,
    *,
    keepdim: bool | None = False,
    dtype: Dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The largest of the elements that the mask keeps.

    >>> import autogradkit as torch
    >>> torch.masked.amax(torch.tensor([1, 9, 4]), mask=torch.tensor([True, False, True]))
    tensor(4)
    """
    dtype = input.dtype if dtype is None else dtype
    kept = _filled(input, mask, _least("amax"))
    return _amax(kept, _dims(dim, kept.ndim), bool(keepdim)).to(dtype=dtype)


@entry
def amin(
    input: Any,
    dim: _Dims = None,
    *,
    keepdim: bool | None = False,
    dtype: Dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The smallest of the elements that the mask keeps.

    >>> import autogradkit as torch
    >>> torch.masked.amin(torch.tensor([5, 1, 4]), mask=torch.tensor([True, False, True]))
    tensor(4)
    """
    dtype = input.dtype if dtype is None else dtype
    kept = _filled(input, mask, _greatest("amin"))
    return _amin(kept, _dims(dim, kept.ndim), bool(keepdim)).to(dtype=dtype)


@entry
def argmax(
    input: Any,
    dim: int | None = None,
    *,
    keepdim: bool | None = False,
    dtype: Dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """Where the largest of the elements stands that the mask keeps; in the input's dtype, unless another is given.

    >>> import autogradkit as torch
    >>> torch.masked.argmax(torch.tensor([1, 9, 4]), mask=torch.tensor([True, False, True]))
    tensor(2)
    """
    dtype = input.dtype if dtype is None else dtype
    return _argmax(_filled(input, mask, _least("argmax")), dim, bool(keepdim)).to(dtype=dtype)


@entry
def argmin(
    input: Any,
    dim: int | None = None,
    *,
    keepdim: bool | None = False,
    dtype: Dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """Where the smallest of the elements stands that the mask keeps; in the input's dtype, unless another is given.

    >>> import autogradkit as torch
    >>> torch.masked.argmin(torch.tensor([5, 1, 4]), mask=torch.tensor([True, False, True]))
    tensor(2)
    """
    dtype = input.dtype if dtype is None else dtype
    return _argmin(_filled(input, mask, _greatest("argmin")), dim, bool(keepdim)).to(dtype=dtype)


def _counted(input: Any, dim: Any, keepdim: Any, mask: Any) -> Any:
    """How many elements the mask keeps."""
    if mask is None:
        return sum(wrap(np.ones(input._array.shape, np.int64)), dim, keepdim=keepdim)
    return mask.sum(dim=dim, keepdim=bool(keepdim))


@entry
def mean(
    input: Any,
    dim: _Dims = None,
    *,
    keepdim: bool | None = False,
    dtype: Dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The mean of the elements that the mask keeps.

    >>> import autogradkit as torch
    >>> torch.masked.mean(torch.tensor([1.0, 2.0, 4.0]), mask=torch.tensor([True, False, True]))
    tensor(2.5000)
    """
    kind = input.dtype if dtype is None else dtype
    if not (kind.is_floating_point or kind.is_complex):
        raise ValueError(
            f"mean(): Could not infer output dtype. {'Input' if dtype is None else 'Optional'} dtype must be either a floating "
            f"point or complex dtype. Got: {kind}"
        )
    kept = None if mask is None else _broadcast(input, mask)
    count = _counted(input, dim, keepdim, kept)
    return sum(input, dim, keepdim=keepdim, dtype=kind, mask=kept) / count


@entry
def median(
    input: Any, dim: int = -1, *, keepdim: bool = False, dtype: Dtype | None = None, mask: Tensor | None = None
) -> Tensor:
    """The median, along one dimension, of the elements that the mask keeps; of two in the middle the smaller.

    >>> import autogradkit as torch
    >>> torch.masked.median(torch.tensor([5.0, 1.0, 4.0]), mask=torch.tensor([True, False, True]))
    tensor(4.)
    """
    dtype = input.dtype if dtype is None else dtype
    first = _dims(dim, input.ndim)[0]
    if input.is_floating_point():
        return _nanmedian(_filled(input, mask, _number(math.nan)), first, keepdim).values
    found = _nanmedian(_filled(input.to(dtypes.float32), mask, _number(math.nan)), first, keepdim).values
    if found.isnan().any():
        raise ValueError("masked median expects no fully masked out rows if dtype is not floating point")
    return found.to(dtype=dtype)


@entry
def norm(
    input: Any,
    ord: float | None = 2.0,
    dim: _Dims = None,
    *,
    keepdim: bool | None = False,
    dtype: Dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The length, (Σ |x|^ord)^(1/ord), of the elements that the mask keeps.

    >>> import autogradkit as torch
    >>> torch.masked.norm(torch.tensor([3.0, 9.0, 4.0]), mask=torch.tensor([True, False, True]))
    tensor(5.)
    """
    dtype = input.dtype if dtype is None else dtype
    kept = _filled(input, mask, _neutral_length(ord))
    return _vector_norm(kept, ord, _dims(dim, input.ndim), bool(keepdim), dtype=dtype)


@entry
def logsumexp(
    input: Any, dim: _Dims = None, *, keepdim: bool = False, dtype: Dtype | None = None, mask: Tensor | None = None
) -> Tensor:
    """log Σ eˣ of the elements that the mask keeps.

    >>> import autogradkit as torch
    >>> torch.masked.logsumexp(torch.tensor([1.0, 9.0]), mask=torch.tensor([True, False]))
    tensor(1.)
    """
    dtype = input.dtype if dtype is None else dtype
    dims = _dims(dim, input.ndim)
    return _logsumexp(_filled(input, mask, _neutral_exponent), dims, keepdim=keepdim).to(dtype=dtype)


@entry
def logaddexp(
    input: Any,
    other: Any,
    *,
    dtype: Dtype | None = None,
    input_mask: Tensor | None = None,
    other_mask: Tensor | None = None,
) -> Tensor:
    """log(eˣ + eʸ), where either is left out that its mask does not keep.

    >>> import autogradkit as torch
    >>> torch.masked.logaddexp(torch.tensor([1.0]), torch.tensor([9.0]), other_mask=torch.tensor([False]))
    tensor([1.])
    """
    dtype = input.dtype if dtype is None else dtype
    least = _least("logaddexp")
    return _logaddexp(_filled(input, input_mask, least), _filled(other, other_mask, least)).to(dtype=dtype)


@entry
def var(
    input: Any,
    dim: _Dims = None,
    unbiased: bool | None = None,
    *,
    correction: float | None = None,
    keepdim: bool | None = False,
    dtype: Dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The variance of the elements that the mask keeps: over their number less `correction` (1).

    >>> import autogradkit as torch
    >>> torch.masked.var(torch.tensor([1.0, 9.0, 5.0]), mask=torch.tensor([True, False, True]))
    tensor(8.)
    """
    return _variance(input, dim, unbiased, correction, keepdim, dtype, mask)


@entry
def std(
    input: Any,
    dim: _Dims = None,
    unbiased: bool | None = None,
    *,
    correction: float | None = None,
    keepdim: bool | None = False,
    dtype: Dtype | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """The root of the variance of the elements that the mask keeps; see `var`.

    >>> import autogradkit as torch
    >>> torch.masked.std(torch.tensor([1.0, 9.0, 5.0]), mask=torch.tensor([True, False, True]))
    tensor(2.8284)
    """
    return _variance(input, dim, unbiased, correction, keepdim, dtype, mask).sqrt()


def _variance(
    input: Any, dim: Any, unbiased: Any, correction: Any, keepdim: Any, dtype: Dtype | None, mask: Any
) -> Any:
    if unbiased is not None and correction is not None:
        raise AssertionError("Only one of unbiased and correction may be given")
    less = float(correction) if correction is not None else 0.0 if unbiased is False else 1.0
    kind: Any = dtype or (input.dtype if input.is_floating_point() or input.is_complex() else dtypes.float32)
    computed = kind if kind.is_floating_point or kind.is_complex else dtypes.float32
    kept = None if mask is None else _broadcast(input, mask)
    count = _counted(input, dim, True, kept)
    apart = input - sum(input, dim, keepdim=True, dtype=kind, mask=kept) / count
    total: Any = sum(apart * apart.conj(), dim, keepdim=keepdim, dtype=computed, mask=kept)
    if not keepdim:
        count = count.reshape(total.shape)
    if less:
        count = count.to(computed.to_real()) - less
        count = _maximum(count, count.new_zeros([]))
    return (total / count).to(dtype=kind)


# -- of the input's shape ----------------------------------------------------------------------------------------------


@entry
def cumsum(input: Any, dim: int, *, dtype: Dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """The sums up to each element, of those that the mask keeps.

    >>> import autogradkit as torch
    >>> torch.masked.cumsum(torch.tensor([1.0, 2.0, 4.0]), 0, mask=torch.tensor([True, False, True]))
    tensor([1., 1., 5.])
    """
    dtype = input.dtype if dtype is None else dtype
    first = _dims(dim, input.ndim)[0]
    return _cumsum(_filled(input, mask, _number(0)), first, dtype=dtype).to(dtype=dtype)


@entry
def cumprod(input: Any, dim: int, *, dtype: Dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """The products up to each element, of those that the mask keeps.

    >>> import autogradkit as torch
    >>> torch.masked.cumprod(torch.tensor([3.0, 2.0, 4.0]), 0, mask=torch.tensor([True, False, True]))
    tensor([ 3.,  3., 12.])
    """
    dtype = input.dtype if dtype is None else dtype
    first = _dims(dim, input.ndim)[0]
    return _cumprod(_filled(input, mask, _number(1)), first, dtype=dtype).to(dtype=dtype)


@entry
def softmax(input: Any, dim: int, *, dtype: Dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """eˣ over Σ eˣ along `dim`, of the elements that the mask keeps; the others get 0.

    >>> import autogradkit as torch
    >>> torch.masked.softmax(torch.tensor([1.0, 9.0, 1.0]), 0, mask=torch.tensor([True, False, True]))
    tensor([0.5000, 0.0000, 0.5000])
    """
    dtype = input.dtype if dtype is None else dtype
    first = _dims(dim, input.ndim)[0]
    return _filled(input, mask, _least("amax")).softmax(first, dtype=dtype)


@entry
def log_softmax(input: Any, dim: int, *, dtype: Dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """The logarithm of `softmax`; −∞ where the mask leaves an element out.

    >>> import autogradkit as torch
    >>> torch.masked.log_softmax(torch.tensor([1.0, 9.0, 1.0]), 0, mask=torch.tensor([True, False, True]))
    tensor([-0.6931,    -inf, -0.6931])
    """
    dtype = input.dtype if dtype is None else dtype
    first = _dims(dim, input.ndim)[0]
    return _filled(input, mask, _least("amax")).log_softmax(first, dtype=dtype)


@entry
def softmin(input: Any, dim: int, *, dtype: Dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """`softmax` of −x, of the elements that the mask keeps.

    >>> import autogradkit as torch
    >>> torch.masked.softmin(torch.tensor([1.0, -9.0, 1.0]), 0, mask=torch.tensor([True, False, True]))
    tensor([0.5000, 0.0000, 0.5000])
    """
    dtype = input.dtype if dtype is None else dtype
    first = _dims(dim, input.ndim)[0]
    return (-_filled(input, mask, _greatest("amin"))).softmax(first, dtype=dtype)


@entry
def normalize(
    input: Any, ord: float, dim: int, *, eps: float = 1e-12, dtype: Dtype | None = None, mask: Tensor | None = None
) -> Tensor:
    """The elements that the mask keeps, divided by their length along `dim` (or `eps`, if that is more); 0 for the others.

    >>> import autogradkit as torch
    >>> torch.masked.normalize(torch.tensor([3.0, 9.0, 4.0]), 2.0, 0, mask=torch.tensor([True, False, True]))
    tensor([0.6000, 0.0000, 0.8000])
    """
    dtype = input.dtype if dtype is None else dtype
    kept = _filled(input, mask, _number(0))
    length: Any = norm(input, ord, dim, keepdim=True, dtype=dtype, mask=mask)
    return kept / _maximum(length, length.new_full([], eps))


__getattr__ = _absent_from("masked")
