"""A leaf's gradient has memory of its own, whatever way it came, though it is taken over without a copy where that is safe."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

import autogradkit as torch
from tests.every_case import every_case

PATHS: dict[str, Callable[[Any], Any]] = {
    "itself": lambda x: x,
    "transposed": lambda x: x.t().t(),
    "reshaped": lambda x: x.reshape(-1).view(3, 3),
    "transposed once": lambda x: x.t(),
    "expanded": lambda x: x.unsqueeze(0).expand(2, 3, 3).sum(0),
    "negated": lambda x: -x,
    "multiplied": lambda x: x @ torch.eye(3),
    "from the right": lambda x: torch.eye(3) @ x.t(),
}


@every_case("first second", list(itertools.combinations_with_replacement(PATHS, 2)))
def test_two_gradients_never_share_memory(first: str, second: str) -> None:
    a, b = (torch.arange(9.0).reshape(3, 3).clone().requires_grad_() for _ in range(2))
    seen: list[torch.Tensor] = []
    middle = PATHS[first](a) + PATHS[second](b)
    middle.register_hook(seen.append)
    given = torch.arange(9.0).reshape(3, 3)
    middle.backward(given)
    arrays = [a.grad.numpy(), b.grad.numpy(), given.numpy(), seen[0].numpy()]
    for left, right in itertools.combinations(arrays[:2], 2):
        assert not np.shares_memory(left, right)
    for array in arrays[:2]:
        assert not np.shares_memory(array, given.numpy())
        assert not np.shares_memory(array, seen[0].numpy())
    before = b.grad.tolist()
    with torch.no_grad():
        a.grad.add_(100)
    assert b.grad.tolist() == before
    assert a.grad.stride() == a.stride()


def test_a_transposed_weight_gets_its_gradient_in_its_own_layout() -> None:
    weight = torch.ones(4, 3, requires_grad=True)
    x = torch.arange(6.0).reshape(2, 3)
    (x @ weight.t()).sum().backward()
    assert weight.grad.stride() == (3, 1)
    assert weight.grad.tolist() == [[3.0, 5.0, 7.0]] * 4


@every_case("path", PATHS)
def test_what_a_leafs_hook_was_given_is_not_the_gradient_that_is_kept(path: str) -> None:
    leaf = torch.arange(9.0).reshape(3, 3).clone().requires_grad_()
    seen: list[torch.Tensor] = []
    leaf.register_hook(seen.append)
    PATHS[path](leaf * 2).sum().backward()
    assert not np.shares_memory(seen[0].numpy(), leaf.grad.numpy())


HOLDS: dict[str, Callable[[Any], Any]] = {
    "the tensor": lambda made: made,
    "its array": lambda made: made.numpy(),
    "a view": lambda made: made[1:],
    "a view of its array": lambda made: made.numpy()[1:],
    "the transposed array": lambda made: made.numpy().T,
    "a detached tensor": lambda made: made.detach(),
    "its storage": lambda made: made.untyped_storage(),
}


@every_case("hold", HOLDS)
@every_case("give", ["itself", "a view", "the transposed of the transposed"])
def test_what_a_custom_function_keeps_of_its_gradient_is_not_grad(hold: str, give: str) -> None:
    held: list[Any] = []

    class Triple(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any) -> Any:
            return a * 3

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            made = g * 3
            held.append(HOLDS[hold](made))
            return made if give == "itself" else made.view(3, 3) if give == "a view" else made.t().t()

    x = torch.arange(9.0).reshape(3, 3).clone().requires_grad_()
    Triple.apply(x).sum().backward()
    before = str(held[0])
    with torch.no_grad():
        x.grad.add_(100)
    assert str(held[0]) == before
    assert x.grad.tolist() == [[103.0] * 3] * 3


def test_grad_does_not_hold_on_to_memory_that_it_does_not_show() -> None:
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any) -> Any:
            return a * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return torch.full((1000,), 2.0)[:3]

    x = torch.ones(3, requires_grad=True)
    Double.apply(x).sum().backward()
    assert x.grad.untyped_storage().nbytes() == 12


def test_a_saved_tensor_that_is_its_own_gradient_is_not_grad() -> None:
    x = torch.arange(9.0).reshape(3, 3).clone().requires_grad_()
    w = torch.arange(9.0).reshape(3, 3) + 1
    (x * w).backward(torch.ones(3, 3))
    with torch.no_grad():
        x.grad.add_(100)
    assert w.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]


def test_a_gradient_that_is_given_stays_as_it_is() -> None:
    given = torch.arange(3.0)
    x, w = (torch.ones(3, requires_grad=True) for _ in range(2))
    for _ in range(3):
        (x + w).backward(given)
        x.backward(given)
    assert given.tolist() == [0.0, 1.0, 2.0]
    assert given._version == 0
    assert x.grad.tolist() == [0.0, 6.0, 12.0]
    assert w.grad.tolist() == [0.0, 3.0, 6.0]


def test_a_leaf_takes_its_gradient_over_again_when_its_hooks_are_gone() -> None:
    """Peak memory of a backward: with a hook the gradient of 4 MB is there twice, after its removal once."""
    leaf = torch.ones(1024, 1024, requires_grad=True)

    def peak() -> int:
        leaf.grad = None
        loss = (leaf * 2.0).sum()
        tracemalloc.start()
        loss.backward()
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    without = peak()
    handle = leaf.register_hook(lambda gradient: None)
    hooked = peak()
    handle.remove()
    removed = peak()
    assert hooked > without + 3_000_000
    assert abs(removed - without) < 100_000


def test_leaves_whose_gradients_are_one_memory_s_views_each_have_their_own() -> None:
    """PyTorch's two leaves share theirs, so that what is added to the first is in the second too (PARITY.md)."""
    a, b = (torch.ones(3, requires_grad=True) for _ in range(2))
    torch.stack([a, b]).sum(0).backward(torch.tensor([1.0, -2.0, 3.0]))
    (a * 2).sum().backward()
    assert a.grad.tolist() == [3, 0, 5]
    assert b.grad.tolist() == [1, -2, 3]
