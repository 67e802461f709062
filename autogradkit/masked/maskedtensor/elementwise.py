"""Functions of one and of two masked tensors, element by element: computed of the data, the mask being that of the operands.

Two masks have to be equal. Of sparse ones the values are computed. Rests on core.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.declare import PUBLISHED
from autogradkit.core.layout import sparse_coo, sparse_csr, strided
from autogradkit.core.tensor import Tensor
from autogradkit.masked.maskedtensor.core import (
    alike,
    closed,
    data_of,
    is_masked_tensor,
    mask_of,
    opened,
    operators,
    same_masks,
)

_ONE = (
    "abs", "absolute", "acos", "arccos", "acosh", "arccosh", "angle", "asin", "arcsin", "asinh", "arcsinh", "atan", "arctan",
    "atanh", "arctanh", "bitwise_not", "ceil", "clamp", "clip", "conj_physical", "cos", "cosh", "deg2rad", "digamma", "erf",
    "erfc", "erfinv", "exp", "exp2", "expm1", "fix", "floor", "frac", "lgamma", "log", "log10", "log1p", "log2", "logit",
    "i0", "isnan", "nan_to_num", "neg", "negative", "positive", "pow", "rad2deg", "reciprocal", "round", "rsqrt", "sigmoid",
    "sign", "sgn", "signbit", "sin", "sinc", "sinh", "sqrt", "square", "tan", "tanh", "trunc",
)  # fmt: skip
_TWO = (
    "add", "atan2", "arctan2", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "div",
    "divide", "floor_divide", "fmod", "logaddexp", "logaddexp2", "mul", "multiply", "nextafter", "remainder", "sub",
    "subtract", "true_divide", "eq", "ne", "le", "ge", "greater", "greater_equal", "gt", "less_equal", "lt", "less",
    "maximum", "minimum", "fmax", "fmin", "not_equal",
)  # fmt: skip
_NOT_IN_PLACE = frozenset((
    "angle", "positive", "signbit", "isnan", "logaddexp", "logaddexp2", "fmin", "minimum", "maximum", "fmax",
))  # fmt: skip


def _in_place(names: Sequence[str]) -> list[str]:
    return [f"{name}_" for name in names if name not in _NOT_IN_PLACE]


def _sparse(name: str, *args: Any, **kwargs: Any) -> Any:
    return PUBLISHED[name](*args, **kwargs)


def _of_values(func: Any, data: list[Any]) -> Any:
    """The function of the values of sparse data, in their places."""
    first = data[0]
    if first.layout is sparse_coo:
        first = first.coalesce()
        found = func(first.values(), *data[1:])
        return _sparse("sparse_coo_tensor", first.indices(), found, size=first.size())
    found = func(first.values(), *data[1:])
    return _sparse("sparse_csr_tensor", first.crow_indices(), first.col_indices(), found, first.size())


def _computed(func: Any, data: list[Any]) -> Any:
    return _of_values(func, data) if data[0].layout in (sparse_coo, sparse_csr) else func(*data)


def _one(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    if kwargs:
        raise ValueError(
            "MaskedTensor unary ops require that len(kwargs) == 0. If you need support for this, please open an issue on Github."
        )
    if any(isinstance(each, Tensor) for each in args[1:]):
        raise TypeError("MaskedTensor unary ops do not support additional Tensor arguments")
    return _computed(func, opened(list(args), data_of))


@operators(*_ONE)
def _(func: Any, *args: Any, **kwargs: Any) -> Any:
    return closed(_one(func, args, kwargs), mask_of(args[0]))


@operators(*_in_place(_ONE))
def _(func: Any, *args: Any, **kwargs: Any) -> Any:
    args[0]._keep(_one(func, args, kwargs), mask_of(args[0]))
    return args[0]


def _two(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    if kwargs:
        raise ValueError("len(kwargs) must equal 0")
    if any(isinstance(each, Tensor) for each in args[2:]):
        raise TypeError("MaskedTensor binary ops do not support Tensor arguments aside from the lhs and rhs")
    if not same_masks(*args[:2]):
        raise ValueError("Input masks must match. If you need support for this, please open an issue on Github.")
    data = opened(list(args), data_of)
    layout = data[0].layout
    if layout is not strided and isinstance(data[1], Tensor) and data[1].layout is layout:
        data[1] = _values_in_the_same_places(*data[:2])
    return _computed(func, data)


def _values_in_the_same_places(one: Any, other: Any) -> Any:
    if one.layout is sparse_coo:
        if not alike(one.indices(), other.indices()):
            raise ValueError(
                "sparse_coo indices must match. If you need support for this, please open an issue on Github."
            )
        if one.size() != other.size():
            raise ValueError("input1 and input2 must have the same size for binary functions.")
    elif not (alike(one.crow_indices(), other.crow_indices()) and alike(one.col_indices(), other.col_indices())):
        raise ValueError("sparse_csr indices must match. If you need support for this, please open an issue on Github.")
    return other.values()


@operators(*_TWO)
def _(func: Any, *args: Any, **kwargs: Any) -> Any:
    found = _two(func, args, kwargs)
    mask = mask_of(args[0]) if is_masked_tensor(args[0]) else mask_of(args[1])
    return closed(found, mask.expand_as(found) if data_of(args[0]).layout is strided else mask)


@operators(*_in_place(_TWO))
def _(func: Any, *args: Any, **kwargs: Any) -> Any:
    args[0]._keep(_two(func, args, kwargs), mask_of(args[0]))
    return args[0]
