"""PyTorch's database of optimizers run here and there: steps by every option, and the errors that it knows.

A check of the kind "steps" is one optimizer with one set of options, alone and with each way to compute it that PyTorch has
(`foreach`, `differentiable`, `fused`), for one dtype: ten steps leave PyTorch's weights, state, printed form and groups. One of
the kind "errors" is a wrong optimizer, or step, that says what PyTorch says. Used by ratchet.py and test_optim_db.py.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_optimizers import (
    OptimizerErrorEnum,
    OptimizerInfo,
    get_error_inputs_for_all_optims,
    optim_db,
)

import autogradkit

from .committed import Line

FOUND: dict[str, OptimizerInfo] = {f"optim.{info.name}": info for info in optim_db}
DTYPES = ("float32", "float64", "complex64", "complex128")
TOLERANCES = {"float32": 2e-5, "complex64": 2e-5, "float64": 1e-9, "complex128": 1e-9}
SHAPES = ((3, 4), (4, 2))
STEPS = 10


def ours(value: Any, known: dict[int, Any] | None = None) -> Any:
    """What stands for a value of PyTorch's here: the same, but for tensors and what holds some; the same twice is one."""
    known = {} if known is None else known
    if id(value) not in known:
        known[id(value)] = _ours(value, known)
    return known[id(value)]


