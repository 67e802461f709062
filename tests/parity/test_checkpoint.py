"""Checkpoints beside PyTorch: gradients, how often and how far a function runs, random numbers, what is kept, what is refused."""

from __future__ import annotations

import gc
import warnings
import weakref
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest
import torch
import torch.utils.checkpoint

import autogradkit
from autogradkit.core.recording import RECORDERS
from tests.every_case import every_case

Case = Callable[[Any], Any]
CASES: dict[str, Case] = {}


def case(run: Case) -> Case:
    CASES[run.__name__.strip("_")] = run
    return run


def _point(m: Any) -> Any:
    return m.tensor([0.5, -1.25], requires_grad=True)


def _net(m: Any) -> Any:
    m.manual_seed(1)
    return m.nn.Sequential(m.nn.Linear(2, 4), m.nn.Tanh(), m.nn.Linear(4, 4), m.nn.Sigmoid(), m.nn.Linear(4, 1))


def _gradients(net: Any) -> list[Any]:
    return [[f"{each:.4g}" for each in p.grad.flatten().tolist()] for p in net.parameters()]


@case
def _gradients_of_both_ways(m: Any) -> Any:
    told = []
    for reentrant in (False, True):
        net, x = _net(m), _point(m)
        y = m.utils.checkpoint.checkpoint(net, x, use_reentrant=reentrant)
        y.backward()
        told.append((type(y.grad_fn).__name__, _gradients(net), [f"{each:.4g}" for each in x.grad.tolist()]))
    return told


@case
def _how_often_and_how_far(m: Any) -> Any:
    told = []
    for options in (
        {"use_reentrant": False},
        {"use_reentrant": False, "early_stop": False},
        {"use_reentrant": True},
    ):
        runs: list[str] = []

        def function(a: Any, runs: list[str] = runs) -> Any:
            runs.append("begins")
            b = a.exp()
            runs.append("exp")
            c = b * a
            runs.append("mul")
            d = c + 1
            runs.append("add")
            return d

        y = m.utils.checkpoint.checkpoint(function, _point(m), **options).sum()
        runs.append("backward")
        y.backward()
        told.append(runs)
    return told


@case
def _stop_set_for_a_block(m: Any) -> Any:
    runs: list[str] = []

    def function(a: Any) -> Any:
        b = a.exp()
        runs.append("exp")
        return b + 1

    with m.utils.checkpoint.set_checkpoint_early_stop(False):
        y = m.utils.checkpoint.checkpoint(function, _point(m), use_reentrant=False)
    y.sum().backward()
    m.utils.checkpoint.checkpoint(function, _point(m), use_reentrant=False).sum().backward()
    return runs


@case
def _backward_twice(m: Any) -> Any:
    runs = []
    x = _point(m)
    y = m.utils.checkpoint.checkpoint(lambda a: (runs.append(1), a.exp() * a)[1], x, use_reentrant=False).sum()
    y.backward(retain_graph=True)
    y.backward()
    return len(runs), [f"{each:.4g}" for each in x.grad.tolist()]


@case
def _random_numbers(m: Any) -> Any:
    told = []
    for reentrant in (False, True):
        for preserve in (True, False):
            m.manual_seed(4)
            x = m.ones(40, requires_grad=True)
            y = m.utils.checkpoint.checkpoint(
                lambda a: m.nn.functional.dropout(a, 0.5) * 3, x, use_reentrant=reentrant, preserve_rng_state=preserve
            )
            between = m.rand(1).item()
            y.sum().backward()
            told.append((between, (x.grad != 0).tolist(), m.rand(1).item(), m.equal(x.grad != 0, y.detach() != 0)))
    return told


@case
def _several_arguments(m: Any) -> Any:
    a, b = _point(m), _point(m)

    def function(a: Any, factor: float, b: Any, power: int = 2) -> Any:
        return (a * factor) ** power, b.exp(), None

    first, second, none = m.utils.checkpoint.checkpoint(function, a, 3.0, b, use_reentrant=False, power=3)
    (first.sum() + second.sum()).backward()
    again = m.utils.checkpoint.checkpoint(function, a, 3.0, b, use_reentrant=True)
    (again[0].sum() + again[1].sum()).backward()
    return none, a.grad.tolist(), [f"{each:.4g}" for each in b.grad.tolist()]


@case
def _gradient_of_a_gradient(m: Any) -> Any:
    x = _point(m)
    y = m.utils.checkpoint.checkpoint(lambda a: a**3, x, use_reentrant=False).sum()
    (first,) = m.autograd.grad(y, x, create_graph=True)
    return first.tolist(), m.autograd.grad(first.sum(), x)[0].tolist()


