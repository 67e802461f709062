"""The cross entropy of a linear map, as a function and as a layer, beside PyTorch: values, refusals, warnings, options."""

from __future__ import annotations

import pickle
from typing import Any

import torch

import autogradkit
from tests.every_case import every_case

from .one_line import check
from .oracle import assert_same

MADE = (
    "F = torch.nn.functional; x = torch.tensor([[1.0, -2, 0.5], [0.25, 3, -1]]); t = torch.tensor([3, 0]); "
    "w = torch.arange(12.0).reshape(4, 3).sin(); O = torch.nn.LinearCrossEntropyOptions; L = torch.nn.LinearCrossEntropyLoss; "
)
LINES = """
F.linear_cross_entropy(x, w, t)
F.linear_cross_entropy(x, w, t, reduction='none', linear_bias=torch.arange(4.0), weight=torch.arange(1.0, 5))
F.linear_cross_entropy(x[0], w, t[0], label_smoothing=0.25)
F.linear_cross_entropy(x, w, t, ignore_index=3)
F.linear_cross_entropy(x, w.reshape(2, 2, 3), torch.tensor([[0, 1], [1, 1]]), linear_bias=torch.arange(4.0).reshape(2, 2))
F.linear_cross_entropy(x, w, torch.full((2, 4), 0.25))
F.linear_cross_entropy(x, w, torch.full((2, 4), 0.25), ignore_index=-100)
F.linear_cross_entropy(x.sum(), w, t)
F.linear_cross_entropy(x[None], w, t)
F.linear_cross_entropy(x, w[0], t)
F.linear_cross_entropy(x, w[:, :2], t)
F.linear_cross_entropy(x, w, t, linear_bias=torch.ones(3))
F.linear_cross_entropy(x[0], w.reshape(2, 2, 3), t)
F.linear_cross_entropy(x, w, t, reduction='max')
F.linear_cross_entropy(x, w, t, torch.ones(4))
F.linear_cross_entropy(x, w, t, options=O()) * 2
F.linear_cross_entropy(x[0], w, t[0], options=O(batch_chunk_size=1), reduction='none') * 2
F.linear_cross_entropy(x, w, t, options=O(), label_smoothing=0.5)
F.linear_cross_entropy(x, w, t, options=O(), reduction='max')
F.linear_cross_entropy(x, w.reshape(2, 2, 3), torch.tensor([[0, 1], [1, 1]]), options=O())
F.linear_cross_entropy(x, w, torch.full((2, 4), 0.25), options=O())
F.linear_cross_entropy(x, w, t, options=O(batch_chunk_size=2, chunking_method='aspect_ratio'))
F.linear_cross_entropy(x, w, t, options=O(batch_chunk_size=1, chunking_method='aspect_ratio:2'))
F.linear_cross_entropy(x, w, t, options=O(batch_chunk_size=1, chunking_method='aspect_ratio')) * 2
F.linear_cross_entropy(x, w, t, options=O(acc_dtype=torch.float16))
F.linear_cross_entropy(x, w, t, options=O(acc_dtype=torch.float32, acc_policy='compact')) * 2
F.linear_cross_entropy(x.half(), w.half(), t, options=O(acc_dtype=torch.float32)).dtype
F.linear_cross_entropy(x.bfloat16(), w.bfloat16(), t, options=O(acc_dtype=torch.float64))
O(True, 3, None)
O() == O(False), hash(O()) == hash(O(False)), O() == O(True)
O(acc_policy='quick')
O(chunking_method='aspect_ratio:0')
O(chunking_method='rows')
O(chunking_method=3)
O(batch_chunk_size=0)
O(batch_chunk_size=2.0)
O(acc_dtype=torch.int64)
setattr(O(), 'acc_policy', 'compact')
L(3, 4, out_features=(2,), bias=True, options=O())
L(3, 4, weight=torch.ones(3))
L(3, 4, label_smoothing=1.5)
L(3, 4, (2,))
L(3, 4)(x[:, :2], t)
"""


@every_case("line", LINES.split("\n")[1:-1])
def test_a_line_says_the_same(line: str) -> None:
    check(MADE + line)


def test_gradients_are_pytorchs_however_it_is_divided() -> None:
    found = []
    for m in (autogradkit, torch):
        for options in (None, m.nn.LinearCrossEntropyOptions(batch_chunk_size=2)):
            m.manual_seed(1)
            loss: Any = m.nn.LinearCrossEntropyLoss(3, 6, bias=True, weight=m.rand(6), options=options)
            x = m.randn(5, 3, requires_grad=True)
            loss(x, m.tensor([5, 0, -100, 2, 2])).backward()
            found.append([x.grad, loss.linear.weight.grad, loss.linear.bias.grad])
    whole, divided, *theirs = found
    for mine, other in zip([*whole, *divided], [*theirs[0], *theirs[1]], strict=True):
        assert_same(mine, other, rtol=1e-5, atol=1e-7)


def test_options_are_pickled() -> None:
    options = autogradkit.nn.LinearCrossEntropyOptions(batch_chunk_size=3, acc_dtype=autogradkit.float32)
    assert pickle.loads(pickle.dumps(options)) == options
