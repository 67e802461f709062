"""What one overload may be called with: its parameters, how arguments are matched to them, and PyTorch's refusals.

The rules and texts are those of PyTorch's argument parser: what a call may give by place and by name, the second names that
it takes (`axis` for `dim`), and which of its messages a wrong call gets. Rests on kinds; names.py chooses overloads by it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autogradkit._ops.declare.keywords import in_order_of_c
from autogradkit._ops.declare.kinds import KINDS, Kind, is_index, type_name
from autogradkit.core.layout import strided
from autogradkit.core.tensor import Tensor

REQUIRED: Any = type("REQUIRED", (), {"__repr__": lambda self: "<required>"})()  # the default of what must be given
ALIASES = {"dim": ("axis",), "keepdim": ("keepdims",), "input": ("x", "a", "x1"), "other": ("x2",)}


class MisfitError(Exception):
    """A call does not fit this overload."""


class Parameter(NamedTuple):
    """One parameter of an overload."""

    name: str  # in the kernel
    spelled: str  # its kind's name
    kind: Kind
    optional: bool  # None may be given
    default: Any
    keyword: bool  # by name only
    public: str  # what users call it: `input` for `self`, `from` for `from_`
    one_for_all: bool = False  # one number is the declared default, and stands for as many as the kind has

    def misfit(self, value: Any, position: int) -> int | None:
        """None if `value` fits; else the place in the list of the element that does not, or −1 for the value itself."""
        kind = self.kind
        if kind.is_ints:
            if isinstance(value, (list, tuple)):
                return None if not value or is_index(value[0]) else 0
            return None if kind.length and is_index(value) and not isinstance(value, bool) else -1
        if self.spelled in ("Arrays", "OptionalArrays") and isinstance(value, (list, tuple)):
            for place, each in enumerate(value):
                if not isinstance(each, Tensor) and not (each is None and self.spelled == "OptionalArrays"):
                    raise TypeError(
                        f"expected Tensor as element {place} in argument {position}, but got {type_name(each)}"
                    )
        return None if kind.fits(value) else -1

    def __str__(self) -> str:
        text = f"{self.kind.says} {self.public}"
        if self.default is REQUIRED:
            return text
        default = self.default
        if self.kind.length and isinstance(default, tuple):  # PyTorch writes 1 for (1, 1), and None for ()
            default = default[0] if default else None
        return f"{text} = {_quoted(default)}"


def _quoted(default: Any) -> str:
    if isinstance(default, tuple):
        return "{" + ",".join(map(str, default)) + "}"
    return f'"{default}"' if isinstance(default, str) else getattr(default, "in_words", str(default))


OUT = Parameter("out", "Array", KINDS["Array"], True, None, True, "out")
OUTS = Parameter("out", "Arrays", KINDS["Arrays"], True, None, True, "out")


def _option(name: str, spelled: str, default: Any = None) -> Parameter:
    return Parameter(name, spelled, KINDS[spelled], True, default, True, name)


_OPTIONS = (
    _option("dtype", "DType"),
    _option("layout", "Layout"),
    _option("device", "Device"),
    _option("pin_memory", "bool", False),
    _option("requires_grad", "bool", False),
)
# What a kernel's `**options` stand for, by their annotation: the keywords that all factories have in common; and those of
# `range`, which is older, and takes None for none of the flags.
_OLDER = (
    _option("dtype", "DType"),
    _option("layout", "Layout", strided)._replace(optional=False),
    _option("device", "Device"),
    _option("requires_grad", "bool", False)._replace(optional=False),
)
OPTIONS = {"Options": _OPTIONS, "OutOptions": (OUT, *_OPTIONS), "OlderOptions": (OUT, *_OLDER)}


def in_schema(parameters: Sequence[Parameter]) -> Sequence[Parameter]:
    """The parameters as a schema has them, where `range` has the keywords of all factories."""
    if _OLDER[-1] not in parameters:
        return parameters
    return [*(each for each in parameters if each not in _OLDER), *_OPTIONS]


_ANNOTATIONS: dict[str, tuple[Kind, str, bool]] = {}


def _kind_of(annotation: str) -> tuple[Kind, str, bool]:
    found = _ANNOTATIONS.get(annotation)
    if found is None:
        bare = annotation.removesuffix(" | None")
        spelled = {"Tensor": "Array", "Tensors": "Arrays"}.get(bare, bare)
        found = _ANNOTATIONS[annotation] = (KINDS[spelled], spelled, bare != annotation)
    return found


def parameters_of(kernel: Callable[..., Any], as_number: str | None = None) -> tuple[Parameter, ...]:
    """A kernel's parameters by its annotations, without `out`, the memory that the caller gives it.

    `as_number` names a tensor parameter that is a number in this form.
    """
    code, annotations = kernel.__code__, kernel.__annotations__
    count = code.co_argcount
    names = code.co_varnames[: count + code.co_kwonlyargcount]
    defaults: tuple[Any, ...] = kernel.__defaults__ or ()
    named: dict[str, Any] = kernel.__kwdefaults__ or {}
    found: list[Parameter] = []
    for index, name in enumerate(names):
        if name == "out" and name not in named:
            continue
        kind, spelled, optional = _kind_of("Scalar" if name == as_number else annotations[name])
        if index >= count:
            default = named.get(name, REQUIRED)
        else:
            place = index - (count - len(defaults))
            default = defaults[place] if place >= 0 else REQUIRED
        one_for_all = kind.length > 1 and default.__class__ is int
        if one_for_all:
            default = (default,) * kind.length
        # PyTorch takes None for a list that is empty by default
        optional = optional or (kind.is_ints and default == ())
        public = "input" if name == "self" and kind.is_tensor else name.removesuffix("_")
        found.append(Parameter(name, spelled, kind, optional, default, index >= count, public, one_for_all))
    if code.co_flags & inspect.CO_VARKEYWORDS:
        found += OPTIONS[annotations[code.co_varnames[count + code.co_kwonlyargcount]]]
    return tuple(found)


class Signature:
    """The parameters of one overload as a function, a method or an in-place method has them."""

    __slots__ = ("deprecated", "floor", "name", "parameters", "positional", "varargs")

    def __init__(self, name: str, parameters: Sequence[Parameter], *, deprecated: bool = False) -> None:
        self.name = name
        self.parameters = tuple(parameters)
        self.positional = sum(not p.keyword for p in self.parameters)
        self.floor = sum(p.default is REQUIRED for p in self.parameters)
        self.deprecated = deprecated
        # The only positional parameter, a list of ints, may be given as separate ints.
        self.varargs = self.positional == 1 and self.parameters[0].kind.is_ints

    def match(self, args: Sequence[Any], kwargs: dict[str, Any], raising: bool) -> list[Any]:
        """The values in order of the parameters. Raises MisfitError, or TypeError with PyTorch's text if `raising`."""
        count = len(args)
        if count > self.positional and not (self.varargs and is_index(args[0])):
            raise self._too_many(count) if raising else MisfitError
        values: list[Any] = []
        lists: list[tuple[int, Parameter, Sequence[Any]]] = []  # looked into when all else fits
        place, left = 0, len(kwargs)
        for index, p in enumerate(self.parameters):
            if place < count:
                if p.keyword:
                    raise self._too_many(count) if raising else MisfitError
                value, named = args[place], False
            else:
                key = (
                    p.public
                    if p.public in kwargs
                    else next((a for a in ALIASES.get(p.public, ()) if a in kwargs), None)
                )
                if key is None:
                    if p.default is REQUIRED:
                        raise self._missing(index) if raising else MisfitError
                    values.append(p.default)
                    continue
                value, named = kwargs[key], True
                left -= 1
            if value is None and p.optional:
                values.append(() if p.default == () else None)
            else:
                wrong = p.misfit(value, index)
                if wrong is not None:
                    if not (self.varargs and place == 0 and not named and is_index(args[0])):
                        raise self._unfit(p, value, place, named, wrong) if raising else MisfitError
                    lists.append((index, p, args))
                    values.append(None)
                    place = count
                    continue
                if p.kind.is_ints and isinstance(value, (list, tuple)):
                    lists.append((index, p, value))
                    values.append(None)
                else:
                    values.append(value if p.kind.convert is None else p.kind.convert(value))
            if not named:
                place += 1
        if place < count:
            raise self._too_many(count) if raising else MisfitError
        if left:
            raise self._unknown(kwargs, count) if raising else MisfitError
        for index, p, given in lists:
            values[index] = self._sizes(p, given)
        return values

    def _sizes(self, p: Parameter, given: Sequence[Any]) -> tuple[int, ...]:
        for at, each in enumerate(given):
            if not is_index(each) and not isinstance(each, bool):
                raise TypeError(
                    f"{self.name}(): argument '{p.public}' failed to unpack the object at pos {at + 1} with error "
                    f'"type must be tuple of ints,but got {type_name(each)}"'
                )
            if not -(2**63) <= int(each) < 2**63:
                raise TypeError(
                    f"{self.name}(): argument '{p.public}' failed to unpack the object at pos {at + 1} with error "
                    '"Overflow when unpacking long long'
                )
        sizes = tuple([int(each) for each in given])
        return sizes if p.kind.convert is None else p.kind.convert(sizes)

    def _too_many(self, count: int) -> TypeError:
        most, least = self.positional, self.floor
        if least != most:
            return TypeError(f"{self.name}() takes from {least} to {most} positional arguments but {count} were given")
        arguments, were = "argument" if most == 1 else "arguments", "was" if count == 1 else "were"
        return TypeError(f"{self.name}() takes {most} positional {arguments} but {count} {were} given")

    def _missing(self, index: int) -> TypeError:
        names = [f'"{p.public}"' for p in self.parameters[index:] if p.default is REQUIRED]
        arguments = "arguments" if len(names) == 1 else "argument"  # PyTorch has it this way round
        return TypeError(f"{self.name}() missing {len(names)} required positional {arguments}: {', '.join(names)}")

    def _unfit(self, p: Parameter, value: Any, place: int, named: bool, element: int) -> TypeError:
        where = "" if named else f" (position {place + 1})"
        must = f"{self.name}(): argument '{p.public}'{where} must be {p.kind.says}"
        if element >= 0 and not named:
            return TypeError(f"{must}, but found element of type {type_name(value[element])} at pos {element}")
        return TypeError(f"{must}, not {type_name(value)}")

    def _unknown(self, kwargs: dict[str, Any], count: int) -> TypeError:
        names = [p.public for p in self.parameters]
        for name in kwargs:
            if name not in names:
                return TypeError(f"{self.name}() got an unexpected keyword argument '{name}'")
            if names.index(name) < count:
                return TypeError(f"{self.name}() got multiple values for argument '{name}'")
        return TypeError("invalid keyword arguments")

    def __str__(self) -> str:
        parts = [str(p) for p in self.parameters]
        if self.positional < len(parts):
            parts.insert(self.positional, "*")
        return f"({', '.join(parts)})"


