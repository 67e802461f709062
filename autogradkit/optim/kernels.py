"""How the optimizers change one parameter: array arithmetic in place, and nothing else.

Rests on NumPy, core.fused, core.steps and core.parts; `SGD` and `Adam` call these. A kernel takes the arrays of a parameter, of
its gradient and of its state, and the numbers of a step. It says how they change, and changes nothing itself: it returns the
steps, which its caller takes at once, so that an interrupt leaves parameter and state both old or both new. Numbers are 0-d
arrays of the parameter's dtype, which NumPy takes in half the time that a Python number costs; `sgd_numbers` and `adam_numbers`
make them once for all parameters of a group, and leave out what the options leave out. `KERNELS` lists the kernels by name, so
that a captured step can name its updates and take them again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import setitem
from typing import Any

import numpy as np

from autogradkit.core.fused import adding_multiple32
from autogradkit.core.parts import PART, in_parts
from autogradkit.core.steps import Step

Array = np.ndarray[Any, Any]
Numbers = dict[str, Any]

Kernel = Callable[..., list[Step]]

WORTH_PARTS = 4 * PART  # elements: with fewer the caches hold them as well, and more calls cost more

_WORTH_FUSING = 1 << 11  # elements

KERNELS: dict[str, Kernel] = {}


def _kernel(function: Kernel) -> Kernel:
    KERNELS[function.__name__] = function
    return function


def _steps(form: Kernel, arrays: Sequence[Array | None], numbers: Numbers) -> list[Step]:
    """The steps of `form` for these arrays, with arrays like them to work in: `change`, and `direction` where the gradient is not
    the direction itself. Those of large arrays are taken part by part."""
    directed = "weight_decay" in numbers or "maximize" in numbers
    whole: Any = arrays[0]
    if whole.size <= WORTH_PARTS:
        return form(*arrays, np.empty_like(whole), np.empty_like(whole) if directed else None, **numbers)
    there = [each for each in arrays if each is not None]
    change, direction = None, None
    steps: list[Step] = []
    for part in in_parts(*there):
        if change is None:
            change, direction = np.empty_like(part[0]), np.empty_like(part[0]) if directed else None
        parts = iter(part)
        given = [each if each is None else next(parts) for each in arrays]
        steps += form(*given, cut(change, part[0]), None if direction is None else cut(direction, part[0]), **numbers)
    return steps


def cut(work: Array, part: Array) -> Array:
    """Of an array to work in as much as a part, the last of which is smaller, needs."""
    return work if work.shape == part.shape else work[: len(part)]


def sgd_numbers(
    dtype: np.dtype[Any],
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> Numbers:
    """The keyword arguments of `sgd` for parameters of this dtype.

    >>> options = {"dampening": 0, "weight_decay": 0, "nesterov": False, "maximize": False}
    >>> sorted(sgd_numbers(np.dtype("float32"), lr=0.1, momentum=0.9, **options))
    ['descent', 'momentum']
    """
    numbers: Numbers = {"descent": np.asarray(-lr, dtype)}
    if momentum:
        numbers["momentum"] = np.asarray(momentum, dtype)
        if dampening:
            numbers["undamped"] = np.asarray(1 - dampening, dtype)
        if nesterov:
            numbers["nesterov"] = True
    if weight_decay:
        numbers["weight_decay"] = np.asarray(weight_decay, dtype)
    if maximize:
        numbers["maximize"] = True
    return numbers


def _sgd(
    parameter: Array,
    gradient: Array,
    momentum_buffer: Array | None,
    change: Array,
    direction: Array | None,
    *,
    descent: Array,
    momentum: Array | None = None,
    undamped: Array | None = None,
    weight_decay: Array | None = None,
    nesterov: bool = False,
    maximize: bool = False,
    first: bool = False,
) -> list[Step]:
    if direction is None:
        direction = gradient
        steps: list[Step] = []
    else:
        steps = _direct(parameter, gradient, weight_decay, maximize, direction)
    if momentum_buffer is None or momentum is None:
        return [*steps, *_adding(parameter, direction, descent, parameter, change)]
    if first:
        steps.append((setitem, momentum_buffer, ..., direction))
    else:
        steps.append((np.multiply, momentum_buffer, momentum, momentum_buffer))
        if undamped is None:
            steps.append((np.add, momentum_buffer, direction, momentum_buffer))
        else:
            steps += _adding(momentum_buffer, direction, undamped, momentum_buffer, change)
    if not nesterov:
        return [*steps, *_adding(parameter, momentum_buffer, descent, parameter, change)]
    steps += _adding(direction, momentum_buffer, momentum, change, change)
    return [*steps, *_adding(parameter, change, descent, parameter, change)]


@_kernel
def sgd(parameter: Array, gradient: Array, momentum_buffer: Array | None, numbers: Numbers) -> list[Step]:
    """One step of stochastic gradient descent; the `first` one starts the momentum from the gradient itself."""
    return _steps(_sgd, (parameter, gradient, momentum_buffer), numbers)


def adam_numbers(
    dtype: np.dtype[Any],
    step: float,
    *,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
    decoupled_weight_decay: bool,
    maximize: bool,
) -> Numbers:
    """The keyword arguments of `adam` for parameters of this dtype at their step number `step`, counted from 1.

    >>> options = {"betas": (0.5, 0.75), "eps": 0.0, "weight_decay": 0.0, "decoupled_weight_decay": False, "maximize": False}
    >>> adam_numbers(np.dtype("float32"), 1, lr=0.25, **options)["lr"]
    array(0.5, dtype=float32)
    """
    beta1, beta2 = betas
    numbers: Numbers = {
        "lr": np.asarray(lr / (1 - beta1**step), dtype),
        "eps": np.asarray(eps, dtype),
        "to_average": np.asarray(1 - beta1, dtype),
        "keep_square": np.asarray(beta2, dtype),
        "to_square": np.asarray(1 - beta2, dtype),
        "correction": np.asarray(math.sqrt(1 - beta2**step), dtype),
    }
    if weight_decay and decoupled_weight_decay:
        numbers["shrink"] = np.asarray(1 - lr * weight_decay, dtype)
    elif weight_decay:
        numbers["weight_decay"] = np.asarray(weight_decay, dtype)
    if maximize:
        numbers["maximize"] = True
    return numbers


def _adam(
    parameter: Array,
    gradient: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    max_exp_avg_sq: Array | None,
    change: Array,
    direction: Array | None,
    *,
    lr: Array,
    eps: Array,
    to_average: Array,
    keep_square: Array,
    to_square: Array,
    correction: Array,
    shrink: Array | None = None,
    weight_decay: Array | None = None,
    maximize: bool = False,
) -> list[Step]:
    steps: list[Step] = []
    if shrink is not None:
        steps.append((np.multiply, parameter, shrink, parameter))
    if direction is None:
        direction = gradient
    else:
        steps += _direct(parameter, gradient, weight_decay, maximize, direction)
    steps += [
        (np.subtract, direction, exp_avg, change),
        (np.multiply, change, to_average, change),
        (np.add, exp_avg, change, exp_avg),
        (np.multiply, exp_avg_sq, keep_square, exp_avg_sq),
        (np.multiply, direction, direction, change),
        (np.multiply, change, to_square, change),
        (np.add, exp_avg_sq, change, exp_avg_sq),
    ]
    square = exp_avg_sq
    if max_exp_avg_sq is not None:
        steps.append((partial(np.maximum, max_exp_avg_sq, exp_avg_sq, out=max_exp_avg_sq),))
        square = max_exp_avg_sq
    steps += [
        (np.sqrt, square, change),
        (np.divide, change, correction, change),
        (np.add, change, eps, change),
        (np.divide, exp_avg, change, change),
        (np.multiply, change, lr, change),
        (np.subtract, parameter, change, parameter),
    ]
    return steps


@_kernel
def adam(
    parameter: Array,
    gradient: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    max_exp_avg_sq: Array | None,
    numbers: Numbers,
) -> list[Step]:
    """One step of Adam. `lr` is corrected for the average that started at zero; `shrink` is AdamW's decay."""
    return _steps(_adam, (parameter, gradient, exp_avg, exp_avg_sq, max_exp_avg_sq), numbers)


