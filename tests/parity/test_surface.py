"""What scripts call around their tensors, beside PyTorch: devices that are not there, switches, versions, modes.

A call gives the same value, or the same error with the same first line, and warns likewise.
"""

from __future__ import annotations

import copy
import importlib
import subprocess
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case

from .surface_calls import CALLS


def _test() -> None: ...


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str | tuple | list | dict | type(None)) else repr(value)


def outcome(module: Any, call: str) -> Any:
    """What a call gives, or its error with the first line of its text; and what it warns of."""
    source = call if call.startswith("setattr") else f"torch.{call}"
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            given = _plain(eval(source, {"torch": module, "test": _test}))
        except Exception as error:
            given = type(error).__name__, str(error).partition("\n")[0]
    shown = [(each.category.__name__, str(each.message).partition(" (Triggered")[0]) for each in warned]
    return given, [each for each in shown if "torch.jit.script_method" not in each[1]]


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # PyTorch's own test tools, which other tests here load, let nobody set these any more.
    switch = torch.backends.flags_frozen.__globals__
    monkeypatch.setitem(switch, "__allow_nonbracketed_mutation_flag", True)
    yield
    torch.set_flush_denormal(False)
    for m in (torch, autogradkit):
        m.set_default_device(None)
        m.set_float32_matmul_precision("highest")
        m.set_deterministic_debug_mode(0)
        m.backends.cudnn.benchmark = m.backends.cudnn.deterministic = False
        m.set_default_dtype(m.float32)


@pytest.fixture(autouse=True)
def _as_a_process_begins() -> None:
    autogradkit.set_warn_always(False)


@every_case("call", CALLS)
def test_a_call_is_answered_as_by_pytorch(call: str) -> None:
    assert outcome(autogradkit, call) == outcome(torch, call)


@pytest.mark.parametrize(
    ("call", "ours"),
    [  # what is true of this package, or where PyTorch's build fails by accident
        ("cuda.set_device(0)", ("AssertionError", "Torch not compiled with CUDA enabled")),
        ("cuda.reset_peak_memory_stats()", ("AssertionError", "Torch not compiled with CUDA enabled")),
        ("backends.mkldnn.is_available()", False),
        ("backends.mkl.is_available()", False),
        ("backends.openmp.is_available()", False),
        ("set_flush_denormal(True)", False),
    ],
)
def test_what_is_answered_otherwise(call: str, ours: Any) -> None:
    assert outcome(autogradkit, call) == (ours, [])
    assert outcome(torch, call) != (ours, [])


SCRIPTS = {
    "switches": """
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.deterministic = True
        with torch.backends.cudnn.flags(enabled=False, benchmark=False):
            inside = torch.backends.cudnn.enabled, torch.backends.cudnn.benchmark
        answer = inside, torch.backends.cudnn.enabled, torch.backends.cudnn.benchmark
        """,
    "precision": """
        answer = []
        torch.backends.cuda.matmul.allow_tf32 = True
        answer.append(torch.get_float32_matmul_precision())
        torch.set_float32_matmul_precision("highest")
        answer.append(torch.backends.cuda.matmul.allow_tf32)
        torch.set_float32_matmul_precision("medium")
        torch.set_float32_matmul_precision("nonsense")
        answer += [torch.backends.cuda.matmul.allow_tf32, torch.get_float32_matmul_precision()]
        """,
    "attention": """
        torch.backends.cuda.enable_flash_sdp(False)
        answer = torch.backends.cuda.flash_sdp_enabled(), torch.backends.cuda.math_sdp_enabled()
        torch.backends.cuda.enable_flash_sdp(True)
        """,
    "determinism": """
        torch.use_deterministic_algorithms(True, warn_only=True)
        first = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
        torch.set_deterministic_debug_mode("error")
        answer = first, torch.get_deterministic_debug_mode(), torch.is_deterministic_algorithms_warn_only_enabled()
        """,
    "default device": """
        torch.set_default_device("cuda")
        answer = []
        for make in (lambda: torch.ones(2), lambda: torch.tensor([1.0]), lambda: torch.nn.Linear(2, 1),
                     torch.get_default_device, lambda: torch.arange(3), lambda: torch.ones(1, device="cpu")):
            try:
                answer.append(str(make()))
            except AssertionError as error:
                answer.append(str(error))
        torch.set_default_device("cpu:0")
        answer += [torch.get_default_device(), torch.ones(1).device]
        with torch.device("cuda") as entered, torch.device("cpu"):
            answer += [entered, torch.ones(2), torch.get_default_device()]
        """,
    "forked stream": """
        torch.manual_seed(5)
        with torch.random.fork_rng():
            inside = torch.rand(3)
        with torch.random.fork_rng(enabled=False):
            torch.rand(2)
        answer = inside, torch.rand(3), torch.random.get_rng_state().sum()
        """,
    "a decorated network": """
        torch.manual_seed(0)
        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(3, 2)
            @torch.jit.ignore
            def forward(self, x):
                return self.layer(x)
            @torch.jit.unused
            def other(self):
                return 3
        net = Net()
        answer = net(torch.ones(1, 3)), net.other(), list(net.state_dict())
        """,
    "a beginner's first lines": """
        device = torch.device("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")
        torch.manual_seed(0)
        torch.cuda.manual_seed_all(0)
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
        use_amp = torch.cuda.is_available()
        scaler = torch.amp.GradScaler(device.type, enabled=use_amp)
        model = torch.nn.Linear(4, 2).to(device)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device_type=device.type, enabled=use_amp):
                loss = model(torch.randn(8, 4, device=device)).pow(2).mean()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        answer = device, loss, model.weight, torch.cuda.max_memory_allocated()
        """,
}


