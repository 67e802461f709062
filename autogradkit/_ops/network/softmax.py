"""softmax and log_softmax: each a node of its own with a backward of its own, and the public forms over them.

Rests on declare; losses and `nn.functional` call them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.call import Call
from autogradkit._ops.declare.kinds import Array, Dim, DType
from autogradkit._ops.declare.lanes import write_lane
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.declare.source import Source
from autogradkit._ops.declare.writing import require_same_dtype
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.halves import convert, widened
from autogradkit.core.parts import PART, in_slabs
from autogradkit.core.short_rows import are_short, turned

Spec = tuple[tuple[int, ...], np.dtype[Any]]


def _floating_only(name: str) -> Callable[[Array, int, bool], Spec]:
    def meta(self: Array, dim: int, half_to_float: bool) -> Spec:
        if half_to_float:
            raise RuntimeError("softmax with half to float conversion is not supported on CPU")
        if self.dtype.kind not in "fV" and self.size:
            kernel = f"{name}_lastdim_kernel_impl" if dim == self.ndim - 1 or not self.ndim else f"{name}_kernel_impl"
            raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_type(from_numpy_dtype(self.dtype))}'")
        return self.shape, self.dtype

    return meta


def _like_output(grad_output: Array, output: Array, dim: int) -> Spec:
    return output.shape, output.dtype


def along(dim: int, body: Callable[..., None], *arrays: Array) -> None:
    """Have `body` compute along a dimension, from all arrays but the last into that, a part of the others at a time."""
    size = arrays[0].size
    if 0 < size <= PART:
        body(*arrays[:-1], dim if arrays[0].ndim else None, arrays[-1])
    elif size:
        for *given, into in in_slabs(dim, *arrays):
            body(*given, dim, into)


def _of_columns(body: Callable[[Array, int | None, Array], None]) -> Callable[[Array, int | None, Array], None]:
    """`body`, with many short rows as columns; of float32 or float64."""

    def computed(x: Array, axis: int | None, out: Array) -> None:
        if not are_short(x, axis, out):
            body(x, axis, out)
            return
        results = out.reshape(-1, x.shape[-1])
        for rows, columns in turned(x):
            result = np.empty_like(columns)
            body(columns, 0, result)
            results[rows] = result.T

    return computed


def _in_single(body: Callable[..., None]) -> Callable[..., None]:
    """The same of numbers of half precision, which go through float32 and are rounded once, as PyTorch has it."""

    def rounded(grad_output: Array, output: Array, axis: int | None, out: Array) -> None:
        wide = np.empty(out.shape, np.float32)
        body(widened(grad_output), widened(output), axis, wide)
        convert(wide, out)

    return rounded


def _shift(x: Array, axis: int | None, out: Array) -> None:
    """Write x − max(x) into `out`, so that no exponential overflows."""
    np.subtract(x, np.maximum.reduce(x, axis, keepdims=True), out)


@_of_columns
def log_softmax_of(x: Array, axis: int | None, out: Array) -> None:
    """Write x less the logarithm of Σ exp(x) along an axis; of float32 or float64."""
    _shift(x, axis, out)
    np.subtract(out, np.log(np.add.reduce(np.exp(out), axis, keepdims=True)), out)


def _half_log_softmax(x: Array, axis: int | None, out: Array) -> None:
    """Along the last dimension PyTorch keeps the sum and its logarithm in the tensor's own dtype, else nothing but the result."""
    narrow = out.dtype if axis == x.ndim - 1 else np.dtype(np.float32)
    shifted = np.empty(out.shape, np.float32)
    _shift(widened(x), axis, shifted)
    total = np.add.reduce(np.exp(shifted), axis, keepdims=True).astype(narrow).astype(np.float32)
    logarithm = np.log(total).astype(narrow).astype(np.float32)
    convert(np.subtract(shifted, logarithm, shifted), out)


def _log_softmax_backward(grad_output: Array, output: Array, axis: int | None, out: Array) -> None:
    np.exp(output, out)
    np.multiply(out, np.add.reduce(grad_output, axis, keepdims=True), out)
    np.subtract(grad_output, out, out)


@_of_columns
def _softmax(x: Array, axis: int | None, out: Array) -> None:
    _shift(x, axis, out)
    np.exp(out, out)
    np.divide(out, np.add.reduce(out, axis, keepdims=True), out)


def _half_softmax(x: Array, axis: int | None, out: Array) -> None:
    """Along all dimensions but the last PyTorch puts the exponentials away in the tensor's own dtype, when they are summed."""
    powers = np.empty(out.shape, np.float32)
    _shift(widened(x), axis, powers)
    np.exp(powers, powers)
    total = np.add.reduce(powers, axis, keepdims=True)
    if axis is not None and axis < x.ndim - 1:
        convert(powers, out)
        convert(out, powers)
    convert(np.divide(powers, total, powers), out)


def _softmax_backward(grad_output: Array, output: Array, axis: int | None, out: Array) -> None:
    np.multiply(grad_output, output, out)
    np.subtract(out, output * np.add.reduce(out, axis, keepdims=True), out)