@case
def _within_another(m: Any) -> Any:
    x, runs = _point(m), []

    def inner(a: Any) -> Any:
        runs.append("inner")
        return a.exp()

    def outer(a: Any) -> Any:
        runs.append("outer")
        return m.utils.checkpoint.checkpoint(inner, a * 2, use_reentrant=False).sin()

    m.utils.checkpoint.checkpoint(outer, x, use_reentrant=False).sum().backward()
    return runs, [f"{each:.4g}" for each in x.grad.tolist()]


@case
def _without_gradients(m: Any) -> Any:
    runs = []
    with m.no_grad():
        y = m.utils.checkpoint.checkpoint(lambda a: (runs.append(1), a.exp())[1], _point(m), use_reentrant=False)
    return y.requires_grad, len(runs)


@case
def _contexts(m: Any) -> Any:
    told = []

    @contextmanager
    def context(name: str) -> Any:
        told.append(f"enter {name}")
        yield
        told.append(f"leave {name}")

    def contexts() -> Any:
        return context("first"), context("second")

    y = m.utils.checkpoint.checkpoint(lambda a: a.exp() + 1, _point(m), use_reentrant=False, context_fn=contexts)
    told.append("backward")
    try:
        y.sum().backward()
    except RuntimeError as error:
        told.append(str(error))
    return told[:4]


@case
def _precision(m: Any) -> Any:
    told = []
    for reentrant in (False, True):
        net, seen = _net(m), []

        def function(a: Any, net: Any = net, seen: list[str] = seen) -> Any:
            y = net(a)
            seen.append(str(y.dtype))
            return y

        with m.autocast("cpu"):
            y = m.utils.checkpoint.checkpoint(function, _point(m), use_reentrant=reentrant, early_stop=False)
        y.float().sum().backward()
        told.append((seen, str(net[0].weight.grad.dtype)))
    return told


@case
def _sequential(m: Any) -> Any:
    told = []
    for segments in (1, 2, 3, 5):
        for reentrant in (False, True):
            net, x = _net(m), _point(m)
            y = m.utils.checkpoint.checkpoint_sequential(net, segments, x, use_reentrant=reentrant)
            y.sum().backward()
            told.append((_gradients(net), [f"{each:.4g}" for each in x.grad.tolist()]))
    told.append(m.utils.checkpoint.checkpoint_sequential([m.exp, m.sin], 2, _point(m), use_reentrant=False).tolist())
    return [str(each) for each in told[:-1]], [f"{each:.4g}" for each in told[-1]]


@case
def _not_said_which_way(m: Any) -> Any:
    m.utils.checkpoint.checkpoint(lambda a: a, m.ones(1))
    m.utils.checkpoint.checkpoint_sequential([m.exp], 1, m.ones(1))


@case
def _keywords_of_the_older_way(m: Any) -> Any:
    m.utils.checkpoint.checkpoint(lambda a: a, m.ones(1), use_reentrant=True, nonsense=1, more=2)


@case
def _keywords_of_sequential(m: Any) -> Any:
    m.utils.checkpoint.checkpoint_sequential([m.exp], 1, m.ones(1), use_reentrant=False, nonsense=1)


@case
def _too_many_segments(m: Any) -> Any:
    m.utils.checkpoint.checkpoint_sequential([m.exp], 2, m.ones(1), use_reentrant=False)


@case
def _an_unknown_check(m: Any) -> Any:
    m.utils.checkpoint.checkpoint(lambda a: a, m.ones(1), use_reentrant=False, determinism_check="nonsense")


@case
def _context_of_the_older_way(m: Any) -> Any:
    m.utils.checkpoint.checkpoint(lambda a: a, m.ones(1), use_reentrant=True, context_fn=lambda: None)


@case
def _grad_of_the_older_way(m: Any) -> Any:
    x = _point(m)
    m.autograd.grad(m.utils.checkpoint.checkpoint(lambda a: a.exp(), x, use_reentrant=True).sum(), x)


@case
def _inputs_of_the_older_way(m: Any) -> Any:
    x = _point(m)
    m.utils.checkpoint.checkpoint(lambda a: a.exp(), x, use_reentrant=True).sum().backward(inputs=[x])


@case
def _nothing_to_differentiate(m: Any) -> Any:
    m.utils.checkpoint.checkpoint(lambda a: a.detach(), _point(m), use_reentrant=True).sum().backward()


@case
def _an_edited_argument(m: Any) -> Any:
    x = _point(m) * 1
    y = m.utils.checkpoint.checkpoint(lambda a: a.exp(), x, use_reentrant=False)
    x.add_(1)
    y.sum().backward()


def _changing(m: Any, *functions: Any, **options: Any) -> Any:
    each = iter(functions)
    y = m.utils.checkpoint.checkpoint(lambda a: next(each)(a), _point(m), use_reentrant=False, **options)
    y.sum().backward()


