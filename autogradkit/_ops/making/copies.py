"""Copies of tensors, in the same memory format or another, and edits that write all of a tensor: copy_, fill_, zero_.

Rests on declare and options.
"""

from __future__ import annotations

from operator import setitem
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op, python_method
from autogradkit._ops.declare.kinds import Array, MemoryFormat, Operand, Scalar
from autogradkit._ops.declare.memory import real_part
from autogradkit._ops.declare.overlaps import require_once, unchecked, unless_the_same
from autogradkit._ops.making.options import RANKS, contiguous_format, preserve_format, strides_like
from autogradkit._ops.making.scalars import scalar_array
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.halves import before_rounding
from autogradkit.core.integers import require_64_bits
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.steps import Step
from autogradkit.core.strides import element_strides, is_channels_last
from autogradkit.core.tensor import Tensor


def _laid_out(self: Array, memory_format: Any = None) -> Any:
    strides = strides_like(self, memory_format)
    return (self.shape, self.dtype) if strides is None else (self.shape, self.dtype, strides)


@op(
    meta=_laid_out,
    out=False,
    samples=lambda t: [(t(2, 3),), (t(),), (t(0, 2),)],
    vjp={"self": lambda g: g},
)
def clone(self: Array, *, memory_format: MemoryFormat | None = None, out: Array) -> None:
    """A copy with memory of its own, in the graph.

    >>> import autogradkit as torch
    >>> torch.tensor([1.0, 2.0]).clone()
    tensor([1., 2.])
    """
    np.copyto(out, self)


@op(composition=True, variants="method")
def contiguous(self: Array, *, memory_format: MemoryFormat = contiguous_format) -> Any:
    """Itself if it is contiguous, else a contiguous copy.

    >>> import autogradkit as torch
    >>> torch.ones(2, 3).t().contiguous().stride()
    (2, 1)
    """
    return _in_format(self, memory_format)


def _in_format(self: Any, format: Any) -> Any:
    array = self._memory
    if format in RANKS:
        if is_channels_last(array.shape, element_strides(array), RANKS[format]):
            return self
    elif array.flags.c_contiguous:
        return self
    if format is preserve_format:
        raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
    return clone(self, memory_format=format)


# -- edits of all elements ---------------------------------------------------------------------------------------------


@op(
    edits=True,
    deferred=True,
    floats_only=True,
    overlaps=unless_the_same,
    variants="method",
    node="torch::autograd::CopyBackwards",
    samples=lambda t: [(t(2, 3), t(2, 3)), (t(2, 3), t(3)), (t(2, 3), t(2, 1)), (t(2), t())],
    vjp={"self": k.zeros_like, "other": lambda g: g},
    rule="∂self = 0\n∂other = ∂",
)
def copy_(self: Array, other: Operand, non_blocking: bool = False, *, out: Array) -> Step:
    """Write `other`, broadcast and converted, into the tensor.

    >>> import autogradkit as torch
    >>> torch.zeros(2).copy_(torch.tensor([1, 2]))
    tensor([1., 2.])
    """
    if not isinstance(other, np.ndarray):
        if isinstance(other, int):
            require_64_bits(other)
        other = np.asarray(other)
    if other.shape != out.shape or other.dtype.kind == "c":
        shape = broadcast_shapes(out.shape, other.shape)
        if shape != out.shape:
            raise RuntimeError(f"output with shape {list(out.shape)} doesn't match the broadcast shape {list(shape)}")
        if other.dtype.kind == "c" and out.dtype.kind not in "cb":
            other = real_part(other, out)
    return setitem, out, ..., before_rounding(other, out.dtype)


@copy_.owner.overload(variants="method", composition=True, deprecated=True)
def _(self: Tensor, other: Operand, async_: bool = False) -> Any:
    return copy_.in_place_call(self, other, async_)


