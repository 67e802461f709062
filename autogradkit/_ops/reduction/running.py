"""Running sums, products and extremes along a dimension: cumsum, cumprod, logcumsumexp, cummax, cummin.

Rests on declare and sums. float32 runs in float64 and each result is rounded once, as in PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Dim, DType
from autogradkit._ops.declare.memory import real_part
from autogradkit._ops.declare.refusals import by_kernel, not_implemented, unless_empty
from autogradkit._ops.declare.writing import C_NAMES, require_same_dtype, saying
from autogradkit._ops.pointwise.logarithms import log_add_exp
from autogradkit._ops.reduction import return_types
from autogradkit._ops.reduction.sums import summand, summed_dtype
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.parts import PART, in_slabs
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.short_rows import are_short, turned
from autogradkit.core.strides import move_dim

_LONG_ROW = 256  # elements: as many at a time as a call of NumPy is worth


def _meta(self: Array, dim: int, *, dtype: Dtype | None) -> Any:
    return self.shape, summed_dtype(self.dtype, dtype)


def _refuse_edit(self: Any, dim: int, dtype: Any) -> None:
    """Of an in-place form: it has no room for another dtype."""
    wrap_dim(dim, self.ndim)
    if dtype is not None and dtype is not self.dtype:
        own, wanted = (C_NAMES[each.name] for each in (self.dtype, dtype))
        raise RuntimeError(f"Bad in-place call: input tensor dtype {own} and output tensor dtype {wanted} should match")


def _unless_single(label: str) -> Callable[..., None]:
    """Bools have no kernel, which a tensor without dimensions does not come to."""
    refuse = not_implemented(label, "b")
    return unless_empty(by_kernel(lambda self, dim, dtype: refuse(self) if self.ndim else None))


def _row_by_row(ufunc: np.ufunc, source: Array, dim: int, kind: np.dtype[Any], out: Array) -> None:
    """The same where rows are long: `accumulate` goes down each column by itself, which takes six times as long."""
    rows, results = np.moveaxis(source, dim, 0), np.moveaxis(out, dim, 0)
    total = np.full(rows.shape[1:], ufunc.identity, kind)
    for row, result in zip(rows, results, strict=True):
        ufunc(total, row, total, dtype=kind)
        np.copyto(result, total, casting="unsafe")


def _run(ufunc: np.ufunc, self: Array, dim: int, out: Array) -> None:
    if self.dtype.kind == "c" and out.dtype.kind not in "cb":
        self = real_part(self)
    kind = out.dtype
    if kind.kind == "b" and out.size and out.ndim:
        name = "cumsum" if ufunc is np.add else "cumprod"
        raise NotImplementedError(f"\"{name}_out_cpu\" not implemented for 'Bool'")
    source = summand(self, kind).astype(kind, copy=False)
    narrow = kind.kind in "fV" and kind.itemsize < 8
    wider = kind if not narrow else np.dtype(np.float64 if kind.itemsize == 4 else np.float32)
    if not self.ndim or not self.size:
        np.copyto(out, source)
    elif kind.kind != "c" and math.prod(self.shape[dim + 1 :]) >= _LONG_ROW:
        _row_by_row(ufunc, source, dim, wider, out)
    elif kind.kind != "c" and are_short(source, dim, out, _LONG_ROW):
        results = out.reshape(-1, source.shape[dim])
        for rows, columns in turned(source):
            running = columns.astype(wider)
            if ufunc is np.add:
                running[0] += 0  # as from a first 0: no sum is −0
            for before, total in pairwise(running):
                ufunc(before, total, total)
            results[rows] = running.T
    elif narrow:
        for into, part in in_slabs(dim, out, source):
            found = ufunc.accumulate(part, dim, wider)
            if ufunc is np.add:
                found += 0  # likewise
            np.copyto(into, found, casting="unsafe")
    else:
        np.copyto(out, ufunc.accumulate(source, dim))
        if ufunc is np.add and kind.kind in "fc":
            np.add(out, 0, out=out)  # likewise


def _sum_from_here(g: Any, dim: int) -> Any:
    return k.flip(k.cumsum(k.flip(g, (dim,)), dim), (dim,)) if g.ndim and g.shape[dim] > 1 else g


@op(
    in_place=True,
    out_dtype=require_same_dtype,
    out_decides=True,
    edit_refuse=_refuse_edit,
    edit_dtypes=_unless_single("cumsum_out_cpu"),
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


def _cumprod_on_arrays(g: Array, self: Array, result: Array, dim: int) -> Array:
    """By PyTorch's steps: division before the first zero, at it what it is multiplied by up to the second, 0 from there."""
    if g.dtype.kind == "c" and self.dtype.kind != "c":
        g = real_part(g)
    if not g.ndim or g.shape[dim] == 1:
        return g
    self, result = np.conj(self), np.conj(result)
    zero = self == 0
    if not zero.any():
        return _sum_from_here(result * g, dim) / self
    count = np.add.accumulate(zero, dim, np.int64)
    before = count == 0
    quotient = _sum_from_here(np.where(before, result * g, 0), dim) / self
    first = zero & (count == 1)
    others = np.multiply.accumulate(np.where((count == 1) & ~first, self, 1), dim, self.dtype)
    gathered = np.add.reduce(others * np.where(count == 1, g, 0), axis=dim, keepdims=True)
    led = np.roll(result, 1, dim)
    led[(slice(None),) * (dim % g.ndim) + (0,)] = 1
    return np.where(before, quotient, np.where(first, gathered * led, 0)).astype(self.dtype)


