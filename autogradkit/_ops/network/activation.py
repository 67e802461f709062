"""Activations that networks apply between their layers: relu.

Rests on declare and relu_kernels; `nn.functional` publishes them too.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import SAME, k, op
from autogradkit._ops.declare.call import Call
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.memory import allocate
from autogradkit._ops.declare.source import Source
from autogradkit._ops.network import relu_kernels
from autogradkit.core.bits import FEW, kept
from autogradkit.core.steps import Step
from autogradkit.core.strides import dense_strides_like, element_strides


def _refuse(self: Any) -> None:
    kind = self._array.dtype.kind
    if kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu")
    if kind == "c":
        raise NotImplementedError("clamp is not supported for complex types")


def _write_usual(s: Source, call: Call, depth: int) -> None:
    """A contiguous tensor of float32: NumPy makes the result itself."""
    a = call.values["self"]
    s.scope |= {"clip": relu_kernels.clip, "zero": relu_kernels.ZERO, "infinity": relu_kernels.INFINITY}
    s.scope["single"] = relu_kernels.ZERO.dtype
    s.emit(depth, f"lay = {a}._layout or layout_of({a})", "if lay and lay[1] is single:")
    s.emit(depth + 1, f"r = clip({a}._array, zero, infinity)  # of no number does it warn, so it need not be quiet")
    s.emit(depth + 1, "if r.__class__ is not ndarray: r = asarray(r)")
    s.new_tensor(depth + 1, "o", "r", "lay")
    s.new_node(depth + 1, call, ["o"], ["r"], "lay", "True")
    s.emit(depth + 1, "return o")


def _on_arrays(g: Array, result: Array) -> Array:
    if not (g.flags.c_contiguous and result.flags.c_contiguous):
        return k.relu_backward(g, result)
    if result.size <= FEW:
        return kept(result, g)
    out = allocate(result.shape, result.dtype)
    relu_kernels.relu_backward(g, result, out)
    return out


@k.on_arrays(_on_arrays)
def _through_open(g: Any, result: Any) -> Any:
    """The gradient through the units that are open."""
    return k.relu_backward(g, result)


@op(
    in_place=True,
    pointwise=SAME,
    deferred=True,
    lane=_write_usual,
    dtypes=_refuse,
    out=False,
    samples=lambda t: [(t(2, 3),), (t(),), (t(0),)],
    vjp={"self": _through_open},
    rule="∂self = ∂ where result > 0, else 0",
)
def relu(self: Array, *, out: Array) -> Step:
    """max(x, 0).

    >>> import autogradkit as torch
    >>> torch.relu(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return relu_kernels.relu(self, out)


def _like_result(grad_output: Array, self: Array) -> Any:
    if self.flags.c_contiguous:
        return self.shape, self.dtype
    return self.shape, self.dtype, dense_strides_like(self.shape, element_strides(self))


@op(
    variants="",
    node="ThresholdBackwardBackward0",
    meta=_like_result,
    samples=lambda t: [(t(2, 3), t(2, 3).detach())],
    vjp={"grad_output": lambda g, self: k.relu_backward(g, self), "self": lambda g: k.zeros_like(g)},
)
def relu_backward(grad_output: Array, self: Array, *, out: Array) -> None:
    """The gradient where `self`, the result of `relu`, is above 0 or NaN, and 0 elsewhere."""
    relu_kernels.relu_backward(grad_output, self, out)