def _require_one(self: Any, value: Any) -> None:
    if value.ndim:
        raise RuntimeError(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions.")


def _fill_with_tensor(self: Array, value: Array, out: Array) -> Step:
    if value.dtype.kind == "c" and out.dtype.kind not in "cb":
        value = real_part(value, out)
    return setitem, out, ..., value


def _fill_with_number(self: Array, value: Any, out: Array) -> Step:
    return setitem, out, ..., scalar_array(value, from_numpy_dtype(self.dtype))


fill = function("fill", variants="function")


@fill.overload(
    node="FillBackward1", refuse=_require_one, refuses_complex=True, edits=True, deferred=True, out=False,
    samples=lambda t: [(t(2, 3), t())],
    vjp={"self": k.zeros_like, "value": lambda g: k.sum_all(g)}, rule="∂self = 0\n∂value = ∂",
)  # fmt: skip
def _(self: Array, value: Array, *, out: Array) -> Step:
    """A tensor like `input` with every element `value`, a number or a tensor without dimensions.

    >>> import autogradkit as torch
    >>> torch.fill(torch.zeros(2), 3)
    tensor([3., 3.])
    """
    return _fill_with_tensor(self, value, out)


@fill.overload(
    node="FillBackward0", edits=True, deferred=True, out=False, samples=lambda t: [(t(2, 3), 1.5)],
    vjp={"self": k.zeros_like}, rule="∂self = 0",
)  # fmt: skip
def _(self: Array, value: Scalar, *, out: Array) -> Step:
    return _fill_with_number(self, value, out)


fill_ = function("fill_", variants="method")


@fill_.overload(
    node="FillBackward3",
    refuse=_require_one,
    refuses_complex=True,
    edits=True,
    deferred=True,
    overlaps=require_once,
    samples=lambda t: [(t(2, 3), t())],
    vjp={"self": k.zeros_like, "value": lambda g: k.sum_all(g)},
    rule="∂self = 0\n∂value = ∂",
)
def _(self: Array, value: Array, *, out: Array) -> Step:
    """Write `value`, a number or a tensor without dimensions, into every element.

    >>> import autogradkit as torch
    >>> torch.zeros(2).fill_(3)
    tensor([3., 3.])
    """
    return _fill_with_tensor(self, value, out)


@fill_.overload(
    node="FillBackward2",
    edits=True,
    deferred=True,
    samples=lambda t: [(t(2, 3), 1.5)],
    overlaps=unchecked,
    vjp={"self": k.zeros_like},
    rule="∂self = 0",
)
def _(self: Array, value: Scalar, *, out: Array) -> Step:
    return _fill_with_number(self, value, out)


@op(
    edits=True,
    deferred=True,
    overlaps=unchecked,
    variants="method",
    samples=lambda t: [(t(2, 3),), (t(),)],
    vjp={"self": k.zeros_like},
    rule="∂self = 0",
)
def zero_(self: Array, *, out: Array) -> Step:
    """Write 0 into every element.

    >>> import autogradkit as torch
    >>> torch.ones(2).zero_()
    tensor([0., 0.])
    """
    return setitem, out, ..., 0


fill_diagonal_ = function("fill_diagonal_", variants="method")


@fill_diagonal_.overload(composition=True)
def _(self: Tensor, fill_value: Scalar, wrap: bool = False) -> Any:
    """Write `fill_value` into the main diagonal; `wrap`: into those after it too, in a matrix that is higher than wide.

    >>> import autogradkit as torch
    >>> torch.zeros(4, 2).fill_diagonal_(1, wrap=True)
    tensor([[1., 0.],
            [0., 1.],
            [0., 0.],
            [1., 0.]])
    """
    shape = self._array.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    strides = element_strides(self._memory)
    step, length = sum(strides), min(shape)
    self.as_strided((length,), (step,)).fill_(fill_value)
    if wrap and len(shape) == 2 and shape[0] > shape[1] + 1:
        apart = shape[1] + 1  # rows from one diagonal to the next
        rest = (self._array.size + shape[1]) // apart - length
        self.as_strided((rest,), (step,), self.storage_offset() + strides[0] * apart).fill_(fill_value)
    return self


@python_method("module_load")
def _module_load(self: Tensor, other: Tensor, assign: bool = False) -> Tensor:
    """What a module's parameter becomes when `other` is loaded for it: itself with the values, or with `assign` the other."""
    return other.detach() if assign else self.copy_(other).detach()
