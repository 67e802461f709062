"""What stands under the learner's names, asked so that nothing of the learner's runs: a lazy proxy stays lazy.

Rests on core. Magics, pictures and the names of values look into namespaces only through here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from autogradkit.tracing.labels import with_article

_T = TypeVar("_T")


def holds(value: Any, kind: type) -> bool:
    """Whether a value is of this class; `isinstance` would ask a proxy what it would like to be.

    >>> holds(True, int), holds("1", int)
    (True, False)
    """
    return issubclass(type(value), kind)


def has(value: Any, name: str) -> bool:
    """Whether a value's class has this attribute; a metaclass may be the learner's, and raise.

    >>> has([], "append"), has(3, "append")
    (True, False)
    """
    try:
        return hasattr(type(value), name)
    except Exception:
        return False


def those_of(names: Mapping[str, Any], kind: type[_T]) -> Iterator[tuple[str, _T]]:
    """The names without an underscore in front that stand for objects of this class, with these objects.

    >>> list(those_of({"a": 1, "_b": 2, "c": "3"}, int))
    [('a', 1)]
    """
    return (
        (name, value)
        for name, value in list(names.items())
        if type(name) is str and name[:1] != "_" and holds(value, kind)  # a namespace is a dict, and may hold any key
    )


def class_name(value: Any) -> str:
    """The name of a value's class, as it was given; a metaclass may make something else of `__name__`.

    >>> class_name(3)
    'int'
    """
    return type.__dict__["__name__"].__get__(type(value))


def attributes_of(value: Any) -> dict[str, Any]:
    """An object's own attributes, without its class being asked; empty where it keeps none.

    >>> class Point:
    ...     def __init__(self):
    ...         self.x = 1
    >>> attributes_of(Point()), attributes_of(3)
    ({'x': 1}, {})
    """
    try:
        own = object.__getattribute__(value, "__dict__")
    except Exception:  # none, or a property of the learner's
        return {}
    return own if type(own) is dict else {}


def text_of(value: Any) -> str:
    """What `str` says of a value whose class may be the learner's; where that fails, so much.

    >>> class Broken:
    ...     def __str__(self):
    ...         raise ValueError
    >>> text_of("a"), text_of(Broken())
    ('a', '<a Broken whose text cannot be had>')
    """
    try:
        return "".join(str(value))
    except Exception:
        return f"<{with_article(class_name(value))} whose text cannot be had>"


def parameters_of(value: Any) -> list[tuple[str, Any]]:
    """The parameters of what has a method `named_parameters`, with their names; none of anything else.

    The method may be the learner's own and fail, or give something else: the picture then goes without these names, rather
    than fail for what it is not about.

    >>> import autogradkit as torch
    >>> [name for name, _ in parameters_of(torch.nn.Linear(2, 1))], parameters_of(3)
    (['weight', 'bias'], [])
    """
    return _named(value, "named_parameters")


def buffers_of(value: Any) -> list[tuple[str, Any]]:
    """The buffers that the method `named_buffers` names, as `parameters_of`.

    >>> import autogradkit as torch
    >>> [name for name, _ in buffers_of(torch.nn.BatchNorm1d(2))]
    ['running_mean', 'running_var', 'num_batches_tracked']
    """
    return _named(value, "named_buffers")


def modules_of(value: Any) -> list[tuple[str, Any]]:
    """The modules that the method `named_modules` names, the outermost as an empty string; else as `parameters_of`.

    >>> import autogradkit as torch
    >>> [name for name, _ in modules_of(torch.nn.Sequential(torch.nn.ReLU()))]
    ['', '0']
    """
    return _named(value, "named_modules")


def _named(value: Any, method: str) -> list[tuple[str, Any]]:
    try:
        asked = getattr(value, method) if has(value, method) else list
        return [(name, each) for name, each in asked() if isinstance(name, str)]
    except Exception:
        return []
