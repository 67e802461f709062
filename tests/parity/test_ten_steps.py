"""Ten steps of every layer, loss, optimizer and schedule, beside PyTorch's: equal in float64, in float32 as near to that.

A layer of PyTorch's database is made after a seed and trained together with its inputs; an optimizer takes its steps by one
stream of gradients. Of each tensor afterwards, by its norm: in float64 1e-9 of it is allowed, in float32 an error, against the
float64 run, of twice that of PyTorch.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.testing._internal.common_modules import FunctionInput, ModuleInfo, ModuleInput

import autogradkit

from . import module_replay, optim_replay
from .oracle import array_of, tensors_in
from .test_schedules import SCHEDULES

STEPS = 10
SAMPLES = 4  # of a layer, spread over those of its replay
# Whose place of an error is chance: Muon rounds to bfloat16 on its way, and what L-BFGS remembers of small steps is rounding.
COARSE = {"optim.Muon": 1e-2, "optim.LBFGS": 1e-5}


@pytest.fixture(autouse=True, scope="module")
def looked_through_once() -> Iterator[None]:
    """A leaf that gets another dtype is looked for in all that is not frozen; PyTorch's objects are many."""
    gc.freeze()
    yield
    gc.unfreeze()


def trained(m: Any, info: ModuleInfo, sample: ModuleInput, dtype: torch.dtype, seed: int) -> list[Any]:
    """What parameters and inputs have become, as arrays; or what was refused."""
    side = module_replay.Side(m, info, sample, dtype)
    layer = side.made(seed)
    try:
        side.output(layer)  # a lazy layer has parameters from now on
        leaves = [*layer.parameters(), *(each for each in tensors_in([side.args, side.kwargs]) if each.requires_grad)]
        leaves = [each for each in leaves if each.is_leaf and each.requires_grad]
        if not leaves:
            return []
        optimizer = m.optim.SGD(leaves, lr=1e-3, momentum=0.9)
        for _ in range(STEPS):
            optimizer.zero_grad()
            side.backward(layer)
            optimizer.step()
    except (RuntimeError, IndexError, ValueError) as error:
        return [str(error)]
    return [array_of(each) for each in leaves]


def widened(value: Any) -> Any:
    """A sample's arguments in float64, with the same numbers."""
    if isinstance(value, torch.Tensor):
        return value.detach().double().requires_grad_(value.requires_grad) if value.is_floating_point() else value
    if isinstance(value, torch.nn.Module):
        return value.double()
    if isinstance(value, dict):
        return {key: widened(each) for key, each in value.items()}
    return type(value)(widened(each) for each in value) if isinstance(value, list | tuple) else value


def wide(sample: ModuleInput) -> ModuleInput:
    """A sample in float64."""
    parts = [
        each and FunctionInput(*widened(each.args), **widened(each.kwargs))
        for each in (sample.constructor_input, sample.forward_input)
    ]
    return ModuleInput(*parts, desc=sample.desc)


def errors(found: list[list[Any]], what: str, bar: float) -> list[Any]:
    """Of each tensor in float32 (our error, PyTorch's, what is always allowed), by the norm; asserts the bar of float64."""
    mine, theirs, here, truth = found
    assert len(mine) == len(theirs) == len(truth) == len(here), what
    told = []
    for place, (one, other, wide_one, wide_other) in enumerate(zip(mine, theirs, here, truth, strict=True)):
        if isinstance(other, str) or isinstance(wide_other, str):
            assert (one, wide_one) == (other, wide_other), what
            continue
        known = np.isfinite(wide_other)
        assert (np.isfinite(wide_one) == known).all(), f"{what}: tensor {place} is finite elsewhere"
        norm = float(np.linalg.norm(wide_other[known]))
        apart = float(np.linalg.norm((wide_one - wide_other)[known]))
        assert apart <= bar * max(norm, 1.0), f"{what}: tensor {place} is {apart:.1e} off in float64, of {norm:.1e}"
        ours, pytorchs = (float(np.linalg.norm((each - wide_other)[known])) for each in (one, other))
        rounding = float(np.finfo(np.float32).eps) * norm  # of each element, once: below it an error is chance
        told.append((ours, pytorchs, max(rounding, bar * norm if bar > 1e-9 else 0.0)))
    return told


