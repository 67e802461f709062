"""Views whose numbers are the conjugates, or have the other sign, of those in memory: conj, and what asks for it and resolves it.

Rests on declare and on the pending tensors of core. Nothing is computed until somebody reads; `conj_physical`, which computes at
once, is in pointwise/complex_numbers.py.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.making.copies import clone
from autogradkit.core.pending import PendingArray, bits_of
from autogradkit.core.tensor import Tensor


@op(name="_conj", variants="", view=True, samples=lambda t: [(t(2, 3),)], vjp={"self": lambda g: k.conj(g)})
def conjugated(self: Array) -> Any:
    """A view whose numbers are the conjugates of these."""
    return PendingArray(self, conj=True)


@op(name="_neg_view", node="NegViewBackward0", variants="function", view=True, samples=lambda t: [(t(2, 3),)],
    vjp={"self": lambda g: -g})  # fmt: skip
def negated(self: Array) -> Any:
    """A view whose numbers have the other sign.

    >>> import autogradkit as torch
    >>> torch._neg_view(torch.tensor([1.0, -2.0]))
    tensor([-1.,  2.])
    """
    return PendingArray(self, neg=True)


@op(composition=True)
def conj(self: Tensor) -> Any:
    """The complex conjugate, as a view that conjugates when it is read; a real tensor is its own.

    >>> import autogradkit as torch
    >>> x = torch.tensor([1 + 2j])
    >>> y = torch.conj(x)
    >>> y[0] = 3 + 5j
    >>> x
    tensor([3.-5.j])
    """
    return conjugated(self) if self._memory.dtype.kind == "c" else self


_IS_PLAIN = ["if {self}.__class__ is Tensor: return False"]


@op(composition=True, reads=_IS_PLAIN)
def is_conj(self: Tensor) -> bool:
    """Whether its numbers are the conjugates of those in memory.

    >>> import autogradkit as torch
    >>> torch.is_conj(torch.tensor([1j]).conj())
    True
    """
    return bits_of(self)[0]


@op(composition=True, reads=_IS_PLAIN)
def is_neg(self: Tensor) -> bool:
    """Whether its numbers have the other sign than those in memory.

    >>> import autogradkit as torch
    >>> torch.is_neg(torch.tensor([1j]).conj().imag)
    True
    """
    return bits_of(self)[1]


@op(composition=True)
def resolve_conj(self: Tensor) -> Any:
    """The tensor itself, or where its conjugate is pending the conjugate in memory of its own.

    >>> import autogradkit as torch
    >>> torch.resolve_conj(torch.tensor([1j]).conj()).is_conj()
    False
    """
    return clone(self) if bits_of(self)[0] else self


@op(composition=True)
def resolve_neg(self: Tensor) -> Any:
    """The tensor itself, or where a change of signs is pending its numbers in memory of their own.

    >>> import autogradkit as torch
    >>> torch.resolve_neg(torch.tensor([1j]).conj().imag)
    tensor([-1.])
    """
    return clone(self) if bits_of(self)[1] else self
