"""The size of a dimension in which the parts of a jagged tensor differ: a symbol, `j1`, equal to itself alone.

Rests on core's class of symbols. One of them belongs to one tensor of offsets, or of lengths: tensors that share it go together.
"""

from __future__ import annotations

import itertools
from typing import Any, Never

from autogradkit.core.symbols import SymInt
from autogradkit.core.tensor import Tensor
from autogradkit.utils.weak import WeakIdKeyDictionary

_NUMBERS = itertools.count(1)
_SYMBOLS: Any = WeakIdKeyDictionary()


class NestedInt(SymInt):
    """One such size, or a multiple of it. It is called SymInt, as in PyTorch."""

    def __init__(self, number: int, times: int = 1) -> None:
        self._number, self._times = number, times

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NestedInt) and (self._number, self._times) == (other._number, other._times)

    def __hash__(self) -> int:
        return hash((self._number, self._times))

    def __mul__(self, times: int) -> NestedInt:
        return NestedInt(self._number, self._times * times)

    __rmul__ = __mul__

    def __gt__(self, other: Any) -> bool:
        return self._at_least(other, 1, "gt")

    def __ge__(self, other: Any) -> bool:
        return self._at_least(other, 2, "ge")

    def __lt__(self, other: Any) -> bool:
        return not self._at_least(other, 2, "ge")

    def __le__(self, other: Any) -> bool:
        return not self._at_least(other, 1, "gt")

    def _at_least(self, other: Any, bound: int, name: str) -> bool:
        """What is known of every such size: it is two or more."""
        if isinstance(other, int) and other <= bound:
            return True
        raise ValueError(f"{name}: relation is indeterminate")

    def _unknown(self, *_: Any) -> Never:
        raise AttributeError("'NestedIntNode' object has no attribute 'int_'")

    __int__ = __index__ = __float__ = _unknown

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"{'' if self._times == 1 else f'{self._times}*'}j{self._number}"


NestedInt.__name__ = NestedInt.__qualname__ = "SymInt"
NestedInt.__module__ = SymInt.__module__


def symbol_of(ragged: Tensor) -> NestedInt:
    """The symbol that belongs to a tensor of offsets, or of lengths."""
    if ragged not in _SYMBOLS:
        _SYMBOLS[ragged] = NestedInt(next(_NUMBERS))
    return _SYMBOLS[ragged]
