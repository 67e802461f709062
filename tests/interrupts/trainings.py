"""What is interrupted, 3: optimizers, schedules, modules, state dicts, data loaders, the random stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autogradkit as T
from tests.interrupts.states import state
from tests.interrupts.sweep import Scenario

World = dict[str, Any]
Make = Callable[[list[Any]], Any]

OPTIMIZERS: dict[str, Make] = {
    "SGD": lambda p: T.optim.SGD(p, 0.1),
    "SGD, momentum": lambda p: T.optim.SGD(p, 0.1, momentum=0.9, dampening=0.2),
    "SGD, Nesterov, decay": lambda p: T.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    "Adam": lambda p: T.optim.Adam(p, 0.1),
    "Adam, amsgrad": lambda p: T.optim.Adam(p, 0.1, amsgrad=True, weight_decay=0.1, maximize=True),
    "AdamW": lambda p: T.optim.AdamW(p, 0.1),
    "ASGD": lambda p: T.optim.ASGD(p, 0.1, t0=1),
    "Adafactor": lambda p: T.optim.Adafactor(p, 0.1),
    "NAdam": lambda p: T.optim.NAdam(p, 0.1, weight_decay=0.1),
    "RMSprop": lambda p: T.optim.RMSprop(p, 0.1, momentum=0.9, centered=True),
}


def _optimized(make: Make, steps: int) -> Callable[[], World]:
    def build() -> World:
        parameters = [T.nn.Parameter(T.tensor([1.0, -2.0, 3.0]) * (i + 1)) for i in range(2)]
        optimizer = make(parameters)
        for step in range(steps + 1):
            for parameter in parameters:
                parameter.grad = T.tensor([0.5, -1.0, 0.25]) * (step + 1)
            if step < steps:
                optimizer.step()
        return {"p": parameters[0], "q": parameters[1], "optimizer": optimizer}

    return build


def _by_parameter(world: World) -> World:
    """Each parameter with its state is a part."""
    kept = world["optimizer"].state_dict()
    return {
        "p": (state(world["p"]), state(kept["state"].get(0))),
        "q": (state(world["q"]), state(kept["state"].get(1))),
        "groups": state(kept["param_groups"]),
    }


def _another_step(world: World) -> None:
    world["optimizer"].step()


def _loaded(make: Make) -> Callable[[], World]:
    def build() -> World:
        world = _optimized(make, 2)()
        other = _optimized(make, 1)()["optimizer"]
        other.param_groups[0]["lr"] = 0.5
        return {**world, "kept": other.state_dict()}

    return build


def _scheduled(make: Callable[[Any], Any]) -> Callable[[], World]:
    def build() -> World:
        optimizer = _optimized(OPTIMIZERS["SGD"], 1)()["optimizer"]
        optimizer.add_param_group({"params": [T.nn.Parameter(T.ones(1))], "lr": 0.3})
        scheduler = make(optimizer)
        optimizer.step()  # else a schedule's first step warns
        return {"optimizer": optimizer, "scheduler": scheduler}

    return build


def _look_at_schedule(world: World) -> World:
    scheduler = world["scheduler"]
    return {
        "all": (
            [group["lr"] for group in world["optimizer"].param_groups],
            scheduler.last_epoch,
            scheduler.get_last_lr(),
        )
    }


SCHEDULES: dict[str, Callable[[Any], Any]] = {
    "StepLR": lambda o: T.optim.lr_scheduler.StepLR(o, 1, 0.5),
    "LambdaLR": lambda o: T.optim.lr_scheduler.LambdaLR(o, lambda epoch: 1 / (epoch + 1)),
    "CosineAnnealingLR": lambda o: T.optim.lr_scheduler.CosineAnnealingLR(o, 10),
}


def _model() -> World:
    T.manual_seed(3)
    model = T.nn.Sequential(T.nn.Linear(2, 3), T.nn.ReLU(), T.nn.Dropout(0.5), T.nn.Linear(3, 1))
    model(T.tensor([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]])).sum().backward()
    return {"model": model}


def _each_tensor(world: World) -> World:
    """Each parameter, buffer and mode is a part."""
    model = world["model"]
    tensors = {name: state(each) for name, each in [*model.named_parameters(), *model.named_buffers()]}
    # A layer's mode; the version of what `data` is given counts as the old tensor's.
    return {**tensors, **{f"mode of {name}": each.training for name, each in model.named_modules()}}


def _learns(world: World) -> None:
    model = world["model"].float().train().requires_grad_()
    model.zero_grad()
    model(T.tensor([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]])).sum().backward()
    assert all(each.grad is not None for each in model.parameters())


def _hooked_call(world: World) -> None:
    model = world["model"]
    handles = [
        model[0].register_forward_hook(lambda m, i, o: o * 2),
        model[0].register_forward_pre_hook(lambda m, i: None),
    ]
    try:
        model(T.ones(2, 2))
    finally:
        for handle in handles:
            handle.remove()


def _other_values() -> Any:
    T.manual_seed(5)
    other = T.nn.Sequential(T.nn.Linear(2, 3), T.nn.ReLU(), T.nn.Dropout(0.5), T.nn.Linear(3, 1))
    return other.state_dict()


CALLS: dict[str, Callable[[World], Any]] = {
    "eval": lambda w: w["model"].eval(),
    "zero_grad": lambda w: w["model"].zero_grad(),
    "zero_grad to zeros": lambda w: w["model"].zero_grad(set_to_none=False),
    "requires_grad_(False)": lambda w: w["model"].requires_grad_(False),
    "load_state_dict": lambda w: w["model"].load_state_dict(_OTHER),
    "double": lambda w: w["model"].double(),
    "a call": lambda w: w["model"](T.ones(2, 2)),
    "a call with hooks": _hooked_call,
    "a call with other values": lambda w: T.func.functional_call(w["model"], _OTHER, (T.ones(2, 2),)),
}
_OTHER = _other_values()


def _stream() -> World:
    return {"generator": T.Generator().manual_seed(1)}


DRAWS: dict[str, Callable[[Any], Any]] = {
    "rand": lambda g: T.rand(3, generator=g),
    "randn": lambda g: T.randn(3, generator=g),
    "randn, many": lambda g: T.randn(40, generator=g),
    "randn, odd": lambda g: T.randn(17, generator=g, dtype=T.float64),
    "randperm": lambda g: T.randperm(5, generator=g),
    "randint": lambda g: T.randint(0, 9, (3,), generator=g),
    "bernoulli": lambda g: T.bernoulli(T.full((3,), 0.5), generator=g),
    "multinomial": lambda g: T.multinomial(T.ones(3), 2, generator=g),
    "manual_seed": lambda g: g.manual_seed(7),
    "set_state": lambda g: g.set_state(_STATE),
}  # fmt: skip
_STATE = T.Generator().manual_seed(9).get_state()


def _half_drawn() -> World:
    world = _stream()
    T.randn(1, generator=world["generator"])  # half of a pair is left over
    return world


def _whole_pass(world: World) -> None:
    assert sorted(number for batch in world["loader"] for number in batch.tolist()) == [0, 1, 2, 3, 4]


def scenarios() -> list[Scenario]:
    """All of them."""
    made: list[Scenario] = []
    for name, make in OPTIMIZERS.items():
        for steps in (0, 2):
            made.append(
                Scenario(
                    f"step of {name} after {steps}",
                    _optimized(make, steps),
                    _another_step,
                    _by_parameter,
                    _another_step,
                    in_parts=True,
                )
            )
        made.append(
            Scenario(
                f"load_state_dict of {name}",
                _loaded(make),
                lambda world: world["optimizer"].load_state_dict(world["kept"]),
                lambda world: {"all": state(world["optimizer"])},
                _another_step,
            )
        )
        made.append(
            Scenario(
                f"zero_grad of {name}",
                _optimized(make, 1),
                lambda world: world["optimizer"].zero_grad(),
                _by_parameter,
                _another_step,
                in_parts=True,
            )
        )
    for name, make in SCHEDULES.items():
        made.append(
            Scenario(
                f"step of {name}",
                _scheduled(make),
                lambda world: world["scheduler"].step(),
                _look_at_schedule,
                lambda world: world["scheduler"].step(),
            )
        )
    for name, call in CALLS.items():
        made.append(Scenario(f"{name} of a model", _model, call, _each_tensor, _learns, in_parts=True))
    for name, draw in DRAWS.items():
        for build in (_stream, _half_drawn):
            made.append(
                Scenario(
                    f"{name} from {build.__name__[1:]}",
                    build,
                    lambda world, draw=draw: draw(world["generator"]),
                )
            )
    made.append(
        Scenario(
            "a pass of a loader",
            lambda: {"loader": T.utils.data.DataLoader(range(5), 2, shuffle=True)},
            lambda world: list(world["loader"]),
            lambda world: {},  # it has no state of its own, and draws several times from the stream
            _whole_pass,
        )
    )
    return made
