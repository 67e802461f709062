"""Profiles: which events there are, whose times fit into one another, and tables in PyTorch's form."""

from __future__ import annotations

import gzip
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch.profiler
from torch.autograd import profiler_util

import autogradkit
from autogradkit.autograd import profiler
from autogradkit.autograd.profiler import EventList, FunctionEvent
from tests.every_case import every_case

TIMES = [  # name, start, end, place of the parent
    ("mine", 0.0, 2_500_000.5, None),
    ("aten::mm", 10.0, 1_510.25, 0),
    ("aten::mm", 2_000.0, 2_900.5, 0),
    ("a name that is so long that no column of a table has room for it", 3_000.0, 3_001.125, 0),
    ("aten::add", 2_600_000.0, 2_600_900.0, None),
]


def _ours(shapes: bool) -> EventList:
    events: list[FunctionEvent] = []
    for name, start, end, parent in TIMES:
        event = FunctionEvent(name, 1, start, [[2, 3], []] if shapes else [])
        event.end = end
        if parent is not None:
            event.cpu_parent = events[parent]
            events[parent].cpu_children.append(event)
        events.append(event)
    return EventList(events)


def _theirs(shapes: bool, profile_memory: bool = False) -> Any:
    made = [
        profiler_util.FunctionEvent(number, name, 1, start, end, input_shapes=[[2, 3], []] if shapes else [], stack=[])
        for number, (name, start, end, _) in enumerate(TIMES)
    ]
    events = profiler_util.EventList(made, profile_memory=profile_memory)
    events._build_tree()
    return events


@every_case("shapes", [False, True])
@every_case("sort_by", [None, "cpu_time_total", "self_cpu_time_total", "count"])
def test_tables(sort_by: str | None, shapes: bool) -> None:
    ours, theirs = _ours(shapes), _theirs(shapes)
    options: dict[str, Any] = {"sort_by": sort_by}
    assert ours.table(**options) == theirs.table(**options)
    assert ours.table(row_limit=2, **options) == theirs.table(row_limit=2, **options)
    assert ours.table(header="a header", top_level_events_only=True) == theirs.table(
        header="a header", top_level_events_only=True
    )
    assert ours.key_averages().table(**options) == theirs.key_averages().table(**options)
    assert ours.key_averages(shapes).table(max_name_column_width=None) == theirs.key_averages(shapes).table(
        max_name_column_width=None
    )
    assert str(ours) == str(theirs)
    assert ours.self_cpu_time_total == pytest.approx(theirs.self_cpu_time_total)
    assert ours.total_average().count == theirs.total_average().count


def _around(event: Any) -> list[str]:
    return [] if event.cpu_parent is None else [event.cpu_parent.name, *_around(event.cpu_parent)]


def test_what_runs_is_timed_within_what_it_runs_in() -> None:
    w = autogradkit.tensor([1.0, 2.0], requires_grad=True)
    with profiler.profile(record_shapes=True) as times:
        with profiler.record_function("step"):
            (w * 3).exp().sum().backward()
        w.detach().add_(1)
    step, *inside = [event for event in times.function_events if event.name == "step" or "step" in _around(event)]
    assert [event.name for event in inside] == [
        "aten::mul", "aten::exp", "aten::sum", "SumBackward0", "ExpBackward0", "MulBackward0", "torch::autograd::AccumulateGrad",
    ]  # fmt: skip
    assert all(event.cpu_parent is step and step.start <= event.start <= event.end <= step.end for event in inside)
    assert step.self_cpu_time_total == pytest.approx(step.cpu_time - sum(event.cpu_time for event in inside))
    assert inside[0].input_shapes == [[2], []]
    assert [event.name for event in times.function_events][-3:] == ["aten::detach", "detach", "aten::add_"]


@pytest.mark.parametrize("bias", [True, False])
def test_what_is_made_of_ops_has_a_row_as_in_pytorch_with_theirs_within_it(bias: bool) -> None:
    found = []
    for m in (autogradkit, torch):
        x, layer = m.ones(1, 4, 8), m.nn.Linear(8, 3, bias=bias)
        with m.autograd.profiler.profile(use_kineto=True, record_shapes=True) as times:
            layer(x)
        (row,) = (event for event in times.function_events if event.cpu_parent is None)
        found.append((row.name, row.input_shapes, {each.name for each in row.cpu_children}))
    assert found[0] == found[1]


