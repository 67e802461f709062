"""Reductions of the elements that a mask keeps, in PyTorch's order of steps and of checks. Rests on filling.py."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import PUBLISHED
from autogradkit.core import dtype as dtypes
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.linalg import vector_norm as _vector_norm  # pyright: ignore[reportAttributeAccessIssue]
from autogradkit.masked.filling import (
    broadcast,
    dims_of,
    filled,
    greatest,
    least,
    neutral_exponent,
    neutral_length,
    number,
)

_Dims = int | Sequence[int] | None

_sum, _amax, _amin, _argmax, _argmin, _nanmedian, _logsumexp, _logaddexp, _maximum = (
    PUBLISHED[name].front("function")
    for name in ("sum", "amax", "amin", "argmax", "argmin", "nanmedian", "logsumexp", "logaddexp", "maximum")
)


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
    dims = dims_of(dim, input.ndim)
    return _sum(filled(input, mask, number(0)), dims, bool(keepdim), dtype=dtype)


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
    dims = dims_of(dim, input.ndim)
    found = filled(input, mask, number(1)).to(dtype=dtype)
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
    kept = filled(input, mask, least("amax"))
    return _amax(kept, dims_of(dim, kept.ndim), bool(keepdim)).to(dtype=dtype)


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
    kept = filled(input, mask, greatest("amin"))
    return _amin(kept, dims_of(dim, kept.ndim), bool(keepdim)).to(dtype=dtype)


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
    return _argmax(filled(input, mask, least("argmax")), dim, bool(keepdim)).to(dtype=dtype)


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
    return _argmin(filled(input, mask, greatest("argmin")), dim, bool(keepdim)).to(dtype=dtype)


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
    kept = None if mask is None else broadcast(input, mask)
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
    first = dims_of(dim, input.ndim)[0]
    if input.is_floating_point():
        return _nanmedian(filled(input, mask, number(math.nan)), first, keepdim).values
    found = _nanmedian(filled(input.to(dtypes.float32), mask, number(math.nan)), first, keepdim).values
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
    kept = filled(input, mask, neutral_length(ord))
    return _vector_norm(kept, ord, dims_of(dim, input.ndim), bool(keepdim), dtype=dtype)


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
    dims = dims_of(dim, input.ndim)
    return _logsumexp(filled(input, mask, neutral_exponent), dims, keepdim=keepdim).to(dtype=dtype)


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
    neutral = least("logaddexp")
    return _logaddexp(filled(input, input_mask, neutral), filled(other, other_mask, neutral)).to(dtype=dtype)


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
    kept = None if mask is None else broadcast(input, mask)
    count = _counted(input, dim, True, kept)
    apart = input - sum(input, dim, keepdim=True, dtype=kind, mask=kept) / count
    total: Any = sum(apart * apart.conj(), dim, keepdim=keepdim, dtype=computed, mask=kept)
    if not keepdim:
        count = count.reshape(total.shape)
    if less:
        count = count.to(computed.to_real()) - less
        count = _maximum(count, count.new_zeros([]))
    return (total / count).to(dtype=kind)
