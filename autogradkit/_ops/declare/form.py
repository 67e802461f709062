"""The facts that follow from a declaration: parameters and where they stand, checks in order, schema, what pictures need.

What is costly to work out is worked out when it is first asked for. Rests on declaration.py, signature.py and rules.py;
overload.py adds what an overload does.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit._ops.declare.declaration import UNIMPLEMENTED, Declaration
from autogradkit._ops.declare.refusals import is_by_kernel
from autogradkit._ops.declare.rules import rule_of
from autogradkit._ops.declare.signature import OUT, OUTS, REQUIRED, Parameter, Signature, in_schema, parameters_of

if TYPE_CHECKING:
    from autogradkit.core.facts import OpFacts


class Form(Declaration):
    """One of the forms that a name may be called in."""

    @cached_property
    def checks(self) -> tuple[list[Any], list[Any]]:
        """(checks before anything else, checks of PyTorch's kernel, after those of shapes and dtypes)."""
        return self._ordered(self.dtypes, self.refuse)

    @cached_property
    def edit_checks(self) -> tuple[list[Any], list[Any]]:
        """The same, of the in-place form."""
        return self._ordered(self.edit_dtypes, self.edit_refuse)

    def _ordered(self, dtypes: tuple[Any, ...], refuse: Any) -> tuple[list[Any], list[Any]]:
        found = [*dtypes, *([] if refuse is None else [refuse])]
        pointwise = self.pointwise is not None
        late = [check for check in found if is_by_kernel(check) or (check in dtypes and not pointwise)]
        return [check for check in found if check not in late], late

    # -- what it may be called with ---------------------------------------------------------------------------------

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The kernel's parameters without `out`."""
        return parameters_of(self.kernel, self._as_number)

    @cached_property
    def index(self) -> dict[str, int]:
        """Where each parameter stands."""
        return {p.name: i for i, p in enumerate(self.parameters)}

    @cached_property
    def positional(self) -> int:
        """How many parameters come by position."""
        return sum(not p.keyword for p in self.parameters)

    @property
    def by_place(self) -> int:
        """How many arguments it takes where PyTorch takes them by place alone, all of them required; else 0."""
        return self.kernel.__code__.co_posonlyargcount

    @cached_property
    def defaults(self) -> tuple[Any, ...]:
        """The parameters' defaults."""
        return tuple([p.default for p in self.parameters])

    @cached_property
    def signature(self) -> Signature:
        """As a function."""
        out = (
            [OUT if len(self.outputs) == 1 and not self.several else OUTS]
            if self.takes_out and "out" not in self.index
            else []
        )
        return Signature(self.owner.name, [*self.parameters, *out], deprecated=self.deprecated)

    @cached_property
    def self_at(self) -> int | None:
        """Where `self` stands, for an overload that is a method, or an operator, too."""
        if not self.owner.operators and not ("method" in self.variants and "method" in self.owner.variants):
            return None
        at = self.index.get("self")
        return at if at is not None and self.parameters[at].kind.is_tensor else None

    @cached_property
    def method_signature(self) -> Signature | None:
        """As a method, without `self`; None where it is none."""
        if self.self_at is None:
            return None
        rest = [p for i, p in enumerate(self.parameters) if i != self.self_at]
        return Signature(self.owner.name, rest, deprecated=self.deprecated)

    @property
    def is_unimplemented(self) -> bool:
        """Whether PyTorch gives it a node that refuses when it runs."""
        return self.node_name == UNIMPLEMENTED

    @property
    def written_as(self) -> str:
        """What PyTorch calls the form with `out=` where that has a node that refuses when it runs; else nothing."""
        return f"aten::{self.owner.name}" if self.is_unimplemented or self.bare_out else ""

    @property
    def refuses_whole(self) -> bool:
        """Whether PyTorch refuses to record what gives whole numbers: by `dtype=`, or of some that an edit put in the graph."""
        return self.owner.name != "to" and not self.is_unimplemented

    @cached_property
    def keeps_floating(self) -> bool:
        """Whether a reduction of float32 or float64 is in the same dtype, unless a call says another."""
        dtypes = (np.dtype(np.float32), np.dtype(np.float64))
        return self.result_dtype is None or all(self.result_dtype(each, None) == each for each in dtypes)

    @cached_property
    def gradient_versions(self) -> tuple[int, ...]:
        """How often PyTorch edits the gradient of each input while making it; empty for never."""
        given = self._gradient_version
        if not given:
            return ()
        names = list(self.formulas)
        by_name = given if isinstance(given, dict) else {names[0]: given}
        return tuple([by_name.get(name, 0) for name in names])

    def filled(self, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
        """Values in order of the parameters from a call within the package, which is known to fit."""
        values = [*args, *self.defaults[len(args) :]]
        for name, value in kwargs.items():
            values[self.index[name]] = value
        return values

    # -- facts ----------------------------------------------------------------------------------------------------------

    @cached_property
    def keywords(self) -> frozenset[str]:
        """The parameters that are given by name alone."""
        return frozenset([p.name for p in self.parameters if p.keyword])

    @cached_property
    def tensors_at(self) -> tuple[int, ...]:
        """Where tensors, and lists of tensors, stand."""
        return tuple([i for i, p in enumerate(self.parameters) if p.kind.is_tensor])

    @cached_property
    def first_tensor(self) -> int:
        """Where the tensor stands whose dimensions are meant."""
        return self.tensors_at[0] if self.tensors_at else 0

    @cached_property
    def dims(self) -> tuple[int, ...]:
        """Where single dimensions stand, which are counted from the front before the kernel runs."""
        return (
            ()
            if self.composition or self.reduces
            else tuple([i for i, p in enumerate(self.parameters) if p.spelled == "Dim"])
        )

    @cached_property
    def promotes(self) -> tuple[int, ...]:
        """Where the operands stand that take part in promotion; numbers among them arrive as arrays."""
        if self._promotes is not None:
            return tuple([self.index[name] for name in self._promotes.split()])
        number = () if self._as_number is None else (self.index[self._as_number],)
        return tuple(sorted({*self.tensors_at, *number}))

    @cached_property
    def operands(self) -> tuple[int, ...]:
        """Where the operands of a pointwise op stand: what is promoted, and tensors that are only broadcast."""
        return tuple(sorted({*self.promotes, *self.tensors_at}))

    @cached_property
    def _others(self) -> tuple[int, ...]:
        return tuple([i for i in range(len(self.parameters)) if i not in self.operands])

    def is_by_ufunc(self, values: Sequence[Any], common: np.dtype[Any]) -> bool:
        """Whether NumPy's own function does it: there is one, and what is no operand has its default, and is not complex."""
        others = self._others
        return (
            self.ufunc is not None
            and not (others and common.kind == "c")
            and not any(values[i] is not self.defaults[i] for i in others)
        )

    def result_of(self, numpy_dtype: np.dtype[Any], values: Sequence[Any]) -> np.dtype[Any]:
        """The dtype of a reduction's result."""
        if self.result_dtype is None:
            return numpy_dtype
        wanted = values[self.index["dtype"]] if "dtype" in self.index else None
        return self.result_dtype(numpy_dtype, wanted)

    def keeps(self, values: Sequence[Any]) -> bool:
        """Whether a reduction keeps its dimensions as ones."""
        at = self.index.get("keepdim")
        return at is not None and values[at]

    @cached_property
    def doc(self) -> str:
        """The documentation of this overload, or an empty string."""
        return inspect.getdoc(self.kernel) or ""

    @cached_property
    def schema(self) -> str:
        """PyTorch's schema of it."""
        parts: list[str] = []
        # In schemas of factories the memory format comes last, in Python's front before the other keywords.
        for p in sorted(in_schema(self.parameters), key=lambda p: self.factory and p.name == "memory_format"):
            if p.keyword and "*" not in parts:
                parts.append("*")
            if self.factory and p.name in ("out", "requires_grad"):  # of Python's front only
                continue
            optional = "?" if p.optional and p.default != () else ""
            text = f"{p.kind.schema}{optional} {p.public if p.name.endswith('_') else p.name}"
            default: Any = None if self.factory and p.optional and p.default is False else p.default
            if p.one_for_all:
                default = default[0]
            parts.append(text if default is REQUIRED else f"{text}={_literal(default)}")
        result = "Tensor[]" if self.several else "Tensor"
        if len(self.outputs) > 1:
            result = "(" + ", ".join(f"Tensor {name}" for name in self.outputs) + ")"
        return f"{self.owner.name}({', '.join(parts)}) -> {result}"

    @property
    def name(self) -> str:
        """The name that users call it by, without an in-place form's underscore."""
        return self.owner.name.removesuffix("_") if self.owner.only_in_place else self.owner.name

    @property
    def facts(self) -> OpFacts:
        """What pictures need to know of it."""
        return self._facts

    @cached_property
    def _facts(self) -> OpFacts:
        from autogradkit.core.facts import OpFacts  # which nobody needs while nobody listens

        usual = [self.usual.get(p.name, p.default) for p in self.parameters]
        return OpFacts(
            label=self.label,
            pointwise=self.pointwise is not None,
            rule=self.rule if self.formulas else "",
            parameters=tuple(self.index),
            defaults=tuple(["" if each is REQUIRED else repr(each) for each in usual]),
            spread=(self.signature if self.method_signature is None else self.method_signature).varargs,
            sign=self.sign,
            writes=self.writes,
        )

    @cached_property
    def rule(self) -> str:
        """The local derivatives as a picture shows them, one line for each input."""
        return self.rule_given or rule_of(self.formulas, self.group)


def _literal(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value:.0f}." if isinstance(value, float) and value.is_integer() else str(value)
