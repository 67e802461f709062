"""Calls with `out=` of every kind: other dtypes, sizes and strides, what requires grad, what is no tensor.

For every function that takes `out=` in both libraries its valid calls (valid_calls.py) are made again, each into every kind
of `out`. Compared are what is raised (type and first line) and warned, or the numbers, the geometry and the version of what
was written. Memory that `out` shares with itself or with an operand is left out: PyTorch reads what it has
just written there, and some of its functions then write beyond the memory (cases of that are in test_found_wrong.py). Used by
test_out_calls.py, and as a command:

    python -m tests.parity.out_calls [NAME …]

which prints what differs.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import torch

import autogradkit as ak

from .oracle import UnsupportedError, to_ours
from .programs.state import first_line, numbers
from .valid_calls import TARGETS, Call, Target, valid_calls

DTYPES = (torch.float64, torch.float16, torch.int64, torch.uint8, torch.bool, torch.complex64)


def cases(target: Target) -> Iterator[tuple[str, Call]]:
    """(what `out` is, the call with it)."""
    seen: list[str] = []
    for call in valid_calls(target):
        plain = Call(
            list(call.args), {name: each for name, each in call.kwargs.items() if name not in ("out", "dtype")}
        )
        shown = str([getattr(each, "dtype", type(each)) for each in (*plain.args, *plain.kwargs.values())])
        try:
            result = target.ask_theirs(plain)
        except Exception:  # a schema that has only a form with out=
            continue
        if shown in seen or not isinstance(result, torch.Tensor):
            continue
        seen.append(shown)
        for what, arguments, out in _outs(plain, result.detach()):
            yield what, Call(arguments.args, {**arguments.kwargs, "out": out})


def _outs(call: Call, result: torch.Tensor) -> Iterator[tuple[str, Call, Any]]:
    shape = tuple(result.shape)
    yield "the same", call.copy(), torch.full_like(result, 1)
    for dtype in DTYPES:
        if dtype is not result.dtype:
            yield f"of {dtype}", call.copy(), torch.ones(shape, dtype=dtype)
    yield "larger", call.copy(), torch.ones((*shape, 2), dtype=result.dtype)
    yield "empty", call.copy(), torch.ones(0, dtype=result.dtype)
    if result.dim() > 1:
        yield "transposed", call.copy(), torch.ones(shape[::-1], dtype=result.dtype).permute(*range(result.dim())[::-1])
    yield "a number", call.copy(), 3
    yield "a list", call.copy(), [torch.full_like(result, 1)]
    if result.is_floating_point():
        yield "requires grad", call.copy(), torch.full_like(result, 1).requires_grad_()
    for place, value in enumerate(call.args):
        if not isinstance(value, torch.Tensor) or not value.numel():
            continue
        if value.is_floating_point():
            own = call.copy()
            own.args[place].requires_grad_()
            yield f"the same, argument {place} requiring grad", own, torch.full_like(result, 1)


def difference(target: Target, call: Call) -> str | None:
    """What the libraries differ in over one call."""
    memory: dict[Any, Any] = {}
    try:
        args = [to_ours(each, memory) for each in call.args]
        kwargs = {name: to_ours(each, memory) for name, each in call.kwargs.items()}
    except UnsupportedError:
        return None
    torch.default_generator.manual_seed(0)
    ak.manual_seed(0)
    theirs, their_warnings = _run(target.theirs, call.args, call.kwargs)
    mine, my_warnings = _run(target.mine, args, kwargs)
    if isinstance(theirs, tuple) or isinstance(mine, tuple):
        if theirs != mine and not (isinstance(theirs, tuple) and "INTERNAL ASSERT" in theirs[1]):
            return f"{_shown(theirs)} | {_shown(mine)}"
        return None
    if their_warnings != my_warnings:
        return f"warns {sorted(their_warnings)} | {sorted(my_warnings)}"
    if not isinstance(theirs, torch.Tensor):
        return None
    if (theirs is call.kwargs["out"]) != (mine is kwargs["out"]):
        return "what is returned is `out` | or not"
    for name in ("shape", "dtype", "requires_grad", "_version"):
        here, there = (str(getattr(each, name)) for each in (mine, theirs))
        if here != there:
            return f"{name} {there} | {here}"
    if tuple(theirs.stride()) != tuple(mine.stride()):
        return f"strides {theirs.stride()} | {mine.stride()}"
    return numbers(mine, theirs)


def _shown(outcome: Any) -> str:
    return f"{outcome[0]}: {outcome[1]}" if isinstance(outcome, tuple) else "runs"


def _run(function: Any, args: list[Any], kwargs: dict[str, Any]) -> tuple[Any, frozenset[str]]:
    torch.set_warn_always(True)
    ak.set_warn_always(True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's
        try:
            result = function(*args, **kwargs)
        except Exception as error:
            result = first_line(error)
    torch.set_warn_always(False)
    ak.set_warn_always(False)
    return result, frozenset(str(each.message).splitlines()[0].split(" (Triggered")[0] for each in caught)


def differences(name: str) -> Iterator[tuple[str, str | None]]:
    """(the case, what differs or None) for every case of a name."""
    target = TARGETS[name]
    for what, call in cases(target):
        shown = [f"{tuple(v.shape)} {v.dtype}" if isinstance(v, torch.Tensor) else repr(v) for v in call.args]
        rest = [f"{k}={v!r}" for k, v in call.kwargs.items() if k != "out"]
        yield f"{name}({', '.join([*shown, *rest])}) into {what}", difference(target, call)


CORRUPTING = ("tril", "triu")  # into a transposed `out` PyTorch's write beyond the memory
NAMES = [
    name
    for name, target in TARGETS.items()
    if name not in CORRUPTING
    and not (target.is_method or name.startswith("operator."))
    and "out" in inspect.signature(target.mine).parameters
]


def main(arguments: list[str]) -> int:
    """The command; see the module's docstring."""
    count = found = 0
    for name in arguments or NAMES:
        for case, text in differences(name):
            count += 1
            if text is not None:
                found += 1
                print(f"{case}\n    {text}")
    print(f"{found} of {count} calls differ")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
