"""Threads that build graphs and run backward at once: sums into shared leaves are whole, modes and recordings a thread's own."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import autogradkit as torch
from autogradkit.core.recording import RECORDERS
from autogradkit.engine.modes import NO_GRAD

THREADS = 4
TIMES = 150


@pytest.fixture(autouse=True)
def _switching_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def _at_once(work: Callable[[int], Any]) -> None:
    """Run `work` in several threads that begin together; what one of them raises is raised here."""
    start = threading.Barrier(THREADS)
    raised: list[BaseException] = []

    def run(number: int) -> None:
        try:
            start.wait()
            work(number)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


def _plain(leaf: Any) -> dict[str, Any]:
    return {}


def _with_a_grad(leaf: Any) -> dict[str, Any]:
    leaf.grad = torch.zeros(3)
    return {}


def _hooked(leaf: Any) -> dict[str, Any]:
    leaf.register_hook(lambda gradient: gradient * 1)
    leaf.register_post_accumulate_grad_hook(lambda leaf: None)
    return {}


def _in_the_graph(leaf: Any) -> dict[str, Any]:
    return {"create_graph": True}


def _wanted(leaf: Any) -> dict[str, Any]:
    return {"inputs": [leaf]}


@pytest.mark.parametrize("prepare", [_plain, _with_a_grad, _hooked, _in_the_graph, _wanted])
def test_gradients_of_a_shared_leaf_add_up(prepare: Callable[[Any], dict[str, Any]]) -> None:
    leaf = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    options = prepare(leaf)

    def work(number: int) -> None:
        for _ in range(TIMES):
            (leaf * (number + 1)).sum().backward(**options)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a graph that refers to itself
        _at_once(work)
    assert leaf.grad is not None
    assert leaf.grad.tolist() == [float(TIMES * sum(range(1, THREADS + 1)))] * 3


def test_a_shared_graph_may_run_in_several_threads() -> None:
    leaf = torch.tensor([1.0, 2.0], requires_grad=True)
    middle = leaf * 2
    middle.retain_grad()
    end = (middle * middle).sum()
    _at_once(lambda number: [end.backward(retain_graph=True) for _ in range(TIMES)])
    assert leaf.grad is not None
    assert leaf.grad.tolist() == [8.0 * THREADS * TIMES, 16.0 * THREADS * TIMES]
    assert middle.grad is not None
    assert middle.grad.tolist() == [4.0 * THREADS * TIMES, 8.0 * THREADS * TIMES]


def test_modes_are_a_threads_own() -> None:
    x = torch.ones(2, requires_grad=True)

    def work(number: int) -> None:
        for _ in range(TIMES):
            if number == 0:
                with torch.no_grad():
                    assert not (x * 2).requires_grad
            elif number == 1:
                with torch.inference_mode():
                    assert (x * 2).is_inference()
            elif number == 2:
                with torch.autograd.set_detect_anomaly(True), torch.autograd.graph.saved_tensors_hooks(abs, abs):
                    (x * x).sum().backward()
            else:
                y = x * 2
                assert y.requires_grad
                assert not y.is_inference()
                assert torch.is_grad_enabled()
                assert not torch.autograd.is_anomaly_enabled()

    _at_once(work)
    assert RECORDERS == []
    assert NO_GRAD == {}


def test_a_recording_hears_its_own_thread_alone() -> None:
    heard: list[int] = []

    def work(number: int) -> None:
        x = torch.ones(2, requires_grad=True)
        for _ in range(20):
            if number == 0:
                with torch.record() as trace:
                    (x * 3).sum().backward()
                heard.append(sum(type(event).__name__ == "Op" for event in trace.events))
            else:
                (x * 2 + 1).exp().sum().backward()

    _at_once(work)
    assert heard == [2] * 20
    assert RECORDERS == []


def test_a_hook_on_several_gradients_tells_runs_apart() -> None:
    x = torch.ones(1, requires_grad=True)
    y = torch.ones(1, requires_grad=True)
    told: list[list[float]] = []
    torch.autograd.graph.register_multi_grad_hook((x, y), lambda found: told.append([each.item() for each in found]))

    def work(number: int) -> None:
        for _ in range(20):
            (x * number + y * (10 + number)).backward()

    _at_once(work)
    assert sorted(told) == sorted([float(number), 10.0 + number] for number in range(THREADS) for _ in range(20))
