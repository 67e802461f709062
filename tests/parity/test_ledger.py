"""The log of gradients over random programs: what it lists adds up, and to what PyTorch has."""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any

import numpy as np
import torch

import autogradkit as ak
from autogradkit.tracing.grad_history import GradHistory
from autogradkit.tracing.watch import GradLog
from tests.every_case import every_case

SHAPES = [(), (3,), (2, 3), (9, 11)]
STEPS = [
    "backward",
    "backward",
    "backward",
    "zeros",
    "none",
    "to_zeros",
    "to_none",
    "mul",
    "set",
    "item",
    "numpy",
    "data",
]


def halve(tensor: Any) -> None:
    """A hook that edits what was just accumulated."""
    tensor.grad.mul_(0.5)


class Program:
    """One tensor and what is done to it, for PyTorch and for ours alike."""

    def __init__(self, m: ModuleType, seed: int) -> None:
        self.m = m
        self.random = random.Random(seed)
        shape = self.random.choice(SHAPES)
        self.w = m.ones(shape, dtype=getattr(m, self.random.choice(["float32", "float64"])), requires_grad=True)
        if self.random.random() < 0.5:
            factor = self.random.choice([0.5, -3.0])
            self.w.register_hook(lambda grad: grad * factor)
        if self.random.random() < 0.2:
            self.w.register_post_accumulate_grad_hook(halve)
        self.optimizer = m.optim.SGD([self.w], lr=0.1)

    def numbers(self) -> Any:
        values = [self.random.uniform(-4, 4) for _ in range(self.w.numel())]
        return self.m.tensor(np.array(values).reshape(tuple(self.w.shape)).tolist(), dtype=self.w.dtype)

    def step(self, what: str) -> None:
        w = self.w
        if what == "backward":
            (w * self.numbers()).sum().backward()
        elif what == "none":
            w.grad = None
        elif what == "to_none":
            self.optimizer.zero_grad()
        elif what == "to_zeros":
            self.optimizer.zero_grad(set_to_none=False)
        elif what == "set":
            w.grad = self.numbers()
        elif w.grad is None:
            return
        elif what == "zeros":
            w.grad.zero_()
        elif what == "mul":
            w.grad.mul_(1.5)
        elif what == "item":
            w.grad.view(-1)[0] = 7.0
        elif what == "numpy":
            w.grad.numpy()[...] += 1
        else:
            w.grad.data.neg_()


def adds_up(history: GradHistory) -> None:
    """Recompute every `.grad` from the one before it and what is listed, in the tensor's own dtype."""
    now: np.ndarray[Any, Any] | None = None
    for entry in history.entries:
        after = None if entry.after is None else np.array(entry.after, history.dtype)
        if entry.what == "backward":
            added = np.array(entry.added, history.dtype)
            now = added if now is None else now + added
            assert after is not None
            assert np.array_equal(now, after)
        now = after


@every_case("seed", range(60))
def test_what_is_listed_adds_up_to_what_pytorch_has(seed: int) -> None:
    print("seed", seed)
    ours, theirs = Program(ak, seed), Program(torch, seed)
    steps = random.Random(-seed).choices(STEPS, k=12)
    log = GradLog()
    log.listen()
    try:
        hidden = False  # NumPy wrote since the last event: that is found only by comparing
        for step in steps:
            before = len(log.history(ours.w).entries) - hidden
            had = ours.w.grad is not None
            ours.step(step)
            theirs.step(step)
            history = log.history(ours.w)
            adds_up(history)
            last = history.entries[-1].after if history.entries else None
            grad = theirs.w.grad
            assert (last is None) == (grad is None)
            if grad is not None and grad.numel() <= 64:
                assert last == tuple(grad.double().reshape(-1).tolist())
            heard = [entry.what for entry in history.entries[before:] if entry.what != "unseen"]
            assert bool(heard) == ((had and step != "numpy") or step in ("backward", "set"))
            assert ("backward" in heard) == (step == "backward")
            hidden = history.entries[-1:] != () and history.entries[-1].what == "unseen"
            assert hidden == (had and step == "numpy")
    finally:
        log.stop()