@k.on_arrays(_cumprod_on_arrays)
def _cumprod_backward(g: Any, self: Any, result: Any, dim: int) -> Any:
    if not g.ndim:
        return g
    dim = wrap_dim(dim, g.ndim)
    size = g.shape[dim]
    if size == 1 or 0 in g.shape:
        return g
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
    out_decides=True,
    edit_refuse=_refuse_edit,
    edit_dtypes=_unless_single("cumprod_out_cpu"),
    meta=_meta,
    samples=lambda t: [(t(2, 3, low=0.5, high=2), 1), (t(3, low=-2, high=-1), 0)],
    refuses_complex=True,
    vjp={"self": lambda g, self, result, dim: _cumprod_backward(g, self, result, dim)},
    rule="∂self = onward(∂ · result) / self",
)
def cumprod(self: Array, dim: Dim, *, dtype: DType | None = None, out: Array) -> None:
    """Running products along `dim`.

    >>> import autogradkit as torch
    >>> torch.cumprod(torch.tensor([1, 2, 3]), 0)
    tensor([1, 2, 6])
    """
    _run(np.multiply, self, dim, out)


_require_own = saying("expected scalar_type {result} but found {out}")


def _require_same_dtypes(out: Any, self: Any, dim: int) -> None:
    """What `out=` names first has the dtype of the elements."""
    first = out[0] if isinstance(out, (list, tuple)) else out
    _require_own(self._array.dtype, first._array.dtype)


# -- logarithms of sums ------------------------------------------------------------------------------------------------


def _from_here(x: Any, dim: int) -> Any:
    return k.flip(k.logcumsumexp(k.flip(x, (dim,)), dim), (dim,))


