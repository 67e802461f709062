"""Pictures of random programs are true: see `drawn`. 10,000 of them take ten minutes: `python -m tests.parity.drawn`."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from .drawn.bindings import names
from .drawn.programs import Program, program
from .drawn.runs import execute, record
from .drawn.truth import falsities, gradients, operations, sources

PROGRAMS = 160
FIRST = 20_000


@pytest.mark.parametrize("seed", range(FIRST, FIRST + PROGRAMS))
def test_the_picture_of_a_random_program_is_true(seed: int) -> None:
    made = program(seed)
    print(f"seed {seed}\n{made.before}\n---\n{made.cell}")
    assert not falsities(made)


def test_what_is_false_is_found() -> None:
    made = Program(0, "y = w * x\nz = y + 1\nz.sum().backward()")
    space, _ = execute(made, torch)
    run = record(made)
    assert not [*operations(run), *sources(run), *gradients(space)(run), *names(made)(run)]
    value = next(value for value in run.trace.values.values() if value.name == "y")
    run.trace.values[value.id] = dataclasses.replace(value, name="x")
    assert {falsity.kind for falsity in names(made)(run)} == {"name"}
    link = next(link for link in run.graph.links if run.graph.labels[link.value] == "w")
    link.grads.clear()
    assert {falsity.kind for falsity in gradients(space)(run)} == {"arrows"}
    run.graph.links.remove(link)
    assert "edge missing" in {falsity.kind for falsity in operations(run)}
    numbers = dataclasses.replace(value.numbers, data=(9.0, 9.0, 9.0))
    run.trace.values[value.id] = dataclasses.replace(value, numbers=numbers)
    assert "recompute" in {falsity.kind for falsity in operations(run)}
