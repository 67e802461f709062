"""Copies of what views show: `expand_copy`, `squeeze_copy` and their kin.

Each is declared by its view: parameters, formulas and samples are the view's own, the node is the view's with "_copy". Rests on
the views; declared when somebody asks for a name of it (`_ops.unloaded`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import function, op
from autogradkit._ops.declare.declaration import UNIMPLEMENTED
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.refusals import by_kernel, undifferentiated
from autogradkit._ops.making.restriding import as_strided
from autogradkit._ops.views import complex_parts, dimensions, parts, sizes, splits
from autogradkit.core.shapes import infer_size
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
_declare("view_copy", sizes.view_dtype, sizes.view_sizes, call=f"{_MATRIX}, (4,)", shown="tensor([1, 2, 3, 4])")
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
