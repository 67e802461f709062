"""Sparse tensors in a backward: where gradients are arrays else, a sparse one is the `SparseTensor` itself.

Rests on node, saved and required. A node that sparse tensors went through, or that a sparse gradient comes to, is made aware of
them: its class is exchanged for one that runs the same formulas on tensors. No other node looks whether something is sparse.
`validate.py` makes aware whatever a sparse gradient is sent to; leaves and sums of gradients come here.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit.core.recording import RECORDERS, unheard
from autogradkit.core.sparse import NotOfSparseError, SparseArray, SparseTensor, around, held, wrap_sparse
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.modes import MODE
from autogradkit.engine.node import Gradients
from autogradkit.engine.required import OPS
from autogradkit.engine.saved import OpNode, SavedOutput, SavedResult


def make_aware(node: Any) -> None:
    """Have a node of an op run its formulas on tensors from now on; others take what comes."""
    if isinstance(node, OpNode) and not node.calls_user:
        node.__class__ = _aware(type(node))


def _within_a_step(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate what a step of a backward computes by ops: who records hears of them under `create_graph` alone."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        if RECORDERS and not MODE.grad:
            with unheard():
                return function(*args, **kwargs)
        return function(*args, **kwargs)

    return run


@functools.cache
def _aware(node_class: type[OpNode]) -> type[OpNode]:
    @_within_a_step
    def apply(self: OpNode, gradients: Gradients, create_graph: bool) -> Gradients:
        given = [None if each is None else _as_tensor(each) for each in gradients]
        try:
            sent = node_class.apply(self, given, True)
        except NotOfSparseError:
            raise NotImplementedError(
                f"the gradient of {self.name()} is not available where a tensor is sparse"
            ) from None
        return sent if create_graph else [held(each) if isinstance(each, Tensor) else each for each in sent]

    def output_tensor(self: OpNode, value: SavedOutput | SavedResult) -> Tensor:
        tensor = node_class.output_tensor(self, value)
        array: Any = tensor._array
        if array.__class__ is SparseArray:
            tensor.__class__ = SparseTensor
        return tensor

    # `calls_user`: what runs here are ops, which see to NumPy's settings themselves.
    members = {
        "__slots__": (),
        "__module__": node_class.__module__,
        "__doc__": node_class.__doc__,
        "apply": apply,
        "output_tensor": output_tensor,
        "calls_user": True,
    }
    return type(node_class.__name__, (node_class,), members)


def _as_tensor(gradient: Any) -> Any:
    return gradient if isinstance(gradient, Tensor) else wrap(np.asarray(gradient))


@_within_a_step
def added(one: Any, other: Any) -> Any:
    """The sum of two gradients of which one is a tensor."""
    as_tensors = isinstance(one, Tensor) and isinstance(other, Tensor)
    first, second = _as_tensor(one), _as_tensor(other)
    if first.__class__ is SparseTensor and second.__class__ is not SparseTensor:
        first, second = second, first
    result = OPS.add(first, second)
    return result if as_tensors else held(result)


@_within_a_step
def brought(given: Any, dtype: np.dtype[Any]) -> Tensor:
    """A sparse gradient, or the array of one that a formula gave, in the dtype that is expected."""
    gradient: Tensor = given if isinstance(given, Tensor) else wrap_sparse(given)
    return gradient if gradient._array.dtype == dtype else OPS.cast(gradient, dtype)


def is_dense(tensor: Tensor, gradient: Any) -> bool:
    """Whether tensor, its `.grad` and what is to be added to it are all dense arrays."""
    grad = tensor._grad
    return (
        isinstance(gradient, np.ndarray)
        and tensor._array.__class__ is np.ndarray
        and (grad is None or grad._array.__class__ is np.ndarray)
    )


@_within_a_step
def add_to_sparse(tensor: Tensor, gradient: Any, alone: bool) -> None:
    """`tensor.grad` takes a contribution, where one of the three is sparse; `alone`: nobody else holds the gradient."""
    grad = tensor._grad
    if grad is None:
        if gradient.__class__ is not SparseTensor:
            tensor._grad = wrap(gradient.copy())
            return
        array: Any = gradient._array
        if alone and _is_held_once(array.indices) and _is_held_once(array.values):
            # As in PyTorch, which makes a tensor of the same parts, of which nothing is known.
            kept = array.layout, array.index_dtype
            tensor._grad = wrap_sparse(SparseArray(array.indices, array.values, array.shape, False, *kept))
        else:
            tensor._grad = wrap_sparse(array.copy())
    elif grad.__class__ is SparseTensor and gradient.__class__ is not SparseTensor:
        tensor._grad = OPS.add(wrap(gradient), grad)
    else:
        OPS.add_(grad, _as_tensor(gradient))


def _is_held_once(part: np.ndarray[Any, Any]) -> bool:
    """Whether an array is contiguous and only the sparse array that was asked for it, besides the callers here, has it."""
    return part.flags.c_contiguous and part.base is None and sys.getrefcount(part) <= _HELD_ONCE


def _references(part: np.ndarray[Any, Any]) -> int:
    return sys.getrefcount(part)


_ALONE = SparseArray(np.zeros((1, 1), np.int64), np.zeros(1), (1,))
_HELD_ONCE = _references(_ALONE.indices)


def add_to_retained_sparse(tensor: Tensor, gradient: Any) -> None:
    """The retained `.grad` of a result takes a contribution, where one of them is sparse."""
    grad = tensor._grad
    tensor._grad = around(getattr(gradient, "_array", gradient)) if grad is None else _as_tensor(added(grad, gradient))


def copied(tensor: Tensor) -> Any:
    """A copy of what a tensor holds, for whoever records."""
    array: Any = tensor._array
    return array.copy() if array.__class__ is np.ndarray else array.with_values(array.values.copy())


def elements(gradient: Any) -> Any:
    """The array of those elements of a gradient that are kept."""
    array: Any = gradient._array if isinstance(gradient, Tensor) else gradient
    return array.values if array.__class__ is SparseArray else array
