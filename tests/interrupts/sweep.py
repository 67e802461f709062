"""The sweep: a scenario is run again and again with an interrupt at each of its points, and its state looked at after each.

A scenario's state after an interrupt is the old one or the new one, as a whole or part by part; what belongs to the process
is as before or as after; and everything works. Rests on injection and states.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.interrupts.injection import interrupted
from tests.interrupts.states import process, state, works


@dataclass
class Scenario:
    """Something that is interrupted.

    `build` makes what it works on, new each time; `act` is what is interrupted; `look` gives the state afterwards (all that
    `build` made), `follow` what happens when one goes on. `in_parts`: each part of the state is old or new by itself. `undo`
    puts back what belongs to the process.
    """

    name: str
    build: Callable[[], dict[str, Any]]
    act: Callable[[dict[str, Any]], Any]
    look: Callable[[dict[str, Any]], dict[str, Any]] = lambda world: {name: state(each) for name, each in world.items()}
    follow: Callable[[dict[str, Any]], Any] = lambda world: None
    in_parts: bool = False
    undo: Callable[[], Any] = lambda: None

    def __str__(self) -> str:
        return self.name


@dataclass
class Torn:
    """What an interrupt left that is neither old nor new."""

    scenario: str
    place: str | None
    what: str

    def __str__(self) -> str:
        return f"{self.scenario}, interrupted at {self.place}: {self.what}"


def _seen(scenario: Scenario, world: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """(process, state, what followed), and the process put back."""
    of_process, now = process(), scenario.look(world)
    scenario.undo()
    try:
        followed = state(scenario.follow(world))
    except RuntimeError as error:
        followed = str(error).splitlines()[0]
    return of_process, now, followed


def sweep(scenario: Scenario, kind: str = "lines", most: int | None = None, seed: int = 0) -> tuple[int, list[Torn]]:
    """(how many points were tried, what was torn) of a scenario; at most `most` points, drawn by `seed`."""
    clean = process()
    for _ in range(2):  # what is made at its first use is made before
        scenario.act(scenario.build())
        scenario.undo()
    world = scenario.build()
    old = _seen(scenario, world)
    world = scenario.build()
    scenario.act(world)
    new = _seen(scenario, world)
    world = scenario.build()
    points = interrupted(lambda: scenario.act(world), None, kind).points
    scenario.undo()
    assert points, f"{scenario.name} has no point to be interrupted at"
    chosen: Iterable[int] = range(points)
    if most is not None and points > most:
        chosen = sorted(random.Random(f"{seed} {scenario.name}").sample(range(points), most))
    torn: list[Torn] = []
    tried = 0
    for at in chosen:
        tried += 1
        world = scenario.build()
        outcome = interrupted(lambda: scenario.act(world), at, kind)  # noqa: B023 - called at once
        got = _seen(scenario, world)
        for what in _differences(scenario, old, new, got):
            torn.append(Torn(scenario.name, outcome.place, what))
        left = process()
        if left != clean:
            torn.append(Torn(scenario.name, outcome.place, f"the process is left with {_unlike(left, clean)}"))
            raise AssertionError("\n".join(map(str, torn)))  # nothing after it could be judged
        works()
    return tried, torn


def _differences(scenario: Scenario, old: Any, new: Any, got: Any) -> Iterator[str]:
    for name, value in got[0].items():
        if value not in (old[0][name], new[0][name]):
            yield f"{name} is {value!r}"
    if scenario.in_parts:
        for name, value in got[1].items():
            if value not in (old[1].get(name), new[1].get(name)):
                yield f"{name} is {_short(value)}, neither {_short(old[1].get(name))} nor {_short(new[1].get(name))}"
        if isinstance(got[2], str):
            yield f"then {got[2]}"
    elif got[1:] not in (old[1:], new[1:]):
        yield f"{_unlike(got[1], old[1])} against the old state, {_unlike(got[1], new[1])} against the new, then {got[2]!r}"


def _unlike(one: dict[str, Any], other: dict[str, Any]) -> str:
    return ", ".join(
        f"{name}: {_short(one.get(name))} / {_short(other.get(name))}" for name in one if one[name] != other.get(name)
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 300 else text[:300] + "…"
