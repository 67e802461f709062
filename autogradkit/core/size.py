"""`Size`: a shape as PyTorch shows it, a tuple with another face."""

from __future__ import annotations

import math
from typing import Any, SupportsIndex, cast, overload


class Size(tuple[int, ...]):
    """The sizes of a tensor's dimensions.

    >>> import autogradkit as torch
    >>> torch.zeros(2, 3).shape
    torch.Size([2, 3])
    """

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements a tensor of this size has."""
        return math.prod(self)

    @overload
    def __getitem__(self, index: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Size: ...
    def __getitem__(self, index: Any) -> Any:
        found: Any = cast("Any", super().__getitem__)(index)
        return Size(found) if index.__class__ is slice else found

    def __add__(self, other: Any) -> Size:
        return Size(super().__add__(other))

    def __mul__(self, times: SupportsIndex) -> Size:
        return Size(super().__mul__(times))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __reduce__(self) -> tuple[type[Size], tuple[tuple[int, ...]]]:
        return Size, (tuple(self),)
