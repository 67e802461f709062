"""The engine against PyTorch: hooks and what they may return, roots and inputs, memory and strides of gradients.

Each case is code that both run; what it gives, or raises, is compared word for word.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit


def plain(value: Any) -> Any:
    """A value as one that compares equal where a user would see the same."""
    if isinstance(value, torch.Tensor | autogradkit.Tensor):
        return {
            "values": np.array2string(value.detach().numpy(), precision=5),
            "dtype": str(value.dtype),
            "stride": tuple(value.stride()),
            "requires_grad": value.requires_grad,
        }
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def outcome(code: Callable[[Any], Any], module: Any) -> Any:
    try:
        with warnings.catch_warnings():
            # PyTorch's advice on cycles and on the layout of `.grad`.
            warnings.filterwarnings("ignore", "Using backward|grad and param do not obey", UserWarning)
            return plain(code(module))
    except (RuntimeError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


# -- single cases ------------------------------------------------------------------------------------------------------


def leaf(t: Any) -> Any:
    return t.tensor([1.0, -2.0], requires_grad=True)


def with_hook(returned: Callable[[Any, Any], Any], kind: str) -> Callable[[Any], Any]:
    """A case: a hook of this kind gives `returned(torch, what it was called with)`."""

    def code(t: Any) -> Any:
        x = leaf(t)
        middle = x * 3
        y = middle * 2
        if kind == "tensor":
            y.register_hook(lambda g: returned(t, g))
        elif kind == "leaf":
            x.register_hook(lambda g: returned(t, g))
        elif kind == "before":
            y.grad_fn.register_prehook(lambda g: returned(t, g))
        elif kind == "after":
            y.grad_fn.register_hook(lambda given, received: returned(t, given))
        else:
            node = middle.grad_fn.next_functions[0][0]
            if kind == "before accumulation":
                node.register_prehook(lambda g: returned(t, g))
            else:
                node.register_hook(lambda given, received: returned(t, received))
        y.sum().backward()
        return x.grad

    return code


KINDS = ("tensor", "leaf", "before", "after", "before accumulation", "after accumulation")
RETURNS: dict[str, Callable[[Any, Any], Any]] = {
    "nothing": lambda t, g: None,
    "a number": lambda t, g: 3,
    "a list": lambda t, g: [t.ones(2)],
    "a tensor": lambda t, g: t.full((2,), 5.0),
    "a tuple of one": lambda t, g: (t.full((2,), 5.0),),
    "a tuple of two": lambda t, g: (t.full((2,), 5.0), None),
    "two tensors": lambda t, g: (t.ones(2), t.ones(2)),
    "two None": lambda t, g: (None, None),
    "one None": lambda t, g: (None,),
    "another shape": lambda t, g: t.ones(3),
    "another shape in a tuple": lambda t, g: (t.ones(3),),
    "another shape in a pair": lambda t, g: (t.ones(3), None),
    "another dtype": lambda t, g: t.ones(2, dtype=t.float64),
    "another dtype in a tuple": lambda t, g: (t.ones(2, dtype=t.float64),),
    "another dtype in a pair": lambda t, g: (t.ones(2, dtype=t.complex64), None),
    "a number in a tuple": lambda t, g: (3,),
}


@pytest.mark.parametrize("returned", RETURNS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_hook_returns_goes_on_or_is_refused(kind: str, returned: str) -> None:
    code = with_hook(RETURNS[returned], kind)
    assert outcome(code, autogradkit) == outcome(code, torch)


CASES: dict[str, Callable[[Any], Any]] = {}


def case(run: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Code that both run."""
    CASES[run.__name__] = run
    return run


@case
def hooks_in_order(t: Any) -> Any:
    log: list[Any] = []
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: log.append("tensor 1"))
    y.grad_fn.register_prehook(lambda g: log.append("before"))
    y.register_hook(lambda g: log.append("tensor 2"))
    y.grad_fn.register_hook(lambda a, b: log.append("after"))
    x.register_hook(lambda g: log.append("leaf"))
    x.register_post_accumulate_grad_hook(lambda leaf: log.append(("accumulated", leaf.grad.tolist())))
    node = y.grad_fn.next_functions[0][0]
    node.register_prehook(lambda g: log.append("before accumulation"))
    node.register_hook(lambda a, b: log.append(("after accumulation", len(a), len(b))))
    y.sum().backward()
    return log


