"""Views, in-place edits and backward against PyTorch: random programs, each a few lines of code run by both.

After every line the outcome is compared (what it raised, word for word), then for every tensor its values, version,
flags, base and the name of its graph node, and at last what backward did: its error or all gradients.
"""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

SEEDS = range(250)

OUT_OF_PLACE = """
{x} * 2; {x} + {y}; {x} * {y}; {x} - 1; {x}.sigmoid(); {x}.tanh(); {x}.exp() * 0.1; {x}.relu(); {x} ** 2; {x}.sum(0)
{x}.sum(); {x}.clone(); {x}.abs(); {x} / ({y}.abs() + 1); {x}.mean(); -{x}; {x}.sin(); torch.where({x} > 0, {x}, {y})
torch.cat([{x}, {x}], 0); {x}.contiguous(); {x} @ {x}.t(); {x}.max(); {x}.sum(-1, keepdim=True); {x}[[0, 0]]
{x}[{x} > 0]; {x}.flip(0); {x}.repeat(2, 1); {x}.masked_fill({x} > 1, 0.5); {x}.index_select(0, torch.tensor([0, 0]))
{x}.cumsum(0)
"""
VIEWS = """
{x}[0]; {x}[-1]; {x}[:, 1]; {x}[1:]; {x}[..., :2]; {x}[None]; {x}[:]; {x}[...]; {x}[::2]; {x}.t(); {x}.view(-1)
{x}.unsqueeze(0); {x}.unsqueeze(-1); {x}.detach(); {x}.transpose(0, -1); {x}.squeeze(); {x}.unbind()[0]
{x}.split(1)[0]; {x}.chunk(2)[-1]; {x}.diagonal(); {x}.narrow(0, 0, 1); {x}.reshape(-1); {x}.flatten()
{x}.expand(2, *{x}.shape); {x}.permute(*range({x}.dim())); {x}.select(0, 0); {x}.view_as({x}); {x}.unfold(0, 1, 1)
{x}.as_strided((2,), (1,)); {x}.data; {x}.movedim(0, -1); {x}.tensor_split(2)[0]; {x}.view({x}.shape)
{x}.detach().requires_grad_(); {x}.expand_as({x}); {x}.T
"""
IN_PLACE = """
{x}.mul_(2); {x}.add_(1); {x}.add_({y}); {x}.mul_({y}); {x}.sub_({y}); {x}.zero_(); {x}.fill_(0.5); {x}.copy_({y})
{x}.sigmoid_(); {x}.tanh_(); {x}.relu_(); {x}.neg_(); {x}.clamp_(-1, 1); {x}[0] = 0.25; {x}[0] = {y}; {x}[..., 0] = 2
{x}[:] = {y}; {x}[...] = {y}; {x}[[0, 0]] = 1.5; {x}[{x} > 0.5] = 0.1; {x}[1:] = 0; {x}[0] += 1; {x} += {y}
{x} *= 0.5; {x}.data.mul_(0.5); {x}.detach().add_(1); {x}.masked_fill_({x} > 1, 0.3); {x}.div_(2); {x}.pow_(2)
{x}.abs_(); {x}.sin_(); {x}.fill_({y}.sum().detach()); {x}.add_({y}, alpha=2); {x}.squeeze_(); {x}.unsqueeze_(0)
{x}.transpose_(0, -1); {x}.index_add_(0, torch.tensor([0]), {x}[:1].clone()); {x}.copy_({x}); {x}.requires_grad_(); {x}.detach_()
{x}.retain_grad()
{x}[0] = {x}[-1]
"""


def choices(text: str) -> list[str]:
    return [each.strip() for each in text.replace("\n", ";").split(";") if each.strip()]


OUT_OF_PLACE, VIEWS, IN_PLACE = map(choices, (OUT_OF_PLACE, VIEWS, IN_PLACE))


def program(seed: int) -> list[str]:
    """Lines that each make a tensor or edit one."""
    rng = random.Random(seed)
    names = ["a", "b", "c", "d"]
    lines = []
    for number in range(rng.randint(3, 9)):
        # Recent tensors more often than old ones.
        x = rng.choice((*names, *names[-2:], names[-1]))
        y = rng.choice(names)
        kind = rng.random()
        guard = "with torch.no_grad(): " if rng.random() < 0.12 else ""
        if kind < 0.3 or number == 0:
            lines.append(f"{guard}t{number} = " + rng.choice(OUT_OF_PLACE).format(x=x, y=y))
            names.append(f"t{number}")
        elif kind < 0.65:
            lines.append(f"{guard}t{number} = " + rng.choice(VIEWS).format(x=x, y=y))
            names.append(f"t{number}")
        else:
            lines.append(guard + rng.choice(IN_PLACE).format(x=x, y=y))
    return lines


def attempt(call):
    """What `call` raises: its type and the first line of its text, and the warnings it gave."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            call()
            error = None
        except (RuntimeError, IndexError, TypeError, ValueError, NameError) as raised:
            error = type(raised).__name__, str(raised).split("\n")[0]
    # PyTorch gives its notes on `.T` once only; NumPy's notes on invalid values are silent outside this test.
    texts = [str(each.message).split(" (Triggered")[0] for each in caught if each.category is UserWarning]
    texts = [text for text in texts if ".T` on" not in text and "Tensor.T is" not in text]
    return error, texts


def rounded(tensor) -> object:
    return np.asarray((tensor.detach() + 0).numpy(), np.float64)


def value_or_refusal(call):
    """An attribute's value, or the text of what reading it raises."""
    try:
        return call()
    except RuntimeError as raised:
        return str(raised)


