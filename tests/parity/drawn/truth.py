"""Whether the picture of a program is true, told by PyTorch and by Python, not by the recorder.

PyTorch runs the same program, gives values, gradients and leaves, and, with one tensor at a time changed beforehand, what
has influenced what. `bindings` sees to names and turns. `python -m tests.parity.drawn` runs many programs.
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import torch

import autogradkit
from autogradkit.tracing.events import Numbers, Op
from autogradkit.tracing.render.graph.structure.model import is_maker

from .bindings import names
from .programs import Program, program
from .recompute import elements, operations, spelling
from .runs import Falsity, Run, before, close, execute, is_at_a_kink, is_rounding, reachable, record, tensor_of


def falsities_of(seed: int) -> list[Falsity]:
    """All that is false in the picture of the program of a seed."""
    return falsities(program(seed))


def falsities(program: Program) -> list[Falsity]:
    """All that is false in the picture of a program. What is warned of is no matter of the picture."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _falsities(program)


def _falsities(program: Program) -> list[Falsity]:
    space, error = execute(program, torch)
    run = record(program)
    if (error is None) != (run.error is None):
        return [Falsity("behaviour", f"PyTorch raised {error!r}, autogradkit {run.error!r}")]
    checks = [
        lambda run: operations(run, space),
        spelling,
        elements,
        sources,
        leaves(space),
        values(program, space),
        names(program),
    ]
    if error is None:
        checks += [gradients(program, space), influence(program, space)]
    return [falsity for check in checks for falsity in check(run)]


# -- where boxes come from ---------------------------------------------------------------------------------------------


def sources(run: Run) -> Iterator[Falsity]:
    """A box that nothing leads to was there before the cell, as it is drawn, or was made in the cell."""
    led_to = {link.head for link in run.graph.links}
    made = {out for e in run.trace.events if isinstance(e, Op) and is_maker(e) for out in e.outputs}
    there = {run.number(tensor): copy for tensor, copy in run.before.values()}
    said = " ".join(run.graph.left_out)
    for item in run.graph.items.values():
        value = item.value
        if item.kind != "tensor" or value is None or item.key in led_to or value.id in made:
            continue
        label = run.graph.labels[value.id]
        copy = there.get(value.tensor)
        if copy is None:
            seed = label == "∂ seed" and value.numbers.low == value.numbers.high == 1
            constructed = value.is_parameter  # by a layer's class in the cell
            if not (seed or constructed or mentions(said, label)):
                yield Falsity("from nowhere", f"{label} = {value.numbers.printed}")
        elif value.numbers.data is not None:
            same = close(tensor_of(run.trace, value.id), torch.tensor(copy.tolist()))
            if not same and not mentions(said, label):
                yield Falsity("not as before", f"{label}: drawn {value.numbers.printed}, was {copy.tolist()}")


def mentions(said: str, label: str) -> bool:
    """Whether sentences speak of what a label names."""
    name = label.partition(" (turn")[0]
    return re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.]\w)", said) is not None


# -- leaves, gradients -------------------------------------------------------------------------------------------------


def leaves(space: dict[str, Any]) -> Callable[[Run], Iterator[Falsity]]:
    def check(run: Run) -> Iterator[Falsity]:
        """What requires grad is drawn so, and leaves as leaves."""
        truth = reachable(space, torch)
        last = {value.tensor: value for value in run.trace.values.values()}
        for name, mine in reachable(run.space, autogradkit).items():
            value = last.get(-1 if (number := run.number(mine)) is None else number)
            if value is None or name not in truth:
                continue
            try:
                leaf = truth[name].is_leaf
            except RuntimeError:  # a view that may not follow its base
                continue
            if value.requires_grad != truth[name].requires_grad:
                yield Falsity("requires_grad", f"{name} is drawn as {value.requires_grad}")
            elif value.is_leaf != leaf:
                yield Falsity("leaf", f"{name} is drawn as leaf={value.is_leaf}")

    return check


def values(program: Program, space: dict[str, Any]) -> Callable[[Run], Iterator[Falsity]]:
    def check(run: Run) -> Iterator[Falsity]:
        """The last value drawn of what a name stands for is what PyTorch has under that name."""
        truth = reachable(space, torch)
        last = {value.tensor: value for value in run.trace.values.values()}
        for name, mine in reachable(run.space, autogradkit).items():
            number = run.number(mine)
            if number is None or name not in truth or number not in last or last[number].numbers.data is None:
                continue
            if last[number].grad_of is not None:  # drawn as it was read; what came to it later, its leaf tells
                continue
            told = tensor_of(run.trace, last[number].id)
            same = told.dtype == truth[name].dtype and close(told, truth[name])
            said = mentions(" ".join(run.graph.left_out), name)
            if not same and not said and not is_rounding(program, name, told, truth[name]):
                yield Falsity("value", f"{name}: drawn {told.tolist()}, PyTorch {truth[name].tolist()}")

    return check


