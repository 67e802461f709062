"""Nested tuples, lists and dicts of anything, taken apart into their leaves and put together again.

Rests on the standard library. A `Structure` is what is left of a nest without its leaves; it prints as PyTorch's TreeSpec does,
whose text stands in refusals. None is a leaf.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Structure:
    """A container's class, what beside its parts makes it (keys, a named tuple's class), and its parts; or a leaf."""

    kind: type | None = None
    context: Any = None
    parts: tuple[Structure, ...] = ()

    def __repr__(self) -> str:
        return self.text(0)

    def text(self, indent: int) -> str:
        """As PyTorch prints it, each part but the first on a line of its own."""
        if self.kind is None:
            return "*"
        name = "namedtuple" if self.kind is tuple and self.context is not None else self.kind.__name__
        parts = (",\n" + " " * (indent + 2)).join(part.text(indent + 2) for part in self.parts)
        return f"TreeSpec({name}, {self.context}, [{parts}])"

    @property
    def count(self) -> int:
        """How many leaves there are."""
        return 1 if self.kind is None else sum(part.count for part in self.parts)


LEAF = Structure()


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """(the leaves of a nest in order, its structure).

    >>> flatten((1, [2, {"a": 3}]))[0]
    [1, 2, 3]
    """
    kind: Any = type(tree)
    if kind in (dict, OrderedDict):
        context, children = list(tree), list(tree.values())
    elif kind in (tuple, list):
        context, children = None, list(tree)
    elif isinstance(tree, tuple) and hasattr(kind, "_fields"):
        context, children, kind = kind, list(tree), tuple
    else:
        return [tree], LEAF
    leaves: list[Any] = []
    parts: list[Structure] = []
    for child in children:
        found, part = flatten(child)
        leaves += found
        parts.append(part)
    return leaves, Structure(kind, context, tuple(parts))


def unflatten(leaves: Iterable[Any], structure: Structure) -> Any:
    """The nest of this structure with these leaves.

    >>> unflatten([3, 4], flatten((1, [2]))[1])
    (3, [4])
    """
    return _put(iter(leaves), structure)


def _put(leaves: Iterator[Any], structure: Structure) -> Any:
    if structure.kind is None:
        return next(leaves)
    children = [_put(leaves, part) for part in structure.parts]
    if structure.kind in (dict, OrderedDict):
        return structure.kind(zip(structure.context, children, strict=True))
    if structure.context is not None:
        return structure.context(*children)
    return structure.kind(children)


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The nest with the function's value in place of each leaf."""
    leaves, structure = flatten(tree)
    return unflatten(map(function, leaves), structure)


def spread(tree: Any, structure: Structure) -> list[Any] | None:
    """The leaves of `tree` for each leaf of a structure, where a leaf may stand for a whole part of it; None if it does not fit.

    >>> spread((0, None), flatten(([1, 2], 3))[1])
    [0, 0, None]
    """
    _, own = flatten(tree)
    if own.kind is None:
        return [tree] * structure.count
    if structure.kind is not own.kind or structure.context != own.context or len(structure.parts) != len(own.parts):
        return None
    children = tree.values() if isinstance(tree, dict) else tree
    found: list[Any] = []
    for child, part in zip(children, structure.parts, strict=True):
        some = spread(child, part)
        if some is None:
            return None
        found += some
    return found
