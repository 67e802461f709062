"""Complex numbers made and taken apart: complex, polar, angle, conjugates.

Rests on declare. Views on the parts are in views/complex_parts.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import FLOAT_TO_REAL, SAME, function, k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.overlaps import require_writable
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.declare.writing import require_found, saying
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, complex64, complex128, float32, float64, from_numpy_dtype
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.strides import contiguous_strides, element_strides, output_strides
from autogradkit.core.tensor import Tensor

_COMPLEX = {float32: complex64, float64: complex128}


def _require_parts(label: str) -> Any:
    """A check that two real parts of one dtype were given."""

    def refuse(first: Tensor, second: Tensor) -> None:
        names = [SCALAR_TYPE_NAMES[each.dtype] for each in (first, second)]
        if any(each.dtype not in _COMPLEX and each.dtype.name != "float16" for each in (first, second)):
            raise RuntimeError(
                f"Expected both inputs to be Half, Float or Double tensors but got {names[0]} and {names[1]}"
            )
        if first.dtype != second.dtype:
            raise RuntimeError(
                f"Expected object of scalar type {names[0]} but got scalar type {names[1]} for second argument"
            )
        if first.dtype not in _COMPLEX:  # PyTorch makes complex32 of halves, which NumPy has not
            raise NotImplementedError(f"\"{label}\" not implemented for '{scalar_type(first.dtype)}'")

    return refuse


def _meta(first: Array, second: Array) -> Any:
    shape = broadcast_shapes(first.shape, second.shape)
    strides = output_strides([(each.shape, element_strides(each)) for each in (first, second)], shape)
    result = _COMPLEX[from_numpy_dtype(first.dtype)].numpy
    return shape, result, strides if strides != contiguous_strides(shape) else None


def _parts(t: Any) -> list[tuple[Any, ...]]:
    return [(t(2, 3), t(2, 3)), (t(2, 1), t(3)), (t(), t(2))]


@op(
    name="complex",
    variants="function",
    meta=_meta,
    out_dtype=saying("Expected object of scalar type {result} but got scalar type {out} for argument 'out'"),
    refuse=_require_parts("complex_cpu"),
    samples=_parts,
    vjp={"real": lambda g, real: k.real_part(g), "imag": lambda g, imag: k.imag_part(g)},
    rule="∂real = real part of ∂\n∂imag = imaginary part of ∂",
)
def complex_of_parts(real: Array, imag: Array, *, out: Array) -> None:
    """real + i · imag.

    >>> import autogradkit as torch
    >>> torch.complex(torch.tensor([1.0, 2.0]), torch.tensor([0.0, -1.0]))
    tensor([1.+0.j, 2.-1.j])
    """
    out.real, out.imag = real, imag


def _polar_abs(g: Any, result: Any) -> Any:
    return k.real_part(k.conj(g) * k.sgn(result))


def _polar_angle(g: Any, result: Any) -> Any:
    return k.real_part(k.conj(g) * k.times(result, 1j))


@op(
    variants="function",
    meta=_meta,
    out_dtype=saying("Expected object of scalar type {result} but got scalar type {out} for argument 'out'"),
    refuse=_require_parts("polar_cpu"),
    samples=lambda t: [(t(2, 3, low=0.5, high=2), t(2, 3)), (t(2, 1, low=0.5, high=2), t(3))],
    vjp={"abs": _polar_abs, "angle": _polar_angle},
    rule="∂abs = real part of conj(∂) · sgn(result)\n∂angle = real part of conj(∂) · i · result",
)
def polar(abs: Array, angle: Array, *, out: Array) -> None:
    """abs · (cos(angle) + i · sin(angle)).

    >>> import autogradkit as torch
    >>> torch.polar(torch.tensor([2.0]), torch.tensor([0.0]))
    tensor([2.+0.j])
    """
    out.real, out.imag = abs * np.cos(angle), abs * np.sin(angle)


def _angle_backward(g: Any, self: Any) -> Any:
    if not k.is_complex(self):
        return k.zeros_like(g)
    size = k.abs(self)
    turned = k.complex_of_parts(k.imag_part(self) * -1, k.real_part(self))  # i · self
    return k.where(self == 0, 0.0, turned / k.where(size == 0, 1.0, size * size) * g)


angle = function("angle")


@angle.overload(
    pointwise=FLOAT_TO_REAL,
    samples=lambda t: [(t(2, 3),)],
    vjp={"self": _angle_backward},
    rule="∂self = 0",
)
def _(self: Array, *, out: Array) -> None:
    """The angle of complex numbers from the real axis; of real ones 0, π below 0.

    >>> import autogradkit as torch
    >>> torch.angle(torch.tensor([1j, -1 + 0j]))
    tensor([1.5708, 3.1416])
    """
    if self.dtype.kind == "c":
        np.copyto(out, np.angle(self))
    else:
        np.copyto(out, np.where(np.isnan(self), self, np.where(self < 0, np.pi, 0.0)), casting="unsafe")


# -- the conjugate in memory --------------------------------------------------------------------------------------------


@op(
    name="_conj_physical",
    node="ConjPhysicalBackward0",
    variants="",
    pointwise=SAME,
    ufunc=np.conjugate,
    samples=lambda t: [(t(2, 3),)],
    vjp={"self": lambda g: k.conj(g)},
)
def conjugated_in_memory(self: Array, *, out: Array) -> None:
    """The complex conjugate in memory of its own."""


def _require_writable_if_complex(target: Array, others: Sequence[Any]) -> None:
    if target.dtype.kind == "c":  # real numbers stay as they are
        require_writable(target, others)


@op(
    name="conj_physical_",
    overlaps=_require_writable_if_complex,
    node="ConjPhysicalBackward1",
    variants="method",
    pointwise=SAME,
    samples=lambda t: [(t(2, 3),)],
    vjp={"self": lambda g: k.conj(g)},
)
def conj_physical_(self: Array, *, out: Array) -> None:
    """Conjugates the elements in place, and returns the tensor.

    >>> import autogradkit as torch
    >>> torch.tensor([1 + 2j]).conj_physical_()
    tensor([1.-2.j])
    """
    np.copyto(out, np.conjugate(self) if out.dtype.kind == "c" else self)


@op(composition=True, out=True, out_dtype=require_found, written_by="aten::conj_physical")
def conj_physical(self: Tensor) -> Any:
    """The complex conjugate in memory of its own; a real tensor is its own.

    >>> import autogradkit as torch
    >>> torch.conj_physical(torch.tensor([1 + 2j]))
    tensor([1.-2.j])
    """
    return conjugated_in_memory(self) if self._array.dtype.kind == "c" else self
