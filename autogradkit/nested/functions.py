"""What is not pointwise of nested tensors: each goes part by part, or over the rows of all parts.

Rests on tensor.py, which calls them by the names in `PARTWISE`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.network.embedding import embedding as embedded
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nested.tensor import PARTWISE, NestedTensor, dim_of, joined, nested, unbind
from autogradkit.nn import functional as F


def _within(given: Any, dim: int, name: str) -> int:
    """The dimension of the parts that is `dim` of the whole."""
    at = dim_of(given, dim)
    if not at:
        raise RuntimeError(f"{name}(): nested tensors have parts, and nothing else, along dimension 0")
    return at - 1


def _rows(given: Any) -> Tensor:
    """The last dimensions of all parts, one below the other."""
    return Tensor.view(given, (-1, given.size(-1)))


def _of_rows(given: Any, rows: Tensor) -> Any:
    return nested(rows.reshape(-1), tuple((*each[:-1], rows.shape[-1]) for each in given._sizes))


def _linear(input: Any, weight: Tensor, bias: Tensor | None = None) -> Any:
    return _of_rows(input, F.linear(_rows(input), weight, bias))


def _layer_norm(
    input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5, _: Any = None
) -> Any:
    if weight is None or bias is None:
        raise ValueError("NestedTensor layer_norm requires weight and bias")
    if len(normalized_shape) == 1:
        return _of_rows(input, F.layer_norm(_rows(input), normalized_shape, weight, bias, eps))
    return joined([F.layer_norm(each, normalized_shape, weight, bias, eps) for each in unbind(input)])


def _embedding(one: Any, other: Any, *rest: Any, **options: Any) -> Any:
    if isinstance(one, NestedTensor):  # nn.functional's, which asks itself once a class of a user's overrides functions
        weight, input = other, one
        found = F.embedding(Tensor.view(input, (-1,)), weight, *rest, **options)
    else:
        weight, input = one, other
        found = embedded(weight, Tensor.view(input, (-1,)), *rest, **options)
    return nested(found.reshape(-1), tuple((*each, weight.shape[1]) for each in input._sizes))


def _softmax(input: Any, dim: int, dtype: Dtype | None = None, **_stack_level: int) -> Any:
    at = _within(input, dim, "softmax")
    return joined([each.softmax(at, dtype=dtype) for each in unbind(input)])


def _sum(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    if dim not in (-1, input.dim() - 1, [-1], (-1,)) or not keepdim:
        raise NotImplementedError("of a nested tensor there is sum(-1, keepdim=True): unbind() gives the parts")
    return _of_rows(input, _rows(input).sum(-1, keepdim=True))


def _matmul(input: Any, other: Any) -> Any:
    for one, name in ((input, "self"), (other, "other")):
        if not isinstance(one, NestedTensor):
            told = ("non-nested", "nested") if name == "self" else ("nested", "non-nested")
            raise RuntimeError(f"Expected both to be nested, but got a {told[0]} self and {told[1]} other")
    return joined([one @ two for one, two in zip(unbind(input), unbind(other), strict=True)])


def _transpose(input: Any, dim0: int, dim1: int) -> Any:
    first, second = (_within(input, dim, "transpose") for dim in (dim0, dim1))
    return joined([each.transpose(first, second) for each in unbind(input)])


def _unsqueeze(input: Any, dim: int) -> Any:
    at = dim % (input.dim() + 1) - 1
    if at < 0:
        raise RuntimeError("unsqueeze(): nested tensors have parts, and nothing else, along dimension 0")
    return joined([each.unsqueeze(at) for each in unbind(input)])


def _view(input: Any, *shape: Any) -> Any:
    """-1 leaves a dimension that is there as it is, and infers one that is new."""
    sizes = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape
    if sizes[0] not in (-1, len(input._sizes)):
        raise RuntimeError(f"view: For now nested view cannot change or infer the implicit batch dimension: {sizes[0]}")
    parts = []
    for part in unbind(input):
        parts.append(
            part.reshape([part.shape[at] if n == -1 and at < part.ndim else n for at, n in enumerate(sizes[1:])])
        )
    return joined(parts)


def _chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    at = _within(input, dim, "chunk")
    several = [each.chunk(chunks, at) for each in unbind(input)]
    return tuple(joined(each) for each in zip(*several, strict=True))


def _join(tensors: Sequence[Any], dim: int = 0) -> Any:
    if dim or not all(isinstance(each, NestedTensor) for each in tensors):
        raise RuntimeError("cat of nested tensors joins them along dimension 0, where all are nested")
    return joined([part for each in tensors for part in unbind(each)])


def _attention(query: Any, key: Any, value: Any, *rest: Any, **options: Any) -> Any:
    triples = zip(unbind(query), unbind(key), unbind(value), strict=True)
    return joined([F.scaled_dot_product_attention(*each, *rest, **options) for each in triples])


@entry
def _item(input: Any, index: Any) -> Any:
    first, *rest = index if isinstance(index, tuple) else (index,)
    if not isinstance(first, int):
        raise NotImplementedError("a nested tensor is indexed by the number of a part first")
    count = len(input._sizes)
    if not -count <= first < count:
        raise IndexError(f"index {first} is out of bounds for dimension 0 with size {count}")
    part = unbind(input)[first]
    return part[tuple(rest)] if rest else part


def _values(input: Any) -> Tensor:
    return Tensor.view(input, (-1,))


PARTWISE.update({
    "unbind": unbind, "linear": _linear, "layer_norm": _layer_norm, "embedding": _embedding, "softmax": _softmax,
    "sum": _sum, "matmul": _matmul, "bmm": _matmul, "transpose": _transpose, "unsqueeze": _unsqueeze, "view": _view,
    "reshape": _view, "chunk": _chunk, "cat": _join, "scaled_dot_product_attention": _attention, "__getitem__": _item,
    "values": _values,
})  # fmt: skip
