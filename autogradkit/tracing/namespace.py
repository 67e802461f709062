"""What stands under the learner's names, asked so that nothing of the learner's runs: a lazy proxy stays lazy.

Rests on core. Magics, pictures and the names of values look into namespaces only through here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

_T = TypeVar("_T")


def holds(value: Any, kind: type) -> bool:
    """Whether a value is of this class; `isinstance` would ask a proxy what it would like to be.

    >>> holds(True, int), holds("1", int)
    (True, False)
    """
    return issubclass(type(value), kind)


def those_of(names: Mapping[str, Any], kind: type[_T]) -> Iterator[tuple[str, _T]]:
    """The names without an underscore in front that stand for objects of this class, with these objects.

    >>> list(those_of({"a": 1, "_b": 2, "c": "3"}, int))
    [('a', 1)]
    """
    return ((name, value) for name, value in list(names.items()) if name[:1] != "_" and holds(value, kind))


def parameters_of(value: Any) -> list[tuple[str, Any]]:
    """The parameters of what has a method `named_parameters`, with their names; none of anything else.

    The method may be the learner's own and fail, or give something else: the picture then goes without these names, rather
    than fail for what it is not about.

    >>> import autogradkit as torch
    >>> [name for name, _ in parameters_of(torch.nn.Linear(2, 1))], parameters_of(3)
    (['weight', 'bias'], [])
    """
    if not hasattr(type(value), "named_parameters"):
        return []
    try:
        return [(name, parameter) for name, parameter in value.named_parameters() if isinstance(name, str)]
    except Exception:
        return []
