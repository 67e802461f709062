"""Recorders hear when a module begins and ends, also when it fails."""

from __future__ import annotations

from typing import Any

import pytest

import autogradkit as torch
from autogradkit.core.recording import RECORDERS, Recorder


class Listener(Recorder):
    """Notes the modules entered and left; ops are of no interest here."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, str]] = []

    def module_enter(self, module: Any) -> None:
        self.heard.append(("enter", type(module).__name__))

    def module_exit(self, module: Any) -> None:
        self.heard.append(("exit", type(module).__name__))


@pytest.fixture
def listener() -> Any:
    made = Listener()
    RECORDERS.append(made)
    yield made
    RECORDERS.remove(made)


def test_modules_are_reported_with_their_nesting(listener: Listener) -> None:
    torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())(torch.ones(1, 2))
    assert listener.heard == [
        ("enter", "Sequential"),
        ("enter", "Linear"),
        ("exit", "Linear"),
        ("enter", "ReLU"),
        ("exit", "ReLU"),
        ("exit", "Sequential"),
    ]


def test_a_module_that_raises_is_left_all_the_same(listener: Listener) -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
        torch.nn.Sequential(torch.nn.Linear(2, 3))(torch.ones(1, 5))
    assert [kind for kind, _ in listener.heard] == ["enter", "enter", "exit", "exit"]


def test_an_optimizer_step_is_reported_as_one_edit_for_each_parameter() -> None:
    edits: list[str] = []

    class Edits(Listener):
        def op(self, *event: Any) -> None:
            edits.append(f"{event[0].name} {event[1]}")

    layer = torch.nn.Linear(2, 1)
    layer(torch.ones(1, 2)).sum().backward()
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    made = Edits()
    RECORDERS.append(made)
    try:
        optimizer.step()
    finally:
        RECORDERS.remove(made)
    assert edits == ["sgd inplace", "sgd inplace"]
