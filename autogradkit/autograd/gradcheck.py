"""Checking gradients against finite differences.

Rests on the engine. The Jacobian that backward gives is compared with central differences (f(x + h) − f(x − h)) / 2h,
element by element; `gradgradcheck` does the same for the gradients themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit.core.frames import entry
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


def numerical_jacobian(function: Callable[..., Any], inputs: tuple[Any, ...], which: Tensor, eps: float) -> list[Any]:
    """For each output the matrix d(output element) / d(input element), (elements of `which`) × (elements of output)."""
    columns: list[list[Any]] = []
    array = which._array
    with no_grad():
        for index in np.ndindex(array.shape):
            original = array[index].copy()
            sides: list[list[Any]] = []
            for step in (eps, -eps):
                array[index] = original + step
                sides.append([each._array.copy() for each in _differentiable(_as_tuple(function(*inputs)))])
            array[index] = original
            columns.append([(above - below) / (2 * eps) for above, below in zip(*sides, strict=True)])
    if not columns:
        return []
    return [np.stack([column[n].reshape(-1) for column in columns]) for n in range(len(columns[0]))]


def analytical_jacobian(output: Tensor, which: Tensor) -> Any:
    """The same matrix for one output, one backward for each of its elements."""
    columns: list[Any] = []
    for index in np.ndindex(output._array.shape):
        seed = np.zeros_like(output._array)
        seed[index] = 1
        (found,) = grad(output, which, wrap(seed), retain_graph=True, allow_unused=True)
        columns.append(np.zeros(which._array.size) if found is None else found._array.reshape(-1))
    return np.stack(columns, axis=1) if columns else np.zeros((which._array.size, 0))


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
) -> bool:
    """Whether the gradients of `func` at `inputs` agree with finite differences, |a − n| ≤ atol + rtol · |n|.

    `inputs` should be float64. Raises GradcheckError where they disagree, unless `raise_exception` is False; ValueError
    where no input requires grad.

    >>> import autogradkit as torch
    >>> x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(torch.log, (x,))
    True
    """
    arguments = _as_tuple(inputs)
    try:
        _check(func, arguments, eps, atol, rtol, nondet_tol, check_undefined_grad)
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
) -> None:
    checked = [v for v in inputs if isinstance(v, Tensor) and requires_grad(v)]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    for index, value in enumerate(inputs):
        if isinstance(value, Tensor) and requires_grad(value) and value.dtype.name not in ("float64", "complex128"):
            warn(
                f"Input #{index} requires gradient and is not a double precision floating point or complex. This check will "
                "likely fail if all the inputs are not of double precision floating point or complex. "
            )
    with enable_grad():
        outputs = _differentiable(_as_tuple(func(*inputs)))
    for position, which in enumerate(inputs):
        if not (isinstance(which, Tensor) and requires_grad(which)):
            continue
        numerical = numerical_jacobian(func, inputs, which, eps)
        for number, output in enumerate(outputs):
            if not numerical:
                continue
            if not requires_grad(output):
                if np.abs(numerical[number]).max(initial=0) > atol:
                    raise GradcheckError("Numerical gradient for function expected to be zero")
                continue
            analytical = analytical_jacobian(output, which)
            again = analytical_jacobian(output, which)
            if np.abs(analytical - again).max(initial=0) > nondet_tol:
                raise GradcheckError(
                    f"Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives "
                    f"different values, although analytical gradient matches numerical gradient.The tolerance for "
                    f"nondeterminism was {nondet_tol}."
                )
            if not np.allclose(analytical, numerical[number], rtol=rtol, atol=atol, equal_nan=True):
                dtype = which._array.dtype
                raise GradcheckError(
                    f"Jacobian mismatch for output {number} with respect to input {position},\n"
                    f"numerical:{wrap(numerical[number].astype(dtype))!r}\nanalytical:{wrap(analytical.astype(dtype))!r}\n"
                )
    if check_undefined_grad:
        _check_undefined(func, inputs, checked)


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
