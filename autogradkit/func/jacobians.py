"""Whole Jacobians: by rows (`jacrev`), by columns (`jacfwd`), and the Hessian by both.

Rests on transforms. Each row is one backward, each column the gradient of a gradient; the function itself runs once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.selection.joining import stack
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.func.batching import require_randomness, without_draws
from autogradkit.func.transforms import Pushed, chosen, pulled
from autogradkit.func.trees import Structure, flatten, unflatten


def _require_real(name: str, tensors: Sequence[Any], what: str) -> None:
    for index, each in enumerate(tensors):
        if isinstance(each, Tensor) and each.is_complex():
            raise RuntimeError(
                f"{name}: Expected all {what} to be real but received complex tensor at flattened input idx: {index}"
            )


def _basis(tensors: Sequence[Any]) -> list[list[Any]]:
    """For each element of all of them a list of tensors like them, which are zero but for a one at that element."""
    sizes = [each.nelement() for each in tensors]
    rows = np.eye(sum(sizes))
    starts = np.cumsum([0, *sizes[:-1]])
    return [
        [
            wrap(row[start : start + size].reshape(each.shape).astype(each._array.dtype))
            for each, start, size in zip(tensors, starts, sizes, strict=True)
        ]
        for row in rows
    ]


def _put_together(parts: Sequence[Sequence[Any]], outputs: Structure, inputs: Structure) -> Any:
    """The Jacobians, in the structure of the outputs each in that of the inputs, from `parts[output][input]`."""
    each = [unflatten(row, inputs) for row in parts]
    return unflatten(each, outputs)


def jacrev(
    func: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """The Jacobian of a function, by rows: a function of its arguments that gives it for the one (or those) at `argnums`.

    Where outputs or arguments are nested, it has the outputs' structure, and in each place that of the arguments. `chunk_size`,
    which bounds PyTorch's memory, changes nothing here: a row is computed at a time.

    >>> import autogradkit as torch
    >>> torch.func.jacrev(lambda x: x**2)(torch.tensor([1.0, 3.0]))
    tensor([[2., 0.],
            [0., 6.]])
    """
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def differentiated(*args: Any) -> Any:
        _require_real("jacrev", flatten(args)[0], "inputs")
        output, product, *aux = pulled(func, args, argnums, has_aux)
        outputs, structure = flatten(output)
        _require_real("jacrev", outputs, "outputs")
        inputs, inputs_structure = flatten(chosen(args, argnums))
        rows = [flatten(product(unflatten(row, structure)))[0] for row in _basis(outputs)]
        parts: list[list[Any]] = []
        start = 0
        for each in outputs:
            end = start + each.nelement()
            parts.append(
                [
                    stack([row[place] for row in rows[start:end]]).view(each.shape + primal.shape)
                    if end > start
                    else primal.new_zeros(each.shape + primal.shape)
                    for place, primal in enumerate(inputs)
                ]
            )
            start = end
        found = _put_together(parts, structure, inputs_structure)
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
        _require_real("jacfwd", flatten(args)[0], "inputs")
        require_randomness(randomness)
        inputs, inputs_structure = flatten(args if argnums is None else chosen(args, argnums))
        with without_draws(randomness):
            pushed = Pushed(func, args, argnums, has_aux)
        outputs, structure = flatten(pushed.value)
        _require_real("jacfwd", outputs, "outputs")
        columns = [flatten(pushed.change(column))[0] for column in _basis(inputs)]
        parts: list[list[Any]] = [[] for _ in outputs]
        start = 0
        for primal in inputs:
            end = start + primal.nelement()
            for place, each in enumerate(outputs):
                whole = stack([column[place] for column in columns[start:end]], -1)
                parts[place].append(whole.view(each.shape + primal.shape))
            start = end
        found = _put_together(parts, structure, inputs_structure)
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
