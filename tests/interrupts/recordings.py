"""What is interrupted, 4: grad modes, recording, the log of gradients, the extension, files."""

from __future__ import annotations

import atexit
import contextlib
import io
import tempfile
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

import autogradkit as T
from autogradkit.core.recording import GRAD_LISTENERS
from autogradkit.extension import _REGISTERED, load_ipython_extension, unload_ipython_extension
from autogradkit.files import write_whole
from autogradkit.tracing import record
from autogradkit.tracing.watch import GradLog
from autogradkit.vision.train import Training
from tests.interrupts.states import state
from tests.interrupts.sweep import Scenario

World = dict[str, Any]


# -- modes -------------------------------------------------------------------------------------------------------------


@T.no_grad()
def _decorated() -> None:
    T.ones(1).add_(1)


@T.no_grad()
def _generated() -> Any:
    yield 1
    yield 2


def _nested() -> None:
    with T.no_grad():
        with T.enable_grad(), T.no_grad():
            pass
        T.ones(1).add_(1)


@T.inference_mode()
def _inferring() -> None:
    with T.inference_mode(False), T.inference_mode():
        T.ones(1).add_(1)


def _elsewhere() -> None:
    with T.device("meta"), T.device("cpu"):
        T.ones(1).add_(1)


def _packing() -> None:
    with T.autograd.graph.save_on_cpu(), T.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: x):
        T.ones(1, requires_grad=True) ** 2


MODES: dict[str, Any] = {
    "inference mode": _inferring,
    "a device for a block": _elsewhere,
    "hooks on saved tensors": _packing,
    "nested modes": _nested,
    "a decorated function": _decorated,
    "a decorated generator": lambda: list(_generated()),
    "set_grad_enabled(False)": lambda: T.set_grad_enabled(False),
    "set_detect_anomaly(True)": lambda: T.autograd.set_detect_anomaly(True),
    "set_default_dtype": lambda: T.set_default_dtype(T.float64),
}


def _modes_back() -> None:
    T.set_grad_enabled(True)
    T.autograd.set_detect_anomaly(False)
    T.set_default_dtype(T.float32)


# -- recording ---------------------------------------------------------------------------------------------------------


def _traced(world: World) -> None:
    w = world["w"]
    with record() as world["trace"]:
        h = world["layer"](w) * 1
        h[0].mul_(2)
        h.sum().backward()
        w.grad.zero_()
        T.autograd.grad((w * w).sum(), w)
        with contextlib.suppress(RuntimeError):
            T.add(w, T.ones(7))


def _to_trace() -> World:
    layer = T.nn.Sequential(T.nn.Linear(2, 2), T.nn.ReLU())
    for parameter in layer.parameters():
        parameter.data.fill_(0.5)
    return {"w": T.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True), "layer": layer}


def _can_be_drawn(world: World) -> None:
    """What was recorded, if it came to that, can be told; and a new recording is whole."""
    trace = world.get("trace")
    if trace is not None and hasattr(trace, "events"):
        str(trace)
    with record() as again:
        (T.ones(2, requires_grad=True) * 2).sum().backward()
    assert len([event for event in again.events if type(event).__name__ == "Op"]) >= 2


def _logged() -> World:
    _stop_logs()
    log = GradLog()
    log.listen()
    return {"log": log, "w": T.tensor([1.0, 2.0], requires_grad=True)}


def _log_steps(world: World) -> None:
    w = world["w"]
    (w * 2).sum().backward()
    (w * 3).sum().backward()
    w.grad.mul_(2)
    w.grad = None


def _log_goes_on(world: World) -> None:
    log, w = world["log"], world["w"]
    w.grad = None
    (w * 5).sum().backward()
    w.grad.mul_(2)
    entries = log.history(w).entries
    assert [entry.what for entry in entries[-2:]] == ["backward", "edited"], entries
    assert entries[-1].after == (10.0, 10.0)
    log.stop()


