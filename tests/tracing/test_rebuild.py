"""A graph that exists already, rebuilt: what is known of it, and what is not."""

from __future__ import annotations

from typing import Any

import autogradkit as torch
from autogradkit.tracing.rebuild import recording_of
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.graph.telling.text import graph_text


def text(root: Any, **names: Any) -> str:
    recording = recording_of(root, names)
    return graph_text(build(recording), recording)


def test_an_operand_that_was_not_kept_has_its_place() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x + 5
    assert "add(x, ?) → y = [6., 7.]" in text(y, x=x, y=y)
    assert "? stands for an operand that no node has kept." in text(y, x=x, y=y)
    z = x * 3
    assert "mul(x, other=3) → z" in text(z, x=x, z=z)
    assert "?" not in text(z, x=x, z=z)


def test_what_was_asked_of_an_op_is_told() -> None:
    x = torch.ones(2, 3, requires_grad=True)
    y = x.sum(1, keepdim=True)
    assert "sum(x, dim=1, keepdim=True) → y" in text(y, x=x, y=y)


def test_a_tensor_that_a_name_stands_for_is_shown_with_its_value() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (x + 1).sum()
    twice = loss * 2
    assert "→ loss = 5." in text(twice, x=x, loss=loss, twice=twice)
    assert "value not kept" in text(twice, x=x, twice=twice)


def test_a_tensor_edited_since_is_said_to_be_as_it_is_now() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1 + x
    with torch.no_grad():
        x.add_(1)
    assert "x is drawn as it is now: it was edited in place, maybe after this graph was made." in text(y, x=x, y=y)
    z = x * x  # saved with the version that it has
    assert "as it is now" not in text(z, x=x, z=z)