def test_memory_is_that_of_results() -> None:
    x = autogradkit.ones(4, 4)
    with profiler.profile(profile_memory=True) as times, profiler.record_function("mine"):
        x.exp()
        x.view(16)
        x.add_(1)
        x.topk(2)
    found = {event.key: (event.cpu_memory_usage, event.self_cpu_memory_usage) for event in times.key_averages()}
    assert found == {
        "mine": (160, 0),
        "aten::exp": (64, 64),
        "aten::view": (0, 0),
        "aten::add_": (0, 0),
        "aten::topk": (96, 96),
    }


def test_tables_of_memory() -> None:
    sizes = [3 << 30, 5 << 20, 1536, 7, -12]
    ours, theirs = EventList(_ours(False), profile_memory=True), _theirs(False, profile_memory=True)
    for own, other, size in zip(ours, theirs, sizes, strict=True):
        own.new_memory = other.cpu_memory_usage = size
    for sort_by in ("self_cpu_memory_usage", "cuda_time_total", "cpu_memory_usage"):
        assert ours.table(sort_by) == theirs.table(sort_by)
        assert ours.key_averages().table(sort_by) == theirs.key_averages().table(sort_by)


def test_operations_are_counted_as_in_pytorch() -> None:
    def counted(m: Any) -> dict[str, int]:
        x, columns, pictures = m.ones(3, 1), m.ones(1, 4), m.ones(2, 4, 9, 9)
        layer, halves = m.nn.Linear(4, 5), m.nn.Conv2d(4, 6, 3, groups=2, stride=2, padding=1)
        with m.profiler.profile(activities=[m.profiler.ProfilerActivity.CPU], with_flops=True) as times:
            x * columns, columns * x, m.mul(2, columns), x + 1, x - 1, layer(m.ones(2, 3, 4)), halves(pictures)
            m.ones(2, 3) @ m.ones(3, 4), m.ones(2, 3, 4) @ m.ones(2, 4, 5), m.ones(2, 4) @ m.ones(4)
            m.baddbmm(m.ones(2, 3, 5), m.ones(2, 3, 4), m.ones(2, 4, 5))
            m.nn.functional.conv1d(m.ones(1, 2, 5), m.ones(3, 2, 3))
            m.nn.functional.conv_transpose2d(m.ones(1, 2, 4, 4), m.ones(2, 3, 2, 2))
        return {each.key.replace("conv2d", "convolution"): each.flops for each in times.key_averages() if each.flops}

    theirs = counted(torch)
    assert counted(autogradkit) == theirs
    assert set(theirs) == {f"aten::{name}" for name in ("mul", "add", "addmm", "mm", "bmm", "baddbmm", "convolution")}


def test_tables_of_operations() -> None:
    for counts in ([0, 6144, 80, 0, 12_000_000], [0, 2_500_000, 0, 0, 7_000_000_000], [0] * 5):
        ours = EventList(_ours(True), with_flops=True)
        theirs = _theirs(True)
        theirs._with_flops = True
        for own, other, count in zip(ours, theirs, counts, strict=True):
            own.flops = other.flops = count
        assert ours.table() == theirs.table()
        assert ours.key_averages().table("flops") == theirs.key_averages().table("flops")


def test_devices_that_are_not_here_are_warned_of() -> None:
    def warnings_of(m: Any, call: str) -> list[tuple[str, str]]:
        spaces = {"p": m.autograd.profiler.profile, "q": m.profiler.profile, "A": m.profiler.ProfilerActivity, "m": m}
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            with eval(call, spaces):
                m.ones(2) + 1
        return [(each.category.__name__, str(each.message)) for each in warned]

    for call in (
        "p(use_cuda=True)", "p(use_cuda=False)", "p(use_device='xpu')", "p(use_device='tpu')", "q(use_cuda=True)",
        "q(activities=[A.CPU, A.CUDA])", "q(activities=[A.CPU], use_cuda=False)",
    ):  # fmt: skip
        assert warnings_of(autogradkit, call) == warnings_of(torch, call), call
    with pytest.warns(FutureWarning), pytest.raises(AssertionError, match="No valid profiler activities found"):
        autogradkit.profiler.profile(activities=[autogradkit.profiler.ProfilerActivity.CUDA], use_cuda=False)