def assert_as_near(errors_of: Callable[[int], list[Any]], what: str) -> None:
    """Assert the bar of float32 by one seed; where that fails by a few more, all together, as one error is chance."""
    pooled = np.array(errors_of(0)) ** 2
    if not pooled.size or _within(pooled).all():
        return
    pooled = sum((np.array(errors_of(seed)) ** 2 for seed in range(1, 8)), start=pooled)
    assert _within(pooled).all(), f"{what}: (ours, PyTorch's) {np.sqrt(pooled[~_within(pooled)])}"


def _within(squares: Any) -> Any:
    ours, pytorchs, allowed = squares.T
    return (ours <= 4 * pytorchs) | (ours <= allowed) | ~np.isfinite(pytorchs)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.wide) if n in module_replay.STACKS else n for n in module_replay.FOUND]
)
def test_ten_steps_of_a_layer(name: str) -> None:
    info = module_replay.FOUND[name]
    count = len(module_replay.samples(info, torch.float32))
    for place in range(0, count, -(-count // SAMPLES)):
        sample = module_replay.samples(info, torch.float32)[place]
        what = f"{name}, sample {place} ({sample.desc})"

        def errors_of(seed: int, place: int = place, what: str = what) -> list[Any]:
            found = []
            for dtype in (torch.float32, torch.float64):
                for m in (autogradkit, torch):
                    given = module_replay.samples(info, torch.float32)[place]
                    found.append(trained(m, info, given if dtype == torch.float32 else wide(given), dtype, seed))
            return errors(found, what, 1e-9)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert_as_near(errors_of, what)


@pytest.mark.parametrize("name", optim_replay.FOUND)
def test_ten_steps_of_an_optimizer(name: str) -> None:
    info = optim_replay.FOUND[name]
    for options in optim_replay.options_of(info):

        def errors_of(seed: int, options: dict[str, Any] = options) -> list[Any]:
            found = []
            for dtype in ("float32", "float64"):
                for m, given in ((autogradkit, optim_replay.ours(options)), (torch, options)):
                    try:
                        parameters, _ = optim_replay.stepped(m, info.name, given, dtype, seed)
                    except (RuntimeError, ValueError) as error:
                        found.append([str(error)])
                    else:
                        found.append([array_of(each) for each in parameters])
            return errors(found, f"{name} {options}", COARSE.get(name, 1e-9))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert_as_near(errors_of, f"{name} {options}")


@pytest.mark.filterwarnings("ignore:Detected call")  # chained schedules that are one of several begin late
@pytest.mark.parametrize("name", [*SCHEDULES, "plateau"])
def test_ten_steps_of_a_schedule(name: str) -> None:
    """A regression by SGD in float64, whose rate is set after each step: rates to the last digit, weights to 1e-12."""
    rates, weights = [], []
    for m in (autogradkit, torch):
        m.manual_seed(4)
        layer = m.nn.Linear(3, 2, dtype=m.float64)
        x, y = m.randn(8, 3, dtype=m.float64), m.randn(8, 2, dtype=m.float64)
        groups = [{"params": [layer.weight]}, {"params": [layer.bias], "lr": 0.3}]
        optimizer = m.optim.SGD(groups, lr=0.1, momentum=0.9)
        s = m.optim.lr_scheduler
        plateau = name == "plateau"
        schedule = s.ReduceLROnPlateau(optimizer, patience=0, factor=0.5) if plateau else SCHEDULES[name](s, optimizer)
        seen = []
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = ((layer(x) - y) ** 2).mean()
            loss.backward()
            optimizer.step()
            schedule.step(*[loss.item()] * plateau)
            seen.append([each["lr"] for each in optimizer.param_groups])
        rates.append(seen)
        weights.append([array_of(each) for each in (layer.weight, layer.bias)])
    assert rates[0] == rates[1]
    assert len({tuple(each) for each in rates[0]}) > 1
    for mine, other in zip(*weights, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12, atol=1e-13)
