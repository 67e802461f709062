"""The engine against PyTorch: the shape, dtype, strides and memory of gradients, and whose memory `.grad` is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.every_case import every_case

from .outcomes import Case, assert_same, case_of, leaf

CASES: dict[str, Case] = {}
case = case_of(CASES)


@case
def a_gradient_of_another_shape(t: Any) -> Any:
    (leaf(t) * 2).backward(t.ones(1))


@case
def a_gradient_of_another_dtype(t: Any) -> Any:
    x = leaf(t)
    (x * 2).backward(t.ones(2, dtype=t.float64))
    return x.grad


@case
def too_few_gradients(t: Any) -> Any:
    t.autograd.backward([leaf(t) * 2, leaf(t) * 3], [t.ones(2)])


@case
def a_number_as_gradient(t: Any) -> Any:
    (leaf(t) * 2).backward(3.0)


@case
def a_gradient_set_by_hand_is_added_to(t: Any) -> Any:
    x = t.ones(2, 3, requires_grad=True)
    mine = t.arange(6.0).reshape(3, 2).t()
    x.grad = mine
    (x * 2).sum().backward()
    return x.grad, mine, x.grad is mine, mine._version


@case
def a_gradient_of_a_transposed_leaf(t: Any) -> Any:
    x = t.arange(6.0).reshape(3, 2).t().detach().requires_grad_()
    (x * t.arange(6.0).reshape(2, 3)).sum().backward()
    return x.grad


@case
def a_gradient_of_a_leaf_with_gaps(t: Any) -> Any:
    x = t.zeros(2, 6)[:, ::2].detach().requires_grad_()
    (x.t() * t.arange(6.0).reshape(3, 2)).sum().backward()
    return x.grad


@case
def a_gradient_of_an_expanded_leaf(t: Any) -> Any:
    x = t.zeros(1, 3).expand(2, 3).detach().requires_grad_()
    (x * t.arange(6.0).reshape(2, 3)).sum().backward()
    return x.grad


@case
def a_gradient_that_is_summed_and_cast(t: Any) -> Any:
    x = t.ones(1, 3, requires_grad=True)
    w = t.arange(6.0, dtype=t.float64).reshape(2, 3).requires_grad_()
    (x * w).sum().backward()
    return x.grad, w.grad


@case
def a_real_leaf_in_complex_company(t: Any) -> Any:
    x = leaf(t)
    (x * t.tensor([1 + 2j, 3 - 1j])).sum().abs().backward()
    return x.grad


@case
def gradients_without_elements(t: Any) -> Any:
    x = t.ones(0, 3, requires_grad=True)
    (x * 2).t().sum().backward()
    return x.grad


@case
def not_a_number(t: Any) -> Any:
    x = t.tensor([0.0, 1.0], requires_grad=True)
    (x / x.detach()).sum().backward()
    return str(x.grad.tolist())


@case
def values_and_places_of_a_maximum(t: Any) -> Any:
    x = t.tensor([[1.0, 5.0, 5.0], [2.0, 0.0, -1.0]], requires_grad=True)
    values, places = x.max(1)
    (values * t.tensor([2.0, 3.0])).sum().backward()
    return x.grad, places


@case
def a_function_that_gives_its_gradient_on(t: Any) -> Any:
    class Same(t.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            return a + b

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g, g

    x, w = leaf(t), leaf(t)
    (Same.apply(x, w) * t.tensor([2.0, 3.0])).sum().backward()
    with t.no_grad():
        x.grad.add_(100)
    return x.grad, w.grad


def memory_of_a_gradient(t: Any, hold: Callable[[Any, Any], Any]) -> Any:
    addresses: list[int] = []

    class Triple(t.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any) -> Any:
            return a * 3

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            made = g * 3
            addresses.append(made.data_ptr())
            hold(ctx, made)
            return made

    x = leaf(t)
    y = Triple.apply(x)
    y.sum().backward()
    return x.grad, x.grad.data_ptr() in addresses


@case
def a_gradient_that_nobody_holds_becomes_grad_itself(t: Any) -> Any:
    return memory_of_a_gradient(t, lambda ctx, made: None)


@case
def a_gradient_that_somebody_holds_is_copied(t: Any) -> Any:
    held: list[Any] = []
    return memory_of_a_gradient(t, lambda ctx, made: held.append(made))


@case
def a_gradient_of_which_somebody_holds_a_view_is_copied(t: Any) -> Any:
    held: list[Any] = []
    return memory_of_a_gradient(t, lambda ctx, made: held.append(made[:1]))


@case
def what_a_post_hook_holds_is_not_grad(t: Any) -> Any:
    held: list[Any] = []
    x = leaf(t)
    y = -x
    y.grad_fn.register_hook(lambda given, received: held.extend(given))
    y.sum().backward()
    with t.no_grad():
        held[0].mul_(10)
    return x.grad, held


@every_case("name", CASES)
def test_the_same_as_in_pytorch(name: str) -> None:
    assert_same(CASES[name])
