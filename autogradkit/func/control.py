"""`cond`, a choice between two functions, and `functionalize`: what PyTorch has for its compilers, with their meaning without.

Rests on tensors and trees. The package publishes `cond`, `autogradkit.func` the other.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.utils._pytree import tree_leaves


@entry
def cond(
    pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], operands: tuple[Any, ...] | list[Any] = ()
) -> Any:
    """What `true_fn`, or where `pred` does not hold `false_fn`, makes of the operands.

    The graph is that of the function that was chosen; PyTorch's has one node for the whole. Raises RuntimeError where `pred`
    is neither a number nor a tensor of one element and, with a tensor, where operands are no tensors.

    >>> import autogradkit as torch
    >>> torch.cond(torch.tensor(True), torch.exp, torch.log, (torch.tensor(0.0),))
    tensor(1.)
    """
    if not isinstance(pred, (bool, int, float)):
        _require_operands(pred, true_fn, false_fn, operands)
    return (true_fn if pred else false_fn)(*operands)


def _require_operands(pred: Any, true_fn: Any, false_fn: Any, operands: Any) -> None:
    if not isinstance(pred, Tensor):
        raise RuntimeError(f"Expected pred to be bool or tensor, but got {pred}.")
    if pred.numel() != 1:
        raise RuntimeError(f"Expected pred to be bool or single-element tensor, but got {pred}.")
    if not callable(true_fn) or not callable(false_fn):
        raise RuntimeError("Expect both branches to be callable.")
    if not isinstance(operands, (tuple, list)) or not all(isinstance(each, Tensor) for each in tree_leaves(operands)):
        raise RuntimeError(
            "Expect operands to be a tuple of possibly nested dict/list/tuple that only consists of tensor leaves, but got "
            f"{operands}."
        )


def functionalize(func: Callable[..., Any], *, remove: str = "mutations") -> Callable[..., Any]:
    """`func` itself, wrapped: nothing here is handed to a compiler, so that its edits in place may stay.

    Raises RuntimeError for a `remove` that is neither "mutations" nor "mutations_and_views".

    >>> import autogradkit as torch
    >>> torch.func.functionalize(lambda x: x.clone().add_(1))(torch.tensor(2.0))
    tensor(3.)
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            f"functionalize(f, remove='mutations'): received invalid argument for remove={remove}. Valid options are:\n"
            "     remove='mutations': all inplace and out= operators will be removed from the program, and replaced with their "
            "out-of-place equivalents.\n"
            "     remove='mutations_and_views': In addition to the above, all aliasing operators {view} will be replaced with "
            "their non-aliasing counterparts, {view}_copy.\n"
        )

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return wrapped
