"""The functions behind a name, written as source: each tells its overloads apart by their arguments' classes.

    def clamp(cls, a0=M, a1=M, a2=M, /, *rest, **kw):
     if (RECORDERS and heeded()) or rest: return slow((a0, a1, a2), rest, kw)
     if kw: ...                     # arguments given by name take their places
     if <a0 is a tensor, a1 and a2 are missing, None or numbers>:
      <the lane of the overload>
     return slow(...)

All of it stands in a `try`, which costs nothing, so that an error leaves without our frames (`core/frames.py`).
`M` stands for what is not given; `cls` is the class that functions are methods of (names.py): methods of tensors have none.
What only asks (`reads=`) begins with its answer, which fails by itself where `a0` is no tensor:

    def dim(a0=M, /, *rest, **kw):
     if rest or kw: ...               # as above
     try: return a0._array.ndim
     except MISREAD: pass

Every call that no lane takes, wrong ones included, goes by `slow` to `OverloadSet.call`.
Rests on lanes, edit_lanes and source; names.py asks for the functions when they are first used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit._ops.declare.call import Call
from autogradkit._ops.declare.dispatching import NotToldError
from autogradkit._ops.declare.edit_lanes import write_edit
from autogradkit._ops.declare.kinds import KINDS, NUMBERS
from autogradkit._ops.declare.lanes import write_lane
from autogradkit._ops.declare.overriding import modes_hear
from autogradkit._ops.declare.precision import CAST
from autogradkit._ops.declare.recipe import compiled
from autogradkit._ops.declare.signature import ALIASES, REQUIRED, Parameter
from autogradkit._ops.declare.source import Source
from autogradkit.core.tensor import Tensor, wrap

if TYPE_CHECKING:
    from autogradkit._ops.declare.names import OverloadSet
    from autogradkit._ops.declare.overload import Overload


def write(owner: OverloadSet, how: str, name: str) -> Callable[..., Any]:
    """The function of a set for one way of calling it, by its own name or an alias."""
    source = _Entry(owner, how, name).source()
    return compiled(source.shortening(), f"{name}_{how}", name, source.scope)


class _Entry:
    """The function that is being written."""

    def __init__(self, owner: OverloadSet, how: str, name: str) -> None:
        self.owner, self.how, self.name = owner, how, name
        forms = [(overload, signature) for overload, signature in owner.forms(how) if not signature.deprecated]
        self.overloads = [overload for overload, _ in forms]
        # A list of ints that is the only positional parameter may come as separate ints, unless one int means another form.
        signatures = [signature for _, signature in forms]
        several = any(each.varargs and not each.parameters[0].kind.length for each in signatures)
        one = any(each.positional and each.parameters[0].spelled in ("int", "SymInt", "Dim") for each in signatures)
        self.varargs = how != "operator" and several and not one
        self.places: list[
            Parameter
        ] = []  # the parameter that stands at each position, by the first overload that has it
        for overload in self.overloads:
            positional = [p for p in self.order(overload) if not p.keyword]
            if self.varargs:
                positional = positional[:1] if how != "function" else []
            self.places += positional[len(self.places) :]
        if how == "operator":  # an operator has no room for what has a default
            self.places = self.places[: max(signature.floor for _, signature in forms) + 1]
        named = [p for o in self.overloads for p in self.order(o) if p.keyword or self.varargs]
        taken = {p.name for p in self.places}
        self.keywords = list(dict.fromkeys(p.name for p in named if p.name not in taken))
        self.slots = [f"a{i}" for i in range(len(self.places))]
        self.others = self._others()
        self.said = [
            {name for each in (p, *others) for name in self._names(each)}
            for p, others in zip(self.places, self.others, strict=True)
        ]
        # Whether it is noted by which name the argument at a position was given.
        self.told = [
            bool(others) or any(at != place and not said.isdisjoint(of) for at, of in enumerate(self.said))
            for place, (said, others) in enumerate(zip(self.said, self.others, strict=True))
        ]

    def order(self, overload: Overload) -> list[Parameter]:
        """The parameters as the call has them: a method's `self` comes first."""
        found = list(overload.parameters)
        if self.how != "function":
            found.insert(0, found.pop(0 if self.how == "edit" else overload.index["self"]))
        return found

    def public(self, p: Parameter) -> str:
        """A parameter's name for the caller."""
        return p.public if self.how in ("function", "edit") or p.name != "self" else "self"

    def _others(self) -> list[list[Parameter]]:
        """What else stands at each position in other overloads, where its name says nothing else: max has `other` and `dim`.

        Or says it of an earlier position that has another name, too: `randint(high=)` and `randint(low=, high=)`; or of a later
        one, where what stands here is not left out: `var(unbiased=)` and `var(dim=, unbiased=)`.
        """
        found: list[list[Parameter]] = [[] for _ in self.places]
        if self.varargs or self.how == "operator":
            return found
        of_places = [set(self._names(p)) for p in self.places]
        taken = {each.removesuffix("_") for each in self.keywords}
        forms = [[p for p in self.order(overload) if not p.keyword] for overload in self.overloads]
        for form in forms:
            for place, p in enumerate(form):
                names = set(self._names(p))
                if self._is_called_as(self.places[place], p) or not taken.isdisjoint(names):
                    continue
                later = [each for each in forms if any(not names.isdisjoint(self._names(q)) for q in each[place + 1 :])]
                left_out = any(each[place].default is not REQUIRED for each in later)
                if all(
                    names.isdisjoint(of) or (found[at] if at < place else at > place and not left_out)
                    for at, of in enumerate(of_places)
                ):
                    found[place].append(p)
                    of_places[place] |= names
        return found

    def _names(self, p: Parameter) -> list[str]:
        """What a parameter may be called by name."""
        return [self.public(p), *(ALIASES.get(p.public, ()) if p.public in ("dim", "keepdim") else ())]

    def _is_called_as(self, one: Parameter, other: Parameter) -> bool:
        """Whether both are one for the caller, too: a number in place of a tensor `input` is called `self`."""
        return one.name == other.name and self.public(one) == self.public(other)

    def source(self) -> Source:
        """The function's text and the names that it sees."""
        s = Source()
        everything = f"({''.join(f'{slot}, ' for slot in self.slots)})"
        if self.how == "operator":
            bail = f"return slow{everything}"
            s.scope["slow"] = _operator(self.owner, len(self.slots), self.name)
            s.emit(
                0,
                f"def {self.name}({', '.join(self.slots)}):",
                f" if RECORDERS and heeded(): {bail}",
                " kw = None; rest = ()",
            )
        else:
            bail = f"return slow(given if kw else {everything}, rest, kw)"
            general = _in_place_operator if self.name.startswith("__") else _general
            s.scope["slow"] = general(self.owner, self.how, self.name)
            slots = ["cls"] * (self.how in ("function", "edit")) + [f"{slot}=M" for slot in self.slots]
            s.emit(0, f"def {self.name}({', '.join([*slots, '/'] if slots else [])}, *rest, **kw):")
            if self.keywords:
                s.emit(1, f"{' = '.join(f'k_{name}' for name in self.keywords)} = M")
            slow = f"return slow({everything}, rest, kw)"
            # What is composed of ops alone is told to modes, and else by the ops that it calls.
            composed = self.owner.name not in CAST and all(
                each.composition and not each.factory and each.lane is None for each in self.overloads
            )
            s.scope["modes_hear"] = modes_hear
            heard = "modes_hear()" if composed else "heeded()"
            first = f"(RECORDERS and {heard})" + " or rest" * (not self.varargs)
            s.emit(
                1,
                f"if {first}: {slow}",
                *[f"n{place} = None" for place, told in enumerate(self.told) if told],
                "if kw:",
            )
            self._emit_named(s, 2, everything, bail)
            self._emit_answer(s)
        for number, overload in enumerate(self.overloads):
            tests, late, values = self._tests(s, overload, number, bail)
            s.emit(1, f"if {' and '.join(tests)}:" if tests else "if True:")
            s.emit(2, *late)
            call = Call(overload, number, values)
            if self.how in ("in_place", "edit"):
                write_edit(s, call, 2, bail)
            else:
                write_lane(s, call, 2, bail)
        s.emit(1, bail)
        return s

    def _emit_named(self, s: Source, depth: int, everything: str, bail: str) -> None:
        """Arguments given by name take their places; a name that is left over is none of ours."""
        s.emit(depth, f"given = {everything}", "left = len(kw)")
        for place, (slot, p) in enumerate(zip(self.slots, self.places, strict=True)):
            if place == 0 and (self.how not in ("function", "edit") or self.overloads[0].by_place):
                continue
            said = [(name, each) for each in (p, *self.others[place]) for name in self._names(each)]
            later = set().union(*self.said[place + 1 :])
            said.sort(key=lambda each: each[0] in later)  # what may be said of a later position is left to it
            for i, (name, each) in enumerate(said):
                which = f"; n{place} = {self.public(each)!r}" if self.told[place] else ""
                twice = [at for at in range(place) if name in self.said[at]]
                free = "".join(f" and n{at} != {self.public(each)!r}" for at in twice)
                s.emit(
                    depth,
                    f"{'el' if i else ''}if {slot} is M and {name!r} in kw{free}: {slot} = kw[{name!r}]; left -= 1{which}",
                )
        for name in self.keywords:
            public = name.removesuffix("_")
            s.emit(depth, f"if {public!r} in kw: k_{name} = kw[{public!r}]; left -= 1")
        s.emit(depth, f"if left: {bail}")

    def _emit_answer(self, s: Source) -> None:
        """The answer of what only asks, which nobody records."""
        slots = {p.name: slot for p, slot in zip(self.places, self.slots, strict=True)}
        slots |= {name: f"k_{name}" for name in self.keywords}
        for overload in self.overloads:
            if overload.reads:
                s.emit(1, "try:")
                s.emit(2, *[line.format(**slots) for line in overload.reads])
                s.emit(1, "except MISREAD: pass")

    def _tests(
        self, s: Source, overload: Overload, number: int, bail: str
    ) -> tuple[list[str], list[str], dict[str, str]]:
        """(tests that the arguments fit, lines that then fill in defaults, the variable of each parameter)."""
        tests: list[str] = []
        late: list[str] = []
        values: dict[str, str] = {}
        used: set[str] = set()
        names = [p.name for p in self.places]
        for i, p in enumerate(self.order(overload)):
            if self.varargs and p.kind.is_ints and p.name not in names:
                self._sizes(p, tests, late, bail)
                values[p.name] = "sizes"
                used.add(f"k_{p.name}")
                continue
            positional = not p.keyword and (not self.varargs or p.name in names)
            if positional:
                slot = f"a{i}"
                if i < len(names) and self.how != "operator":
                    as_usual = self._is_called_as(self.places[i], p)
                    if self.others[i] and (as_usual or any(self._is_called_as(each, p) for each in self.others[i])):
                        tests.append(f"(n{i} is None or n{i} == {self.public(p)!r})")
                    elif not as_usual:
                        tests.append(f"(not kw or a{i} is given[{i}])")
            else:
                slot = f"a{names.index(p.name)}" if p.name in names else f"k_{p.name}"
                if p.name in names:  # by name only here, by place in another overload
                    tests.append(f"({slot} is M or (kw and {self.public(p)!r} in kw))")
            used.add(slot)
            values[p.name] = slot
            self._test(s, overload, p, slot, i, number, tests, late, values)
        if self.how != "operator":
            tests += [f"{slot} is M" for slot in [*self.slots, *(f"k_{n}" for n in self.keywords)] if slot not in used]
            if self.varargs and "sizes" not in values.values():
                tests.append("not rest")
        for p in overload.parameters:
            v = values[p.name]
            if p.spelled == "float":
                values[p.name] = f"f_{p.name}"
                late.append(f"f_{p.name} = float({v}) if {v}.__class__ is int else {v}")
            # Ints are kept as a tuple, as PyTorch keeps them, and what was given is kept for the general way.
            if p.kind.is_ints and v != "sizes":
                values[p.name] = f"t_{p.name}"
                if p.kind.length:  # one int stands for all
                    late += [
                        f"if {v}.__class__ is int: t_{p.name} = ({v},) * {p.kind.length}",
                        f"elif {v} is None: t_{p.name} = None",
                    ]
                else:
                    late.append(f"if {v} is None: t_{p.name} = None")
                late += ["else:", *[f" {line}" for line in _as_tuple(v, f"t_{p.name}", bail)]]
        return tests, late, values

    def _test(
        self, s: Source, overload: Overload, p: Parameter, slot: str, place: int, number: int,
        tests: list[str], late: list[str], values: dict[str, str],
    ) -> None:  # fmt: skip
        """One parameter's test, and its default where it is not given."""
        usual = p.kind.usual.format(slot)
        if p.kind.length:
            one = KINDS["Dim" if p.spelled == "Dims" else "int"].usual.format(slot)
            usual = f"({one} or {usual})"
        elif p.spelled == "Operand" and place:
            # A tensor or a number: the lane of an op looks, and a composition's body does not.
            as_number = f"{slot}.__class__ is float or {slot}.__class__ is int"
            usual = f"({usual} or {as_number})" if overload.composition else f"{slot} is not M"
        if not usual:  # layout, memory format: only as not given
            tests.append(f"({slot} is M or {slot} is None)" if p.optional else f"{slot} is M")
            values[p.name] = "None" if p.optional else f"default{number}_{p.name}"
            s.scope[f"default{number}_{p.name}"] = p.default
            return
        if p.default is REQUIRED:
            tests.append(f"({slot} is None or {usual})" if p.optional else usual)
            return
        default = f"default{number}_{p.name}"
        s.scope[default] = p.default
        if self.how == "operator":
            values[p.name] = default
            return
        none = f"{slot} is None or " if p.optional else ""
        tests.append(f"({slot} is M or {none}{usual})")
        ungiven = f"{slot} is M" if p.default != () else f"({slot} is M or {slot} is None)"
        late.append(f"v_{p.name} = {default} if {ungiven} else {slot}")
        values[p.name] = f"v_{p.name}"

    def _sizes(self, p: Parameter, tests: list[str], late: list[str], bail: str) -> None:
        sizes = "rest if len(rest) != 1 or rest[0].__class__ is int else rest[0]"
        if p.name in self.keywords:
            named = f"k_{p.name}"
            tests.append(f"(rest if {named} is M else not rest)")
            sizes = f"({sizes}) if {named} is M else {named}"
        else:
            tests.append("rest")
        late += [
            f"sizes = {sizes}",
            f"if sizes.__class__ is not tuple and sizes.__class__ is not list and sizes.__class__ is not Size: {bail}",
            *_as_tuple("sizes", "sizes", bail),
        ]


