"""Modules with switches: attributes that a script sets, and that refuse, with PyTorch's text, what is no bool."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, cast

from autogradkit.core.errors import c_type_name
from autogradkit.core.frames import shorten


class Switchboard(ModuleType):
    """The class of such a module."""

    _setters: dict[str, str]  # what PyTorch's text calls the function behind each switch

    def __setattr__(self, name: str, value: Any) -> None:
        setter = self._setters.get(name)
        try:
            if setter is not None and not isinstance(value, bool):
                raise RuntimeError(f"{setter} expects a bool, but got {c_type_name(value)}")
        except RuntimeError as error:
            shorten(error)
            raise
        super().__setattr__(name, value)

    @contextlib.contextmanager
    def set_in_block(self, wanted: dict[str, Any]) -> Iterator[None]:
        """Attributes as `wanted` until the end of the block; None leaves one as it is."""
        before = {name: getattr(self, name) for name in wanted}
        try:
            for name, value in wanted.items():
                if value is not None:
                    setattr(self, name, value)
            yield
        finally:
            for name, value in before.items():
                setattr(self, name, value)


def switchboard(module: str, setters: dict[str, str]) -> Switchboard:
    """Make the module a switchboard, with the switches that `setters` names."""
    board = sys.modules[module]
    board.__dict__["_setters"] = setters
    board.__class__ = Switchboard
    return cast(Switchboard, board)
