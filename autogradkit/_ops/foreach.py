"""PyTorch's `torch._foreach_…`: an op on each tensor of a list, which optimizers of published packages are written with.

PyTorch runs them as one kernel; here they are the ops themselves, one after another, with the same numbers and gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

from autogradkit._ops.reduction.norms import vector_norm
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor

_POINTWISE = [
    "abs",
    "acos",
    "asin",
    "atan",
    "ceil",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "expm1",
    "floor",
    "frac",
    "lgamma",
    "log",
    "log10",
    "log1p",
    "log2",
    "neg",
    "reciprocal",
    "round",
    "rsqrt",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "trunc",
    "add",
    "sub",
    "mul",
    "div",
    "pow",
    "lerp",
    "addcmul",
    "addcdiv",
    "clamp_min",
    "clamp_max",
    "maximum",
    "minimum",
]
_NAMES = frozenset({*_POINTWISE, *(f"{name}_" for name in _POINTWISE), "clone", "max", "norm", "copy_", "zero_"})
_OF_NUMBERS = {"maximum": "clamp_min", "maximum_": "clamp_min_", "minimum": "clamp_max", "minimum_": "clamp_max_"}


def foreach(name: str) -> Callable[..., Any] | None:
    """The function `torch._foreach_…` of this name; None where there is none.

    >>> import autogradkit as torch
    >>> torch._foreach_add([torch.ones(2), torch.zeros(1)], [3.0, 4.0])
    (tensor([4., 4.]), tensor([4.]))
    """
    op = name.removeprefix("_foreach_")
    if op == name or op not in _NAMES:
        return None

    @entry
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        tensors = args[0] if op == "pow" and not _is_list(self) else self
        count = _count(name, tensors)
        places = [_spread(op, each, count) for each in (self, *args)]
        names = {key: _spread(op, each, count) for key, each in kwargs.items()}
        results = [
            _one(op, [each[at] for each in places], {key: each[at] for key, each in names.items()})
            for at in range(count)
        ]
        return self if op.endswith("_") else tuple(results)

    called.__name__ = called.__qualname__ = name
    return called


def _is_list(given: Any) -> bool:
    return isinstance(given, (list, tuple))


def _count(name: str, tensors: Any) -> int:
    if not _is_list(tensors):
        raise TypeError(
            f"{name}(): argument 'self' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    if not tensors:
        raise RuntimeError("Tensor list must have at least one tensor.")
    for at, each in enumerate(tensors):
        if not isinstance(each, Tensor):
            raise TypeError(f"expected Tensor as element {at} in argument 0, but got {type(each).__name__}")
    return len(tensors)


def _spread(op: str, given: Any, count: int) -> Sequence[Any]:
    """An argument for each of the tensors: its own of a list, or the one for all."""
    if isinstance(given, Tensor) and given.ndim and op.rstrip("_") in ("addcmul", "addcdiv"):
        given = given.tolist()
    if not _is_list(given):
        return [given] * count
    given = cast("Sequence[Any]", given)
    if len(given) != count:
        raise RuntimeError(f"Tensor lists must have the same number of tensors, got {count} and {len(given)}")
    return given


def norm_of_one(self: Any, ord: Any = 2, dtype: Any = None) -> Tensor:
    """The norm of one of several tensors; raises RuntimeError for the largest of nothing, which has a text of its own."""
    if ord == math.inf and not self.numel():
        raise RuntimeError(
            "_foreach_norm cannot compute the infinity norm on an empty tensor because the operation does not have an identity"
        )
    return vector_norm(self, ord, dtype=dtype)


def _one(op: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if op == "norm":
        return norm_of_one(*args, **kwargs)
    if op in _OF_NUMBERS and not isinstance(args[1], Tensor):
        op = _OF_NUMBERS[op]
    if op.rstrip("_") in ("addcmul", "addcdiv") and len(args) == 4:
        kwargs = {"value": args.pop()}
    if op == "pow" and not isinstance(args[0], Tensor):
        return args[0] ** args[1]
    return getattr(args[0], op)(*args[1:], **kwargs)
