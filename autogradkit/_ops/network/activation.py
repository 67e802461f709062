"""Activations that networks apply between their layers: relu.

Rests on declare and relu_kernels; `nn.functional` publishes them too.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import SAME, k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.network import relu_kernels
from autogradkit.core.strides import dense_strides_like, element_strides


def _refuse_bool(self: Any) -> None:
    if self._array.dtype.kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu")


@op(
    in_place=True,
    pointwise=SAME,
    dtypes=_refuse_bool,
    out=False,
    samples=lambda t: [(t(2, 3),), (t(),), (t(0),)],
    vjp={"self": lambda g, result: k.threshold_backward(g, result)},
    rule="∂self = ∂ where result > 0, else 0",
)
def relu(self: Array, *, out: Array) -> None:
    """max(x, 0).

    >>> import autogradkit as torch
    >>> torch.relu(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    relu_kernels.relu(self, out)


def _like_result(grad_output: Array, self: Array) -> Any:
    if self.flags.c_contiguous:
        return self.shape, self.dtype
    return self.shape, self.dtype, dense_strides_like(self.shape, element_strides(self))


@op(
    variants="",
    meta=_like_result,
    samples=lambda t: [(t(2, 3), t(2, 3).detach())],
    vjp={"grad_output": lambda g, self: k.threshold_backward(g, self), "self": lambda g: g * 0},
)
def threshold_backward(grad_output: Array, self: Array, *, out: Array) -> None:
    """The gradient where `self`, the result of `relu`, is above 0 or NaN, and 0 elsewhere."""
    relu_kernels.relu_backward(grad_output, self, out)
