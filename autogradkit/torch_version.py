"""PyTorch's `torch.torch_version`: a version as a string that knows its order, also beside tuples: `__version__ >= (0, 1)`."""

from __future__ import annotations

import re
from typing import Any


def _numbers(version: Any) -> tuple[int, ...] | None:
    """1.10.0+cpu as (1, 10); None for what is no version."""
    text = ".".join(map(str, version)) if isinstance(version, tuple) else version
    found = re.match(r"\d+(\.\d+)*", text) if isinstance(text, str) else None
    if found is None:
        return None
    numbers = [int(each) for each in found[0].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


class TorchVersion(str):
    """A version. What is no version, it compares with as a string does.

    >>> TorchVersion("1.10.0") > "1.9", TorchVersion("1.10.0") >= (1, 10)
    (True, True)
    """

    __slots__ = ()
    __hash__ = str.__hash__

    def _compare(self, other: Any, name: str) -> Any:
        mine, others = _numbers(str(self)), _numbers(other)
        if mine is None or others is None:
            return getattr(str, name)(self, other)
        return getattr(tuple, name)(mine, others)

    def __eq__(self, other: object) -> bool:
        return self._compare(other, "__eq__")

    def __lt__(self, other: Any) -> bool:
        return self._compare(other, "__lt__")

    def __le__(self, other: Any) -> bool:
        return self._compare(other, "__le__")

    def __gt__(self, other: Any) -> bool:
        return self._compare(other, "__gt__")

    def __ge__(self, other: Any) -> bool:
        return self._compare(other, "__ge__")
