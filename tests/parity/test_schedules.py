"""Schedules and averages of weights, against PyTorch: rates, states, warnings and refusals; and whole small trainings."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case

BOTH = (autogradkit, torch)
Make = Callable[[Any, Any], Any]


class Halves:
    """A function with an attribute, which is saved."""

    def __init__(self) -> None:
        self.factor = 0.5

    def __call__(self, epoch: int) -> float:
        return self.factor**epoch


SCHEDULES: dict[str, Make] = {
    "lambda": lambda s, o: s.LambdaLR(o, [lambda epoch: 0.9**epoch, Halves()]),
    "multiplicative": lambda s, o: s.MultiplicativeLR(o, lambda epoch: 0.5 + 0.05 * epoch),
    "step": lambda s, o: s.StepLR(o, 3, 0.5),
    "multistep": lambda s, o: s.MultiStepLR(o, [2, 2, 5], 0.3),
    "constant": lambda s, o: s.ConstantLR(o, 0.3, 4),
    "linear": lambda s, o: s.LinearLR(o, 0.2, 0.9, 6),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.7),
    "polynomial": lambda s, o: s.PolynomialLR(o, 7, 1.5),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 4, 0.01),
    "restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 2, 0.01),
    "equal restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3),
    "cyclic": lambda s, o: s.CyclicLR(o, 0.01, [0.1, 0.2], 3, 2),
    "triangular2": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 2, mode="triangular2", base_momentum=[0.7, 0.8]),
    "exp_range": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 2, mode="exp_range", gamma=0.9, cycle_momentum=False),
    "own scale": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 2, scale_fn=Halves(), scale_mode="iterations"),
    "one cycle": lambda s, o: s.OneCycleLR(o, [0.1, 0.3], total_steps=13),
    "one linear cycle": lambda s, o: s.OneCycleLR(o, 0.3, epochs=2, steps_per_epoch=7, anneal_strategy="linear"),
    "three phases": lambda s, o: s.OneCycleLR(o, 0.3, 13, three_phase=True, cycle_momentum=False),
    "sequential": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.1, 2), s.ExponentialLR(o, 0.9), s.StepLR(o, 2, 0.5)], [3, 6]
    ),
    "chained": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 2), s.ExponentialLR(o, 0.9)]),
    "nested": lambda s, o: s.SequentialLR(
        o, [s.ChainedScheduler([s.LinearLR(o, 0.5), s.StepLR(o, 2)], o), s.CosineAnnealingLR(o, 5)], [4]
    ),
}


def leaf(m: Any) -> Any:
    return m.nn.Parameter(m.ones(2))


def groups(m: Any, **options: Any) -> Any:
    """An optimizer of two groups with rates of their own."""
    given = [{"params": [leaf(m)]}, {"params": [leaf(m)], "lr": 0.3}]
    return m.optim.SGD(given, **{"lr": 0.1, "momentum": 0.9, **options})


def plain(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: plain(each) for key, each in state.items()}
    if isinstance(state, list):
        return list(map(plain, state))
    return state if not hasattr(state, "tolist") else state.tolist()


@pytest.mark.filterwarnings("ignore:Detected call")  # chained schedules that are one of several begin late
@every_case("name", SCHEDULES)
def test_rates_states_and_a_restart_are_pytorchs_to_the_last_digit(name: str) -> None:
    found = []
    for m in BOTH:
        optimizer, again = groups(m), groups(m)
        schedule, other = (SCHEDULES[name](m.optim.lr_scheduler, each) for each in (optimizer, again))
        seen: list[Any] = [schedule.get_last_lr()]
        for turn in range(11):
            optimizer.step()
            schedule.step()
            seen.append(list(schedule.get_last_lr()))
            seen.append([(g["lr"], g["momentum"]) for g in optimizer.param_groups])
            if turn == 4:
                seen.append(plain(schedule.state_dict()))
                seen.append(list(schedule.state_dict()))  # in which order files hold it
                again.load_state_dict(optimizer.state_dict())
                other.load_state_dict(schedule.state_dict())
        for _ in range(6):
            again.step()
            other.step()
        seen.append(other.get_last_lr())
        seen.append(sorted(schedule.__dict__))
        found.append(seen)
    assert found[0] == found[1]
    assert found[0][-2] == found[0][-4]


@every_case("name", [each for each in SCHEDULES if each not in ("sequential", "chained", "nested")])
def test_an_epoch_that_is_given_has_its_closed_form_and_a_warning(name: str) -> None:
    found = []
    for m in BOTH:
        optimizer = groups(m)
        schedule = SCHEDULES[name](m.optim.lr_scheduler, optimizer)
        optimizer.step()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for epoch in (3, 7, 1):
                schedule.step(epoch)
                told = [str(each.message) for each in caught]
                found.append(
                    (m is torch, epoch, schedule.get_last_lr(), told, hasattr(schedule, "_get_closed_form_lr"))
                )
    half = len(found) // 2
    assert [each[1:] for each in found[:half]] == [each[1:] for each in found[half:]]


@pytest.mark.parametrize("name", ["step", "linear", "cosine", "restarts", "polynomial", "constant", "multiplicative"])
def test_a_rate_in_a_tensor_stays_that_tensor(name: str) -> None:
    found = []
    for m in BOTH:
        rate = m.tensor(0.1, dtype=m.float64)
        optimizer = m.optim.SGD([leaf(m)], lr=rate)
        schedule = SCHEDULES[name](m.optim.lr_scheduler, optimizer)
        seen = []
        for _ in range(5):
            optimizer.step()
            schedule.step()
            seen.append(rate.item())
        assert optimizer.param_groups[0]["lr"] is rate
        assert schedule.get_last_lr()[0] is not rate
        found.append(seen)
    assert found[0] == pytest.approx(found[1], rel=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {"patience": 1, "factor": 0.5},
        {"mode": "max", "threshold": 0.1, "threshold_mode": "abs", "patience": 0},
        {"patience": 0, "cooldown": 2, "min_lr": [0.02, 0.2]},
        {"threshold_mode": "abs", "threshold": 0.5, "patience": 0, "eps": 0.1},
    ],
    ids=str,
)
def test_a_plateau(options: dict[str, Any]) -> None:
    found = []
    for m in BOTH:
        optimizer = groups(m)
        schedule = m.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        seen = []
        for measured in (3.0, 2.0, 2.0, 2.5, 1.9, 1.9, 1.8, float("nan"), m.tensor(1.0), 1.0, 4.0):
            schedule.step(measured)
            seen.append((list(schedule.get_last_lr()), plain(schedule.state_dict()), schedule.in_cooldown))
        again = m.optim.lr_scheduler.ReduceLROnPlateau(groups(m))
        again.load_state_dict(schedule.state_dict())
        found.append((seen, again.mode_worse, sorted(again.__dict__)))
    assert found[0] == found[1]


def outcome(run: Callable[[Any], Any], m: Any) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = run(m)
        except Exception as error:
            result = f"{type(error).__name__}: {error}"
    return result, [str(each.message) for each in caught]


def scheduled(m: Any, name: str, *args: Any, **options: Any) -> None:
    getattr(m.optim.lr_scheduler, name)(groups(m), *args, **options)


def many_steps(m: Any) -> None:
    optimizer = groups(m)
    schedule = m.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=2)
    for _ in range(3):
        optimizer.step()
        schedule.step()


def more_groups(m: Any) -> None:
    optimizer = groups(m)
    schedule = m.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=[0.0, 0.1])
    optimizer.add_param_group({"params": [leaf(m)]})
    schedule.step(1.0)
    schedule.step(1.0)


def too_early(m: Any) -> None:
    m.optim.lr_scheduler.StepLR(groups(m), 2).step()


def rates_outside_a_step(m: Any) -> Any:
    return m.optim.lr_scheduler.LinearLR(groups(m)).get_lr()


def other_optimizers(m: Any) -> None:
    s = m.optim.lr_scheduler
    s.ChainedScheduler([s.StepLR(groups(m), 2), s.StepLR(groups(m), 2)])


def of_a_plateau(m: Any) -> None:
    s, o = m.optim.lr_scheduler, groups(m)
    s.SequentialLR(o, [s.StepLR(o, 2), s.ReduceLROnPlateau(o)], [1])


def too_few_milestones(m: Any) -> None:
    s, o = m.optim.lr_scheduler, groups(m)
    s.SequentialLR(o, [s.StepLR(o, 2), s.StepLR(o, 2)], [])


REFUSED: list[Callable[[Any], Any]] = [
    many_steps,
    more_groups,
    too_early,
    rates_outside_a_step,
    other_optimizers,
    of_a_plateau,
    too_few_milestones,
    lambda m: m.optim.lr_scheduler.StepLR(3, 2),
    lambda m: m.optim.lr_scheduler.ChainedScheduler([]),
    lambda m: m.optim.lr_scheduler.ChainedScheduler([3]),
    lambda m: m.optim.lr_scheduler.SequentialLR(groups(m), [], []),
    lambda m: m.optim.lr_scheduler.CyclicLR(m.optim.Rprop([leaf(m)]), 0.1, 0.2),
    lambda m: scheduled(m, "StepLR", 2, last_epoch=3),
    lambda m: scheduled(m, "LambdaLR", [len]),
    lambda m: scheduled(m, "MultiplicativeLR", 0.5),
    lambda m: scheduled(m, "ConstantLR", 1.5),
    lambda m: scheduled(m, "LinearLR", 0.0),
    lambda m: scheduled(m, "LinearLR", 0.5, -1),
    lambda m: scheduled(m, "CosineAnnealingWarmRestarts", 0),
    lambda m: scheduled(m, "CosineAnnealingWarmRestarts", 2, 0),
    lambda m: scheduled(m, "CosineAnnealingWarmRestarts", 2, 1, "0"),
    lambda m: m.optim.lr_scheduler.CosineAnnealingWarmRestarts(groups(m), 2).step(-1),
    lambda m: scheduled(m, "CyclicLR", 0.1, [0.1]),
    lambda m: scheduled(m, "CyclicLR", 0.1, 0.2, mode="square"),
    lambda m: scheduled(m, "OneCycleLR", 0.1),
    lambda m: scheduled(m, "OneCycleLR", 0.1, -3),
    lambda m: scheduled(m, "OneCycleLR", 0.1, epochs=2.0, steps_per_epoch=3),
    lambda m: scheduled(m, "OneCycleLR", 0.1, 10, pct_start=2),
    lambda m: scheduled(m, "OneCycleLR", 0.1, 10, anneal_strategy="sine"),
    lambda m: scheduled(m, "ReduceLROnPlateau", factor=1.0),
    lambda m: scheduled(m, "ReduceLROnPlateau", "low"),
    lambda m: scheduled(m, "ReduceLROnPlateau", threshold_mode="log"),
    lambda m: scheduled(m, "ReduceLROnPlateau", min_lr=[0.1]),
    lambda m: m.optim.swa_utils.SWALR(groups(m), 0.1, anneal_strategy="sine"),
    lambda m: m.optim.swa_utils.SWALR(groups(m), [0.1]),
    lambda m: m.optim.swa_utils.SWALR(groups(m), 0.1, anneal_epochs=-1),
    lambda m: m.optim.swa_utils.get_ema_avg_fn(2),
    lambda m: m.optim.swa_utils.AveragedModel(m.nn.Linear(1, 1), avg_fn=max, multi_avg_fn=max),
]


@every_case("index", range(len(REFUSED)))
def test_refusals_and_warnings(index: int) -> None:
    mine, theirs = (outcome(REFUSED[index], m) for m in BOTH)
    assert mine == theirs


@pytest.mark.parametrize(
    "options", [{}, {"anneal_strategy": "linear", "anneal_epochs": 3}, {"anneal_epochs": 0}], ids=str
)
def test_the_rate_for_averages(options: dict[str, Any]) -> None:
    found = []
    for m in BOTH:
        optimizer = groups(m)
        schedule = m.optim.swa_utils.SWALR(optimizer, [0.05, 0.01], **options)
        seen = []
        for _ in range(5):
            optimizer.step()
            schedule.step()
            seen.append(schedule.get_last_lr())
        found.append((seen, plain(schedule.state_dict())))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "options",
    [
        lambda s: {},
        lambda s: {"use_buffers": True},
        lambda s: {"avg_fn": s.get_ema_avg_fn(0.9)},
        lambda s: {"avg_fn": s.get_swa_avg_fn()},
        lambda s: {"multi_avg_fn": s.get_ema_multi_avg_fn(0.8), "use_buffers": True},
        lambda s: {"multi_avg_fn": s.get_swa_multi_avg_fn()},
    ],
    ids=range(6),
)
def test_averaged_weights_and_batch_norms(options: Callable[[Any], dict[str, Any]]) -> None:
    found = []
    for m in BOTH:
        m.manual_seed(2)
        model = m.nn.Sequential(m.nn.Linear(3, 4), m.nn.BatchNorm1d(4), m.nn.Linear(4, 1))
        averaged = m.optim.swa_utils.AveragedModel(model, **options(m.optim.swa_utils))
        optimizer = m.optim.SGD(model.parameters(), lr=0.1)
        batches = [m.randn(5, 3) for _ in range(3)]
        for batch in batches:
            optimizer.zero_grad()
            model(batch).pow(2).mean().backward()
            optimizer.step()
            averaged.update_parameters(model)
        before = {key: each.clone() for key, each in averaged.state_dict().items()}
        averaged.eval()
        m.optim.swa_utils.update_bn([(each, 1) for each in batches], averaged)
        assert not averaged.training
        found.append((plain(before), plain(averaged.state_dict()), averaged(batches[0]).tolist()))
    for mine, theirs in zip(found[0][:2], found[1][:2], strict=True):
        assert mine.keys() == theirs.keys()
        for key in theirs:
            torch.testing.assert_close(torch.tensor(mine[key]), torch.tensor(theirs[key]), rtol=1e-5, atol=1e-6)


OPTIMIZERS = [
    "ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "Muon", "NAdam", "RAdam", "RMSprop", "Rprop",
    "SGD",
]  # fmt: skip


def regression(m: Any, name: str, make: Make) -> str:
    """What a small training prints."""
    with redirect_stdout(io.StringIO()) as printed, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        m.manual_seed(3)
        x = m.randn(12, 3, dtype=m.float64)
        y = x @ m.tensor([[1.0], [-2.0], [0.5]], dtype=m.float64)
        w = m.nn.Parameter(m.zeros(3, 1, dtype=m.float64))
        optimizer = getattr(m.optim, name)([w])
        schedule = make(m.optim.lr_scheduler, optimizer)
        print(optimizer)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = ((x @ w - y) ** 2).mean()
            loss.backward()
            return loss

        for epoch in range(10):
            loss = optimizer.step(closure)
            schedule.step()
            print(epoch, f"{loss.item():.4f}", [f"{rate:.5g}" for rate in schedule.get_last_lr()])
        print(m.round(w.detach(), decimals=3))
    return printed.getvalue()


SINGLE: dict[str, Make] = {
    **{name: make for name, make in SCHEDULES.items() if name not in ("lambda", "cyclic", "one cycle", "triangular2")},
    "exp_range": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 2, mode="exp_range", gamma=0.9, cycle_momentum=False),
    "own scale": lambda s, o: s.CyclicLR(
        o, 0.01, 0.1, 2, scale_fn=Halves(), scale_mode="iterations", cycle_momentum=False
    ),
    "one linear cycle": lambda s, o: s.OneCycleLR(o, 0.3, 14, anneal_strategy="linear", cycle_momentum=False),
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_optimizer_with_each_schedule_prints_what_pytorch_prints(name: str) -> None:
    for make in SINGLE.values():
        assert regression(autogradkit, name, make) == regression(torch, name, make)
