"""Rows of a table picked by number: embedding, one_hot.

Rests on the declared ops of `_ops/network/embedding.py`.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.network.embedding import embedding as _embedding
from autogradkit._ops.network.embedding import embedding_renorm_
from autogradkit._ops.network.embedding import one_hot as _one_hot
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad

__all__ = ["embedding", "one_hot"]

_pick_rows = _embedding.owner.made("function")
one_hot = _one_hot.owner.made("function")


@entry
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The row of `weight` (V, D) that each integer of `input` names: (*) → (*, D).

    The row `padding_idx` receives no gradient; `scale_grad_by_freq` divides each row's gradient by how often it was
    named; `max_norm` first scales the named rows of `weight`, in place, down to that `norm_type`-norm. Raises IndexError
    for a number without a row, NotImplementedError for `sparse=True`.

    >>> import autogradkit as torch
    >>> table = torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    >>> torch.nn.functional.embedding(torch.tensor([1, 0]), table)
    tensor([[1., 2.],
            [0., 0.]])
    """
    if padding_idx is None:
        padding_idx = -1
    elif padding_idx > 0 or padding_idx < 0:
        rows: Any = weight.size(0)
        if not -rows <= padding_idx < rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= rows
    if max_norm is not None:
        input = input.contiguous()
        with no_grad():
            given = (weight.detach(), input, max_norm, norm_type)
            embedding_renorm_.in_place_call(*embedding_renorm_.signature.match(given, {}, True))
    return _pick_rows(weight, input, padding_idx, scale_grad_by_freq, sparse)
