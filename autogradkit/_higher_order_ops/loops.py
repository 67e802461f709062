"""Loops as functions of functions, which PyTorch has for its compiler: `while_loop`, `map`, `scan`, `foreach_map`.

Here they run as Python writes them, so the graph has the steps themselves, where PyTorch's has one node for a loop. Rests on
the walk through nested containers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit import flip, movedim, stack
from autogradkit.core.frames import entry
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.tensor import Tensor
from autogradkit.utils import _pytree


@entry
def while_loop(cond_fn: Callable[..., Any], body_fn: Callable[..., Any], carried_inputs: Any) -> Any:
    """What `body_fn` makes of the inputs, again and again, as long as `cond_fn` of them holds.

    Raises RuntimeError for what cannot be called and for inputs in no tuple or list.

    >>> import autogradkit as torch
    >>> while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * 2), (torch.tensor(0), torch.ones(2)))
    (tensor(3), tensor([8., 8.]))
    """
    if not callable(cond_fn) or not callable(body_fn):
        raise RuntimeError("Expect cond_fn and body_fn to be callable.")
    if not isinstance(carried_inputs, (tuple, list)):
        raise RuntimeError(f"Expect carried_inputs to be a tuple or list, got {type(carried_inputs)}")
    carried = carried_inputs
    single = False
    while _holds(cond_fn(*carried)):
        made = body_fn(*carried)
        single = not isinstance(made, (tuple, list))
        carried = (made,) if single else tuple(made)
    return carried[0] if single else tuple(carried)


def _holds(condition: Any) -> bool:
    if isinstance(condition, bool) or (isinstance(condition, Tensor) and condition.numel() == 1):
        return bool(condition)
    raise RuntimeError(f"cond_fn must return a boolean scalar tensor or a boolean but got {condition}")


@entry
def map(f: Callable[..., Any], xs: Any, *args: Any) -> Any:
    """`f(x, *args)` for each x along the first dimension of the tensors in `xs`, one after the other, stacked.

    Raises RuntimeError where tensors have no elements along it, or not as many.

    >>> import autogradkit as torch
    >>> map(lambda x, y: x.sum() + y, torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor(10.0))
    tensor([13., 17.])
    """
    leaves, spec = _pytree.tree_flatten(xs)
    shapes = [each.shape for each in leaves]
    lengths = {shape[0] for shape in shapes}
    if lengths == {0}:
        raise RuntimeError("Leading dimensions of mapped xs cannot be 0.")
    if len(lengths) != 1:
        raise RuntimeError(f"Leading dimensions of mapped xs must be consistent. Got shapes {shapes}.")
    return _stacked([f(_pytree.tree_unflatten(each, spec), *args) for each in zip(*leaves, strict=True)])


def _stacked(results: list[Any], dim: int = 0) -> Any:
    leaves = zip(*[_pytree.tree_leaves(each) for each in results], strict=True)
    return _pytree.tree_unflatten([stack(each, dim) for each in leaves], _pytree.tree_flatten(results[0])[1])


@entry
def scan(
    combine_fn: Callable[[Any, Any], Any], init: Any, xs: Any, *, dim: int = 0, reverse: bool = False
) -> tuple[Any, Any]:
    """The last carry, and stacked what came of each step: `combine_fn(carry, x)` gives (carry, y), beginning with `init`.

    x are the parts of `xs` along `dim`, along which the y are stacked; with `reverse` it begins at the end. Raises
    RuntimeError for what is no tensor.

    >>> import autogradkit as torch
    >>> scan(lambda c, x: (c + x, c * x), torch.tensor(0.0), torch.arange(4.0))
    (tensor(6.), tensor([0., 0., 2., 9.]))
    """
    leaves, spec = _pytree.tree_flatten(xs)
    for what, given in (("init", _pytree.tree_leaves(init)), ("xs", leaves)):
        for each in given:
            if not isinstance(each, Tensor):
                raise RuntimeError(f"All {what} leaves must be a Tensor but got {each}")
    moved = [movedim(each, wrap_dim(dim, each.ndim), 0) for each in leaves]
    steps = list(zip(*[flip(each, [0]) if reverse else each for each in moved], strict=True))
    carry, made = init, []
    for step in steps:
        carry, y = combine_fn(carry, _pytree.tree_unflatten(step, spec))
        made.append(y)
    return carry, _stacked(made[::-1] if reverse else made, dim)


@entry
def foreach_map(op: Callable[..., Any], *operands: Any, **kwargs: Any) -> Any:
    """`op` of the first elements of the lists among the operands, of the second ones, and so on; others go to each call.

    >>> import autogradkit as torch
    >>> foreach_map(torch.mul, [torch.ones(1), torch.zeros(2)], 2.0)
    [tensor([2.]), tensor([0., 0.])]
    """
    counts = [len(each) for each in operands if isinstance(each, (list, tuple))]
    if not counts:
        return op(*operands, **kwargs)
    rows = [[each] * counts[0] if not isinstance(each, (list, tuple)) else each for each in operands]
    return [op(*row, **kwargs) for row in zip(*rows, strict=True)]