def test_a_schedule_may_begin_without_waiting() -> None:
    for options in ({}, {"skip_first_wait": 1}, {"repeat": 2, "skip_first_wait": 1}, {"repeat": 1}):
        ours, theirs = (
            m.schedule(wait=2, warmup=1, active=2, skip_first=3, **options)
            for m in (autogradkit.profiler, torch.profiler)
        )
        assert [ours(step).value for step in range(20)] == [theirs(step).value for step in range(20)]


@pytest.mark.parametrize(("compressed", "ends"), [(False, ".pt.trace.json"), (True, ".pt.trace.json.gz")])
def test_traces_for_tensorboard(compressed: bool, ends: str, tmp_path: Path) -> None:
    handler = autogradkit.profiler.tensorboard_trace_handler(str(tmp_path / "new"), "me", use_gzip=compressed)
    with autogradkit.profiler.profile(on_trace_ready=handler, with_stack=True):
        autogradkit.ones(2).exp()
    (file,) = (tmp_path / "new").iterdir()
    assert file.name.startswith("me.")
    assert file.name.endswith(ends)
    written = gzip.decompress(file.read_bytes()) if compressed else file.read_bytes()
    assert [event["name"] for event in json.loads(written)["traceEvents"]] == ["aten::ones", "aten::exp"]


def test_an_op_that_fails_ends_too() -> None:
    with profiler.profile() as times, pytest.raises(RuntimeError):
        autogradkit.ones(2) + autogradkit.ones(3)
    assert [event.name for event in times.function_events] == ["aten::ones", "aten::ones", "aten::add"]
    assert all(event.end >= event.start for event in times.function_events)


def test_a_decorated_function_is_an_event() -> None:
    @profiler.record_function("decorated")
    def double(x: Any) -> Any:
        return x * 2

    with profiler.profile() as times:
        double(autogradkit.ones(1))
    assert [event.name for event in times.function_events] == ["aten::ones", "decorated", "aten::mul"]


def test_what_is_not_done() -> None:
    with profiler.profile(enabled=False) as times:
        assert times is None
    unfinished = profiler.profile()
    with pytest.raises(RuntimeError, match="Profiler didn't finish running"):
        unfinished.key_averages()
    with unfinished, pytest.raises(RuntimeError, match="Profiler context manager is not reentrant"):
        unfinished.__enter__()


def test_a_chrome_trace_has_every_event(tmp_path: Path) -> None:
    _ours(False).export_chrome_trace(str(tmp_path / "trace.json"))
    events = json.loads((tmp_path / "trace.json").read_text())
    assert [(event["name"], event["ts"]) for event in events] == [(name, start) for name, start, _, _ in TIMES]


def test_a_profile_writes_its_events_with_their_kinds(tmp_path: Path) -> None:
    written: list[dict[str, Any]] = []
    for package in (autogradkit, torch):
        path = tmp_path / f"{package.__name__}.json"
        cpu = [package.profiler.ProfilerActivity.CPU]
        with package.profiler.profile(activities=cpu) as found, package.profiler.record_function("mine"):
            package.ones(2, 2) @ package.ones(2, 2)
        assert {
            event.key: event.is_user_annotation for event in found.key_averages() if event.key in ("mine", "aten::mm")
        } == {
            "mine": True,
            "aten::mm": False,
        }
        found.export_chrome_trace(str(path))
        written.append(json.loads(path.read_text()))
    kinds = [
        {each["name"]: (each["ph"], each["cat"], each["pid"]) for each in trace["traceEvents"] if each["ph"] == "X"}
        for trace in written
    ]
    assert {name: kinds[1][name] for name in kinds[0]} == kinds[0]
    assert kinds[0].keys() >= {"mine", "aten::ones", "aten::matmul", "aten::mm"}
    assert written[0]["displayTimeUnit"] == written[1]["displayTimeUnit"]


