"""What stands for the array of a tensor that a class of a user's makes of other tensors: sizes and a dtype, and no memory.

Rests on meta.py, whose arrays without numbers have what is asked of geometry. The class's `__torch_dispatch__` says what ops do;
`Tensor._make_wrapper_subclass` (`_ops/making/wrapping.py`) makes one.
"""

from __future__ import annotations

from typing import Any, Never

from autogradkit.core.errors import NoArrayError
from autogradkit.core.meta import MetaArray

NO_STORAGE = "Cannot access data pointer of Tensor that doesn't have storage"


class NoStorageError(NoArrayError):
    """Raised where memory is asked for that is not there."""

    def __init__(self) -> None:
        super().__init__(NO_STORAGE)


class WrapperArray(MetaArray):
    """What stands for the array of a tensor that is made of others."""

    __slots__ = ()

    def _lies_nowhere(self, *_: Any, **__: Any) -> Never:
        raise NoStorageError

    def __getattr__(self, name: str) -> Never:
        raise NoStorageError

    __getitem__ = __setitem__ = __array__ = __array_ufunc__ = _lies_nowhere
