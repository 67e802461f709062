"""What autocast does with an op's operands.

Rests on the lists in `_ops/declare/precision.py`, and on `MODE.casting`, which the general way of every call asks. While autocast
is on, all calls take that way, and every cast is an op of the graph that a recording sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autogradkit._ops.declare.precision import FULL, LOW
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import float32, float64
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import MODE


class Casting:
    """The casts of one block: to `low`, and a parameter only once."""

    def __init__(self, low: Dtype, remembered: dict[int, tuple[Tensor, Tensor]] | None) -> None:
        self.low = low
        self._remembered = remembered  # by id, with the parameter itself, so that no other takes its id

    def call(self, run: Callable[..., Any], name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """What an op gives for its operands cast; within it no op is cast any more."""
        wanted = self._target_dtype(name, (*args, *kwargs.values()))
        given = [self._cast(each, wanted) for each in args]
        named = {key: self._cast(each, wanted) for key, each in kwargs.items()}
        try:
            try:
                MODE.casting = None
                return run(*given, **named)
            finally:
                MODE.casting = self
        except BaseException:  # an interrupt may have come in these lines
            MODE.casting = self
            raise

    def _target_dtype(self, name: str, values: Sequence[Any]) -> Dtype:
        if name in LOW:
            return self.low
        if name in FULL:
            return float32
        # The widest of what is joined.
        dtypes = {each.dtype for value in values for each in _tensors_in(value) if each.is_floating_point()}
        return float64 if float64 in dtypes else self.low if dtypes <= {self.low} else float32

    def _cast(self, value: Any, wanted: Dtype) -> Any:
        if isinstance(value, (list, tuple)):
            return type(value)([self._cast(each, wanted) for each in value]) if type(value) in (list, tuple) else value
        if not isinstance(value, Tensor) or not value.is_floating_point() or value.dtype in (float64, wanted):
            return value
        keeps = (
            self._remembered is not None
            and wanted is self.low
            and value.dtype is float32
            and value.requires_grad
            and value.is_leaf
            and value._view is None
        )
        if not keeps or self._remembered is None:
            return value.to(wanted)
        if id(value) not in self._remembered:
            self._remembered[id(value)] = value, value.to(wanted)
        return self._remembered[id(value)][1]


def _tensors_in(value: Any) -> list[Tensor]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return [each for each in values if isinstance(each, Tensor)]
