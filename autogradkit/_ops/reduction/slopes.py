"""Slopes by differences of neighbours: gradient.

A composition, as in PyTorch: in the middle by both neighbours, at the edges by the nearest one or two. Rests on declare;
declared when somebody asks for a name of it (`_ops.unloaded`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.declare import function, k
from autogradkit._ops.declare.kinds import Ints, Scalar, Scalars, Tensors
from autogradkit._ops.declare.plans import wrapped_dims
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.tensor import Tensor


def _require_fitting(self: Any, count: int | None, dims: Sequence[int] | None, edge_order: int) -> None:
    if self.dtype.name == "uint8":
        raise RuntimeError("torch.gradient does not support uint8 input.")
    if count is not None and dims is None and count != self.ndim:
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to 'self.dim() = "
            f"{self.ndim}', since dim argument was not given, but got a list of length {count}"
        )
    if count is not None and dims is not None and count != len(dims):
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the same "
            f"length, but got a spacing argument of length {count} and a dim argument of length {len(dims)}."
        )
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    if dims is not None:
        wrapped_dims(dims, self.ndim)
        if dims and not self.ndim:
            raise IndexError(f"Dimension specified as {dims[0]} but tensor has no dimensions")
    for dim in range(self.ndim) if dims is None else dims:
        if self.shape[wrap_dim(dim, self.ndim)] < edge_order + 1:
            raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")


def _slopes(self: Any, spacing: Any, dim: Any, edge_order: int) -> tuple[Any, ...]:
    dims = (dim,) if isinstance(dim, int) else dim
    several = isinstance(spacing, (list, tuple))
    _require_fitting(self, len(spacing) if several else None, dims, edge_order)
    along = range(self.ndim) if dims is None else dims
    steps = spacing if several else [1 if spacing is None else spacing] * len(along)
    by = [_by_coordinates if isinstance(step, Tensor) else _by_step for step in steps]
    return tuple([f(self, s, wrap_dim(d, self.ndim), edge_order) for f, s, d in zip(by, steps, along, strict=True)])


def _by_step(self: Any, step: Any, dim: int, edge_order: int) -> Any:
    def at(start: int, end: int | None = None) -> Any:
        return k.slice(self, dim, start, end, 1)

    times, over = k.mul_by_number, k.div_by_number
    middle = over(at(2) - at(0, -2), step)
    if edge_order == 1:
        first, last = over(at(1, 2) - at(0, 1), step), over(at(-1) - at(-2, -1), step)
    else:
        first = over(times(at(0, 1), -1.5) + times(at(1, 2), 2) - times(at(2, 3), 0.5), step)
        last = over(times(at(-3, -2), 0.5) - times(at(-2, -1), 2) + times(at(-1), 1.5), step)
    return k.cat([first, over(middle, 2), last], dim)


def _by_coordinates(self: Any, coordinates: Any, dim: int, edge_order: int) -> Any:
    if coordinates.ndim != 1:
        raise RuntimeError(
            f"torch.gradient expected each element of spacing to have one dimension, but got an element with "
            f"{coordinates.ndim} dimensions!"
        )

    def at(start: int, end: int | None = None) -> Any:
        return k.slice(self, dim, start, end, 1)

    steps = coordinates.diff()
    before, after = steps[:-1], steps[1:]
    shape = [-1 if each == dim else 1 for each in range(self.ndim)]
    a = (-after / (before * (before + after))).reshape(shape)
    b = ((after - before) / (before * after)).reshape(shape)
    c = (before / (after * (before + after))).reshape(shape)
    middle = a * at(0, -2) + b * at(1, -1) + c * at(2)
    if edge_order == 1:
        first, last = (at(1, 2) - at(0, 1)) / k.select(steps, 0, 0), (at(-1) - at(-2, -1)) / k.select(steps, 0, -1)
    else:
        one, two = k.select(steps, 0, 0), k.select(steps, 0, 1)
        a, b, c = (
            -(k.mul_by_number(one, 2.0) + two) / (one * (one + two)),
            (one + two) / (one * two),
            -one / (two * (one + two)),
        )
        first = a * at(0, 1) + b * at(1, 2) + c * at(2, 3)
        one, two = k.select(steps, 0, -1), k.select(steps, 0, -2)
        a, b, c = (
            one / (two * (one + two)),
            -(one + two) / (one * two),
            (k.mul_by_number(one, 2.0) + two) / (one * (one + two)),
        )
        last = a * at(-3, -2) + b * at(-2, -1) + c * at(-1)
    return k.cat([first, middle, last], dim)


gradient = function("gradient", variants="function")


@gradient.overload(composition=True)
def _(self: Tensor, *, dim: Ints, edge_order: int = 1) -> tuple[Any, ...]:
    """The slopes along every dimension (or those in `dim`) of numbers that stand `spacing` apart, or at these coordinates.

    >>> import autogradkit as torch
    >>> torch.gradient(torch.tensor([1.0, 4.0, 9.0, 16.0]))
    (tensor([3., 4., 6., 7.]),)
    """
    return _slopes(self, None, dim, edge_order)


@gradient.overload(composition=True)
def _(self: Tensor, *, spacing: Scalar, dim: Ints, edge_order: int = 1) -> tuple[Any, ...]:
    return _slopes(self, spacing, dim, edge_order)


@gradient.overload(composition=True)
def _(self: Tensor, *, spacing: Scalar | None = None, dim: int | None = None, edge_order: int = 1) -> tuple[Any, ...]:
    return _slopes(self, spacing, dim, edge_order)


@gradient.overload(composition=True)
def _(self: Tensor, *, spacing: Scalars, dim: int | None = None, edge_order: int = 1) -> tuple[Any, ...]:
    return _slopes(self, spacing, dim, edge_order)


@gradient.overload(composition=True)
def _(self: Tensor, *, spacing: Scalars, dim: Ints, edge_order: int = 1) -> tuple[Any, ...]:
    return _slopes(self, spacing, dim, edge_order)


@gradient.overload(composition=True)
def _(self: Tensor, *, spacing: Tensors, dim: int | None = None, edge_order: int = 1) -> tuple[Any, ...]:
    return _slopes(self, spacing, dim, edge_order)


@gradient.overload(composition=True)
def _(self: Tensor, *, spacing: Tensors, dim: Ints, edge_order: int = 1) -> tuple[Any, ...]:
    return _slopes(self, spacing, dim, edge_order)
