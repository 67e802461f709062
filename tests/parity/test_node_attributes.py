"""What a graph's nodes show, and what of it may be changed, against PyTorch; `n`, `acc`, `edit` and `own` are nodes."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case

EXPRESSIONS = """
setattr(n, "metadata", 3)
delattr(n, "metadata")
setattr(n, "next_functions", ())
setattr(n, "requires_grad", False)
setattr(n, "_input_metadata", 3)
setattr(n, "_saved_self", 3)
delattr(n, "_saved_other")
setattr(n, "foo", 3)
setattr(acc, "variable", 3)
delattr(acc, "variable")
setattr(edit, "metadata", 3)
setattr(own, "metadata", 3)
setattr(own, "next_functions", 3)
setattr(own, "foo", 3)
n.requires_grad, acc.requires_grad, edit.requires_grad
[n._input_metadata[0].shape, n._input_metadata[0].dtype, n._input_metadata[0].device, type(n._input_metadata)]
n._input_metadata[0].is_nested_tensor, n._input_metadata[0].is_cpp_nested_tensor
[name for name in dir(n) if name in ("edges", "hooks", "saved", "name", "metadata", "next_functions", "_saved_self")]
str(type(n)), str(type(acc)), str(type(edit)), type(n).__module__
type(acc)()
copy.copy(n)
copy.deepcopy(n)
pickle.dumps(n)
copy.copy(acc)
pickle.dumps(acc)
copy.deepcopy(own)
pickle.dumps(edit)
[isinstance(each, T.autograd.graph.Node) for each in (n, acc, edit, own, x, 3, None)]
issubclass(type(n), T.autograd.graph.Node), issubclass(int, T.autograd.graph.Node)
sorted(name for name in dir(T.autograd.graph.Node) if name[0] != "_")
acc.variable is x, acc.name(), acc.next_functions, acc._sequence_nr()
acc(T.ones(2, 2)), acc(T.full((2, 2), 3.0)), x.grad
acc(None), x.grad
acc(T.ones(3))
acc()
acc(3)
acc(T.ones(2, 2), T.ones(2, 2))
acc(g=3)
n == n, n == 3, hash(n) == hash(n), n is y.grad_fn, n.metadata is n.metadata, bool(n)
n.next_functions[0][0] is acc, own.next_functions[0][0] is acc
"""


def shown(t: Any, expression: str) -> str:
    class Double(t.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

    x = t.ones(2, 2, requires_grad=True)
    y = x * (x * 2)
    part = x * 1
    part[0] = 3.0
    own = Double.apply(x).grad_fn
    acc = y.grad_fn.next_functions[0][0]
    names = {"T": t, "x": x, "y": y, "n": y.grad_fn, "acc": acc, "edit": part.grad_fn, "own": own}
    try:
        found = repr(eval(expression, names | {m: __import__(m) for m in ("copy", "pickle")}))
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    return re.sub("0x[0-9a-f]+", "0x", found).replace("autogradkit", "torch")


@pytest.mark.filterwarnings("ignore:grad and param do not obey:UserWarning")
@every_case("expression", EXPRESSIONS.strip().splitlines())
def test_a_node_shows_what_pytorchs_shows(expression: str) -> None:
    assert shown(autogradkit, expression) == shown(torch, expression)


SAVED = """
x ** x
2 ** x
x ** 2
x * 2.0
x / x
x[0]
x.expand(2, 2, 2)
x.as_strided((2,), (1,))
T.addcdiv(x, x, x)
T.special.i1(x)
T.special.xlog1py(x, x)
T.atan2(x, x)
T.logaddexp(x, x)
T.xlogy(x, x)
x.sum(0)
x.repeat(2, 1)
"""


def saved(t: Any, expression: str) -> list[str]:
    node = eval(expression, {"T": t, "x": t.ones(2, 2, requires_grad=True)}).grad_fn
    return [name for name in dir(node) if "_saved_" in name]


@every_case("expression", SAVED.strip().splitlines())
def test_what_a_node_saved_has_pytorchs_names(expression: str) -> None:
    assert saved(autogradkit, expression) == saved(torch, expression)
