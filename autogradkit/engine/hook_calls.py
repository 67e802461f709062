"""Calling hooks during a run: what they are given, what they may give back, and PyTorch's texts where they may not.

Rests on node; both loops (plain.py and general.py) call it. Hooks see tensors; what goes on is an array in plain backward,
a tensor under `create_graph`. Hooks in a row see one tensor, on which users leave attributes for the next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, cast

import numpy as np

from autogradkit.core.errors import c_type_name
from autogradkit.core.meta import MetaArray
from autogradkit.core.sparse import SparseArray, held
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.zeros import Zeros
from autogradkit.engine.hooks import Hooks, NodeHooks, TensorHooks
from autogradkit.engine.modes import MODE
from autogradkit.engine.naming import tensor_type
from autogradkit.engine.node import AccumulateGrad

_KINDS = (SparseArray, MetaArray)
Accumulate = Callable[[Tensor, Any], None]  # adds a gradient to a tensor's .grad


def as_tensor(gradient: Any) -> Any:
    """A gradient as hooks and recorders see it: the very tensor that the run was given, where it is that."""
    if gradient.__class__ is not np.ndarray:
        return wrap(np.array(gradient)) if gradient.__class__ is Zeros else gradient
    run: Any = MODE.run
    for each in () if run is None else run.given:
        if each is not None and each._array is gradient:
            return each
    return wrap(gradient)


def on_outputs(hooks: NodeHooks, received: list[Any], create_graph: bool, accumulate: Accumulate) -> None:
    """Hooks of the tensors that a node made, which replace what it `received`; then their retained `.grad`."""
    for number, registered in hooks.of_tensors.items():
        received[number] = _through(registered, received[number], create_graph)  # None too, as in PyTorch
    for number, reference in hooks.retained.items():
        tensor = reference()
        if tensor is not None and received[number] is not None:
            accumulate(tensor, received[number])


def before_node(hooks: NodeHooks, received: list[Any], create_graph: bool) -> None:
    """A node's pre-hooks, which replace what it `received`."""
    shown = tuple(map(as_tensor, received))
    for hook in list(hooks.before.values()):
        replaced = hook(shown)
        if replaced is not None:
            received[:] = _all_replaced(hook, received, replaced, create_graph)
            shown = replaced


def after_node(hooks: NodeHooks, sent: list[Any], received: list[Any], create_graph: bool) -> list[Any]:
    """A node's post-hooks: the gradients that go on."""
    going, arrived = tuple(map(as_tensor, sent)), tuple(map(as_tensor, received))
    for hook in list(hooks.after.values()):
        replaced = hook(going, arrived)
        if replaced is not None:
            sent = _all_replaced(hook, sent, replaced, create_graph)
            going = replaced
    return sent


def on_leaf(hooks: TensorHooks, gradient: Any, create_graph: bool) -> Any:
    """Hooks on a leaf's gradient: what they make of it."""
    return _through(hooks.on_gradient, gradient, create_graph) if hooks.on_gradient else gradient


def at_accumulator(
    leaf: Tensor, node: AccumulateGrad | Literal[0], gradient: Any, create_graph: bool, accumulate: Accumulate
) -> None:
    """Add to a leaf's `.grad`, with the hooks around that: of its AccumulateGrad node, if it has one, and after accumulation.

    They are called of a leaf that was detached since, too, to which nothing is added.
    """
    around = node.hooks if node else None
    received = [gradient]
    if around is not None:
        before_node(around, received, create_graph)
    if received[0] is None:
        return
    if leaf._requires_grad:
        accumulate(leaf, received[0])
    after_accumulation(leaf, leaf._hooks)
    if around is not None:
        after_node(around, [], received, create_graph)


def after_accumulation(leaf: Tensor, hooks: TensorHooks) -> None:
    """A leaf's hooks after accumulation, which PyTorch calls though no gradient came."""
    for hook in list(hooks.after_accumulate.values()):
        returned = hook(leaf)
        if returned is not None and returned is not leaf:
            _replaced(hook, leaf, returned, True)  # which may refuse it for another reason first, as in PyTorch
            raise RuntimeError("Tensor post accumulate grad hooks should return None.")


def _through(registered: Hooks, gradient: Any, create_graph: bool) -> Any:
    shown = as_tensor(gradient)
    for hook in list(registered.values()):
        replaced = hook(shown)
        if replaced is not None:
            gradient = _replaced(hook, gradient, replaced, create_graph)
            shown = replaced
    return gradient


def _all_replaced(hook: Callable[..., Any], gradients: list[Any], replaced: Any, create_graph: bool) -> list[Any]:
    if not isinstance(replaced, tuple):
        raise TypeError(f"expected tuple, but hook returned '{c_type_name(replaced)}'")
    several = cast("tuple[Any, ...]", replaced)
    if len(several) != len(gradients):
        raise RuntimeError(
            f"hook '{_name(hook)}' has returned an incorrect number of values (got {len(several)}, but expected "
            f"{len(gradients)})"
        )
    return [
        None if new is None else _replaced(hook, old, new, create_graph)
        for old, new in zip(gradients, several, strict=True)
    ]


def _replaced(hook: Callable[..., Any], gradient: Any, replaced: Any, create_graph: bool) -> Any:
    """What goes on in place of `gradient`. Raises where it is no tensor, or one of another dtype, layout or shape."""
    wrong = _no_tensor(replaced)
    if wrong is not None:
        raise wrong
    if gradient is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    old, new = as_tensor(gradient)._array, replaced._array
    if old.dtype != new.dtype or any(isinstance(old, each) is not isinstance(new, each) for each in _KINDS):
        raise RuntimeError(
            f"hook '{_name(hook)}' has changed the type of value (was {tensor_type(old)} got {tensor_type(new)})"
        )
    if old.shape != new.shape:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the size of value")
    return replaced if create_graph else held(replaced)


def _no_tensor(returned: Any) -> TypeError | None:
    return (
        None
        if isinstance(returned, Tensor)
        else TypeError(f"expected Variable, but hook returned '{c_type_name(returned)}'")
    )


def _name(hook: Callable[..., Any]) -> str:
    return getattr(hook, "__name__", "<unknown>")