@case
def a_retained_gradient_is_the_one_before_the_nodes_prehooks(t: Any) -> Any:
    x = leaf(t)
    y = x * 2
    y.retain_grad()
    y.grad_fn.register_prehook(lambda g: (g[0] * 10,))
    y.register_hook(lambda g: g * 3)
    y.sum().backward()
    return y.grad, x.grad


@case
def grad_of_a_node_that_does_not_run_is_the_one_that_tensor_hooks_left(t: Any) -> Any:
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: g * 3)
    y.grad_fn.register_prehook(lambda g: (g[0] * 10,))
    return t.autograd.grad(y.sum(), y)


@case
def grad_of_a_node_that_runs_is_the_one_that_came(t: Any) -> Any:
    x = leaf(t)
    y = x * 2
    y.register_hook(lambda g: g * 3)
    y.retain_grad()
    found = t.autograd.grad(y.sum(), (y, x))
    return found, y.grad, x.grad


@case
def grad_of_a_leaf_runs_its_hooks_but_does_not_accumulate(t: Any) -> Any:
    log: list[Any] = []
    x = leaf(t)
    y = x * 2
    x.register_hook(lambda g: g * 3)
    x.register_post_accumulate_grad_hook(lambda leaf: log.append("accumulated"))
    node = y.grad_fn.next_functions[0][0]
    node.register_prehook(lambda g: (g[0] * 10,))
    node.register_hook(lambda a, b: log.append("after"))
    return t.autograd.grad(y.sum(), x), x.grad, log


@case
def inputs_with_hooks(t: Any) -> Any:
    x, w = leaf(t), leaf(t)
    y = x * w
    x.register_hook(lambda g: g * 3)
    y.register_hook(lambda g: g * 5)
    y.grad_fn.register_prehook(lambda g: (g[0] * 7,))
    y.sum().backward(inputs=[x, y])
    return x.grad, y.grad, w.grad


@case
def inputs_that_are_results_only(t: Any) -> Any:
    x = leaf(t)
    y = x * 2
    y.grad_fn.register_prehook(lambda g: (g[0] * 7,))
    y.sum().backward(inputs=[y])
    return x.grad, y.grad


@case
def a_prehook_sees_none_for_what_did_not_arrive(t: Any) -> Any:
    log: list[Any] = []
    x = t.ones(2, 3, requires_grad=True)
    first, _ = x.unbind()
    first.grad_fn.register_prehook(lambda g: log.append(g))
    first.sum().backward()
    return log, x.grad


@case
def a_hook_removed_by_another_still_runs_once(t: Any) -> Any:
    log: list[Any] = []
    y = leaf(t) * 2
    handles: list[Any] = []
    y.register_hook(lambda g: handles[0].remove())
    handles.append(y.register_hook(lambda g: log.append("second")))
    z = y.sum()
    z.backward(retain_graph=True)
    z.backward()
    return log


@case
def grad_mode_in_hooks(t: Any) -> Any:
    log: list[Any] = []
    x = leaf(t)
    x.register_hook(lambda g: log.append(t.is_grad_enabled()))
    (x * 2).sum().backward()
    (x * 2).sum().backward(create_graph=True)
    with t.no_grad():
        t.autograd.backward(x.detach().requires_grad_(), t.ones(2))
    return log, t.is_grad_enabled()


@case
def an_edit_in_a_hook_of_a_scalar_root(t: Any) -> Any:
    x = t.tensor(1.0, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: g.mul_(3))
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


@case
def backward_twice(t: Any) -> Any:
    x = leaf(t)
    y = (x * x).sum()
    y.backward()
    y.backward()


@case
def backward_twice_where_nothing_was_saved(t: Any) -> Any:
    x = leaf(t)
    y = (x + x.t()).sum()
    y.backward()
    y.backward()
    return x.grad


@case
def backward_twice_where_a_number_was_saved(t: Any) -> Any:
    y = (leaf(t) * 2).sum()
    y.backward()
    y.backward()