def _ours(value: Any, known: dict[int, Any]) -> Any:
    if isinstance(value, dict):
        return {key: ours(each, known) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(ours(each, known) for each in value)
    if not isinstance(value, torch.Tensor):
        return value
    if value.is_sparse:
        return None  # there are none here
    made = autogradkit.tensor(value.detach().tolist(), dtype=getattr(autogradkit, str(value.dtype).split(".")[1]))
    if isinstance(value, torch.nn.Parameter):
        return autogradkit.nn.Parameter(made, value.requires_grad)
    return made.requires_grad_(value.requires_grad)


def options_of(info: OptimizerInfo) -> Iterator[dict[str, Any]]:
    """Every set of options, alone and with each of the ways."""
    for each in info.optim_inputs_func(device="cpu"):
        for way in (None, *info.supported_impls):
            yield {**each.kwargs, **({way: True} if way else {})}


def stepped(m: Any, name: str, options: dict[str, Any], dtype: str, seed: int = 5) -> Any:
    """Parameters and their optimizer after some steps, by gradients of one stream of numbers."""
    stream = np.random.default_rng(seed)
    kind = getattr(m, dtype)

    def drawn(shape: tuple[int, ...]) -> Any:
        numbers = stream.standard_normal(shape) + 1j * stream.standard_normal(shape)
        return m.tensor((numbers if kind.is_complex else numbers.real).tolist(), dtype=kind)

    parameters = [m.nn.Parameter(drawn(shape)) for shape in SHAPES]
    if options.get("differentiable"):
        parameters = [each.clone() for each in parameters]
    optimizer = getattr(m.optim, name)(parameters, **options)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = ((parameters[0] - 1).abs() ** 2).sum() + ((parameters[1] - 1).abs() ** 2).sum()
        loss.backward()
        return loss

    for _ in range(2 if name == "LBFGS" else STEPS):
        if name == "LBFGS":
            optimizer.step(closure)
            continue
        for each in parameters:
            each.grad = drawn(tuple(each.shape))
        optimizer.step()
    return parameters, optimizer


def numbers(value: Any) -> Any:
    """A state's numbers as arrays."""
    if isinstance(value, list | tuple):
        return [numbers(each) for each in value]
    return value.detach().numpy() if hasattr(value, "detach") else value


def alike(mine: Any, theirs: Any, tolerance: float) -> bool:
    """Whether numbers, or lists of some, are the same but for rounding."""
    if isinstance(theirs, list):
        return len(mine) == len(theirs) and all(alike(a, b, tolerance) for a, b in zip(mine, theirs, strict=True))
    if theirs is None:
        return mine is None
    if isinstance(theirs, np.ndarray) and (mine.dtype != theirs.dtype or mine.shape != theirs.shape):
        return False
    return bool(np.allclose(mine, theirs, rtol=tolerance, atol=tolerance, equal_nan=True))


def difference(name: str, options: dict[str, Any], dtype: str) -> str:
    """What is not as in PyTorch after some steps; empty where nothing is."""
    mine: Any
    theirs: Any
    found = []
    for m, given in ((autogradkit, ours(options)), (torch, options)):
        try:
            found.append(stepped(m, name, given, dtype))
        except Exception as error:
            found.append(f"{type(error).__name__}: {error}")
    mine, theirs = found
    if isinstance(mine, str) or isinstance(theirs, str):
        return "" if str(mine) == str(theirs) else f"{mine} != {theirs}"
    if repr(mine[1]) != repr(theirs[1]):
        return f"{mine[1]} != {theirs[1]}"
    # Muon rounds to bfloat16 on its way, and one of its roundings is as large as its other differences.
    tolerance = 2e-3 if name == "Muon" else TOLERANCES[dtype]
    for a, b in zip(mine[0], theirs[0], strict=True):
        if not alike(numbers(a), numbers(b), tolerance):
            return f"weights: {a} != {b}"
        if not (name == "LBFGS" or options.get("differentiable")) and a._version != b._version:
            return f"version: {a._version} != {b._version}"
    one, other = (each[1].state_dict()["state"] for each in (mine, theirs))
    if {key: list(each) for key, each in one.items()} != {key: list(each) for key, each in other.items()}:
        return f"state: {one} != {other}"
    for key, values in other.items():
        # What L-BFGS remembers of its last small steps is mostly rounding.
        for part, value in (
            values.items() if name != "LBFGS" else [(each, values[each]) for each in ("func_evals", "n_iter")]
        ):
            if not alike(numbers(one[key][part]), numbers(value), tolerance):
                return f"{part}: {one[key][part]} != {value}"
    return ""


def refusal_of(m: Any, name: str, parameters: Any, options: dict[str, Any], steps: bool) -> str:
    """What a wrong optimizer, or its step, says; and what is warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            optimizer = getattr(m.optim, name)(parameters, **options)
            if steps:
                for group in optimizer.param_groups:
                    for each in group["params"]:
                        each.grad = m.rand_like(each)
                optimizer.step()
            text = repr(optimizer)
        except Exception as error:
            text = f"{type(error).__name__}: {error}".replace("autogradkit.", "torch.")
    return "\n".join([text, *(str(each.message) for each in caught)])


def errors_of(info: OptimizerInfo) -> Iterator[tuple[Any, dict[str, Any], bool]]:
    """Parameters and options of each wrong optimizer, and whether its step is what fails."""
    wrong: Any = info.optim_error_inputs_func(device="cpu", dtype=torch.float32)  # type: ignore[reportOptionalCall]
    for each in (*wrong, *get_error_inputs_for_all_optims("cpu", torch.float32)):
        given = each.optimizer_error_input
        parameters = [torch.nn.Parameter(torch.ones(2, 2))] if given.params is None else given.params
        yield parameters, given.kwargs, each.error_on == OptimizerErrorEnum.STEP_ERROR


def complaints(name: str) -> Iterator[tuple[str, str]]:
    """Each check of one optimizer by its kind, with what is not as in PyTorch; empty where nothing is."""
    info = FOUND[name]
    for options in options_of(info):
        for dtype in DTYPES:
            if info.supports_complex or not dtype.startswith("complex"):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    told = difference(info.name, options, dtype)
                yield "steps", told and f"{options}, {dtype}: {told}"
    for parameters, options, steps in errors_of(info):
        mine = refusal_of(autogradkit, info.name, ours(parameters), ours(options), steps)
        theirs = refusal_of(torch, info.name, parameters, options, steps)
        yield "errors", "" if mine == theirs else f"{options}: {mine} != {theirs}"


def counted(name: str) -> Line:
    """Compared and passed, by kind."""
    line: Line = {}
    for kind, told in complaints(name):
        tally = line.setdefault(kind, [0, 0])
        tally[0] += 1
        tally[1] += not told
    return line
