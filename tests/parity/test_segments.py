"""Segments of neighbouring elements reduced, and sequences convolved time first: results, gradients and refusals of PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autogradkit as ak
from tests.every_case import every_case

from .one_line import outcome

DATA = np.array([[3.0, -1.0], [0.0, 2.5], [7.0, 2.5], [4.0, 0.5], [-2.0, 6.0], [1.5, 9.0]])


def in_both(run: Any) -> tuple[Any, Any]:
    return run(torch), run(ak)


@every_case("dtype", ["float32", "float64", "float16"])
@every_case("initial", [None, 2, 0.5])
@every_case("marks", [{"lengths": [2, 0, 4]}, {"offsets": [0, 2, 2, 6]}, {"offsets": [1, 3, 5]}])
@every_case("reduce", ["sum", "mean", "prod", "max", "min", "amax", "amin"])
def test_each_segment_is_reduced_and_its_gradient_goes_back(reduce: str, marks: Any, initial: Any, dtype: str) -> None:
    def run(m: Any) -> Any:
        x = m.tensor(DATA.tolist(), dtype=getattr(m, dtype), requires_grad=True)
        y = m.segment_reduce(x, reduce, initial=initial, **{name: m.tensor(each) for name, each in marks.items()})
        y.backward(m.arange(1.0, y.numel() + 1, dtype=y.dtype).reshape(tuple(y.shape)))
        return y.tolist(), x.grad.tolist(), str(y.dtype), type(y.grad_fn).__name__

    theirs, mine = in_both(run)
    assert mine[2:] == theirs[2:]
    np.testing.assert_allclose(mine[0], theirs[0], rtol=1e-6)
    np.testing.assert_allclose(mine[1], theirs[1], rtol=1e-2 if dtype == "float16" else 1e-6)


def test_segments_of_rows_that_have_lengths_of_their_own() -> None:
    def run(m: Any) -> Any:
        x = m.tensor(DATA.tolist()).T
        return m.segment_reduce(x, "mean", lengths=m.tensor([[2, 4], [5, 1]]), axis=-1).tolist()

    theirs, mine = in_both(run)
    assert mine == theirs


def test_what_is_not_finite_and_what_is_empty() -> None:
    def run(m: Any) -> Any:
        x = m.tensor([1.0, float("nan"), 3.0, 3.0, 0.0, 0.0, 5.0], requires_grad=True)
        found = []
        for reduce in ("sum", "max", "min", "prod"):
            y = m.segment_reduce(x, reduce, lengths=m.tensor([2, 2, 3]))
            found += [y.tolist(), m.autograd.grad(y.sum(), x)[0].tolist()]
        return [*found, m.segment_reduce(m.empty(0, 2), "max", lengths=m.tensor([0, 0])).tolist()]

    theirs, mine = in_both(run)
    for one, other in zip(mine, theirs, strict=True):
        np.testing.assert_equal(one, other)


REFUSED = [
    "torch.segment_reduce(x, 'MEAN', lengths=n)",
    "torch.segment_reduce(x, 'sum')",
    "torch.segment_reduce(x, 'sum', indices=n)",
    "torch.segment_reduce(x, 'sum', lengths=n, axis=1)",
    "torch.segment_reduce(x, 'sum', offsets=n, axis=1)",
    "torch.segment_reduce(x, 'sum', lengths=n, axis=4)",
    "torch.segment_reduce(x, 'sum', lengths=n[:2])",
    "torch.segment_reduce(x, 'sum', lengths=n[:0])",
    "torch.segment_reduce(x, 'sum', lengths=torch.tensor([1, -2, 7]))",
    "torch.segment_reduce(x, 'sum', lengths=torch.tensor([1, -2, 7]), unsafe=True)",
    "torch.segment_reduce(x, 'sum', lengths=n.float())",
    "torch.segment_reduce(x, 'sum', offsets=n.short())",
    "torch.segment_reduce(x, 'sum', offsets=torch.tensor([2, 0]))",
    "torch.segment_reduce(x.long(), 'sum', lengths=n)",
    "torch.segment_reduce(x[0, 0], 'sum', lengths=n)",
    "torch.segment_reduce(x, 'sum', lengths=n, initial=2j)",
    "torch.autograd.grad(torch.autograd.grad(torch.segment_reduce(x, 'sum', lengths=n).sum(), x, create_graph=True)[0].sum(), x)",
    "torch.conv_tbc(x, w, b)",
    "torch.conv_tbc(s, w[0], b)",
    "torch.conv_tbc(s, w, b[None])",
    "torch.conv_tbc(s, w, b[:1])",
    "torch.conv_tbc(s, w[:, :1], b)",
    "torch.conv_tbc(s[:0], w, b)",
    "torch.conv_tbc(s.double(), w, b)",
    "torch.conv_tbc(s, w, None)",
    "torch.conv_tbc(s.cfloat(), w.cfloat(), b.cfloat())",
]
BEFORE = (
    f"x = torch.tensor({DATA.tolist()}, requires_grad=True); n = torch.tensor([2, 0, 4])\n"
    "s = torch.ones(4, 2, 3, requires_grad=True); w = torch.ones(2, 3, 2); b = torch.ones(2)\n"
)


@every_case("call", REFUSED)
def test_what_is_refused(call: str) -> None:
    theirs, mine = in_both(lambda m: outcome(m, BEFORE + call))
    assert mine == theirs
    assert theirs[0] != "ok"


@pytest.mark.parametrize("pad", [0, 1, 3, -1])
def test_sequences_are_convolved_time_first(pad: int) -> None:
    def run(m: Any) -> Any:
        x = (m.arange(30.0, dtype=m.float64).reshape(5, 2, 3) * 0.37).cos().requires_grad_()
        w = (m.arange(24.0, dtype=m.float64).reshape(2, 3, 4) * 0.7).sin().requires_grad_()
        b = m.tensor([0.5, -1.0, 2.0, 0.25], dtype=m.float64, requires_grad=True)
        y = m.nn.functional.conv_tbc(x, w, b, pad)
        found = [y, *m.autograd.grad((y * y).sum(), [x, w, b])] if pad >= 0 else [y]
        return [each.tolist() for each in found], type(y.grad_fn).__name__, y.stride()

    theirs, mine = in_both(run)
    assert mine[1:] == theirs[1:]
    for one, other in zip(mine[0], theirs[0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
