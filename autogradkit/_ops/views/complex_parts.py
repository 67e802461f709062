"""Views on complex numbers as pairs of real ones, and back: view_as_real, view_as_complex, real, imag.

Rests on declare and parts. Nothing is copied: an edit of `x.real` is an edit of `x`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.making.copies import copy_
from autogradkit._ops.making.scalars import assigned_value
from autogradkit._ops.views.conjugates import conjugated, negated
from autogradkit._ops.views.parts import select
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.pending import bits_of
from autogradkit.core.storage import offset_of, strided
from autogradkit.core.strides import element_strides
from autogradkit.core.tensor import Tensor

_REAL = {"F": np.dtype(np.float32), "D": np.dtype(np.float64)}
_COMPLEX = {"f": np.dtype(np.complex64), "d": np.dtype(np.complex128)}


@op(
    view=True,
    variants="function",
    samples=lambda t: [(t(2, 3) * (1 + 2j),)],
    vjp={"self": lambda g: k.view_as_complex(k.dense(g))},
)
def view_as_real(self: Array) -> Array:
    """Complex numbers as pairs of real ones, in one dimension more.

    >>> import autogradkit as torch
    >>> torch.view_as_real(torch.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    if self.dtype.kind != "c":
        raise RuntimeError("view_as_real is only supported for complex tensors")
    real = _REAL[self.dtype.char]
    return strided(self, (*self.shape, 1), (*element_strides(self), 1), offset_of(self)).view(real)


@op(
    view=True,
    variants="function",
    samples=lambda t: [(t(3, 2),)],
    vjp={"self": lambda g: k.view_as_real(g)},
)
def view_as_complex(self: Array) -> Array:
    """Pairs of real numbers in the last dimension as complex ones.

    >>> import autogradkit as torch
    >>> torch.view_as_complex(torch.tensor([[1.0, 2.0]]))
    tensor([1.+2.j])
    """
    if self.dtype.char not in _COMPLEX:
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: "
            f"{scalar_type(from_numpy_dtype(self.dtype))}"
        )
    if not self.ndim:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if self.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    *strides, last = element_strides(self)
    if last != 1:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    if any(stride % 2 for size, stride in zip(self.shape[:-1], strides, strict=True) if size != 1):
        raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    if offset_of(self) % 2:
        raise RuntimeError("Tensor must have a storage_offset divisible by 2")
    return self.view(_COMPLEX[self.dtype.char])[..., 0]


@op(composition=True, variants="function")
def real(self: Tensor) -> Any:
    """The real part, as a view; real tensors are their own.

    >>> import autogradkit as torch
    >>> torch.real(torch.tensor([1 + 2j]))
    tensor([1.])
    """
    return select(_pairs(self), -1, 0) if self._memory.dtype.kind == "c" else self


@op(composition=True, variants="function")
def imag(self: Tensor) -> Any:
    """The imaginary part, as a view. Raises RuntimeError for real tensors.

    >>> import autogradkit as torch
    >>> torch.imag(torch.tensor([1 + 2j]))
    tensor([2.])
    """
    if self._memory.dtype.kind != "c":
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    if bits_of(self)[0]:
        return select(negated(_pairs(self)), -1, 1)
    return select(view_as_real(self), -1, 1)


def _pairs(self: Tensor) -> Any:
    """The pairs in memory, whose second numbers a conjugate has with the other sign."""
    return view_as_real(conjugated(self) if bits_of(self)[0] else self)


def _settable(part: Any) -> property:
    """A part as an attribute: read as the view, set by writing into it."""

    def write(self: Tensor, value: Any) -> None:
        target = part(self)
        copy_.in_place_call(target, assigned_value(value, target))

    return property(part.kernel, write, doc=part.doc)


Tensor.real = _settable(real)
Tensor.imag = _settable(imag)