def _logcumsumexp_backward(g: Any, self: Any, result: Any, dim: int) -> Any:
    """Sums of exponentials again; of real gradients those of either sign for themselves, as both have a logarithm."""
    if not g.ndim or 0 in g.shape:
        return g
    if k.is_complex(g):
        return k.conj(k.exp(_from_here(k.log(k.conj(g)) - result, dim) + self))
    if k.is_zero_tensor(g):  # as where a product with the Jacobian begins, of which logarithms of 0 tell nothing
        x, y, along = (k.transpose(each, dim, -1) for each in (self, result, g))
        later = k.unsqueeze(x, -1) - k.unsqueeze(y, -2)  # of element i, and of each j from i on
        later = k.where(k.triu(k.where(later > 0, 1.0, 1.0)) > 0, later, k.lowest(later))
        return k.transpose(k.sum_dims(k.exp(later) * k.unsqueeze(along, -2), (-1,)), dim, -1)
    size = k.log(k.where(g == 0, 1.0, k.abs(g)))
    parts = [k.exp(_from_here(k.where(held, size, k.lowest(g)) - result, dim) + self) for held in (g > 0, g < 0)]
    return parts[0] - parts[1]


@op(
    meta=lambda self, dim: (self.shape, self.dtype),
    dtypes=not_implemented("logcumsumexp_out_cpu", "biu"),
    refuse_out=_require_same_dtypes,
    samples=lambda t: [(t(2, 3), 1), (t(3), 0), (t(), 0)],
    vjp={"self": _logcumsumexp_backward},
    rule="∂self = onward(∂ · exp(−result)) · exp(self)",
)
def logcumsumexp(self: Array, dim: Dim, *, out: Array) -> None:
    """Logarithms of running sums of exponentials along `dim`, computed without overflow.

    >>> import autogradkit as torch
    >>> torch.logcumsumexp(torch.tensor([0.0, 0.0, 100.0]), 0)
    tensor([  0.0000,   0.6931, 100.0000])
    """
    if not self.ndim or not self.size:
        np.copyto(out, self)
    elif self.dtype.kind == "c":
        total: Any = None
        for place, elements in enumerate(move_dim(self, dim, 0)):
            total = elements if total is None else log_add_exp(elements, total)
            move_dim(out, dim, 0)[place] = total
    else:
        np.copyto(out, np.logaddexp.accumulate(self, dim, np.float64), casting="unsafe")
        np.add(out, 0, out=out)  # as added to the logarithm of nothing: no result is −0


# -- extremes ----------------------------------------------------------------------------------------------------------


def _declare_extreme(name: str, ufunc: np.ufunc, word: str, shown: str) -> None:
    def refuse(self: Any, dim: int) -> None:
        if not self._array.ndim and dim not in (-1, 0):
            raise IndexError(f"{name}(): Expected reduction dim -1 or 0 for scalar but got {dim}")
        if self._array.size:  # else the dimension may be any
            wrap_dim(dim, self._array.ndim)

    @by_kernel
    def require_ordered(self: Any, dim: int) -> None:
        if self._array.size and self._array.ndim:
            not_implemented(f"{name}_cpu", "c")(self)

    @op(
        name=name,
        meta=lambda self, dim: [(self.shape, self.dtype), (self.shape, np.dtype(np.int64))],
        refuse=refuse,
        dtypes=require_ordered,
        real_gradient=True,
        refuse_out=_require_same_dtypes,
        out_dtype=_require_own,
        outputs="values indices",
        differentiable_outputs=1,
        returns=getattr(return_types, name),
        samples=lambda t: [(t(2, 3), 1), (t(4), 0)],
        gradient_version=1,
        vjp={"self": lambda g, self, indices, dim: _added_at(g, self, indices, dim)},
        rule="∂self = ∂ added at the indices along dim, 0 elsewhere",
    )
    def along(self: Array, dim: int, *, out: tuple[Array, Array]) -> None:
        if not self.size:
            return
        rows = move_dim(self if self.ndim else self.reshape(1), dim, -1)
        flat = np.ascontiguousarray(rows).reshape(-1, rows.shape[-1])
        starts = _reaching(ufunc, flat)  # the first of each row among them
        lengths = np.diff(starts, append=flat.size)
        for into, found in zip(out, (flat.reshape(-1)[starts], starts % flat.shape[1]), strict=True):
            moved = move_dim(into if into.ndim else into.reshape(1), dim, -1)
            held = moved if moved.flags.c_contiguous else np.empty(moved.shape, moved.dtype)
            _hold(found, starts, lengths, held.reshape(-1))
            if held is not moved:
                np.copyto(moved, held)

    along.kernel.__doc__ = f"""The {word} elements so far along `dim`, and where they stand, as (values, indices).

    >>> import autogradkit as torch
    >>> torch.{name}(torch.tensor([2, 1, 3, 3]), 0)
    torch.return_types.{name}(
    values=tensor({shown.split("/")[0]}),
    indices=tensor({shown.split("/")[1]}))
    """


