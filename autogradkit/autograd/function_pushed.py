"""A custom function's `jvp` within `func.jvp`, which takes products with Jacobians as gradients of gradients.

There the first backward begins with zeros, and only where it leads counts: its slope is what the second one asks for. So a node
whose function has a `jvp` sends zeros, and their derivative is `jvp`.

Rests on `function.py`; `func/pushforward.py` has nodes call it.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.making.filled import zeros
from autogradkit.autograd.function import Function
from autogradkit.autograd.function_node import BackwardCFunction
from autogradkit.core.errors import c_type_name
from autogradkit.core.tensor import Tensor


class _Transposed(Function):
    """Zeros for the tensors among a function's arguments, by the gradients of its results; backward is the function's `jvp`."""

    @staticmethod
    def forward(node: BackwardCFunction, *gradients: Tensor | None) -> tuple[Tensor, ...]:
        return tuple([zeros(given.shape, dtype=given.dtype) for given in node.arguments or () if given is not None])

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.node = inputs[0]

    @staticmethod
    def backward(ctx: Any, *tangents: Tensor) -> tuple[Any, ...]:
        node: BackwardCFunction = ctx.node
        left = iter(tangents)
        answer = node.pushed(*[None if given is None else next(left) for given in node.arguments or ()])
        answers = answer if isinstance(answer, tuple) else (answer,)
        for number, each in enumerate(answers):
            if each is not None and not isinstance(each, Tensor):
                raise RuntimeError(f"expected Variable or None (got {c_type_name(each)}) for grad output {number}.")
        if len(answers) != len(node.outputs) // 2:
            raise RuntimeError(
                f"Function's jvp returned an invalid number of forward gradients (expected {len(node.outputs) // 2} but got "
                f"{len(answers)})"
            )
        for each, shape in zip(answers, node.outputs[::2], strict=True):
            if each is not None and tuple(each.shape) != tuple(shape):
                raise RuntimeError(
                    "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
                    f"supported. Tensor is of size {list(shape)} while the given forward gradient is of size {list(each.shape)}."
                )
        return (None, *answers)


def transposed(node: BackwardCFunction, gradients: list[Any]) -> list[Any]:
    """What a node sends in that first backward, one for each argument."""
    sent = iter(_Transposed.apply(node, *gradients))
    return [None if given is None else next(sent) for given in node.arguments or ()]
