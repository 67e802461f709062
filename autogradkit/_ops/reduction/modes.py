"""The most frequent element: mode.

Rests on declare, choosing (the order of what is equal) and extremes (what is picked along a dimension).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import op
from autogradkit._ops.declare.kinds import Array, Dim
from autogradkit._ops.declare.refusals import by_kernel, not_implemented
from autogradkit._ops.declare.writing import warn_of_resizing
from autogradkit._ops.reduction import return_types
from autogradkit._ops.reduction.choosing import in_order, last_of_equals
from autogradkit._ops.reduction.extremes import pick, require_size, to_picked, warn_before_dim_goes, without_dim
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, int64
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.strides import move_dim

_MOST = 100_000  # elements in rows that are looked at one by one: beyond that equal elements stand as they did
_STABLE = 16  # elements up to which the C++ library's sort leaves equal ones as they stood


def _mode_meta(self: Array, dim: int, keepdim: bool) -> list[Any]:
    require_size("mode", self, dim)
    shape = without_dim(self.shape, dim, keepdim)
    return [(shape, self.dtype), (shape, np.dtype(np.int64))]


def _require_modes_dtypes(out: Any, self: Any, *_options: Any) -> None:
    for name, each, wanted in zip(("values", "indices"), out, (self.dtype, int64), strict=True):
        if each.dtype is not wanted:
            raise RuntimeError(
                f"expected scalar type '{SCALAR_TYPE_NAMES[wanted]}' but got '{SCALAR_TYPE_NAMES[each.dtype]}' for {name} output"
            )


def _warn_of_resizing(out: Any, self: Array, dim: int, keepdim: bool) -> None:
    if self.size and self.ndim:
        warn_before_dim_goes(out, self, dim, keepdim, True)
    elif self.ndim:
        for each in out:
            warn_of_resizing(each._array.shape, without_dim(self.shape, wrap_dim(dim, self.ndim), keepdim))


@by_kernel
def _require_ordered(self: Any, *_options: Any) -> None:
    if self.ndim and self._array.size:  # else it is found without a kernel
        not_implemented("mode_cpu", "c")(self)


@op(
    apart="resized",
    meta=_mode_meta,
    dtypes=_require_ordered,
    real_gradient=True,
    refuse_out=_require_modes_dtypes,
    warns_of_resizing=_warn_of_resizing,
    outputs="values indices",
    differentiable_outputs=1,
    returns=return_types.mode,
    samples=lambda t: [(t(2, 4), 1), (t(3, 2), 0, True)],
    gradient_version=2,
    vjp={"self": lambda g, self_sym_sizes, dim, indices, keepdim: to_picked(g, self_sym_sizes, dim, indices, keepdim)},
    rule="∂self = ∂ at the index, 0 elsewhere",
)
def mode(self: Array, dim: Dim = -1, keepdim: bool = False, *, out: tuple[Array, Array]) -> None:
    """The most frequent element along `dim`, the smallest of several, and where one stands, as (values, indices).

    >>> import autogradkit as torch
    >>> torch.mode(torch.tensor([5, 2, 2, 7]))
    torch.return_types.mode(
    values=tensor(2),
    indices=tensor(2))
    """
    rows = move_dim(self if self.ndim else self.reshape(1), dim, -1)
    wide = rows.astype(np.float32) if rows.dtype.kind == "V" else rows
    order = np.argsort(wide, axis=-1, kind="stable")
    size = rows.shape[-1]
    if size <= _STABLE and wide.dtype.kind == "f":  # a NaN is neither before nor after a number: the steps decide
        for row in map(tuple, np.argwhere(np.isnan(wide).any(-1))):
            order[row] = in_order(wide[row].tolist())
    found = np.take_along_axis(wide, order, -1)
    begins = np.ones(found.shape, np.bool_)
    begins[..., 1:] = found[..., 1:] != found[..., :-1]
    places = np.arange(size)
    lengths = places - np.maximum.accumulate(np.where(begins, places, 0), -1)
    end = lengths.argmax(-1, keepdims=True)  # of the first run that is the longest
    last = np.take_along_axis(order, end, -1)
    if size > _STABLE and rows.size <= _MOST:  # of equal elements any may be the last
        several = (lengths.max(-1) > 0) & (found[..., -1] == found[..., -1])  # a NaN would be the last
        for row in map(tuple, np.argwhere(several)):
            last[row] = last_of_equals(wide[row].tolist(), found[row][end[row][0]].item())
    pick(self, move_dim(last, -1, dim), dim, out)
