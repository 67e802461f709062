"""A program run in PyTorch, and in autogradkit with a recorder beside it.

Used by `truth` and `bindings`.
"""

from __future__ import annotations

import linecache
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

import torch

import autogradkit
from autogradkit.tracing.events import Numbers
from autogradkit.tracing.recorder import EventRecorder
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.graph.structure.model import Graph

from .programs import Program


@dataclass(frozen=True)
class Falsity:
    """One point in which a picture is not true."""

    kind: str
    text: str


@dataclass
class Run:
    """A program that was recorded."""

    trace: Recording
    graph: Graph
    number: Callable[[Any], int | None]  # of a tensor, in the trace
    space: dict[str, Any]
    start: dict[str, Any]  # tensors there before the cell, by how they were reached
    before: dict[int, tuple[Any, Any]]  # the same and their gradients, by id, with a copy of their numbers
    error: Exception | None


def execute(
    program: Program, m: Any, source: str | None = None, spoil: str | None = None, nudge: int | None = None, **more: Any
) -> Any:
    """Run a program with `m` as torch; the namespace, what it raised. `spoil` changes that tensor before the cell, `nudge` seeds
    a change of the last bits of all of them."""
    space: dict[str, Any] = {"torch": m, "__name__": "__main__", **more}
    exec(_compiled(program.before, "<before>"), space)
    if spoil is not None:
        with m.no_grad():
            tensor = eval(written(spoil), space)
            if tensor.is_floating_point() or tensor.is_complex():
                tensor.data.add_(m.tensor([0.37, 0.59, 0.83]) if tensor.shape[-1:] == (3,) else 0.41)
            else:
                tensor.data.copy_(~tensor if tensor.dtype is m.bool else tensor + 1)
    if nudge is not None:
        stream = random.Random(nudge)
        for tensor in reachable(space, m).values():
            if tensor.is_floating_point() or tensor.is_complex():
                tensor.data.mul_(1 + 8 * stream.uniform(-1, 1) * m.finfo(tensor.dtype).eps)
    file = f"<cell {program.seed}>"
    text = program.cell if source is None else source
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    try:
        exec(_compiled(text, file), space)
    except Exception as error:
        return space, error
    return space, None


@lru_cache(maxsize=4)  # one program's: it runs once for each tensor that is changed beforehand
def _compiled(text: str, file: str) -> CodeType:
    return compile(text, file, "exec")


def before(program: Program) -> dict[str, Any]:
    """The namespace before the cell, in PyTorch."""
    space: dict[str, Any] = {"torch": torch, "__name__": "__main__"}
    exec(_compiled(program.before, "<before>"), space)
    return space


def written(name: str) -> str:
    """A parameter's name as an expression: `net.0.weight` is net[0].weight."""
    return re.sub(r"\.(\d+)", r"[\1]", name)


def record(program: Program) -> Run:
    """Run a program in autogradkit with a recorder beside the cell."""
    recorder = EventRecorder()
    before: dict[int, tuple[Any, Any]] = {}

    space: dict[str, Any] = {"torch": autogradkit, "__name__": "__main__"}
    exec(compile(program.before, "<before>", "exec"), space)
    start = reachable(space, autogradkit)
    for tensor in start.values():
        for each in (tensor, tensor.grad if tensor.is_leaf else None):
            if each is not None:
                before[id(each)] = (each, each.detach().clone())
    file = f"<cell {program.seed}>"
    linecache.cache[file] = (len(program.cell), None, program.cell.splitlines(keepends=True), file)
    code = compile(program.cell, file, "exec")
    error: Exception | None = None
    recorder.start()
    try:
        exec(code, space)
    except Exception as raised:
        error = raised
    finally:
        recorder.stop()
    trace = recorder.finish(error, lambda name: "cell" if name == file else name, program.cell)
    return Run(trace, build(trace), recorder.numbering.number_of, space, start, before, error)


def reachable(space: dict[str, Any], m: Any) -> dict[str, Any]:
    """Tensors of a namespace by how they are reached."""
    found: dict[str, Any] = {}
    for name, value in list(space.items()):
        if not name.startswith("_"):
            found |= _within(name, value, m)
    return found


def _within(name: str, value: Any, m: Any, depth: int = 3) -> dict[str, Any]:
    if isinstance(value, m.Tensor):
        return {name: value}
    if isinstance(value, m.nn.Module):
        return {f"{name}.{inner}": each for inner, each in value.named_parameters()}
    if isinstance(value, list | tuple):
        members = {f"{name}[{n}]": each for n, each in enumerate(value)}
    elif isinstance(value, dict):
        members = {f"{name}[{key!r}]": each for key, each in value.items()}
    elif type(value).__name__ == "Box":
        members = {f"{name}.{key}": each for key, each in vars(value).items()}
    else:
        return {}
    found: dict[str, Any] = {}
    for path, each in members.items() if depth else ():
        found |= _within(path, each, m, depth - 1)
    return found


def tensor_of(trace: Recording, value: int) -> torch.Tensor:
    return tensor_in(trace.values[value].numbers)


def tensor_in(numbers: Numbers) -> torch.Tensor:
    return torch.tensor(numbers.data, dtype=getattr(torch, numbers.dtype)).reshape(numbers.shape)


def close(told: torch.Tensor, real: torch.Tensor) -> bool:
    """Whether numbers are alike, to what their dtypes resolve."""
    coarse = max(torch.finfo(each.dtype).eps if each.is_floating_point() else 0.0 for each in (told, real))
    within = max(1e-4, 8 * coarse)
    told, real = told.detach().to(torch.complex128), real.detach().to(torch.complex128)
    return told.shape == real.shape and torch.allclose(told, real, rtol=within, atol=within / 10, equal_nan=True)


def is_rounding(program: Program, name: str, told: torch.Tensor, real: torch.Tensor) -> bool:
    """Whether PyTorch's own number under a name is as far off, beside what the program gives in double precision.

    As Adam's first step is, along a gradient that cancels: it has the sign of what was rounded.
    """
    torch.set_default_dtype(torch.float64)
    try:
        exact = reachable(execute(program, torch)[0], torch).get(name)
    finally:
        torch.set_default_dtype(torch.float32)
    if exact is None or not exact.dtype.is_floating_point or not told.shape == real.shape == exact.shape:
        return False
    told, real, exact = (each.detach().double() for each in (told, real, exact))
    return bool(((told - real).abs() <= 16 * (real - exact).abs() + 1e-5 * real.abs()).all())


NUDGES = 16


def is_at_a_kink(program: Program, name: str, told: Numbers | None) -> bool:
    """Whether the last bits decide on the gradient under a name, as where a ReLU is given 0: PyTorch gets the one that was told
    as soon as it begins with numbers a few units in the last place away."""
    if told is None:
        return False
    for nudge in range(NUDGES):
        tensor = reachable(execute(program, torch, nudge=nudge)[0], torch).get(name)
        if tensor is not None and tensor.grad is not None and close(tensor_in(told), tensor.grad):
            return True
    return False
