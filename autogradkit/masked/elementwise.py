"""What keeps the input's shape: running sums, softmax and its kin, normalize, of the elements that a mask keeps.

Rests on filling.py and reductions.py.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import PUBLISHED
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.masked.filling import dims_of, filled, greatest, least, number
from autogradkit.masked.reductions import norm

_cumsum, _cumprod, _maximum = (PUBLISHED[name].front("function") for name in ("cumsum", "cumprod", "maximum"))


@entry
def cumsum(input: Any, dim: int, *, dtype: Dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """The sums up to each element, of those that the mask keeps.

    >>> import autogradkit as torch
    >>> torch.masked.cumsum(torch.tensor([1.0, 2.0, 4.0]), 0, mask=torch.tensor([True, False, True]))
    tensor([1., 1., 5.])
    """
    dtype = input.dtype if dtype is None else dtype
    first = dims_of(dim, input.ndim)[0]
    return _cumsum(filled(input, mask, number(0)), first, dtype=dtype).to(dtype=dtype)


@entry
def cumprod(input: Any, dim: int, *, dtype: Dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """The products up to each element, of those that the mask keeps.

    >>> import autogradkit as torch
    >>> torch.masked.cumprod(torch.tensor([3.0, 2.0, 4.0]), 0, mask=torch.tensor([True, False, True]))
    tensor([ 3.,  3., 12.])
    """
    dtype = input.dtype if dtype is None else dtype
    first = dims_of(dim, input.ndim)[0]
    return _cumprod(filled(input, mask, number(1)), first, dtype=dtype).to(dtype=dtype)


@entry
def softmax(input: Any, dim: int, *, dtype: Dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """eˣ over Σ eˣ along `dim`, of the elements that the mask keeps; the others get 0.

    >>> import autogradkit as torch
    >>> torch.masked.softmax(torch.tensor([1.0, 9.0, 1.0]), 0, mask=torch.tensor([True, False, True]))
    tensor([0.5000, 0.0000, 0.5000])
    """
    dtype = input.dtype if dtype is None else dtype
    first = dims_of(dim, input.ndim)[0]
    return filled(input, mask, least("amax")).softmax(first, dtype=dtype)


@entry
def log_softmax(input: Any, dim: int, *, dtype: Dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """The logarithm of `softmax`; −∞ where the mask leaves an element out.

    >>> import autogradkit as torch
    >>> torch.masked.log_softmax(torch.tensor([1.0, 9.0, 1.0]), 0, mask=torch.tensor([True, False, True]))
    tensor([-0.6931,    -inf, -0.6931])
    """
    dtype = input.dtype if dtype is None else dtype
    first = dims_of(dim, input.ndim)[0]
    return filled(input, mask, least("amax")).log_softmax(first, dtype=dtype)


@entry
def softmin(input: Any, dim: int, *, dtype: Dtype | None = None, mask: Tensor | None = None) -> Tensor:
    """`softmax` of −x, of the elements that the mask keeps.

    >>> import autogradkit as torch
    >>> torch.masked.softmin(torch.tensor([1.0, -9.0, 1.0]), 0, mask=torch.tensor([True, False, True]))
    tensor([0.5000, 0.0000, 0.5000])
    """
    dtype = input.dtype if dtype is None else dtype
    first = dims_of(dim, input.ndim)[0]
    return (-filled(input, mask, greatest("amin"))).softmax(first, dtype=dtype)


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
    kept = filled(input, mask, number(0))
    length: Any = norm(input, ord, dim, keepdim=True, dtype=dtype, mask=mask)
    return kept / _maximum(length, length.new_full([], eps))
