"""Products of the vectors along one dimension: cross and vecdot.

Rests on declare.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op, writing
from autogradkit._ops.declare.kinds import Array, Dim
from autogradkit._ops.linalg.products import vdot
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype
from autogradkit.core.shapes import broadcast_shapes, wrap_dim
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn_once


def _cross_meta(self: Array, other: Array, *, dim: int) -> Any:
    if self.ndim != other.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    if not self.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    wrap_dim(dim, self.ndim)
    if self.shape[dim] != 3 or other.shape[dim] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {self.shape[dim]} and {other.shape[dim]}"
        )
    shape = broadcast_shapes(self.shape, other.shape)
    if self.dtype.kind == "b":
        raise NotImplementedError("\"cross\" not implemented for 'Bool'")
    if self.dtype != other.dtype:
        first, second = (SCALAR_TYPE_NAMES[from_numpy_dtype(each.dtype)] for each in (self, other))
        raise RuntimeError(f"expected scalar type {first} but found {second}")
    return shape, self.dtype


@op(
    name="linalg_cross",
    label="cross",
    variants="",
    meta=_cross_meta,
    out_dtype=writing.require_same_dtype,
    apart="resized",
    samples=lambda t: [(t(3), t(3)), (t(2, 3), t(1, 3))],
    vjp={
        "self": lambda g, other, dim: k.linalg_cross(k.conj(other), g, dim=dim),
        "other": lambda g, self, dim: k.linalg_cross(g, k.conj(self), dim=dim),
    },
    rule="∂self = cross(other, ∂)\n∂other = cross(∂, self)",
)
def linalg_cross(self: Array, other: Array, *, dim: int = -1, out: Array) -> None:
    """The cross product of the vectors of three elements along `dim`, with the rest broadcast.

    >>> import autogradkit as torch
    >>> torch.linalg.cross(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    np.copyto(out, np.cross(self, other, axis=dim))


@op(composition=True, out=True, written_by="linalg_cross", apart="resized", out_dtype=writing.require_same_dtype)
def cross(self: Tensor, other: Tensor, dim: Dim | None = None) -> Any:
    """The cross product of the vectors of three elements along `dim`; along the first dimension of size 3 if not said.

    >>> import autogradkit as torch
    >>> torch.cross(torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]), dim=0)
    tensor([0., 0., 1.])
    """
    if dim is None:
        warn_once(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim explicitly or simply "
            "use torch.linalg.cross.\nThe default value of dim will change to agree with that of linalg.cross in a future "
            "release."
        )
        dim = next((i for i, size in enumerate(self.shape) if size == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    return linalg_cross(self, other, dim=dim)


@op(
    name="linalg_vecdot",
    variants="",
    composition=True,
    out=True,
    out_dtype=writing.saying("linalg.vecdot: Expected out of dtype{result} but found {out}"),
    written_by=lambda x, y, *_: "vdot" if x.ndim == y.ndim == 1 else "sum",
)
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Any:
    """The inner products of the vectors along `dim`, of which those of `x` are conjugated where they are complex.

    >>> import autogradkit as torch
    >>> torch.linalg.vecdot(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 10.0]))
    tensor([21., 43.])
    """
    a: Any = x
    b: Any = y
    if not (a.is_floating_point() or a.is_complex()):
        raise RuntimeError(
            "linalg.vecdot: Expected a floating point or complex tensor as input. Got " + SCALAR_TYPE_NAMES[a.dtype]
        )
    if a.dtype is not b.dtype:
        raise RuntimeError(
            "linalg.vecdot: Expected x and y to have the same dtype, but found x of type "
            f"{SCALAR_TYPE_NAMES[a.dtype]} and y of type {SCALAR_TYPE_NAMES[b.dtype]} instead"
        )
    return vdot(a, b) if a.dim() == b.dim() == 1 else (k.conj(a) * b).sum(dim)