def widened(array: Array) -> Array:
    """A copy in float32, which steps of half precision are computed in, as by PyTorch's kernels."""
    return array.astype(np.float32)


def narrowing(pairs: Iterable[tuple[Array | None, Array | None]]) -> list[Step]:
    """The steps that write what was computed in float32 where it belongs."""
    return [(setitem, narrow, ..., wide) for narrow, wide in pairs if narrow is not None]


def _direct(
    parameter: Array, gradient: Array, weight_decay: Array | None, maximize: bool, direction: Array
) -> list[Step]:
    """The steps that fill `direction` with ±gradient + weight_decay·parameter."""
    if not maximize and weight_decay is not None:
        return _adding(gradient, parameter, weight_decay, direction, direction)
    steps: list[Step] = [(np.negative, gradient, direction)]
    if weight_decay is not None:
        steps += _adding(direction, parameter, weight_decay, direction, np.empty_like(direction))
    return steps


def _adding(base: Array, x: Array, factor: Array, out: Array, work: Array) -> list[Step]:
    """The steps that write base + factor·x into `out`; many numbers of float32 are rounded once, as in PyTorch.

    `work` is an array to work in. It may be `x` or `out`, and `out` may be `base`, which `work` is not.
    """
    if (
        x.size >= _WORTH_FUSING
        and x.dtype.char == out.dtype.char == "f"
        and x.flags.c_contiguous
        and out.flags.c_contiguous
    ):
        fused = adding_multiple32(x, factor.item(), out)
        if fused is not None:
            return fused if out is base else [(setitem, out, ..., base), *fused]
    return [(np.multiply, x, factor, work), (np.add, base, work, out)]