def _hold(found: Array, starts: Array, lengths: Array, out: Array) -> None:
    """Write each of `found` from its place in `starts` on, so many times, a part that stays in the cache at a time."""
    begin = 0
    cuts = np.searchsorted(starts, range(PART, out.size, PART)) if out.size > PART else ()
    for end in (*cuts, starts.size):
        if begin < end:
            out[starts[begin] : starts[end - 1] + lengths[end - 1]] = np.repeat(found[begin:end], lengths[begin:end])
            begin = end


_FIRST = 16  # elements of the first block of a row; each further one is as long as all before it
_MANY = 1 << 13  # elements from which it pays to leave some out
_FEW = 8  # one element in so many, and fewer, are quicker looked at by themselves than all one after the other


def _reaches(elements: Array, running: Array) -> Array:
    """Where elements are the extreme up to there; of equal ones all, and each NaN."""
    found = elements == running
    if elements.dtype.kind in "fcV":
        found |= np.isnan(elements)
    return found


def _unsurpassed(ufunc: np.ufunc, rows: Array) -> Array:
    """The flat positions of the elements that the extreme of the blocks before their own does not surpass."""
    size = rows.shape[1]
    before, lesser = rows[:, :1], np.empty(rows.shape, np.bool_)
    begin, end = 0, min(_FIRST, size)
    while begin < size:
        block = rows[:, begin:end]
        (np.less if ufunc is np.maximum else np.greater)(block, before, lesser[:, begin:end])
        if end < size:
            before = ufunc(before, ufunc.reduce(block, 1, keepdims=True))
        begin, end = end, min(2 * end, size)
    np.logical_not(lesser, lesser)
    return np.flatnonzero(lesser)


def _reaching(ufunc: np.ufunc, rows: Array) -> Array:
    """The flat positions of all elements of `rows` that are the extreme of their row up to there, in order.

    NumPy takes each step of a running extreme alone. Few elements can be one: those that the extreme of the blocks before their
    own does not surpass, about one in each block of a row in no order. The running extreme of these decides.
    """
    size = rows.shape[1]
    places = _unsurpassed(ufunc, rows) if rows.size >= _MANY and size >= 4 * _FIRST else None
    if places is None or places.size * _FEW > rows.size:
        return np.flatnonzero(_reaches(rows, ufunc.accumulate(rows, 1)))
    row = places // size
    rank = np.arange(places.size) - np.searchsorted(row, np.arange(len(rows)))[row]
    elements = rows.reshape(-1)[places]
    # The first element of a row is one of them, and changes no extreme after it.
    ranked = np.repeat(rows[:, :1], rank.max() + 1, 1)
    ranked[row, rank] = elements
    return places[_reaches(elements, ufunc.accumulate(ranked, 1)[row, rank])]


def _added_at(g: Any, self: Any, indices: Any, dim: int) -> Any:
    if 0 in self.shape:
        return self
    return k.scatter_add(k.new_zeros(self, self.shape), dim, indices, g)


_declare_extreme("cummax", np.maximum, "largest", "[2, 2, 3, 3]/[0, 0, 2, 3]")
_declare_extreme("cummin", np.minimum, "smallest", "[2, 1, 1, 1]/[0, 1, 1, 1]")