@op(
    name="_log_softmax",
    variants="",
    node="LogSoftmaxBackward0",
    meta=_floating_only("log_softmax"),
    real_gradient=True,
    usual={"half_to_float": False},
    samples=lambda t: [(t(2, 3), 1, False), (t(4, 3, 2), 0, False), (t(), 0, False)],
    vjp={"self": lambda g, result, dim: k.log_softmax_backward_data(g, result, dim)},
    rule="∂self = ∂ − exp(result) · Σ∂",
)
def log_softmax_along(self: Array, dim: Dim, half_to_float: bool, *, out: Array) -> None:
    """log(softmax(x)), computed without overflow."""
    along(dim, _half_log_softmax if k.is_half(out) else log_softmax_of, self, out)


@op(
    variants="",
    meta=_like_output,
    node="LogSoftmaxBackwardDataBackward0",
    samples=lambda t: [(t(2, 3), t(2, 3), 1)],
    vjp={
        "grad_output": lambda g, output, dim: g - k.sum_dims(g * k.exp(output), (dim,), True),
        "output": lambda g, grad_output, output, dim: -(g * k.sum_dims(grad_output, (dim,), True) * k.exp(output)),
    },
    rule="∂grad_output = ∂ − Σ(∂ · exp(output))\n∂output = −∂ · Σgrad_output · exp(output)",
)
def log_softmax_backward_data(grad_output: Array, output: Array, dim: Dim, *, out: Array) -> None:
    """The gradient of log_softmax from its result."""
    along(dim, _in_single(_log_softmax_backward) if k.is_half(out) else _log_softmax_backward, grad_output, output, out)


@op(
    name="_softmax",
    variants="",
    node="SoftmaxBackward0",
    meta=_floating_only("softmax"),
    real_gradient=True,
    usual={"half_to_float": False},
    samples=lambda t: [(t(2, 3), 1, False), (t(4, 3, 2), 0, False), (t(), 0, False)],
    vjp={"self": lambda g, result, dim: k.softmax_backward_data(g, result, dim)},
    rule="∂self = result · (∂ − Σ(∂ · result))",
)
def softmax_along(self: Array, dim: Dim, half_to_float: bool, *, out: Array) -> None:
    """eˣ / Σ eˣ, computed without overflow."""
    along(dim, _half_softmax if k.is_half(out) else _softmax, self, out)


@op(
    variants="",
    meta=_like_output,
    samples=lambda t: [(t(2, 3), t(2, 3), 1)],
    vjp={
        "grad_output": lambda g, output, dim: k.softmax_backward_data(g, output, dim),
        "output": lambda g, grad_output, output, dim: (
            g * (grad_output - k.sum_dims(grad_output * output, (dim,), True))
            - grad_output * k.sum_dims(g * output, (dim,), True)
        ),
    },
    rule=(
        "∂grad_output = output · (∂ − Σ(∂ · output))\n"
        "∂output = ∂ · (grad_output − Σ(grad_output · output)) − grad_output · Σ(∂ · output)"
    ),
)
def softmax_backward_data(grad_output: Array, output: Array, dim: Dim, *, out: Array) -> None:
    """The gradient of softmax from its result."""
    along(dim, _in_single(_softmax_backward) if k.is_half(out) else _softmax_backward, grad_output, output, out)


def _as(along_dim: Overload) -> Callable[[Source, Call, int], None]:
    """The line of a function that is one op, where no dtype is asked for."""

    def write(s: Source, call: Call, depth: int) -> None:
        x, dim, dtype = call.values.values()
        s.emit(depth, f"if {dtype} is None:")
        write_lane(s, Call(along_dim, 80, {"self": x, "dim": dim, "half_to_float": "False"}), depth + 1, "")

    return write


@op(composition=True, out=True, out_dtype=require_same_dtype, lane=_as(log_softmax_along))
def log_softmax(self: Array, dim: Dim, dtype: DType | None = None) -> Any:
    """log(softmax(x)) along `dim`, computed without overflow; same shape. `dtype` converts first.

    Raises IndexError for a dimension that does not exist, NotImplementedError for integers without `dtype`.

    >>> import autogradkit as torch
    >>> torch.log_softmax(torch.tensor([0.0, 0.0]), 0)
    tensor([-0.6931, -0.6931])
    """
    x: Any = self
    return log_softmax_along.straight(x if dtype is None else x.to(dtype), dim, False)


@op(composition=True, out=True, out_dtype=require_same_dtype, lane=_as(softmax_along))
def softmax(self: Array, dim: Dim, dtype: DType | None = None) -> Any:
    """eˣ / Σ eˣ along `dim`: positive, with sum 1; same shape. `dtype` converts first.

    Raises IndexError for a dimension that does not exist, NotImplementedError for integers without `dtype`.

    >>> import autogradkit as torch
    >>> torch.softmax(torch.tensor([1.0, 1.0, 1.0, 1.0]), 0)
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """
    x: Any = self
    return softmax_along.straight(x if dtype is None else x.to(dtype), dim, False)