def _as_tuple(given: str, kept: str, bail: str) -> list[str]:
    """Lines that keep ints as a tuple. Numbers of more than 64 bits go the general way, which refuses them."""
    return [
        f"for each in {given}:",
        f" if each.__class__ is not int or not {-(2**63)} <= each < {2**63}: {bail}",
        f"{kept} = tuple({given}) if {given}.__class__ is list else {given}",
    ]


def _leading_arguments(args: Sequence[Any], rest: Sequence[Any]) -> list[Any]:
    """What was given by place, up to the first that was not."""
    found: list[Any] = []
    for each in args:
        if each is REQUIRED:
            break
        found.append(each)
    return [*found, *rest]


def _general(owner: OverloadSet, how: str, name: str) -> Callable[..., Any]:
    call = owner.call

    def slow(args: Sequence[Any], rest: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        return call(_leading_arguments(args, rest), kwargs, how, name)

    return slow


def _in_place_operator(owner: OverloadSet, how: str, name: str) -> Callable[..., Any]:
    """The general way of `+=` and its kin: with an operand that is none of ours Python tries `+`."""
    general = _general(owner, how, name)

    def slow(args: Sequence[Any], rest: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        if len(args) == 2 and not isinstance(args[1], (Tensor, *NUMBERS)):
            return NotImplemented
        return general(args, rest, kwargs)

    return slow


def _operator(owner: OverloadSet, count: int, name: str) -> Callable[..., Any]:
    """The general way of an operator: an operand that it does not know, as an array, is left to the other side."""
    call = owner.call
    numbers = any(p.spelled in ("Operand", "Scalar") for overload in owner.overloads for p in overload.parameters)
    fitting = (Tensor, *NUMBERS) if numbers else Tensor

    def slow(*args: Any) -> Any:
        if count == 2 and not isinstance(args[1], fitting) and not hasattr(type(args[1]), "__torch_function__"):
            # As in PyTorch == alone compares with arrays, but not with those of objects, strings and times.
            if name != "__eq__" or not isinstance(args[1], np.ndarray) or args[1].dtype.kind in "OSUMm":
                return NotImplemented
            args = (args[0], wrap(args[1]))
        try:
            return call(args, {}, "method", name)
        except TypeError as error:
            if count == 2 and isinstance(error, NotToldError):
                return NotImplemented
            raise

    return slow
