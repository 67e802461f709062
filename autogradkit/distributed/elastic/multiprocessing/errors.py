"""`record`, which scripts for `torchrun` put over their main function."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def record(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function as it is. PyTorch also writes its error into a file, where `torchrun` has named one; nothing here does.

    >>> record(max)(3, 4)
    4
    """

    @functools.wraps(fn)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    return wrapper
