"""The containers that a tree may be made of, and the keys by which their parts are named.

Rests on core's sizes and on the classes of several results; `_pytree.py` takes trees apart with it, and gives these names out.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from autogradkit import return_types
from autogradkit.core.size import Size

Context = Any


@dataclass(frozen=True)
class SequenceKey:
    """The place of a part in a list, tuple or deque."""

    idx: int

    def __str__(self) -> str:
        return f"[{self.idx!r}]"

    def get(self, sequence: Any) -> Any:
        """The part of `sequence` at this place."""
        return sequence[self.idx]


@dataclass(frozen=True)
class MappingKey:
    """The key of a part of a dict."""

    key: Any

    def __str__(self) -> str:
        return f"[{self.key!r}]"

    def get(self, mapping: Mapping[Any, Any]) -> Any:
        """The part of `mapping` under this key."""
        return mapping[self.key]


@dataclass(frozen=True)
class GetAttrKey:
    """The name of a part that is an attribute."""

    name: str

    def __str__(self) -> str:
        return f".{self.name}"

    def get(self, obj: Any) -> Any:
        """The attribute of `obj` of this name."""
        return getattr(obj, self.name)


class NodeDef(NamedTuple):
    """How containers of a class are taken apart into (parts, context) and put together again."""

    type: type[Any]
    flatten_fn: Callable[[Any], tuple[list[Any], Context]]
    unflatten_fn: Callable[[Iterable[Any], Context], Any]
    flatten_with_keys_fn: Callable[[Any], tuple[list[tuple[Any, Any]], Context]] | None


SUPPORTED_NODES: dict[Any, NodeDef] = {}


def register_pytree_node(
    cls: type[Any],
    flatten_fn: Callable[[Any], tuple[list[Any], Context]],
    unflatten_fn: Callable[[Iterable[Any], Context], Any],
    *,
    serialized_type_name: str | None = None,
    to_dumpable_context: Callable[[Context], Any] | None = None,
    from_dumpable_context: Callable[[Any], Context] | None = None,
    flatten_with_keys_fn: Callable[[Any], tuple[list[tuple[Any, Any]], Context]] | None = None,
) -> None:
    """Have objects of `cls` be containers: `flatten_fn` gives their (parts, context), `unflatten_fn` makes one of both.

    The three options of writing a structure into a file are taken, as callers pass them; structures cannot be written here.
    Raises ValueError for a class that is one already.

    >>> from autogradkit.utils._pytree import tree_leaves
    >>> class Pair:
    ...     def __init__(self, a, b):
    ...         self.a, self.b = a, b
    >>> register_pytree_node(Pair, lambda pair: ([pair.a, pair.b], None), lambda parts, context: Pair(*parts))
    >>> tree_leaves([Pair(1, 2), 3])
    [1, 2, 3]
    """
    del serialized_type_name, to_dumpable_context, from_dumpable_context
    if cls in SUPPORTED_NODES:
        raise ValueError(f"{cls} is already registered as pytree node.")
    SUPPORTED_NODES[cls] = NodeDef(cls, flatten_fn, unflatten_fn, flatten_with_keys_fn)


_register_pytree_node = register_pytree_node


def _register_sequence(cls: Any, context: Callable[[Any], Any], make: Callable[[Iterable[Any], Any], Any]) -> None:
    def with_keys(sequence: Any) -> tuple[list[tuple[Any, Any]], Context]:
        return [(SequenceKey(place), part) for place, part in enumerate(sequence)], context(sequence)

    register_pytree_node(
        cls, lambda sequence: (list(sequence), context(sequence)), make, flatten_with_keys_fn=with_keys
    )


def _register_mapping(cls: Any, context: Callable[[Any], Any], make: Callable[[Iterable[Any], Any], Any]) -> None:
    def with_keys(mapping: Any) -> tuple[list[tuple[Any, Any]], Context]:
        return [(MappingKey(key), part) for key, part in mapping.items()], context(mapping)

    register_pytree_node(
        cls, lambda mapping: (list(mapping.values()), context(mapping)), make, flatten_with_keys_fn=with_keys
    )


def _fields_with_keys(tree: Any) -> tuple[list[tuple[Any, Any]], Context]:
    return [(GetAttrKey(name), part) for name, part in zip(tree._fields, tree, strict=True)], type(tree)


_register_sequence(tuple, lambda _: None, lambda parts, _: tuple(parts))
_register_sequence(list, lambda _: None, lambda parts, _: list(parts))
_register_sequence(deque, lambda queue: queue.maxlen, lambda parts, length: deque(parts, maxlen=length))
_register_mapping(dict, list, lambda parts, keys: dict(zip(keys, parts, strict=True)))
_register_mapping(OrderedDict, list, lambda parts, keys: OrderedDict(zip(keys, parts, strict=True)))
_register_mapping(
    defaultdict,
    lambda mapping: [mapping.default_factory, list(mapping)],
    lambda parts, context: defaultdict(context[0], zip(context[1], parts, strict=True)),
)
_register_sequence(Size, lambda _: None, lambda parts, _: tuple(parts))  # no sizes, as in PyTorch
for _results in vars(return_types).values():
    if isinstance(_results, type) and issubclass(_results, tuple):
        _register_sequence(_results, lambda _: None, lambda parts, _, kind=_results: kind(parts))
# As in PyTorch, the function stands for the classes that it makes.
register_pytree_node(
    namedtuple,  # pyright: ignore[reportArgumentType]
    lambda tree: (list(tree), type(tree)),
    lambda parts, kind: kind(*parts),
    flatten_with_keys_fn=_fields_with_keys,
)


def is_namedtuple_class(cls: Any) -> bool:
    """Whether a class is a named tuple's."""
    fields = getattr(cls, "_fields", None)
    return (
        isinstance(cls, type)
        and issubclass(cls, tuple)
        and type(fields) is tuple
        and all(type(f) is str for f in fields)
    )


def is_namedtuple_instance(obj: Any) -> bool:
    """Whether an object is a named tuple."""
    return is_namedtuple_class(type(obj))


def is_structseq_class(cls: object) -> bool:
    """Whether a class is one of tuples with names that C makes, such as those of `time.localtime()` and of `x.max(0)`.

    >>> import time
    >>> is_structseq_class(time.struct_time), is_structseq_class(tuple)
    (True, False)
    """
    counts = ("n_fields", "n_sequence_fields", "n_unnamed_fields")
    return (
        isinstance(cls, type)
        and issubclass(cls, tuple)
        and all(type(getattr(cls, name, None)) is int for name in counts)
    )


def is_structseq_instance(obj: object) -> bool:
    """Whether an object is a tuple of such a class."""
    return is_structseq_class(type(obj))


def is_structseq(obj: object) -> bool:
    """Whether an object is such a tuple, or such a class."""
    return is_structseq_class(obj if isinstance(obj, type) else type(obj))


def is_namedtuple(obj: Any) -> bool:
    """Whether an object is a named tuple, or its class."""
    return is_namedtuple_class(obj if isinstance(obj, type) else type(obj))


def node_type(tree: Any) -> Any:
    """Under which class a container of this kind is registered, if it is."""
    kind = type(tree)
    return namedtuple if kind not in SUPPORTED_NODES and is_namedtuple_class(kind) else kind
