"""Running backward: long chains, many edges, what is let go, and the plain loop beside the general one."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pytest

import autogradkit as torch
from tests.every_case import every_case

pytestmark = pytest.mark.filterwarnings("ignore:Using backward.. with create_graph:UserWarning")

LONG = 100_000


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_long_chain_runs_and_is_freed_without_recursion(create_graph: bool) -> None:
    length = 10_000 if create_graph else LONG
    x = torch.ones(2, requires_grad=True)
    y = x
    for _ in range(length):
        y = y + 1
    (found,) = torch.autograd.grad(y.sum(), x, create_graph=create_graph)
    assert found.tolist() == [1.0, 1.0]
    y.backward(torch.tensor([2.0, 3.0]))
    assert x.grad.tolist() == [2.0, 3.0]
    last = weakref.ref(y.grad_fn)
    del y
    assert last() is None


def test_a_long_chain_that_never_ran_is_freed_without_recursion() -> None:
    y = x = torch.ones(2, requires_grad=True)
    for _ in range(LONG):
        y = y * x
    first = weakref.ref(y)
    del y
    assert first() is None


def test_a_long_chain_of_edits_runs_and_is_freed() -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 1
    for _ in range(2000):
        y[0] *= 1
        y[1:].add_(1)
    y.backward(torch.tensor([2.0, 3.0]))
    assert x.grad.tolist() == [2.0, 3.0]


def test_one_leaf_at_the_end_of_many_edges() -> None:
    x = torch.ones(2, requires_grad=True)
    torch.stack([x * number for number in range(1000)]).sum().backward()
    assert x.grad.tolist() == [499500.0, 499500.0]


def test_forks_within_forks() -> None:
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(50):
        y = y + y * 0.5  # a gradient that ran every path would take 2**50 steps
    y.backward()
    assert x.grad.item() == pytest.approx(1.5**50, rel=1e-4)


def test_backward_lets_go_of_what_was_saved_and_retain_graph_keeps_it() -> None:
    x = torch.ones(3, requires_grad=True)
    middle = x * 2
    saved = weakref.ref(middle)
    y = (middle * middle).sum()
    del middle
    y.backward(retain_graph=True)
    assert saved() is not None
    y.backward()
    assert saved() is None
    assert x.grad.tolist() == [16.0, 16.0, 16.0]


def test_gradients_on_the_way_are_let_go_once_used() -> None:
    arrays: list[weakref.ref[Any]] = []
    x = torch.ones(3, requires_grad=True)
    y = x
    for _ in range(5):
        y = y.exp() * 0.1
        y.register_hook(lambda g: arrays.append(weakref.ref(g.numpy())))
    y.sum().backward()
    assert [reference() is None for reference in arrays] == [True] * 5


def test_an_error_in_the_middle_keeps_nothing_alive() -> None:
    x = torch.ones(3, requires_grad=True)
    middle = x * 2
    middle.register_hook(lambda g: [][0])
    alive = weakref.ref(middle.grad_fn)
    gc.disable()
    try:
        with pytest.raises(IndexError):
            (middle * 3).sum().backward()
        del middle
        assert alive() is None
    finally:
        gc.enable()


def test_threads_run_backward_beside_each_other() -> None:
    leaves = [torch.full((3,), float(number), requires_grad=True) for number in range(4)]
    seen: list[bool] = []

    def work(leaf: torch.Tensor) -> None:
        for _ in range(50):
            (leaf * leaf).sum().backward()
            seen.append(torch.is_grad_enabled())

    threads = [threading.Thread(target=work, args=(leaf,)) for leaf in leaves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [leaf.grad.tolist() for leaf in leaves] == [[100.0 * number] * 3 for number in range(4)]
    assert all(seen)
    assert len(seen) == 200


# -- the plain loop and the general one --------------------------------------------------------------------------------

GRAPHS: dict[str, Callable[[Any, Any], Any]] = {
    "one product": lambda a, b: a * b,
    "a diamond": lambda a, b: (a * b).tanh() + (a * b).exp() + a,
    "broadcasting": lambda a, b: a[:1] * b + a.sum(),
    "views": lambda a, b: a.t() @ b.reshape(9).view(3, 3),
    "unused outputs": lambda a, b: a.unbind()[1] * b.max(1)[0],
    "both ways": lambda a, b: a + b,
    "itself": lambda a, b: a,
    "a leaf twice": lambda a, b: (a + a) * 2,
    "an edit": lambda a, b: (a * 1).mul_(b)[1:].mul_(2),
    "another dtype": lambda a, b: a.float().double() * b,
    "no real number": lambda a, b: a / (b - b.detach()),
}
WAYS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "recorded": torch.record,
    "anomalies looked for": lambda: torch.autograd.set_detect_anomaly(True, check_nan=False),
}


def gradients(graph: Callable[[Any, Any], Any], way: str) -> list[Any]:
    numbers = np.arange(1.0, 10.0).reshape(3, 3) / 4
    a, b = (
        torch.from_numpy(numbers.copy()).requires_grad_(),
        torch.from_numpy(numbers[::-1].copy()).t().requires_grad_(),
    )
    with WAYS[way]() if way in WAYS else nullcontext():
        for _ in range(2):
            y = graph(a, b)
            root = y if y is a else y.sum()
            given = torch.ones(3, 3, dtype=torch.float64) if y is a else None
            root.backward(
                given,
                create_graph=way == "create_graph",
                inputs=(a, b)
                if way == "inputs" and "b" in graph.__code__.co_names + graph.__code__.co_varnames
                else None,
            )
    return [(leaf.grad if leaf.grad is None else leaf.grad.detach().tolist()) for leaf in (a, b)]


@every_case("way", [*WAYS, "create_graph", "inputs"])
@every_case("name", GRAPHS)
def test_every_way_gives_the_same_gradients(name: str, way: str) -> None:
    plain, other = gradients(GRAPHS[name], "plain"), gradients(GRAPHS[name], way)
    for ours, theirs in zip(plain, other, strict=True):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            np.testing.assert_array_equal(np.array(ours), np.array(theirs))


@pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled:UserWarning")
def test_what_anomaly_mode_finds_is_warned_of_at_the_line_that_called_backward() -> None:
    x = torch.zeros(1, requires_grad=True)
    refused = pytest.raises(RuntimeError, match="Function 'LogBackward0' returned nan values in its 0th output")
    with torch.autograd.set_detect_anomaly(True):
        y = (x.log() * 0).sum()
        with refused, pytest.warns(UserWarning, match="Error detected in LogBackward0") as heard:
            y.backward()
    assert [warning.filename for warning in heard] == [__file__]


@pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled:UserWarning")
def test_detect_anomaly_changes_nothing_before_its_block_is_entered() -> None:
    found = torch.autograd.detect_anomaly()
    assert not torch.autograd.is_anomaly_enabled()
    with found:
        assert torch.autograd.is_anomaly_enabled()
    assert not torch.autograd.is_anomaly_enabled()
    wrong: Any = 3
    with pytest.raises(TypeError, match=r"argument 'check_nan' \(position 2\) must be bool, not int"):
        torch.autograd.detect_anomaly(wrong).__enter__()
    assert not torch.autograd.is_anomaly_enabled()


class _Lost(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        return gradient * float("nan")


@pytest.mark.parametrize("function", [lambda x: torch.nn.Softplus()(x - torch.inf).sqrt(), _Lost.apply])
def test_an_anomaly_says_the_learners_lines_that_made_the_node_and_none_of_ours(function: Any) -> None:
    x = torch.ones(1, requires_grad=True)
    with torch.autograd.set_detect_anomaly(True):
        y = function(x)  # made here
    with (
        torch.autograd.set_detect_anomaly(True),
        pytest.warns(UserWarning, match="Traceback of forward call") as told,
        pytest.raises(RuntimeError, match="returned nan values in its 0th output"),
    ):
        y.backward()
    text = str(told[0].message)
    assert "# made here" in text
    assert "autogradkit/" not in text
