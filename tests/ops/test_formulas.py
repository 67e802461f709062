"""What gradient formulas are made of: only what runs on arrays and on tensors alike (formula_rules.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autogradkit as torch

from .declared import DIFFERENTIABLE, NAMESPACE
from .formula_rules import OF_LISTS_AND_ERRORS, broken_rules

# Helpers that get sizes, strides, an offset, or codes of failures, or ask for a dtype alone: they may use NumPy.
ON_PLAIN_VALUES = frozenset(
    {
        "positions_in",
        "_sharing",
        "covered",
        "conjugates_counted",
        "_inverse_of_float32",
        "_places_of",
        "require_success",
    }
)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_formulas_use_operators_shapes_and_k_only(name: str) -> None:
    for parameter, formula in DIFFERENTIABLE[name].formulas.items():
        assert broken_rules(formula, ON_PLAIN_VALUES) == [], f"the formula for {parameter}"


def test_there_are_formulas_to_look_at() -> None:
    found = [formula for op in DIFFERENTIABLE.values() for formula in op.formulas.values()]
    assert len(found) > 170
    assert sum(formula.__name__ != "<lambda>" for formula in found) > 30
    needed = [problem for formula in found for problem in broken_rules(formula)]
    assert all(any(f".{helper}" in problem for problem in needed) for helper in ON_PLAIN_VALUES)


def test_neither_arrays_nor_tensors_have_the_methods_of_lists_that_formulas_may_use() -> None:
    assert not any(hasattr(kind, name) for kind in (np.ndarray, torch.Tensor) for name in OF_LISTS_AND_ERRORS)


# -- the rules themselves, on formulas that break them -----------------------------------------------------------------

k = NAMESPACE


def _sums(g: Any) -> Any:
    return np.sum(g)


def _deeper(g: Any) -> Any:
    return _sums(g) + 1


def _planted(g: Any, self: Any) -> Any:
    if g.ndim:
        return k.exp(g) * np.cos(self)
    return g


def _in_a_loop(g: Any, dims: tuple[int, ...]) -> Any:
    return [g.sum(dim) for dim in dims]


def _writes(g: Any) -> Any:
    g[0] = 0
    return g


def _imports(g: Any) -> Any:
    import numpy

    return numpy.flip(g)


def _closed_over(module: Any) -> Callable[..., Any]:
    return lambda g: module.flip(g)


@pytest.mark.parametrize(
    ("formula", "problem"),
    [
        (lambda g: np.flip(g), "module numpy"),
        (lambda g: g.sum(), ".sum"),
        (lambda g: g.T, ".T"),
        (lambda g: torch.exp(g), "module autogradkit"),
        (lambda g: k.expp(g), "there is no autogradkit._ops.declare.k.expp"),
        (_planted, "module numpy"),
        (lambda g: _sums(g), "module numpy"),
        (_deeper, "module numpy"),
        (_in_a_loop, ".sum"),
        (_writes, "writes into an element"),
        (_imports, "import name numpy"),
        (_closed_over(np), "module numpy"),
        (lambda g, self: DIFFERENTIABLE["exp/ExpBackward0"].call(self) * g, ".call"),
    ],
)
def test_a_planted_mistake_is_found(formula: Callable[..., Any], problem: str) -> None:
    assert any(found.endswith(problem) for found in broken_rules(formula)), broken_rules(formula)


def test_an_op_called_past_k_is_found() -> None:
    exp = torch.exp
    found = broken_rules(lambda g: exp(g))
    assert len(found) == 1
    assert found[0].endswith("exp runs on tensors only; k.exp runs on both")


def _allowed(g: Any, self: Any, dims: tuple[int, ...]) -> Any:
    parts = []
    for dim in dims:
        parts.append(k.sum_dims(g * self, (dim % g.ndim,), True))
    return sum(parts) if self.shape else g


def test_what_formulas_may_do_is_let_through() -> None:
    assert broken_rules(_allowed) == []
    assert broken_rules(lambda g, self: -g * k.exp(self) if len(self.shape) > 1 else g) == []
