"""Sums with a product, a quotient or a blend in one op: addcmul, addcdiv, lerp.

Rests on declare; the formulas are those of PyTorch's derivative table.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import SAME, function, k
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import by_kernel, common_dtype, common_not_implemented, scalar_type
from autogradkit._ops.declare.writing import C_NAMES, require_found
from autogradkit._ops.making.scalars import scalar_array
from autogradkit._ops.pointwise.arithmetic import BOOLS_SUBTRACTION
from autogradkit.core.bits import chosen
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.fused import add_multiple32
from autogradkit.core.halves import convert, widened
from autogradkit.core.parts import in_pieces
from autogradkit.core.tensor import Tensor


def _wide(out: Array, *operands: Array) -> list[Array]:
    """The operands as they are computed with: half precision in float32, to be rounded once."""
    return [widened(each) for each in operands] if k.is_half(out) else list(operands)


def _factor(value: Any, out: Array) -> Any:
    """The number `value` in the dtype that is computed in. Raises RuntimeError where that cannot hold it."""
    return scalar_array(value, from_numpy_dtype(np.dtype(np.float32) if k.is_half(out) else out.dtype))


def _triples(t: Any) -> list[tuple[Any, ...]]:
    return [
        (t(2, 3), t(2, 3), t(2, 3, low=0.5, high=3)),
        (t(3), t(2, 1), t(1, low=0.5, high=3)),
        (t(), t(2), t(2, low=0.5, high=3)),
    ]


@by_kernel
def _refuse_bools(self: Any, tensor1: Any, tensor2: Any, value: Any) -> None:
    common_not_implemented("addcmul_cpu_out", "b")(self, tensor1, tensor2)


def _write_sum(out: Array, base: Array, first: Array, second: Array) -> None:
    """base + first · second; float32 as if multiplied and added in one: a product may be too large for it and the sum not."""
    if (
        first.dtype == out.dtype == np.float32
        and not second.ndim
        and out.shape == first.shape
        and out.flags.c_contiguous
    ):
        np.copyto(out, base)
        add_multiple32(np.ascontiguousarray(first), second, out)
        return
    kind = np.float64 if base.dtype == np.float32 else base.dtype
    total = np.empty(out.shape, kind)
    np.copyto(total, first)
    total *= second  # cast by NumPy, a few at a time
    total += base
    np.copyto(out, total, casting="unsafe")


addcmul = function("addcmul", in_place=True)


@addcmul.overload(
    pointwise=SAME,
    dtypes=_refuse_bools,
    samples=_triples,
    vjp={
        "self": lambda g: g,
        "tensor1": lambda g, tensor2, value: g * k.conj(k.times(tensor2, value)),
        "tensor2": lambda g, tensor1, value: g * k.conj(k.times(tensor1, value)),
    },
)
def addcmul_node(self: Array, tensor1: Array, tensor2: Array, *, value: Scalar = 1, out: Array) -> None:
    """self + value · tensor1 · tensor2.

    >>> import autogradkit as torch
    >>> torch.addcmul(torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([3.0]), value=10)
    tensor([61.])
    """
    factor = None if value == 1 else _factor(value, out)
    for into, *operands in in_pieces(out, self, tensor1, tensor2):
        base, first, second = _wide(into, *operands)
        _write_sum(into, base, first if factor is None else factor * first, second)


def _edit_product(self: Any, value: Any, tensor1: Any, tensor2: Any) -> Any:
    return addcmul_node.in_place_call(self, tensor1, tensor2, value=value)


@addcmul.overload(deprecated=True, composition=True, out=True, edit=_edit_product)
def _(self: Tensor, value: Scalar, tensor1: Tensor, tensor2: Tensor) -> Any:
    return addcmul_node(self, tensor1, tensor2, value=value)


def _refuse_integers(self: Any, tensor1: Tensor, tensor2: Tensor, value: Any) -> None:
    if tensor1._array.dtype.kind in "biu" and tensor2._array.dtype.kind in "biu":
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true "
            "division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * "
            "torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / "
            "tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + value * "
            "tensor1 / tensor2), for all dtypes."
        )


_WHOLE = {"b": "Bool", "i": "Long", "u": "Byte"}


def _quotient(value: Any, tensor2: Any, kind: str) -> Any:
    """value / tensor2, which PyTorch writes into memory like that of tensor2."""
    if kind in "biu":
        raise RuntimeError(f"result type Float can't be cast to the desired output type {_WHOLE[kind]}")
    return value / tensor2


addcdiv = function("addcdiv", in_place=True)


@addcdiv.overload(
    pointwise=SAME,
    dtypes=_refuse_integers,
    samples=_triples,
    vjp={
        "self": lambda g: g,
        "tensor1": lambda g, tensor2, value, tensor2_kind: g * k.conj(_quotient(value, tensor2, tensor2_kind)),
        "tensor2": lambda g, tensor1, tensor2, value: -g * k.conj(k.times(tensor1, value) / (tensor2 * tensor2)),
    },
    rule="∂self = ∂\n∂tensor1 = ∂ · value / tensor2\n∂tensor2 = −∂ · value · tensor1 / tensor2²",
)
def addcdiv_node(self: Array, tensor1: Array, tensor2: Array, *, value: Scalar = 1, out: Array) -> None:
    """self + value · tensor1 / tensor2.

    >>> import autogradkit as torch
    >>> torch.addcdiv(torch.tensor([1.0]), torch.tensor([6.0]), torch.tensor([3.0]), value=10)
    tensor([21.])
    """
    factor = None if value == 1 and out.dtype.kind != "c" else _factor(value, out)
    for into, *operands in in_pieces(out, self, tensor1, tensor2):
        base, first, second = _wide(into, *operands)
        convert(base + (first if factor is None else factor * first) / second, into)


def _edit_quotient(self: Any, value: Any, tensor1: Any, tensor2: Any) -> Any:
    return addcdiv_node.in_place_call(self, tensor1, tensor2, value=value)


@addcdiv.overload(deprecated=True, composition=True, out=True, edit=_edit_quotient)
def _(self: Tensor, value: Scalar, tensor1: Tensor, tensor2: Tensor) -> Any:
    return addcdiv_node(self, tensor1, tensor2, value=value)


def _refuse_blend(self: Tensor, end: Tensor, weight: Any) -> None:
    """Raise RuntimeError for operands of several dtypes, NotImplementedError for whole numbers."""
    for name, each in (("end", end), ("weight", weight)):
        if isinstance(each, Tensor) and each.dtype != self.dtype and (each.ndim or name == "end"):
            expected, got = C_NAMES[self.dtype.name], C_NAMES[each.dtype.name]
            raise RuntimeError(f"expected dtype {expected} for `{name}` but got dtype {got}")


@by_kernel
def _refuse_whole(self: Tensor, end: Tensor, weight: Any) -> None:
    common = common_dtype((self, end, weight)) if isinstance(weight, Tensor) else self.dtype
    if common.numpy.kind in "biu":
        label = "lerp_kernel_tensor" if isinstance(weight, Tensor) else "lerp_kernel_scalar"
        raise NotImplementedError(f"\"{label}\" not implemented for '{scalar_type(common)}'")


def _refuse_other_out(out: Tensor, self: Tensor, end: Tensor, weight: Tensor) -> None:
    if weight.ndim:  # else all three are promoted, and the result is cast
        require_found(self._array.dtype, out._array.dtype)


def _blend(self: Array, end: Array, weight: Any, out: Array) -> None:
    """self + weight · (end − self), from the nearer end, as PyTorch computes it."""
    self, end = _wide(out, self, end)
    if not isinstance(weight, np.ndarray) or not weight.ndim:
        weight = weight.astype(self.dtype)[()] if isinstance(weight, np.ndarray) else _factor(weight, out)[()]
        near = abs(weight) < 0.5
        _write_sum(out, self if near else end, end - self, weight if near else weight - weight.dtype.type(1))
        return
    weight = weight.astype(self.dtype, copy=False)
    near = np.abs(weight) < 0.5
    given = (self, end) if self.shape == end.shape == near.shape else np.broadcast_arrays(self, end, near)[:2]
    start = np.where(near, *given) if out.dtype.kind == "c" else chosen(near, *given)
    _write_sum(out, start, end - self, weight - (~near).astype(weight.dtype))  # cast apart, which is quicker


def _to_weight(g: Any, end: Any, self: Any, self_kind: str) -> Any:
    if self_kind == "b":  # bools blend by a weight that is none, and have no difference
        raise RuntimeError(BOOLS_SUBTRACTION)
    return g * k.conj(end - self)


lerp = function("lerp", in_place=True)


@lerp.overload(
    refuse_out=_refuse_other_out,
    refuses_complex=True,
    node="LerpBackward1",
    pointwise=SAME,
    dtypes=(_refuse_blend, _refuse_whole),
    samples=lambda t: [(t(2, 3), t(3), t(2, 1)), (t(2), t(2), t())],
    vjp={
        "self": lambda g, weight: g * k.conj(1 - weight),
        "end": lambda g, weight: g * k.conj(weight),
        "weight": _to_weight,
    },
    rule="∂self = ∂ · (1 − weight)\n∂end = ∂ · weight\n∂weight = ∂ · (end − self)",
)
def _(self: Array, end: Array, weight: Array, *, out: Array) -> None:
    """self + weight · (end − self): the way from `self` to `end`.

    >>> import autogradkit as torch
    >>> torch.lerp(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]), 0.5)
    tensor([2., 3.])
    """
    for into, start, stop, part in in_pieces(out, self, end, weight):
        _blend(start, stop, part, into)


@lerp.overload(
    pointwise=SAME,
    unary=True,
    promotes="self end",
    dtypes=(_refuse_blend, _refuse_whole),
    samples=lambda t: [(t(2, 3), t(3), 0.25), (t(), t(2), 2.0)],
    vjp={
        "self": lambda g, weight: k.times(g, 1 - k.conj(weight)),
        "end": lambda g, weight: k.times(g, k.conj(weight)),
    },
    rule="∂self = ∂ · (1 − weight)\n∂end = ∂ · weight",
)
def _(self: Array, end: Array, weight: Scalar, *, out: Array) -> None:
    for into, start, stop in in_pieces(out, self, end):
        _blend(start, stop, weight, into)