def gradients(program: Program, space: dict[str, Any]) -> Callable[[Run], Iterator[Falsity]]:
    def check(run: Run) -> Iterator[Falsity]:
        """The arrows into a leaf add up to what its `.grad` took; the last `.grad` told is PyTorch's."""
        truth = reachable(space, torch)
        of = {run.number(mine): name for name, mine in reachable(run.space, autogradkit).items()}
        said = " ".join(run.graph.left_out)
        begun = {call.number: call.begin.step for call in run.graph.calls}
        # A result that is edited, and retains its gradient, retains that of what the edit made.
        replaced = {op.inputs[0].value: op.step for op in run.graph.ops if op.kind == "inplace" and op.node is not None}
        arrows: dict[int, dict[int, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for link in run.graph.links:
            value = run.graph.values[link.value]
            if link.head != f"v{link.value}" and value.requires_grad:
                for grad in link.grads:
                    if link.value not in replaced or replaced[link.value] > begun[grad.call]:
                        arrows[value.tensor][grad.call].append(grad.numbers.data)
        for call in run.graph.calls:
            for event in call.accumulated:
                name = event.name or of.get(event.tensor) or "?"
                came = arrows[event.tensor].get(call.number, [])
                drawn = any(
                    item.value is not None and item.value.tensor == event.tensor for item in run.graph.items.values()
                )
                if not drawn or mentions(said, name):
                    continue
                if not came and event.contribution.low == event.contribution.high == 0:
                    continue
                total = torch.tensor(came).sum(0).reshape(-1) if came else torch.tensor([])
                expected = torch.tensor(event.contribution.data)
                if not close(total, expected):
                    yield Falsity(
                        "arrows", f"{name}: {came} arrive in call {call.number + 1}, .grad took {expected.tolist()}"
                    )
        for id, events in run.graph.contributions.items():
            if id not in run.graph.values:
                continue
            number = run.graph.values[id].tensor
            drawn = run.graph.cleared.get(id) or events[-1]
            name = of.get(number, "")
            last = name in truth and drawn is run.graph.grads[number][-1]
            if last and not alike(drawn.after, truth[name].grad) and not is_at_a_kink(program, name, drawn.after):
                yield Falsity("grad", f"{name}.grad: drawn {drawn.after}, PyTorch {truth[name].grad}")
        for number, events in run.graph.grads.items():
            name = of.get(number)
            if name is None or name not in truth or not events:
                continue
            told, real = events[-1].after, truth[name].grad
            if not alike(told, real) and not mentions(said, f"{name}.grad") and not is_at_a_kink(program, name, told):
                yield Falsity("grad", f"{name}.grad: told {told and told.data}, PyTorch {real}")

    return check


def alike(told: Numbers | None, real: torch.Tensor | None) -> bool:
    if told is None or real is None:
        return told is None and real is None
    return close(torch.tensor(told.data), real.reshape(-1))


# -- influence ---------------------------------------------------------------------------------------------------------


def influence(program: Program, space: dict[str, Any]) -> Callable[[Run], Iterator[Falsity]]:
    def check(run: Run) -> Iterator[Falsity]:
        """What influenced a drawn result leads to it in the picture, or a sentence says what does not.

        Of tensors that share memory any one does: that they do, their colour says.
        """
        plain = {name: each.detach().clone() for name, each in reachable(space, torch).items()}
        last = {value.tensor: value for value in run.trace.values.values()}
        ahead = Ancestors(run)
        said = " ".join(run.graph.left_out)
        mine = reachable(run.space, autogradkit)
        there = reachable(before(program), torch)
        for spoiled in there:
            other, error = execute(program, torch, spoil=spoiled)
            if error is not None:
                continue
            results = reachable(other, torch)
            if results.keys() != plain.keys():  # it chose by the numbers: a name stands for what another line made
                continue
            changed = [
                name for name, each in results.items()
                if name not in there and not unchanged(each.detach(), plain[name])
            ]  # fmt: skip
            memory = there[spoiled].untyped_storage().data_ptr()
            same = [name for name, each in there.items() if each.untyped_storage().data_ptr() == memory]
            source = {run.number(run.start[name]) for name in same if name in run.start}
            for name in changed:
                number = run.number(mine[name]) if name in mine else None
                if number is None or number not in last or id(mine[name]) in run.before:  # chosen, not computed
                    continue
                drawn_id = last[number].id
                maker = run.graph.producer.get(drawn_id)
                start = (
                    f"v{drawn_id}"
                    if f"v{drawn_id}" in run.graph.items
                    else f"o{maker.step}"
                    if maker is not None
                    else ""
                )
                if start not in run.graph.items:
                    continue
                keys = ahead.of(start)
                passed = [value for key in keys if (value := run.graph.items[key].value) is not None]
                tensors = {value.tensor for value in passed}
                labels = [run.graph.labels[value.id] for value in passed]
                if "reads numbers" in said:
                    continue
                if not source & tensors and not any(mentions(said, label) for label in labels):
                    yield Falsity("influence", f"{spoiled} influenced {name}, and no path leads there")

    return check


def unchanged(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors have the same elements: nan is what it was before."""
    return one.shape == other.shape and bool(((one == other) | ((one != one) & (other != other))).all())


class Ancestors:
    """What leads to an item: by arrows, and, through a leaf's `.grad`, from what the backward calls began with."""

    def __init__(self, run: Run) -> None:
        self.into = defaultdict(set)
        for link in run.graph.links:
            self.into[link.head].add(link.tail)
            if link.kind == "grad":
                for call in run.graph.calls:
                    for root in call.begin.roots:
                        tail = f"v{root}"
                        if tail in run.graph.items:
                            self.into[link.head].add(tail)

    def of(self, key: str) -> set[str]:
        found: set[str] = set()
        waiting = [key]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting.extend(self.into[each])
        return found
