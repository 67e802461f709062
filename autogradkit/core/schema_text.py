"""Reading a schema, with PyTorch's refusals of one that cannot be read.

Rests on schema.py; `torch.library` and the operators of `torch.ops` are its users.
"""

from __future__ import annotations

import ast
import re
from typing import Any, NamedTuple, Never

from autogradkit.core import dtype as dtypes
from autogradkit.core.device import device
from autogradkit.core.dtype import dtype
from autogradkit.core.schema import (
    NAMED,
    AliasInfo,
    Argument,
    FunctionSchema,
    ListType,
    OptionalType,
    TupleType,
    Type,
)

_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<arrow>->)|(?P<string>"[^"]*"|'[^']*')|(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"""
    r"""|(?P<ident>[A-Za-z_]\w*)|(?P<sign>::|.)""",
    re.VERBOSE | re.DOTALL,
)
_UNKNOWN = (
    "\nunknown type specifier. Common valid schema types include Tensor, SymInt, int, float, bool, Scalar; for a full list, "
    "please see https://github.com/pytorch/pytorch/blob/main/aten/src/ATen/native/README.md#func "
)


class _Token(NamedTuple):
    kind: str  # "ident", "number", "string", "arrow", "eof", or the sign itself
    text: str
    at: int


class _Reader:
    """A place in the text of a schema."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = [
            _Token(m[0] if m.lastgroup == "sign" else str(m.lastgroup), m[0], m.start())
            for m in _TOKEN.finditer(text)
            if m.lastgroup != "space"
        ]
        self.tokens = [*found, _Token("eof", "", len(text))]
        self.place = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.place]

    def take(self) -> _Token:
        token = self.next
        self.place += 1
        return token

    def takes(self, kind: str) -> bool:
        """Whether it comes next, which is passed then."""
        if self.next.kind != kind:
            return False
        self.place += 1
        return True

    def expect(self, kind: str) -> str:
        if self.next.kind != kind:
            self.fail(f"expected {kind} but found '{self.next.kind}' here")
        return self.take().text

    def fail(self, message: str, token: _Token | None = None) -> Never:
        """Raise RuntimeError with the place underlined."""
        token = token or self.next
        marked = "" if token.kind == "eof" else f"\n{' ' * token.at}{'~' * len(token.text)} <--- HERE\n"
        raise RuntimeError(f"{message}:\n{self.text}{marked}")


def parse_schema(text: str) -> FunctionSchema:
    """The schema that a text says.

    Raises RuntimeError with PyTorch's text, which shows the place, where it cannot be read.

    >>> parse_schema("foo.out(Tensor x, int[] dims=[1, 2], *, Tensor(a!) out) -> Tensor(a!)")
    foo.out(Tensor x, int[] dims=[1, 2], *, Tensor(a!) out) -> Tensor(a!)
    """
    if "(" not in text:
        raise RuntimeError("Tried to parse a function schema but only the operator name was given")
    reader = _Reader(text)
    name = reader.expect("ident")
    if reader.takes("::"):
        name = f"{name}::{reader.expect('ident')}"
    overload = reader.expect("ident") if reader.takes(".") else ""
    if reader.next.kind != "(":  # after what could have been a name alone
        reader.expect("eof")
    arguments = _arguments(reader)
    reader.expect("arrow")
    returns = _returns(reader)
    reader.expect("eof")
    schema = FunctionSchema(name, overload, arguments, returns)
    defaulted = False
    for each in arguments:
        if defaulted and each.is_required and not each.kwarg_only and not isinstance(each.type, ListType):
            raise RuntimeError(
                f"Non-default positional argument follows default argument. Parameter {each.name} in {schema}"
            )
        defaulted = defaulted or not each.is_required
    return schema


def _arguments(reader: _Reader) -> list[Argument]:
    reader.expect("(")
    found: list[Argument] = []
    by_name = False
    if reader.takes(")"):
        return found
    while True:
        if reader.takes("*"):
            by_name = True
        else:
            kind, alias = _type(reader)
            name = reader.expect("ident")
            has_default = reader.takes("=")
            default = _default(reader, kind) if has_default else None
            if isinstance(kind, ListType) and kind.count and isinstance(default, (int, float)):
                default = [default] * kind.count  # one that stands for all
            found.append(Argument(name, kind, default, by_name, alias, not has_default))
        if not reader.takes(","):
            reader.expect(")")
            return found


def _returns(reader: _Reader) -> list[Argument]:
    if not reader.takes("("):
        return [_result(reader)]
    found: list[Argument] = []
    if reader.takes(")"):
        return found
    while True:
        if reader.takes("("):  # one result that is several values
            of = [_type(reader)[0]]
            while reader.takes(","):
                of.append(_type(reader)[0])
            reader.expect(")")
            found.append(Argument("", TupleType(of)))
        else:
            found.append(_result(reader))
        if not reader.takes(","):
            reader.expect(")")
            return found


def _result(reader: _Reader) -> Argument:
    kind, alias = _type(reader)
    name = reader.take().text if reader.next.kind == "ident" else ""
    return Argument(name, kind, alias_info=alias)


def _type(reader: _Reader) -> tuple[Type, AliasInfo | None]:
    token = reader.next
    name = reader.expect("ident")
    if name not in NAMED:
        reader.fail(_UNKNOWN, token)
    kind: Type = NAMED[name]
    alias = _alias(reader) if name == "Tensor" and reader.takes("(") else None
    while True:
        if reader.takes("["):
            count = int(reader.take().text) if reader.next.kind == "number" else None
            reader.expect("]")
            kind = ListType(kind, count)
        elif reader.takes("?"):
            kind = OptionalType(kind)
        else:
            return kind, alias


def _alias(reader: _Reader) -> AliasInfo:
    before = _names(reader)
    is_write = reader.takes("!")
    after = _names(reader) if reader.takes("arrow") else before
    reader.expect(")")
    return AliasInfo(before, is_write, after)


def _names(reader: _Reader) -> tuple[str, ...]:
    found: list[str] = []
    while True:
        found.append(reader.take().text if reader.next.kind == "*" else reader.expect("ident"))
        if not reader.takes("|"):
            return tuple(found)


_WORDS = {"None": None, "True": True, "False": False}
_REDUCTIONS = {"Mean": 1, "Sum": 2}
_FORMATS = ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d")
# PyTorch's numbers of dtypes, with which it prints those that are defaults.
_DTYPES = (
    "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex32", "complex64", "complex128", "bool",
)  # fmt: skip
_WITH_BFLOAT16 = {**{name: at for at, name in enumerate(_DTYPES)}, "bfloat16": 15}


def number_of(value: dtype) -> int:
    """PyTorch's number of a dtype.

    >>> import autogradkit
    >>> number_of(autogradkit.float32)
    6
    """
    return _WITH_BFLOAT16[str(value).removeprefix("torch.")]


def dtype_of(number: int) -> dtype:
    """The dtype of PyTorch's number for it."""
    name = next(each for each, at in _WITH_BFLOAT16.items() if at == number)
    return dtypes.bool_ if name == "bool" else getattr(dtypes, name)


def _default(reader: _Reader, kind: Type) -> Any:
    of = kind.of if isinstance(kind, OptionalType) else kind
    if reader.takes("["):
        found: list[Any] = []
        inner = of.of if isinstance(of, ListType) else of
        while not reader.takes("]"):
            found.append(_default(reader, inner))
            reader.takes(",")
        return found
    token = reader.take()
    if token.kind == "number":
        number = ast.literal_eval(token.text)
        return float(number) if of.annotation == "float" else number
    if token.kind == "string":
        return device(token.text[1:-1]) if of.annotation == "Device" else token.text[1:-1]
    if token.kind != "ident":
        reader.fail(f"expected a default but found '{token.kind}' here", token)
    if token.text in _WORDS:
        return _WORDS[token.text]
    if token.text in _REDUCTIONS:
        return _REDUCTIONS[token.text]
    if token.text in _FORMATS:
        return _FORMATS.index(token.text)
    if token.text in _WITH_BFLOAT16:
        return _WITH_BFLOAT16[token.text]
    return token.text
