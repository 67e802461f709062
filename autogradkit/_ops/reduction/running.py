"""Running sums and products along a dimension: cumsum and cumprod.

Rests on declare and sums. float32 runs in float64 and each result is rounded once, as in PyTorch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Dim, DType
from autogradkit._ops.declare.refusals import not_implemented
from autogradkit._ops.declare.writing import C_NAMES, require_same_dtype
from autogradkit._ops.making.copies import real_part
from autogradkit._ops.reduction.sums import summed_dtype
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.strides import wrap_dim


def _meta(self: Array, dim: int, *, dtype: Dtype | None) -> Any:
    return self.shape, summed_dtype(self.dtype, dtype)


def _refuse_edit(name: str) -> Any:
    """Of an in-place form: it has no room for another dtype, and no kernel for bools."""

    def refuse(self: Any, dim: int, dtype: Any) -> None:
        if dtype is not None and dtype is not self.dtype:
            own, wanted = (C_NAMES[each.name] for each in (self.dtype, dtype))
            raise RuntimeError(
                f"Bad in-place call: input tensor dtype {own} and output tensor dtype {wanted} should match"
            )
        not_implemented(f"{name}_out_cpu", "b")(self)

    return refuse


def _run(ufunc: np.ufunc, self: Array, dim: int, out: Array) -> None:
    if out.dtype.kind == "b" and self.size:
        name = "cumsum" if ufunc is np.add else "cumprod"
        raise NotImplementedError(f"\"{name}_out_cpu\" not implemented for 'Bool'")
    if self.dtype.kind == "c" and out.dtype.kind != "c":
        self = real_part(self)
    kind = out.dtype
    source = self.astype(kind, copy=False)
    if not self.ndim:
        np.copyto(out, source)
    elif kind.kind in "fV" and kind.itemsize < 8:
        wider = np.float64 if kind.itemsize == 4 else np.float32
        np.copyto(out, ufunc.accumulate(source, dim, wider), casting="unsafe")
    else:
        np.copyto(out, ufunc.accumulate(source, dim))


def _sum_from_here(g: Any, dim: int) -> Any:
    return k.flip(k.cumsum(k.flip(g, (dim,)), dim), (dim,)) if g.ndim and g.shape[dim] > 1 else g


@op(
    in_place=True,
    out_dtype=require_same_dtype,
    edit_refuse=_refuse_edit("cumsum"),
    meta=_meta,
    samples=lambda t: [(t(2, 3), 1), (t(3), 0)],
    vjp={"self": _sum_from_here},
    rule="∂self = onward(∂)",
)
def cumsum(self: Array, dim: Dim, *, dtype: DType | None = None, out: Array) -> None:
    """Running sums along `dim`.

    >>> import autogradkit as torch
    >>> torch.cumsum(torch.tensor([1, 2, 3]), 0)
    tensor([1, 3, 6])
    """
    _run(np.add, self, dim, out)


def _cumprod_backward(g: Any, self: Any, result: Any, dim: int) -> Any:
    if not g.ndim:
        return g
    dim = wrap_dim(dim, g.ndim)
    size = g.shape[dim]
    if not k.any_all(self == 0):
        return _sum_from_here(k.conj(result) * g, dim) / k.conj(self)
    # With a zero among the factors no division helps: for each place, the running products that leave it out.
    gradients: list[Any] = []
    before: Any = None
    for place in range(size):
        after = k.slice(self, dim, place + 1, size, 1)
        rest = k.cumprod(after, dim)
        here = k.slice(g, dim, place, place + 1, 1)
        gradient = here + k.sum_dims(k.slice(g, dim, place + 1, size, 1) * k.conj(rest), (dim,), True)
        gradients.append(gradient if before is None else gradient * k.conj(before))
        factor = k.slice(self, dim, place, place + 1, 1)
        before = factor if before is None else before * factor
    return k.cat(gradients, dim)


@op(
    in_place=True,
    out_dtype=require_same_dtype,
    edit_refuse=_refuse_edit("cumprod"),
    meta=_meta,
    samples=lambda t: [(t(2, 3, low=0.5, high=2), 1), (t(3, low=-2, high=-1), 0)],
    vjp={"self": _cumprod_backward},
    rule="∂self = onward(∂ · result) / self",
)
def cumprod(self: Array, dim: Dim, *, dtype: DType | None = None, out: Array) -> None:
    """Running products along `dim`.

    >>> import autogradkit as torch
    >>> torch.cumprod(torch.tensor([1, 2, 3]), 0)
    tensor([1, 2, 6])
    """
    _run(np.multiply, self, dim, out)
