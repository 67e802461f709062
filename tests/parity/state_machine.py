"""A state machine over tensors of both libraries: ops, views, edits, modes, hooks and backward in any order, compared after each.

`Machine` is Hypothesis's: it draws the steps, and where the libraries part it finds the shortest way there. PyTorch is the
model; inference mode has tests of its own. Asking a tensor for its node renews a stale view, so looking is a step of its own;
what every step compares asks nothing.

    python -m tests.parity.state_machine --steps 20000 --seed 1
"""

from __future__ import annotations

import argparse
import contextlib
import warnings
from collections.abc import Callable
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import torch
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import autogradkit

MOST = 8  # tensors at a time
STEPS = 40  # of one run

OPS: dict[str, Callable[..., Any]] = {
    "add": lambda m, x, y: x + y,
    "mul": lambda m, x, y: x * y,
    "sub": lambda m, x, y: x - y * 0.5,
    "tanh": lambda m, x, y: x.tanh(),
    "sin": lambda m, x, y: x.sin(),
    "exp": lambda m, x, y: (x * 0.1).exp(),
    "clone": lambda m, x, y: x.clone(),
    "relu": lambda m, x, y: x.relu(),
    "sum": lambda m, x, y: x.sum(),
    "sum rows": lambda m, x, y: x.sum(0),
    "max": lambda m, x, y: x.amax(0),
    "where": lambda m, x, y: m.where(x > 0, x, y),
    "contiguous": lambda m, x, y: x.contiguous(),
    "stack": lambda m, x, y: m.stack([x, y])[1],
}
VIEWS: dict[str, Callable[..., Any]] = {
    "all": lambda x: x[...],
    "first": lambda x: x[0],
    "rest": lambda x: x[1:],
    "columns": lambda x: x[:, 1:],
    "turned": lambda x: x.t(),
    "flat": lambda x: x.view(-1),
    "viewed": lambda x: x.view_as(x),
    "one of several": lambda x: x.unbind()[1],
    "part": lambda x: x.split(1)[0],
    "expanded": lambda x: x.expand(2, 2, 3),
    "diagonal": lambda x: x.diagonal(),
    "detached": lambda x: x.detach(),
    "data": lambda x: x.data,
    "unsqueezed": lambda x: x.unsqueeze(0),
}
EDITS: dict[str, Callable[..., Any]] = {
    "add": lambda m, x, y: x.add_(y),
    "mul": lambda m, x, y: x.mul_(y),
    "number": lambda m, x, y: x.mul_(0.5),
    "tanh": lambda m, x, y: x.tanh_(),
    "zero": lambda m, x, y: x.zero_(),
    "fill": lambda m, x, y: x.fill_(0.25),
    "copy": lambda m, x, y: x.copy_(y),
    "item": lambda m, x, y: x.__setitem__(0, 0.5),
    "items": lambda m, x, y: x.__setitem__(slice(1, None), y),
    "turn": lambda m, x, y: x.t_(),
    "detach": lambda m, x, y: x.detach_(),
    "data": lambda m, x, y: x.data.mul_(0.5),
    "out": lambda m, x, y: m.sin(y, out=x) if x.shape == y.shape else None,
}
MODES: dict[str, Callable[..., Any]] = {
    "no_grad": lambda m: m.no_grad(),
    "enable_grad": lambda m: m.enable_grad(),
    "set": lambda m: m.set_grad_enabled(False),
}
PLACES = st.integers(0, MOST - 1)


def _outcome(call: Callable[[], Any]) -> Any:
    """What a call gives, or the type and first line of what it raises."""
    try:
        return call()
    except Exception as error:
        return type(error).__name__, (str(error).splitlines() or [""])[0]


def _numbers(tensor: Any) -> np.ndarray[Any, Any]:
    array = tensor._array if isinstance(tensor, autogradkit.Tensor) else tensor.detach().numpy()
    return np.array(array)


def _version(tensor: Any) -> Any:
    return _outcome(lambda: tensor._version)


