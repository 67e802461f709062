"""Jacobians for `gradcheck`: by finite differences, by backward, by forward mode.

Rests on the engine and on forward_ad. A matrix has a row for each element of the input and a column for each of the output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autogradkit.autograd.forward_ad import dual_level, make_dual, unpack_dual
from autogradkit.core.quiet import quiet
from autogradkit.core.size import Size
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.backward import grad


class GradcheckError(RuntimeError):
    """The analytical and the numerical gradient disagree."""


def as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def differentiable(values: Sequence[Any]) -> list[Tensor]:
    return [v for v in values if isinstance(v, Tensor) and (v.is_floating_point() or v.is_complex())]


@quiet
def _slope(above: Any, below: Any, eps: float) -> Any:
    return (above - below) / (2 * eps)


@quiet
def largest_distance(one: Any, other: Any) -> Any:
    return np.abs(one - other).max(initial=0)


class Part(NamedTuple):
    """What is compared of the outputs: of complex ones the real or the imaginary part."""

    says: str  # at the beginning of an error
    of: Callable[[Any], Any]  # an output's array, as the part of it
    seed: complex  # the gradient of the part of an element, with respect to the element
    complex_only: bool  # whether real outputs have no such part

    def outputs(self, given: Any) -> list[Tensor]:
        """Those outputs of a call that have the part."""
        found = differentiable(as_tuple(given))
        return [each for each in found if each.is_complex()] if self.complex_only else found


_SAYS = "While considering the {} part of complex outputs only, "
WHOLE = Part("", np.real, 1, False)
INPUT_PARTS = (  # of complex inputs in forward mode: (what an error begins with, the direction that they change in)
    ("While considering the imaginary part of complex inputs only, ", 1j),
    ("While considering the real part of complex inputs only, ", 1),
)
PARTS = (Part(_SAYS.format("imaginary"), np.imag, 1j, True), Part(_SAYS.format("real"), np.real, 1, False))


def numerical_jacobian(
    function: Callable[..., Any], inputs: tuple[Any, ...], which: Tensor, eps: float, part: Part
) -> list[Any]:
    """For each output the matrix d(part of an element) / d(input element): (elements of `which`) × (of the output).

    Of a complex input it is ∂/∂x + i·∂/∂y, as in a gradient.
    """
    array = which._array
    rows: list[list[Any]] = []
    for index in np.ndindex(array.shape):
        row = slopes(function, inputs, array, index, eps, 1, part)
        if array.dtype.kind == "c":
            across = slopes(function, inputs, array, index, eps, 1j, part)
            row = [here + 1j * there for here, there in zip(row, across, strict=True)]
        rows.append(row)
    if not rows:
        return []
    return [np.stack([row[n].reshape(-1) for row in rows]) for n in range(len(rows[0]))]


def slopes(
    function: Callable[..., Any],
    inputs: tuple[Any, ...],
    array: Any,
    index: Any,
    eps: float,
    direction: complex,
    part: Part,
) -> list[Any]:
    """How much each output changes with one element of an input, (f(x + eps · direction) − f(x − eps · direction)) / 2 eps.

    Raises AssertionError where the step changes an output's shape or dtype.
    """
    original: Any = wrap(np.array(array[index]))
    step = eps if direction == 1 else eps * direction
    sides: list[list[Any]] = []
    for moved in (original - step, original + step):
        array[index] = moved._array
        sides.append([part.of(each._array).copy() for each in part.outputs(function(*inputs))])
    array[index] = original._array
    for below, above in zip(*sides, strict=True):
        for what, one, other in (
            ("shape", Size(below.shape), Size(above.shape)),
            ("dtype", wrap(below).dtype, wrap(above).dtype),
        ):
            if one != other:
                raise AssertionError(
                    f"Expected `func` to return outputs with the same {what} when inputs are perturbed on index {index} by "
                    f"{step}, but got: {what}s {one} and {other}."
                )
    return [_slope(above, below, eps) for below, above in zip(*sides, strict=True)]


def analytical_jacobian(output: Tensor, which: Tensor, part: Part, check_dtype: bool) -> Any:
    """The same matrix for one output, one backward for each of its elements."""
    columns: list[Any] = []
    for index in np.ndindex(output._array.shape):
        seed = np.zeros_like(output._array)
        seed[index] = part.seed
        (found,) = grad(output, which, wrap(seed), retain_graph=True, allow_unused=True)
        if check_dtype and found is not None and found.dtype is not which.dtype:
            raise GradcheckError("Gradient has dtype mismatch")
        columns.append(np.zeros(which._array.size, which._array.dtype) if found is None else found._array.reshape(-1))
    return np.stack(columns, axis=1) if columns else np.zeros((which._array.size, 0), which._array.dtype)


def numerical_columns(
    function: Callable[..., Any], inputs: tuple[Any, ...], which: Tensor, eps: float, direction: complex
) -> list[Any]:
    """For each output d(element) / d(input element), where each element of `which` changes by a multiple of `direction`."""
    part = Part("", np.asarray, 1, False)
    rows = [
        slopes(function, inputs, which._array, index, eps, direction, part) for index in np.ndindex(which._array.shape)
    ]
    return [np.stack([each.reshape(-1) for each in several]) for several in zip(*rows, strict=True)]


def forward_columns(
    function: Callable[..., Any], inputs: tuple[Any, ...], which: Tensor, direction: complex
) -> list[Any]:
    """The same matrices by forward mode, a run of the function for each element of `which`."""
    rows: list[list[Any]] = []
    for index in np.ndindex(which._array.shape):
        change = np.zeros_like(which._array)
        change[index] = direction
        with dual_level():
            given = [
                make_dual(each.detach(), wrap(change))
                if each is which
                else each.detach()
                if isinstance(each, Tensor)
                else each
                for each in inputs
            ]
            row: list[Any] = []
            for each in differentiable(as_tuple(function(*given))):
                tangent = unpack_dual(each).tangent
                row.append(
                    np.zeros(each._array.size, each._array.dtype) if tangent is None else tangent._array.reshape(-1)
                )
        rows.append(row)
    return [np.stack(several) for several in zip(*rows, strict=True)]
