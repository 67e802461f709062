"""What the declarations say of every public function and method: how it is called, what it gives, what it does.

The one place of the stub generator (`write_stubs.py`) that looks into the overload sets.
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from autogradkit._ops.declare import PUBLISHED, PYTHON_FUNCTIONS
from autogradkit._ops.declare.names import EDIT, EDITS, FUNCTION, IN_PLACE, METHODS, OPERATOR, OverloadSet
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.signature import REQUIRED, Parameter, Signature
from autogradkit._ops.declare.unloaded import load_all
from autogradkit.core.tensor import Tensor

load_all()  # of families that are declared when they are asked for, too

_OPERATORS_OF_TWO = frozenset(
    {
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "pow",
        "matmul",
        "and",
        "or",
        "xor",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
    }
)
_PLACE = inspect.Parameter.POSITIONAL_OR_KEYWORD
_KEYWORD, _SEVERAL, _EMPTY = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.empty


class Declared(NamedTuple):
    """A form of a function or method. Annotations are texts, as in the source, or `inspect.Parameter.empty`."""

    name: str
    parameters: list[inspect.Parameter]
    result: Any
    doc: str


class Property(NamedTuple):
    """A property of Tensor. `accepts` is what may be assigned to it; None for one that is read only."""

    name: str
    gives: Any
    accepts: Any


def functions() -> Iterator[Declared]:
    """Every form of every function that `autogradkit` publishes."""
    plain = PYTHON_FUNCTIONS
    for name in sorted(plain.keys() | PUBLISHED.keys()):
        if not name.isidentifier() or name.startswith("_"):
            continue
        if name in PUBLISHED:
            yield from _forms(name, PUBLISHED[name], EDIT if name in EDITS else FUNCTION)
        else:
            yield _composed(name, plain[name])


def methods() -> Iterator[Declared | Property]:
    """Every form of every member of Tensor that another module attached to it."""
    for name, value in sorted(vars(Tensor).items()):
        if _takes_two(name):
            if name in METHODS or value.__module__ != Tensor.__module__:
                yield Declared(name, [_parameter("self"), _parameter("other", annotation="Any")], "Tensor", "")
        elif name in METHODS:
            yield from _forms(name, *METHODS[name])
        elif isinstance(value, property):
            if value.fget is not None and value.fget.__module__ != Tensor.__module__:
                yield _property(name, value)
        elif inspect.isfunction(value) and value.__module__ != Tensor.__module__:
            yield _composed(name, value, method=True)


def _takes_two(name: str) -> bool:
    if not name.startswith("__"):
        return False
    bare = name.strip("_")
    return bare in _OPERATORS_OF_TWO or bare[1:] in _OPERATORS_OF_TWO  # also __radd__ and __iadd__


def _forms(name: str, owner: OverloadSet, how: str) -> Iterator[Declared]:
    doc = owner.doc if how not in (IN_PLACE, EDIT) or owner.only_in_place else f"In-place version of `{owner.name}`."
    seen: list[list[inspect.Parameter]] = []
    for overload, signature in owner.forms("method" if how == OPERATOR else how):
        if signature.deprecated:
            continue
        for parameters in _called_with(overload, signature, how):
            if not any(_covers(earlier, parameters) for earlier in seen):
                seen.append(parameters)
                yield Declared(name, parameters, "Tensor" if how in (IN_PLACE, EDIT) else _result(overload), doc)


def _covers(earlier: list[inspect.Parameter], later: list[inspect.Parameter]) -> bool:
    """Whether whatever fits the later form fits the earlier one too, which type checkers then never pass by."""
    wider = {each.name: each for each in earlier}
    return all(
        (own := wider.pop(each.name, None)) is not None
        and (own.kind, own.default) == (each.kind, each.default)
        and (own.annotation == each.annotation or each.annotation in str(own.annotation).split(" | "))
        for each in later
    ) and all(each.default is not _EMPTY for each in wider.values())


def _called_with(overload: Overload, signature: Signature, how: str) -> Iterator[list[inspect.Parameter]]:
    """The parameters of a form; twice where a list of ints may be given as separate ints."""
    given = list(signature.parameters)
    head = [] if how in (FUNCTION, EDIT) else [_parameter("self")]
    if signature.varargs and not given[0].kind.length:
        ints, rest = given[0], given[1:]
        yield [
            *head,
            _parameter(ints.public, _SEVERAL, annotation="int"),
            *[_spelled(p, keyword_only=True) for p in rest],
        ]
    found: list[inspect.Parameter] = []
    for p in given:
        made = _spelled(p, keyword_only=p.keyword)
        if made.kind is _PLACE and made.default is _EMPTY and any(each.default is not _EMPTY for each in found):
            made = made.replace(default=...)  # in PyTorch one without default may follow one with
        found.append(made)
    yield [*head, *found]


def _spelled(p: Parameter, *, keyword_only: bool) -> inspect.Parameter:
    name = p.name if keyword.iskeyword(p.public) else p.public
    annotation = p.kind.stub + (" | None" if p.optional else "")
    if p.name == "out" and p.spelled == "Arrays":
        annotation = "tuple[Tensor, ...] | None"
    default = _EMPTY if p.default is REQUIRED else p.default
    return _parameter(name, _KEYWORD if keyword_only else _PLACE, default, annotation)


def _result(overload: Overload) -> str:
    returned = str(overload.kernel.__annotations__.get("return", "None"))
    if len(overload.outputs) > 1:
        named = getattr(overload.returns, "__module__", "") == "autogradkit._ops.reduction.return_types"
        return f"return_types.{overload.returns.__name__}" if named else "tuple[Tensor, ...]"
    if returned.startswith("tuple"):
        return "tuple[Tensor, ...]"
    if returned == "Object":
        return "Any"
    return "Tensor" if returned in ("None", "Any", "Array") else returned


def _parameter(name: str, kind: Any = _PLACE, default: Any = _EMPTY, annotation: Any = _EMPTY) -> inspect.Parameter:
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


def _composed(name: str, function: Callable[..., Any], method: bool = False) -> Declared:
    """A function that is no overload set says itself how it is called."""
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    if method and (not parameters or parameters[0].kind is _SEVERAL):
        parameters.insert(0, _parameter("self"))
    elif method:
        parameters[0] = parameters[0].replace(name="self")
    return Declared(name, parameters, signature.return_annotation, inspect.getdoc(function) or "")


def _property(name: str, value: property) -> Property:
    assert value.fget is not None
    accepts = None
    if value.fset is not None:
        accepts = [*inspect.signature(value.fset).parameters.values()][1].annotation
        accepts = None if accepts == "Never" else accepts  # the setter is there to refuse
    return Property(name, inspect.signature(value.fget).return_annotation, accepts)