def refusal(name: str, signatures: Sequence[Signature], args: Sequence[Any], kwargs: dict[str, Any]) -> TypeError:
    """The error of a call that fits none of the signatures."""
    count = len(args) + len(kwargs)
    shown = [s for s in signatures if not s.deprecated]
    plausible = [s for s in shown if s.floor <= count <= len(s.parameters)]
    if len(plausible) == 1 or len(signatures) == 1:
        try:
            (plausible or shown)[0].match(args, kwargs, True)
        except TypeError as error:
            return error
    begin = f"{name}() received an invalid combination of arguments - got "
    keywords = {each: kwargs[each] for each in in_order_of_c(kwargs)}
    kinds = [type_name(each) for each in args] + [f"{key}={type_name(each)}" for key, each in keywords.items()]
    if len(shown) > 1:
        listed = "".join(f" * {each}\n{_why_not(each, args, keywords)}" for each in shown)
        return TypeError(f"{begin}{_in_parentheses(kinds, args)}, but expected one of:\n{listed}")
    places = _places(shown[0])
    if unknown := _unknown(places, keywords):
        return TypeError(f"{begin}unrecognized keyword arguments: {', '.join(unknown)}")
    described = _marked(places, args, keywords) if count == len(places) else _in_parentheses(kinds, args)
    return TypeError(f"{begin}{described}, but expected {shown[0]}")


