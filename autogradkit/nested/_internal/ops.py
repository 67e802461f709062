"""What functions do with jagged tensors: element by element on the values, along their dimensions, else part by part.

In the values a dimension has the number before its own, as they have none for the parts. Rests on nested_tensor.py, whose table
it fills; attention is in sdpa.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from autogradkit._ops.declare.names import METHODS, SETS
from autogradkit._ops.selection.joining import stack
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.tensor import Tensor
from autogradkit.nested._internal.nested_tensor import (
    FUNCTIONS,
    NestedTensor,
    Ragged,
    joined,
    like,
    parts_of,
    plain,
    same_parts,
    shown_sizes,
    sizes_of,
)
from autogradkit.nn import functional as F


def function(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register what the functions of these names do; it gets what was called, and the call's arguments."""

    def register(found: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS.update(dict.fromkeys(names, found))
        return found

    return register


def inner_dim(given: NestedTensor, dim: int, name: str, ragged: bool = False) -> int:
    """The number of a dimension in the values. Raises RuntimeError for that of the parts, and, unless `ragged`, for theirs."""
    at = wrap_dim(dim, given.dim())
    if at == 0:
        raise RuntimeError(f"{name}(): not supported for NestedTensor on dim=0")
    if at == given._ragged_idx and not ragged:
        raise RuntimeError(f"{name}(): not supported for NestedTensor on ragged dim")
    return at - 1


# -- element by element -----------------------------------------------------------------------------------------------

_SAME = frozenset((
    "alpha_dropout", "bernoulli", "bfloat16", "bool", "clone", "copy_", "cpu", "detach", "detach_", "double", "empty_like",
    "feature_dropout", "fill_", "float", "full_like", "half", "int", "long", "masked_fill", "masked_fill_", "ones_like",
    "rand_like", "randint_like", "randn_like", "requires_grad_", "to", "type", "zero_", "zeros_like",
))  # fmt: skip
_COMPOSED = frozenset((
    "__rdiv__", "__rtruediv__", "__rpow__", "__rsub__", "gelu", "isclose", "isfinite", "isreal", "leaky_relu", "prelu", "relu6",
    "silu", "softplus", "square", "square_", "subtract",
))  # fmt: skip
_AS_IT_IS = frozenset((
    "backward", "register_hook", "retain_grad", "is_floating_point", "is_complex", "element_size", "numel", "is_nonzero", "equal",
    "allclose", "is_same_size", "item", "get_device", "is_signed", "register_post_accumulate_grad_hook",
))  # fmt: skip


@functools.cache
def _is_pointwise(name: str) -> bool:
    """Whether a function, whose name may be that of an operator or of a form in place, is computed element by element."""
    owners = [METHODS[name][0]] if name in METHODS else [each for each in SETS if name in (each.name, *each.aliases)]
    return any(form.pointwise is not None for owner in owners for form in owner.overloads) or name in _COMPOSED


@function("pointwise")
def _(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    name = func.__name__
    several = [each for each in args if isinstance(each, NestedTensor)]
    if name in _AS_IT_IS:
        return func(*map(plain, args), **kwargs) if len(several) > 1 or name == "item" else func(*args, **kwargs)
    if not several or not (name in _SAME or _is_pointwise(name)):
        raise NotImplementedError(f"aten.{name}.default")
    first = several[0]
    opened = [_beside(first, each, name) if isinstance(each, Tensor) else each for each in args]
    made = func(*opened, **kwargs)
    if made.__class__ is Tensor and made._array.shape == first._array.shape:
        return like(first, made)
    if made is first:
        return made
    if isinstance(made, Tensor) and made._array.ndim >= first._array.ndim and _has_rows(first, made):
        return like(first, made)
    raise NotImplementedError(f"aten.{name}.default")


def _has_rows(given: NestedTensor, values: Any) -> bool:
    at = given._ragged_idx - 1
    return values._array.shape[at] == given._array.shape[at]


def _beside(first: NestedTensor, other: Any, name: str) -> Any:
    """An operand as it stands beside the values: one with a place for each part is repeated for each row of it."""
    if isinstance(other, NestedTensor):
        if not same_parts(first, other):
            shown = f"{shown_sizes(first)} and {shown_sizes(other)}"
            raise RuntimeError(f"cannot call binary pointwise function {name}.Tensor with inputs of shapes {shown}")
        return other
    dim, at = first.dim(), first._ragged_idx
    if other.dim() < dim:
        return other
    if other.dim() == dim and other.shape[at] == 1:
        if other.shape[0] == 1:
            return other.squeeze(0)
        if other.shape[0] == len(first):
            rows = other.new_tensor(first._ragged.counts).long()
            return other.squeeze(at).repeat_interleave(rows, dim=0).movedim(0, at - 1)
    shown = f"{shown_sizes(first)} and {shown_sizes(other)}"
    raise RuntimeError(f"cannot call binary pointwise function {name}.Tensor with inputs of shapes {shown}")


@function("contiguous")
def _(func: Any, given: NestedTensor, *args: Any, **kwargs: Any) -> Any:
    if given._ragged.lengths is None:
        return given if Tensor.is_contiguous(given) else like(given, plain(given).contiguous())
    return joined(parts_of(given), ragged_idx=given._ragged_idx)


@function("where")
def _(func: Any, *args: Any) -> Any:
    first = next(each for each in args if isinstance(each, NestedTensor))
    return like(
        first, func(*[plain(_beside(first, each, "where")) if isinstance(each, Tensor) else each for each in args])
    )


@function("values", "_values")
def _(func: Any, given: NestedTensor) -> Any:
    return plain(given)


# -- reductions -------------------------------------------------------------------------------------------------------


def _dims_of(given: NestedTensor, dim: Any) -> list[int]:
    return sorted({wrap_dim(each, given.dim()) for each in ((dim,) if isinstance(dim, int) else dim)})


@function("sum", "mean", "prod", "amax", "amin", "all", "any", "argmax", "argmin", "logsumexp", "max", "min")
def _(func: Any, given: NestedTensor, *args: Any, **kwargs: Any) -> Any:
    name = func.__name__
    if args and isinstance(args[0], Tensor):  # max of two
        return FUNCTIONS["pointwise"](func, given, *args, **kwargs)
    dim = args[0] if args else kwargs.pop("dim", None)
    if dim is None:
        return func(plain(given), **kwargs)
    keepdim = args[1] if len(args) > 1 else kwargs.pop("keepdim", False)
    dims = _dims_of(given, dim)
    single = isinstance(dim, int)
    at = given._ragged_idx
    if 0 in dims and at not in dims:
        raise RuntimeError(
            f"{name}(): reducing along the batch dimension but not the ragged dimension is not supported for nested tensors"
        )
    if at in dims and 0 not in dims and len(dims) > 1:
        raise RuntimeError(
            f"{name}(): reducing along a ragged and non-batch dimension is not supported for nested tensors"
        )
    inner: Any = [each - 1 for each in dims if each]
    inner = inner[0] if single else inner
    if at not in dims:
        made = func(plain(given), inner, keepdim=keepdim, **kwargs)
        moved = at - (0 if keepdim else sum(each < at for each in dims))
        return _each(made, lambda each: like(given, each, moved))
    if 0 in dims:
        made = func(plain(given), inner, keepdim=keepdim, **kwargs)
        return made.unsqueeze(0) if keepdim else made
    several = [func(part, inner, keepdim=keepdim, **kwargs) for part in parts_of(given)]
    if isinstance(several[0], tuple):
        return type(several[0])([stack([each[i] for each in several]) for i in range(2)])
    return stack(several)


@function("std", "var")
def _(func: Any, *_args: Any, **_kwargs: Any) -> Any:
    raise NotImplementedError(f"aten.{func.__name__}.correction")


def _each(made: Any, wrap: Callable[[Any], Any]) -> Any:
    return type(made)([wrap(each) for each in made]) if isinstance(made, tuple) else wrap(made)


@function("softmax", "log_softmax")
def _(func: Any, given: NestedTensor, dim: int, dtype: Any = None, **_stack_level: Any) -> Any:
    at = wrap_dim(dim, given.dim())
    if at == 0:
        raise RuntimeError(
            f"{func.__name__}(): not supported when reducing across the batch dimension for NestedTensor"
        )
    if at != given._ragged_idx:
        return like(given, func(plain(given), at - 1, dtype=dtype))
    return joined([func(part, at - 1, dtype=dtype) for part in parts_of(given)], _packed(given), at)


def _packed(given: NestedTensor) -> Ragged | None:
    """Where parts are that follow one another; None where there were holes, as they begin elsewhere then."""
    return given._ragged if given._ragged.lengths is None else None


# -- products and layers ----------------------------------------------------------------------------------------------


@function("linear")
def _(func: Any, input: Any, weight: Any, bias: Any = None) -> Any:
    return like(input, func(plain(input), weight, bias))


@function("matmul", "bmm", "__matmul__")
def _(func: Any, one: Any, other: Any) -> Any:
    refused = RuntimeError(f"matmul(): not supported between inputs of shapes {shown_sizes(one)} and {_size_of(other)}")
    if isinstance(one, NestedTensor) and not isinstance(other, NestedTensor):
        if other.dim() == 2 and one._ragged_idx < one.dim() - 1:
            return like(one, plain(one) @ other)
        if other.dim() == one.dim() and other.shape[0] == len(one) and one._ragged_idx == 1 and one.dim() == 3:
            pairs = zip(parts_of(one), other.unbind(0), strict=True)
            return joined([part @ each for part, each in pairs], _packed(one))
        raise refused
    along = isinstance(one, NestedTensor) and (one._ragged_idx, other._ragged_idx) == (one.dim() - 1, other.dim() - 2)
    if along and one._ragged.symbol == other._ragged.symbol:  # the dimension in which parts differ
        return stack([a @ b for a, b in zip(parts_of(one), parts_of(other), strict=True)])
    raise refused


def _size_of(other: Any) -> Any:
    """The sizes of the second operand as the refusal of a product has them."""
    return sizes_of(other) if isinstance(other, NestedTensor) else other.shape


@function("layer_norm")
def _(func: Any, input: Any, normalized_shape: Any, *rest: Any, **options: Any) -> Any:
    return like(input, F.layer_norm(plain(input), normalized_shape, *rest[:3], **options))


@function("rms_norm")
def _(func: Any, input: Any, normalized_shape: Any, *rest: Any, **options: Any) -> Any:
    return like(input, F.rms_norm(plain(input), normalized_shape, *rest, **options))


@function("dropout")
def _(
    func: Any, input: Any, p: float = 0.5, train: bool = True, inplace: bool = False, *, training: bool | None = None
) -> Any:
    train = train if training is None else training  # as `nn.functional` calls it, which asks once a user's class does
    if inplace:
        raise NotImplementedError("dropout() of a nested tensor in place")
    if train and p in (0, 1):
        func(plain(input).detach(), 0.5, True)  # as in PyTorch, which draws where tensors are nested, whatever `p` is
        return like(input, plain(input) * (1 - p))
    return like(input, func(plain(input), p, train))


@function("embedding")
def _(func: Any, one: Any, other: Any, *rest: Any, **options: Any) -> Any:
    input = one if isinstance(one, NestedTensor) else other
    return like(input, func(plain(one), plain(other), *rest, **options))


# -- other layouts ----------------------------------------------------------------------------------------------------


@function("to_padded_tensor")
def _(func: Any, given: NestedTensor, padding: float, output_size: Sequence[int] | None = None) -> Any:
    if given._ragged.lengths is not None:
        raise RuntimeError("to_padded_tensor(): not supported for nested tensors with holes")
    at = given._ragged_idx - 1
    longest = given._max_seqlen if output_size is None else output_size[at + 1]
    if longest < given._max_seqlen:
        raise RuntimeError("Value in output_size is less than NestedTensor padded size. Truncation is not supported.")
    filled: list[Any] = []
    for part in parts_of(given):
        after = [0, 0] * (part.ndim - 1 - at) + [0, longest - part.shape[at]]
        filled.append(F.pad(part, after, value=padding))
    return stack(filled)
