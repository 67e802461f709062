"""Whether an equation that a picture prints, `buf = 0.9 · 1 + 0.5 = 1.4`, comes out, as Python computes it.

Used by `recompute` and by the tests of what pictures say.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable

NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
BASE = rf"(?<![\d.*e])(?<!e[+-]){NUMBER}"  # that is no exponent, which is known exactly
# What Python can compute. Possessive, as else what is none is tried with its numbers cut in every way.
DIGITS = r"\d++(?:(?:\.|e[+-]?)\d++)*+"
ARITHMETIC = re.compile(rf"(?:{DIGITS}|sqrt|maximum|cos|sin|exp|log|inf|[-−+·/^²()|, ])++")


def six_digits(value: float) -> float:
    """By how much a number that is printed to six digits may differ from what was meant."""
    return abs(value) * 5e-6


def four_places(value: float) -> float:
    """By how much a number that is printed to four places, or as 1.2345e−05, may differ from what was meant."""
    return 5e-5 if 1e-4 <= abs(value) < 1e5 else abs(value) * 5e-5


def in_half(value: float) -> float:
    """As `four_places`, where numbers are of 16 bits."""
    return max(four_places(value), abs(value) * 2**-8)


def comes_out(equation: str, rounded: Callable[[float], float] = six_digits) -> bool:
    """Whether the last side of an equation is what the side before it gives, to the digits that are printed.

    `rounded` says how far off a printed number may be. What is no arithmetic is not looked at.

    >>> comes_out("buf = 0.9 · 1 + 0.5 = 1.4"), comes_out("w = 1 − 0.1 · 1.4 = 0.9"), comes_out("buf = 2")
    (True, False, True)
    """
    _, *sides = equation.split(" = ")
    if not all(ARITHMETIC.fullmatch(side) for side in sides):
        return True
    *terms, result = sides
    wanted = computed(result)
    return all(_is(_python(term), wanted, rounded) for term in terms)


def computed(text: str) -> float:
    """What a side of an equation gives."""
    return _value(_python(text))


def _is(term: str, wanted: float, rounded: Callable[[float], float]) -> bool:
    found = slack = math.nan
    with contextlib.suppress(ZeroDivisionError):
        found = _value(term)
        slack = sum(_rounding_effect(term, number, found, rounded) for number in re.finditer(BASE, term))
    if not math.isfinite(wanted):
        return not math.isfinite(found)
    return abs(found - wanted) <= 2 * slack + rounded(wanted) + 1e-6 * abs(wanted)


def _rounding_effect(term: str, number: re.Match[str], found: float, rounded: Callable[[float], float]) -> float:
    """How much it changes what a term gives that one of its numbers was rounded."""
    value = float(number[0])
    moved = [
        f"{term[: number.start()]}({value + by!r}){term[number.end() :]}" for by in (rounded(value), -rounded(value))
    ]
    apart = []
    for each in moved:
        with contextlib.suppress(ZeroDivisionError):  # 0 to what is just below 0
            apart.append(abs(_value(each) - found))
    return max(filter(math.isfinite, apart), default=0.0)  # just below 0 there is no root


_SPOKEN = {
    "sqrt": math.sqrt,
    "maximum": max,
    "inf": math.inf,
    "nan": math.nan,
    **{name: getattr(math, name) for name in ("cos", "sin", "exp", "log")},
}


def _value(text: str) -> float:
    found = eval(text, _SPOKEN)
    return math.nan if isinstance(found, complex) else float(found)  # a root of a negative number


def _python(text: str) -> str:
    for sign, spelled in {"−": "-", "·": "*", "²": "**2", "^": "**"}.items():
        text = text.replace(sign, spelled)
    return re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
