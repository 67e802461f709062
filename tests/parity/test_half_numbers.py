"""Numbers beside half precision: multiplied and divided in float32 and rounded once, to the last bit as in PyTorch."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit as ak

from .hard_points.compare import array_of, carried

_SEED = 20261127
_WAYS: dict[str, Callable[[Any, Any], Any]] = {
    "mul": operator.mul,
    "rmul": lambda x, number: number * x,
    "imul": operator.imul,
    "div": operator.truediv,
    "idiv": operator.itruediv,
    "floor_divide": operator.floordiv,
    "trunc": lambda x, number: x.div(number, rounding_mode="trunc"),
    "floor": lambda x, number: x.div(number, rounding_mode="floor"),
    "add": operator.add,
    "sub": operator.sub,
    "rsub": lambda x, number: number - x,
    "pow": operator.pow,
    "clamp": lambda x, number: x.clamp(max=number),
    "less": operator.lt,
}


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
@pytest.mark.parametrize("way", _WAYS)
def test_a_number_beside_half_precision_is_rounded_where_pytorch_rounds_it(kind: str, way: str) -> None:
    random = np.random.default_rng(_SEED)
    for _ in range(20):
        theirs = torch.tensor(random.uniform(0.1, 8, 64), dtype=getattr(torch, kind))
        number = float(random.uniform(-3, 3) * 10.0 ** random.integers(-2, 3))
        ours = carried(theirs)
        expected, found = _WAYS[way](theirs, number), _WAYS[way](ours, number)
        assert np.array_equal(array_of(expected), array_of(found), equal_nan=True), f"seed {_SEED}: {number}"


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
@pytest.mark.parametrize("way", ["mul", "rmul", "imul", "div", "idiv", "floor_divide"])
def test_a_float32_without_dimensions_beside_half_precision_is_such_a_number(kind: str, way: str) -> None:
    theirs = torch.linspace(0.1, 8, 64).to(getattr(torch, kind))
    number = torch.tensor(0.1)
    expected, found = _WAYS[way](theirs.clone(), number), _WAYS[way](carried(theirs), carried(number))
    assert np.array_equal(array_of(expected), array_of(found), equal_nan=True)


def test_a_factor_beyond_half_precision_is_no_infinity() -> None:
    tiny = ak.tensor([6e-8, 1.0], dtype=ak.float16)
    assert (tiny * 70000).tolist() == [0.004173278808593750, float("inf")]
