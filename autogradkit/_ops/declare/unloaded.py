"""Families of ops that are loaded when somebody asks for one of their names: half of all ops are in no program's first step.

Rests on the Tensor class. `_ops` says which families wait; names and the formulas' `k` ask for what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, TypeVar

from autogradkit.core.tensor import Tensor

_FAMILIES: list[str] = []  # modules that wait
_HOMES: dict[str, str] = {}  # which of them has a name, as far as that is told
_PLACES: set[str] = set()  # methods for which something stands in Tensor

Named = TypeVar("Named")


class Names(dict[str, Named]):
    """What has names; where one is missed, the family that has it is loaded."""

    def __missing__(self, name: str) -> Named:
        load(name)
        if name not in self:
            raise KeyError(name)
        return self[name]


class UnloadedMethod:
    """Stands in Tensor for a method of a family that waits; whoever asks for it loads the family."""

    __slots__ = ("family", "name")

    def __init__(self, name: str, family: str) -> None:
        self.name = name
        self.family = family

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        import_module(self.family)  # declares the method, which takes this one's place
        return Tensor.__dict__[self.name].__get__(instance, cls)  # `super()` means this one, not a subclass's


def wait(families: Mapping[str, str]) -> None:
    """Let families wait: modules, each with names of its own. `.name` is a method, too, which Tensor has from then on."""
    for family, names in families.items():
        _FAMILIES.append(family)
        for name in names.split():
            if name[0] == ".":
                setattr(Tensor, name[1:], UnloadedMethod(name[1:], family))
                _PLACES.add(name[1:])
            _HOMES[name.removeprefix(".")] = family


def attach(name: str, method: Any) -> None:
    """Put a method into Tensor, unless somebody has put another one in the place that it was to have."""
    if name in _PLACES:
        _PLACES.remove(name)
        if not isinstance(Tensor.__dict__.get(name), UnloadedMethod):
            return
    setattr(Tensor, name, method)


def load(name: str) -> None:
    """Load the family that has a name; where that is not told, all that wait."""
    if name in _HOMES:
        import_module(_HOMES[name])
    else:
        load_all()


def load_room(room: str) -> None:
    """Load the families that wait in a folder of `_ops`."""
    for family in _FAMILIES:
        if family.startswith(f"autogradkit._ops.{room}."):
            import_module(family)


def load_all() -> None:
    """Load the families that are not loaded yet."""
    while _FAMILIES:
        import_module(_FAMILIES[-1])
        _FAMILIES.pop()
