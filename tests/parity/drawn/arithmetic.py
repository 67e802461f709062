"""Whether an equation that a picture prints, `buf = 0.9 · 1 + 0.5 = 1.4`, comes out, as Python computes it.

Used by `recompute` and by the tests of what pictures say.
"""

from __future__ import annotations

import math
import re

NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"


def comes_out(equation: str) -> bool:
    """Whether the last side of an equation is what the side before it gives, to the digits that are printed.

    >>> comes_out("buf = 0.9 · 1 + 0.5 = 1.4"), comes_out("w = 1 − 0.1 · 1.4 = 0.9"), comes_out("buf = 2")
    (True, False, True)
    """
    _, *sides = equation.split(" = ")
    *terms, result = map(computed, sides)
    size = max((abs(float(each)) for each in re.findall(NUMBER, _python(sides[0]))), default=0.0)
    return all(math.isclose(term, result, rel_tol=1e-4, abs_tol=1e-5 * size) or term == result for term in terms)


def computed(text: str) -> float:
    """What a side of an equation gives."""
    return float(eval(_python(text), {"sqrt": math.sqrt, "maximum": max, "inf": math.inf, "nan": math.nan}))


def _python(text: str) -> str:
    for sign, spelled in {"−": "-", "·": "*", "²": "**2", "^": "**"}.items():
        text = text.replace(sign, spelled)
    return text
