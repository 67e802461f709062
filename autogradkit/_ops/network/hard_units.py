"""Activations of straight pieces: hardtanh, relu6, hardsigmoid, hardswish, hardshrink, softshrink.

Rests on declare; `nn.functional` publishes them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import SAME, k, op
from autogradkit._ops.declare.declaration import UNIMPLEMENTED, Samples
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import not_implemented, scalar_type, undifferentiated
from autogradkit._ops.declare.writing import require_found
from autogradkit._ops.making.scalars import number_in, scalar_array
from autogradkit._ops.network.rounding import write_by
from autogradkit.core.bits import chosen, kept, signed
from autogradkit.core.clip import clip
from autogradkit.core.dtype import float64, from_numpy_dtype, int64, largest
from autogradkit.core.parts import in_parts


def _between(*numbers: float) -> Samples:
    """Samples on each of the pieces, away from where they meet."""
    return lambda t: [
        (t(2, 3, low=-0.4, high=0.4), *numbers),
        (t(2, low=1.2, high=2.5), *numbers),
        (t(2, low=-2.5, high=-1.2), *numbers),
        (t(low=7, high=8), *numbers),
        (t(0, 2), *numbers),
    ]


# -- hardtanh and relu6 ------------------------------------------------------------------------------------------------


def _whole(bound: float) -> int:
    """A bound of integers, as C++ takes it: its fraction is dropped."""
    return int(scalar_array(bound, int64))


def _refuse_hardtanh(self: Any, min_val: float = -1, max_val: float = 1) -> None:
    kind = self._array.dtype.kind
    if kind == "b":
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if kind == "c":
        raise NotImplementedError("clamp is not supported for complex types")
    if kind == "u" and (_whole(min_val) < 0 or _whole(max_val) < 0):
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")


@op(
    variants="",
    in_place=True,
    pointwise=SAME,
    unary=True,
    dtypes=_refuse_hardtanh,
    out=False,
    samples=_between(-1.0, 1.0),
    vjp={"self": lambda g, self, min_val, max_val: k.hardtanh_backward(g, self, min_val, max_val)},
    rule="∂self = ∂ where min_val < self < max_val, else 0",
)
def hardtanh(self: Array, min_val: Scalar = -1, max_val: Scalar = 1, *, out: Array) -> None:
    """x, no less than `min_val` and no more than `max_val`."""
    if self.dtype.kind in "iu":
        min_val, max_val = _whole(min_val), _whole(max_val)
    low, high = number_in(self, min_val), number_in(self, max_val)
    if self.dtype.char in "fd":
        clip(self, low, high, out)
    else:  # `clip` takes 0 for a float16 of -0, and has no bfloat16
        np.maximum(low, self, out=out)
        np.minimum(high, out, out=out)


@op(
    variants="",
    pointwise=SAME,
    dtypes=not_implemented("hardtanh_backward_cpu", "biuc"),
    samples=lambda t: [(t(2, 3), t(2, 3).detach(), -1.0, 1.0)],
    vjp={
        "grad_output": lambda g, self, min_val, max_val: k.hardtanh_backward(g, self, min_val, max_val),
        "self": lambda g: k.zeros_like(g),
    },
    rule="∂grad_output = ∂ where min_val < self < max_val, else 0\n∂self = 0",
)
def hardtanh_backward(grad_output: Array, self: Array, min_val: Scalar, max_val: Scalar, *, out: Array) -> None:
    """The gradient where `self` is between the two numbers, 0 elsewhere."""
    low, high = number_in(self, min_val), number_in(self, max_val)
    for into, g, x in in_parts(out, grad_output, self):
        kept(~((x <= low) | (x >= high)), g, into)


@op(variants="", in_place=True, composition=True, edit=lambda self: hardtanh.in_place_call(self, 0, 6))
def relu6(self: Array) -> Any:
    """max(x, 0), no more than 6."""
    return hardtanh.straight(self, 0, 6)


# -- hardsigmoid and hardswish -----------------------------------------------------------------------------------------


_SIXTH = np.float32(1 / 6)  # what PyTorch multiplies by, in float64 too


@op(
    variants="",
    in_place=True,
    pointwise=SAME,
    dtypes=not_implemented("hardsigmoid_cpu", "biuc"),
    out=False,
    samples=_between(),
    vjp={"self": lambda g, self: k.hardsigmoid_backward(g, self)},
    rule="∂self = ∂ / 6 where -3 < self < 3, else 0",
)
def hardsigmoid(self: Array, *, out: Array) -> None:
    """(x + 3) / 6, no less than 0 and no more than 1."""

    def body(x: Array, out: Array) -> None:
        np.add(x, number_in(x, 3), out)
        clip(out, number_in(x, 0), number_in(x, 6), out)
        np.divide(out, number_in(x, 6), out)

    write_by(out, body, self)


@op(
    variants="",
    pointwise=SAME,
    node=UNIMPLEMENTED,
    vjp=dict.fromkeys(("grad_output", "self"), undifferentiated("hardsigmoid_backward")),
)
def hardsigmoid_backward(grad_output: Array, self: Array, *, out: Array) -> None:
    """A sixth of the gradient where `self` is between −3 and 3, 0 elsewhere. PyTorch does not differentiate it."""
    write_by(out, lambda g, x, out: kept((x > -3) & (x < 3), g * g.dtype.type(_SIXTH), out), grad_output, self)


@op(
    variants="",
    in_place=True,
    pointwise=SAME,
    dtypes=not_implemented("hardswish_cpu", "biuc"),
    out=False,
    samples=lambda t: [(t(2, 3),), (t(2, low=3.5, high=5),), (t(low=-5, high=-3.5),), (t(0, 2),)],
    vjp={"self": lambda g, self: k.hardswish_backward(g, self)},
    rule="∂self = ∂ where self ≥ 3, ∂ · (self / 3 + 1/2) down to -3, 0 below",
)
def hardswish(self: Array, *, out: Array) -> None:
    """x · hardsigmoid(x)."""

    def body(x: Array, out: Array) -> None:
        np.add(x, number_in(x, 3), out)
        clip(out, number_in(x, 0), number_in(x, 6), out)
        np.multiply(x, out, out)
        np.divide(out, number_in(x, 6), out)

    write_by(out, body, self)


@op(
    variants="",
    pointwise=SAME,
    samples=lambda t: [(t(2, 3), t(2, 3)), (t(2), t(2, low=3.5, high=5)), (t(2), t(2, low=-5, high=-3.5))],
    vjp={
        "grad_output": lambda g, self: k.hardswish_backward(g, self),
        "self": lambda g, grad_output, self: k.where((self > -3) & (self < 3), k.times(g * grad_output, 1 / 3), 0.0),
    },
    rule=(
        "∂grad_output = ∂ where self ≥ 3, ∂ · (self / 3 + 1/2) down to -3, 0 below\n"
        "∂self = ∂ · grad_output / 3 where -3 < self < 3, else 0"
    ),
)
def hardswish_backward(grad_output: Array, self: Array, *, out: Array) -> None:
    """The gradient of hardswish."""

    def body(g: Array, x: Array, out: Array) -> None:
        three = number_in(x, 3)
        between = x / three
        between += number_in(x, 0.5)
        between *= g
        kept(~(x <= -three), between, out)
        chosen(x < three, out, g, out)

    write_by(out, body, grad_output, self)


# -- hardshrink and softshrink -----------------------------------------------------------------------------------------


@op(
    pointwise=SAME,
    dtypes=not_implemented("hardshrink_cpu", "biuc"),
    out_dtype=require_found,
    samples=_between(0.5),
    vjp={"self": lambda g, self, lambd: k.hardshrink_backward(g, self, lambd)},
    rule="∂self = ∂ where self is beyond ± lambd, else 0",
)
def hardshrink(self: Array, lambd: Scalar = 0.5, *, out: Array) -> None:
    """x where it is beyond ± `lambd`, 0 between.

    >>> import autogradkit as torch
    >>> torch.hardshrink(torch.tensor([-1.0, 0.25, 2.0]))
    tensor([-1.,  0.,  2.])
    """
    _write_beyond(out, self, self, lambd)


def _write_beyond(out: Array, value: Array, x: Array, lambd: float) -> None:
    lambd = scalar_array(lambd, from_numpy_dtype(x.dtype)).item()
    for into, part, where in in_parts(out, value, x):
        kept(~((where >= -lambd) & (where <= lambd)), part, into)


@op(
    variants="",
    pointwise=SAME,
    samples=lambda t: [(t(2, 3), t(2, 3).detach(), 0.5)],
    vjp={
        "grad_out": lambda g, self, lambd: k.hardshrink_backward(g, self, lambd),
        "self": lambda g: k.zeros_like(g),
    },
    rule="∂grad_out = ∂ where self is beyond ± lambd, else 0\n∂self = 0",
)
def hardshrink_backward(grad_out: Array, self: Array, lambd: Scalar, *, out: Array) -> None:
    """The gradient where `self` is beyond ± `lambd`, 0 between."""
    _write_beyond(out, grad_out, self, lambd)


def _refuse_softshrink(self: Any, lambd: float = 0.5) -> None:
    """Raise NotImplementedError before anything else is looked at, where other kernels do so last."""
    if self._array.dtype.kind in "biuc":
        raise NotImplementedError(f"\"softshrink_check\" not implemented for '{scalar_type(self.dtype)}'")


def _require_lambd(self: Any, lambd: float = 0.5) -> None:
    most, found = largest(self.dtype), float(scalar_array(lambd, float64))
    if not 0 <= found <= most:
        raise RuntimeError(
            f"lambda must be in range [0, {most:g}] for input dtype {scalar_type(self.dtype)}, but found {found:g}"
        )


@op(
    variants="",
    pointwise=SAME,
    refuse=_require_lambd,
    dtypes=_refuse_softshrink,
    out_dtype=require_found,
    samples=_between(0.5),
    vjp={"self": lambda g, self, lambd: k.softshrink_backward(g, self, lambd)},
    rule="∂self = ∂ where self is beyond ± lambd, else 0",
)
def softshrink(self: Array, lambd: Scalar = 0.5, *, out: Array) -> None:
    """x drawn nearer to 0 by `lambd`, 0 within it."""

    def body(x: Array, out: Array) -> None:
        bound = number_in(x, lambd)
        clip(x, -bound, bound, out)
        np.subtract(x, out, out)
        signed(out, x, out)  # of a zero; others have the sign of x already

    write_by(out, body, self)


@op(
    variants="",
    pointwise=SAME,
    samples=lambda t: [(t(2, 3), t(2, 3).detach(), 0.5)],
    vjp={
        "grad_output": lambda g, self, lambd: k.softshrink_backward(g, self, lambd),
        "self": lambda g: k.zeros_like(g),
    },
    rule="∂grad_output = ∂ where self is beyond ± lambd, else 0\n∂self = 0",
)
def softshrink_backward(grad_output: Array, self: Array, lambd: Scalar, *, out: Array) -> None:
    """The gradient where `self` is beyond ± `lambd`, 0 between."""
    _write_beyond(out, grad_output, self, lambd)
