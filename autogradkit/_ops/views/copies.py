"""Copies of what views show: `expand_copy`, `squeeze_copy` and their kin, and parts of a tensor that count as no views of it.

Each is declared by its view: parameters, formulas and samples are the view's own, the node is the view's with "_copy". Rests on
the views.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.declaration import UNIMPLEMENTED
from autogradkit._ops.declare.kinds import Array, Ints, Sizes, SymInt
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.refusals import by_kernel, undifferentiated
from autogradkit._ops.making.restriding import as_strided
from autogradkit._ops.views import complex_parts, dimensions, parts, sizes, splits
from autogradkit.core.shapes import infer_size, wrap_dim
from autogradkit.core.tensor import Tensor
from autogradkit.engine.history import requires_grad
from autogradkit.engine.modes import MODE


def _declare(
    name: str,
    *views: Overload,
    call: str,
    shown: str,
    real_gradient: bool = False,
    refuse: Callable[..., None] | None = None,
) -> None:
    """`name` as a function that copies what these forms of a view show; `call` and `shown` are its example.

    What is refused where it would be recorded has no gradient.
    """
    made = function(name, variants="function")
    for view in views:
        several = str(view.kernel.__annotations__["return"]).startswith("tuple")
        kernel = _copying_several(view) if several else _copying(view)
        kernel.__doc__ = f"""A copy of what `{name.removesuffix("_copy")}` shows, in memory of its own.

    >>> import autogradkit as torch
    >>> torch.{name}({call})
    {shown}
    """
        made.overload(
            node=f"{view.node_name}_copy",
            meta=None if several else _meta_of(view),
            real_gradient=real_gradient,
            bare_out=not several,
            refuse=refuse,
            vjp=view.formulas if refuse is None else None,
            samples=view.samples,
            rule=view.rule_given if refuse is None else None,
        )(kernel)


@by_kernel
def _refuse_recording(self: Any) -> None:
    if MODE.grad and requires_grad(self):
        raise RuntimeError(
            "view_as_complex_copy does not support automatic differentiation for outputs with complex dtype."
        )


def _reshaped(self: Array, size: Any) -> Array:
    """What `view_copy` copies: sizes that no view could show, too."""
    return np.ascontiguousarray(self).reshape(infer_size(size, self.size))


def _shows(view: Overload) -> Callable[..., Array]:
    return _reshaped if view is sizes.view_sizes else view.kernel


def _meta_of(view: Overload) -> Callable[..., Any]:
    def described(*values: Any, **named: Any) -> Any:
        shown = _shows(view)(*values, **named)
        return shown.shape, shown.dtype

    return described


def _copying(view: Overload) -> Callable[..., Any]:
    """A kernel with the view's parameters that writes what the view shows into `out`."""
    code = view.kernel.__code__
    given = code.co_varnames[: code.co_argcount]
    named = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    asked = ", ".join([*given, *[f"{each}={each}" for each in named]])
    source = f"lambda {', '.join([*given, '*', *named, 'out'])}: copyto(out, view({asked}))"
    kernel = eval(source, {"copyto": np.copyto, "view": _shows(view)})
    return _like(kernel, view, out="Array")


def _copying_several(view: Overload) -> Callable[..., Any]:
    code = view.kernel.__code__
    asked = ", ".join(code.co_varnames[: code.co_argcount])
    kernel = eval(f"lambda {asked}: copied(view({asked}))", {"copied": _copied, "view": view.kernel})
    return _like(kernel, view)


def _copied(shown: tuple[Array, ...]) -> tuple[Array, ...]:
    return tuple([each.copy("C") for each in shown])


def _like(kernel: Any, view: Overload, **more: str) -> Callable[..., Any]:
    kernel.__name__ = "_"
    kernel.__annotations__ = {**view.kernel.__annotations__, **more}
    kernel.__defaults__, kernel.__kwdefaults__ = view.kernel.__defaults__, view.kernel.__kwdefaults__
    return kernel


_MATRIX = "torch.tensor([[1, 2], [3, 4]])"

