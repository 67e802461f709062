"""The operators of `torch.ops.aten`: those that are declared here, with the schemas that follow from their declarations.

Which name PyTorch gives to a form (`Tensor`, `dim_IntList`) no declaration says: `overload_names.txt` has these names, which
`scripts/write_overload_names.py` asks PyTorch for. Rests on the declarations; `namespaces.py` asks for an operator by its name.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from autogradkit._ops.declare.names import EDIT, FUNCTION, SETS, OverloadSet
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.precision import CAST
from autogradkit._ops.declare.signature import REQUIRED, Parameter, in_schema
from autogradkit._ops.declare.unloaded import load_all
from autogradkit._ops.operators.overloads import OpOverload, OpOverloadPacket, Run
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.recording import RECORDERS, observed
from autogradkit.core.schema import FunctionSchema, ListType
from autogradkit.core.schema_text import number_of, parse_schema
from autogradkit.engine import inference
from autogradkit.engine.modes import MODE

OUT = "out"
NO_NAME = "-"  # of a form that PyTorch's dispatcher has not
NAMES_FILE = Path(__file__).with_name("overload_names.txt")
# Kinds of parameters that schemas spell otherwise than messages do: sizes may be symbols in PyTorch.
_SPELLED = {"Sizes": "SymInt[]", "SymInt": "SymInt"}
_PLAIN_RESULTS = {"bool": "bool", "int": "int", "float": "float"}


@functools.cache
def _named() -> dict[str, list[str]]:
    """PyTorch's names of the forms of an operator, in the order of the declarations, by the operator's name."""
    lines = [line.split() for line in NAMES_FILE.read_text(encoding="utf-8").splitlines()]
    return {name: names for name, *names in lines}


@functools.cache
def _owners() -> dict[str, list[OverloadSet]]:
    """The declared sets by every name that they have, that of the in-place form too."""
    load_all()
    found: dict[str, list[OverloadSet]] = {}
    for owner in SETS:
        for name in {owner.name, *owner.aliases, *((owner.edit_name,) if owner.in_place else ())}:
            found.setdefault(name, []).append(owner)
    return found


def forms_of(name: str) -> Iterator[tuple[str, Overload, str]]:
    """(which way it is called, the declared form, its schema without an overload's name) of every form of `aten::name`."""
    for owner in _owners().get(name, ()):
        is_called = name in (owner.name, *owner.aliases)
        declared = [each for each in owner.overloads if not each.deprecated]
        ways: list[tuple[str, list[Overload]]] = []
        if is_called and not owner.only_in_place:
            ways.append((FUNCTION, declared))
        if owner.in_place and name == owner.edit_name:
            ways.append((EDIT, [each for each in declared if each.in_place or owner.only_in_place]))
        if is_called:
            ways.append((OUT, [each for each in declared if each.takes_out and OUT not in each.index]))
        for how, forms in ways:
            for each in forms:
                yield how, each, _text(name, each, how)
                if "other" in _operands(each):  # a form of its own for a number
                    yield how, each, _text(name, each, how, "other")


def _operands(form: Overload) -> list[str]:
    """What may be a number as well."""
    return [p.name for p in form.parameters if p.spelled == "Operand"]


def find(packet: OpOverloadPacket) -> dict[str, OpOverload]:
    """The forms of a packet by PyTorch's names for them; none where nothing of its name is declared."""
    return _overloads_of(packet)


@functools.cache
def _overloads_of(packet: OpOverloadPacket) -> dict[str, OpOverload]:
    name = packet.__name__
    found: dict[str, OpOverload] = {}
    for own, how, form, text in called(name):
        if own == NO_NAME:
            continue
        overload = "" if own == "default" else f".{own}"
        schema = parse_schema(f"aten::{name}{overload}{text.removeprefix(name)}")
        run = running(form, how, schema)
        found.setdefault(own, OpOverload(packet, schema, run, numbers=bool(_operands(form))))
    # Tried in the order of Python's front, where PyTorch tries them as they were registered. The one without a name of
    # its own comes first: of `stft` the front has it last, and the other one takes the same arguments.
    return {own: found[own] for own in sorted(found, key=lambda own: own != "default")}


def called(name: str) -> Iterator[tuple[str, str, Overload, str]]:
    """(PyTorch's name of the form, or `NO_NAME`; and as `forms_of`) of every form of `aten::name`."""
    forms = list(forms_of(name))
    names = _named().get(name) or (["default"] if len(forms) == 1 else _usual(forms))
    for own, form in zip(names, forms, strict=True):
        yield own, *form


@functools.cache
def name_of(form: Overload, how: str) -> tuple[str, str] | None:
    """What PyTorch's dispatcher calls a declared form, called in one of the ways: ("mul", "Tensor"); None where it has none."""
    name = form.owner.edit_name if how == EDIT else form.owner.name
    for own, way, each, _ in called(name):
        if way == how and each is form:
            return None if own == NO_NAME else (name, own)
    return None


def _usual(forms: Sequence[tuple[str, Overload, str]]) -> list[str]:
    """The names of forms that PyTorch has no other names for."""
    return ["out" if how == OUT else "default" for how, _, _ in forms]


def _text(name: str, form: Overload, how: str, number: str = "") -> str:
    """The schema of a form, called in one of the ways; `number` names an operand that is a number in it."""
    writes = how == EDIT
    parts: list[str] = []
    first = True
    for p in sorted(in_schema(form.parameters), key=lambda p: form.factory and p.name == "memory_format"):
        if form.factory and p.name in ("out", "requires_grad"):  # of Python's front only
            continue
        if p.keyword and "*" not in parts:
            parts.append("*")
        share = ""
        if p.kind.is_tensor and first:
            share = "(a!)" if writes else _shared(form)
            first = False
        if number and p.name == "alpha":  # which may come by place there
            parts.remove("*")
        parts.append(f"Scalar {p.name}" if p.name == number else _argument(p, share, form.factory))
    if how == OUT:
        if "*" not in parts:
            parts.append("*")
        if form.several:
            parts.append("Tensor(a!)[] out")
        elif len(form.outputs) == 1:
            parts.append("Tensor(a!) out")
        else:
            parts += [f"Tensor({letter}!) {each}" for letter, each in zip("abcdef", _outs(form), strict=False)]
    return f"{name}({', '.join(parts)}) -> {_result(form, how)}"


def _shared(form: Overload) -> str:
    if not form.view:
        return ""
    return "(a -> *)" if form.several else "(a)"


def _result(form: Overload, how: str) -> str:
    if how == EDIT:
        return "Tensor(a!)"
    mark = "!" if how == OUT else ""
    if len(form.outputs) > 1:
        letters = [f"({each}!)" if mark else "" for each in "abcdef"]
        names = [""] * len(form.outputs) if _has_no_names(form) else [f" {each}" for each in form.outputs]
        return "(" + ", ".join(f"Tensor{share}{name}" for share, name in zip(letters, names, strict=False)) + ")"
    share = "(a!)" if mark else "(a)" if form.view else ""
    if form.several:
        return f"Tensor{share}[]" if how != OUT else "()"
    plain = _PLAIN_RESULTS.get(str(form.kernel.__annotations__.get("return"))) if form.composition else None
    return plain or f"Tensor{share}"


def _has_no_names(form: Overload) -> bool:
    return form.outputs[0] == "result0"


def _outs(form: Overload) -> list[str]:
    """What the memory for several results is called."""
    return [f"out{at}" for at in range(len(form.outputs))] if _has_no_names(form) else list(form.outputs)


def _argument(p: Parameter, share: str, factory: bool) -> str:
    spelled = _SPELLED.get(p.spelled, p.kind.schema)
    optional = "?" if p.optional and p.default != () else ""
    name = p.name.removesuffix("_") if p.name in ("from_", "lambda_") else p.name
    text = f"{spelled.replace('Tensor', f'Tensor{share}', 1)}{optional} {name}"
    default: Any = None if factory and p.optional and p.default is False else p.default
    if p.one_for_all:
        default = default[0]
    return text if default is REQUIRED else f"{text}={_default(default)}"


def _default(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_default, value))}]"
    if isinstance(value, str):
        return f'"{value}"'
    return str(number_of(value)) if isinstance(value, Dtype) else str(value).removeprefix("torch.")


