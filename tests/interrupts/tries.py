"""`python -m tests.interrupts.tries [--tries 600]`: real signals at random times, here and in PyTorch: what they tear apart.

A timer strikes while one statement runs again and again; what was written and what autograd knows must then fit together.
"""

from __future__ import annotations

import argparse
import random
import signal
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch

import autogradkit

World = dict[str, Any]


def _view(m: Any) -> World:
    w = m.ones(3, requires_grad=True)
    base = w * 1
    return {"w": w, "base": base, "v": base[1:]}


def _fits(m: Any, world: World) -> bool:
    """Whether the values are those that the history gives: all of them w times the gradient."""
    world["base"].sum().backward()
    return world["w"].grad.tolist() == world["base"].tolist()


def _with_grad(m: Any) -> World:
    w = m.ones(3, requires_grad=True)
    w.grad = m.zeros(3)
    return {"w": w, "loss": (w * 2).sum(), "version": w.grad._version}


def _grad_fits(m: Any, world: World) -> bool:
    grad = world["w"].grad
    return grad.tolist() == [2.0 * (grad._version - world["version"])] * 3


def _optimizer(m: Any) -> World:
    p = m.nn.Parameter(m.ones(3))
    p.grad = m.ones(3)
    return {"p": p, "optimizer": m.optim.Adam([p], 0.1)}


def _step_fits(m: Any, world: World) -> bool:
    """Whether parameter and moments have seen equally many steps."""
    state = world["optimizer"].state.get(world["p"])
    steps = 0 if not state else int(state["step"])
    if state and "exp_avg" not in state:
        return False
    moment = 0.0 if not state else state["exp_avg"][0].item()
    return abs(world["p"][0].item() - (1 - 0.1 * steps)) < 0.01 and abs(moment - (1 - 0.9**steps)) < 1e-5


def _no_grad(m: Any, world: World) -> None:
    with m.no_grad():
        pass


CASES: dict[str, tuple[Callable[..., World], Callable[..., Any], Callable[..., bool]]] = {
    "v.mul_(3) of a view": (_view, lambda m, w: w["v"].mul_(3), _fits),
    "x.mul_(3)": (_view, lambda m, w: w["base"].mul_(3), _fits),
    "v[0] = 5 * w": (_view, lambda m, w: w["v"].__setitem__(0, w["w"][1] * 5), _fits),
    "backward into a .grad": (_with_grad, lambda m, w: w["loss"].backward(retain_graph=True), _grad_fits),
    "Adam's step": (_optimizer, lambda m, w: w["optimizer"].step(), _step_fits),
    "with no_grad()": (lambda m: {}, _no_grad, lambda m, world: m.is_grad_enabled()),
}


class Struck(KeyboardInterrupt):
    """What the timer raises."""


def _strike(number: int, frame: Any) -> None:
    raise Struck


def torn(m: Any, name: str, tries: int, seed: int) -> int:
    """How many of `tries` interrupts left something torn."""
    build, act, fits = CASES[name]
    stream, count = random.Random(f"{seed} {name}"), 0
    before = signal.signal(signal.SIGALRM, _strike)
    try:
        world = build(m)
        began = time.perf_counter()
        for _ in range(50):
            act(m, world)
        most = max(20 * (time.perf_counter() - began) / 50, 100e-6)
        for _ in range(tries):
            world = build(m)
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-6 + stream.random() * most)
                while True:
                    act(m, world)
            except Struck:
                pass
            count += not fits(m, world)
            m.set_grad_enabled(True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return count


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"torn of {given.tries}, seed {given.seed}: autogradkit, PyTorch")
    for each in CASES:
        print(f"{each:24}", *(torn(m, each, given.tries, given.seed) for m in (autogradkit, torch)), flush=True)
