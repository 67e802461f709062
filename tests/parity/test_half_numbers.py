"""Numbers beside half precision: multiplied and divided in float32 and rounded once, to the last bit as in PyTorch."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit as ak
from tests.every_case import every_case

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


@every_case("kind", ["float16", "bfloat16"])
@every_case("way", _WAYS)
def test_a_number_beside_half_precision_is_rounded_where_pytorch_rounds_it(kind: str, way: str) -> None:
    random = np.random.default_rng(_SEED)
    for _ in range(20):
        theirs = torch.tensor(random.uniform(0.1, 8, 64), dtype=getattr(torch, kind))
        number = float(random.uniform(-3, 3) * 10.0 ** random.integers(-2, 3))
        ours = carried(theirs)
        expected, found = _WAYS[way](theirs, number), _WAYS[way](ours, number)
        assert np.array_equal(array_of(expected), array_of(found), equal_nan=True), f"seed {_SEED}: {number}"


@every_case("kind", ["float16", "bfloat16"])
@every_case("way", ["mul", "rmul", "imul", "div", "idiv", "floor_divide"])
def test_a_float32_without_dimensions_beside_half_precision_is_such_a_number(kind: str, way: str) -> None:
    theirs = torch.linspace(0.1, 8, 64).to(getattr(torch, kind))
    number = torch.tensor(0.1)
    expected, found = _WAYS[way](theirs.clone(), number), _WAYS[way](carried(theirs), carried(number))
    assert np.array_equal(array_of(expected), array_of(found), equal_nan=True)


def test_a_factor_beyond_half_precision_is_no_infinity() -> None:
    tiny = ak.tensor([6e-8, 1.0], dtype=ak.float16)
    assert (tiny * 70000).tolist() == [0.004173278808593750, float("inf")]


_GRADIENTS: dict[str, Callable[[Any, Any], Any]] = {
    "mul": lambda x, number: x * number,
    "rmul": lambda x, number: number * x,
    "imul": lambda x, number: x.clone().mul_(number),
    "div": lambda x, number: x / number,
    "rdiv": lambda x, number: number / x,
    "add": lambda x, number: x.add(x, alpha=number),
    "sub": lambda x, number: x.sub(x, alpha=number),
    "pow": lambda x, number: x**number,
    "cube": lambda x, number: x**3,
    "mean": lambda x, number: x.mean(0),
    "var": lambda x, number: x.var(1),
    "std": lambda x, number: x.std(),
    "broadcast": lambda x, number: x * x[:1] + x[:, :1],
    "addmm": lambda x, number: (x[0]).addmm(x.t(), x, alpha=number, beta=number),
}


@every_case("kind", ["float16", "bfloat16"])
@every_case("way", _GRADIENTS)
def test_gradients_of_half_precision_are_rounded_where_pytorch_rounds_them(kind: str, way: str) -> None:
    random = np.random.default_rng(_SEED)
    for _ in range(10):
        theirs = torch.tensor(random.uniform(0.3, 3, (7, 7)), dtype=getattr(torch, kind), requires_grad=True)
        number = float(random.uniform(-3, 3))
        ours = carried(theirs)
        for x in (theirs, ours):
            _GRADIENTS[way](x, number).sum().backward()
        assert np.array_equal(array_of(theirs.grad), array_of(ours.grad), equal_nan=True), f"seed {_SEED}: {number}"


_SUMS: dict[str, Callable[[Any], Any]] = {
    "sum": lambda x: x.sum(),
    "sum of columns": lambda x: x.sum(0),
    "sum of rows": lambda x: x.sum(1),
    "mean": lambda x: x.mean(1),
    "norm": lambda x: x.norm(dim=0),
    "logsumexp": lambda x: x.logsumexp(1),
    "sum_to_size": lambda x: x.sum_to_size(1, x.shape[1]),
}


@every_case("kind", ["float16", "bfloat16"])
@every_case("way", _SUMS)
@every_case("shape", [(5, 7), (300, 4), (4, 300)])
def test_half_precision_adds_up_in_float32(kind: str, way: str, shape: tuple[int, int]) -> None:
    random = np.random.default_rng(_SEED)
    theirs = torch.tensor(random.uniform(-1, 3, shape), dtype=getattr(torch, kind))
    assert np.array_equal(array_of(_SUMS[way](theirs)), array_of(_SUMS[way](carried(theirs)))), f"seed {_SEED}"


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_a_product_and_what_is_added_to_it_are_rounded_once(kind: str) -> None:
    random = np.random.default_rng(_SEED)
    x, w, b = (torch.tensor(random.uniform(-2, 3, size), dtype=getattr(torch, kind)) for size in ((5, 6), (4, 6), 4))
    expected = torch.nn.functional.linear(x, w, b), torch.addmm(b, x, w.t(), beta=0.7, alpha=-1.3)
    x, w, b = map(carried, (x, w, b))
    found = ak.nn.functional.linear(x, w, b), ak.addmm(b, x, w.t(), beta=0.7, alpha=-1.3)
    for one, other in zip(expected, found, strict=True):
        assert np.array_equal(array_of(one), array_of(other)), f"seed {_SEED}"


_SUMMED: dict[str, Callable[[Any, Any, Any], Any]] = {
    "scatter_add": lambda x, at, m: m.zeros(3, dtype=x.dtype).scatter_add(0, at, x),
    "scatter_reduce": lambda x, at, m: m.zeros(3, dtype=x.dtype).scatter_reduce(0, at, x, "mean"),
    "gather": lambda x, at, m: _slope(m, x[:3], lambda y: y.gather(0, at)),
    "as_strided": lambda x, at, m: _slope(m, x[:3], lambda y: y.as_strided((900, 3), (0, 1))),
    "cummax": lambda x, at, m: _slope(m, x[:1].expand(3000).clone(), lambda y: y.cummax(0)[0]),
    "dist": lambda x, at, m: m.dist(x, x.flip(0)),
    "dist of order 1": lambda x, at, m: m.dist(x, x.flip(0), 1),
    "trace": lambda x, at, m: x[:3000].view(1, 3000).expand(3000, 3000).trace(),
    "tanh": lambda x, at, m: _slope(m, x, m.tanh),
    "sigmoid": lambda x, at, m: _slope(m, x, m.sigmoid),
    "logit": lambda x, at, m: _slope(m, x, lambda y: m.logit(y, 0.2)),
    "smooth_l1_loss": lambda x, at, m: _slope(m, x, lambda y: m.nn.functional.smooth_l1_loss(y, x.flip(0), beta=0.3)),
}


def _slope(m: Any, x: Any, function: Callable[[Any], Any]) -> Any:
    x = x.detach().requires_grad_()
    y = function(x)
    return m.autograd.grad(y, x, m.ones_like(y))[0]


@every_case("kind", ["float16", "bfloat16"])
@every_case("way", _SUMMED)
def test_many_of_half_precision_are_summed_in_float32(kind: str, way: str) -> None:
    random = np.random.default_rng(_SEED)
    numbers, places = random.uniform(0.1, 0.9, 3000).astype(np.float32), random.integers(0, 3, 3000)

    def run(m: Any) -> Any:
        return _SUMMED[way](m.tensor(numbers).to(getattr(m, kind)), m.tensor(places), m)

    assert np.array_equal(array_of(run(torch)), array_of(run(ak)), equal_nan=True), f"seed {_SEED}"


TIES = [
    -1.1479491736576393,
    1.3608397885828853,
    -0.22613525622499323,
]  # beside the middle of two numbers of half precision


@pytest.mark.parametrize(
    "code",
    [
        "m.tensor(ties, dtype=m.float64).half()",
        "(m.tensor(ties, dtype=m.float64).repeat(2000)).to(m.float16)",
        "m.tensor(ties, dtype=m.float16)",
        "m.tensor(ties[0], dtype=m.float16)",
        "m.tensor(array, dtype=m.float16)",
        "m.zeros(3, dtype=m.float16).copy_(m.tensor(ties, dtype=m.float64))",
        "m.full((2,), ties[1], dtype=m.float16)",
        "m.zeros(2, dtype=m.float16).fill_(ties[1])",
    ],
)
def test_float64_becomes_float16_by_way_of_float32(code: str) -> None:
    ours, theirs = (eval(code, {"m": m, "ties": TIES, "array": np.array(TIES)}) for m in (ak, torch))
    assert ours.tolist() == theirs.tolist()
