"""The largest and the smallest: max, min, amax, amin, aminmax, argmax, argmin.

Rests on declare and sums; the gradient goes to the elements that were picked, and ties of all elements share it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array, Dim, Dims
from autogradkit._ops.declare.refusals import (
    by_kernel,
    not_implemented,
    refuses,
    unless_empty,
)
from autogradkit._ops.declare.writing import saying, warn_of_resizing
from autogradkit._ops.pointwise.choice import maximum, minimum
from autogradkit._ops.reduction import return_types
from autogradkit._ops.reduction.sums import spread
from autogradkit._ops.selection.gather import FEW, positions_along
from autogradkit.core.dtype import SCALAR_TYPE_NAMES
from autogradkit.core.halves import MANY, convert, widened
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.short_rows import reduce_rows
from autogradkit.core.tensor import Tensor

Shape = tuple[int, ...]
Spec = tuple[Shape, np.dtype[Any]]
_INT64 = np.dtype(np.int64)


def require_size(name: str, self: Array, dim: int) -> None:
    """Raise IndexError where dimension `dim`, along which one element is picked, has none."""
    if self.ndim and not self.shape[dim]:
        raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")


def require_elements(name: str) -> Any:
    """A check that raises RuntimeError for a tensor without elements."""

    def refuse(self: Any) -> None:
        if not self._array.size:
            raise RuntimeError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with "
                "the 'dim' argument."
            )

    return refuse


def without_dim(shape: Shape, dim: int, keepdim: bool) -> Shape:
    """`shape` with dimension `dim` gone, or of size 1."""
    return (*shape[:dim], *((1,) if keepdim else ()), *shape[dim + 1 :]) if shape else ()


def warn_before_dim_goes(out: tuple[Any, Any], self: Array, dim: int, keepdim: bool, always: bool) -> None:
    """Warn of resizing as PyTorch does where the dimension is still there, of size 1, and is taken away afterwards.

    What `out=` names gets it first: `always`, or where it then has as many as the result.
    """
    dim = wrap_dim(dim, self.ndim)
    shape = without_dim(self.shape, dim, True)
    for each in out:
        given = each._array.shape
        grows = not keepdim and (len(given) >= dim if always else len(given) == len(shape) - 1)
        warn_of_resizing((*given[:dim], 1, *given[dim:]) if grows else given, shape)


def pick(self: Array, positions: Array, dim: int, out: tuple[Array, Array]) -> None:
    """Write the elements at `positions` (of size 1 along `dim`) and the positions into `out`."""
    source = self if self.ndim else self.reshape(1)
    values, indices = out
    np.copyto(values, source[positions_along(positions, dim)].reshape(values.shape))
    np.copyto(indices, positions.reshape(indices.shape))


def _to_few_picked(g: Array, self_sym_sizes: Shape, dim: int, indices: Array, keepdim: bool) -> Array:
    if not self_sym_sizes or indices.size > FEW:
        return _to_picked(g, self_sym_sizes, dim, indices, keepdim)
    if not keepdim:
        place = (slice(None),) * (dim % len(self_sym_sizes)) + (None,)
        g, indices = g[place], indices[place]
    found = np.zeros(self_sym_sizes, g.dtype)
    found[positions_along(indices, dim)] = g
    return found


def _to_picked(g: Any, self_sym_sizes: Shape, dim: int, indices: Any, keepdim: bool) -> Any:
    """A gradient for picked elements, brought to where they stood."""
    if not keepdim and self_sym_sizes:
        g, indices = k.unsqueeze(g, dim), k.unsqueeze(indices, dim)
    return k.scatter_src(k.new_zeros(g, self_sym_sizes), dim, indices, g)


to_picked = k.on_arrays(_to_few_picked)(_to_picked)


def shared(g: Any, self: Any, result: Any) -> Any:
    """A gradient divided among all elements that equal the result; a NaN result stands for every NaN."""
    mask = (self == result) | ((self != self) & (result != result))
    return k.where(mask, g / k.sum_all(mask), k.zeros_like(g))


_require_input_dtype = saying(
    "Expected the dtype for input and out to match, but got {result} for input's dtype and {out} for out's dtype."
)


def _refuse_other_out(out: Any, self: Any, dim: Any, keepdim: bool) -> None:
    _require_input_dtype(self._array.dtype, out._array.dtype)


_require_out_castable = saying(
    "Expected canCast( typeMetaToScalarType(self.dtype()), typeMetaToScalarType(out.dtype())) to be true, but got false.  "
    "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)",
    same=False,
)


def _write(ufunc: np.ufunc, self: Array, axis: Any, keepdims: bool, out: Array) -> None:
    if self.size >= MANY and k.is_half(self):
        convert(ufunc.reduce(widened(self), axis, keepdims=keepdims), out)
    else:
        reduce_rows(ufunc, self, axis, None, out, keepdims)


# -- of all, of pairs, along a dimension -------------------------------------------------------------------------------


def _declare(name: str, pairwise: Any, ufunc: np.ufunc, position: Any, word: str, last: int) -> tuple[Any, Any]:
    """`max` or `min`: (the form of all elements, the form along a dimension)."""
    made = function(name)

    @made.overload(
        node=f"{name.title()}Backward1",
        gradient_version=1,
        reduces=ufunc.reduce,
        refuse=require_elements(name),
        dtypes=not_implemented(f"{name}_all", "c"),
        out_dtype=_require_out_castable,
        samples=lambda t: [(t(2, 3),), (t(),)],
        vjp={"self": lambda g, self, result: shared(g, self, result)},
        rule=f"∂self = ∂ at the {word}, shared among ties, 0 elsewhere",
    )
    def of_all(self: Array, *, out: Array) -> None:
        if self.size < MANY:
            ufunc.reduce(self, axis=None, out=out)
        else:
            _write(ufunc, self, None, False, out)

    @made.overload(composition=True, out=True)
    def _(self: Tensor, other: Tensor) -> Any:
        return pairwise(self, other)

    def described(self: Array, dim: int, keepdim: bool) -> list[Spec]:
        require_size(name, self, dim)
        shape = without_dim(self.shape, dim, keepdim)
        return [(shape, self.dtype), (shape, _INT64)]

    @made.overload(
        node=f"{name.title()}Backward0",
        apart="resized",
        gradient_version=2,
        meta=described,
        dtypes=by_kernel(refuses("c", f"{name}(): does not support complex input", RuntimeError)),
        outputs="values indices",
        differentiable_outputs=1,
        returns=getattr(return_types, name),
        samples=lambda t: [(t(2, 3), 1), (t(3), 0, True)],
        vjp={
            "self": lambda g, self_sym_sizes, dim, indices, keepdim: to_picked(g, self_sym_sizes, dim, indices, keepdim)
        },
        rule="∂self = ∂ at the indices, 0 elsewhere",
    )
    def along(self: Array, dim: Dim, keepdim: bool = False, *, out: tuple[Array, Array]) -> None:
        source = self if self.ndim else self.reshape(1)
        if self.size >= MANY and k.is_half(self):
            source = widened(source)
        pick(self, position(source, axis=dim, keepdims=True), dim, out)

    of_all.kernel.__doc__ = f"""The {word} element; given `dim`, (values, indices) along it; given another tensor, the
    {word.removesuffix("st")}r of each pair.

    >>> import autogradkit as torch
    >>> torch.{name}(torch.tensor([[1, 5], [7, 2]]), dim=1).values
    tensor([{"5, 7" if last else "1, 2"}])
    """
    return of_all, along


max_all, max_dim = _declare("max", maximum, np.maximum, np.argmax, "largest", 1)
min_all, min_dim = _declare("min", minimum, np.minimum, np.argmin, "smallest", 0)


# -- over dimensions -----------------------------------------------------------------------------------------------------


def _require_reducible(name: str) -> Any:
    whole = require_elements(name)

    def refuse(self: Any, dim: Shape, keepdim: bool) -> None:
        array = self._array
        if not dim:
            whole(self)
        elif not array.size:
            for each in dim:
                if array.ndim:
                    wrap_dim(each, array.ndim)
                    require_size(name, array, each)

    return refuse


def _share_among_ties(g: Any, self: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    sizes = self.shape
    mask = self == spread(result, sizes, dim, keepdim)
    count = k.sum_dims(mask, dim if dim != () else None, True)
    return spread(g, sizes, dim, keepdim) * mask / count


@op(
    out_dtype=_require_input_dtype,
    refuse_out=_refuse_other_out,  # before it is asked for a kernel
    reduces=partial(reduce_rows, np.maximum),
    refuse=_require_reducible("amax"),
    dtypes=unless_empty(not_implemented("max_values_cpu", "c")),
    real_gradient=True,
    samples=lambda t: [(t(2, 3), (1,)), (t(2, 3), (0, 1), True)],
    vjp={"self": _share_among_ties},
    rule="∂self = ∂ at the largest, shared among ties, 0 elsewhere",
)
def amax(self: Array, dim: Dims = (), keepdim: bool = False, *, out: Array) -> None:
    """The largest elements along dimensions; ties share the gradient equally.

    >>> import autogradkit as torch
    >>> torch.amax(torch.tensor([[1.0, 5.0], [7.0, 2.0]]), dim=1)
    tensor([5., 7.])
    """
    _write(np.maximum, self, dim, keepdim, out)


@op(
    out_dtype=_require_input_dtype,
    refuse_out=_refuse_other_out,  # before it is asked for a kernel
    reduces=partial(reduce_rows, np.minimum),
    refuse=_require_reducible("amin"),
    dtypes=unless_empty(not_implemented("min_values_cpu", "c")),
    real_gradient=True,
    samples=lambda t: [(t(2, 3), (1,)), (t(2, 3), (0, 1), True)],
    vjp={"self": _share_among_ties},
    rule="∂self = ∂ at the smallest, shared among ties, 0 elsewhere",
)
def amin(self: Array, dim: Dims = (), keepdim: bool = False, *, out: Array) -> None:
    """The smallest elements along dimensions; ties share the gradient equally.

    >>> import autogradkit as torch
    >>> torch.amin(torch.tensor([[1.0, 5.0], [7.0, 2.0]]), dim=1)
    tensor([1., 2.])
    """
    _write(np.minimum, self, dim, keepdim, out)


def _aminmax_meta(self: Array, *, dim: int | None, keepdim: bool) -> list[Spec]:
    if dim is None:
        if not self.size:
            raise RuntimeError(
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
            )
        shape: Shape = (1,) * self.ndim if keepdim else ()
    else:
        if self.ndim and not self.shape[dim]:
            raise IndexError(f"aminmax: Expected reduction dim {dim} to have non-zero size.")
        shape = without_dim(self.shape, dim, keepdim)
    return [(shape, self.dtype)] * 2


def _aminmax_backward(g: Any, self: Any, min: Any, max: Any, dim: int | None, keepdim: bool) -> Any:
    given = [(each, found) for each, found in zip(g, (min, max), strict=True) if each is not None]
    shares = [_share_among_ties(each, self, found, () if dim is None else dim, keepdim) for each, found in given]
    return shares[0] if len(shares) == 1 else shares[0] + shares[1]


def _refuse_pairs(self: Any, dim: int | None, keepdim: bool) -> None:
    """PyTorch has a branch of its own for one element along a dimension."""
    if self._array.dtype.kind == "c" and not self._array.ndim and dim is not None:
        raise RuntimeError(f"aminmax not implemented for {SCALAR_TYPE_NAMES[self.dtype]}")
    not_implemented("aminmax_cpu", "c")(self)


@op(
    apart="resized",
    meta=_aminmax_meta,
    dtypes=by_kernel(_refuse_pairs),
    outputs="min max",
    returns=return_types.aminmax,
    samples=lambda t: [(t(2, 3), 1), (t(2, 3), None, True), (t(3), 0, False)],
    vjp={"self": _aminmax_backward},
    rule="∂self = ∂min at the smallest + ∂max at the largest, each shared among ties",
)
def aminmax(self: Array, *, dim: Dim | None = None, keepdim: bool = False, out: tuple[Array, Array]) -> None:
    """The smallest and the largest element (along `dim`), as (min, max).

    >>> import autogradkit as torch
    >>> torch.aminmax(torch.tensor([[1, 5], [7, 2]]), dim=1).max
    tensor([5, 7])
    """
    axis = dim if self.ndim else None
    reduce_rows(np.minimum, self, axis, None, out[0], keepdim)
    reduce_rows(np.maximum, self, axis, None, out[1], keepdim)


# -- where they stand ----------------------------------------------------------------------------------------------------


def _refuse_unordered(name: str) -> Any:
    def refuse(self: Any, dim: Any, keepdim: Any) -> None:
        kind = self._array.dtype.kind
        if kind in "bc":
            raise RuntimeError(f"{name}(): does not support {'bool' if kind == 'b' else 'complex'} input")

    return refuse


def _arg_meta(name: str) -> Any:
    def described(self: Array, dim: int | None, keepdim: bool) -> Spec:
        if dim is None:
            if not self.size:
                raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
            return ((1,) * self.ndim if keepdim else ()), _INT64
        require_size(name, self, dim)
        return without_dim(self.shape, dim, keepdim), _INT64

    return described


@op(meta=_arg_meta("argmax"), refuse=_refuse_unordered("argmax"))
def argmax(self: Array, dim: Dim | None = None, keepdim: bool = False, *, out: Array) -> None:
    """Where the largest element stands along `dim`, or in row-major order of all; the first one of ties.

    >>> import autogradkit as torch
    >>> torch.argmax(torch.tensor([[1, 5], [7, 2]]), dim=1)
    tensor([1, 0])
    """
    np.copyto(out, np.argmax(self, axis=dim if self.ndim else None, keepdims=keepdim))


@op(meta=_arg_meta("argmin"), refuse=_refuse_unordered("argmin"))
def argmin(self: Array, dim: Dim | None = None, keepdim: bool = False, *, out: Array) -> None:
    """Where the smallest element stands along `dim`, or in row-major order of all; the first one of ties.

    >>> import autogradkit as torch
    >>> torch.argmin(torch.tensor([[1, 5], [7, 2]]), dim=1)
    tensor([0, 1])
    """
    np.copyto(out, np.argmin(self, axis=dim if self.ndim else None, keepdims=keepdim))
