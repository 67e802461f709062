"""Orthogonal polynomials of degree n, elementwise in x and n: Chebyshev's, Hermite's, Laguerre's, Legendre's.

Each is computed as PyTorch does it, in the dtype of the result: by its recurrence, and Chebyshev's of high degrees between −1
and 1 by the angle. Rests on special_functions.py. PyTorch does not differentiate them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autogradkit._ops.declare import INT_TO_FLOAT, function
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.pointwise.special_functions import without_half

OfDegree = Callable[[Array], Any]


class Polynomial(NamedTuple):
    """What a polynomial begins with, and goes on by."""

    first: Callable[[Array], Any]  # of degree 1, from x
    next: Callable[[int, Array, Array, Array], Any]  # of degree k + 1, from k, x and those of degrees k and k − 1
    ends: tuple[OfDegree, OfDegree] | None = None  # at 1 and at −1, there but for the sign of an odd degree
    beyond: int = 0  # the degree above which the angle is taken between −1 and 1
    by_angle: Callable[[Array, Array], Any] | None = None  # from n and the angle
    limited: bool = False  # whether PyTorch gives NaN beyond a degree


def _degrees(n: Any) -> Array:
    """Degrees as whole numbers, as C++ casts them: what none holds becomes very negative."""
    n = np.asarray(n)
    if n.dtype.kind != "f":
        return n.astype(np.int64)
    held = np.abs(n) < 2.0**63
    return np.where(held, np.where(held, n, 0).astype(np.int64), np.iinfo(np.int64).min)


def _evaluated(kind: Polynomial, x: Array, n: Array) -> Array:
    """The polynomials at x, in as many steps as the highest degree takes."""
    x, n = np.broadcast_arrays(x, n)
    found = np.asarray(np.where(n < 0, 0, 1), x.dtype)
    done = n < 1

    def settle(here: Array, value: Callable[[Array], Any]) -> None:
        nonlocal done
        here = here & ~done
        found[here] = value(here)
        done = done | here

    if kind.ends is not None:
        at_one, at_minus_one = kind.ends
        settle(x == 1, lambda here: at_one(n[here]))
        settle(x == -1, lambda here: at_minus_one(n[here]) * (1 - 2 * (n[here] % 2)))
    if kind.by_angle is not None:
        by_angle = kind.by_angle
        angle = np.arccos(x.astype(np.float64)).astype(x.dtype)  # of which n makes a last bit large
        settle((n > kind.beyond) & (np.abs(x) < 1), lambda here: by_angle(n[here].astype(x.dtype), angle[here]))
    if kind.limited:
        settle(n > (128 if x.dtype == np.float32 else 512), lambda here: np.nan)
    before, now, degree = np.ones_like(x), np.asarray(kind.first(x), x.dtype), 1
    while not done.all():
        settle((n == degree) | ((degree > 1) & np.isnan(now)), lambda here, now=now: now[here])
        before, now = now, np.asarray(kind.next(degree, x, now, before), x.dtype)
        degree += 1
    return found


def _declare(name: str, kind: Polynomial, doc: str, shifted: bool = False) -> None:
    """The three forms of a polynomial: of tensors, of a number, of a degree that is a number."""

    def write(x: Any, n: Any, out: Array) -> None:
        places = np.asarray(x, out.dtype)
        places = places + places - out.dtype.type(1) if shifted else places
        np.copyto(out, _evaluated(kind, places, _degrees(n)))

    def of_tensors(x: Array, n: Array, *, out: Array) -> None:
        write(x, n, out)

    def of_number(x: Scalar, n: Array, *, out: Array) -> None:
        write(x, n, out)

    def by_number(x: Array, n: Scalar, *, out: Array) -> None:
        write(x, n, out)

    of_tensors.__doc__ = doc
    owner = function(f"special_{name}", variants="")
    for kernel in (of_tensors, of_number, by_number):
        kernel.__name__ = "_"
        owner.overload(pointwise=INT_TO_FLOAT, promotes="x n", in_place=False, dtypes=without_half(f"{name}_cpu"))(
            kernel
        )


def _two_places(k: int, x: Array, now: Array, before: Array) -> Any:
    return (x + x) * now - before


def _one(n: Array) -> Any:
    return 1


def _next(n: Array) -> Any:
    return n + 1


def _odd(n: Array) -> Any:
    return n + n + 1


_CHEBYSHEV: dict[str, tuple[Polynomial, int, str]] = {  # with the degree from which the shifted one takes the angle
    "t": (Polynomial(lambda x: x, _two_places, (_one, _one), 6, lambda n, a: np.cos(n * a)), 6, "first"),
    "u": (
        Polynomial(lambda x: x + x, _two_places, (_next, _next), 8, lambda n, a: np.sin((n + 1) * a) / np.sin(a)),
        6,
        "second",
    ),
    "v": (
        Polynomial(
            lambda x: x + x - 1, _two_places, (_one, _odd), 8, lambda n, a: np.cos((n + 0.5) * a) / np.cos(a / 2)
        ),
        6,
        "third",
    ),
    "w": (
        Polynomial(
            lambda x: x + x + 1, _two_places, (_odd, _one), 8, lambda n, a: np.sin((n + 0.5) * a) / np.sin(a / 2)
        ),
        4,
        "fourth",
    ),
}
for _letter, (_kind, _beyond, _which) in _CHEBYSHEV.items():
    _declare(f"chebyshev_polynomial_{_letter}", _kind, f"Chebyshev's polynomial of the {_which} kind, of degree n.")
    _declare(
        f"shifted_chebyshev_polynomial_{_letter}",
        _kind._replace(beyond=_beyond),
        f"Chebyshev's polynomial of the {_which} kind, of degree n, at 2x − 1.",
        shifted=True,
    )
_declare(
    "hermite_polynomial_h",
    Polynomial(lambda x: x + x, lambda k, x, now, before: (x + x) * now - 2 * k * before, limited=True),
    "Hermite's polynomial of degree n, as physicists have it.",
)
_declare(
    "hermite_polynomial_he",
    Polynomial(lambda x: x, lambda k, x, now, before: x * now - k * before, limited=True),
    "Hermite's polynomial of degree n, as probabilists have it.",
)
_declare(
    "laguerre_polynomial_l",
    Polynomial(lambda x: 1 - x, lambda k, x, now, before: ((k + k + (1 - x)) * now - k * before) / (k + 1)),
    "Laguerre's polynomial of degree n.",
)
_declare(
    "legendre_polynomial_p",
    Polynomial(lambda x: x, lambda k, x, now, before: ((k + k + 1) * x * now - k * before) / (k + 1), (_one, _one)),
    "Legendre's polynomial of degree n.",
)
