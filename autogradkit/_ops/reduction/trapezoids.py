"""Integrals by trapezoids: trapezoid, trapz and cumulative_trapezoid.

None is a node of its own, as in PyTorch. Rests on views.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import function, k
from autogradkit._ops.declare.kinds import Dim, Scalar
from autogradkit._ops.making.filled import zeros
from autogradkit._ops.pointwise.division import div_by_number
from autogradkit._ops.views.parts import slice_
from autogradkit.core.dtype import bool_
from autogradkit.core.shapes import require_dims, wrap_dim
from autogradkit.core.tensor import Tensor
from autogradkit.engine.ownership import set_version


def _halves(y: Any, dim: int) -> tuple[Any, Any]:
    return slice_(y, dim, 0, -1), slice_(y, dim, 1)


def _require_number(name: str, dx: Any) -> None:
    if isinstance(dx, (complex, bool)):
        raise RuntimeError(f"{name}: Currently, we only support dx as a real number.")


def _require_no_bool(name: str, y: Any, x: Any = None) -> None:
    if y.dtype is bool_ or (x is not None and x.dtype is bool_):
        which = "`y`" if x is None else "`x` or `y`"
        raise RuntimeError(f"{name}: received a bool input for {which}, but bool is not supported")


def _nothing(y: Any, dim: int) -> Any:
    made = zeros(tuple([n for i, n in enumerate(y.shape) if i != dim]), dtype=y.dtype)
    set_version(made, 1)  # as PyTorch, which writes the zeros where it counts
    return made


def _widths(name: str, y: Any, x: Any, dim: int) -> Any:
    """How far the points are apart, in the dimensions of `y`."""
    if x.dim() == 1:
        require_dims(y.dim(), dim)
        if x.shape[0] != y.shape[dim]:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        x = x.view([-1 if i == dim else 1 for i in range(y.dim())])
    elif x.dim() < y.dim():
        x = x.view((1,) * (y.dim() - x.dim()) + tuple(x.shape))
    left, right = _halves(x, dim)
    return right - left


def _integral(y: Any, x: Any, dim: int) -> Any:
    dim = wrap_dim(dim, y.dim())
    require_dims(y.dim(), dim)
    if not y.shape[dim]:
        return _nothing(y, dim)
    _require_no_bool("trapezoid", y, x)
    widths = _widths("trapezoid", y, x, dim)
    left, right = _halves(y, dim)
    return div_by_number(((left + right) * widths).sum(dim), 2.0)


def _even_integral(y: Any, dx: float, dim: int) -> Any:
    if y.dim() and not y.shape[wrap_dim(dim, y.dim())]:
        return _nothing(y, wrap_dim(dim, y.dim()))
    if not y.dim():
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    _require_no_bool("trapezoid", y)
    _require_number("trapezoid", dx)
    ends = y.select(dim, 0) + y.select(dim, -1)
    return k.times(y.sum(dim) - k.times(ends, 0.5), dx)


trapezoid = function("trapezoid", variants="function")


@trapezoid.overload(composition=True)
def _(y: Tensor, x: Tensor, *, dim: Dim = -1) -> Any:
    """The integral along `dim` of what has the values `y`, linear between the points `x`, or `dx` apart.

    >>> import autogradkit as torch
    >>> torch.trapezoid(torch.tensor([1.0, 5.0, 10.0]))
    tensor(10.5000)
    """
    return _integral(y, x, dim)


@trapezoid.overload(composition=True)
def _(y: Tensor, *, dx: Scalar = 1, dim: Dim = -1) -> Any:
    return _even_integral(y, dx, dim)


trapz = function("trapz", variants="function")


@trapz.overload(composition=True)
def _(y: Tensor, *, dx: float = 1, dim: Dim = -1) -> Any:
    """Another name for `trapezoid`.

    >>> import autogradkit as torch
    >>> torch.trapz(torch.tensor([1.0, 5.0, 10.0]), torch.tensor([0.0, 1.0, 3.0]))
    tensor(18.)
    """
    return _even_integral(y, dx, dim)


@trapz.overload(composition=True)
def _(y: Tensor, x: Tensor, *, dim: Dim = -1) -> Any:
    return _integral(y, x, dim)


cumulative_trapezoid = function("cumulative_trapezoid", variants="function")


@cumulative_trapezoid.overload(composition=True)
def _(y: Tensor, x: Tensor, *, dim: Dim = -1) -> Any:
    """The integrals from the first point to each of the others; see `trapezoid`.

    >>> import autogradkit as torch
    >>> torch.cumulative_trapezoid(torch.tensor([1.0, 5.0, 10.0]))
    tensor([ 3.0000, 10.5000])
    """
    values: Any = y
    dim = wrap_dim(dim, values.dim())
    _require_no_bool("cumulative_trapezoid", values, x)
    widths = _widths("cumulative_trapezoid", values, x, dim)
    left, right = _halves(values, dim)
    return div_by_number(((left + right) * widths).cumsum(dim), 2.0)


@cumulative_trapezoid.overload(composition=True)
def _(y: Tensor, *, dx: Scalar = 1, dim: Dim = -1) -> Any:
    _require_no_bool("cumulative_trapezoid", y)
    _require_number("cumulative_trapezoid", dx)
    left, right = _halves(y, dim)
    return k.times(left + right, dx / 2.0).cumsum(dim)
