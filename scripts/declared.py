"""What the declarations say of every public function and method: how it is called, what it gives, what it does.

The one place of the stub generator (`write_stubs.py`) that looks into the op registry: when declarations change their
form, this file follows and nothing else.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from autogradkit._ops.op import PUBLIC, REGISTRY, Op
from autogradkit.core.tensor import Tensor

_TENSOR_KINDS = {"Array": "Tensor", "Array | None": "Tensor | None", "Sequence[Array]": "Sequence[Tensor]"}
_BINARY = frozenset({"add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"})
_COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
_KEYWORD, _REQUIRED = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.empty
_ONE_OF_SEVERAL, _SEVERAL = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.VAR_POSITIONAL


class Declared(NamedTuple):
    """A function or method. Annotations are texts, as in the source, or `inspect.Parameter.empty`."""

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
    """Every function that `autogradkit` publishes."""
    ops = {id(op.entry): op for op in REGISTRY.values()}
    for name, function in sorted(PUBLIC.items()):
        if not name.isidentifier() or name.startswith("_"):
            continue
        op = ops.get(id(function))
        if op is None:
            yield _composed(name, function)
        else:
            parameters = [each.replace(name="input") if each.name == "self" else each for each in _called_with(op)]
            yield Declared(name, parameters, _result(op), op.doc)


def methods() -> Iterator[Declared | Property]:
    """Every member of Tensor that another module attached to it."""
    ops = {id(op.entry): op for op in REGISTRY.values()}
    edits = {id(vars(op.entry)["in_place"]): op for op in REGISTRY.values() if hasattr(op.entry, "in_place")}
    for name, value in sorted(vars(Tensor).items()):
        if isinstance(value, property):
            if value.fget is not None and value.fget.__module__ != Tensor.__module__:
                yield _property(name, value)
        elif not inspect.isfunction(value) or value.__module__ == Tensor.__module__:
            continue
        elif _is_operator(name):
            yield Declared(name, [_parameter("self"), _parameter("other", annotation="Any")], "Tensor", "")
        elif id(value) in ops:
            op = ops[id(value)]
            yield Declared(name, _called_with(op), _result(op), op.doc)
        elif id(value) in edits:
            op = edits[id(value)]
            yield Declared(name, _called_with(op, out=False), "Tensor", f"In-place version of `{op.name}`.")
        else:
            yield _composed(name, value, method=True)


def _is_operator(name: str) -> bool:
    if not name.startswith("__"):
        return False
    bare = name.strip("_")
    return bare in _BINARY | _COMPARISONS or bare[1:] in _BINARY  # also __radd__ and __iadd__


def _parameter(name: str, kind: Any = _ONE_OF_SEVERAL, default: Any = _REQUIRED, annotation: Any = _REQUIRED) -> Any:
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


def _called_with(op: Op, out: bool = True) -> list[inspect.Parameter]:
    kernel = {} if not inspect.isfunction(op.kernel) else dict(inspect.signature(op.kernel).parameters)
    many = sum(kind == "Array" for kind in op.kinds) > 1 and hasattr(op, "operands")
    found: list[inspect.Parameter] = []
    for index, (name, kind, value) in enumerate(zip(op.parameters, op.kinds, op.defaults, strict=True)):
        if kind:
            given: Any = "Any" if many and index else _TENSOR_KINDS[kind]
        else:
            given = kernel[name].annotation if name in kernel else _REQUIRED
        how = _ONE_OF_SEVERAL if index < op.positional else _KEYWORD
        if name == op.sizes:
            how, value, given = _SEVERAL, _REQUIRED, "Any"
        elif any(each.kind is _SEVERAL for each in found):
            how = _KEYWORD
        found.append(_parameter(name, how, value, given))
    if out and not op.view:
        found.append(_parameter("out", _KEYWORD, None, "Any"))
    return found


def _result(op: Op) -> Any:
    if not inspect.isfunction(op.kernel):
        return "Tensor"
    returned = inspect.signature(op.kernel).return_annotation
    spelled = returned.replace("Array", "Tensor") if isinstance(returned, str) else "Tensor"
    return spelled.replace("list[Tensor]", "tuple[Tensor, ...]")


def _composed(name: str, function: Callable[..., Any], method: bool = False) -> Declared:
    """A function that is no op says itself how it is called."""
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
    return Property(name, inspect.signature(value.fget).return_annotation, accepts)
