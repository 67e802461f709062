"""Expressions for layouts, held against PyTorch: what is spelled gives that layout there too."""

from __future__ import annotations

import numpy as np
import torch as pytorch

import autogradkit as torch
from autogradkit.tracing.layouts import layout_of, spelling
from autogradkit.tracing.strided import Layout
from tests.every_case import every_case


@every_case(
    "expression",
    [
        "a",
        "a.t()",
        "a[1]",
        "a[1:]",
        "a[:, 1]",
        "a[:, 1:3]",
        "a[1, 2]",
        "a[:, ::2]",
        "a[:2, 1:].t()",
        "a.view(12)",
        "a.view(2, 6)",
        "a[2].expand(3, 4)",
        "a[:, :1].expand(3, 5)",
        "a.diagonal()",
        "a.diagonal(1)",
        "a.diagonal(-1)",
        "a.unfold(1, 2, 1)",
        "a.unfold(0, 2, 1)",
        "c.transpose(0, 2)",
        "c.permute(1, 2, 0)",
        "c[1, :, 2]",
        "s.expand(2, 3)",
        "line.unfold(0, 3, 1)",
        "t[1:]",
        "t.t()",
    ],
)
def test_what_learners_write_is_found_again(expression: str) -> None:
    for library in (torch, pytorch):
        a = library.arange(12.0).view(3, 4)
        names = {
            "a": a,
            "c": library.arange(24).view(2, 3, 4),
            "s": library.tensor(3),
            "line": library.arange(6),
            "t": a.t(),
        }
        base = expression.partition(".")[0].partition("[")[0]
        wanted = layout_of(eval(expression, names))
        assert spelling(base, names[base], wanted) == expression


@every_case("seed", range(100))
def test_whatever_is_spelled_gives_that_layout_in_pytorch(seed: int) -> None:
    stream = np.random.default_rng(seed)
    a = torch.arange(12).view(3, 4)
    b = pytorch.arange(12).view(3, 4)
    for _ in range(40):
        dims = int(stream.integers(0, 4))
        sizes = tuple(int(n) for n in stream.integers(1, 4, dims))
        strides = tuple(int(n) for n in stream.integers(0, 5, dims))
        wanted = Layout(sizes, strides, int(stream.integers(0, 5)))
        if wanted.extent()[1] > 11:
            continue
        found = spelling("a", a, wanted)
        if found is not None:
            assert eval(found, {"a": b}).tolist() == b.as_strided(sizes, strides, wanted.offset).tolist(), found
            made = layout_of(eval(found, {"a": b}))
            assert (made.shape, made.hops(), made.offset) == (sizes, wanted.hops(), wanted.offset)


def test_an_expression_is_put_in_brackets_and_what_cannot_be_spelled_is_not() -> None:
    a = torch.arange(6).view(2, 3)
    assert spelling("a + 0", a, Layout((3, 2), (1, 3), 0)) == "(a + 0).t()"
    assert spelling("a", a, Layout((2, 2), (1, 2), 0)) is None
    assert spelling("a", a, Layout((0, 3), (3, 1), 0)) is None
