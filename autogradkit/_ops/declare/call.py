"""One overload's call while its source is being written: which variables hold what, and tests of them.

Rests on what an overload and its recipe say; source.py writes nodes by it, lanes.py, edit_lanes.py and entries.py whole calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload
    from autogradkit._ops.declare.recipe import Recipe

IS_NUMBER = "({0}.__class__ is float or {0}.__class__ is int) and -9e18 < {0} < 9e18"  # what 64 bits hold, and float32


class Call:
    """One overload's call while it is being written: which variable holds each parameter, and which are numbers."""

    def __init__(self, op: Overload, number: int, values: dict[str, str], edits: bool = False) -> None:
        self.op = op
        self.edits = edits  # whether it is the in-place form
        self.number = number  # tells the overloads of a name apart
        self.values = values
        self.arrays = dict(values)
        self.numbers: frozenset[str] = frozenset()  # operands that are Python numbers in this lane
        self.cast: frozenset[str] = frozenset()  # operands that this lane casts to `common`, where that is no None
        self.strides: dict[str, str] = {}  # the strides, in elements, of operands where the lane knows them

    @property
    def recipe(self) -> Recipe | None:
        """How the call is differentiated, or None."""
        return self.op.edit_recipe if self.edits else self.op.recipe

    def name(self, word: str) -> str:
        """A name in the scope that belongs to this overload."""
        return f"{word}{self.number}"

    def optional(self, name: str) -> bool:
        """Whether a parameter may be None."""
        return self.op.parameters[self.op.index[name]].optional

    def listed(self, values: dict[str, str]) -> str:
        """The arguments of the kernel, by position and by name."""
        names = [p.name for p in self.op.parameters]
        at = self.op.positional
        return ", ".join([*[values[n] for n in names[:at]], *[f"{n}={values[n]}" for n in names[at:]]])

    @property
    def tuple(self) -> str:
        """The values as a tuple's source."""
        return f"({''.join(f'{self.values[p.name]}, ' for p in self.op.parameters)})"

    def usual_settings(self, operands: list[str]) -> str:
        """A test that what is no operand has its default, where the kernel is NumPy's own function."""
        rest = [p for p in self.op.parameters if p.name not in operands]
        defaults = [(p, "None" if p.default is None else f"{self.name('default')}_{p.name}") for p in rest]
        return "".join(f" and {self.values[p.name]} is {default}" for p, default in defaults)  # 1.0 and True are not 1


def is_number(call: Call, name: str) -> str:
    """A test that an operand is a number that every floating dtype can hold, or left out."""
    v = call.values[name]
    return f"({v} is None or {IS_NUMBER.format(v)})" if call.optional(name) else f"({IS_NUMBER.format(v)})"
