"""Schemas: what an operator takes and gives, as PyTorch writes it, `mylib::scale(Tensor x, float by=2.) -> Tensor`.

Rests on nothing. `schema_text.py` reads them, `schema_calls.py` matches calls to them; the operators of `torch.ops` have one
each, and `torch.library` makes new ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast


class Type:
    """What an argument is: its name in schemas is `spelled`, in messages `str(type)`."""

    def __init__(self, spelled: str, annotation: str) -> None:
        self.spelled = spelled
        self.annotation = annotation

    def __str__(self) -> str:
        return self.annotation

    def __repr__(self) -> str:
        return self.annotation

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Type) and self.annotation == other.annotation

    def __hash__(self) -> int:
        return hash(self.annotation)


class TensorType(Type):
    """A tensor."""


class OptionalType(Type):
    """A value or None."""

    def __init__(self, of: Type) -> None:
        super().__init__(f"{of.spelled}?", f"Optional[{of.annotation}]")
        self.of = of

    def getElementType(self) -> Type:  # noqa: N802 - PyTorch's name
        """What it is where it is not None."""
        return self.of


class ListType(Type):
    """A list; `count` is how many it has where one value may stand for all of them."""

    def __init__(self, of: Type, count: int | None = None) -> None:
        super().__init__(f"{of.spelled}[{'' if count is None else count}]", f"List[{of.annotation}]")
        self.of = of
        self.count = count

    def getElementType(self) -> Type:  # noqa: N802 - PyTorch's name
        """What is in it."""
        return self.of


class TupleType(Type):
    """Several values, as one that is returned."""

    def __init__(self, of: Sequence[Type]) -> None:
        super().__init__(
            f"({', '.join(each.spelled for each in of)})", f"Tuple[{', '.join(each.annotation for each in of)}]"
        )
        self.of = tuple(of)


# The types that schemas name, and what messages call them.
NAMED = {
    "Tensor": TensorType("Tensor", "Tensor"),
    **{
        name: Type(name, annotation)
        for name, annotation in {
            "int": "int",
            "SymInt": "int",
            "float": "float",
            "bool": "bool",
            "SymBool": "bool",
            "str": "str",
            "complex": "complex",
            "Scalar": "number",
            "ScalarType": "int",
            "Layout": "int",
            "MemoryFormat": "int",
            "Device": "Device",
            "Generator": "Generator",
            "Storage": "Storage",
            "Stream": "Stream",
            "QScheme": "QScheme",
            "Any": "Any",
            "t": "t",
        }.items()
    },
}


@dataclass(frozen=True)
class AliasInfo:
    """What an argument or result shares memory with, and whether it is written."""

    before: tuple[str, ...]
    is_write: bool
    after: tuple[str, ...]

    @property
    def before_set(self) -> set[str]:
        """The names of the memory that it looks at."""
        return set(self.before)

    @property
    def after_set(self) -> set[str]:
        """The same after the call."""
        return set(self.after)

    def __str__(self) -> str:
        text = "|".join(self.before) + "!" * self.is_write
        return f"({text})" if self.after == self.before else f"({text} -> {'|'.join(self.after)})"


@dataclass(frozen=True, repr=False)
class Argument:
    """One argument of a schema, or one of its results."""

    name: str
    type: Type
    default_value: Any = None
    kwarg_only: bool = False
    alias_info: AliasInfo | None = None
    is_required: bool = field(default=True)

    def has_default_value(self) -> bool:
        """Whether it may be left out."""
        return not self.is_required

    @property
    def real_type(self) -> Type:
        """Its type."""
        return self.type

    @property
    def N(self) -> int | None:  # noqa: N802 - PyTorch's name
        """How many values one that is given for a list stands for."""
        of = self.type.of if isinstance(self.type, OptionalType) else self.type
        return of.count if isinstance(of, ListType) else None

    @property
    def is_write(self) -> bool:
        """Whether the call writes into it."""
        return self.alias_info is not None and self.alias_info.is_write

    @property
    def is_out(self) -> bool:
        """Whether it is memory for a result."""
        return self.kwarg_only and self.is_write

    @property
    def spelled(self) -> str:
        """Its type with what it shares, as a schema has it."""
        text = self.type.spelled
        return text if self.alias_info is None else text.replace("Tensor", f"Tensor{self.alias_info}", 1)

    def __str__(self) -> str:
        text = f"{self.spelled} {self.name}" if self.name else self.spelled
        if self.is_required:
            return text
        default = self.default_value
        if self.N and isinstance(default, list):
            several = cast("list[Any]", default)
            if len(set(several)) == 1:
                default = several[0]
        return f"{text}={_literal(default)}"


def _literal(value: Any) -> str:
    """A default as PyTorch prints it in a schema: floats in 17 digits, with a point at the end of whole ones."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_literal(each) for each in cast('Sequence[Any]', value))}]"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float):
        text = f"{value:.17g}"
        return f"{text}." if text.lstrip("-").isdigit() else text
    return str(value)


class FunctionSchema:
    """What an operator takes and gives.

    >>> from autogradkit.core.schema_text import parse_schema
    >>> schema = parse_schema("mylib::scale(Tensor x, *, float by=2) -> Tensor")
    >>> schema.name, [each.name for each in schema.arguments], schema
    ('mylib::scale', ['x', 'by'], mylib::scale(Tensor x, *, float by=2.) -> Tensor)
    """

    def __init__(
        self, name: str, overload_name: str, arguments: Sequence[Argument], returns: Sequence[Argument]
    ) -> None:
        self.name = name
        self.overload_name = overload_name
        self.arguments = list(arguments)
        self.returns = list(returns)

    @property
    def is_mutable(self) -> bool:
        """Whether a call writes into an argument."""
        return any(each.is_write for each in self.arguments)

    def _is_view_op(self) -> bool:
        """Whether it gives a view of an argument that it does not write into."""
        return any(each.alias_info is not None for each in self.arguments) and not self.is_mutable

    def __str__(self) -> str:
        parts: list[str] = []
        for each in self.arguments:
            if each.kwarg_only and "*" not in parts:
                parts.append("*")
            parts.append(str(each))
        several = len(self.returns) != 1
        returns = ", ".join(map(str, self.returns))
        if several or isinstance(self.returns[0].type, TupleType):
            returns = f"({returns})"
        overload = f".{self.overload_name}" if self.overload_name else ""
        return f"{self.name}{overload}({', '.join(parts)}) -> {returns}"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FunctionSchema) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))
