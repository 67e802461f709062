"""Steps of large parameters, which are taken part by part: the same numbers as for parameters that are small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autogradkit
from autogradkit.core.parts import PART
from autogradkit.optim.kernels import WORTH_PARTS
from tests.every_case import every_case

OPTIMIZERS: dict[str, Callable[[Any, Any], Any]] = {
    "SGD": lambda o, p: o.SGD(p, 0.1),
    "SGD, all options": lambda o, p: o.SGD(p, 0.1, 0.9, weight_decay=0.1, nesterov=True, maximize=True),
    "Adam": lambda o, p: o.Adam(p, 0.1, amsgrad=True, weight_decay=0.1),
    "AdamW": lambda o, p: o.AdamW(p, 0.1, maximize=True),
    "Adadelta": lambda o, p: o.Adadelta(p, 0.5, weight_decay=0.1),
    "Adagrad": lambda o, p: o.Adagrad(p, 0.1, lr_decay=0.1),
    "Adamax": lambda o, p: o.Adamax(p, 0.1, maximize=True, weight_decay=0.1),
    "ASGD": lambda o, p: o.ASGD(p, 0.1, t0=2),
    "NAdam": lambda o, p: o.NAdam(p, 0.1, weight_decay=0.1, decoupled_weight_decay=True),
    "RAdam": lambda o, p: o.RAdam(p, 0.1),
    "RMSprop": lambda o, p: o.RMSprop(p, 0.1, centered=True, momentum=0.5),
    "Rprop": lambda o, p: o.Rprop(p, 0.1),
}
ROWS, COLUMNS = 5, 60_001  # five rows are large, one is not; no part of a whole is as large as another


def contents(seed: int) -> Any:
    values = np.random.default_rng(seed).standard_normal((ROWS, COLUMNS), np.float32)
    values[0, :4] = 0, np.nan, np.inf, -0.0
    return values


def trained(
    make: Callable[[Any, Any], Any], values: list[Any], slopes: list[list[Any]]
) -> tuple[list[Any], list[dict[str, Any]]]:
    """The parameters and their states after a step for each of the `slopes`."""
    parameters = [autogradkit.nn.Parameter(autogradkit.from_numpy(each)) for each in values]
    optimizer = make(autogradkit.optim, parameters)
    for each in slopes:
        for parameter, slope in zip(parameters, each, strict=True):
            parameter.grad = autogradkit.from_numpy(slope)
        optimizer.step()
    return parameters, [optimizer.state[parameter] for parameter in parameters]


@every_case("layout", ["rows", "columns", "unlike"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_large_parameter_goes_as_its_rows_do(name: str, layout: str) -> None:
    assert contents(0).size > WORTH_PARTS > PART > contents(0)[0].size
    given, *slopes = (contents(seed) for seed in (1, 2, 3, 4, 5))
    of_rows = [given.copy()[row] for row in range(ROWS)]
    rows, states = trained(OPTIMIZERS[name], of_rows, [[slope.copy()[row] for row in range(ROWS)] for slope in slopes])
    if layout != "rows":
        given = np.asfortranarray(given)
    if layout == "columns":
        slopes = [np.asfortranarray(slope) for slope in slopes]
    [whole], [state] = trained(OPTIMIZERS[name], [given.copy(order="K")], [[slope] for slope in slopes])
    # What lies unlike its gradient is multiplied and added, and so rounded twice.
    rounding = 1e-5 if layout == "unlike" else 0
    np.testing.assert_allclose(
        whole.detach().numpy(), np.stack([row.detach().numpy() for row in rows]), rounding, rounding
    )
    for key, value in state.items():
        if value.dim():
            wanted = np.stack([each[key].numpy() for each in states])
            np.testing.assert_allclose(value.numpy(), wanted, rounding, rounding, err_msg=key)


@pytest.mark.parametrize("name", ["SGD, all options", "Adam", "Adadelta"])
def test_half_precision_and_complex_numbers_go_part_by_part_too(name: str) -> None:
    for kind in (autogradkit.bfloat16, autogradkit.complex64):
        parameters = [autogradkit.nn.Parameter(autogradkit.arange(300_000).to(kind) / 150_000 - 1) for _ in range(2)]
        large, small = parameters
        apart = [autogradkit.nn.Parameter(each.clone()) for each in small.detach().split(50_000)]
        large.grad = large.detach() * 0.5
        for each in apart:
            each.grad = each.detach() * 0.5
        for group in ([large], apart):
            optimizer = OPTIMIZERS[name](autogradkit.optim, group)
            optimizer.step()
            optimizer.step()
        assert autogradkit.equal(large, autogradkit.cat(apart))
