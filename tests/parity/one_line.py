"""Lines of code that either library runs, and what each says: what is printed, or the error's type and first line, and warnings.

Used by the tests of names that are mostly about what they refuse. The last part of a line, after `;`, is what is looked at.
"""

from __future__ import annotations

import ast
import copy
import pickle
import re
import warnings
from typing import Any

import numpy as np
import torch

import autogradkit


def outcome(package: Any, line: str) -> tuple[Any, ...]:
    """("ok", what came out, its strides and dtype, warnings), or (the error's type, its first line, warnings)."""
    package.default_generator.manual_seed(0)
    package.set_warn_always(True)  # what is said once in a process another test may have heard
    names: dict[str, Any] = {"torch": package, "np": np, "copy": copy, "pickle": pickle}
    *before, last = ast.parse(line).body
    assert isinstance(last, ast.Expr)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(compile(ast.Module(before, []), "<line>", "exec"), names)
            made = eval(compile(ast.Expression(last.value), "<line>", "eval"), names)
            found: tuple[Any, ...] = ("ok", shown(made))
        except Exception as error:
            found = (type(error).__name__, str(error).split("\n")[0].rstrip())
        finally:
            package.set_warn_always(False)
    return *found, [str(each.message)[:60] for each in caught if not str(each.message).startswith(_WARNED_ONCE)]


_WARNED_ONCE = ("TypedStorage",)  # by Python code of PyTorch's, which remembers it


def shown(made: Any) -> Any:
    """What a user would see of a value."""
    if isinstance(made, torch.Tensor | autogradkit.Tensor):
        return re.sub(r"grad_fn=<\w+>", "grad_fn", repr(made)), made.stride(), str(made.dtype), made._version
    if isinstance(made, tuple | list):
        return [shown(each) for each in made]
    return re.sub(r" object at \w+|autogradkit\.", "", repr(made)).replace("torch.autograd.", "")


def check(line: str) -> None:
    """Both say the same."""
    assert outcome(autogradkit, line) == outcome(torch, line)
