"""`QConfig`: which observers are to watch a layer's results and its weights."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.nn.modules.module import Module as _Module

__getattr__ = _absent_from("quantization.qconfig")


class QConfig(namedtuple("QConfig", ["activation", "weight"])):
    """Two classes, or functions that make observers. Raises ValueError for an observer that was made already.

    >>> QConfig(activation=int, weight=float)
    QConfig(activation=<class 'int'>, weight=<class 'float'>)
    """

    __slots__ = ()

    @_entry
    def __new__(cls, activation: Any, weight: Any) -> QConfig:
        if isinstance(activation, _Module) or isinstance(weight, _Module):
            raise ValueError(
                "QConfig received observer instance, please pass observer class instead. Use MyObserver.with_args(x=1) to "
                "override arguments to constructor if needed"
            )
        return super().__new__(cls, activation, weight)
