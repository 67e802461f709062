"""Whole Jacobians: by rows (`jacrev`), by columns (`jacfwd`), and the Hessian by both.

Rests on transforms, pushforward and batching. Rows are one backward for a batch of vectors, columns the gradient of a gradient
for one; the function itself runs once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.func.batching import require_randomness, vmap, without_draws
from autogradkit.func.pushforward import Pushed
from autogradkit.func.transforms import chosen, pulled
from autogradkit.utils._pytree import TreeSpec, tree_flatten, tree_unflatten


def _require_real(name: str, tensors: Sequence[Any], what: str) -> None:
    for index, each in enumerate(tensors):
        if isinstance(each, Tensor) and each.is_complex():
            raise RuntimeError(
                f"{name}: Expected all {what} to be real but received complex tensor at flattened input idx: {index}"
            )


def _basis(tensors: Sequence[Any]) -> list[Any]:
    """For each of the tensors a batch of its like: one sample for each element of all, zero but for a one at that element."""
    sizes = [each.nelement() for each in tensors]
    rows = np.eye(sum(sizes))
    starts = np.cumsum([0, *sizes[:-1]])
    return [
        wrap(rows[:, start : start + size].reshape(len(rows), *each.shape).astype(each._array.dtype))
        for each, start, size in zip(tensors, starts, sizes, strict=True)
    ]


def _assembled(parts: Sequence[Sequence[Any]], outputs: TreeSpec, inputs: TreeSpec) -> Any:
    """The Jacobians, in the structure of the outputs each in that of the inputs, from `parts[output][input]`."""
    each = [tree_unflatten(row, inputs) for row in parts]
    return tree_unflatten(each, outputs)


def jacrev(
    func: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """The Jacobian of a function, by rows: a function of its arguments that gives it for the one (or those) at `argnums`.

    Where outputs or arguments are nested, it has the outputs' structure, and in each place that of the arguments. `chunk_size`
    bounds the memory: so many rows are computed at once.

    >>> import autogradkit as torch
    >>> torch.func.jacrev(lambda x: x**2)(torch.tensor([1.0, 3.0]))
    tensor([[2., 0.],
            [0., 6.]])
    """
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def differentiated(*args: Any) -> Any:
        _require_real("jacrev", tree_flatten(args)[0], "inputs")
        output, product, *aux = pulled(func, args, argnums, has_aux)
        outputs, structure = tree_flatten(output)
        _require_real("jacrev", outputs, "outputs")
        inputs, inputs_structure = tree_flatten(chosen(args, argnums))
        rows = tree_flatten(vmap(product, chunk_size=chunk_size)(tree_unflatten(_basis(outputs), structure)))[0]
        parts: list[list[Any]] = []
        start = 0
        for each in outputs:
            end = start + each.nelement()
            parts.append(
                [row[start:end].reshape(each.shape + primal.shape) for row, primal in zip(rows, inputs, strict=True)]
            )
            start = end
        found = _assembled(parts, structure, inputs_structure)
        return (found, aux[0]) if has_aux else found

    return entry(differentiated)


def jacfwd(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """The Jacobian of a function, by columns; otherwise as `jacrev`. `randomness` is what `vmap` takes: the function runs once.

    >>> import autogradkit as torch
    >>> torch.func.jacfwd(lambda x: x**2)(torch.tensor([1.0, 3.0]))
    tensor([[2., 0.],
            [0., 6.]])
    """

    @functools.wraps(func)
    def differentiated(*args: Any) -> Any:
        _require_real("jacfwd", tree_flatten(args)[0], "inputs")
        require_randomness(randomness)
        inputs, inputs_structure = tree_flatten(args if argnums is None else chosen(args, argnums))
        with without_draws(randomness):
            pushed = Pushed(func, args, argnums, has_aux)
        outputs, structure = tree_flatten(pushed.value)
        _require_real("jacfwd", outputs, "outputs")
        columns = tree_flatten(vmap(pushed.change)(_basis(inputs)))[0]
        parts: list[list[Any]] = [[] for _ in outputs]
        start = 0
        for primal in inputs:
            end = start + primal.nelement()
            for place, each in enumerate(outputs):
                whole = columns[place][start:end].movedim(0, -1)
                parts[place].append(whole.reshape(each.shape + primal.shape))
            start = end
        found = _assembled(parts, structure, inputs_structure)
        return (found, pushed.aux) if has_aux else found

    return entry(differentiated)


def hessian(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """The matrix of second derivatives of a function: the columns of its Jacobian's Jacobian.

    >>> import autogradkit as torch
    >>> torch.func.hessian(lambda x: (x**3).sum())(torch.tensor([1.0, 3.0]))
    tensor([[ 6.,  0.],
            [ 0., 18.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
