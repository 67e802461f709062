"""Timers beside PyTorch, by a clock that says what the test wants: how often they run, and what they make of the times."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.utils.benchmark

import autogradkit

STATEMENTS: dict[str, dict[str, Any]] = {
    "a line": {"stmt": "x + 1", "setup": "x = torch.ones(2)"},
    "several lines": {"stmt": "\n    y = x + 1\n    y * 2\n", "setup": "\n    x = torch.ones(2)\n    pass\n"},
    "a label": {"stmt": "pass", "label": "nothing", "sub_label": "at all", "description": "really"},
    "a sublabel": {"stmt": "pass", "sub_label": "at all", "num_threads": 2},
    "a sublabel of lines": {"stmt": "x = 1\nx + 1", "sub_label": "two"},
    "globals": {"stmt": "given(1)", "globals": {"given": abs}},
}


class Clock:
    """A clock that only runs of the statement, `run()`, move: each by one of these steps, in turn; and each look by a little."""

    def __init__(self, *steps: float) -> None:
        self.now = 0.0
        self.steps = itertools.cycle(steps)

    def run(self) -> None:
        self.now += next(self.steps)

    def __call__(self) -> float:
        self.now += 1e-12
        return self.now


def timer(m: Any, steps: tuple[float, ...], stmt: str = "pass", **options: Any) -> Any:
    clock = Clock(*steps)
    names = {"run": clock.run, **options.pop("globals", {})}
    indent = stmt[: len(stmt) - len(stmt.lstrip())] or "\n"
    return m.utils.benchmark.Timer(f"{indent}run(){indent}{stmt.lstrip()}", timer=clock, globals=names, **options)


def printed(measurement: Any) -> Any:
    return (
        repr(measurement).split("\n")[1:],
        measurement.significant_figures,
        measurement.as_row_name,
        measurement.number_per_run,
        [round(time, 9) for time in measurement.raw_times],
        [round(time, 9) for time in (measurement.median, measurement.mean, measurement.iqr)],
        measurement.title,
        measurement.stmt,
        measurement.label,
        measurement.has_warnings,
    )


@pytest.mark.parametrize("options", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_one_measurement(options: dict[str, Any]) -> None:
    ours, theirs = (printed(timer(m, (0.003, 0.5), **options).timeit(20)) for m in (autogradkit, torch))
    assert ours == theirs


@pytest.mark.parametrize("steps", [(1e-3,), (0.02, 0.03), (0.05, 0.06, 0.1, 0.07, 0.4)])
def test_measurements_for_a_time(steps: tuple[float, ...]) -> None:
    def run(m: Any) -> Any:
        heard: list[tuple[int, float]] = []
        one = timer(m, steps).blocked_autorange(min_run_time=0.6, callback=lambda *each: heard.append(each))
        return printed(one), len(heard), printed(timer(m, steps).adaptive_autorange(max_run_time=2.0))

    assert run(autogradkit) == run(torch)


def test_measurements_are_merged() -> None:
    def run(m: Any) -> Any:
        made = [timer(m, (step,), stmt=stmt).timeit(2) for step, stmt in ((1.0, "pass"), (2.0, "1"), (3.0, "pass"))]
        merged = m.utils.benchmark.Measurement.merge(made)
        return [(each.stmt, [round(time, 6) for time in each.times]) for each in merged]

    assert run(autogradkit) == run(torch)


@pytest.mark.parametrize("ask", ["", "trim_significant_figures", "colorize", "rowwise", "highlight_warnings"])
def test_tables(ask: str) -> None:
    def run(m: Any) -> str:
        benchmark = m.utils.benchmark
        made = []
        for number, (label, name, size, threads) in enumerate(
            itertools.product(["sums", "products"], ["one", "the other"], ["n = 1", "n = 10"], [1, 2])
        ):
            if number != 5:
                spec = benchmark.TaskSpec(
                    "pass", "pass", label=label, sub_label=name, description=size, num_threads=threads
                )
                times = [1e-5 * (number + 1) ** 2 * (1 + 0.07 * part * (number % 3)) for part in range(6)]
                made.append(benchmark.Measurement(10, times, spec))
        table = benchmark.Compare(made)
        if ask == "rowwise":
            table.colorize(rowwise=True)
        elif ask:
            getattr(table, ask)()
        return str(table)

    assert run(autogradkit) == run(torch)


def test_tables_of_environments(capsys: pytest.CaptureFixture[str]) -> None:
    def run(m: Any) -> str:
        benchmark = m.utils.benchmark
        made = [
            benchmark.Measurement(1, [0.5 * place + 1], benchmark.TaskSpec(name, "", env=env, description="d"))
            for place, (name, env) in enumerate(itertools.product(["a", "bb"], ["old", "newer"]))
        ]
        benchmark.Compare(made).print()
        return capsys.readouterr().out

    assert run(autogradkit) == run(torch)


def test_only_measurements_are_compared() -> None:
    for m in (autogradkit, torch):
        with pytest.raises(ValueError, match=r"^Expected an instance of `Measurement`, got <class 'int'> instead\.$"):
            m.utils.benchmark.Compare([3])


@pytest.mark.parametrize("seconds", [3e-9, 5e-6, 0.9e-3, 0.5, 30.0])
def test_units(seconds: float) -> None:
    theirs = torch.utils.benchmark.select_unit(seconds)
    assert autogradkit.utils.benchmark.select_unit(seconds) == theirs


REFUSED: list[Callable[[Any], Any]] = [
    lambda benchmark: benchmark.Timer(print),
    lambda benchmark: benchmark.Timer(global_setup="x"),
    lambda benchmark: benchmark.Timer(language="latin"),
    lambda benchmark: benchmark.Timer().repeat(),
    lambda benchmark: benchmark.Timer().autorange(),
    lambda benchmark: benchmark.Timer().timeit(3).nothing,
]


@pytest.mark.parametrize("index", range(len(REFUSED)))
def test_refusals(index: int) -> None:
    said = []
    for m in (autogradkit, torch):
        with pytest.raises((ValueError, NotImplementedError, AttributeError)) as caught:
            REFUSED[index](m.utils.benchmark)
        said.append((caught.type, str(caught.value)))
    assert said[0] == said[1]


def test_threads_are_as_before() -> None:
    before = autogradkit.get_num_threads()
    seen: list[int] = []
    options = {"globals": {"look": lambda: seen.append(autogradkit.get_num_threads())}, "num_threads": 2}
    autogradkit.utils.benchmark.Timer("look()", **options).timeit(2)
    assert set(seen) == {2}
    assert autogradkit.get_num_threads() == before


def fuzzer(m: Any) -> Any:
    """Tensors of every kind: permuted in memory, parts of larger ones, of fewer dimensions, made by the caller."""
    b = m.utils.benchmark
    return b.Fuzzer(
        parameters=[
            [b.FuzzedParameter("k0", 1, 20, "loguniform"), b.FuzzedParameter("k1", 1, 20, "uniform", strict=True)],
            b.FuzzedParameter("dim", 2, 3, "uniform"),
            b.FuzzedParameter("value", 0.5, 1.0, "uniform"),
            b.FuzzedParameter("step", 1, 2, "uniform"),
        ],
        tensors=[
            b.FuzzedTensor("x", ("k0", "k1", 2), None, 0.4, 2, 100, dim_parameter="dim"),
            [b.FuzzedTensor("y", ("k0", "k1"), (1, "step"), dtype=m.int64, max_allocation_bytes=1200)],
            b.FuzzedTensor("z", ("k1",), tensor_constructor=lambda size, dtype, value, **_: m.full(size, value)),
        ],
        constraints=[lambda params: params["k0"] != 3],
        seed=7,
    )


def test_fuzzed_tensors_are_pytorchs() -> None:
    def drawn(m: Any) -> list[Any]:
        made = fuzzer(m)
        found: list[Any] = [
            [params]
            + [[name, tuple(x.shape), x.stride(), x.tolist()] for name, x in tensors.items()]
            + [{**each, "order": each["order"].tolist()} for each in properties.values()]
            for tensors, properties, params in made.take(8)
        ]
        return [*found, made.rejection_rate]

    ours = drawn(autogradkit)
    assert ours == drawn(torch)
    assert 0 < ours[-1] < 1


def test_what_cannot_be_fuzzed_is_refused_as_by_pytorch() -> None:
    def refusals(m: Any) -> list[str]:
        b = m.utils.benchmark
        small = b.FuzzedParameter("n", 1, 2, "uniform")
        calls: list[Callable[[], Any]] = [
            lambda: b.FuzzedParameter("n", distribution="normal"),
            lambda: b.FuzzedParameter("n", distribution={1: -1.0}),
            lambda: b.Fuzzer([small], [b.FuzzedTensor("n", (1,))]),
            lambda: next(b.Fuzzer([small], [b.FuzzedTensor("x", ("n",), min_elements=5)], seed=0).take(1)),
        ]
        found: list[str] = []
        for call in calls:
            with pytest.raises((AssertionError, ValueError)) as caught:
                call()
            found.append(f"{type(caught.value).__name__} {caught.value}")
        return found

    assert refusals(autogradkit) == refusals(torch)


def test_a_size_may_be_that_of_another_or_a_value_by_its_probability() -> None:
    b = autogradkit.utils.benchmark
    either = b.FuzzedParameter("m", distribution={1: 0.5, b.ParameterAlias("n"): 0.5})
    made = b.Fuzzer([b.FuzzedParameter("n", 3, 9, "uniform"), either], [b.FuzzedTensor("x", ("m",))], seed=0)
    params = [each for _, _, each in made.take(20)]
    assert {each["m"] == each["n"] for each in params} == {True, False}
    assert all(each["m"] in (1, each["n"]) for each in params)
    with pytest.raises(AssertionError, match="not normalized"):
        b.FuzzedParameter("m", distribution={1: 0.5, 2: 0.4})
    circle = b.FuzzedParameter("m", distribution={b.ParameterAlias("m"): 1.0})
    with pytest.raises(ValueError, match="cycle"):
        next(b.Fuzzer([circle], [b.FuzzedTensor("x", ("m",))]).take(1))