class Machine(RuleBasedStateMachine):
    """Both libraries side by side: `pairs` of a tensor of ours and one of theirs."""

    steps = 0  # of all runs

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[tuple[Any, Any]] = []
        self.modes: list[tuple[Any, Any]] = []
        self.count = 0
        # The grad mode is a thread's own, and a run begins with what PyTorch has at first.
        self.ended = contextlib.ExitStack()
        self.ended.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")

    def teardown(self) -> None:
        while self.modes:
            self._leave()
        self.ended.close()

    # -- helpers -------------------------------------------------------------------------------------------------------

    def at(self, place: int) -> tuple[Any, Any]:
        return self.pairs[place % len(self.pairs)]

    def both(self, call: Callable[..., Any], *pairs: tuple[Any, Any]) -> tuple[Any, Any]:
        """What a call gives in both libraries: the same error, or two results."""
        ours = _outcome(lambda: call(autogradkit, *[pair[0] for pair in pairs]))
        theirs = _outcome(lambda: call(torch, *[pair[1] for pair in pairs]))
        if isinstance(theirs, tuple) or isinstance(ours, tuple):
            assert ours == theirs
        return ours, theirs

    def keep(self, results: tuple[Any, Any]) -> None:
        """Keep two tensors, in the place of older ones where there are many."""
        ours, theirs = results
        if isinstance(theirs, torch.Tensor):
            same = [one for one, other in self.pairs if other is theirs]
            if same:
                assert ours is same[0]
                return
            if len(self.pairs) == MOST:
                del self.pairs[self.count % MOST]
            self.pairs.append((ours, theirs))

    def _leave(self) -> None:
        ours, theirs = self.modes.pop()
        ours.__exit__(None, None, None)
        theirs.__exit__(None, None, None)

    # -- steps ---------------------------------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        self.leaf(True)
        self.leaf(False)

    @rule(requires_grad=st.booleans())
    def leaf(self, requires_grad: bool) -> None:
        self.count += 1
        numbers = np.sin(np.arange(6.0) + self.count).reshape(2, 3)
        self.keep(self.both(lambda m: m.tensor(numbers.tolist(), dtype=m.float64, requires_grad=requires_grad)))

    @rule(op=st.sampled_from(sorted(OPS)), x=PLACES, y=PLACES)
    def op(self, op: str, x: int, y: int) -> None:
        self.keep(self.both(lambda m, x, y: OPS[op](m, x, y), self.at(x), self.at(y)))

    @rule(view=st.sampled_from(sorted(VIEWS)), x=PLACES)
    def view(self, view: str, x: int) -> None:
        self.keep(self.both(lambda m, x: VIEWS[view](x), self.at(x)))

    @rule(edit=st.sampled_from(sorted(EDITS)), x=PLACES, y=PLACES)
    def edit(self, edit: str, x: int, y: int) -> None:
        # PyTorch 2.13 loses track of what is retained, and breaks down
        if edit == "turn" and self.at(x)[1].retains_grad:
            return
        self.keep(self.both(lambda m, x, y: EDITS[edit](m, x, y), self.at(x), self.at(y)))

    @precondition(lambda self: len(self.modes) < 3)
    @rule(mode=st.sampled_from(sorted(MODES)))
    def enter(self, mode: str) -> None:
        ours, theirs = MODES[mode](autogradkit), MODES[mode](torch)
        ours.__enter__()
        theirs.__enter__()
        self.modes.append((ours, theirs))

    @precondition(lambda self: self.modes)
    @rule()
    def leave(self) -> None:
        self._leave()

    @rule(x=PLACES, flag=st.booleans(), assigned=st.booleans())
    def require(self, x: int, flag: bool, assigned: bool) -> None:
        if assigned:
            self.both(lambda m, x: setattr(x, "requires_grad", flag), self.at(x))
        else:
            self.both(lambda m, x: x.requires_grad_(flag), self.at(x))

    @rule(x=PLACES)
    def retain(self, x: int) -> None:
        self.both(lambda m, x: x.retain_grad(), self.at(x))

    @rule(x=PLACES, factor=st.sampled_from((2.0, -1.0)))
    def hook(self, x: int, factor: float) -> None:
        if self.at(x)[1]._is_view():  # PyTorch 2.13 breaks down at some of them
            return
        self.both(lambda m, x: x.register_hook(lambda gradient: gradient * factor).id and None, self.at(x))

    @rule(x=PLACES, value=st.sampled_from(("none", "zeros", "own", "edited")))
    def assign(self, x: int, value: str) -> None:
        def act(m: Any, x: Any) -> None:
            if value == "edited":
                x.grad.mul_(2)
            else:
                x.grad = {"none": lambda: None, "zeros": lambda: m.zeros_like(x), "own": lambda: x.detach().clone()}[
                    value
                ]()

        self.both(act, self.at(x))

    @rule(x=PLACES, retain=st.booleans(), create=st.sampled_from((False, False, True)), wanted=st.none() | PLACES)
    def backward(self, x: int, retain: bool, create: bool, wanted: int | None) -> None:
        pairs = [self.at(x)] if wanted is None else [self.at(x), self.at(wanted)]

        def run(m: Any, x: Any, *inputs: Any) -> None:
            m.autograd.backward(x, m.ones_like(x), retain or create, create, inputs=inputs or None)

        self.both(run, *pairs)

    @rule(x=PLACES, y=PLACES, create=st.booleans(), unused=st.booleans())
    def grad(self, x: int, y: int, create: bool, unused: bool) -> None:
        def run(m: Any, x: Any, y: Any) -> Any:
            found = m.autograd.grad(x, y, m.ones_like(x), create_graph=create, retain_graph=True, allow_unused=unused)
            return found[0]

        ours, theirs = self.both(run, self.at(x), self.at(y))
        if isinstance(theirs, torch.Tensor) and theirs._is_view() and theirs.grad_fn is None:
            # PyTorch's backward made it as a view, which may not be edited; here it is a tensor of its own (PARITY.md).
            ours, theirs = ours.clone(), theirs.clone()
        self.keep((ours, theirs))

    @rule(x=PLACES)
    def drop(self, x: int) -> None:
        if len(self.pairs) > 2:
            del self.pairs[x % len(self.pairs)]

    @rule(x=PLACES)
    def look(self, x: int) -> None:
        """Everything that can be asked of a tensor, which renews its node."""

        def facts(m: Any, x: Any) -> list[Any]:
            node = x.grad_fn
            return [
                node and node.name(),
                node and [(each and each.name(), number) for each, number in node.next_functions],
                x.is_leaf,
                x.requires_grad,
                x.output_nr,
                x.retains_grad,
                x._is_view(),
            ]

        self.both(facts, self.at(x))
        ours, theirs = _outcome(lambda: facts(None, self.at(x)[0])), _outcome(lambda: facts(None, self.at(x)[1]))
        assert ours == theirs

    # -- what holds after each -----------------------------------------------------------------------------------------

    @invariant()
    def same(self) -> None:
        Machine.steps += 1
        assert autogradkit.is_grad_enabled() == torch.is_grad_enabled()
        for place, (ours, theirs) in enumerate(self.pairs):
            where = f"tensor {place}"
            assert tuple(ours.shape) == tuple(theirs.shape), where
            assert ours.stride() == theirs.stride(), where
            assert _version(ours) == _version(theirs), where
            np.testing.assert_allclose(_numbers(ours), _numbers(theirs), rtol=1e-9, atol=1e-12, err_msg=where)
            one, other = ours.grad, theirs.grad
            assert (one is None) == (other is None), f"{where}.grad"
            if other is not None:
                np.testing.assert_allclose(
                    _numbers(one), _numbers(other), rtol=1e-9, atol=1e-12, err_msg=f"{where}.grad"
                )
                assert one.stride() == other.stride(), f"{where}.grad"
                assert one.requires_grad == other.requires_grad, f"{where}.grad"
                assert _version(one) == _version(other), f"{where}.grad"


def run(runs: int, seed: int, steps: int = STEPS, shrinks: bool = True) -> None:
    """So many runs of the machine; raises where the libraries part, with the shortest way there."""
    machine: Any = hypothesis.seed(seed)(Machine)
    settings = hypothesis.settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        phases=[hypothesis.Phase.generate, *([hypothesis.Phase.shrink] if shrinks else [])],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(machine, settings=settings)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--as-found", action="store_true", help="do not look for a shorter way to what was found")
    given = parser.parse_args()
    run(given.steps // STEPS, given.seed, shrinks=not given.as_found)
    print(f"{Machine.steps} steps, seed {given.seed}: the same")
