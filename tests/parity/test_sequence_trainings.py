"""Ten steps of SGD of every recurrent and attention layer beside PyTorch's: in double precision alike, in single as precise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.parity.oracle import array_of, tensors_in

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")  # which names a library of PyTorch's
Arrays = list[np.ndarray[Any, Any]]

MODELS: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "RNN": lambda m: (m.nn.RNN(3, 5, 2, "relu", dropout=0.2), m.randn(6, 4, 3)),
    "GRU": lambda m: (m.nn.GRU(3, 5, 2, dropout=0.2, bidirectional=True), m.randn(6, 4, 3)),
    "LSTM": lambda m: (m.nn.LSTM(3, 5, 2, batch_first=True, dropout=0.2, bidirectional=True), m.randn(4, 6, 3)),
    "LSTM with projections": lambda m: (m.nn.LSTM(3, 5, proj_size=2), m.randn(6, 4, 3)),
    "RNNCell": lambda m: (m.nn.RNNCell(3, 5), m.randn(4, 3), m.randn(4, 5)),
    "GRUCell": lambda m: (m.nn.GRUCell(3, 5), m.randn(4, 3), m.randn(4, 5)),
    "LSTMCell": lambda m: (m.nn.LSTMCell(3, 5), m.randn(4, 3)),
    "MultiheadAttention": lambda m: (m.nn.MultiheadAttention(8, 2, dropout=0.2), *[m.randn(6, 4, 8) for _ in "qkv"]),
    "encoder layer": lambda m: (m.nn.TransformerEncoderLayer(8, 2, 16, 0.2), m.randn(6, 4, 8)),
    "decoder layer": lambda m: (m.nn.TransformerDecoderLayer(8, 2, 16, 0.2), m.randn(6, 4, 8), m.randn(5, 4, 8)),
    "Transformer": lambda m: (m.nn.Transformer(8, 2, 1, 1, 16, batch_first=True), m.randn(4, 6, 8), m.randn(4, 5, 8)),
}


def _trained(m: Any, name: str, dtype: str) -> list[Arrays]:
    """After each step: the loss, the outputs and the weights. Both precisions start from the same numbers."""
    m.manual_seed(3)
    model, *inputs = MODELS[name](m)
    wanted = [m.randn(tuple(each.shape)) for each in tensors_in(model(*inputs))]
    convert = getattr(m, dtype)
    model, inputs, wanted = model.to(convert), *[[each.to(convert) for each in some] for some in (inputs, wanted)]
    optimizer = m.optim.SGD(model.parameters(), lr=0.02)
    kept = []
    for step in range(10):
        m.manual_seed(step)
        outputs = tensors_in(model(*inputs))
        loss = sum(((each - to) ** 2).mean() for each, to in zip(outputs, wanted, strict=True))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        kept.append([array_of(each).copy() for each in (loss, *outputs, *model.parameters())])
    return kept


@pytest.mark.parametrize("name", MODELS)
def test_ten_steps_in_double_precision_are_pytorchs(name: str) -> None:
    for ours, theirs in zip(_trained(autogradkit, name, "float64"), _trained(torch, name, "float64"), strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


def _error(found: list[Arrays], exact: list[Arrays]) -> float:
    """How far all numbers of the ten steps are from the exact ones, in the mean of squares."""
    squares = [(one - other) ** 2 for a, b in zip(found, exact, strict=True) for one, other in zip(a, b, strict=True)]
    return float(np.sqrt(np.mean(np.concatenate([each.ravel() for each in squares]))))


# A mask is drawn in the order of memory, whatever the precision: so single and double precision drop the same.
@pytest.mark.parametrize("name", MODELS)
def test_ten_steps_in_single_precision_are_as_near_as_pytorchs(name: str) -> None:
    exact = _trained(torch, name, "float64")
    ours, theirs = (_error(_trained(m, name, "float32"), exact) for m in (autogradkit, torch))
    assert ours <= 2 * theirs, f"{ours:.2e} beside {theirs:.2e}"
