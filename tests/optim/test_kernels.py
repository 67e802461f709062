"""The updates as kernels: listed by name, in place, of any layout, and what the optimizers do with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autogradkit
from autogradkit.core.steps import at_once
from autogradkit.optim import kernels
from tests.every_case import every_case

Array = np.ndarray[Any, Any]


def plain_sgd(
    p: Array, g: Array, momentum: float, dampening: float, decay: float, nesterov: bool, up: bool
) -> list[Array]:
    """Three steps written with operators, in float32."""
    average = None
    for _ in range(3):
        d = -g if up else g
        d = p * decay + d if decay else d
        if momentum:
            average = d if average is None else average * momentum + (d * (1 - dampening) if dampening else d)
            d = d + average * momentum if nesterov else average
        p = p - d * 0.1
    return [p] if average is None else [p, average]


SGD_OPTIONS = [
    (0.0, 0.0, 0.0, False, False),
    (0.0, 0.0, 0.3, False, True),
    (0.9, 0.0, 0.0, False, False),
    (0.9, 0.4, 0.0, False, True),
    (0.9, 0.4, 0.3, False, True),
    (0.9, 0.0, 0.3, True, False),
    (0.9, 0.0, 0.0, True, True),
]


@every_case("options", SGD_OPTIONS)
@every_case("transposed", [False, True])
def test_sgd_is_the_formula_to_the_bit(options: tuple[Any, ...], transposed: bool) -> None:
    stream = np.random.default_rng(1)
    values, slope = (stream.standard_normal((5, 7), np.float32) for _ in range(2))
    values = np.asfortranarray(values) if transposed else values
    parameter = autogradkit.nn.Parameter(autogradkit.from_numpy(values.copy(order="K")))
    parameter.grad = autogradkit.from_numpy(slope.copy())
    names = ("momentum", "dampening", "weight_decay", "nesterov")
    optimizer = autogradkit.optim.SGD([parameter], 0.1, *options[:4], maximize=options[4])
    assert [optimizer.param_groups[0][name] for name in names] == list(options[:4])
    for _ in range(3):
        optimizer.step()
    found = [parameter.detach().numpy(), *(each.numpy() for each in optimizer.state[parameter].values())]
    for mine, expected in zip(found, plain_sgd(values, slope, *options), strict=True):
        np.testing.assert_array_equal(mine, expected)
    np.testing.assert_array_equal(parameter.grad.numpy(), slope)
    assert parameter._version == 3


def plain_adam(p: Array, g: Array, decay: float, decoupled: bool, amsgrad: bool, up: bool) -> list[Array]:
    m, v, largest = (np.zeros_like(p) for _ in range(3))
    for step in range(1, 4):
        d = -g if up else g
        if decay and decoupled:
            p = p * (1 - 0.1 * decay)
        elif decay:
            d = d + p * decay
        m = m + (d - m) * (1 - 0.9)
        v = v * 0.99 + d * d * (1 - 0.99)
        largest = np.maximum(largest, v)
        size = np.sqrt(largest if amsgrad else v) / ((1 - 0.99**step) ** 0.5) + 1e-6
        p = p - m / size * (0.1 / (1 - 0.9**step))
    return [p, np.float32(3), m, v, *([largest] if amsgrad else [])]


@every_case("amsgrad", [False, True])
@every_case("maximize", [False, True])
@every_case("decay decoupled", [(0.0, False), (0.2, False), (0.2, True)])
def test_adam_is_the_formula_to_the_bit(decay: float, decoupled: bool, maximize: bool, amsgrad: bool) -> None:
    stream = np.random.default_rng(2)
    values, slope = (stream.standard_normal((5, 7), np.float32) for _ in range(2))
    parameter = autogradkit.nn.Parameter(autogradkit.from_numpy(values.copy()))
    parameter.grad = autogradkit.from_numpy(slope.copy())
    make: Callable[..., Any] = autogradkit.optim.AdamW if decoupled else autogradkit.optim.Adam
    optimizer = make([parameter], 0.1, (0.9, 0.99), 1e-6, decay, amsgrad, maximize=maximize)
    for _ in range(3):
        optimizer.step()
    found = [parameter.detach().numpy(), *(each.numpy() for each in optimizer.state[parameter].values())]
    for mine, expected in zip(found, plain_adam(values, slope, decay, decoupled, amsgrad, maximize), strict=True):
        np.testing.assert_array_equal(mine, expected)
    np.testing.assert_array_equal(parameter.grad.numpy(), slope)


def test_a_captured_step_can_run_the_listed_kernels_again() -> None:
    parameter = autogradkit.nn.Parameter(autogradkit.tensor([1.0, -2.0, 3.0]))
    parameter.grad = autogradkit.tensor([0.5, 0.25, -1.0])
    optimizer = autogradkit.optim.SGD([parameter], 0.1, momentum=0.9)
    optimizer.step()
    p, average = parameter.detach().numpy().copy(), optimizer.state[parameter]["momentum_buffer"].numpy().copy()
    options = {"dampening": 0, "weight_decay": 0, "nesterov": False, "maximize": False}
    numbers = kernels.sgd_numbers(p.dtype, lr=0.1, momentum=0.9, **options)
    at_once(kernels.KERNELS["sgd"](p, parameter.grad.numpy(), average, numbers))
    optimizer.step()
    np.testing.assert_array_equal(p, parameter.detach().numpy())
    np.testing.assert_array_equal(average, optimizer.state[parameter]["momentum_buffer"].numpy())
    assert sorted(kernels.KERNELS) == ["adam", "sgd"]


def test_a_group_of_several_dtypes_shapes_and_ages() -> None:
    """Each parameter gets numbers of its own dtype and step, whatever stands beside it in the group."""

    def make() -> list[Any]:
        kinds = (autogradkit.float32, autogradkit.float64, autogradkit.float32, autogradkit.float64)
        shapes = ((3, 2), (), (0,), (4,))
        return [autogradkit.nn.Parameter(autogradkit.ones(s, dtype=d)) for s, d in zip(shapes, kinds, strict=True)]

    together, apart = make(), make()
    group = autogradkit.optim.Adam(together, 0.1)
    alone = [autogradkit.optim.Adam([each], 0.1) for each in apart]
    for step in range(4):
        for number, (one, other) in enumerate(zip(together, apart, strict=True)):
            for parameter in (one, other):
                parameter.grad = autogradkit.full_like(parameter, step - 1.5) if step >= number else None
        group.step()
        for optimizer in alone:
            optimizer.step()
    for one, other in zip(together, apart, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one.detach().numpy(), other.detach().numpy())


class Interrupted(list[Any]):
    """Parameters whose walk is interrupted after the first was changed; one that only looks at them is not."""

    def __iter__(self) -> Iterator[Any]:
        yield self[0]
        if self[0]._version:
            raise KeyboardInterrupt
        yield from self[1:]


@pytest.mark.parametrize("make", [lambda o, p: o.SGD(p, 0.1, momentum=0.9), lambda o, p: o.AdamW(p, 0.1)])
def test_an_interrupt_between_parameters_leaves_whole_ones(make: Callable[..., Any]) -> None:
    pairs = [[autogradkit.nn.Parameter(autogradkit.ones(3)) for _ in range(2)] for _ in range(2)]
    optimizers = [make(autogradkit.optim, pair) for pair in pairs]
    for parameter in (*pairs[0], *pairs[1]):
        parameter.grad = autogradkit.tensor([1.0, 2.0, 3.0])
    optimizers[0].param_groups[0]["params"] = Interrupted(pairs[0])
    with pytest.raises(KeyboardInterrupt):
        optimizers[0].step()
    optimizers[1].step()
    np.testing.assert_array_equal(pairs[0][0].detach().numpy(), pairs[1][0].detach().numpy())
    assert pairs[0][0]._version == pairs[1][0]._version
    assert pairs[0][1].tolist() == [1.0, 1.0, 1.0]
    assert pairs[0][1]._version == 0
    assert list(optimizers[0].state) == [pairs[0][0]]
