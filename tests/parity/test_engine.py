"""The engine against PyTorch: roots and inputs, what was freed or edited, and second backward calls."""

from __future__ import annotations

from typing import Any

import pytest

from tests.every_case import every_case

from .outcomes import Case, assert_same, case_of, leaf

CASES: dict[str, Case] = {}
case = case_of(CASES)


@case
def inputs_that_are_results_only(t: Any) -> Any:
    x = leaf(t)
    y = x * 2
    y.grad_fn.register_prehook(lambda g: (g[0] * 7,))
    y.sum().backward(inputs=[y])
    return x.grad, y.grad


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
def double_backward(t: Any) -> Any:
    x = leaf(t)
    (first,) = t.autograd.grad((x**3).sum(), x, create_graph=True)
    (first * t.tensor([2.0, 3.0])).sum().backward()
    return first, x.grad


@every_case("name", CASES)
def test_the_same_as_in_pytorch(name: str) -> None:
    assert_same(CASES[name])
