"""Attention among jagged tensors: within each part. Rests on nested_tensor.py and on attention of tensors of one size."""

from __future__ import annotations

from typing import Any

from autogradkit._ops.selection.joining import cat
from autogradkit.nested._internal.nested_tensor import NestedTensor, Ragged, nested, offsets_of, parts_of
from autogradkit.nested._internal.ops import function
from autogradkit.nn import functional as F


@function("scaled_dot_product_attention")
def _(func: Any, query: Any, key: Any, value: Any, attn_mask: Any = None, *rest: Any, **options: Any) -> Any:
    if attn_mask is not None:
        raise ValueError("Masks are not yet supported!")
    if not all(isinstance(each, NestedTensor) for each in (query, key, value)):
        raise ValueError("Expected query, key, and value to all be nested tensors")
    triples = zip(parts_of(query), parts_of(key), parts_of(value), strict=True)
    found = [F.scaled_dot_product_attention(*each, None, *rest, **options) for each in triples]
    at = query._ragged_idx
    ragged = query._ragged if query._ragged.lengths is None else Ragged(offsets_of([each.shape[-2] for each in found]))
    # Rows first, as in the tensor of values that layers work on: (row, head, feature), seen with heads before rows.
    values = cat([each.movedim(at - 1, 0) for each in found], 0)
    return nested(values.movedim(0, at - 1), ragged, at)
