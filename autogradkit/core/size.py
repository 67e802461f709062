"""`Size`: a shape as PyTorch shows it, a tuple with another face."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, SupportsIndex, cast, overload

_item: Callable[[Any, Any], Any] = cast("Any", tuple).__getitem__


class Size(tuple[int, ...]):
    """The sizes of a tensor's dimensions.

    >>> import autogradkit as torch
    >>> torch.zeros(2, 3).shape
    torch.Size([2, 3])
    """

    __slots__ = ()

    def __new__(cls, sizes: Iterable[Any] = (), /) -> Size:
        made = super().__new__(cls, sizes)
        for each in made:
            if each.__class__ is not int:
                return super().__new__(cls, [_checked(at, each) for at, each in enumerate(made)])
        return made

    def numel(self) -> int:
        """The number of elements a tensor of this size has."""
        return math.prod(self)

    @overload
    def __getitem__(self, index: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Size: ...
    def __getitem__(self, index: Any) -> Any:
        found = _item(self, index)
        return as_size(found) if index.__class__ is slice else found

    def __add__(self, other: Any) -> Size:
        if not isinstance(other, tuple):
            raise TypeError(f"can only concatenate tuple (not {type(other).__name__}) to torch.Size")
        return Size((*self, *cast("tuple[Any, ...]", other)))

    def __radd__(self, other: Any) -> Size:
        return Size((*cast("tuple[Any, ...]", other), *self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: SupportsIndex) -> Size:
        return as_size(super().__mul__(times))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __reduce__(self) -> tuple[type[Size], tuple[tuple[int, ...]]]:
        return Size, (tuple(self),)


# The same for what is a tuple of ints: half of what looking at each of them would take.
as_size: Callable[[tuple[int, ...]], Size] = partial(cast("Any", tuple).__new__, Size)


def _checked(at: int, size: Any) -> int:
    """An integer, or what stands for one. Raises TypeError for anything else."""
    if isinstance(size, int):
        return int(size)
    try:
        return operator.index(size)
    except TypeError:
        raise TypeError(f"torch.Size() takes an iterable of 'int' (item {at} is '{type(size).__name__}')") from None
