"""Rare calls that the sweep over hard points met: empty dimensions, NumPy's bools, what is not differentiated, other dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import autogradkit
from tests.every_case import every_case

from .outcomes import outcome

LINES = """
T.ones(0, 3).index_select(0, T.tensor([1]))
T.ones(3, 0).index_select(0, T.tensor([5]))
T.ones(2, 3, 0).index_select(2, T.tensor([1]))
T.nn.functional.embedding(T.tensor([1]), T.ones(0, 2))
T.ones(0).multinomial(1, True)
T.ones(2, 0).multinomial(1, True)
T.ones(0, 0).multinomial(1, True)
T.ones(2, 3, requires_grad=True).scatter(1, T.tensor([[0], [1]]), 2.0, reduce="add").sum().backward()
T.ones(2, 3, requires_grad=True).clone().scatter_(1, T.tensor([[0], [1]]), 2.0, reduce="add").sum().backward()
T.ones(2, 3, requires_grad=True).scatter(1, T.tensor([[0], [1]]), 2.0, reduce="add").grad_fn.name()
T.ones(0).scatter_(0, T.tensor(0), T.ones(0))
T.ones(0).scatter_(0, T.tensor([0]), T.ones(1))
T.ones(2, requires_grad=True).view(T.float32)
T.ones(2, requires_grad=True).view(T.int32)
(T.ones(2, requires_grad=True) * 2).view(T.float32).is_leaf
T.ones(2).view(T.float32)._is_view()
(lambda x: (x.view(T.int32).zero_(), x._version, x))(T.ones(2))
T.norm(T.ones(2, 2), 2, 0, out=T.ones(2, dtype=T.float64))
T.norm(T.ones(2, 2), "fro", 0, out=T.ones(2, dtype=T.int64))
T.logsumexp(T.tensor([1, 2, 3]), 0, out=T.ones((), dtype=T.float64))
T.logsumexp(T.rand(3), 0, out=T.ones((), dtype=T.float64))
T.all(T.tensor([0.5, 2.0]), out=T.ones((), dtype=T.uint8))
T.any(T.tensor([0.5, 0.25]), 0, out=T.ones((), dtype=T.uint8))
T.convolution(T.tensor(1.0), T.tensor(1.0), None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1)
T.convolution(T.ones(1, 1, 2, 2), T.ones(1, 1), None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1)
T.arange(3) + np.bool_(True)
np.bool_(True) + T.arange(3)
T.arange(3).clamp(np.bool_(True))
T.arange(3) ** np.bool_(True)
T.arange(3) // np.bool_(True)
T.arange(3) - np.bool_(True)
T.arange(3) > np.bool_(True)
T.ones(3, dtype=T.bool) + np.bool_(True)
T.ones(3, dtype=T.bool) & np.bool_(True)
T.full((2,), np.bool_(True))
T.where(T.tensor([True]), np.bool_(True), T.arange(1))
"""


@every_case("line", LINES.strip().splitlines())
def test_a_rare_call(line: str) -> None:
    def run(library: Any) -> Any:
        library.manual_seed(0)
        return eval(line, {"T": library, "np": np})

    assert outcome(run, autogradkit) == outcome(run, torch)
