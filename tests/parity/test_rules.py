"""The rules that pictures print are true: computed from what was recorded, they give PyTorch's gradient.

For every declared op that PyTorch has, on its samples: the recorded gradient is PyTorch's, and where the rule can be
computed, it gives that gradient. What is printed with numbers is computed so; a rule that cannot be computed stands in words.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit as ak
from autogradkit._ops.declare.overload import Overload
from autogradkit.tracing.events import NodeRan, Op
from autogradkit.tracing.notation import rules_in
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.graph.telling.moves import moves
from autogradkit.tracing.render.graph.telling.operands import array_of
from autogradkit.tracing.render.graph.telling.why import Explained, Why

from .test_saved import COMPARED, _carry, _ours, _samples, _tensors, _theirs

# The second gradient of a convolution is a sum of several, of which no one is computed.
pytestmark = pytest.mark.long

# PyTorch sends it where the view was, and nothing elsewhere (PARITY.md); or has written one of two derivatives only; or
# divides by alpha in float32, whatever the dtype.
ANOTHER_GRADIENT = {"as_strided_scatter", "igamma", "igammac", "celu"}
NOT_COMPUTED = {"convolution_backward"}
MOVERS = {
    "gather", "take", "index_select", "embedding", "max_pool2d_with_indices", "kthvalue", "topk", "sort", "select", "slice",
    "masked_select", "flip", "roll", "constant_pad_nd",
}  # fmt: skip


def explained(op: Overload, sample: tuple[Any, ...], flags: tuple[bool, ...]) -> Iterator[tuple[Why, Op, NodeRan]]:
    """The op alone, recorded with a backward pass from distinct gradients; the recorded gradients are PyTorch's."""
    pairs = []
    with ak.record() as trace:
        for module, ours in ((ak, True), (torch, False)):
            given = _carry(sample, ours, iter(flags))
            leaves = [t for t in _tensors(given) if t.requires_grad]
            named = zip(op.parameters[op.positional :], given[op.positional :], strict=False)
            made = (_ours(op) if ours else _theirs(op))(*given[: op.positional], **{p.public: v for p, v in named})
            results = [t for t in _tensors(made) if t.requires_grad]
            if not results:
                return
            module.autograd.backward(results, [cotangent(module, t) for t in results])
            pairs.append([None if t.grad is None else t.grad.detach().numpy(force=True) for t in leaves])
    for mine, theirs in zip(*pairs, strict=True):
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_allclose(mine, theirs, rtol=1e-7, atol=1e-9)
    why = Why(build(trace))
    for event in trace.events:
        if isinstance(event, NodeRan) and event.node in why.by_node:
            yield why, why.by_node[event.node], event


def cotangent(module: Any, tensor: Any) -> Any:
    numbers = module.arange(tensor.numel(), dtype=module.float64).reshape(tuple(tensor.shape))
    return ((numbers + 1) * 0.37).cos().to(tensor.dtype)


def computed(each: Explained) -> bool | None:
    """Whether the rule gives the gradient that was sent; None where it cannot be computed."""
    if each.incoming is None or each.sent is None or each.reason.term is None or not each.reason.complete:
        return None
    found, sent = each.reason.computed(each.reason.work(each.incoming), each.sent), array_of(each.sent)
    if found is None or sent is None:
        return None
    return bool(np.allclose(found, sent, rtol=1e-9, atol=1e-12, equal_nan=True)) and worked_out(each)


def moved(each: Explained) -> bool | None:
    """Whether each element of the gradient is the sum of the ∂ of what came from it; None where nothing tells that."""
    found = moves(each.reason.rule, each.reason.operands)
    if found is None or each.incoming is None or each.sent is None:
        return None
    incoming, sent = array_of(each.incoming), array_of(each.sent)
    assert incoming is not None
    assert sent is not None
    if incoming.dtype.kind == "c":
        return None
    return all(
        np.isclose(sum(incoming[place] for place in found.from_place(index)), sent[index], rtol=1e-9)
        for index in itertools.islice(np.ndindex(sent.shape), 40)
    ) and bool(np.allclose(found.gradient(incoming), sent, rtol=1e-9))


def worked_out(each: Explained) -> bool:
    """Whether the arithmetic that is printed for an element comes to the gradient there, for each of the first ones."""
    assert each.incoming is not None
    assert each.sent is not None
    work, sent = each.reason.work(each.incoming), array_of(each.sent)
    assert work is not None
    assert sent is not None
    for index in itertools.islice(np.ndindex(sent.shape), 40):
        total, _ = work.total(each.reason.places(work.array().shape, index, sent.shape))
        if not np.isclose(total, sent[index], rtol=1e-9, atol=1e-12, equal_nan=True):
            return False
    return True


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    "name", [name for name, op in COMPARED.items() if op.kind != "random" and op.owner.name not in ANOTHER_GRADIENT]
)
def test_a_rule_gives_the_gradient_of_pytorch(name: str) -> None:
    op = COMPARED[name]
    ran_backward = agreed = 0
    told_moves = False
    for sample, flags in _samples(op):
        for why, event, ran in explained(op, sample, flags):
            found = [computed(each) for each in why.explained(event, ran)]
            assert False not in found, (event.facts.rule, why.lines(event, ran))
            ran_backward += 1
            agreed += found.count(True)
            places = [moved(each) for each in why.explained(event, ran)]
            assert False not in places, (event.facts.rule, why.lines(event, ran))
            told_moves |= True in places
            assert not any("came between" in line for line in why.lines(event, ran, 3))
    terms = [rule for rule in rules_in(op.rule) if rule.term is not None and (not rule.words or "⋆" in op.rule)]
    if ran_backward and terms and op.owner.name not in NOT_COMPUTED:
        assert agreed, "its rule is a term, so it can be computed"
    if op.owner.name in MOVERS:
        assert told_moves, "where each number came from is told"