def _stop_logs() -> None:
    for each in list(GRAD_LISTENERS):
        if isinstance(each, GradLog):
            each.stop()


# -- the extension -----------------------------------------------------------------------------------------------------


def _shell() -> World:
    for magics in list(_REGISTERED.values()):
        shell: Any = magics.shell
        unload_ipython_extension(shell)
    shell = InteractiveShell(banner1="")
    atexit.unregister(shell.atexit_operations)  # of hundreds of shells each would collect all garbage
    return {"shell": shell}


def _load(world: World) -> None:
    load_ipython_extension(world["shell"])


def _loaded() -> World:
    world = _shell()
    _load(world)
    return world


def _unload(world: World) -> None:
    unload_ipython_extension(world["shell"])


def _can_be_loaded_and_unloaded(world: World) -> None:
    shell = world["shell"]
    with contextlib.redirect_stdout(io.StringIO()):
        load_ipython_extension(shell)
        assert shell.run_cell("%%trace t\nimport autogradkit as T\nx = T.ones(2, requires_grad=True) * 2").success
        assert len(shell.user_ns["t"].events) >= 2
        unload_ipython_extension(shell)
        assert shell.run_cell("1 + 1").result == 2
    assert "trace" not in shell.magics_manager.magics["cell"]
    assert not [each for each in shell.input_transformer_manager.cleanup_transforms if "autogradkit" in str(each)]


_CELL = "%%trace t\nimport autogradkit as T\n(T.ones(2, requires_grad=True) * 2).sum().backward()"


def _trace_a_cell(world: World) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        result = world["shell"].run_cell(
            "%%trace t\nimport autogradkit as T\n(T.ones(2, requires_grad=True) * 2).sum().backward()"
        )
    if isinstance(result.error_in_exec, KeyboardInterrupt):
        raise result.error_in_exec


# -- files, training ---------------------------------------------------------------------------------------------------


def _file() -> World:
    path = Path(tempfile.mkdtemp()) / "notes.txt"
    path.write_bytes(b"old")
    return {"path": path}


def _training() -> World:
    T.manual_seed(1)
    model = T.nn.Linear(2, 2)
    batches = [(T.randn(3, 2), T.tensor([0, 1, 1])) for _ in range(2)]
    return {
        "training": Training(
            model, batches, T.nn.CrossEntropyLoss(), T.optim.SGD(model.parameters(), 0.1, momentum=0.9)
        )
    }


def _ends_in_equal_weights(world: World) -> None:
    whole, resumed = _training()["training"], world["training"]
    whole.run(1)
    resumed.run(1)
    assert state(whole.model) == state(resumed.model)
    assert [step.loss for step in whole.epochs.steps] == [step.loss for step in resumed.epochs.steps]


def scenarios() -> list[Scenario]:
    """All of them."""
    made = [Scenario(name, dict, lambda world, act=act: act(), undo=_modes_back) for name, act in MODES.items()]
    made.append(Scenario("record()", _to_trace, _traced, lambda world: {}, _can_be_drawn, in_parts=True))
    made.append(Scenario("a log of gradients", _logged, _log_steps, lambda world: {}, _log_goes_on, in_parts=True))
    made.append(
        Scenario(
            "a file is written",
            _file,
            lambda world: write_whole(world["path"], b"new"),
            lambda world: {"content": world["path"].read_bytes()},
        )
    )
    made.append(
        Scenario(
            "training",
            _training,
            lambda world: world["training"].run(1),
            lambda world: {},
            _ends_in_equal_weights,
            in_parts=True,
        )
    )
    for name, build, act in (
        ("%load_ext", _shell, _load),
        ("%unload_ext", _loaded, _unload),
        ("%%trace", _loaded, _trace_a_cell),
    ):
        made.append(Scenario(name, build, act, lambda world: {}, _can_be_loaded_and_unloaded, in_parts=True))
    return made
