"""`make_fx`: the graph of the operators that a function comes to, its code, what it keeps, and what running it gives."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import torch

import autogradkit as ak

WIDE = [[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]]
BOTH = pytest.mark.parametrize("m", [ak, torch], ids=["autogradkit", "torch"])


def make_fx(m: Any) -> Any:
    return importlib.import_module(f"{m.__name__}.fx.experimental.proxy_tensor").make_fx


def linear(m: Any) -> Any:
    layer = m.nn.Linear(3, 2)
    with m.no_grad():
        layer.weight.copy_(m.arange(6.0).reshape(2, 3))
        layer.bias.fill_(0.5)
    return lambda x: m.nn.functional.relu(layer(x))


# By name: what makes the function of a library.
FUNCTIONS: dict[str, Any] = {
    "elements": lambda m: lambda x: x.sin() + 1,
    "several outputs": lambda m: lambda a: ((a * 2).sum(), {"k": a @ a.t()}),
    "a tensor from outside": lambda m: (lambda y: lambda x: x * y + y)(m.ones(3)),
    "a tensor of numbers": lambda m: lambda x: x + m.tensor([1.0, 2.0, 3.0]),
    "a factory": lambda m: lambda x: x + m.ones(3),
    "edits": lambda m: lambda x: x.clone().add_(2).relu_(),
    "results with several parts": lambda m: lambda x: x.split(1)[1] + x.max(0)[0],
    "parameters": linear,
    "indices": lambda m: lambda x: x[0, 1:] + x[:, None].mean(),
    "no operator": lambda m: lambda x: x,
    "no tensor": lambda m: lambda x: 3,
    "softmax": lambda m: lambda x: m.nn.functional.softmax(x, -1).log(),
    "a loss": lambda m: lambda x: m.nn.functional.cross_entropy(x, m.tensor([0, 1])),
    "layer norm": lambda m: lambda x: m.nn.functional.layer_norm(x, (3,)),
    "any number of arguments": lambda m: lambda *args: args[0] * 2,
    "numbers that are constant": lambda m: lambda x: x * m.tensor(3.0).item() if m.tensor(True) else x,
    "branches of Python": lambda m: lambda x: x.exp() if x.shape[0] == 2 else x.log(),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_graph(name: str) -> None:
    said = []
    for m in (ak, torch):
        function, x = FUNCTIONS[name](m), m.tensor(WIDE)
        traced = make_fx(m)(function)(x)
        kept = [*dict(traced.named_buffers()), *dict(traced.named_parameters())]
        other = x * 3 - 1
        again, expected = (m.utils._pytree.tree_leaves(f(other)) for f in (traced, function))
        for mine, its in zip(again, expected, strict=True):
            assert mine is its or mine == its if isinstance(mine, int) else bool((mine == its).all())
        said.append((str(traced.graph), traced.code, kept, type(traced).__name__))
    assert said[0] == said[1]


def test_names_of_arguments_and_numbers_among_them() -> None:
    def said(m: Any) -> str:
        def scaled(x: Any, by: int) -> Any:
            return x * by + 1.5

        return str(make_fx(m)(scaled)(m.tensor(WIDE), 3).graph)

    assert said(ak) == said(torch)


def test_what_is_traced_in_an_operators_place() -> None:
    def said(m: Any) -> str:
        table = {m.ops.aten.silu.default: lambda x: x * m.sigmoid(x)}
        return str(make_fx(m)(lambda x: m.nn.functional.silu(x), table)(m.tensor(WIDE)).graph)

    assert said(ak) == said(torch)


@pytest.mark.parametrize(
    "read", [lambda x: x.sum().item(), lambda x: float(x.sum()), lambda x: x if x.sum() > 0 else -x]
)
def test_numbers_are_not_read_while_it_traces(read: Any) -> None:
    said = []
    for m in (ak, torch):
        with pytest.raises(RuntimeError) as raised:
            make_fx(m)(read)(m.tensor(WIDE))
        said.append(str(raised.value))
    assert said[0] == said[1]


@BOTH
def test_a_mode_that_there_is_not(m: Any) -> None:
    with pytest.raises(AssertionError, match=r"^tracing_mode must be real/fake/symbolic, got nope$"):
        make_fx(m)(lambda x: x, tracing_mode="nope")


@BOTH
def test_a_wrong_number_of_arguments(m: Any) -> None:
    with pytest.raises(RuntimeError, match=r"^Tracing expected 2 arguments but got 1 concrete arguments$"):
        make_fx(m)(lambda x, y=3: x * y)(m.ones(1))


def test_what_is_not_traced_is_said() -> None:
    with pytest.raises(NotImplementedError, match="no symbols for sizes"):
        make_fx(ak)(lambda x: x, tracing_mode="symbolic")
    with pytest.raises(NotImplementedError, match="give what is in a container as arguments of their own"):
        make_fx(ak)(lambda pair: pair[0])((ak.ones(1), ak.ones(1)))
