"""Arrays that follow from a few numbers alone, such as the coordinates of a shape: the small ones are made once.

Rests on NumPy; kernels whose steps take less time than such an array use it. Large ones are made anew each time, which takes
little beside what is computed with them, so that no memory is held for shapes that never come again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from autogradkit.core.storage import Array

_MOST = 256  # answers of each function
_LARGEST = 1 << 16  # bytes of an answer

Making = TypeVar("Making", bound="Callable[..., Array | tuple[Array, ...]]")


def remember_small(make: Making) -> Making:
    """The function, which gives the same arrays again for the arguments that it was given before, by position and hashable.

    Nobody may write into the arrays.

    >>> import numpy as np
    >>> squares = remember_small(lambda count: np.arange(count) ** 2)
    >>> squares(3), squares(3) is squares(3), squares(100_000) is squares(100_000)
    (array([0, 1, 4]), True, False)
    """
    kept: dict[tuple[Hashable, ...], Any] = {}

    @functools.wraps(make)
    def remembered(*key: Hashable) -> Any:
        made = kept.get(key)
        if made is None:
            made = make(*key)
            if sum(each.nbytes for each in (made if isinstance(made, tuple) else (made,))) <= _LARGEST:
                if len(kept) >= _MOST:
                    kept.clear()
                kept[key] = made
        return made

    return cast(Making, remembered)