def _why_not(signature: Signature, args: Sequence[Any], keywords: dict[str, Any]) -> str:
    """What PyTorch says under a form that takes as many arguments as were given."""
    places = _places(signature)
    if len(args) + len(keywords) != len(places):
        return ""
    unknown = _unknown(places, keywords)
    why = (
        f"keywords were incorrect: {', '.join(unknown)}"
        if unknown
        else f"arguments have invalid types: {_marked(places, args, keywords)}"
    )
    return f"      didn't match because some of the {why}\n"


def _places(signature: Signature) -> list[tuple[str, str]]:
    """(type, name) of each part of a form's text, as PyTorch reads it again when it refuses a call.

    The asterisk is a parameter for it, and one with a default is called by that default, and of no type that there is.
    """
    parts = [each.rpartition(" ") for each in str(signature)[1:-1].split(", ")]
    return [(kind, name) for kind, _, name in parts]


def _unknown(places: Sequence[tuple[str, str]], keywords: dict[str, Any]) -> list[str]:
    """The keywords that are not called so by one of as many places at the end."""
    known = {name for _, name in places[max(0, len(places) - len(keywords)) :]}
    return [each for each in keywords if each not in known]


def _marked(places: Sequence[tuple[str, str]], args: Sequence[Any], keywords: dict[str, Any]) -> str:
    """The types that were given, between exclamation marks where one is not called as the form calls it."""
    texts: list[str] = []
    for at, (kind, name) in enumerate(places):
        value = args[at] if at < len(args) else keywords[name]
        own = type_name(value)
        text = own if at < len(args) else f"{name}={own}"
        if isinstance(value, (list, tuple)):
            inside = ", ".join(type_name(each) for each in value)
            alone = "," if len(value) == 1 else ""
            text += f" of ({inside}{alone})" if isinstance(value, tuple) else f" of [{inside}]"
        texts.append(text if own == kind or (own, kind) == ("int", "float") else f"!{text}!")
    return _in_parentheses(texts, args)


def _in_parentheses(texts: Sequence[str], args: Sequence[Any]) -> str:
    """In a row; as in PyTorch with a comma at the end where all were given by name."""
    return f"({', '.join(texts)}{', ' if texts and not args else ''})"
