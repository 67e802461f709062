"""The notation of rules, `∂ · cos(self)`: read, computed from numbers, and written with other names or numbers.

Declarations write their rules in it (`_ops/declare/rules.py` spells a formula so), events carry them as text. That the text
itself can be computed is what keeps a printed rule true. Rests on NumPy; `telling/why.py` explains gradients with it.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

Number = int | float


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that stands in a rule."""

    value: Number


@dataclass(frozen=True, slots=True)
class Name:
    """∂, a parameter or an output of the op."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """A sign or a function on its operands. A chain of comparisons has one character of its sign between each two."""

    sign: str  # "·", "neg", "²", "where", "cos", "≤≤"
    parts: tuple[Term, ...]


Term = Constant | Name | Apply


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an op's rule: the gradient of a parameter."""

    parameter: str
    term: Term | None  # None where the rule is told in words
    words: str  # all of the rule in words, or what is said after the term: "spread over the summed elements"


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less, "≤": np.less_equal, ">": np.greater, "≥": np.greater_equal, "=": np.equal, "≠": np.not_equal,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "cos": np.cos, "sin": np.sin, "exp": np.exp, "log": np.log, "sign": np.sign, "floor": np.floor,
    "sqrt": np.sqrt, "maximum": np.maximum, "tril": np.tril, "triu": np.triu,
}  # fmt: skip
_SPELLED = {"onward": "sum from here on of ", "others": "product of the others in "}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "·": np.multiply, "/": np.true_divide, "+": np.add, "−": np.subtract, "^": np.power, "@": np.matmul,
    "⊗": np.multiply.outer,
}  # fmt: skip
MOST_DIGITS = 15  # of an integer that is counted with exactly
MOST_ELEMENTS = 10**7  # that a rule may be spread over


def _others(array: Any, over: tuple[int, ...] | None) -> Any:
    """For each element the product of the others, none of which is divided by: it may be 0."""
    moved = np.asarray(array) if over is None else np.moveaxis(array, over, range(-len(over), 0))
    flat = moved.reshape(*(() if over is None else moved.shape[: moved.ndim - len(over)]), -1)
    each = np.broadcast_to(flat[..., None, :], (*flat.shape, flat.shape[-1]))
    found = np.prod(np.where(np.eye(flat.shape[-1], dtype=bool), 1, each), axis=-1).reshape(moved.shape)
    return found if over is None else np.moveaxis(found, range(-len(over), 0), over)


def _onward(array: Any, over: tuple[int, ...] | None) -> Any:
    """For each element the sum of those from it to the end of the one dimension."""
    [dim] = over or (0,)
    return np.flip(np.cumsum(np.flip(array, dim), dim), dim) if np.ndim(array) else array


_OVER_DIMS: dict[str, Callable[[Any, tuple[int, ...] | None], Any]] = {
    "Σ": lambda array, over: np.sum(array, axis=over, keepdims=True),
    "mean": lambda array, over: np.mean(array, axis=over, keepdims=True),
    "others": _others,
    "onward": _onward,
}
ARRANGING = frozenset("@⊗⋆ᵀΣ") | {"tril", "triu", "onward", "others"}  # not element by element
_RANKS = {"+": 1, "−": 1, "·": 2, "/": 2, "@": 2, "⊗": 2, "⋆": 2, "neg": 2, "^": 3, "²": 3, "ᵀ": 3}
_ATOM, _NEGATIVE = 9.0, 2.5


# -- reading -----------------------------------------------------------------------------------------------------------


@functools.cache
def rules_in(text: str) -> tuple[Rule, ...]:
    """The rules of an op, a line each.

    >>> [(rule.parameter, rule.words) for rule in rules_in("∂self = ∂ / n, spread out\\n∂other = ∂ as it came")]
    [('self', 'spread out'), ('other', '∂ as it came')]
    """
    found: list[Rule] = []
    for line in text.splitlines():
        names, equals, body = line.partition(" = ")
        if equals:
            term, words = _read(body)
            found += [Rule(name.strip().removeprefix("∂"), term, words) for name in names.split(",")]
    return tuple(found)


def _read(body: str) -> tuple[Term | None, str]:
    reader = _Reader(body)
    try:
        term = reader.case()
    except (_NotInNotationError, RecursionError):  # or nested as no rule is: a text from a file may say anything
        return None, body
    rest = body[reader.place :].strip()
    if not rest:
        return term, ""
    return (term, rest[1:].strip()) if rest[0] == "," else (None, body)


class _NotInNotationError(Exception):
    """The text goes on in words."""


_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(∂[A-Za-z_0-9]*|[A-Za-z_][A-Za-z_0-9]*)|(\S))")
_KEYWORDS = {"where", "else", "and", "or", "not"}


