"""Orthogonal polynomials of degree n, elementwise in x and n: Chebyshev's, Hermite's, Laguerre's, Legendre's.

Rests on special_functions.py, and on SciPy for the numbers. PyTorch does not differentiate them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autogradkit._ops.declare import INT_TO_FLOAT, function
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.pointwise.special_functions import without_half

Evaluate = Callable[[Any, Any], Any]  # of whole degrees and places, element by element


def _second_kind(degree: Any, x: Any) -> Any:
    import scipy.special

    return np.where(degree < 0, 0.0, scipy.special.eval_chebyu(np.maximum(degree, 0), x))


def _by_scipy(name: str) -> Evaluate:
    def evaluate(degree: Any, x: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(degree, x)

    return evaluate


def _shifted(evaluate: Evaluate) -> Evaluate:
    return lambda degree, x: evaluate(degree, 2 * x - 1)


def _declare(name: str, evaluate: Evaluate, doc: str) -> None:
    """The three forms of a polynomial: of tensors, of a number, of a degree that is a number."""

    def write(x: Any, n: Any, out: Array) -> None:
        places = np.asarray(x, np.float64)
        degrees = np.trunc(np.nan_to_num(np.asarray(n, np.float64))).astype(np.int64)
        found = np.where(degrees < 0, 0.0, evaluate(np.maximum(degrees, 0), places))
        np.copyto(out, np.where(np.isnan(places), np.where(degrees > 0, np.nan, found), found), casting="unsafe")

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


_CHEBYSHEV: dict[str, tuple[Evaluate, str]] = {
    "t": (_by_scipy("eval_chebyt"), "first"),
    "u": (_second_kind, "second"),
    "v": (lambda degree, x: _second_kind(degree, x) - _second_kind(degree - 1, x), "third"),
    "w": (lambda degree, x: _second_kind(degree, x) + _second_kind(degree - 1, x), "fourth"),
}
for _letter, (_evaluate, _kind) in _CHEBYSHEV.items():
    _declare(f"chebyshev_polynomial_{_letter}", _evaluate, f"Chebyshev's polynomial of the {_kind} kind, of degree n.")
    _declare(
        f"shifted_chebyshev_polynomial_{_letter}",
        _shifted(_evaluate),
        f"Chebyshev's polynomial of the {_kind} kind, of degree n, at 2x − 1.",
    )
_declare("hermite_polynomial_h", _by_scipy("eval_hermite"), "Hermite's polynomial of degree n, as physicists have it.")
_declare(
    "hermite_polynomial_he", _by_scipy("eval_hermitenorm"), "Hermite's polynomial of degree n, as probabilists have it."
)
_declare("laguerre_polynomial_l", _by_scipy("eval_laguerre"), "Laguerre's polynomial of degree n.")
_declare("legendre_polynomial_p", _by_scipy("eval_legendre"), "Legendre's polynomial of degree n.")