def answer_of(module: Any, script: str) -> str:
    lines = script.splitlines()
    indent = len(lines[1]) - len(lines[1].lstrip())
    space: dict[str, Any] = {"torch": module, "copy": copy}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec("\n".join(line[indent:] for line in lines), space)
    return repr(space["answer"])


@every_case("script", SCRIPTS.values())
def test_a_script_comes_to_the_same(script: str) -> None:
    assert answer_of(autogradkit, script) == answer_of(torch, script)


def test_interop_threads_are_set_once() -> None:
    code = (
        "import autogradkit as torch\ntorch.set_num_interop_threads(1)\nprint(torch.get_num_interop_threads())\n"
        "try: torch.set_num_interop_threads(1)\nexcept RuntimeError as error: print(error)"
    )
    said = {
        name: subprocess.run(
            [sys.executable, "-c", code.replace("autogradkit", name)], capture_output=True, text=True, check=True
        ).stdout
        for name in ("autogradkit", "torch")
    }
    assert said["autogradkit"] == said["torch"]


def test_threads_are_those_of_numpys_products() -> None:
    before = autogradkit.get_num_threads()
    autogradkit.set_num_threads(2)
    try:
        assert autogradkit.get_num_threads() == 2
    finally:
        autogradkit.set_num_threads(before)
    assert autogradkit.get_num_threads() == before


def test_what_is_compiled_or_scripted_runs_as_it_is() -> None:
    layer = autogradkit.nn.Linear(2, 2)
    assert autogradkit.compile(layer, fullgraph=True, mode="reduce-overhead")._orig_mod is layer
    assert autogradkit.compile(layer, disable=True) is layer
    assert autogradkit.compile(backend="eager")(len) is len
    with pytest.warns(DeprecationWarning, match=r"`torch\.jit\.script` is deprecated"):
        assert autogradkit.jit.script(layer) is layer
    with pytest.warns(DeprecationWarning, match=r"`torch\.jit\.trace` is deprecated"):
        assert autogradkit.jit.trace(layer, autogradkit.ones(1, 2)) is layer


@pytest.mark.parametrize(
    ("call", "said", "instead"),
    [
        ("onnx.export", "onnx.export", "in PyTorch as well, which can export it"),
        (
            "quantization.prepare_jit",
            "quantization.prepare_jit",
            "quantize_dynamic(model, {torch.nn.Linear}) quantises weights alone",
        ),
        ("ao.nn.quantizable", "ao.nn.quantizable", "torch.quantization.prepare and convert"),
        ("export.export", "torch.export", "torch.fx.symbolic_trace(model)"),
        ("_dynamo.explain", "_dynamo.explain", "nothing is compiled here"),
        ("_subclasses.FakeTensorMode", "_subclasses.FakeTensorMode", "under torch.device('meta') models are made so"),
    ],
)
def test_what_is_not_here_is_said_to_be_absent_with_what_there_is_instead(call: str, said: str, instead: str) -> None:
    (kind, text), warned = outcome(autogradkit, call)
    assert text.startswith(f"PyTorch has {said}; autogradkit does not have it: ")
    assert instead in text
    assert (kind, warned) == ("AttributeError", [])


@every_case(
    "call",
    [
        "jit.fork(max, 1, 2).wait()", "jit.wait(torch.jit.fork(max, 1, 2))", "jit.wait(torch.jit.fork(max, 1))",
        "jit.Attribute(1, int)", "jit.trace_module(torch.nn.ReLU(), {'forward': torch.ones(1)})(torch.zeros(1))",
        "jit.trace_module(torch.nn.ReLU(), {'nothing': torch.ones(1)})", "jit.trace_module(abs, {})",
        "jit.trace(abs, torch.ones(1), wrong=1)", "jit.trace_module(torch.nn.ReLU(), {}, wrong=1)", "jit.script(abs, wrong=1)",
        "jit.trace_module(torch.nn.ReLU(), {'forward': {'input': torch.ones(1)}}, example_inputs_is_kwarg=True)(torch.ones(1))",
        "jit.trace_module(torch.nn.ReLU(), 3)", "jit.freeze(torch.jit.script(torch.nn.ReLU()))",
        "jit.freeze(torch.jit.script(torch.nn.ReLU().eval()))(torch.zeros(1))", "jit.Error.__mro__[1]",
    ],
)  # fmt: skip
def test_what_goes_with_translated_code(call: str) -> None:
    ours, theirs = outcome(autogradkit, call), outcome(torch, call)
    assert ours[0] == theirs[0]
    assert set(ours[1]) == set(theirs[1])


@pytest.mark.parametrize("name", ["", ".nn", ".optim", ".utils.data", ".linalg", ".distributions", ".jit", ".fx"])
def test_a_star_import_brings_what_it_brings_there(name: str) -> None:
    """Of what is here at all; and no modules by the names of variables, as `beta` and `random` are."""
    theirs: dict[str, Any] = {}
    ours: dict[str, Any] = {}
    exec(f"from torch{name} import *", theirs)
    exec(f"from autogradkit{name} import *", ours)
    home = importlib.import_module(f"autogradkit{name}")
    public = {each for each in dir(home) if not isinstance(getattr(home, each), ModuleType)}
    wanted = {each for each, value in theirs.items() if not isinstance(value, ModuleType)}
    assert not (wanted & public) - set(ours)
    assert not {"beta", "gamma", "uniform", "random"} & set(ours)
