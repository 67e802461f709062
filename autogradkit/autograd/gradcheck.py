"""Checking gradients against finite differences.

Rests on the engine. The Jacobian that backward gives is compared with central differences (f(x + h) − f(x − h)) / 2h,
element by element; `gradgradcheck` does the same for the gradients themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autogradkit.core.errors import c_type_name
from autogradkit.core.frames import entry
from autogradkit.core.quiet import quiet, quietly
from autogradkit.core.strides import element_strides
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.warning import warn
from autogradkit.engine.backward import grad
from autogradkit.engine.history import requires_grad
from autogradkit.engine.modes import enable_grad, no_grad


class GradcheckError(RuntimeError):
    """The analytical and the numerical gradient disagree."""


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _differentiable(values: Sequence[Any]) -> list[Tensor]:
    return [v for v in values if isinstance(v, Tensor) and (v.is_floating_point() or v.is_complex())]


@quiet
def _slope(above: Any, below: Any, eps: float) -> Any:
    return (above - below) / (2 * eps)


@quiet
def _largest_distance(one: Any, other: Any) -> Any:
    return np.abs(one - other).max(initial=0)


class Part(NamedTuple):
    """What is compared of the outputs: of complex ones the real or the imaginary part."""

    says: str  # at the beginning of an error
    of: Callable[[Any], Any]  # an output's array, as the part of it
    seed: complex  # the gradient of the part of an element, with respect to the element
    complex_only: bool  # whether real outputs have no such part

    def outputs(self, given: Any) -> list[Tensor]:
        """Those outputs of a call that have the part."""
        found = _differentiable(_as_tuple(given))
        return [each for each in found if each.is_complex()] if self.complex_only else found


_SAYS = "While considering the {} part of complex outputs only, "
_WHOLE = Part("", np.real, 1, False)
_PARTS = (Part(_SAYS.format("imaginary"), np.imag, 1j, True), Part(_SAYS.format("real"), np.real, 1, False))


def numerical_jacobian(
    function: Callable[..., Any], inputs: tuple[Any, ...], which: Tensor, eps: float, part: Part
) -> list[Any]:
    """For each output the matrix d(part of an element) / d(input element): (elements of `which`) × (of the output).

    Of a complex input it is ∂/∂x + i·∂/∂y, as in a gradient.
    """
    array = which._array
    rows: list[list[Any]] = []
    with no_grad():
        for index in np.ndindex(array.shape):
            row = _slopes(function, inputs, array, index, eps, part)
            if array.dtype.kind == "c":
                across = _slopes(function, inputs, array, index, eps * 1j, part)
                row = [here + 1j * there for here, there in zip(row, across, strict=True)]
            rows.append(row)
    if not rows:
        return []
    return [np.stack([row[n].reshape(-1) for row in rows]) for n in range(len(rows[0]))]


def _slopes(
    function: Callable[..., Any], inputs: tuple[Any, ...], array: Any, index: Any, step: complex, part: Part
) -> list[Any]:
    """How much each output changes with one element of an input, (f(x + step) − f(x − step)) / 2|step|."""
    original = array[index].copy()
    sides: list[list[Any]] = []
    for change in (step, -step):
        array[index] = quietly(np.add, original, change)
        sides.append([part.of(each._array).copy() for each in part.outputs(function(*inputs))])
    array[index] = original
    return [_slope(above, below, abs(step)) for above, below in zip(*sides, strict=True)]


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


@entry
def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of `func` at `inputs` agree with finite differences, |a − n| ≤ atol + rtol · |n|.

    `inputs` should be float64 or complex128. Raises GradcheckError where they disagree, unless `raise_exception` is False;
    ValueError where no input requires grad, RuntimeError for an expanded one, NotImplementedError for the checks of batched
    and forward gradients, the fast mode and sparse tensors, which are not done here.

    >>> import autogradkit as torch
    >>> x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(torch.log, (x,))
    True
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    asked = {
        "check_batched_grad": check_batched_grad,
        "check_batched_forward_grad": check_batched_forward_grad,
        "check_forward_ad": check_forward_ad,
        "fast_mode": fast_mode,
        "masked": masked,
    }
    for name, value in asked.items():
        if value:
            raise NotImplementedError(
                f"gradcheck({name}=True) is not supported: it compares backward with finite differences, element by element."
            )
    arguments = _as_tuple(inputs)
    try:
        _check(func, arguments, eps, atol, rtol, nondet_tol, check_undefined_grad, check_grad_dtypes)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _check(
    func: Callable[..., Any],
    inputs: tuple[Any, ...],
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
    check_undefined_grad: bool,
    check_dtypes: bool,
) -> None:
    checked = [v for v in inputs if isinstance(v, Tensor) and requires_grad(v)]
    for index, value in enumerate(inputs):
        if not (isinstance(value, Tensor) and requires_grad(value)):
            continue
        if value.dtype.name not in ("float64", "complex128"):
            warn(
                f"Input #{index} requires gradient and is not a double precision floating point or complex. This check will "
                "likely fail if all the inputs are not of double precision floating point or complex. "
            )
        if any(
            stride == 0 and size > 1
            for stride, size in zip(element_strides(value._array), value._array.shape, strict=True)
        ):
            raise RuntimeError(
                f"The {index}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping "
                "to be able to compute the numerical gradients correctly. You should call .contiguous on the input before "
                "passing it to gradcheck."
            )
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    with enable_grad():
        given = _as_tuple(func(*inputs))
    for each in given:
        if not isinstance(each, Tensor):
            raise AttributeError(f"'{c_type_name(each)}' object has no attribute 'requires_grad'")
    parts = _PARTS if any(each.is_complex() for each in _differentiable(given)) else (_WHOLE,)
    for part in parts:
        for position, which in enumerate(inputs):
            if isinstance(which, Tensor) and requires_grad(which):
                numerical = numerical_jacobian(func, inputs, which, eps, part)
                for number, output in enumerate(part.outputs(given) if numerical else ()):
                    place = f"output {number} with respect to input {position}"
                    tolerances = (atol, rtol, nondet_tol)
                    _compare(numerical[number], output, which, part, place, tolerances, check_dtypes)
    if check_undefined_grad:
        _check_undefined(func, inputs, checked)


def _compare(
    numerical: Any,
    output: Tensor,
    which: Tensor,
    part: Part,
    place: str,
    tolerances: tuple[float, float, float],
    check_dtypes: bool,
) -> None:
    """Raise GradcheckError where the two Jacobians of one output by one input disagree, or backward with itself."""
    atol, rtol, nondet_tol = tolerances
    if not requires_grad(output):
        if _largest_distance(numerical, 0) > atol:
            raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    analytical = analytical_jacobian(output, which, part, check_dtypes)
    again = analytical_jacobian(output, which, part, check_dtypes)
    if _largest_distance(analytical, again) > nondet_tol:
        raise GradcheckError(
            "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different "
            "values, although analytical gradient matches numerical gradient.The tolerance for nondeterminism was "
            f"{nondet_tol}."
        )
    expected: Any = wrap(numerical.astype(analytical.dtype))
    if not wrap(analytical).allclose(expected, rtol, atol, equal_nan=True):
        dtype = which._array.dtype
        raise GradcheckError(
            f"{part.says}Jacobian mismatch for {place},\n"
            f"numerical:{wrap(numerical.astype(dtype))!r}\nanalytical:{wrap(analytical.astype(dtype))!r}\n"
        )


def _check_undefined(func: Callable[..., Any], inputs: tuple[Any, ...], checked: list[Tensor]) -> None:
    """A function of several outputs must cope when only one of them gets a gradient."""
    outputs = [each for each in _differentiable(_as_tuple(func(*inputs))) if requires_grad(each)]
    if len(outputs) < 2:
        return
    for output in outputs:
        try:
            grad(output, checked, wrap(np.ones_like(output._array)), retain_graph=True, allow_unused=True)
        except RuntimeError as error:
            raise GradcheckError(
                "Expected backward function to handle undefined output grads. Please look at 'Notes about undefined output "
                "gradients' in tools/autograd/derivatives.yaml"
            ) from error


@entry
def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
) -> bool:
    """`gradcheck` of the gradients: second derivatives against finite differences of first ones.

    `grad_outputs` default to fixed pseudo-random numbers. Raises as `gradcheck`.

    >>> import autogradkit as torch
    >>> x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradgradcheck(torch.log, (x,))
    True
    """
    arguments = _as_tuple(inputs)
    outputs = [each for each in _differentiable(_as_tuple(func(*arguments))) if requires_grad(each)]
    if grad_outputs is None:
        stream = np.random.default_rng(0)
        seeds = [wrap(stream.uniform(0.5, 1.5, each._array.shape).astype(each._array.dtype)) for each in outputs]
        for seed in seeds:
            seed._requires_grad = True
    else:
        seeds = list(_as_tuple(grad_outputs))
    count = len(arguments)

    def gradients(*values: Any) -> Any:
        own, given = values[:count], values[count:]
        with enable_grad():
            results = [each for each in _differentiable(_as_tuple(func(*own))) if requires_grad(each)]
            wanted = [each for each in own if isinstance(each, Tensor) and requires_grad(each)]
            found = grad(results, wanted, given, create_graph=True, allow_unused=True)
        return tuple(each for each in found if each is not None)

    return gradcheck(
        gradients,
        (*arguments, *seeds),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=False,
    )
