"""Running results of any associative function, `cumsum` for more than sums, in a tree of halves: PyTorch's `associative_scan`.

Rests on `vmap`, under which the function sees one place at a time, and on the walk through nested containers. State-space
models (Mamba and its kin) import it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autogradkit import cat, flip, movedim
from autogradkit.core.frames import entry
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.tensor import Tensor
from autogradkit.func import vmap
from autogradkit.utils import _pytree

Leaves = Sequence[Tensor]


@entry
def associative_scan(
    combine_fn: Callable[[Any, Any], Any], xs: Any, dim: int, reverse: bool = False, combine_mode: str = "pointwise"
) -> Any:
    """x₀, f(x₀, x₁), f(f(x₀, x₁), x₂), … along `dim` of the tensors in `xs`, a tensor or nested containers of them.

    `combine_fn` takes two of them, without `dim`, and gives one. `combine_mode` is "generic": "pointwise" is for accelerators.
    Raises ValueError for that, for tensors without `dim` or without an element along it, and IndexError for no such dimension.

    >>> import autogradkit as torch
    >>> associative_scan(lambda a, b: a * b, torch.tensor([1.0, 2.0, 3.0, 4.0]), 0, combine_mode="generic")
    tensor([ 1.,  2.,  6., 24.])
    """
    leaves, spec = _pytree.tree_flatten(xs)
    dim = wrap_dim(dim, leaves[0].ndim)
    _require(combine_fn, leaves, dim, reverse, combine_mode)
    moved = [movedim(each, dim, 0) for each in leaves]
    if reverse:
        moved = [flip(each, [0]) for each in moved]
    batched = vmap(combine_fn)

    def combine(left: Leaves, right: Leaves) -> Leaves:
        made = batched(_pytree.tree_unflatten(left, spec), _pytree.tree_unflatten(right, spec))
        found = _pytree.tree_leaves(made)
        if len(found) != len(leaves):
            raise AssertionError(f"combine_fn gives {len(found)} tensors where it takes {len(leaves)} twice")
        return found

    scanned = _scanned(combine, moved)
    if reverse:
        scanned = [flip(each, [0]) for each in scanned]
    return _pytree.tree_unflatten([movedim(each, 0, dim) for each in scanned], spec)


def _scanned(combine: Callable[[Leaves, Leaves], Leaves], xs: Leaves) -> Leaves:
    """The running results along the first dimension: those at odd places are those of pairs, the rest follow from them."""
    count = len(xs[0])
    if count < 2:
        return xs
    pairs = combine([each[0 : count - 1 : 2] for each in xs], [each[1::2] for each in xs])
    odd = _scanned(combine, pairs)
    even = [each[:1] for each in xs]
    if count > 2:
        before = [each[: (count - 1) // 2] for each in odd]
        later = combine(before, [each[2::2] for each in xs])
        even = [cat([first, rest]) for first, rest in zip(even, later, strict=True)]
    return [_interleaved(a, b) for a, b in zip(even, odd, strict=True)]


def _interleaved(even: Tensor, odd: Tensor) -> Tensor:
    """Rows of both in turns, of which `even` has as many or one more."""
    pairs = even[: len(odd)].unsqueeze(1), odd.unsqueeze(1)
    together = cat(pairs, dim=1).flatten(0, 1)
    return together if len(even) == len(odd) else cat([together, even[-1:]])


def _require(combine_fn: Any, leaves: Sequence[Any], dim: int, reverse: Any, combine_mode: str) -> None:
    if not callable(combine_fn):
        raise ValueError(f"Combine_fn must be a callable, but got {combine_fn}")
    if not isinstance(reverse, bool):
        raise RuntimeError(f"Reverse must be a bool, but got {type(reverse)}")
    if combine_mode not in ("pointwise", "generic"):
        raise ValueError(f"Combine_mode must either 'pointwise' or 'generic', but got {combine_mode}")
    if combine_mode == "pointwise":
        raise ValueError("For combine_mode='pointwise', all input tensors need to be on CUDA or XPU")
    if any(each.is_sparse for each in leaves):
        raise ValueError("xs leaves must dense Tensors, consider using `to_dense()`")
    if any(each.ndim <= dim or each.shape[dim] == 0 for each in leaves):
        raise ValueError("All xs leaves must at least have 'dim' number of dimensions and scan dimension > 0")