# -- calling -----------------------------------------------------------------------------------------------------------


def running(form: Overload, how: str, schema: FunctionSchema) -> Run:
    """What calls a form with the values of its schema."""
    written = [each.name for each in schema.arguments if each.is_out]
    several = len(schema.returns) > 1
    listed = len(schema.returns) == 1 and isinstance(schema.returns[0].type, ListType)

    def run(values: dict[str, Any]) -> Any:
        out = [values.pop(each) for each in written]
        given = {form_name: values[name] for form_name, name in names if name in values}
        into = None if not out else out[0] if len(out) == 1 else tuple(out)
        result = _call_form(form, how, given, into)
        if several:
            return tuple(result)
        return list(result) if listed else result

    names = [(p.name, p.name.removesuffix("_") if p.name in ("from_", "lambda_") else p.name) for p in form.parameters]
    return run


def _call_form(form: Overload, how: str, given: dict[str, Any], out: Any) -> Any:
    """A form on its arguments by name, heard of as every call is."""
    owner: OverloadSet = form.owner
    if RECORDERS and MODE.casting is not None and owner.name in CAST and how == FUNCTION:
        return MODE.casting.call(lambda **kwargs: _call_form(form, how, kwargs, out), owner.name, (), given)
    values = _converted(form, given)

    def run(*_args: Any, **_kwargs: Any) -> Any:
        return form.edit_dual(values) if how == EDIT else form.run_dual(values, out)

    if not RECORDERS:
        return run()
    if inference.marks_alone():
        return inference.marked(run, (), {})
    if form.composition and not form.factory:  # what it calls is reported
        return run()
    return observed(form, "inplace" if how == EDIT else form.kind, run, tuple(values), {})


def _converted(form: Overload, given: dict[str, Any]) -> list[Any]:
    """The values of a form's parameters, as its kernel takes them."""
    found: list[Any] = []
    for p in form.parameters:
        value = given.get(p.name, None if p.default is REQUIRED else p.default)
        if value is not None and p.name in given and p.kind.convert is not None:
            value = p.kind.convert(value)
        found.append(value)
    return found
