"""Checking gradients against finite differences.

Rests on the engine. The Jacobian that backward gives is compared with central differences (f(x + h) − f(x − h)) / 2h,
element by element; `gradgradcheck` does the same for the gradients themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare.names import FUNCTION
from autogradkit._ops.pointwise.agreement import allclose
from autogradkit.autograd.checked_jacobians import (
    INPUT_PARTS,
    PARTS,
    WHOLE,
    GradcheckError,
    Part,
    analytical_jacobian,
    as_tuple,
    differentiable,
    forward_columns,
    largest_distance,
    numerical_columns,
    numerical_jacobian,
)
from autogradkit.autograd.function import Function
from autogradkit.core.errors import c_type_name
from autogradkit.core.frames import entry
from autogradkit.core.strides import element_strides
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.warning import warn
from autogradkit.engine.backward import grad
from autogradkit.engine.history import requires_grad
from autogradkit.engine.modes import enable_grad
from autogradkit.testing.creation import make_tensor


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

    `inputs` should be float64 or complex128. `check_forward_ad` holds forward mode to the differences, too. All elements are
    looked at, so `fast_mode`, which looks at one random combination of them, gives the same answer no sooner;
    batched gradients are not looked at, which rules with tests of their own compute; `masked` is about sparse inputs, which
    are refused. Raises GradcheckError where they disagree, unless `raise_exception` is False; ValueError where no input
    requires grad, RuntimeError for an expanded one.

    >>> import autogradkit as torch
    >>> x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(torch.log, (x,))
    True
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    arguments = as_tuple(inputs)
    try:
        checked, given = _checked(func, arguments)
        if check_backward_ad:
            _check_backward(func, arguments, given, eps, (atol, rtol, nondet_tol), check_grad_dtypes)
        if check_forward_ad:
            _check_forward(func, arguments, eps, atol, rtol)
        if check_backward_ad:
            outputs = differentiable(given)
            _check_zeros([each for each in outputs if requires_grad(each)], checked)
            if check_undefined_grad:
                _check_undefined(func, arguments, checked, len(outputs))
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _checked(func: Callable[..., Any], inputs: tuple[Any, ...]) -> tuple[list[Tensor], tuple[Any, ...]]:
    """(the inputs to differentiate by, what the function gives). Raises for what cannot be checked."""
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
            for stride, size in zip(element_strides(value._memory), value._memory.shape, strict=True)
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
        given = as_tuple(func(*inputs))
    for each in given:
        if not isinstance(each, Tensor):
            raise AttributeError(f"'{c_type_name(each)}' object has no attribute 'requires_grad'")
    return checked, given


def _check_backward(
    func: Callable[..., Any],
    inputs: tuple[Any, ...],
    given: tuple[Any, ...],
    eps: float,
    tolerances: tuple[float, float, float],
    check_dtypes: bool,
) -> None:
    parts = PARTS if any(each.is_complex() for each in differentiable(given)) else (WHOLE,)
    for part in parts:
        for position, which in enumerate(inputs):
            if isinstance(which, Tensor) and requires_grad(which):
                numerical = numerical_jacobian(func, inputs, which, eps, part)
                for number, output in enumerate(part.outputs(given) if numerical else ()):
                    place = f"output {number} with respect to input {position}"
                    _compare(numerical[number], output, which, part, place, tolerances, check_dtypes)


def _check_forward(func: Callable[..., Any], inputs: tuple[Any, ...], eps: float, atol: float, rtol: float) -> None:
    """Raise GradcheckError where tangents disagree with finite differences."""
    has_complex = any(isinstance(each, Tensor) and each.is_complex() for each in inputs)
    for says, direction in INPUT_PARTS if has_complex else (("", 1),):
        for position, which in enumerate(inputs):
            if not (isinstance(which, Tensor) and requires_grad(which)) or (direction == 1j and not which.is_complex()):
                continue
            numerical = numerical_columns(func, inputs, which, eps, direction)
            analytical = forward_columns(func, inputs, which, direction)
            for number, (expected, found) in enumerate(zip(numerical, analytical, strict=True)):
                mine, theirs = wrap(found), wrap(expected.astype(found.dtype))
                if not _agree(mine, theirs, rtol, atol):
                    raise GradcheckError(
                        f"{says}Jacobian computed with forward mode mismatch for output {number} with respect to input "
                        f"{position},\nnumerical:{theirs!r}\nanalytical:{mine!r}\n"
                    )


def _agree(mine: Tensor, theirs: Any, rtol: float, atol: float) -> bool:
    """Whether they are near, asked as a user asks: what `torch.allclose` refuses is said of its arguments."""
    return allclose.owner.call((mine, theirs, rtol, atol), {}, FUNCTION, "allclose")


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
        if largest_distance(numerical, 0) > atol:
            raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    analytical = analytical_jacobian(output, which, part, check_dtypes)
    again = analytical_jacobian(output, which, part, check_dtypes)
    if largest_distance(analytical, again) > nondet_tol:
        raise GradcheckError(
            "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different "
            "values, although analytical gradient matches numerical gradient.The tolerance for nondeterminism was "
            f"{nondet_tol}."
        )
    expected: Any = wrap(numerical.astype(analytical.dtype))
    if not _agree(wrap(analytical), expected, rtol, atol):
        dtype = which._array.dtype
        raise GradcheckError(
            f"{part.says}Jacobian mismatch for {place},\n"
            f"numerical:{wrap(numerical.astype(dtype))!r}\nanalytical:{wrap(analytical.astype(dtype))!r}\n"
        )


class _Undefined(Function):
    """Its input, which it gives no gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> None:
        return None


