"""Dataclasses as containers of trees: their fields are the parts. Rests on `pytree_nodes.py`; `_pytree.py` gives the name out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.warning import warn
from autogradkit.utils.pytree_nodes import SUPPORTED_NODES, Context, GetAttrKey, NodeDef


@entry
def register_dataclass(
    cls: type[Any],
    *,
    field_names: Sequence[str] | None = None,
    drop_field_names: Sequence[str] | None = None,
    serialized_type_name: str | None = None,
) -> None:
    """Have objects of a dataclass be containers of what its fields hold; None counts as no part of them.

    `field_names` must name all fields that the constructor takes, but for those that are dropped, which begin anew with their
    defaults; of another class it is needed, and names what the constructor takes. Structures cannot be written into files here,
    where `serialized_type_name` would stand. Raises ValueError for names that are missing or too many.

    >>> import dataclasses
    >>> from autogradkit.utils._pytree import tree_map
    >>> @dataclasses.dataclass
    ... class Point:
    ...     x: float
    ...     y: float
    >>> register_dataclass(Point)
    >>> tree_map(lambda leaf: leaf * 2, [Point(1, 2)])
    [Point(x=2, y=4)]
    """
    if dataclasses.is_dataclass(cls):
        taken = [each.name for each in dataclasses.fields(cls) if each.init]
        names = taken if field_names is None else list(field_names)
        dropped = set(drop_field_names or ())
        text = "field_names does not include all dataclass fields.\n"
        missing = set(taken) - set(names) - dropped
        if missing and field_names is not None:
            raise ValueError(
                f"{text}Missing fields in `field_names`: {missing}. If you want to include these fields in the pytree, please "
                "add them to `field_names`, otherwise please add them to `drop_field_names`.\n"
            )
        unexpected = set(names) - set(taken)
        if unexpected:
            raise ValueError(
                f"{text}Unexpected fields in `field_names`: {unexpected}. Please remove these fields, or add them to "
                "`drop_field_names`.\n"
            )
        names = [name for name in names if name not in dropped]
    elif field_names is None:
        raise ValueError(
            f"field_names must be specified with a list of all fields used to initialize {cls}, as it is not a dataclass."
        )
    else:
        names = list(field_names)

    def with_keys(instance: Any) -> tuple[list[tuple[Any, Any]], Context]:
        values = {name: getattr(instance, name) for name in names}
        there = {name: value for name, value in values.items() if value is not None}
        return [(GetAttrKey(name), value) for name, value in there.items()], [
            list(there),
            [name for name in names if name not in there],
        ]

    def taken_apart(instance: Any) -> tuple[list[Any], Context]:
        parts, context = with_keys(instance)
        return [part for _, part in parts], context

    def put_together(parts: Iterable[Any], context: Context) -> Any:
        there, absent = context
        return cls(**dict(zip(there, parts, strict=True)), **dict.fromkeys(absent))

    if cls in SUPPORTED_NODES:
        warn(f"{cls} is already registered as pytree node. Overwriting the previous registration.")
    SUPPORTED_NODES[cls] = NodeDef(cls, taken_apart, put_together, with_keys)