@case
def _fewer_saved(m: Any) -> Any:
    _changing(m, lambda a: a.exp() * a, lambda a: a.exp())


@case
def _more_saved(m: Any) -> Any:
    _changing(m, lambda a: a.exp(), lambda a: a.exp() * a, early_stop=False)


@case
def _others_saved(m: Any) -> Any:
    _changing(m, lambda a: a.exp(), lambda a: a.double().exp())


@case
def _others_saved_unchecked(m: Any) -> Any:
    _changing(m, lambda a: a.exp(), lambda a: (a * 2).exp(), determinism_check="none")


@case
def _detached(m: Any) -> Any:
    given = (_point(m), 3, m.ones(1))
    return [getattr(each, "requires_grad", each) for each in m.utils.checkpoint.detach_variable(given)]


@case
def _detached_list(m: Any) -> Any:
    m.utils.checkpoint.detach_variable([1])


@case
def _an_error_in_the_function(m: Any) -> Any:
    m.utils.checkpoint.checkpoint(lambda a: a @ m.ones(5), _point(m), use_reentrant=False)


class _Changes:
    """A function that runs a sine in every other call."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Any) -> Any:
        self.calls += 1
        y = x * x
        return (y.sin() * y).cos() if self.calls % 2 else y.cos()


@case
def _debug(m: Any) -> Any:
    checkpoint, debug_enabled = m.utils.checkpoint.checkpoint, m.utils.checkpoint.set_checkpoint_debug_enabled
    told: list[Any] = []
    for options in (
        {"use_reentrant": False, "debug": True},
        {"use_reentrant": False, "debug": False},
        {"use_reentrant": True, "debug": True},
        {"use_reentrant": True, "debug": False},
        {"use_reentrant": False, "debug": True, "context_fn": lambda: (m.no_grad(), m.no_grad())},
    ):
        for enabled in (None, True, False):
            x = _point(m)
            try:
                with debug_enabled(enabled):
                    y = checkpoint(_Changes(), x, **options)
                y.sum().backward()
                told.append([f"{each:.4g}" for each in x.grad.tolist()])
            except (RuntimeError, ValueError) as error:
                told.append((type(error).__name__, str(error).split("\n")[0], type(error.__cause__).__name__))
    return told


def outcome(m: Any, run: Case) -> Any:
    """What a case gives, or its error up to PyTorch's advice on its own options; and what it warns of."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            given = run(m)
        except (RuntimeError, ValueError) as error:
            given = type(error).__name__, str(error).partition("\nTip:")[0].rstrip()
    return given, [str(each.message) for each in warned]


@every_case("run", CASES.values())
def test_it_comes_to_the_same(run: Case) -> None:
    before = list(RECORDERS)
    assert outcome(autogradkit, run) == outcome(torch, run)
    assert before == RECORDERS


@pytest.mark.parametrize("reentrant", [False, True])
def test_nothing_of_the_first_run_is_kept(reentrant: bool) -> None:
    seen = []

    def function(a: Any) -> Any:
        b = a.exp()
        seen.append(weakref.ref(b))
        return b.sin()

    y = autogradkit.utils.checkpoint.checkpoint(function, _point(autogradkit), use_reentrant=reentrant)
    gc.collect()
    assert [each() for each in seen] == [None]
    y.sum().backward()
    del y
    gc.collect()
    assert [each() for each in seen] == [None, None]


def test_debug_lists_the_ops_of_both_runs() -> None:
    """Each with its line, and a mark at the first that differs."""
    y = autogradkit.utils.checkpoint.checkpoint(_Changes(), _point(autogradkit), use_reentrant=False, debug=True)
    with pytest.raises(RuntimeError, match="forward: 6") as caught:
        y.sum().backward()
    lines = str(caught.value).splitlines()
    first, second = lines.index("The first run: 4 ops"), lines.index("The second run: 2 ops")
    runs = [
        [each.partition("   ")[0] for each in part]
        for part in (lines[first + 1 : first + 5], lines[second + 1 : second + 3])
    ]
    same = "  $1: float32[2] = mul($0, $0)"
    assert runs == [
        [same, "> $2: float32[2] = sin($1)", "  $3: float32[2] = mul($2, $1)", "  $4: float32[2] = cos($3)"],
        [same, "> $2: float32[2] = cos($1)"],
    ]
    assert all(f"{__file__}:" in each for each in (*lines[first + 1 : first + 5], *lines[second + 1 : second + 3]))


def test_debug_goes_through_the_graph_twice() -> None:
    """Which PyTorch's contexts do not; each run is told anew."""
    x = _point(autogradkit)
    y = autogradkit.utils.checkpoint.checkpoint(lambda x: (x * x).sum(), x, use_reentrant=False, debug=True)
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2.0, -5.0]
    assert not RECORDERS