@pytest.mark.parametrize("skip_first", [0, 2])
@pytest.mark.parametrize("repeat", [0, 2])
def test_schedules(repeat: int, skip_first: int) -> None:
    options = {"wait": 1, "warmup": 1, "active": 2, "repeat": repeat, "skip_first": skip_first}
    ours, theirs = autogradkit.profiler.schedule(**options), torch.profiler.schedule(**options)
    assert [ours(step).name for step in range(14)] == [theirs(step).name for step in range(14)]


def test_only_the_steps_of_the_schedule_are_profiled() -> None:
    seen: list[list[str]] = []
    with autogradkit.profiler.profile(
        schedule=autogradkit.profiler.schedule(wait=1, warmup=1, active=2, repeat=2),
        on_trace_ready=lambda profile: seen.append([event.key for event in profile.key_averages()]),
    ) as times:
        for _ in range(9):
            autogradkit.ones(2).exp()
            times.step()
    assert seen == [
        ["ProfilerStep#2", "aten::ones", "aten::exp", "ProfilerStep#3"],
        ["ProfilerStep#6", "aten::ones", "aten::exp", "ProfilerStep#7"],
    ]


@pytest.mark.parametrize("options", [{"wait": -1, "warmup": 1, "active": 1}, {"wait": 0, "warmup": 1, "active": 0}])
def test_schedules_that_cannot_be(options: dict[str, int]) -> None:
    with pytest.raises(AssertionError) as theirs:
        torch.profiler.schedule(**options)
    with pytest.raises(AssertionError) as ours:
        autogradkit.profiler.schedule(**options)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize(("skip_first", "pytorchs"), [(0, [4, 8]), (1, [5, 9])])
def test_a_trace_is_ready_when_the_next_step_is_counted(skip_first: int, pytorchs: list[int]) -> None:
    seen: list[int] = []
    planned = autogradkit.profiler.schedule(wait=1, warmup=1, active=2, repeat=2, skip_first=skip_first)
    with autogradkit.profiler.profile(
        schedule=planned, on_trace_ready=lambda profile: seen.append(profile.step_num)
    ) as times:
        for _ in range(11):
            times.step()
    assert seen == pytorchs


def test_stacks_are_the_learners_calls(tmp_path: Path) -> None:
    def stacks(m: Any) -> list[Any]:
        x = m.ones(200, 200)

        def forward() -> Any:
            return x.exp()

        verbose = m._C._profiler._ExperimentalConfig(verbose=True)
        activities = [m.profiler.ProfilerActivity.CPU]
        with m.profiler.profile(activities=activities, with_stack=True, experimental_config=verbose) as profile:
            for _ in range(3):
                forward()
        table = profile.key_averages(group_by_stack_n=40).table(row_limit=200)
        file = tmp_path / m.__name__
        profile.export_stacks(str(file))
        lines = [line for line in file.read_text().splitlines() if "test_profiler" in line]
        found = [
            next(call.rpartition("/")[2] for call in e.stack if "test_profiler" in call)
            for e in profile.events()
            if e.name == "aten::exp"
        ]
        return [
            found,
            "Source Location" in table,
            all(line.rpartition(" ")[2].isdigit() for line in lines),
            bool(lines),
        ]

    ours = stacks(autogradkit)
    assert ours == stacks(torch)
    assert len(ours[0]) == 3
    assert ours[0][0].endswith(": forward")


def test_stacks_that_are_not_kept_are_refused_as_by_pytorch(tmp_path: Path) -> None:
    def refusals(m: Any) -> list[str]:
        found: list[str] = []
        for kept, metric in ((False, "self_cpu_time_total"), (True, "cpu_time")):
            with m.profiler.profile(activities=[m.profiler.ProfilerActivity.CPU], with_stack=kept) as profile:
                m.ones(1)
            with pytest.raises((AssertionError, ValueError)) as caught:
                profile.export_stacks(str(tmp_path / "none"), metric)
            found.append(str(caught.value))
        return found

    assert refusals(autogradkit) == refusals(torch)
