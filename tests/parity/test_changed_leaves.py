"""Leaves that get other sizes or another dtype after a graph was made, against PyTorch: what the graph expects from then on.

PyTorch's AccumulateGrad node remembers the leaf as it was; graphs keep it alive, and so do hooks on it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.every_case import every_case

from .outcomes import Case, assert_same, case_of

Change = Callable[[Any, Any], None]


@pytest.fixture(autouse=True, scope="module")
def quick_collector() -> Iterator[None]:
    """Nothing that is alive before the tests can be part of their graphs, and is not looked through."""
    gc.freeze()
    yield
    gc.unfreeze()


def new_leaf(t: Any, *sizes: int) -> Any:
    return t.arange(1.0, 1 + t.ones(*sizes).numel()).reshape(*sizes).requires_grad_()


def data(*sizes: int, dtype: str = "float32") -> Change:
    def change(t: Any, x: Any) -> None:
        x.data = t.ones(*sizes, dtype=getattr(t, dtype))

    return change


def in_place(name: str, *arguments: Any) -> Change:
    def change(t: Any, x: Any) -> None:
        with t.no_grad():
            getattr(x, name)(*arguments)

    return change


def into_out(t: Any, x: Any) -> None:
    with t.no_grad():
        t.add(t.ones(1), 1, out=x)


def frozen(change: Change) -> Change:
    def freeze(t: Any, x: Any) -> None:
        x.requires_grad_(False)
        change(t, x)

    return freeze


def thawed(change: Change) -> Change:
    def freeze(t: Any, x: Any) -> None:
        frozen(change)(t, x)
        x.requires_grad_()

    return freeze


CHANGES: dict[str, Change] = {
    "data of other sizes": data(2),
    "data that broadcasts": data(4, 2, 3),
    "data of one": data(1),
    "data without elements": data(0),
    "data of more dimensions": data(6, 1),
    "data of another dtype": data(2, 3, dtype="float64"),
    "data of half": data(2, 3, dtype="float16"),
    "complex data": data(2, 3, dtype="complex64"),
    "data of other sizes and dtype": data(3, dtype="float64"),
    "data there and back": lambda t, x: [data(4)(t, x), data(2, 3)(t, x)][0],
    "dtype there and back": lambda t, x: [data(2, 3, dtype="float64")(t, x), data(2, 3)(t, x)][0],
    "transpose_": in_place("transpose_", 0, 1),
    "t_": in_place("t_"),
    "unsqueeze_": in_place("unsqueeze_", 0),
    "out=": into_out,
    "frozen, transpose_": frozen(in_place("t_")),
    "frozen, data": frozen(data(2)),
    "frozen, transpose_, thawed": thawed(in_place("t_")),
    "detach_, transpose_": lambda t, x: x.detach_().t_(),
}
GRAPHS: dict[str, Callable[[Any, Any], Any]] = {
    "a number": lambda t, x: x * 2,
    "a sum": lambda t, x: x.sum(),
    "two ways": lambda t, x: x * 2 + x * 3,
    "an assignment": lambda t, x: assigned(x),
}


def assigned(x: Any) -> Any:
    y = x * 1
    y[0] = x[-1]
    return y


def of_the_old(t: Any, x: Any, old: Any, graph: Any) -> Any:
    old.sum().backward()
    return x.grad, x.grad is not None and x.grad._version


def of_the_old_twice(t: Any, x: Any, old: Any, graph: Any) -> Any:
    old.sum().backward(retain_graph=True)
    first = x.grad
    old.sum().backward()
    return x.grad, x.grad is first


def of_the_old_with_a_grad(t: Any, x: Any, old: Any, graph: Any) -> Any:
    (x * 5).sum().backward()
    old.sum().backward()
    return x.grad


def of_a_new(t: Any, x: Any, old: Any, graph: Any) -> Any:
    graph(t, x).sum().backward()
    return x.grad


def of_a_new_when_the_old_dies(t: Any, x: Any, old: Any, graph: Any) -> Any:
    new = graph(t, x).sum()
    old.clear()
    new.backward()
    return x.grad


def of_a_new_after_the_old(t: Any, x: Any, old: Any, graph: Any) -> Any:
    old.clear()
    graph(t, x).sum().backward()
    return x.grad


def of_both(t: Any, x: Any, old: Any, graph: Any) -> Any:
    log: list[Any] = []
    x.register_hook(lambda g: log.append((tuple(g.shape), str(g.dtype).partition(".")[2])))
    (old.sum() + graph(t, x).sum()).backward()
    return x.grad, log


def by_grad(t: Any, x: Any, old: Any, graph: Any) -> Any:
    return t.autograd.grad(old.sum(), x)


def by_grad_of_both(t: Any, x: Any, old: Any, graph: Any) -> Any:
    return t.autograd.grad(old.sum() + graph(t, x).sum(), x, allow_unused=True)


def by_inputs(t: Any, x: Any, old: Any, graph: Any) -> Any:
    old.sum().backward(inputs=[x])
    return x.grad


def with_create_graph(t: Any, x: Any, old: Any, graph: Any) -> Any:
    old.sum().backward(create_graph=True)
    return x.grad


def of_the_leaf_itself(t: Any, x: Any, old: Any, graph: Any) -> Any:
    x.backward(t.ones_like(x))
    return x.grad


def with_hooks(t: Any, x: Any, old: Any, graph: Any) -> Any:
    log: list[Any] = []
    x.register_hook(lambda g: log.append(tuple(g.shape)))
    x.register_post_accumulate_grad_hook(lambda leaf: log.append(tuple(leaf.grad.shape)))
    old.sum().backward()
    return x.grad, log


class Old(list[Any]):
    """A result that can be let go of."""

    def sum(self) -> Any:
        return self[0].sum()


BACKWARDS = (
    of_the_old, of_the_old_twice, of_the_old_with_a_grad, of_a_new, of_a_new_when_the_old_dies, of_a_new_after_the_old,
    of_both, by_grad, by_grad_of_both, by_inputs, with_create_graph, of_the_leaf_itself, with_hooks,
)  # fmt: skip


@every_case("change", CHANGES)
@every_case("backward", BACKWARDS)
def test_a_graph_expects_what_its_leaf_was(backward: Callable[..., Any], change: str) -> None:
    for graph in GRAPHS.values():

        def code(t: Any, graph: Callable[[Any, Any], Any] = graph) -> Any:
            x = new_leaf(t, 2, 3)
            old = Old([graph(t, x)])
            CHANGES[change](t, x)
            return backward(t, x, old, graph)

        assert_same(code)


CASES: dict[str, Case] = {}
case = case_of(CASES)


@case
def the_saved_leaf_is_what_it_is_now(t: Any) -> Any:
    x = new_leaf(t, 3)
    y = (x * x).sum()
    x.data = t.ones(2)
    y.backward()


@case
def the_saved_leaf_broadcasts(t: Any) -> Any:
    x = new_leaf(t, 3)
    y = (x * x).sum()
    x.data = t.full((1,), 5.0)
    y.backward()
    return x.grad


@case
def a_function_of_the_users(t: Any) -> Any:
    class Short(t.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            return gradient[:2]

    x = new_leaf(t, 3)
    y = Short.apply(x).sum()
    x.data = t.ones(2)
    y.backward()


@case
def an_optimizer_whose_gradient_has_other_sizes(t: Any) -> Any:
    x = new_leaf(t, 3)
    optimizer = t.optim.SGD([x], 0.5)
    y = (x * 2).sum()
    x.data = t.ones(2)
    y.backward()
    optimizer.step()


@case
def an_optimizer_whose_state_has_other_sizes(t: Any) -> Any:
    x = new_leaf(t, 3)
    optimizer = t.optim.SGD([x], 0.5, momentum=0.5)
    (x * 2).sum().backward()
    optimizer.step()
    x.grad = None
    x.data = t.ones(2)
    (x * 2).sum().backward()
    optimizer.step()


@case
def a_cast_module(t: Any) -> Any:
    layer = t.nn.Linear(2, 3, bias=False)
    layer.weight.data.fill_(1)
    y = layer(t.ones(4, 2)).sum()
    layer.double()
    y.backward()
    return layer.weight.grad


@case
def the_node_itself(t: Any) -> Any:
    x = new_leaf(t, 3)
    y = x * 2
    x.data = t.ones(2)
    node = y.grad_fn.next_functions[0][0]
    same = (x * 2).grad_fn.next_functions[0][0] is node
    x.data = t.ones(2, dtype=t.float64)
    other = (x * 2).grad_fn.next_functions[0][0] is not node
    return tuple(node._input_metadata[0].shape), same, other, node.variable is x


@case
def hooks_on_its_node_live_as_long_as_the_graph(t: Any) -> Any:
    log: list[Any] = []
    x = new_leaf(t, 3)
    y = x * 2
    y.grad_fn.next_functions[0][0].register_hook(lambda *gradients: log.append("after"))
    y.grad_fn.next_functions[0][0].register_prehook(lambda gradients: log.append(gradients[0].tolist()))
    y.grad_fn.next_functions[0][0].metadata["note"] = 3
    z = x * 4
    log.append(z.grad_fn.next_functions[0][0].metadata["note"])
    del y
    z.sum().backward()
    del z
    (x * 8).sum().backward()
    return log, x.grad


@case
def a_hook_that_changes_a_leaf(t: Any) -> Any:
    x, w = new_leaf(t, 3), new_leaf(t, 3)
    y = (x * 2) * w

    def cast(gradient: Any) -> None:
        x.data = t.ones(3, dtype=t.float64)

    w.register_hook(cast)
    y.sum().backward()
    return w.grad, x.grad.tolist()


@pytest.mark.parametrize("name", CASES)
def test_what_remembers_a_leaf_and_what_does_not(name: str) -> None:
    assert_same(CASES[name])