class _Reader:
    """Reads from the front as far as the notation goes; `place` is where it stopped."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def next(self) -> str:
        found = _TOKEN.match(self.text, self.place)
        return "" if found is None else found[0].strip()

    def take(self, *wanted: str) -> str:
        """The next token if it is one of these, else an empty string."""
        found = self.next()
        if found and found in wanted:
            self.place = self.text.index(found, self.place) + len(found)
            return found
        return ""

    def expect(self, wanted: str) -> None:
        if not self.take(wanted):
            raise _NotInNotationError

    def case(self) -> Term:
        """`a`, or `a where c, b where d, else e`."""
        parts: list[Term] = [self.sum()]
        while self.take("where"):
            parts.append(self.condition())
            self.expect(",")
            if self.take("else"):
                return Apply("where", (*parts, self.sum()))
            parts.append(self.sum())
            if self.next() != "where":
                raise _NotInNotationError
        return parts[0]

    def condition(self) -> Term:
        found = self.negation()
        while sign := self.take("and", "or"):
            found = Apply(sign, (found, self.negation()))
        return found

    def negation(self) -> Term:
        return Apply("not", (self.comparison(),)) if self.take("not") else self.comparison()

    def comparison(self) -> Term:
        parts, signs = [self.sum()], ""
        while sign := self.take(*_COMPARISONS):
            signs += sign
            parts.append(self.sum())
        return Apply(signs, tuple(parts)) if signs else parts[0]

    def sum(self) -> Term:
        return self.chain(("+", "−"), lambda: self.chain(("·", "/", "@", "⊗", "⋆"), self.factor))

    def chain(self, signs: tuple[str, ...], part: Callable[[], Term]) -> Term:
        found = part()
        while sign := self.take(*signs):
            found = Apply(sign, (found, part()))
        return found

    def factor(self) -> Term:
        return Apply("neg", (self.factor(),)) if self.take("−") else self.power()

    def power(self) -> Term:
        found = self.atom()
        while sign := self.take("²", "ᵀ", "^"):
            found = Apply(sign, (found, self.atom()) if sign == "^" else (found,))
        return found

    def atom(self) -> Term:
        token = self.next()
        if not token or token in _KEYWORDS:
            raise _NotInNotationError
        self.take(token)
        if token == "(":
            found = self.case()
            self.expect(")")
            return found
        if token == "|":
            found = self.sum()
            self.expect("|")
            return Apply("| |", (found,))
        if token == "Σ":
            return Apply("Σ", (self.atom(),))
        if token[0].isdigit():
            whole = token.isdigit() and len(token) <= MOST_DIGITS
            return Constant(int(token) if whole else float(token))
        if not (token[0] in "∂_" or token[0].isalpha()):
            raise _NotInNotationError
        if token in _FUNCTIONS or token in _OVER_DIMS:
            self.expect("(")
            parts = [self.case()]
            while self.take(","):
                parts.append(self.case())
            self.expect(")")
            return Apply(token, tuple(parts))
        return Name(token)


# -- computing ---------------------------------------------------------------------------------------------------------


def names_in(term: Term) -> set[str]:
    """The names that a term speaks of."""
    if isinstance(term, Name):
        return {term.name}
    return set[str]().union(*map(names_in, term.parts)) if isinstance(term, Apply) else set()


def signs_in(term: Term) -> set[str]:
    """The signs and functions in a term."""
    return {term.sign}.union(*map(signs_in, term.parts)) if isinstance(term, Apply) else set()


def value_of_term(term: Term, values: Mapping[str, Any], over: tuple[int, ...] | None = None) -> Any:
    """What a term makes of arrays and numbers; Σ, mean, others and onward go over the dimensions `over` (None: all).

    What Σ and mean reduce they keep as ones.

    Raises KeyError for a name that has no value, or a sign that stands for more than a few array operations (⋆); ValueError
    where the shapes do not go together, or the result would have more than ten million elements.

    >>> rule, = rules_in("∂self = ∂ · exponent · self^(exponent − 1)")
    >>> float(value_of_term(rule.term, {"∂": 1.0, "self": 2.0, "exponent": 3}))
    12.0
    """
    if isinstance(term, Constant):
        return term.value
    if isinstance(term, Name):
        return values[term.name]
    parts = [value_of_term(part, values, over) for part in term.parts]
    sizes = [np.size(part) for part in parts]
    spread = math.prod(sizes) if term.sign in "⊗@" else math.prod(np.broadcast_shapes(*map(np.shape, parts)))
    if spread > MOST_ELEMENTS:
        raise ValueError(f"{term.sign} of {sizes} elements is more than a rule is computed for")
    match term.sign, parts:
        case "where", [*cases, last]:
            found = last
            for value, condition in reversed(list(zip(cases[::2], cases[1::2], strict=True))):
                found = np.where(condition, value, found)
            return found
        case "neg", [part]:
            return np.negative(part)
        case "not", [part]:
            return np.logical_not(part)
        case "and", [one, other]:
            return np.logical_and(one, other)
        case "or", [one, other]:
            return np.logical_or(one, other)
        case "²", [part]:
            return np.square(part)
        case "| |", [part]:
            return np.abs(part)
        case "ᵀ", [part]:
            return np.swapaxes(part, -1, -2) if np.ndim(part) > 1 else part
        case name, [part] if name in _OVER_DIMS:
            return _OVER_DIMS[name](part, over)
    if term.sign[0] in _COMPARISONS:
        pairs = [_COMPARISONS[sign](parts[i], parts[i + 1]) for i, sign in enumerate(term.sign)]
        return functools.reduce(np.logical_and, pairs)
    return _FUNCTIONS[term.sign](*parts) if term.sign in _FUNCTIONS else _BINARY[term.sign](*parts)


def settled(term: Term, settings: Mapping[str, Number], absent: Set[str] = frozenset()) -> Term:
    """A term with its settings put in, and what they make superfluous left out: `∂ · alpha` with alpha 1 is `∂`.

    A bound that was not given (`absent`) is none.

    >>> rule, = rules_in("∂self = ∂ · exponent · self^(exponent − 1)")
    >>> to_text(settled(rule.term, {"exponent": 3}), str)
    '∂ · 3 · self²'
    """
    if isinstance(term, Name):
        return Constant(settings[term.name]) if term.name in settings else term
    if isinstance(term, Constant):
        return term
    parts = tuple(settled(part, settings, absent) for part in term.parts)
    if term.sign[0] in _COMPARISONS and absent:
        kept = [i for i, part in enumerate(parts) if not (isinstance(part, Name) and part.name in absent)]
        inner = range(kept[0], kept[-1] + 1) if kept else range(0)
        if len(inner) > 1 and len(inner) == len(kept):
            return Apply(term.sign[inner[0] : inner[-1]], parts[inner[0] : inner[-1] + 1])
    one = Constant(1)
    match term.sign, parts:
        case sign, [Constant(a), Constant(b)] if sign in _BINARY and not (sign in "/^" and b == 0):
            return Constant(_plain_number(_BINARY[sign](float(a), float(b))))
        case "neg", [Constant(a)]:
            return Constant(-a)
        case "·" | "/" | "^", [part, last] if last == one:
            return part
        case "·", [first, part] if first == one:
            return part
        case "^", [part, Constant(2)]:
            return Apply("²", (part,))
    return Apply(term.sign, parts)


def _plain_number(value: Any) -> Number:
    number = float(value)
    return int(number) if math.isfinite(number) and number.is_integer() else number


# -- writing -----------------------------------------------------------------------------------------------------------


def to_text(term: Term, text_of: Callable[[Any], str]) -> str:
    """A term as text. `text_of` says how a name (a str) or a number is written; what is negative gets parentheses where
    they are needed.

    >>> rule, = rules_in("∂self = ∂ · (1 − result²)")
    >>> to_text(rule.term, {"∂": "2", "result": "−3", 1: "1"}.get)
    '2 · (1 − (−3)²)'
    """
    return _Writer(text_of).text(term)


class _Writer:
    def __init__(self, text_of: Callable[[Any], str]) -> None:
        self.text_of = text_of

    def text(self, term: Term, rank: float = -1) -> str:
        found, own = self.spelled(term)
        return f"({found})" if own < rank else found

    def spelled(self, term: Term) -> tuple[str, float]:
        if not isinstance(term, Apply):
            found = self.text_of(term.name if isinstance(term, Name) else term.value)
            return found, _NEGATIVE if found.startswith("−") else _ATOM
        sign, parts = term.sign, term.parts
        rank = _RANKS.get(sign, 0)
        match sign, parts:
            case "where", [*cases, last]:
                pairs = zip(cases[::2], cases[1::2], strict=True)
                texts = [f"{self.text(value, 1)} where {self.text(condition)}" for value, condition in pairs]
                return f"{', '.join(texts)}, else {self.text(last, 1)}", -0.5
            case "neg", [part]:
                return f"−{self.text(part, _NEGATIVE + 0.1 if not isinstance(part, Apply) else 2)}", rank
            case "not", [part]:
                return f"not {self.text(part, 1)}", 0
            case "and" | "or", [one, other]:
                return f"{self.text(one)} {sign} {self.text(other)}", 0
            case "²" | "ᵀ", [part]:
                return f"{self.text(part, 4)}{sign}", rank
            case "^", [base, exponent]:
                return f"{self.text(base, 4)}^{self.text(exponent, 4)}", rank
            case "| |", [part]:
                return f"|{self.text(part)}|", _ATOM
            case "Σ", [part]:
                return f"Σ{self.text(part, 4)}", _ATOM
            case "+" | "−", [left, right]:
                second = self.text(right, rank + 1)
                return f"{self.text(left, rank)} {sign} {f'({second})' if second[0] == '−' else second}", rank
        if sign in _RANKS:
            left, right = parts
            return f"{self.text(left, rank)} {sign} {self.text(right, _NEGATIVE)}", rank
        if sign[0] in _COMPARISONS:
            rest = [f"{each} {self.text(part, 1)}" for each, part in zip(sign, parts[1:], strict=True)]
            return " ".join([self.text(parts[0], 1), *rest]), 0
        if sign in _SPELLED:
            return f"({_SPELLED[sign]}{self.text(parts[0], 4)})", _ATOM
        return f"{sign}({', '.join(map(self.text, parts))})", _ATOM