_declare("alias_copy", sizes.alias, call=_MATRIX, shown="tensor([[1, 2],\n            [3, 4]])")
_declare("as_strided_copy", as_strided, call=f"{_MATRIX}, (2,), (3,)", shown="tensor([1, 4])")
_declare(
    "expand_copy", sizes.expand, call="torch.tensor([1, 2]), (2, 2)", shown="tensor([[1, 2],\n            [1, 2]])"
)
_declare("permute_copy", dimensions.permute, call=f"{_MATRIX}, (1, 0)", shown="tensor([[1, 3],\n            [2, 4]])")
_declare("select_copy", parts.select, call=f"{_MATRIX}, 1, 0", shown="tensor([1, 3])", real_gradient=True)
_declare("slice_copy", parts.slice_, call="torch.tensor([1, 2, 3]), 0, 1", shown="tensor([2, 3])", real_gradient=True)
_declare(
    "squeeze_copy", dimensions.squeeze_all, dimensions.squeeze_dim, dimensions.squeeze_dims,
    call="torch.tensor([[1, 2]])", shown="tensor([1, 2])",
)  # fmt: skip
_declare("t_copy", dimensions.t, call=_MATRIX, shown="tensor([[1, 3],\n            [2, 4]])")
_declare("transpose_copy", dimensions.transpose, call=f"{_MATRIX}, 0, 1", shown="tensor([[1, 3],\n            [2, 4]])")
_declare(
    "unfold_copy", parts.unfold, call="torch.tensor([1, 2, 3]), 0, 2, 1", shown="tensor([[1, 2],\n            [2, 3]])"
)
_declare("unsqueeze_copy", dimensions.unsqueeze, call="torch.tensor([1, 2]), 0", shown="tensor([[1, 2]])")
_declare("view_as_real_copy", complex_parts.view_as_real, call="torch.tensor([1 + 2j])", shown="tensor([[1., 2.]])")
_declare(
    "view_as_complex_copy",
    complex_parts.view_as_complex,
    call="torch.tensor([[1.0, 2.0]])",
    shown="tensor([1.+2.j])",
    refuse=_refuse_recording,
)
_declare("view_copy", sizes.view_sizes, sizes.view_dtype, call=f"{_MATRIX}, (4,)", shown="tensor([1, 2, 3, 4])")
_declare("split_copy", splits.split_evenly, call="torch.tensor([1, 2, 3]), 2", shown="(tensor([1, 2]), tensor([3]))")
_declare(
    "split_with_sizes_copy", splits.split_with_sizes,
    call="torch.tensor([1, 2, 3]), (1, 2)", shown="(tensor([1]), tensor([2, 3]))",
)  # fmt: skip
_declare("unbind_copy", splits.unbind, call=_MATRIX, shown="(tensor([1, 2]), tensor([3, 4]))")


# -- with nodes of their own -------------------------------------------------------------------------------------------


@op(
    variants="function",
    node=UNIMPLEMENTED,
    meta=lambda self: (self.shape, self.dtype),
    vjp={"self": undifferentiated("detach_copy")},
)
def detach_copy(self: Array, *, out: Array) -> None:
    """A copy whose graph ends in a node that refuses: PyTorch has no derivative for it.

    >>> import autogradkit as torch
    >>> torch.detach_copy(torch.tensor([1, 2]))
    tensor([1, 2])
    """
    np.copyto(out, self)


def _narrow_meta(self: Array, dim: int, start: int, length: int) -> Any:
    if not self.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if dim >= self.ndim:
        raise RuntimeError(
            "Expected dim < static_cast<int64_t>(self_sizes.size()) to be true, but got false.  (Could this error message be "
            "improved?  If so, please report an enhancement request to PyTorch.)"
        )
    dim = wrap_dim(dim, self.ndim)
    size = self.shape[dim]
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    first = start % size if start < 0 else start
    if length < 0 or first + length > size:
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({size}).")
    return (*self.shape[:dim], length, *self.shape[dim + 1 :]), self.dtype


def _narrow_backward(g: Any, self_sym_sizes: Ints, dim: int, start: int, length: int) -> Any:
    first = start % self_sym_sizes[dim] if start < 0 else start
    return k.slice_backward(g, self_sym_sizes, dim, first, first + length, 1)


@op(
    meta=_narrow_meta,
    samples=lambda t: [(t(2, 3), 1, 0, 2), (t(4), 0, -3, 2)],
    vjp={"self": _narrow_backward},
    rule="∂self = ∂ in the slice, 0 elsewhere",
)
def narrow_copy(self: Array, dim: int, start: SymInt, length: SymInt, *, out: Array) -> None:
    """A copy of `length` places of dimension `dim` from `start` on.

    >>> import autogradkit as torch
    >>> torch.narrow_copy(torch.tensor([1, 2, 3]), 0, 1, 2)
    tensor([2, 3])
    """
    dim = wrap_dim(dim, self.ndim)
    first = start % self.shape[dim] if start < 0 else start
    np.copyto(out, self[(*(slice(None),) * dim, slice(first, first + length))])


@op(
    out=False,
    samples=splits.split_evenly.samples,
    vjp=splits.split_evenly.formulas,
    rule="∂self = ∂ of every part, joined",
)
def unsafe_split(self: Array, split_size: SymInt, dim: int = 0) -> tuple[Array, ...]:
    """Consecutive parts of `split_size` places of dimension `dim`, in the same memory but no views: they may be edited.

    >>> import autogradkit as torch
    >>> torch.unsafe_split(torch.tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
    """
    return splits.split_evenly.kernel(self, split_size, dim)


@op(
    out=False,
    samples=splits.split_with_sizes.samples,
    vjp=splits.split_with_sizes.formulas,
    rule="∂self = ∂ of every part, joined",
)
def unsafe_split_with_sizes(self: Array, split_sizes: Sizes, dim: int = 0) -> tuple[Array, ...]:
    """Consecutive parts of these sizes along `dim`, in the same memory but no views: they may be edited.

    >>> import autogradkit as torch
    >>> torch.unsafe_split_with_sizes(torch.tensor([1, 2, 3]), (1, 2))
    (tensor([1]), tensor([2, 3]))
    """
    return splits.split_with_sizes.kernel(self, split_sizes, dim)


@op(composition=True)
def unsafe_chunk(self: Tensor, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """At most `chunks` parts of equal size (the last perhaps shorter) of dimension `dim`, in the same memory but no views.

    >>> import autogradkit as torch
    >>> torch.unsafe_chunk(torch.tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
    """
    if not self.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = self.shape[wrap_dim(dim, self.ndim)]
    part = (size + chunks - 1) // chunks
    return unsafe_split(self, part, dim) if part else unsafe_split_with_sizes(self, (0,) * chunks, dim)