def _check_zeros(outputs: list[Tensor], checked: list[Tensor]) -> None:
    """Where the gradient that arrives is 0, that which leaves is."""
    zeros = [wrap(np.zeros_like(each._array)) for each in outputs]
    found = grad(outputs, checked, zeros, allow_unused=True) if outputs else ()
    if any(each is not None and each._array.any() for each in found):
        raise GradcheckError("backward not multiplied by grad_output")


def _check_undefined(func: Callable[..., Any], inputs: tuple[Any, ...], checked: list[Tensor], count: int) -> None:
    """A function must cope when none of its `count` outputs gets a gradient, or, of several, one does not."""
    for left in (None, *(range(count) if count > 1 else ())):
        outputs = [
            _Undefined.apply(each) if left in (None, number) else each
            for number, each in enumerate(differentiable(as_tuple(func(*inputs))))
            if requires_grad(each)
        ]
        zeros = [wrap(np.zeros_like(each._array)) for each in outputs]
        try:
            found = grad(outputs, checked, zeros, allow_unused=True) if outputs else ()
        except RuntimeError as error:
            _warn_of_undefined()
            raise GradcheckError(
                'Expected backward function to handle undefined output grads. Please look at "Notes about undefined output '
                'gradients" in "tools/autograd/derivatives.yaml"'
            ) from error
        if any(each is not None and each._array.any() for each in found):
            _warn_of_undefined()
            raise GradcheckError(
                "Expected all input grads to be undefined or zero when all output grads are undefined or zero. Please look at "
                '"Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
            )


def _warn_of_undefined() -> None:
    warn(
        "Backwards compatibility: New undefined gradient support checking feature is enabled by default, but it may break "
        "existing callers of this function. If this is true for you, you can call this function with "
        '"check_undefined_grad=False" to disable the feature'
    )


@entry
def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """`gradcheck` of the gradients: second derivatives against finite differences of first ones.

    `grad_outputs` default to numbers between -1 and 1, drawn from the default generator as PyTorch draws them; with
    `gen_non_contig_grad_outputs` they lie apart in memory. The
    gradient's gradient is computed by backward (`check_rev_over_rev`), by forward mode (`check_fwd_over_rev`), or both. Raises
    as `gradcheck`.

    >>> import autogradkit as torch
    >>> x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradgradcheck(torch.log, (x,))
    True
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    for name, asked in (("check_undefined_grad", check_undefined_grad), ("check_batched_grad", check_batched_grad)):
        if asked and not check_rev_over_rev:
            raise AssertionError(f"Setting {name}=True requires check_rev_over_rev to be True")
    arguments = as_tuple(inputs)
    outputs = [each for each in differentiable(as_tuple(func(*arguments))) if requires_grad(each)]
    if grad_outputs is None:
        seeds = [_seed(each, gen_non_contig_grad_outputs) for each in outputs]
    else:
        seeds = list(as_tuple(grad_outputs))
    count = len(arguments)
    given = (*arguments, *seeds)
    places = [place for place, each in enumerate(given) if isinstance(each, Tensor) and requires_grad(each)]

    def gradients(*values: Any) -> Any:
        for place in places:
            values[place].requires_grad_()  # forward mode is given what is detached
        with enable_grad():
            results = [each for each in differentiable(as_tuple(func(*values[:count]))) if requires_grad(each)]
            wanted = [values[place] for place in places if place < count]
            found = grad(results, wanted, values[count:], create_graph=True, allow_unused=True)
        return tuple(each for each in found if each is not None)

    return gradcheck(
        gradients,
        given,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )


def _seed(like: Tensor, apart: bool) -> Tensor:
    """A vector to begin with for an output, of which every other element of its memory is used where `apart`."""
    return make_tensor(
        like.shape, dtype=like.dtype, device="cpu", low=-1, high=1, requires_grad=True, noncontiguous=apart
    )
