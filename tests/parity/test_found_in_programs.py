"""What random programs found, held for good: each line gives the same in PyTorch, or is refused with the same text.

As in test_found_wrong.py, each line is a program that both libraries run.
"""

from __future__ import annotations

import copy

import numpy as np
import pytest

from .programs.runs import Line, Pair

# ruff: noqa: E501 - long lines stay whole: each is a program.
CASES = {
    "bounds that are larger than the tensor": """
x=T.ones(3,requires_grad=True); T.clamp(x,T.zeros(3),T.ones(2,3)).sum().backward()
x=T.ones(3,requires_grad=True); T.clamp(x,T.zeros(2,3),T.ones(3)).sum().backward(); r=x.grad
x=T.tensor(2.,requires_grad=True); T.clamp(x,T.tensor(0.),T.ones(2,3)).sum().backward()
x=T.ones(3,requires_grad=True); T.clamp(x,T.zeros(3),T.ones(2,3)).sum().backward(create_graph=True)
m=T.zeros(3,requires_grad=True); T.clamp(T.ones(3),m,T.ones(2,3)).sum().backward()
m=T.zeros(2,3,requires_grad=True); T.clamp(T.ones(3),m,T.ones(3)).sum().backward(); r=m.grad
M=T.ones(2,3,requires_grad=True); T.clamp(T.ones(3),T.zeros(3),M).sum().backward(); r=M.grad
M=T.ones(1,3,requires_grad=True); T.clamp(T.ones(3),T.zeros(2,3),M).sum().backward()
x=T.tensor([1.,float('nan'),3.]); M=T.ones(3,requires_grad=True); m=T.tensor([0.,0.,2.],requires_grad=True); T.clamp(x,m,M).sum().backward(); r=(m.grad,M.grad)
    """,
    "numbers": """
r=T.logsumexp(T.tensor([[1+6j,2-5j]]),1)
r=T.logsumexp(T.tensor([3j]),0)
x=T.tensor([1+6j,2-5j],requires_grad=True); T.logsumexp(x,0).abs().backward(); r=x.grad
    """,
    "what is drawn": """
T.nn.functional.dropout(T.ones(5,dtype=T.bool),0.5,True)
T.manual_seed(0); T.ones(2).expand(3,2).multinomial(2); r=T.ones(3).expand(2,3).multinomial(2)
T.manual_seed(1); r=T.tensor([1.,2.,3.]).expand(2,3).multinomial(1)
    """,
}  # fmt: skip
LINES = [(title, line) for title, text in CASES.items() for line in text.strip().splitlines()]


@pytest.mark.parametrize(("title", "line"), LINES)
def test_it_is_as_in_pytorch(title: str, line: str) -> None:
    pair = Pair()
    for space in (pair.mine, pair.theirs):
        space.update(copy=copy, np=np)
    found = pair.run(Line(line, title))
    assert found is None, found.text


@pytest.mark.parametrize("dtype", ["bool", "int64", "uint8"])
def test_a_dropout_that_is_refused_has_drawn(dtype: str) -> None:
    pair = Pair()
    refused = Line(f"T.nn.functional.dropout(T.ones(5, dtype=T.{dtype}), 0.5, True)", "dropout")
    assert pair.run(refused) is None
    assert pair.run(Line("r = T.rand(3)", "rand")) is None
