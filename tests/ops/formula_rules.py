"""What a gradient formula may be made of, read from its compiled code.

A formula runs on arrays in plain backward and on tensors under `create_graph`: it may use operators, Python numbers,
`.shape`, `.ndim` and the functions of `k`. That holds for lambdas, for `def`s and for the helpers that they call, however
deep. The compiled code is read rather than the source, since it says the same wherever and however a formula is declared.
"""

from __future__ import annotations

import builtins
import dis
import inspect
import math
import types
from collections.abc import Callable, Iterator
from typing import Any

from .declared import DIFFERENTIABLE, FUNCTIONS, NAMESPACE

ATTRIBUTES = {"shape", "ndim"}
OF_LISTS_AND_ERRORS = {"append", "index", "add_note"}  # neither an array nor a tensor has these
MODULES = (NAMESPACE, math, builtins)  # `math` is for Python numbers
ON_TENSORS_ONLY = {id(op.call) for op in DIFFERENTIABLE.values()} | {id(each) for each in FUNCTIONS.values()}
_MISSING = object()


def broken_rules(formula: Callable[..., Any], allowed: frozenset[str] = frozenset()) -> list[str]:
    """What a formula, or a helper of its, uses and may not; `allowed` names helpers that are not looked into."""
    found: list[str] = []
    seen: set[Any] = set()
    waiting = [formula]
    while waiting:
        function = inspect.unwrap(waiting.pop())  # what `k.on_arrays` decorates is a formula, its quick form a kernel
        if function in seen or function.__module__ == NAMESPACE.__name__ or function.__qualname__ in allowed:
            continue
        seen.add(function)
        for problem in _read(function, function.__code__, waiting):
            found.append(f"{function.__module__}.{function.__qualname__}: {problem}")
    return found


def _read(function: Any, code: types.CodeType, waiting: list[Any]) -> Iterator[str]:
    """The problems in one piece of code; helpers that it calls are added to `waiting`."""
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _read(function, constant, waiting)
    owner: Any = _MISSING  # what the instruction before loaded by name
    for instruction in dis.get_instructions(code):
        name = instruction.opname
        line = instruction.positions.lineno if instruction.positions else None
        if name in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF"):
            owner = _named(function, instruction.argval)
            if isinstance(owner, types.ModuleType):
                if all(owner is not module for module in MODULES):
                    yield f"line {line}: module {owner.__name__}"
            elif id(owner) in ON_TENSORS_ONLY:
                yield f"line {line}: {instruction.argval} runs on tensors only; k.{instruction.argval} runs on both"
            elif isinstance(owner, types.FunctionType) and owner.__module__.startswith(
                function.__module__.split(".")[0]
            ):
                waiting.append(owner)
            continue
        if name in ("LOAD_ATTR", "LOAD_METHOD"):
            if any(owner is module for module in MODULES):
                if not hasattr(owner, instruction.argval):
                    yield f"line {line}: there is no {owner.__name__}.{instruction.argval}"
            elif instruction.argval not in ATTRIBUTES | OF_LISTS_AND_ERRORS:
                yield f"line {line}: .{instruction.argval}"
        elif name in ("IMPORT_NAME", "STORE_ATTR", "STORE_GLOBAL"):
            yield f"line {line}: {name.lower().replace('_', ' ')} {instruction.argval}"
        elif name in ("STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE"):
            yield f"line {line}: writes into an element"
        if name not in ("PUSH_NULL", "CACHE", "PRECALL"):
            owner = _MISSING


def _named(function: Any, name: str) -> Any:
    if name in function.__code__.co_freevars:
        return function.__closure__[function.__code__.co_freevars.index(name)].cell_contents
    return function.__globals__.get(name, getattr(builtins, name, _MISSING))
