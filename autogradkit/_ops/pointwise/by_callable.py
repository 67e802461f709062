"""Elements by a Python function, one after the other: apply_, map_, map2_. Slow, and for what no op computes.

Rests on declare. As in PyTorch the edit is none that versions count, and nothing is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import op
from autogradkit._ops.declare.kinds import Object
from autogradkit._ops.making.contents import element_from
from autogradkit._ops.views.sizes import expand
from autogradkit.core.recording import reported
from autogradkit.core.tensor import Tensor
from autogradkit.engine.naming import tensor_type


def _mapped(name: str, self: Tensor, others: dict[str, Tensor], function: Callable[..., Any]) -> Tensor:
    """The edit, reported as what writes into the tensor."""

    def run(self: Tensor, *_: Tensor) -> Tensor:
        return _written(name, self, others, function)

    return reported(name.removesuffix("_"), "inplace", run, self, *others.values())


def _written(name: str, self: Tensor, others: dict[str, Tensor], function: Callable[..., Any]) -> Tensor:
    if any(each.requires_grad for each in (self, *others.values())):
        raise RuntimeError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")
    for argument, each in others.items():
        if each.type() != self.type():
            raise TypeError(
                f"{name}: expected {tensor_type(self._array)} for {argument} (got {tensor_type(each._array)})"
            )
    if self.is_meta:
        return self
    array = self._array
    read = [array, *[expand.kernel(each._array, array.shape) for each in others.values()]]
    for at in np.ndindex(array.shape):
        array[at] = element_from(function(*[each[at].item() for each in read]), self.dtype)
    return self


@op(variants="method", composition=True)
def apply_(self: Tensor, callable: Object) -> Any:
    """Write what the function gives of each element in its place.

    >>> import autogradkit as torch
    >>> torch.tensor([1.0, 2.0]).apply_(lambda x: x * 10)
    tensor([10., 20.])
    """
    return _mapped("apply_", self, {}, callable)


@op(variants="method", composition=True)
def map_(self: Tensor, other: Tensor, callable: Object) -> Any:
    """Write what the function gives of each element and that of another tensor, which is broadcast, in its place.

    >>> import autogradkit as torch
    >>> torch.tensor([1.0, 2.0]).map_(torch.tensor(5.0), lambda x, y: x + y)
    tensor([6., 7.])
    """
    return _mapped("map_", self, {"'other'": other}, callable)


@op(variants="method", composition=True)
def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Object) -> Any:
    """As `map_`, with the elements of two other tensors.

    >>> import autogradkit as torch
    >>> torch.zeros(2).map2_(torch.ones(2), torch.tensor([3.0, 4.0]), lambda a, b, c: a + b * c)
    tensor([3., 4.])
    """
    return _mapped("map2_", self, {"argument 'x'": x, "argument 'y'": y}, callable)
