"""A node called as a function: `y.grad_fn(gradient)` gives what this one step of backward gives.

Rests on history, saved, ownership and general; attaches `__call__` to the engine's nodes and those of declared ops at import.
PyTorch's nodes that are written in C++ have it: no hook runs, nothing is freed, no gradient is summed to its input's shape.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autogradkit.core.frames import shorten
from autogradkit.core.recording import CALLS, GRAD_LISTENERS, RECORDERS, listeners, reported
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.zeros import is_known, settle
from autogradkit.engine.history import CopySlices
from autogradkit.engine.hook_calls import after_accumulation
from autogradkit.engine.modes import MODE
from autogradkit.engine.node import AccumulateGrad, Node, applied
from autogradkit.engine.ownership import GRADS, add_to_grad, first_grad, set_version
from autogradkit.engine.required import OPS
from autogradkit.engine.saved import OpNode


def call(self: Node, *gradients: Tensor | None, **keywords: Any) -> Tensor | tuple[Tensor | None, ...] | None:
    """The gradients of the op's inputs from those of its outputs: a tuple, or the only one; None for what needs none.

    They have a graph of their own unless gradients are off. Raises TypeError for another number of gradients or what is no
    tensor, RuntimeError where the saved values were freed or edited.

    >>> import autogradkit as torch
    >>> y = torch.tensor([2.0, 3.0], requires_grad=True) ** 2
    >>> with torch.no_grad():
    ...     y.grad_fn(torch.ones(2))
    tensor([4., 6.])
    """
    try:
        _check(len(self.outputs) // 2, gradients, keywords)
        # A recorder hears of the ops that the formula runs
        on_tensors = bool(MODE.grad or (RECORDERS and listeners()))
        received = [each if each is None or on_tensors else each._array for each in gradients]
        given = applied(self, received, on_tensors)
        for each in given:
            if each.__class__ is Tensor and is_known(each):
                settle(each)
        sent = tuple(each if each is None or isinstance(each, Tensor) else wrap(np.asarray(each)) for each in given)
        for each, version in zip(sent, self.gradient_versions, strict=False):
            if each is not None:
                set_version(each, version)
        return sent[0] if len(sent) == 1 else sent
    except BaseException as error:
        shorten(error)
        raise


def accumulate(self: AccumulateGrad, *gradients: Tensor | None, **keywords: Any) -> tuple[()]:
    """Add a gradient to the leaf's `.grad`, as the node does in backward."""
    try:
        _check(1, gradients, keywords)
        leaf, [gradient] = self.leaf, gradients
        if gradient is not None and leaf._requires_grad:
            _accumulate(leaf, gradient)
            if leaf._hooks is not None:
                after_accumulation(leaf, leaf._hooks)
        return ()
    except BaseException as error:
        shorten(error)
        raise


def _accumulate(leaf: Tensor, gradient: Tensor) -> None:
    """Add to the leaf's `.grad`: one op to who records, from the gradient and the `.grad` that there was to the one there is."""

    call = next(CALLS)

    def on_arrays(*_: Tensor) -> Tensor | None:
        add_to_grad(call, leaf, gradient._array)
        return leaf._grad

    with GRADS:
        old = leaf._grad
        if MODE.grad:
            given = (gradient,) if old is None else (old, gradient)
            if old is not None:
                for listener in GRAD_LISTENERS:
                    listener.will_accumulate(leaf)
            leaf._grad = reported("AccumulateGrad", "op", partial(first_grad, leaf) if old is None else OPS.add, *given)
            for listener in GRAD_LISTENERS:
                listener.accumulated(call, leaf, gradient._array)
        elif old is None:
            reported("AccumulateGrad", "op", on_arrays, gradient)
        else:
            reported("add", "inplace", on_arrays, old, gradient)
    if RECORDERS and leaf._grad is not old:
        for recorder in listeners():
            recorder.grad_assigned(leaf, old, leaf._grad)


def _check(expected: int, gradients: tuple[Any, ...], keywords: dict[str, Any]) -> None:
    """Raise TypeError for what a node is not called with."""
    if keywords:
        raise TypeError("keyword arguments are not supported")
    if len(gradients) != expected:
        raise TypeError(f"expected {expected} arguments, got {len(gradients)} instead")
    for number, each in enumerate(gradients):
        if each is not None and not isinstance(each, Tensor):
            raise TypeError(f"argument {number} is not a Variable")


OpNode.__call__ = call
CopySlices.__call__ = call
AccumulateGrad.__call__ = accumulate
