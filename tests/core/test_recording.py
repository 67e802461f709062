"""Who hears what runs: a recorder rests while an op that it will be told of runs, and other threads are not heeded."""

from __future__ import annotations

import threading
from typing import Any, ClassVar

import pytest

import autogradkit as torch
from autogradkit.core.recording import RECORDERS, Recorder, heeded, unheard


class Ops(Recorder):
    """Notes the names of ops."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def op(self, *event: Any) -> None:
        self.heard.append(event[0].name)

    def op_failed(self, *event: Any) -> None:
        self.heard.append(f"{event[0].name} failed")


class Probe(torch.autograd.Function):
    """A custom op that looks at who would hear what it calls."""

    seen: ClassVar[list[list[Recorder]]] = []

    @staticmethod
    def forward(ctx: Any, x: Any, during: Any) -> Any:
        Probe.seen.append(list(RECORDERS))
        if during is not None:
            during()
        return x * 2


@pytest.fixture
def ops() -> Any:
    made = Ops()
    made.begin()
    yield made
    made.end()
    assert RECORDERS == []


def test_what_an_op_calls_is_run_as_if_nobody_recorded(ops: Ops) -> None:
    Probe.seen.clear()
    Probe.apply(torch.ones(2), None)
    torch.add(torch.ones(2), 1)
    assert Probe.seen == [[]]
    assert ops.heard == ["ones", "Probe", "ones", "add"]


def test_a_recorder_hears_again_after_an_op_that_failed(ops: Ops) -> None:
    with pytest.raises(RuntimeError):
        torch.add(torch.ones(2), torch.ones(3))
    torch.ones(2)
    assert ops.heard == ["ones", "ones", "add failed", "ones"]


def test_a_recorder_that_is_stopped_while_it_rests_stays_stopped(ops: Ops) -> None:
    Probe.apply(torch.ones(2), ops.end)
    torch.ones(2)
    assert RECORDERS == []
    assert ops.heard == ["ones", "Probe"]


def test_a_trace_inside_an_op_that_is_traced_is_its_own(ops: Ops) -> None:
    inner = Ops()

    def during() -> None:
        inner.begin()
        torch.zeros(2)
        inner.end()

    Probe.apply(torch.ones(2), during)
    torch.zeros(2)
    assert inner.heard == ["zeros"]
    assert ops.heard == ["ones", "Probe", "zeros"]


def test_reasons_to_rest_add_up(ops: Ops) -> None:
    with unheard(), unheard():
        torch.ones(2)
    torch.zeros(2)
    assert ops.heard == ["zeros"]


def test_only_the_thread_that_is_recorded_is_heeded(ops: Ops) -> None:
    found: list[Any] = []

    def elsewhere() -> None:
        found.append(heeded())
        layer = torch.nn.Linear(2, 1)
        layer(torch.ones(1, 2)).sum().backward()
        found.append(layer.weight.grad)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert heeded()
    assert ops.heard == []
    assert found[0] is False
    assert found[1].tolist() == [[1.0, 1.0]]