def node_name(tensor):
    return None if tensor.grad_fn is None else tensor.grad_fn.name()


def facts(name, tensor, known) -> dict[str, object]:
    base = tensor._base
    return {
        "name": name,
        "shape": tuple(tensor.shape),
        "version": tensor._version,
        "requires_grad": value_or_refusal(lambda: tensor.requires_grad),
        "is_leaf": value_or_refusal(lambda: tensor.is_leaf),
        "view": tensor._is_view(),
        "base": next((n for n, t in known.items() if t is base), None) if base is not None else None,
        "node": value_or_refusal(lambda: node_name(tensor)),
        "stride": tensor.stride() if tensor.numel() else (),
        "offset": tensor.storage_offset() if tensor.numel() else 0,
    }


def run(library, lines, twice):
    def leaf(*shape):
        values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) / 4 - 0.9
        return library.from_numpy(np.asarray(values)).requires_grad_()

    known = {"a": leaf(3, 4), "b": leaf(4), "c": leaf(3, 3)}
    leaves = dict(known)
    known["d"] = library.ones(3, 4)  # a base that only an edit, through it or a view, makes part of the graph
    scope = {"torch": library}
    outcomes = []
    for line in lines:
        outcomes.append(attempt(lambda line=line: exec(line, scope, known)))
    tensors = {name: tensor for name, tensor in known.items() if isinstance(tensor, library.Tensor)}
    seen = [facts(name, tensor, tensors) for name, tensor in tensors.items()]
    values = [rounded(tensor) for tensor in tensors.values()]

    def finish():
        total = 0
        for tensor in tensors.values():
            if tensor.requires_grad:
                weights = library.arange(tensor.numel()).reshape(tensor.shape) % 5 + 1.0
                total = total + (tensor * weights).sum()
        if twice and isinstance(total, library.Tensor):
            wanted = [leaf for leaf in leaves.values() if leaf.requires_grad and leaf.is_leaf]
            first = library.autograd.grad(total, wanted, create_graph=True, allow_unused=True)
            total = sum((each * each).sum() for each in first if each is not None)
        if isinstance(total, library.Tensor) and total.requires_grad:
            total.backward()

    outcomes.append(attempt(finish))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a leaf may have become a result
        grads = {name: None if leaf.grad is None else rounded(leaf.grad) for name, leaf in leaves.items()}
    return outcomes, seen, values, grads


@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
@every_case("seed", SEEDS)
def test_random_programs(seed, twice):
    lines = program(seed)
    listing = "\n".join(lines)
    outcomes, seen, values, grads = run(torch, lines, twice)
    our_outcomes, our_seen, our_values, our_grads = run(autogradkit, lines, twice)
    for line, ours, theirs in zip([*lines, "backward"], our_outcomes, outcomes, strict=True):
        assert ours == theirs, f"{line}\n\n{listing}"
    for ours, theirs in zip(our_seen, seen, strict=True):
        assert ours == theirs, listing
    for fact, ours, theirs in zip(seen, our_values, values, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-6, err_msg=f"{fact['name']}\n{listing}")
    for name, grad in grads.items():
        ours = our_grads[name]
        # A second gradient that is zero everywhere may be left out by either.
        if twice:
            grad, ours = (np.zeros(()) if each is None else each for each in (grad, ours))
        assert (ours is None) == (grad is None), f"{name}\n{listing}"
        if grad is not None:
            np.testing.assert_allclose(ours + 0 * grad, grad + 0 * ours, rtol=2e-4, atol=1e-4, err_msg=listing)


STALE = {
    "through another view": "z = d.view(-1); z[:3].copy_(b[:3])",
    "through the base": "z = d.view(-1); d.mul_(a)",
    "asked for its node": "z = d.view(-1); z[:3].copy_(b[:3]); z.grad_fn",
    "asked whether it is a leaf": "z = d.view(-1); z[:3].copy_(b[:3]); z.is_leaf",
    "asked whether it requires grad": "z = d.view(-1); z[:3].copy_(b[:3]); z.requires_grad",
    "used": "z = d.view(-1); z[:3].copy_(b[:3]); z * 2",
    "seen through again": "z = d.view(-1); z[:3].copy_(b[:3]); z[0] = 3.",
    "edited itself": "z = d.view(-1); z.mul_(b.sum())",
}


@every_case("edit", ["z *= 2", "z.fill_(3.)", "z.zero_()", "z.copy_(z * 1)", "z.requires_grad_().add_(1)"])
@every_case("how", STALE)
def test_a_view_of_what_became_part_of_a_graph_is_a_leaf_until_somebody_asks(how, edit):
    lines = [*STALE[how].split("; "), edit, "y = z.sum()"]
    outcomes, seen, values, grads = run(torch, lines, False)
    our_outcomes, our_seen, our_values, our_grads = run(autogradkit, lines, False)
    assert our_outcomes == outcomes
    assert our_seen == seen
    for ours, theirs in zip((*our_values, *our_grads.values()), (*values, *grads.values()), strict=True):
        np.testing.assert_allclose(np.asarray(ours, float), np.asarray(theirs, float), rtol=2e-5)  # None is NaN here
