"""Backward through random graphs against PyTorch: order of nodes, gradients and their strides, errors, memory.

Each graph is a few lines of code that both run, made from a seed; several roots, repeated backward, hooks, retained
gradients and `inputs=` are drawn too.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import autogradkit
from tests.every_case import every_case

STEPS = """
{x} + {y}; {x} * {y}; {x} - {y}; {x} * 0.5; {x} @ {y}; {x}.t(); {x}.tanh(); {x}.sigmoid(); {x} / ({y} * {y} + 1)
{x}.sum(0, keepdim=True).expand(3, 3); {x}.mean(1, keepdim=True) * {y}; {x}.max(1)[0] + {y}; {x}.unbind()[1] + {y}
{x}.clone(); {x}.reshape(9).view(3, 3); {x}[[2, 0, 0]]; t.cat([{x}[:1], {y}[1:]]); t.where({x} > 0, {x}, {y})
t.stack([{x}.diagonal(), {y}[0], {y}[:, 1]]); {x}.transpose(0, 1) + {x}; -{x}; {x}.unbind()[0].expand(3, 3)
{x}.clone().mul_({y}); {x}.clone().add_(1)[1:].sum(0) + {y}; edited({x}, {y}); {x}.float().double(); {x}.split(1)[2] * {y}
{x}.flip(0); {x}.sum() * {y}; {x}.exp() * 0.1; {x}.masked_fill({y} > 0.5, 0.25); {x}.cumsum(0); {x}
"""
STEPS = [each.strip() for each in STEPS.replace("\n", ";").split(";") if each.strip()]


def edited(x: Any, y: Any) -> Any:
    """Part of a result replaced in place, seen through a view that was made before."""
    whole = x * 1
    view = whole[1:]
    whole[2].mul_(y[0])
    return view.sum(0) * whole


def program(seed: int) -> tuple[list[str], dict[str, Any]]:
    """Lines that each make one tensor, and what is done with their graph."""
    rng = random.Random(seed)
    names, lines = ["a", "b", "c"], []
    for number in range(rng.randint(2, 14)):
        x, y = (rng.choice((*names, names[-1])) for _ in range(2))
        lines.append(f"r{number} = {rng.choice(STEPS).format(x=x, y=y)}")
        names.append(f"r{number}")
    results = names[3:]
    plan = {
        "roots": [results[-1], *rng.sample(results, rng.choice((0, 0, 0, 1, 2)) % len(results))],
        "hooks": rng.sample(results, len(results)) if rng.random() < 0.5 else [],
        "leaf hooks": rng.random() < 0.3,
        "retained": rng.sample(results, rng.choice((0, 0, 1, 2)) % len(results)),
        "times": rng.choice((1, 1, 2, 3)),
        "inputs": rng.choice((None, None, None, ["a"], ["b", results[-1]])),
    }
    return lines, plan


def run_program(t: Any, seed: int) -> dict[str, Any]:
    lines, plan = program(seed)
    numbers = np.random.default_rng(seed)
    make = torch.from_numpy if t is torch else autogradkit.from_numpy
    names: dict[str, Any] = {"t": t, "edited": edited}
    for index, name in enumerate("abc"):
        values = make(numbers.normal(size=(3, 3)))
        names[name] = (values.t() if index == 1 else values).requires_grad_(index < 2 or seed % 3 == 0)
    given = [make(numbers.normal(size=(3, 3))).t() for _ in plan["roots"]]
    log: list[Any] = []
    held: list[Any] = []

    def noting(name: str) -> Callable[[Any], None]:
        def hook(gradient: Any) -> None:
            log.append(name)
            held.append(gradient)

        return hook

    for line in lines:
        exec(line, names)
    for name in plan["hooks"]:
        if names[name].requires_grad and names[name].grad_fn is not None:
            names[name].register_hook(noting(name))
    if plan["leaf hooks"]:
        for name in "ab":
            names[name].register_hook(noting(name))
    for name in plan["retained"]:
        if names[name].requires_grad:
            names[name].retain_grad()
    error = None
    try:
        for turn in range(plan["times"]):
            inputs = plan["inputs"] and [names[name] for name in plan["inputs"]]
            roots = [names[name] for name in plan["roots"]]
            t.autograd.backward(roots, given, retain_graph=turn + 1 < plan["times"], inputs=inputs)
    except RuntimeError as caught:
        error = str(caught)
    # Leaves that one node feeds are done in an order that PyTorch leaves open.
    order = [
        each
        for is_leaf, group in itertools.groupby(log, key=lambda name: name in ("a", "b"))
        for each in (sorted(group) if is_leaf else group)
    ]
    kept = {
        name: names[name].grad for name in ("a", "b", "c", *plan["retained"]) if name in "abc" or names[name].grad_fn
    }
    return {"error": error, "order": order, "held": held, "grads": kept, "given": given}


@every_case("seed", range(300))
def test_random_graphs(seed: int) -> None:
    print("seed", seed, *program(seed)[0], program(seed)[1], sep="\n")
    ours, theirs = run_program(autogradkit, seed), run_program(torch, seed)
    assert ours["error"] == theirs["error"]
    assert ours["order"] == theirs["order"]
    for name, gradient in theirs["grads"].items():
        mine = ours["grads"][name]
        assert (mine is None) == (gradient is None), name
        if gradient is not None:
            np.testing.assert_allclose(mine.numpy(), gradient.numpy(), rtol=1e-9, atol=1e-12, err_msg=name)
            assert tuple(mine.stride()) == gradient.stride(), name
    # A `.grad` shares memory with no other, with nothing that was given, and with nothing that a hook was called with.
    kept = [gradient.numpy() for gradient in ours["grads"].values() if gradient is not None]
    others = [each.numpy() for each in (*ours["held"], *ours["given"])]
    for index, array in enumerate(kept):
        assert not any(np.shares_memory(array, other) for other in (*kept[:index], *others))