@case
def what_a_second_backward_had_done_before_it_failed(t: Any) -> Any:
    x, w = leaf(t), leaf(t)
    y = (x.exp() + w).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()
    return x.grad, w.grad


@case
def a_version_that_moved_on(t: Any) -> Any:
    x = leaf(t)
    y = x * 1
    z = (y * y).exp()
    with t.no_grad():
        y.add_(1)
    z.sum().backward()


@case
def a_result_that_was_edited(t: Any) -> Any:
    y = (leaf(t) * 1).exp()
    y.add_(1)
    y.sum().backward()


@case
def a_parameter_that_was_edited(t: Any) -> Any:
    w = t.nn.Parameter(t.ones(2))
    y = leaf(t) * w
    with t.no_grad():
        w.mul_(2)
    y.sum().backward()


@case
def several_roots(t: Any) -> Any:
    x = leaf(t)
    y = x * 2
    z = y * y
    w = z + x
    t.autograd.backward([y.sum(), z, w], [None, t.tensor([1.0, 2.0]), t.tensor([3.0, 5.0])])
    return x.grad


@case
def the_same_root_twice_and_a_leaf_as_root(t: Any) -> Any:
    x = leaf(t)
    y = x * x
    t.autograd.backward([y, y, x], [t.tensor([1.0, 2.0]), t.tensor([3.0, 5.0]), t.tensor([7.0, 11.0])])
    return x.grad


@case
def a_leaf_as_the_only_root(t: Any) -> Any:
    x = leaf(t)
    given = t.tensor([7.0, 11.0])
    x.backward(given)
    x.backward(given)
    return x.grad, given


@case
def no_roots(t: Any) -> Any:
    return t.autograd.backward([])


@case
def a_root_without_history(t: Any) -> Any:
    t.ones(2).backward()


@case
def a_root_that_is_no_scalar(t: Any) -> Any:
    (leaf(t) * 2).backward()


@case
def a_complex_scalar_root(t: Any) -> Any:
    t.tensor(1j, requires_grad=True).mul(2).backward()


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
def a_one_element_root_with_dimensions(t: Any) -> Any:
    x = t.tensor([[3.0]], requires_grad=True)
    (x * x).backward()
    return x.grad


@case
def a_leaf_that_stopped_to_require_grad(t: Any) -> Any:
    x, w = leaf(t), leaf(t)
    y = (x * w).sum()
    w.requires_grad_(False)
    y.backward()
    return x.grad, w.grad


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
def a_post_hook_sees_gradients_in_the_shape_of_the_inputs(t: Any) -> Any:
    log: list[Any] = []
    x, w = leaf(t), t.ones(3, 1, requires_grad=True)
    y = x * w
    y.grad_fn.register_hook(lambda given, received: log.append((given, received)))
    (y * t.arange(6.0).reshape(3, 2)).sum().backward()
    return log, x.grad, w.grad


@case
def an_error_in_a_hook_leaves_things_usable(t: Any) -> Any:
    x, w = leaf(t), leaf(t)
    y = x * w
    fail = y.register_hook(lambda g: [][0])
    z = (y * 2).sum()
    with pytest.raises(IndexError):
        z.backward(retain_graph=True)
    state = (x.grad, w.grad, t.is_grad_enabled(), (x * 2).requires_grad)
    fail.remove()
    y.sum().backward()
    return state, x.grad, w.grad


@case
def backward_within_a_hook(t: Any) -> Any:
    x, w = leaf(t), leaf(t)
    (w * w).sum().backward()
    other = (w**3).sum()
    y = x * 2
    y.register_hook(lambda g: other.backward())
    (y * x).sum().backward()
    return x.grad, w.grad, t.is_grad_enabled()


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


@case
def double_backward(t: Any) -> Any:
    x = leaf(t)
    (first,) = t.autograd.grad((x**3).sum(), x, create_graph=True)
    (first * t.tensor([2.0, 3.0])).sum().backward()
    return first, x.grad


@pytest.mark.parametrize("name", CASES)
def test_the_same_as_in_pytorch(name: str) -> None:
    assert outcome(CASES[name], autogradkit) == outcome(CASES[name], torch)
